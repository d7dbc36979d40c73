"""What alignment and success need: matrices frozen, started otherwise, or changed on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.agreement import measure_agreement
from replication.experiments.matrices import Array, Change, change_u, flatten, get_u, get_w
from replication.experiments.mechanism.theory import Inputs
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import Estimate, estimate_median

LONGER = 4.0  # U is set so many times as long as W
MEAN = 0.5  # added to every entry of W, where W is to have a mean

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


def compare_freezes(
    protocol: Protocol, weights: Array, *, at: int, jobs: int
) -> dict[str, dict[str, Any]]:
    """Return by what is frozen how networks end, and how they agree after `at` updates."""
    described: dict[str, dict[str, Any]] = {}
    for name, fields in FREEZES.items():
        frozen = dataclasses.replace(protocol, **fields)
        updates, converged, _ = simulate_weights(frozen, weights, jobs=jobs)
        later = record_weights(frozen, weights, at)[:, -1]
        described[name] = {
            "converged": estimate_share(int(converged.sum()), len(converged)),
            "median": float(np.median(updates)),
            **name_estimate("agreement", estimate_agreement(protocol, later)),
        }
    return described


def measure_surgeries(protocol: Protocol, weights: Array, *, at: int) -> dict[str, Estimate]:
    """Return what the agreement of networks is once U is changed after `at` updates."""
    before = record_weights(protocol, weights, at)[:, -1]
    return {
        name: estimate_agreement(protocol, change_u(protocol, before, change))
        for name, change in SURGERIES.items()
    }


def measure_reading(protocol: Protocol, weights: Array, *, at: int) -> dict[str, Estimate]:
    """Return how U has grown with W after some updates, medians.

    ``raw``: cosine of the growth of U, transposed, with W. ``sign``: share of the weights at which
    U has grown by more than its mean where W is above its own, or by less where it is below.
    """
    span = Inputs.of(protocol).span
    later = record_weights(protocol, weights, at)[:, -1]
    W, grown = get_w(protocol, weights), get_u(protocol, later) - get_u(protocol, weights)
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
