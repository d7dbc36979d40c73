"""Hidden units with other activation functions, and with functions that the rule does not know."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.agreement import differentiate
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array, compute_cosines
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.activations import ACTIVATIONS
from replication.simulator.rule.weights import list_connections, split_weights
from replication.simulator.running.outcomes import Outcomes
from replication.statistics.intervals import estimate_ratios

SHARE = 0.05  # of all networks: at each rate of the search, and for the gradients
# `Any`, as a type checker does not see that keys of a dictionary are allowed names.
SMOOTH: list[Any] = [name for name in ACTIVATIONS if name not in ("logistic", "rectifier")]
SEARCHED_RATES = (
    1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0,
    8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 25.0,
)  # fmt: skip

Function = Callable[[Array], Array]


def add_wave(x: Array) -> Array:
    """Return ``x + sin(x) / 2``, a function that no list of activation functions has."""
    return np.asarray(x + 0.5 * np.sin(x))


UNKNOWN: dict[str, tuple[Function, Function]] = {
    "logistic": (ACTIVATIONS["logistic"], ACTIVATIONS["logistic"]),
    "tanh": (ACTIVATIONS["tanh"], ACTIVATIONS["tanh"]),
    "softplus": (ACTIVATIONS["softplus"], ACTIVATIONS["softplus"]),
    "softsign": (ACTIVATIONS["softsign"], ACTIVATIONS["softsign"]),
    "wave": (add_wave, add_wave),
    "mixed": (ACTIVATIONS["tanh"], ACTIVATIONS["softplus"]),
}
"""The functions of the first and the second hidden unit, by their names in the ledger."""
RESTRICTED = Protocol(visible_units="linear", symmetric_start=True, regression=0.999)
"""Networks under the three conditions of page 361."""
STEP = 1e-5  # of a weight, for differences


def run(sample: Sample) -> Model:
    """Measure other hidden functions at their best rates, and functions unknown to the rule."""
    few = sample.take(SHARE, least=20)
    outcomes = {}
    for name in (PAPER.hidden_function, *SMOOTH):
        base = dataclasses.replace(PAPER, hidden_function=name)
        best = few.find_best(base, {"learning_rate": SEARCHED_RATES})
        outcomes[name] = sample.simulate(best)
    return {
        "claims": {
            "other-functions": judge_functions(outcomes),
            "unknown-function": judge_unknown(few),
        }
    }


def judge_functions(outcomes: Mapping[str, Outcomes]) -> Model:
    """Judge whether other smooth functions serve as well as the logistic one."""
    measured = {name: outcomes[name].converged for name in SMOOTH}
    # The slowest of them against the logistic, seed by seed.
    medians = {name: float(np.median(outcomes[name].updates)) for name in SMOOTH}
    slowest = max(SMOOTH, key=lambda name: medians[name])
    logistic = outcomes[PAPER.hidden_function]
    ratios = estimate_ratios(outcomes[slowest].updates, logistic.updates)
    return judge("other-functions", measured | {"speed": ratios["median"]})


def judge_unknown(sample: Sample) -> Model:
    """Judge whether equation 4 is steepest descent whatever functions the hidden units have."""
    weights = sample.draw(RESTRICTED)
    cosines = {}
    for name, functions in UNKNOWN.items():
        change = compute_change(weights, functions)
        descent = -differentiate_error(weights, functions)
        cosines[name] = compute_cosines(change, descent)
    return judge("unknown-function", cosines)


def compute_change(weights: Array, functions: Sequence[Function]) -> Array:
    """Return the change of W and its biases by equation 4 at a learning rate of 1, (n, 10).

    `weights` (n, 22) are those of networks with linear visible units; `functions` has one function
    for each hidden unit. Those functions are applied, and nothing else is known of them.
    """
    away = 1.0 - RESTRICTED.regression
    v0 = np.eye(4)
    first = send_around(weights, functions, v0)
    v2 = v0 + away * (first.images - v0)  # equation 5, (n, 4 patterns, 4 units)
    second = send_around(weights, functions, v2)
    # h(1) - h(3) with equation 6, (n, 4 patterns, 2 units).
    difference = away * (first.hidden - second.hidden)
    # Summed over patterns p, for hidden unit j and visible unit i.
    of_W = np.einsum("npj,npi->nji", difference, v2).reshape(len(weights), -1)
    of_b = difference.sum(axis=1)
    return np.concatenate([of_W, of_b], axis=1)


def differentiate_error(weights: Array, functions: Sequence[Function]) -> Array:
    """Return the gradient of half the squared error for W and its biases, (n, 10).

    It is found by differences, which need no derivative of the functions.
    """

    def measure(moved: Array) -> Array:
        images = send_around(moved, functions, np.eye(4)).images
        errors = images - np.eye(4)
        return np.asarray(0.5 * np.sum(errors**2, axis=(1, 2)))

    into_hidden, _ = list_connections(RESTRICTED)
    return differentiate(measure, weights, step=STEP)[:, into_hidden]


class States(NamedTuple):
    """The hidden states that visible states cause, and the images that these cause in turn."""

    hidden: Array  # (n, 4, 2)
    images: Array  # (n, 4, 4)


def send_around(weights: Array, functions: Sequence[Function], visible: Array) -> States:
    """Send visible states (4, 4) or (n, 4, 4) to the hidden units, and back."""
    (W, b), (U, c) = split_weights(RESTRICTED, weights)
    totals = visible @ W.swapaxes(1, 2) + b[:, None, :]  # (n, patterns, hidden units)
    # Each hidden unit has a function of its own.
    states = [function(totals[..., j]) for j, function in enumerate(functions)]
    hidden = np.stack(states, axis=-1)
    images = hidden @ U.swapaxes(1, 2) + c[:, None, :]
    return States(hidden, images)
