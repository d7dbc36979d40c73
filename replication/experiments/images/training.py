"""Networks of a rule, trained for so many updates whatever their error; their arrays by name."""

import functools
from collections.abc import Sequence
from typing import Any

from replication.definition.fields import UpdateSchedule
from replication.definition.protocol import Protocol
from replication.experiments.images.rules import vary
from replication.experiments.matrices import Array
from replication.experiments.sample import Sample
from replication.simulator import network
from replication.simulator.engine import Engine, Evaluation
from replication.simulator.weights import split_arrays

Rule = Any
"""A class of networks, of `rules.py`."""
NEVER = -1.0  # no error is below this threshold


@functools.lru_cache(maxsize=64)
def find_engine(rule: Rule, schedule: UpdateSchedule = "batch") -> Engine:
    """Return the compiled rule."""
    return Engine(Protocol(criterion="unexplained-variance", update_schedule=schedule), rule)


def draw(rule: Rule, half_width: float, sample: Sample) -> Array:
    """Draw initial arrays of networks, a row for each, uniform within a half-width."""
    drawn = network.Rule.of(rule, Protocol(half_width=half_width))
    return drawn.draw(sample.root_seed, 0, sample.n)


def train(rule: Rule, weights: Array, n_updates: int, *, stretch: int = 0) -> Array:
    """Return the arrays after so many updates by all patterns together.

    Of networks that are trained on, another `stretch` gives other random numbers.
    """
    options: Any = {"root_seed": stretch, "final": True, "max_updates": n_updates}
    final = find_engine(rule).train(weights, threshold=NEVER, **options)[2]
    assert final is not None
    return final


def train_epochs(rule: Rule, weights: Array, epochs: Sequence[int]) -> Array:
    """Return the arrays after so many epochs, (len(epochs), n, n_numbers).

    Weights change after each pattern.
    """
    options: Any = {"record": True, "max_updates": max(epochs)}
    recorded = find_engine(rule, "per-pattern").train(weights, threshold=NEVER, **options)[3]
    assert recorded is not None
    return recorded[:, list(epochs)].swapaxes(0, 1)


def evaluate(rule: Rule, weights: Array, images: Array) -> Evaluation:
    """Return what networks (n, n_numbers) make of images; its errors are shares of the variance."""
    return find_engine(vary(rule, patterns=images)).evaluate(weights)


def miss(rule: Rule, states: Array, images: Array) -> Array:
    """Return the share of the variance of images that networks (..., n_numbers) miss, (...)."""
    rows = states.reshape(-1, states.shape[-1])
    return evaluate(rule, rows, images).error.reshape(states.shape[:-1])


def split(rule: Rule, weights: Array) -> dict[str, Array]:
    """Return views of the arrays by name, (..., *shape)."""
    return split_arrays({**rule.shapes, **rule.fixed}, weights)
