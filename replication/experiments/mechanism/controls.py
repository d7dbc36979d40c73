"""What is not a replaced change: other starts, a slower half, and whose split is learnt."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import RECIRCULATION, Protocol
from replication.experiments.matrices import Array, change_u, change_w, get_w, give_length
from replication.experiments.mechanism.interventions import describe_extra
from replication.experiments.mechanism.theory import measure_growth
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.engine import evaluate_networks
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import list_connections
from replication.statistics.intervals import estimate_median

FACTORS = (1 / 16, 1 / 4, 1 / 2, 1.0, 2.0, 4.0)
"""By which the initial W is multiplied."""

STARTS: Mapping[str, Callable[[Protocol, Array], Array]] = {
    "aligned": lambda protocol, weights: change_u(protocol, weights, lambda W, _: W),
    "opposed": lambda protocol, weights: change_u(protocol, weights, lambda W, _: -W),
    "small_u": lambda protocol, weights: change_u(protocol, weights, lambda _, U: FACTORS[0] * U),
    "small_both": lambda protocol, weights: change_w(
        protocol, STARTS["small_u"](protocol, weights), lambda W, _: FACTORS[0] * W
    ),
}
"""Other initial weights; U is given as its transpose."""


def compare_starts(protocol: Protocol, weights: Array, *, jobs: int) -> dict[str, Any]:
    """Return what networks take more from each of `STARTS`."""
    base, _, _ = simulate_weights(protocol, weights, jobs=jobs)
    return {
        name: describe_extra(
            *simulate_weights(protocol, change(protocol, weights), jobs=jobs)[:2], base
        )
        for name, change in STARTS.items()
    }


def compare_sizes(
    protocol: Protocol, weights: Array, *, jobs: int, factors: Sequence[float] = FACTORS
) -> list[dict[str, Any]]:
    """Return what networks take more if W starts so many times as large, and what is predicted.

    If recirculation waits until W has grown, ``-ln(factor) / ln(1 + growth)``.
    """
    base, _, _ = simulate_weights(protocol, weights, jobs=jobs)
    growth = None
    if protocol.learning_rule == RECIRCULATION:
        growth = float(np.median(measure_growth(protocol, weights)["predicted"]))

    def scale(factor: float) -> dict[str, Any]:
        larger = change_w(protocol, weights, lambda W, _: factor * W)
        updates, converged, _ = simulate_weights(protocol, larger, jobs=jobs)
        return {
            "factor": factor,
            "predicted": None if growth is None else -math.log(factor) / math.log1p(growth),
            **describe_extra(updates, converged, base),
        }

    return [scale(factor) for factor in factors]


def compare_halves(protocol: Protocol, weights: Array, *, jobs: int) -> dict[str, Any]:
    """Return what networks take if one half is slowed, or is that of the same network once learnt.

    A half is a matrix with the biases of the units it leads to. ``slow_w`` and ``slow_u``: at half
    its rate; ``final_w`` and ``final_u``: this half as it ends, the other as it starts; ``long_w``:
    W alone, as it starts, but as long as it ends. The last three of networks that have learnt.
    """
    W, U = list_connections(protocol)
    base, learnt, final = simulate_weights(protocol, weights, jobs=jobs, final_weights=True)
    assert final is not None
    start, final, every = weights[learnt], final[learnt], np.ones_like(learnt)
    final_w = get_w(protocol, final)
    long_w = change_w(protocol, start, lambda own, _: give_length(own, final_w))

    def run(fields: dict[str, Any], chosen: NDArray[np.bool_], initial: Array) -> dict[str, Any]:
        changed = dataclasses.replace(protocol, **fields)
        updates, converged, _ = simulate_weights(changed, initial, jobs=jobs)
        return {
            **name_estimate("median", estimate_median(updates)),
            **describe_extra(updates, converged, base[chosen]),
        }

    return {
        "base": run({}, every, weights),
        "slow_w": run({"visible_to_hidden_factor": 0.5}, every, weights),
        "slow_u": run({"hidden_to_visible_factor": 0.5}, every, weights),
        "final_w": run({}, learnt, np.hstack([final[:, W], start[:, U]])),
        "final_u": run({}, learnt, np.hstack([start[:, W], final[:, U]])),
        "long_w": run({}, learnt, long_w),
    }


def measure_split(protocol: Protocol, weights: Array, *, jobs: int) -> dict[str, Any]:
    """Return in what share of the converged networks the learnt split is that of the initial W."""
    _, converged, final = simulate_weights(protocol, weights, jobs=jobs, final_weights=True)
    assert final is not None
    learnt = evaluate_networks(protocol, final[converged]).hidden[0].swapaxes(1, 2)
    same = find_split(get_w(protocol, weights[converged])) == find_split(learnt)
    return estimate_share(int(same.sum()), len(same))


def find_split(codes: Array) -> NDArray[np.int64]:
    """Return which of four codes, (n, 2, 4), lies opposite the first one, (n,).

    Of the three ways to pair four points as ends of two diagonals, the one with the largest
    area between the diagonals; if the points are in convex position, these are their diagonals.
    """
    areas = []
    for one, (two, three) in ((1, (2, 3)), (2, (1, 3)), (3, (1, 2))):
        (x, y), (u, v) = (
            np.moveaxis(codes[:, :, i] - codes[:, :, j], 1, 0) for i, j in ((0, one), (two, three))
        )
        areas.append(np.abs(x * v - y * u))
    return np.asarray(np.argmax(areas, axis=0) + 1)
