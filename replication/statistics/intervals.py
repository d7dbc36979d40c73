"""Confidence intervals: of shares, medians and means by formula, of ratios by resampling."""

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.statistics.counts import CountTable

LEVEL = 0.95
N_RESAMPLED = 1000  # bootstrap samples
ROUNDING = 1e-12  # relative difference of numbers that are equal except for rounding errors


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number with its interval."""

    value: float | None  # None where the data do not determine it
    low: float | None  # None where an end is unbounded (or unknown)
    high: float | None  # likewise
    level: float = LEVEL  # nominal coverage

    @property
    def interval(self) -> list[float | None]:
        """Its two ends, as a model holds them."""
        return [self.low, self.high]


def estimate_proportion(successes: int, n: int) -> Estimate:
    """Return a proportion with its exact interval, whose coverage is never less than its level.

    Clopper & Pearson (1934), Biometrika 26, 404-413.

    >>> estimate_proportion(95, 100).interval
    [0.887..., 0.983...]
    """
    half = (1.0 - LEVEL) / 2.0
    failures = n - successes
    low = 0.0
    if successes:
        low = float(special.betaincinv(successes, failures + 1.0, half))
    high = 1.0
    if failures:
        high = float(special.betaincinv(successes + 1.0, failures, 1.0 - half))
    return Estimate(successes / n, low, high)


def estimate_mean(values: npt.ArrayLike, counts: npt.ArrayLike = 1) -> Estimate:
    """Return the mean of values with Student's t interval; a single value has no interval.

    `counts`: how often each value occurs. Where there is no value, the mean is None.
    """
    sample = np.asarray(values, dtype=np.float64)
    weights = np.broadcast_to(np.asarray(counts), sample.shape)
    n = int(weights.sum())
    if n == 0:
        return Estimate(None, None, None)
    if n == 1:
        return Estimate(float(np.sum(sample * weights)), None, None)
    mean = float(np.sum(sample * weights)) / n
    spread = math.sqrt(float(np.sum((sample - mean) ** 2 * weights)) / (n - 1))
    half = float(special.stdtrit(n - 1, 0.5 + LEVEL / 2.0)) * spread / math.sqrt(n)
    return Estimate(mean, mean - half, mean + half)


def estimate_median(values: npt.ArrayLike) -> Estimate:
    """Return the median with its order-statistic interval; an end is None if n is too small.

    Conover (1999), Practical Nonparametric Statistics, section 3.2.

    >>> estimate_median([3.0, 1.0, 2.0])
    Estimate(value=2.0, low=None, high=None, level=0.95)
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    # The interval reaches from the k-th smallest value to the k-th largest, with the largest k for
    # which P(Binomial(n, 1/2) < k) is at most 2.5 %. With too few values that k is 0.
    k = int(np.searchsorted(special.bdtr(np.arange(n), n, 0.5), (1.0 - LEVEL) / 2.0))
    median = float(np.median(ordered))
    if k == 0:
        return Estimate(median, None, None)
    return Estimate(median, float(ordered[k - 1]), float(ordered[n - k]))


def find_median(table: CountTable) -> float | None:
    """Return the median over all networks of a table; None if it lies beyond the cap."""
    rank = (table.n + 1) // 2
    if rank > table.n_converged:
        return None
    return float(table.updates[np.searchsorted(np.cumsum(table.counts), rank)])


def estimate_ratios(first: npt.ArrayLike, second: npt.ArrayLike) -> dict[str, Estimate]:
    """Return the ratios, first over second, of ``mean`` and ``median``, with bootstrap intervals.

    `first` and `second` hold the updates of the same networks; a network that failed has the common
    cap. A network's two numbers are resampled together, and the 95 % intervals are percentiles of
    the resampled ratios. Efron & Tibshirani (1993), An Introduction to the Bootstrap, section 13.3.

    >>> ratios = estimate_ratios([2, 4, 12], [1, 2, 3])
    >>> ratios["mean"].value, ratios["median"].value
    (3.0, 2.0)
    """
    # (2, n): both numbers of a network are drawn together.
    pairs = np.stack([first, second]).astype(np.float64)
    n = pairs.shape[1]
    generator = np.random.default_rng(0)
    resampled = []
    for _ in range(N_RESAMPLED):
        networks = generator.integers(n, size=n)
        resampled.append(_divide(pairs[:, networks]))
    lows, highs = np.quantile(resampled, (0.025, 0.975), axis=0)
    mean, median = _divide(pairs)
    return {
        "mean": Estimate(float(mean), float(lows[0]), float(highs[0])),
        "median": Estimate(float(median), float(lows[1]), float(highs[1])),
    }


def _divide(pairs: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the ratio of the means of two rows, and the ratio of their medians."""
    means = pairs.mean(axis=1)
    medians = np.median(pairs, axis=1)
    return means[0] / means[1], medians[0] / medians[1]
