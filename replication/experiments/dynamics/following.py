"""Why learning the hidden biases makes a tail: they follow outputs that jump.

To first order equation 4 shows a hidden bias the changes of the visible biases through W,
``db = (1 - lambda) s W dc``, s the mean slope of the unit. Where outputs jump with period 2, hidden
states so swing in step with them, and against them if biases learn one update late.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from replication.definition.claims import load_reported
from replication.definition.protocol import PAPER, Protocol
from replication.experiments import Model
from replication.experiments.dynamics.biases import describe_times
from replication.experiments.matrices import Array, get_w
from replication.experiments.recording import train_by
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.weights import draw_weights, split_weights
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import estimate_median
from replication.system.threads import map_in_threads

Choose = Callable[[list[Array], int], Array]
"""Takes the changes of the hidden biases that equation 4 has asked for, the last one last, and the
number of updates before this one; returns the change that is applied."""

LONGEST = int(load_reported().max)  # updates that networks are given: the paper's longest
SLOW = 100  # updates beyond which a network counts as slow
AT = 20  # updates after which it is measured how deep two vectors lie in one corner, and the rest


def delay(n: int) -> Choose:
    """Apply what was asked for n updates ago."""
    return lambda asked, _: asked[-1 - n] if len(asked) > n else np.zeros_like(asked[-1])


def alternate(asked: list[Array], _: int) -> Array:
    """Apply what alternates from update to update: half the difference of the last two."""
    return np.asarray((asked[-1] - asked[-2 if len(asked) > 1 else -1]) / 2.0)


def smooth(asked: list[Array], t: int) -> Array:
    """Apply the rest, the mean of the last two."""
    return asked[-1] - alternate(asked, t)


def scale(factor: float, *, end: float = math.inf) -> Choose:
    """Apply what is asked for times a factor, and nothing from an update on."""
    return lambda asked, t: asked[-1] * (factor if t < end else 0.0)


CHOICES: Mapping[str, Choose] = {
    "fixed": scale(0.0),
    **{f"until {t}": scale(1.0, end=t) for t in (10, 30)},
    **{f"delay {n}": delay(n) for n in (0, 1)},
}
"""By what the hidden biases change; "delay 0" is equation 4."""
PARTS: Mapping[str, Choose] = {
    "both": scale(1.0),
    "alternating": alternate,
    "smooth": smooth,
    "neither": scale(0.0),
}
"""From which part of what equation 4 asks for they learn; the two parts add up to it."""
DOSES: Mapping[str, Choose] = {
    **PARTS,
    **{f"{factor:g} times": scale(factor) for factor in (0.5, 1.5, 2.0)},
    "3 times the smooth part": lambda asked, t: 3.0 * smooth(asked, t),
}
"""And so many times as much as it asks for."""


def train_biases(
    protocol: Protocol, weights: Array, choose: Choose
) -> tuple[NDArray[np.int32], Array]:
    """Train networks whose hidden biases change as is chosen; the kernel does all else.

    Returns updates up to the cap of the protocol (n,), and `measure_depth` after `AT` of them.
    """
    asked: list[Array] = []
    depth = [np.zeros(0)]

    def step(weights: Array, running: NDArray[np.int64], t: int) -> Array:
        if t == AT:
            depth.append(measure_depth(protocol, weights))
        following = record_weights(protocol, weights, 1)[:, 1]
        old, new = (split_weights(protocol, states)[0][1] for states in (weights, following))
        every = np.zeros((n, new.shape[1]))
        every[running] = new - old
        asked[:] = [*asked[-1:], every]
        new[...] = old + choose([each[running] for each in asked], t)
        return following

    n = len(weights)
    updates, _ = train_by(step, protocol, weights)
    return updates, depth[-1]


def measure_depth(protocol: Protocol, weights: Array) -> Array:
    """Return how large hidden inputs are for each pair of vectors in one corner, of all networks.

    One-hot vectors; a corner is that of the cube of hidden states that a code is nearest to.
    """
    biases = split_weights(protocol, weights)[0][1]
    inputs = np.swapaxes(get_w(protocol, weights), 1, 2) + biases[:, None, :]
    depths = []
    for pair in itertools.combinations(range(protocol.n_visible), 2):
        both = inputs[:, pair]
        is_shared = np.all((both[:, 0] > 0) == (both[:, 1] > 0), axis=1)
        depths.append(np.abs(both[is_shared]).mean(axis=(1, 2)))
    return np.concatenate(depths)


def compare_choices(n: int, *, root_seed: int, jobs: int) -> Model:
    """Return for each of `CHOICES` how many networks are slow, and how deep vectors lie."""
    weights = draw_weights(PAPER, root_seed, 0, n)
    protocol = dataclasses.replace(PAPER, max_updates=LONGEST + 1)

    def run(choose: Choose) -> Model:
        updates, depth = train_biases(protocol, weights, choose)
        slow = estimate_share(updates > SLOW)
        return describe_times(updates, updates <= LONGEST) | {"slow": slow} | _describe(depth)

    return dict(zip(CHOICES, map_in_threads(run, CHOICES.values(), jobs=jobs), strict=True))


def compare_parts(n: int, *, root_seed: int, jobs: int) -> Model:
    """Return for each of `DOSES` how many networks are slow, or fail, and how deep vectors lie."""
    weights = draw_weights(PAPER, root_seed, 0, n)
    ends = {"slow": SLOW, "failed": PAPER.max_updates}
    protocol = dataclasses.replace(PAPER, max_updates=PAPER.max_updates + 1)

    def run(choose: Choose) -> Model:
        updates, depth = train_biases(protocol, weights, choose)
        shares = {name: estimate_share(updates > end) for name, end in ends.items()}
        return shares | _describe(depth) | {"p99": describe_times(updates, updates > 0)["p99"]}

    found = map_in_threads(run, DOSES.values(), jobs=jobs)
    return {"n": n, **dict(zip(DOSES, found, strict=True))}


def _describe(depth: Array) -> Model:
    return name_estimate("depth", estimate_median(depth)) if len(depth) else {"depth": None}


def measure_following(protocol: Protocol, weights: Array) -> Model:
    """Return the cosine of the changes of the hidden biases with ``(1 - lambda) s W dc``.

    Of those after `AT` updates, over all networks.
    """
    now, later = np.swapaxes(record_weights(protocol, weights, AT + 1)[:, AT:], 0, 1)
    (_, db), (_, dc) = split_weights(protocol, later - now)
    hidden = evaluate_networks(protocol, now).hidden[0]
    slope = (hidden * (1.0 - hidden)).mean(axis=1)
    seen = slope * np.sum(get_w(protocol, now) * dc[:, None, :], axis=2)
    return {"update": AT, "cosine": float(compute_cosines(seen.ravel(), db.ravel()))}
