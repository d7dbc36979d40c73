"""One typical network as it learns, and a few others behind it, for the figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator.engine import evaluate_networks, record_weights, run_networks
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import draw_weights

N_NETWORKS = 20
N_UPDATES = 120
N_SWEEPS = 50
DIVERGED = 1e9
"""What stands for any greater error, as linear units reach on the way to infinity."""


def trace_networks(
    protocol: Protocol,
    root_seed: int,
    *,
    n_networks: int = N_NETWORKS,
    n_updates: int = N_UPDATES,
    n_sweeps: int = N_SWEEPS,
) -> dict[str, Any]:
    """Trace the first seeds, and one typical network among them closely.

    Parameters
    ----------
    protocol : Protocol
    root_seed : int
    n_networks : int
        Seeds 0 to n_networks - 1 are traced.
    n_updates : int
        How far.
    n_sweeps : int
        Sweeps over which the reconstructions of the typical network are kept.

    Returns
    -------
    dict
        ``threshold``; of the network whose outcome is nearest to the median of those
        traced, the lowest seed first: ``seed``, ``updates``, ``converged``, ``start`` (its
        weights, in the order of `draw_weights`), ``errors`` after 0, 1, ... updates,
        and ``reconstructions[sweep][pattern][unit]``, made after as many;
        ``others``, the errors of the other networks. Numbers have 3 significant digits and are
        at most `DIVERGED`, which stands for what is not a number too.
    """
    weights = draw_weights(protocol, root_seed, 0, n_networks)
    updates, converged, _ = run_networks(protocol, weights)
    errors = [_measure(protocol, start, n_updates).error for start in weights]
    chosen = int(np.argmin(np.abs(updates - np.median(updates))))
    seen = _measure(protocol, weights[chosen], n_sweeps - 1)
    return {
        "threshold": protocol.threshold,
        "patterns": make_patterns(protocol).tolist(),
        "seed": chosen,
        "updates": int(updates[chosen]),
        "converged": bool(converged[chosen]),
        "start": weights[chosen].tolist(),
        "errors": _round(errors[chosen]),
        "reconstructions": _round(seen.reconstruction),
        "others": [_round(row) for seed, row in enumerate(errors) if seed != chosen],
    }


def _measure(protocol: Protocol, weights: NDArray[np.float64], n_updates: int) -> Any:
    recorded = record_weights(protocol, weights[None], n_updates)
    return evaluate_networks(protocol, recorded[0])


def _round(values: NDArray[np.float64]) -> Any:
    if values.ndim > 1:
        return [_round(part) for part in values]
    values = np.nan_to_num(values, nan=DIVERGED).clip(-DIVERGED, DIVERGED)
    return [float(f"{value:.3g}") for value in values]
