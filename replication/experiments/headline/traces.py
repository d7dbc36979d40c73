"""Learning curves of a few networks, as plain data for the figures of the report."""

from __future__ import annotations

from typing import Any

import numpy as np

from replication.protocol import Protocol
from replication.simulator.engine import evaluate_networks, record_weights, run_networks
from replication.simulator.weights import draw_weights

MAX_DRAWN = 1000
"""Updates that a curve shows at most."""

DIVERGED = 1e9
"""What stands for any greater number, as linear units reach on the way to infinity."""


def collect_traces(
    protocol: Protocol,
    root_seed: int,
    *,
    n_networks: int = 100,
    n_updates: int = 160,
    n_sweeps: int = 50,
) -> dict[str, Any]:
    """Trace the first seeds, and one typical network among them closely.

    Parameters
    ----------
    protocol : Protocol
    root_seed : int
    n_networks : int
        Seeds 0 to n_networks - 1 are traced.
    n_updates : int
        How far; a smaller cap of the protocol comes first.
    n_sweeps : int
        Sweeps over which the reconstructions of the typical network are kept.

    Returns
    -------
    dict
        ``threshold``, ``n_updates``; ``network`` (the network whose outcome is
        nearest to the median of those traced, the lowest seed first: ``seed``,
        ``updates``, ``converged``, ``errors`` after 0, 1, ... updates,
        ``patterns`` and ``reconstructions[sweep][pattern][unit]``, the
        reconstruction made in each sweep); ``crowd`` (``seeds``, ``updates``,
        ``converged`` and ``errors`` of all). Numbers have 4 significant digits
        and are at most `DIVERGED`, which stands for what is not a number too.
    """
    from replication.simulator.patterns import make_patterns

    weights = draw_weights(protocol, root_seed, 0, n_networks)
    updates, converged, _ = run_networks(protocol, weights)
    reach = min(n_updates, protocol.max_updates, MAX_DRAWN)
    errors = [_trace_errors(protocol, start, reach) for start in weights]
    nearest = np.abs(updates - np.median(updates))
    chosen = int(np.argmin(nearest))
    sweeps = min(n_sweeps, protocol.max_updates)
    seen = evaluate_networks(protocol, record_weights(protocol, weights[chosen], sweeps - 1))
    return {
        "threshold": protocol.threshold,
        "n_updates": reach,
        "network": {
            "seed": chosen,
            "updates": int(updates[chosen]),
            "converged": bool(converged[chosen]),
            "errors": errors[chosen],
            "patterns": _round(make_patterns(protocol)),
            "reconstructions": _round(seen.reconstruction),
        },
        "crowd": {
            "seeds": list(range(n_networks)),
            "updates": updates.tolist(),
            "converged": converged.tolist(),
            "errors": errors,
        },
    }


def _trace_errors(protocol: Protocol, weights: np.ndarray[Any, Any], reach: int) -> list[float]:
    return list(_round(evaluate_networks(protocol, record_weights(protocol, weights, reach)).error))


def _round(values: np.ndarray[Any, Any]) -> Any:
    if values.ndim > 1:
        return [_round(part) for part in values]
    values = np.nan_to_num(values, nan=DIVERGED).clip(-DIVERGED, DIVERGED)
    return [float(f"{value:.4g}") for value in values]
