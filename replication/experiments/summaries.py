"""What experiments say of a sample of outcomes, as plain data for their models."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator.outcomes import Outcomes
from replication.statistics.intervals import Estimate, estimate_mean, estimate_proportion
from replication.statistics.ratios import estimate_ratios


def name_estimate(name: str, estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as two entries of a model: ``name`` and ``name_interval``.

    >>> name_estimate("mean", Estimate(2.0, 1.0, 3.0))
    {'mean': 2.0, 'mean_interval': [1.0, 3.0]}
    """
    return {name: estimate.value, f"{name}_interval": estimate.interval}


def estimate_share(successes: int, n: int) -> dict[str, Any]:
    """Return ``share`` and its 95 % Clopper-Pearson interval, ``share_interval``.

    Of no trial the share is None and the interval [0, 1].

    >>> estimate_share(1, 2)["share"]
    0.5
    """
    if n == 0:
        return {"share": None, "share_interval": [0.0, 1.0]}
    return name_estimate("share", estimate_proportion(successes, n))


def describe_speed(outcomes: Outcomes, protocol: Protocol) -> dict[str, Any]:
    """Describe how fast at least two networks of a protocol learnt.

    Returns ``learning_rate``, ``momentum``, ``regression``; ``converged`` (share with interval);
    ``mean`` with ``mean_interval`` (failures at the cap); ``mean_converged`` and ``median`` (None
    where undefined).
    """
    updates, converged = outcomes.updates, outcomes.converged
    n, n_converged = len(updates), int(converged.sum())
    median = float(np.median(np.where(converged, updates, np.inf)))
    return {
        "learning_rate": protocol.learning_rate,
        "momentum": protocol.momentum,
        "regression": protocol.regression,
        "converged": estimate_share(n_converged, n),
        **name_estimate("mean", estimate_mean(updates)),
        "mean_converged": float(updates[converged].mean()) if n_converged else None,
        "median": median if np.isfinite(median) else None,
    }


def compare_speed(first: Outcomes, second: Outcomes) -> dict[str, Any]:
    """Compare two procedures on the same networks, failures at the cap.

    Returns ``mean_ratio``, ``median_ratio``: updates of the first over those of the second, with
    intervals.
    """
    ratios = estimate_ratios(first.updates, second.updates)
    return name_estimate("mean_ratio", ratios.mean) | name_estimate("median_ratio", ratios.median)


def count_within(outcomes: Outcomes, updates: Any) -> NDArray[np.int64]:
    """Count the networks that converged within so many updates (int64, shape of `updates`)."""
    times = np.sort(outcomes.updates[outcomes.converged])
    return np.asarray(np.searchsorted(times, updates, side="right"), dtype=np.int64)
