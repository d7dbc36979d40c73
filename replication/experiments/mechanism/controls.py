"""Controls: other initial weights, slowed or exchanged halves, and rules that are so in part.

**The common part.** The sum over P patterns of ``v(2) [h(1) - h(3)]`` is that of deviations from
both means, plus ``P mean(v(2)) mean(h(1) - h(3))``: the change of the hidden bias, times the mean
of v(2). Each hidden input is moved by it as by the bias, but ``mean(v(2)) v`` times as far: a
second bias, and with several units on a larger one. Beyond `find_critical_rate` the outputs jump,
and so do both.

**Hybrids** say which half makes recirculation fast: U by one rule and W by another, each at its
best rates.
"""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull

from replication.definition.protocol import PAPER, RECIRCULATION, Protocol
from replication.experiments.instruments import agreement, interventions, matrices
from replication.experiments.instruments.matrices import (
    Array,
    Flags,
    get_u,
    get_w,
    replace_matrices,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import (
    Sample,
    estimate_share,
    name_median,
    name_range,
)
from replication.simulator.rule.network import Shape
from replication.simulator.rule.recirculation import BackPropagationNetwork, RecirculationNetwork
from replication.simulator.rule.weights import list_connections
from replication.simulator.running.engine import evaluate_networks, record_weights
from replication.simulator.running.ensemble import simulate_weights

FACTORS = (1 / 16, 1 / 4, 1 / 2, 1.0, 2.0, 4.0)
"""By which the initial W is multiplied."""
EARLY = 10  # updates in which it is counted how often two codes come closer together
RATES = (6.0, 8.0, 11.0, 16.0)  # tried without the common part
PART = 0.1  # the first changes of W: this part of the median number of updates
MAX_UPDATES = 400  # in searches
UPPER_RATES: Mapping[str, Sequence[float]] = {
    "equation 3": (7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 56.0),
    "descent": (5.0, 7.0, 10.0, 14.0, 20.0),
}  # fmt: skip
LOWER_RATES: Mapping[str, Sequence[float]] = {
    "equation 4": (10.0, 14.0, 20.0, 28.0, 40.0, 56.0, 80.0),
    "descent": (2.0, 4.0, 8.0, 12.0, 16.0),
    "descent, cross-entropy": (0.5, 1.0, 2.0, 4.0),
}
"""Learning rates that are tried: factors of a rate of 1."""
ERRORS: Any = {"descent": "squared", "descent, cross-entropy": "cross-entropy"}
"""What rules descend in that are not equations of the paper."""


def list_starts(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Return other initial weights: aligned, opposed, or with small matrices."""
    W, U = get_w(protocol, weights), get_u(protocol, weights)
    small_u = replace_matrices(protocol, weights, U=FACTORS[0] * U)
    return {
        "aligned": replace_matrices(protocol, weights, U=W),
        "opposed": replace_matrices(protocol, weights, U=-W),
        "small_u": small_u, "small_both": replace_matrices(protocol, small_u, W=FACTORS[0] * W),
    }  # fmt: skip


def compare_starts(protocol: Protocol, weights: Array) -> dict[str, Any]:
    """Return how many more updates networks need from other initial weights.

    ``starts``: from each of `list_starts`; ``sizes``: if W is multiplied by a factor, with the
    prediction ``-ln(factor) / ln(1 + growth)``, that recirculation waits for W to grow.
    """
    base, _, _ = simulate_weights(protocol, weights)
    W = get_w(protocol, weights)

    def compare(start: Array) -> Model:
        updates, converged, _ = simulate_weights(protocol, start)
        return interventions.describe_extra(updates, converged, base)

    rate = float(np.median(agreement.measure_growth(protocol, weights)["predicted"]))
    sizes = []
    for factor in FACTORS:
        larger = replace_matrices(protocol, weights, W=factor * W)
        sizes.append({"factor": factor, **compare(larger)})
        if protocol.learning_rule == RECIRCULATION:
            sizes[-1]["predicted"] = -math.log(factor) / math.log1p(rate)
    starts = list_starts(protocol, weights)
    return {"sizes": sizes, "starts": {name: compare(each) for name, each in starts.items()}}


def compare_halves(protocol: Protocol, weights: Array) -> Model:
    """Return the median updates if one half learns slowly, or starts where it would have ended.

    A half is a matrix with the biases of the units it leads to. ``slow_w``, ``slow_u`` and
    ``slow_both``: at half its rate. ``final_w`` and ``final_u``: this half starts from its final
    weights, the other from its initial ones. ``long_w`` and ``long_u``: one matrix starts as long
    as it would end, in the direction of the initial W. The last four of networks that have learnt.
    """
    _, learnt, final = simulate_weights(protocol, weights)
    start, final = weights[learnt], final[learnt]
    # Where the numbers of W and of U stand in a row of weights.
    lower, upper = list_connections(protocol)
    W = get_w(protocol, start)
    long_w, long_u = (matrices.give_length(W, get(protocol, final)) for get in (get_w, get_u))

    def run(initial: Array, **fields: Any) -> Model:
        changed = dataclasses.replace(protocol, **fields)
        updates, converged, _ = simulate_weights(changed, initial)
        return name_median(updates) | {"failed": estimate_share(~converged)}

    return {
        "base": run(weights),
        "slow_w": run(weights, visible_to_hidden_factor=0.5),
        "slow_u": run(weights, hidden_to_visible_factor=0.5),
        "slow_both": run(weights, learning_rate=protocol.learning_rate / 2),
        "final_w": run(np.hstack([final[:, lower], start[:, upper]])),
        "final_u": run(np.hstack([start[:, lower], final[:, upper]])),
        "long_w": run(replace_matrices(protocol, start, W=long_w)),
        "long_u": run(replace_matrices(protocol, start, U=long_u)),
    }


def measure_readability(protocol: Protocol, weights: Array) -> list[Model]:
    """Return how many networks U and its biases alone can finish, W and b frozen at some moment.

    ``separable``: how many have codes that a line can cut off from the others one by one, so that
    some U, however long, reads them. The moments: the start; the median updates at which U and W
    are aligned, and at which the change of W agrees with descent; half of learning, and its end.
    """
    # The moments, in updates, at most those that all together take.
    learnt = float(np.median(simulate_weights(protocol, weights)[0]))
    followed = agreement.follow_agreement(protocol, weights)
    aligned = np.median(agreement.find_events(followed["centred"], width=1))
    agrees = np.median(agreement.find_events(followed["lower"]))
    moments = {
        "start": 0.0, "aligned": min(aligned, learnt), "agrees": min(agrees, learnt),
        "half": learnt / 2, "learnt": learnt,
    }  # fmt: skip
    rows = []
    for moment, at in moments.items():
        # From there on U and its biases learn alone, and meet the criterion or not.
        frozen = train_for(protocol, weights, math.ceil(at))
        alone = dataclasses.replace(protocol, frozen=("W", "b"))
        _, finished, _ = simulate_weights(alone, frozen)
        codes = evaluate_networks(protocol, frozen).hidden[0]
        rows.append({
            "moment": moment, "at": math.ceil(at), "finished": estimate_share(finished),
            "separable": estimate_share(are_corners(codes)),
        })  # fmt: skip
    return rows


def are_corners(codes: Array) -> Flags:
    """Return whether all points of the plane, (n, 4, 2), are corners: lines cut off each, (n,)."""
    return np.array([len(ConvexHull(each).vertices) == each.shape[0] for each in codes])


def measure_shrinking(protocol: Protocol, weights: Array) -> float:
    """Return how often the first `EARLY` updates bring the codes of two vectors closer together.

    One-hot vectors, whose codes, as inputs of hidden units, are the columns of W.
    """
    columns = get_w(protocol, record_weights(protocol, weights, EARLY)).swapaxes(-1, -2)
    one, other = np.triu_indices(protocol.n_visible, 1)
    # Distances of each pair of codes after each update, (n, EARLY + 1, n_pairs).
    apart = np.linalg.norm(columns[..., one, :] - columns[..., other, :], axis=-1)
    return float(np.mean(np.diff(apart, axis=1) < 0.0))


def lowers_error(protocol: Protocol, weights: Array, n_first: int, *others: str) -> Flags:
    """Return in which networks the first changes of W lower the squared error; `others`: frozen."""
    squared = dataclasses.replace(protocol, criterion="half-squared-error")
    ends = (train_for(protocol, weights, n_first, frozen=x) for x in (others, ("W", *others)))
    ours, theirs = (evaluate_networks(squared, each).error for each in ends)
    return np.asarray(ours < theirs)


def measure_split(protocol: Protocol, weights: Array) -> Model:
    """Return the share of converged networks whose learnt split is that of the initial W."""
    _, converged, final = simulate_weights(protocol, weights)
    learnt = evaluate_networks(protocol, final[converged]).hidden[0].swapaxes(1, 2)
    drawn = find_split(get_w(protocol, weights[converged]))
    return estimate_share(drawn == find_split(learnt))


def find_split(codes: Array) -> matrices.Counts:
    """Return which of four codes, (n, 2, 4), lies opposite the first one, (n,).

    Of the three ways to pair four points as ends of two diagonals, the one with the largest
    area between the diagonals; if the points are in convex position, these are their diagonals.
    """
    points = codes[:, 0] + 1j * codes[:, 1]  # (n, 4)
    # From the first code to each of the others, and between the remaining two.
    areas = [
        np.abs(np.imag(np.conj(points[:, a] - points[:, 0]) * (points[:, c] - points[:, b])))
        for a, b, c in ((1, 2, 3), (2, 1, 3), (3, 1, 2))
    ]
    return np.asarray(np.argmax(areas, axis=0) + 1)


def measure_reading(protocol: Protocol, weights: Array, later: Array) -> dict[str, Array]:
    """Return how U has grown with W between two states, (n,) each.

    ``raw``: cosine of the growth of U, transposed, with W. ``sign``: share of the weights at which
    U has grown by more than its mean where W is above its own, or by less where it is below.
    """
    span = matrices.Scatter.of(protocol).span
    W, grown = get_w(protocol, weights), get_u(protocol, later - weights)
    sign = np.mean(matrices.flatten((W @ span > 0.0) == (grown @ span > 0.0)), axis=1)
    cosines = matrices.compute_cosines(*map(matrices.flatten, (W, grown)))
    return {"raw": cosines, "sign": sign}


class Apart(RecirculationNetwork):
    """A network whose W lacks the part of its changes that all patterns have in common."""

    @property
    def summed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The visible states at time 2."""
        return {"seen": self.shapes["c"]}

    def weight_changes(self, v0: Any) -> Any:  # type: ignore[override]
        """Return the changes of recirculation, and the states that W is presented with."""
        changes = super().weight_changes(v0)._asdict()
        return changes | {"seen": self.regress(v0, self.image(v0))}

    def apply(self, changes: dict[str, Any]) -> None:
        """Take the product of both means from the change of W, once for each pattern."""
        common = np.outer(changes["b"], changes["seen"] / len(self.patterns))
        super().apply(changes | {"W": changes["W"] - common})


def compare_sets(tasks: Mapping[str, Protocol], sample: Sample, *, search: Sample) -> Model:
    """Return what a dropped change of W costs below the critical rate, and speed without the part.

    Each task has the best learning rate of recirculation; without the common part it is searched
    anew. ``slow_cost`` and ``cost_without``: extra updates by change dropped at half the critical
    rate, and at the best one without that part.
    """

    def compare(name: str) -> Model:
        protocol = tasks[name]
        critical, weights = agreement.find_critical_rate(protocol), sample.draw(protocol)
        slow = dataclasses.replace(protocol, learning_rate=critical / 2)
        # The best rate without the common part, on other networks.
        grid = {"learning_rate": RATES, "max_updates": [MAX_UPDATES]}
        rate = search.alone.find_best(protocol, grid, Apart).learning_rate
        best = dataclasses.replace(protocol, learning_rate=rate)
        without, _, _ = simulate_weights(best, weights, network=Apart)
        return {
            "critical": critical, "rate": protocol.learning_rate, "rate_without": rate,
            "slow_cost": find_cost(slow, weights), "cost_without": find_cost(best, weights, Apart),
            "median": float(np.median(simulate_weights(protocol, weights)[0])),
            "median_without": float(np.median(without)),
        }  # fmt: skip

    rows = list(sample.map(compare, tasks).values())
    values = {name: [row[name] for row in rows] for name in rows[0]}
    return {"sets": rows} | {name: name_range(each) for name, each in values.items()}


def find_cost(
    protocol: Protocol, weights: Array, network: type[RecirculationNetwork] | None = None
) -> float:
    """Return the extra updates by change, in the median, if the first `PART` of W are dropped."""
    base, _, _ = simulate_weights(protocol, weights, network=network)
    n_first, rule = max(1, round(PART * float(np.median(base)))), interventions.freeze("W")
    late, _ = interventions.train_changed(protocol, weights, rule, n_first=n_first, network=network)
    return float(np.median(late.astype(np.int64) - base)) / n_first


class Hybrid(BackPropagationNetwork):
    """A network whose U and its biases learn by one rule and whose W and its by another."""

    learning_rule = RECIRCULATION
    upper, lower = "equation 3", "equation 4"  # keys of `UPPER_RATES` and `LOWER_RATES`

    def weight_changes(self, v0: Any) -> Any:  # type: ignore[override]
        """Return the changes of each half by its own rule."""
        found = RecirculationNetwork.weight_changes(self, v0)
        for rule, names in ((self.lower, "Wb"), (self.upper, "Uc")):
            if rule in ERRORS:
                descent = self.descend(v0, ERRORS[rule])._asdict()
                found = found._replace(**{name: descent[name] for name in names})
        return found


def compare_hybrids(sample: Sample, *, search: Sample) -> list[Model]:
    """Return how fast each pair of rules is at its best pair of rates, of those tried.

    The best have the smallest mean of updates on other networks, failures at the cap.
    """
    judged = sample.draw(PAPER)

    def compare(rules: tuple[str, str]) -> Model:
        upper, lower = rules
        rule = type("Hybrid", (Hybrid,), {"upper": upper, "lower": lower})
        # The fastest rates on some networks; what is printed comes from others.
        best = search.alone.find_best(PAPER, {
            "hidden_to_visible_factor": UPPER_RATES[upper], "learning_rate": [1.0],
            "visible_to_hidden_factor": LOWER_RATES[lower], "max_updates": [MAX_UPDATES],
        }, rule)  # fmt: skip
        best = dataclasses.replace(best, max_updates=PAPER.max_updates)
        updates, converged, _ = simulate_weights(best, judged, network=rule)
        return {
            "upper": upper, "lower": lower, "median": float(np.median(updates)),
            "converged": estimate_share(converged),
        }  # fmt: skip

    return list(sample.map(compare, itertools.product(UPPER_RATES, LOWER_RATES)).values())
