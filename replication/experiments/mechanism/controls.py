"""Controls: other initial weights, slowed or exchanged halves, the first step, what U reads."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import RECIRCULATION, Protocol
from replication.experiments.growth import measure_growth
from replication.experiments.interventions import describe_extra
from replication.experiments.matrices import (
    Array,
    flatten,
    get_u,
    get_w,
    give_length,
    replace_matrices,
)
from replication.experiments.recording import train_for
from replication.experiments.scatter import Scatter
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.engine import evaluate_networks
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import list_connections
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import estimate_median

FACTORS = (1 / 16, 1 / 4, 1 / 2, 1.0, 2.0, 4.0)
"""By which the initial W is multiplied."""


def list_starts(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Return other initial weights: aligned, opposed, or with small matrices."""
    W, U = get_w(protocol, weights), get_u(protocol, weights)
    return {
        "aligned": replace_matrices(protocol, weights, U=W),
        "opposed": replace_matrices(protocol, weights, U=-W),
        "small_u": replace_matrices(protocol, weights, U=FACTORS[0] * U),
        "small_both": replace_matrices(protocol, weights, W=FACTORS[0] * W, U=FACTORS[0] * U),
    }


def compare_starts(protocol: Protocol, weights: Array, *, jobs: int) -> dict[str, Any]:
    """Return what networks take more from each of `list_starts`."""
    base, _, _ = simulate_weights(protocol, weights, jobs=jobs)
    return {
        name: describe_extra(*simulate_weights(protocol, start, jobs=jobs)[:2], base)
        for name, start in list_starts(protocol, weights).items()
    }


def compare_sizes(
    protocol: Protocol, weights: Array, *, jobs: int, factors: Sequence[float] = FACTORS
) -> list[dict[str, Any]]:
    """Return what networks take more if W starts so many times as large, and what is predicted.

    If recirculation waits until W has grown, ``-ln(factor) / ln(1 + growth)``.
    """
    base, _, _ = simulate_weights(protocol, weights, jobs=jobs)
    growth = float(np.median(measure_growth(protocol, weights)["predicted"]))
    rows = []
    for factor in factors:
        larger = replace_matrices(protocol, weights, W=factor * get_w(protocol, weights))
        updates, converged, _ = simulate_weights(protocol, larger, jobs=jobs)
        rows.append({"factor": factor, **describe_extra(updates, converged, base)})
        if protocol.learning_rule == RECIRCULATION:
            rows[-1]["predicted"] = -math.log(factor) / math.log1p(growth)
    return rows


def compare_halves(protocol: Protocol, weights: Array, *, jobs: int) -> dict[str, Any]:
    """Return what networks take if one half is slowed, or is that of the same network once learnt.

    A half is a matrix with the biases of the units it leads to. ``slow_w`` and ``slow_u``: at half
    its rate; ``final_w`` and ``final_u``: this half as it ends, the other as it starts; ``long_w``:
    W alone, as it starts, but as long as it ends. The last three of networks that have learnt.
    """
    _, learnt, final = simulate_weights(protocol, weights, jobs=jobs)
    start, final = weights[learnt], final[learnt]
    lower, upper = list_connections(protocol)
    long_w = give_length(get_w(protocol, start), get_w(protocol, final))

    def run(initial: Array, **fields: Any) -> dict[str, Any]:
        changed = dataclasses.replace(protocol, **fields)
        return name_estimate(
            "median", estimate_median(simulate_weights(changed, initial, jobs=jobs)[0])
        )

    return {
        "base": run(weights),
        "slow_w": run(weights, visible_to_hidden_factor=0.5),
        "slow_u": run(weights, hidden_to_visible_factor=0.5),
        "final_w": run(np.hstack([final[:, lower], start[:, upper]])),
        "final_u": run(np.hstack([start[:, lower], final[:, upper]])),
        "long_w": run(replace_matrices(protocol, start, W=long_w)),
    }


def measure_first_step(protocol: Protocol, weights: Array) -> dict[str, NDArray[np.bool_]]:
    """Return in which networks the first change of W lowers the squared error, (n,).

    ``error``: against the same update without it; ``alone``: if nothing else changes.
    """
    squared = dataclasses.replace(protocol, criterion="half-squared-error")

    def measure(**fields: Any) -> Array:
        return evaluate_networks(squared, train_for(protocol, weights, 1, **fields)).error

    return {
        "error": measure() < measure(frozen=("W",)),
        "alone": measure(frozen=("b", "U", "c")) < evaluate_networks(squared, weights).error,
    }


def measure_split(protocol: Protocol, weights: Array, *, jobs: int) -> dict[str, Any]:
    """Return in what share of the converged networks the learnt split is that of the initial W."""
    _, converged, final = simulate_weights(protocol, weights, jobs=jobs)
    learnt = evaluate_networks(protocol, final[converged]).hidden[0].swapaxes(1, 2)
    return estimate_share(find_split(get_w(protocol, weights[converged])) == find_split(learnt))


def find_split(codes: Array) -> NDArray[np.int64]:
    """Return which of four codes, (n, 2, 4), lies opposite the first one, (n,).

    Of the three ways to pair four points as ends of two diagonals, the one with the largest
    area between the diagonals; if the points are in convex position, these are their diagonals.
    """
    areas = []
    for one, two, three in ((1, 2, 3), (2, 1, 3), (3, 1, 2)):
        first, other = codes[..., one] - codes[..., 0], codes[..., three] - codes[..., two]
        areas.append(np.abs(first[:, 0] * other[:, 1] - first[:, 1] * other[:, 0]))
    return np.asarray(np.argmax(areas, axis=0) + 1)


def measure_reading(protocol: Protocol, weights: Array, later: Array) -> dict[str, Array]:
    """Return how U has grown with W between two states, (n,) each.

    ``raw``: cosine of the growth of U, transposed, with W. ``sign``: share of the weights at which
    U has grown by more than its mean where W is above its own, or by less where it is below.
    """
    span = Scatter.of(protocol).span
    W, grown = get_w(protocol, weights), get_u(protocol, later - weights)
    same = (W @ span > 0.0) == (grown @ span > 0.0)
    return {
        "raw": compute_cosines(flatten(W), flatten(grown)),
        "sign": np.mean(flatten(same), axis=1),
    }
