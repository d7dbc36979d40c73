"""Outputs that jump with period 2: networks that fail, and biases and U that follow the jumps.

Failures: two vectors are in one corner and have the same hidden states, so that each of their two
output units should be on for one vector and off for the other. With k hidden units on, equation 3
changes its total input z by ``kappa (1 - 2 sigma(z))`` with ``kappa = epsilon (1 - lambda) (1 +
k)``. Beyond kappa = 4 z jumps between two values of opposite signs, and goes on, since saturated
hidden units hardly learn.

The tail: to first order equation 4 shows a hidden bias the changes of the visible biases through W,
``db = (1 - lambda) s W dc``, s the mean slope of the unit. Where outputs jump, hidden states so
swing in step with them, and against them if biases learn one update late.

Alignment: while all reconstructions are alike, output i has the total input z_i for every vector.
Equation 3 changes U and z by ::

    dU_i = epsilon (1 - lambda) [h_i - m + m (1 - N sigma(z_i))]
    dz_i = epsilon (1 - lambda) [(h_i - m) m + (1 + |m|^2) (1 - N sigma(z_i))]

where h_i are the hidden states that vector i causes, and m their mean over the N vectors. The
second line is a map of one number. It rests at ``sigma(z) = (1 + d_i) / N``, where ``d_i`` is
``(h_i - m) m / (1 + |m|^2)`` and small, unless its slope there is below -1: beyond a critical
learning rate the outputs jump, and U is moved along m as they do.
"""

