"""What experiments say of a sample of outcomes, as plain data for their models."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.simulator.outcomes import Outcomes
from replication.statistics.intervals import (
    Estimate,
    estimate_mean,
    estimate_median,
    estimate_proportion,
)


def name_estimate(name: str, estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as two entries of a model: ``name`` and ``name_interval``."""
    return {name: estimate.value, f"{name}_interval": estimate.interval}


def get_estimate(entries: Mapping[str, Any], name: str) -> Estimate:
    """Return the estimate that `name_estimate` has written into a model."""
    return Estimate(entries[name], *entries[f"{name}_interval"])


def name_mean(values: npt.ArrayLike, name: str = "mean") -> dict[str, Any]:
    """Return a mean and its interval as two entries of a model."""
    return name_estimate(name, estimate_mean(values))


def name_median(values: npt.ArrayLike, name: str = "median") -> dict[str, Any]:
    """Return a median and its interval as two entries of a model."""
    return name_estimate(name, estimate_median(values))


def estimate_share(successes: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Return ``share`` and its 95 % Clopper-Pearson interval; of no trial None and [0, 1]."""
    n, n_successes = len(successes), int(np.count_nonzero(successes))
    share = estimate_proportion(n_successes, n) if n else Estimate(None, 0.0, 1.0)
    return name_estimate("share", share)


def find_median_updates(outcomes: Outcomes) -> float | None:
    """Return the median number of updates; None where half have not converged."""
    median = float(np.median(np.where(outcomes.converged, outcomes.updates, np.inf)))
    return median if np.isfinite(median) else None
