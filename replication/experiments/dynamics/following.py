"""Why learning the hidden biases makes a tail: they follow outputs that jump.

To first order equation 4 shows a hidden bias the changes of the visible biases through W,
``db = (1 - lambda) s W dc``, s the mean slope of the unit. Where outputs jump with period 2, hidden
states so swing in step with them, and against them if biases learn one update late.
"""

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments import Model
from replication.experiments.dynamics.biases import find_p99
from replication.experiments.matrices import Array, Counts, get_w
from replication.experiments.sample import Sample, estimate_share, name_median
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import split_weights
from replication.statistics.alignment import compute_cosines

Choose = Callable[[Any, Any, Any], Any]
"""Takes the change of the hidden biases that equation 4 asks for, the one before it (0 at first)
and the number of updates so far; returns the change that is applied."""

SLOW = 100  # updates beyond which a network counts as slow
AT = 20  # updates after which it is measured how deep two vectors lie in one corner, and the rest


def alternate(asked: Any, before: Any, t: Any) -> Any:
    """Apply what alternates from update to update: half the difference of the last two."""
    return np.where(t > 0, (asked - before) / 2.0, 0.0)


def smooth(asked: Any, before: Any, t: Any) -> Any:
    """Apply the rest, the mean of the last two."""
    return asked - alternate(asked, before, t)


def apply(asked: Any, *_: Any) -> Any:
    """Apply what equation 4 asks for; not times 1, which would round it once more."""
    return asked


def scale(factor: float) -> Choose:
    """Apply what is asked for times a factor."""
    return lambda asked, *_: factor * asked


CHOICES: Mapping[str, Choose] = {
    "fixed": scale(0.0),
    "until 10": lambda asked, _, t: np.where(t < 10, asked, 0.0),
    "delay 0": apply,
    "delay 1": lambda _, before, __: before,
}
"""By what the hidden biases change; "delay 0" is equation 4."""
DOSES: Mapping[str, Choose] = {
    "both": apply, "alternating": alternate, "smooth": smooth, "neither": scale(0.0),
    **{f"{factor:g} times": scale(factor) for factor in (0.5, 1.5, 2.0)},
    "3 times the smooth part": lambda *asked: 3.0 * smooth(*asked),
}  # fmt: skip
"""From which part of what equation 4 asks for they learn, the two parts adding up to it, and from
how many times as much."""


class Following(RecirculationNetwork):
    """A network whose hidden biases change as is chosen."""

    choose: Choose
    t: Any  # updates so far
    before: Any  # what equation 4 asked for at the last one

    @property
    def kept(self) -> dict[str, Any]:  # type: ignore[override]
        """What the rule keeps, and what a choice depends on."""
        return super().kept | {"t": 0.0, "before": np.zeros(self.shapes["b"])}

    def apply(self, changes: dict[str, Any]) -> None:
        """Apply the chosen change of the hidden biases, and all others as they are."""
        asked = changes["b"]
        super().apply(changes | {"b": self.choose(asked, self.before, self.t)})
        self.before, self.t = asked, self.t + 1.0


def train_biases(protocol: Protocol, weights: Array, choose: Choose) -> tuple[Counts, Array]:
    """Train networks whose hidden biases change as is chosen.

    Returns updates up to the cap of the protocol (n,), and `measure_depth` after `AT` of them.
    """
    rule = type("Following", (Following,), {"choose": staticmethod(choose)})
    updates, _, _ = simulate_weights(protocol, weights, network=rule)
    early = dataclasses.replace(protocol, max_updates=AT)
    _, is_done, states = simulate_weights(early, weights, network=rule)
    return updates, measure_depth(protocol, states[~is_done])


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


def compare_choices(choices: Mapping[str, Choose], sample: Sample, *, cap: int) -> Model:
    """Return for each choice how many networks are slow, or fail, and how deep vectors lie."""
    weights = sample.draw(PAPER)
    protocol = dataclasses.replace(PAPER, max_updates=cap + 1)

    def run(name: str) -> Model:
        updates, depth = train_biases(protocol, weights, choices[name])
        shares = {key: estimate_share(updates > n) for key, n in (("slow", SLOW), ("failed", cap))}
        depths = name_median(depth, "depth") if len(depth) else {"depth": None}
        return shares | depths | {"p99": find_p99(updates)}

    return {"n": sample.n} | sample.map(run, choices)


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
