"""The step as plain Python, called as `engine.py` calls its compiled form.

The same three functions as in the engine, so that a test of the one form is a test of the
other. Nothing here needs a compiler: `make mutants` changes the step and runs these.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from replication.protocol import Protocol
from replication.simulator import runner
from replication.simulator.engine import Evaluation, make_lanes, make_rule

Array = np.ndarray[Any, Any]


def run_networks(
    protocol: Protocol, weights: Array, *, final_weights: bool = False, n_lanes: int = 3
) -> tuple[Array, Array, Array | None]:
    """Train networks until the criterion or the cap, a few at a time."""
    updates = np.full(len(weights), -1, dtype=np.int32)
    converged = np.zeros(len(weights), dtype=np.bool_)
    final = np.zeros_like(weights) if final_weights else np.zeros((0, weights.shape[1]))
    lanes = make_lanes(protocol, n_lanes)
    stop = np.zeros(1, dtype=np.bool_)
    runner.run_lanes(make_rule(protocol), lanes, weights, updates, converged, final, stop)
    return updates, converged, final if final_weights else None


def record_weights(protocol: Protocol, weights: Array, n_updates: int) -> Array:
    """Return the weights of one network after 0, 1, ..., `n_updates` updates."""
    recorded = np.zeros((n_updates + 1, len(weights)))
    # A second lane, which stays at zero, shows where one lane reaches into another.
    lanes = make_lanes(protocol, 2)
    runner.record_lanes(make_rule(protocol), lanes, weights[None], recorded)
    return recorded


def evaluate_networks(protocol: Protocol, weights: Array, *, n_lanes: int = 3) -> Evaluation:
    """Measure networks as they stand, a few at a time."""
    n, n_patterns = len(weights), protocol.n_patterns
    first = np.zeros((n, sum(protocol.group_sizes) * n_patterns))
    reconstruction = np.zeros((n, protocol.n_visible * n_patterns))
    error = np.zeros(n)
    lanes = make_lanes(protocol, n_lanes)
    runner.evaluate_lanes(make_rule(protocol), lanes, weights, first, reconstruction, error)
    units = first.reshape(n, -1, n_patterns).transpose(0, 2, 1)
    return Evaluation(
        hidden=np.split(units, np.cumsum(protocol.group_sizes)[:-1], axis=2)[1:],
        reconstruction=reconstruction.reshape(n, -1, n_patterns).transpose(0, 2, 1),
        error=error,
    )
