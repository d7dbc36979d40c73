"""How many times as many updates one procedure takes as another, on the same networks."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from replication.statistics.contrasts import read_pairs
from replication.statistics.intervals import Estimate

N_RESAMPLES = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Ratios:
    """First over second, in updates: the ratio of the means, and of the medians."""

    mean: Estimate
    median: Estimate


def estimate_ratios(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    *,
    level: float = 0.95,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> Ratios:
    """Return the ratio of means and that of medians, with percentile bootstrap intervals.

    Both are updates of the same networks, resampled together, failures at the common cap.
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 13.3.

    >>> ratios = estimate_ratios([20, 40, 60], [10, 20, 30])
    >>> ratios.mean.value, ratios.mean.low, ratios.median.high
    (2.0, 2.0, 2.0)
    """
    pairs = read_pairs(first, second)
    n = pairs.shape[1]
    generator = np.random.default_rng(seed)
    resampled = np.empty((n_resamples, 2))
    for row in resampled:
        drawn = pairs[:, generator.integers(n, size=n)]
        means, medians = drawn.mean(axis=1), np.median(drawn, axis=1)
        row[:] = means[0] / means[1], medians[0] / medians[1]
    tails = 0.5 - level / 2.0, 0.5 + level / 2.0
    low, high = np.quantile(resampled, tails, axis=0)
    mean, median = pairs.mean(axis=1), np.median(pairs, axis=1)
    return Ratios(
        Estimate(float(mean[0] / mean[1]), float(low[0]), float(high[0]), level),
        Estimate(float(median[0] / median[1]), float(low[1]), float(high[1]), level),
    )
