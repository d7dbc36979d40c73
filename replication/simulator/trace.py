"""One network over learning, by the same step that the ensemble uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replication.protocol import PAPER, Protocol
from replication.simulator.weights import draw_weights


@dataclass(frozen=True, slots=True)
class Trace:
    """One network after 0, 1, ..., n updates.

    Parameters
    ----------
    updates : int
        The outcome: updates before the criterion was first met, or the last one traced.
    converged : bool
    errors : float64 array, shape (n + 1,)
        The protocol's criterion.
    hidden : list of float64 arrays, shape (n + 1, n_patterns, n_units)
        First-pass activities, one array for each hidden group.
    reconstructions : float64 array, shape (n + 1, n_patterns, n_visible)
        With zero regression.
    weights : float64 array, shape (n + 1, n_weights)
    """

    updates: int
    converged: bool
    errors: NDArray[np.float64]
    hidden: list[NDArray[np.float64]]
    reconstructions: NDArray[np.float64]
    weights: NDArray[np.float64]


def trace_network(
    protocol: Protocol = PAPER, *, seed: int, root_seed: int = 1988, n_updates: int | None = None
) -> Trace:
    """Trace the network with this seed.

    Parameters
    ----------
    protocol : Protocol
    seed, root_seed : int
    n_updates : int, optional
        How far to trace, whether the criterion is met or not; unless given, up
        to the network's outcome.

    Returns
    -------
    Trace
        Its `updates` and `converged` are those that the ensemble stores for
        this seed, unless `n_updates` ends before.

    Examples
    --------
    >>> one = trace_network(seed=0)
    >>> one.updates, one.converged, one.reconstructions.shape
    (48, True, (49, 4, 4))
    """
    from replication.simulator.engine import evaluate_networks, record_weights, run_networks

    initial = draw_weights(protocol, root_seed, seed, seed + 1)
    if n_updates is None:
        updates, _, _ = run_networks(protocol, initial)
        n_updates = int(updates[0])
    (weights,) = record_weights(protocol, initial, n_updates)
    measured = evaluate_networks(protocol, weights)
    below = np.flatnonzero(measured.error < protocol.threshold)
    return Trace(
        updates=int(below[0]) if len(below) else n_updates,
        converged=len(below) > 0,
        errors=measured.error,
        hidden=measured.hidden,
        reconstructions=measured.reconstruction,
        weights=weights,
    )
