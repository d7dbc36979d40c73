"""Hidden biases that follow jumping outputs, and how networks learn if they do not.

To first order, equation 4 changes hidden biases by the changes of the visible biases, sent through
W: ``db = (1 - lambda) s W dc``, where s is the mean slope of the hidden unit. So where outputs jump
from one update to the next, hidden states swing in step with them. If the hidden biases learn one
update late, they swing against them. Here hidden biases change in other ways than by equation 4, to
see how the tail of the distribution of updates changes.
"""

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.matrices import (
    Array,
    Counts,
    Operand,
    compute_cosines,
    get_w,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import (
    Sample,
    estimate_share,
    find_p99,
    name_median,
)
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import split_weights
from replication.simulator.running.engine import evaluate_networks, record_weights
from replication.simulator.running.ensemble import simulate_weights

SLOW = 100  # updates beyond which a network counts as slow
AT = 20  # updates after which networks are measured while they learn

Choose = Callable[[Operand, Operand, Operand], Operand]
"""Returns the change of the hidden biases that is applied.

It is given the change by equation 4 (*asked*), that of the update before (0 at first), and the
number of updates so far.
"""


def alternate(asked: Operand, before: Operand, t: Operand) -> Operand:
    """Apply the alternating part of the changes: half the difference of the last two."""
    return np.where(t > 0, (asked - before) / 2.0, 0.0)


def smooth(asked: Operand, before: Operand, t: Operand) -> Operand:
    """Apply the smooth part of the changes: the mean of the last two."""
    return asked - alternate(asked, before, t)


def smooth_thrice(asked: Operand, before: Operand, t: Operand) -> Operand:
    """Apply three times the smooth part."""
    return 3.0 * smooth(asked, before, t)


def apply(asked: Operand, _: Operand, __: Operand) -> Operand:
    """Apply the change by equation 4 as it is; a factor of 1 would round it once more."""
    return asked


def apply_at_first(asked: Operand, _: Operand, t: Operand) -> Operand:
    """Apply the change by equation 4 in the first ten updates, and nothing later."""
    return np.where(t < 10, asked, 0.0)


def delay(_: Operand, before: Operand, __: Operand) -> Operand:
    """Apply the change of the update before."""
    return before


def scale(factor: float) -> Choose:
    """Return a choice that applies the change by equation 4 times a factor."""

    def multiply(asked: Operand, _: Operand, __: Operand) -> Operand:
        return factor * asked

    return multiply


CHOICES: Mapping[str, Choose] = {
    "fixed": scale(0.0),
    "until 10": apply_at_first,
    "delay 0": apply,
    "delay 1": delay,
}
"""When hidden biases learn: never, early, at once (by equation 4) or one update late."""
DOSES: Mapping[str, Choose] = {
    "both": apply,
    "alternating": alternate,
    "smooth": smooth,
    "neither": scale(0.0),
    "0.5 times": scale(0.5),
    "1.5 times": scale(1.5),
    "2 times": scale(2.0),
    "3 times the smooth part": smooth_thrice,
}
"""Which part of the change by equation 4 is applied, and how much of it."""


class Following(RecirculationNetwork):
    """A network in which `choose` says how the hidden biases change."""

    choose: Choose
    t: Operand  # updates so far
    before: Operand  # the change by equation 4 at the update before

    @property
    def kept(self) -> dict[str, Operand]:  # type: ignore[override]
        """What the rule keeps between updates, and what `choose` is given."""
        return super().kept | {"t": 0.0, "before": np.zeros(self.shapes["b"])}

    def apply(self, changes: dict[str, Operand]) -> None:
        """Apply the chosen change of the hidden biases, and the usual changes of all others."""
        asked = changes["b"]
        super().apply(changes | {"b": self.choose(asked, self.before, self.t)})
        self.before = asked
        self.t = self.t + 1.0


def compare_choices(choices: Mapping[str, Choose], sample: Sample, *, cap: int) -> Model:
    """Return for each choice how many networks are slow or fail, and how deep vectors lie.

    ``depth`` is the median of `measure_depth`.
    """
    weights = sample.draw(PAPER)
    # One update more than the cap, so that a network that converges exactly there has not failed.
    protocol = Protocol(max_updates=cap + 1)

    def learn(name: str) -> Model:
        updates, depths = train_biases(protocol, weights, choices[name])
        learnt: Model = {
            "slow": estimate_share(updates > SLOW),
            "failed": estimate_share(updates > cap),
            "p99": find_p99(updates),
        }
        if len(depths):
            return learnt | name_median(depths, "depth")
        return learnt | {"depth": None}

    return {"n": sample.n} | sample.map(learn, choices)


def train_biases(protocol: Protocol, weights: Array, choose: Choose) -> tuple[Counts, Array]:
    """Train networks in which `choose` says how the hidden biases change.

    Returns
    -------
    updates : int array, shape (n,)
        Up to the cap of the protocol.
    depths : float64 array
        What `measure_depth` finds after `AT` updates in the networks that have not learnt by then.
    """
    rule = type("Following", (Following,), {"choose": staticmethod(choose)})
    updates, _, _ = simulate_weights(protocol, weights, network=rule)
    # Trained again up to `AT`, for the weights at that update.
    early = dataclasses.replace(protocol, max_updates=AT)
    _, is_done, states = simulate_weights(early, weights, network=rule)
    return updates, measure_depth(protocol, states[~is_done])


def measure_depth(protocol: Protocol, weights: Array) -> Array:
    """Return how deep two vectors lie in a corner of the hidden square that they share.

    That is the mean size of their hidden inputs, with one number for each network that has such a
    pair. The vectors are one-hot. They share a corner of the square (or cube) of hidden states if
    each hidden unit is on for both or off for both.
    """
    W, b = split_weights(protocol, weights)[0]
    inputs = W + b[..., None]  # (n, n_hidden, n_visible): one column for each one-hot vector
    # Each pair of vectors.
    first, second = np.triu_indices(protocol.n_visible, 1)
    of_first = inputs[..., first]  # (n, n_hidden, n_pairs)
    of_second = inputs[..., second]  # (n, n_hidden, n_pairs)
    is_shared = np.all((of_first > 0) == (of_second > 0), axis=1)  # (n, n_pairs)
    depths = np.abs([of_first, of_second]).mean(axis=(0, 2))  # (n, n_pairs)
    # Pairs of one network are alike, so it counts once, with their mean.
    n_shared = is_shared.sum(axis=1)
    sums = np.sum(depths * is_shared, axis=1)
    has_any = n_shared > 0
    return np.asarray(sums[has_any] / n_shared[has_any])


def measure_following(protocol: Protocol, weights: Array) -> Model:
    """Return how well the change of the hidden biases agrees with ``(1 - lambda) s W dc``.

    ``cosine`` is taken over all networks together, for the update after the first `AT`.
    """
    # Weights (n, n_weights) before and after one update, and what it changed.
    recorded = record_weights(protocol, weights, (AT, AT + 1))
    now = recorded[:, 0]
    later = recorded[:, 1]
    (_, db), (_, dc) = split_weights(protocol, later - now)
    hidden = evaluate_networks(protocol, now).hidden[0]  # (n, n_patterns, n_hidden)
    slope = (hidden * (1.0 - hidden)).mean(axis=1)
    predicted = slope * np.sum(get_w(protocol, now) * dc[:, None, :], axis=2)
    return {"update": AT, "cosine": float(compute_cosines(predicted.ravel(), db.ravel()))}
