"""Controls: other initial weights, slowed or exchanged halves, the first step, what U reads."""

import dataclasses
import math
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull

from replication.definition.protocol import RECIRCULATION, Protocol
from replication.experiments import Model, agreement, matrices
from replication.experiments.growth import measure_growth
from replication.experiments.interventions import describe_extra
from replication.experiments.matrices import (
    Array,
    Flags,
    compute_cosines,
    flatten,
    get_u,
    get_w,
    replace_matrices,
)
from replication.experiments.recording import train_for
from replication.experiments.sample import estimate_share, name_median
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import list_connections

FACTORS = (1 / 16, 1 / 4, 1 / 2, 1.0, 2.0, 4.0)
"""By which the initial W is multiplied."""
EARLY = 10  # updates in which it is counted how often two codes come closer together


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
        return describe_extra(updates, converged, base)

    sizes = [
        {"factor": factor, **compare(replace_matrices(protocol, weights, W=factor * W))}
        for factor in FACTORS
    ]
    if protocol.learning_rule == RECIRCULATION:
        growth = float(np.median(measure_growth(protocol, weights)["predicted"]))
        for row in sizes:
            row["predicted"] = -math.log(row["factor"]) / math.log1p(growth)
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
    # The moments, in updates: the states that are followed end before the slowest have learnt.
    learnt = float(np.median(simulate_weights(protocol, weights)[0]))
    n_followed = agreement.count_early_updates(protocol.learning_rate)
    states = record_weights(protocol, weights, n_followed)
    measured = agreement.measure_agreement(protocol, states.reshape(-1, protocol.n_weights))
    agrees = agreement.find_events(measured["lower"].reshape(states.shape[:2]))
    aligned = agreement.find_alignment(protocol, weights, n_updates=n_followed)
    moments = {
        "start": 0.0, "aligned": min(float(np.median(aligned)), learnt),
        "agrees": min(float(np.median(agrees)), n_followed), "half": learnt / 2, "learnt": learnt,
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


def lowers_error(
    protocol: Protocol, weights: Array, n_first: int, others: tuple[str, ...] = ()
) -> Flags:
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
    sign = np.mean(flatten((W @ span > 0.0) == (grown @ span > 0.0)), axis=1)
    return {"raw": compute_cosines(flatten(W), flatten(grown)), "sign": sign}