import dataclasses
import itertools
from collections.abc import Callable, Mapping

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.agreement import LEVEL, find_alignment, find_critical_rate
from replication.experiments.instruments.matrices import (
    Array,
    Counts,
    Operand,
    centre,
    compute_cosines,
    flatten,
    get_u,
    get_w,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import (
    LEARNING,
    Sample,
    estimate_share,
    find_p99,
    name_median,
)
from replication.simulator.rule.activations import logistic
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import make_patterns, split_weights
from replication.simulator.running.engine import evaluate_networks, record_weights
from replication.simulator.running.ensemble import simulate_weights

UNSTABLE = 4.0  # kappa beyond which the two outputs of a failed network jump
TOLERANCE = 0.002
UPPER_RATES = (4.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0)
"""Learning rates of U and the visible biases; W and the hidden biases keep the paper's."""

Choose = Callable[[Operand, Operand, Operand], Operand]
"""Takes the change of the hidden biases that equation 4 asks for, the one before it (0 at first)
and the number of updates so far; returns the change that is applied."""
SLOW = 100  # updates beyond which a network counts as slow
AT = 20  # updates after which it is measured how deep two vectors lie in one corner, and the rest

ALIGNED = {"4-2-4": PAPER, "8-3-8": Protocol(group_sizes=(8, 3))}
ALIGNED_RATES = (1.0, 2.0, 3.0, 5.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0)
FOLLOWED = 80  # updates; networks that have not aligned by then are counted there


def predict_error(gains: Array) -> Array:
    """Return the error of the two outputs: 1/2 where they rest, else that of the jump.

    Between z and -z, where ``2 z = kappa (2 sigma(z) - 1)``.

    >>> predict_error(np.array([3.0, 5.0, 10.0, 15.0])).round(4).tolist()
    [0.5, 0.8552, 0.9928, 0.9994]
    """
    # Halved until no number lies between: SciPy's search would take every report 0.2 s to import.
    low = 0.0 * gains
    high = gains
    for _ in range(60):
        z = (low + high) / 2.0
        is_below = gains * np.tanh(z / 2.0) > 2.0 * z
        low = np.where(is_below, z, low)
        high = np.where(is_below, high, z)
    return np.asarray(logistic(low))


def describe_failures(protocol: Protocol, weights: Array) -> Model:
    """Compare failed networks with the prediction for the corner of their worst vector.

    Lists go by the number of hidden units that are on, from none to all; ``gains`` are kappa.
    """
    # After no update, one and two: the outputs jump to the other side, and back.
    path = record_weights(protocol, weights, range(3))
    now = evaluate_networks(protocol, path[:, 0])
    after_one = evaluate_networks(protocol, path[:, 1])
    after_two = evaluate_networks(protocol, path[:, 2])
    jump = np.abs(after_one.reconstruction - now.reconstruction).max(axis=(1, 2))
    both_jumps = np.abs(after_two.reconstruction - now.reconstruction).max(axis=(1, 2))
    has_period_2 = (jump > 0.5) & (both_jumps < 0.1)
    # The corner of the vector with the largest error: how many hidden units are on there.
    errors = np.abs(now.reconstruction - make_patterns(protocol))  # (n, n_patterns, n_visible)
    worst = errors.max(axis=2).argmax(axis=1)
    codes = now.hidden[0][np.arange(len(weights)), worst]  # (n, n_hidden)
    n_on = np.count_nonzero(codes > 0.5, axis=1)
    # For each number of hidden units that may be on: kappa, the error, and what was found.
    rate = protocol.learning_rate * protocol.hidden_to_visible_factor
    counts = range(protocol.group_sizes[1] + 1)
    gains = np.array([rate * (1.0 - protocol.regression) * (1 + k) for k in counts])
    predicted = predict_error(gains)
    by_corner = []
    medians = []
    for k in counts:
        found = now.error[n_on == k]
        by_corner.append(len(found))
        medians.append(float(np.median(found)) if len(found) else None)
    return {
        "n": len(weights),
        "gains": gains.tolist(),
        "predicted": predicted.tolist(),
        "within": int(np.sum(np.abs(now.error - predicted[n_on]) < TOLERANCE)),
        "period_2": int(np.sum(has_period_2)),
        "by_corner": by_corner,
        "medians": medians,
    }


def compare_rates(sample: Sample) -> Model:
    """Return failures at each of `UPPER_RATES`, and how many lie where no output should jump."""

    def fail(rate: float) -> Model:
        protocol = Protocol(hidden_to_visible_factor=rate / PAPER.learning_rate)
        _, converged, final = sample.alone.train(protocol)
        return {"rate": rate} | describe_failures(protocol, final[~converged])

    rows = list(sample.map(fail, UPPER_RATES).values())
    n = 0
    n_elsewhere = 0
    for row in rows:
        n += row["n"]
        for kappa, n_failed in zip(row["gains"], row["by_corner"], strict=True):
            if kappa <= UNSTABLE:
                n_elsewhere += n_failed
    return {"rates": rows, "exceptions": {"n": n, "n_elsewhere": n_elsewhere}}


def alternate(asked: Operand, before: Operand, t: Operand) -> Operand:
    """Apply what alternates from update to update: half the difference of the last two."""
    return np.where(t > 0, (asked - before) / 2.0, 0.0)


def smooth(asked: Operand, before: Operand, t: Operand) -> Operand:
    """Apply the rest, the mean of the last two."""
    return asked - alternate(asked, before, t)


def smooth_thrice(asked: Operand, before: Operand, t: Operand) -> Operand:
    """Apply three times the rest."""
    return 3.0 * smooth(asked, before, t)


def apply(asked: Operand, _: Operand, __: Operand) -> Operand:
    """Apply what equation 4 asks for; not times 1, which would round it once more."""
    return asked


def apply_at_first(asked: Operand, _: Operand, t: Operand) -> Operand:
    """Apply what is asked for in the first ten updates, and nothing later."""
    return np.where(t < 10, asked, 0.0)


def delay(_: Operand, before: Operand, __: Operand) -> Operand:
    """Apply what was asked for at the last update."""
    return before


def scale(factor: float) -> Choose:
    """Return a choice that applies what is asked for times a factor."""

    def multiply(asked: Operand, _: Operand, __: Operand) -> Operand:
        return factor * asked

    return multiply


CHOICES: Mapping[str, Choose] = {
    "fixed": scale(0.0),
    "until 10": apply_at_first,
    "delay 0": apply,
    "delay 1": delay,
}
"""By what the hidden biases change; "delay 0" is equation 4."""
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
"""From which part of what equation 4 asks for they learn, the two parts adding up to it, and from
how many times as much."""


class Following(RecirculationNetwork):
    """A network whose hidden biases change as is chosen."""

    choose: Choose
    t: Operand  # updates so far
    before: Operand  # what equation 4 asked for at the last one

    @property
    def kept(self) -> dict[str, Operand]:  # type: ignore[override]
        """What the rule keeps, and what a choice depends on."""
        return super().kept | {"t": 0.0, "before": np.zeros(self.shapes["b"])}

    def apply(self, changes: dict[str, Operand]) -> None:
        """Apply the chosen change of the hidden biases, and all others as they are."""
        asked = changes["b"]
        super().apply(changes | {"b": self.choose(asked, self.before, self.t)})
        self.before = asked
        self.t = self.t + 1.0


def train_biases(protocol: Protocol, weights: Array, choose: Choose) -> tuple[Counts, Array]:
    """Train networks whose hidden biases change as is chosen.

    Returns updates up to the cap of the protocol (n,), and `measure_depth` after `AT` of them.
    """
    rule = type("Following", (Following,), {"choose": staticmethod(choose)})
    updates, _, _ = simulate_weights(protocol, weights, network=rule)
    # Once more for the weights on the way, of those that have not learnt by then.
    early = dataclasses.replace(protocol, max_updates=AT)
    _, is_done, states = simulate_weights(early, weights, network=rule)
    return updates, measure_depth(protocol, states[~is_done])


def measure_depth(protocol: Protocol, weights: Array) -> Array:
    """Return how large hidden inputs are for vectors that share a corner, a mean for each network.

    Of networks that have such a pair. One-hot vectors; a corner is that of the cube of hidden
    states that a code is nearest to.
    """
    W, b = split_weights(protocol, weights)[0]
    inputs = W + b[..., None]  # (n, n_hidden, n_visible): one column for each one-hot vector
    # Each two of the vectors.
    first, second = np.triu_indices(protocol.n_visible, 1)
    one = inputs[..., first]  # (n, n_hidden, n_pairs)
    other = inputs[..., second]  # (n, n_hidden, n_pairs)
    is_shared = np.all((one > 0) == (other > 0), axis=1)  # (n, n_pairs)
    depths = np.abs([one, other]).mean(axis=(0, 2))  # (n, n_pairs)
    # Pairs of a network are no cases of their own: it counts once.
    n_shared = is_shared.sum(axis=1)
    sums = np.sum(depths * is_shared, axis=1)
    has_any = n_shared > 0
    return np.asarray(sums[has_any] / n_shared[has_any])


def compare_choices(choices: Mapping[str, Choose], sample: Sample, *, cap: int) -> Model:
    """Return for each choice how many networks are slow, or fail, and how deep vectors lie."""
    weights = sample.draw(PAPER)
    # One more, so that a network that converges just at the cap has not failed.
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


def measure_following(protocol: Protocol, weights: Array) -> Model:
    """Return the cosine of the changes of the hidden biases with ``(1 - lambda) s W dc``.

    Of those after `AT` updates, over all networks.
    """
    # Weights (n, n_weights) before and after one update, and what it changed.
    recorded = record_weights(protocol, weights, (AT, AT + 1))
    now = recorded[:, 0]
    later = recorded[:, 1]
    (_, db), (_, dc) = split_weights(protocol, later - now)
    hidden = evaluate_networks(protocol, now).hidden[0]  # (n, n_patterns, n_hidden)
    slope = (hidden * (1.0 - hidden)).mean(axis=1)
    seen = slope * np.sum(get_w(protocol, now) * dc[:, None, :], axis=2)
    return {"update": AT, "cosine": float(compute_cosines(seen.ravel(), db.ravel()))}


def predict_alignment_by_map(protocol: Protocol, weights: Array) -> Counts:
    """Return at which update the map aligns U with W in each network, (n,), `FOLLOWED` at most.

    From the initial weights alone: W relative to its mean grows along itself, by
    ``epsilon lambda (1 - lambda)^2 s``, s the slope of each hidden unit; hidden biases stay.
    """
    rate = protocol.learning_rate
    keep = protocol.regression
    (W, b), (_, c) = split_weights(protocol, weights)
    # Hidden states and U are (n, n_hidden, n_visible): one-hot vectors, so that W holds the inputs.
    U = get_u(protocol, weights)
    hidden = logistic(W + b[..., None])
    # While all reconstructions are alike, what an output gets from the mean code is all of it.
    z = np.sum(U * hidden.mean(axis=-1, keepdims=True), axis=1) + c  # (n, n_visible)
    W = centre(W)
    first = np.full(len(weights), FOLLOWED)  # (n,)
    for t in range(FOLLOWED):
        is_aligned = compute_cosines(flatten(W), flatten(centre(U))) >= LEVEL
        first[is_aligned] = np.minimum(first[is_aligned], t)
        # The two lines of the map above, and the growth of W.
        hidden = logistic(W + b[..., None])
        mean = hidden.mean(axis=-1, keepdims=True)
        slope = (hidden * (1.0 - hidden)).mean(axis=-1, keepdims=True)
        missing = (1.0 - protocol.n_visible * logistic(z))[:, None, :]
        moved = hidden - mean + mean * missing
        U = U + rate * (1.0 - keep) * moved
        z = z + rate * (1.0 - keep) * (np.sum(mean * moved, axis=1) + missing[:, 0])
        W = W * (1.0 + rate * keep * (1.0 - keep) ** 2 * slope)
    return first


def measure_shift(protocol: Protocol, weights: Array) -> float:
    """Return the median size of d_i, by which the initial codes shift where an output rests."""
    W, b = split_weights(protocol, weights)[0]
    hidden = logistic(W + b[..., None])  # (n, n_hidden, n_visible)
    mean = hidden.mean(axis=-1, keepdims=True)
    shift = np.sum(centre(hidden) * mean, axis=1) / (1.0 + np.sum(mean**2, axis=1))
    return float(np.median(np.abs(shift)))


def compare_alignment(sample: Sample) -> Model:
    """Return measured and predicted mean updates of alignment of `ALIGNED` at `ALIGNED_RATES`."""

    def align(task: tuple[str, float]) -> Model:
        size, rate = task
        base = ALIGNED[size]
        weights = sample.draw(base)
        row = {"rate": rate}
        for name, frozen in LEARNING.items():
            protocol = dataclasses.replace(base, learning_rate=rate, frozen=frozen)
            aligned_at = find_alignment(protocol, weights, n_updates=FOLLOWED)
            row[name] = float(np.minimum(aligned_at, FOLLOWED).mean())
        row["predicted"] = float(predict_alignment_by_map(protocol, weights).mean())
        return row

    rows = sample.map(align, itertools.product(ALIGNED, ALIGNED_RATES))
    compared: Model = {}
    for size, base in ALIGNED.items():
        compared[size] = {
            "critical": find_critical_rate(base),
            "shift": measure_shift(base, sample.draw(base)),
            "rates": [rows[size, rate] for rate in ALIGNED_RATES],
        }
    return compared
