"""What alignment and success need: matrices frozen, started otherwise, or changed on the way."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.experiments.matrices import Change, change_u, flatten, get_u, get_w
from replication.experiments.mechanism.interventions import describe_extra
from replication.experiments.mechanism.theory import Inputs
from replication.experiments.summaries import estimate_share, name_estimate
from replication.simulator.changes import compute_changes, compute_gradients
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import Estimate, estimate_median

Array = NDArray[np.float64]

LONGER = 4.0  # U is started, or set, so many times as long as W
MEAN = 0.5  # added to every entry of W, where W is to have a mean

FREEZES: Mapping[str, dict[str, Any]] = {
    "both learn": {},
    "U frozen": {"frozen": ("U",)},
    "W frozen": {"frozen": ("W",)},
    "W and hidden biases frozen": {"frozen": ("W", "b")},
}

STARTS: Mapping[str, Change] = {
    "random": lambda W, U: U,
    "U = W^T": lambda W, U: W,
    "U = -W^T": lambda W, U: -W,
}
"""What U, transposed, is from W and the U that was drawn."""

SURGERIES: Mapping[str, Change] = {
    "none": lambda W, U: U,
    "entries of U shuffled": lambda W, U: np.roll(flatten(U), 3, axis=-1).reshape(U.shape),
    "hidden units of U swapped": lambda W, U: np.roll(U, 1, axis=-2),
    "U set to k W^T": lambda W, U: LONGER * W,
}
"""The same, done to networks that have learnt for some updates. Rolling by 3 moves every entry
to another visible unit, and some to the other hidden unit."""


def measure_agreement(protocol: Protocol, weights: Array) -> Array:
    """Return the cosine between the change of W and steepest descent, shape (n,)."""
    change = get_w(protocol, compute_changes(protocol, weights))
    return compute_cosines(
        flatten(change), flatten(-get_w(protocol, compute_gradients(protocol, weights)))
    )


def compare_freezes(
    protocol: Protocol, weights: Array, *, at: int, jobs: int
) -> dict[str, dict[str, Any]]:
    """Return by start and what is frozen how networks end, and agree after `at` updates."""
    starts = {name: change_u(protocol, weights, change) for name, change in STARTS.items()}
    described: dict[str, dict[str, Any]] = {}
    for start, initial in starts.items():
        for freeze, factors in FREEZES.items():
            frozen = dataclasses.replace(protocol, **factors)
            updates, converged, _ = simulate_weights(frozen, initial, jobs=jobs)
            later = record_weights(frozen, initial, at)[:, -1]
            described.setdefault(start, {})[freeze] = {
                "converged": estimate_share(int(converged.sum()), len(converged)),
                "median": float(np.median(updates)),
                **name_estimate("agreement", _estimate(measure_agreement(protocol, later))),
            }
    return described


def compare_surgeries(
    protocol: Protocol, weights: Array, *, at: int, jobs: int
) -> dict[str, dict[str, Any]]:
    """Return what a change of U after `at` updates does just then, and what it costs."""
    base, _, _ = simulate_weights(protocol, weights, jobs=jobs)
    before = record_weights(protocol, weights, at)[:, -1]
    rest = dataclasses.replace(protocol, max_updates=protocol.max_updates - at)
    described = {}
    for name, change in SURGERIES.items():
        after = change_u(protocol, before, change)
        updates, converged, _ = simulate_weights(rest, after, jobs=jobs)
        described[name] = {
            **name_estimate("agreement", _estimate(measure_agreement(protocol, after))),
            **describe_extra(at + updates, converged, base),
        }
    return described


def measure_reading(protocol: Protocol, weights: Array, *, at: int) -> dict[str, Any]:
    """Return how U has grown with W after some updates, medians with intervals.

    ``raw`` and ``centred``: cosine of the growth of U, transposed, with W, and relative to the mean
    over the inputs. ``sign``: share of the weights at which U has grown by more than its mean where
    W is above its own, or by less where it is below.
    """
    span = Inputs.of(protocol).span
    later = record_weights(protocol, weights, at)[:, -1]
    W, grown = get_w(protocol, weights), get_u(protocol, later) - get_u(protocol, weights)
    same = (W @ span > 0.0) == (grown @ span > 0.0)
    return {
        **name_estimate("raw", _estimate(compute_cosines(flatten(W), flatten(grown)))),
        **name_estimate(
            "centred", _estimate(compute_cosines(flatten(W @ span), flatten(grown @ span)))
        ),
        **name_estimate("sign", _estimate(np.mean(flatten(same), axis=1))),
    }


def _estimate(values: Array) -> Estimate:
    return estimate_median(values[np.isfinite(values)])
