"""How many times as many updates one procedure takes as another, on the same networks."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from replication.errors import UsageError
from replication.statistics.intervals import Estimate

N_RESAMPLES = 1000


@dataclasses.dataclass(frozen=True, slots=True)
class Ratios:
    """First over second, in updates: the ratio of the means, and of the medians."""

    mean: Estimate
    median: Estimate


def estimate_ratios(first: npt.ArrayLike, second: npt.ArrayLike) -> Ratios:
    """Return the ratio of means and that of medians, with 95 % percentile bootstrap intervals.

    Both are updates of the same networks, resampled together, failures at the common cap.
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 13.3.

    >>> ratios = estimate_ratios([20, 40, 60], [10, 20, 30])
    >>> ratios.mean.value, ratios.mean.low, ratios.median.high
    (2.0, 2.0, 2.0)
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.ndim != 1 or one.shape != other.shape or one.size < 2:
        raise UsageError(
            f"outcomes of shapes {one.shape} and {other.shape} were given; a paired comparison "
            "needs two equally long rows of at least two networks"
        )
    pairs = np.stack([one, other])
    generator = np.random.default_rng(0)
    resampled = np.array(
        [_divide(pairs[:, generator.integers(one.size, size=one.size)]) for _ in range(N_RESAMPLES)]
    )
    values, (low, high) = _divide(pairs), np.quantile(resampled, (0.025, 0.975), axis=0)
    return Ratios(*(Estimate(*map(float, each)) for each in zip(values, low, high, strict=True)))


def _divide(pairs: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the ratio of the means, and that of the medians, of two rows."""
    means, medians = pairs.mean(axis=1), np.median(pairs, axis=1)
    return means[0] / means[1], medians[0] / medians[1]
