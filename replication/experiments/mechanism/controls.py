"""What is not a replaced change: other weights at the start, matrices frozen or set on the way."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import RECIRCULATION, Protocol
from replication.experiments.agreement import measure_agreement
from replication.experiments.growth import measure_growth
from replication.experiments.interventions import describe_extra
from replication.experiments.matrices import (
    Array,
    Change,
    change_u,
    change_w,
    flatten,
    get_u,
    get_w,
    give_length,
)
from replication.experiments.recording import train_for
from replication.experiments.scatter import Scatter
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import list_connections
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import Estimate, estimate_median

FACTORS = (1 / 16, 1 / 4, 1 / 2, 1.0, 2.0, 4.0)
"""By which the initial W is multiplied."""
LATER = (0, 10)  # updates after the first one at which the error is compared
LONGER = 4.0  # U is set so many times as long as W
MEAN = 0.5  # added to every entry of W, where W is to have a mean

STARTS: Mapping[str, Callable[[Protocol, Array], Array]] = {
    "aligned": lambda protocol, weights: change_u(protocol, weights, lambda W, _: W),
    "opposed": lambda protocol, weights: change_u(protocol, weights, lambda W, _: -W),
    "small_u": lambda protocol, weights: change_u(protocol, weights, lambda _, U: FACTORS[0] * U),
    "small_both": lambda protocol, weights: change_w(
        protocol, STARTS["small_u"](protocol, weights), lambda W, _: FACTORS[0] * W
    ),
}
"""Other initial weights; U is given as its transpose."""

FREEZES: Mapping[str, dict[str, Any]] = {
    "both learn": {},
    "U frozen": {"frozen": ("U",)},
    "W frozen": {"frozen": ("W",)},
    "W and hidden biases frozen": {"frozen": ("W", "b")},
}

SURGERIES: Mapping[str, Change] = {
    "entries of U shuffled": lambda W, U: np.roll(flatten(U), 3, axis=-1).reshape(U.shape),
    "U set to k W^T": lambda W, U: LONGER * W,
}
"""What U, transposed, becomes in networks that have learnt for some updates. Rolling by 3 moves
every entry to another visible unit, and some to the other hidden unit."""


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
    growth = float(np.median(measure_growth(protocol, weights)["predicted"]))

    def scale(factor: float) -> dict[str, Any]:
        larger = change_w(protocol, weights, lambda W, _: factor * W)
        updates, converged, _ = simulate_weights(protocol, larger, jobs=jobs)
        row = {"factor": factor, **describe_extra(updates, converged, base)}
        if protocol.learning_rule == RECIRCULATION:
            row["predicted"] = -math.log(factor) / math.log1p(growth)
        return row

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


def measure_first_step(protocol: Protocol, weights: Array) -> dict[str, Any]:
    """Return in what share of networks the first change of W lowers the squared error.

    Under ``change``, at once and later, as in `LATER`; against the same update without it. Under
    ``alone``, if nothing else changes.
    """
    squared = dataclasses.replace(protocol, criterion="half-squared-error")

    def follow(**fields: Any) -> list[Array]:
        first = train_for(protocol, weights, 1, **fields)
        states = record_weights(protocol, first, LATER[-1])
        return [evaluate_networks(squared, states[:, n]).error for n in LATER]

    def compare(error: Array, without: Array) -> dict[str, Any]:
        return estimate_share(int(np.sum(error < without)), len(error))

    rows = zip(LATER, follow(), follow(frozen=("W",)), strict=True)
    return {
        "change": {str(n): compare(*pair) for n, *pair in rows},
        "alone": compare(
            follow(frozen=("b", "U", "c"))[0], evaluate_networks(squared, weights).error
        ),
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


def compare_freezes(
    protocol: Protocol, weights: Array, *, at: int, jobs: int
) -> dict[str, dict[str, Any]]:
    """Return by what is frozen how networks end, and how they agree after `at` updates."""
    described: dict[str, dict[str, Any]] = {}
    for name, fields in FREEZES.items():
        frozen = dataclasses.replace(protocol, **fields)
        updates, converged, _ = simulate_weights(frozen, weights, jobs=jobs)
        agreement = estimate_agreement(protocol, train_for(frozen, weights, at))
        described[name] = {
            "converged": estimate_share(int(converged.sum()), len(converged)),
            "median": float(np.median(updates)),
            **name_estimate("agreement", agreement),
        }
    return described


def measure_surgeries(protocol: Protocol, weights: Array, *, at: int) -> dict[str, Estimate]:
    """Return what the agreement of networks is once U is changed after `at` updates."""
    before = train_for(protocol, weights, at)
    return {
        name: estimate_agreement(protocol, change_u(protocol, before, change))
        for name, change in SURGERIES.items()
    }


def measure_reading(protocol: Protocol, weights: Array, *, at: int) -> dict[str, Estimate]:
    """Return how U has grown with W after some updates, medians.

    ``raw``: cosine of the growth of U, transposed, with W. ``sign``: share of the weights at which
    U has grown by more than its mean where W is above its own, or by less where it is below.
    """
    span = Scatter.of(protocol).span
    W, later = get_w(protocol, weights), train_for(protocol, weights, at)
    grown = get_u(protocol, later) - get_u(protocol, weights)
    same = (W @ span > 0.0) == (grown @ span > 0.0)
    return {
        "raw": _estimate(compute_cosines(flatten(W), flatten(grown))),
        "sign": _estimate(np.mean(flatten(same), axis=1)),
    }


def estimate_agreement(protocol: Protocol, weights: Array) -> Estimate:
    """Return the median cosine between the change of W and steepest descent."""
    return _estimate(measure_agreement(protocol, weights)["lower"])


def _estimate(values: Array) -> Estimate:
    return estimate_median(values[np.isfinite(values)])
