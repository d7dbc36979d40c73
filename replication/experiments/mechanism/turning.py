"""Who turns towards whom: the change of W, steepest descent, and W itself, over learning."""

from __future__ import annotations

from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.matrices import Array, flatten, get_w
from replication.experiments.mechanism.theory import Inputs
from replication.simulator.changes import compute_changes, compute_gradients
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.statistics.alignment import compute_cosines

PAIRS = {
    "change_w": ("change", "W"),
    "descent_w": ("descent", "W"),
    "change_descent": ("change", "descent"),
}
"""Cosines that are followed: the change that equation 4 prescribes, steepest descent in the
squared error, and W."""
SHADED = ("change_w", "descent_w")


def follow_turning(
    protocol: Protocol, weights: Array, *, n_updates: int, every: int
) -> dict[str, Any]:
    """Return medians of `PAIRS` after 0, `every`, ... updates, and quartiles of `SHADED`.

    Relative to the mean over the inputs, of networks that converge, and beyond their outcome.
    """
    _, converged, _ = simulate_weights(protocol, weights)
    recorded = record_weights(protocol, weights[converged], n_updates)
    span = Inputs.of(protocol).span
    quantiles: dict[str, list[Array]] = {name: [] for name in PAIRS}
    for update in range(0, n_updates + 1, every):
        state = recorded[:, update]
        matrices = {
            "change": get_w(protocol, compute_changes(protocol, state)),
            "descent": -get_w(protocol, compute_gradients(protocol, state)),
            "W": get_w(protocol, state),
        }
        centred = {name: flatten(matrix @ span) for name, matrix in matrices.items()}
        for name, (one, other) in PAIRS.items():
            cosines = compute_cosines(centred[one], centred[other])
            quantiles[name].append(np.nanquantile(cosines, (0.25, 0.5, 0.75)))
    series: dict[str, Any] = {"every": every}
    for name, rows in quantiles.items():
        low, median, high = np.transpose(rows).tolist()
        series[name] = {"median": median} | ({"low": low, "high": high} if name in SHADED else {})
    return series
