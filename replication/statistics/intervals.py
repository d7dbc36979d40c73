"""Confidence intervals that hold by their construction: shares, quantiles, means.

Everything else is given a range by resampling (`replication.comparison.sampling`).
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.errors import UsageError
from replication.statistics.counts import CountTable

FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Parameters
    ----------
    value : float or None
        None where the data do not determine it.
    low, high : float or None
        Ends of the interval; None where an end is unbounded (or unknown).
    level : float
        Nominal coverage.
    """

    value: float | None
    low: float | None
    high: float | None
    level: float = 0.95

    @property
    def interval(self) -> list[float | None]:
        """Its two ends, as a model holds them."""
        return [self.low, self.high]


def bound_proportion(
    successes: npt.ArrayLike, n: int, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Return the Clopper-Pearson interval of a proportion.

    `successes`: from 0 to n. `n`: trials, at least 1. `level`: nominal coverage, between 0 and 1;
    the true coverage is never less.
    Returns `low`, `high`.
    Raises UsageError if n is below 1 or a count is outside 0 to n.
    Reference: Clopper & Pearson (1934), Biometrika 26, 404-413.
    """
    count = np.asarray(successes, dtype=np.float64)
    if n < 1 or np.any(count < 0) or np.any(count > n):
        raise UsageError(f"a proportion of {successes!r} in {n} was asked for; give 0 to n, n >= 1")
    half = (1.0 - level) / 2.0
    low = special.betaincinv(np.maximum(count, 0.5), n - count + 1.0, half)
    high = special.betaincinv(count + 1.0, np.maximum(n - count, 0.5), 1.0 - half)
    return np.where(count == 0, 0.0, low), np.where(count == n, 1.0, high)


def estimate_proportion(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """Return a proportion with its Clopper-Pearson interval (see `bound_proportion`).

    >>> estimate_proportion(95, 100).interval
    [0.887..., 0.983...]
    """
    low, high = bound_proportion(successes, n, level=level)
    return Estimate(successes / n, float(low), float(high), level)


def estimate_mean(values: npt.ArrayLike, *, level: float = 0.95) -> Estimate:
    """Return the mean of n >= 1 values with Student's t interval, unbounded for a single value."""
    sample = np.asarray(values, dtype=np.float64)
    spread = float(sample.std(ddof=1)) if sample.size > 1 else math.nan
    return bound_mean(float(sample.mean()), spread, sample.size, level=level)


def estimate_count_mean(table: CountTable, *, level: float = 0.95) -> Estimate:
    """Return the mean of the converged with Student's t interval; None if none converged."""
    if table.n_converged == 0:
        return Estimate(None, None, None, level)
    mean, spread = describe_counts(table)
    return bound_mean(mean, spread, table.n_converged, level=level)


def describe_counts(table: CountTable) -> tuple[float, float]:
    """Return mean and standard deviation of the converged: n - 1 below, NaN for a single one."""
    n = table.n_converged
    mean = float(table.updates @ table.counts) / n
    if n < 2:
        return mean, math.nan
    return mean, math.sqrt(float((table.updates - mean) ** 2 @ table.counts) / (n - 1))


def bound_mean(mean: float, spread: float, n: int, *, level: float = 0.95) -> Estimate:
    """Return Student's t interval from n values' mean and standard deviation (over n - 1)."""
    if n < 2:
        return Estimate(mean, None, None, level)
    reach = float(special.stdtrit(n - 1, 0.5 + level / 2.0)) * spread / math.sqrt(n)
    return Estimate(mean, mean - reach, mean + reach, level)


def find_order_statistics(n: int, probability: float, *, level: float = 0.95) -> tuple[int, int]:
    """Return the ranks, from 1 to n, whose order statistics enclose a quantile.

    A rank of 0 or n + 1 means that a sample of n cannot bound that end. Conover (1999),
    Practical Nonparametric Statistics, section 3.2.
    """
    half = (1.0 - level) / 2.0
    return (
        _find_binomial_quantile(half, n, probability),
        _find_binomial_quantile(1.0 - half, n, probability) + 1,
    )


def _find_binomial_quantile(target: float, n: int, probability: float) -> int:
    """Return the smallest k with P(Binomial(n, probability) <= k) >= target."""
    low, high = -1, n
    while high - low > 1:
        middle = (low + high) // 2
        if special.bdtr(middle, n, probability) >= target:
            high = middle
        else:
            low = middle
    return high


def estimate_quantile(table: CountTable, probability: float, *, level: float = 0.95) -> Estimate:
    """Return a quantile over all networks with its order-statistic interval.

    An end is None where it lies beyond the cap, or where the sample is too small to bound it.
    """
    if not 0.0 < probability < 1.0:
        raise UsageError(f"the quantile {probability} was asked for; give one between 0 and 1")
    running = np.cumsum(table.counts)

    def look_up(rank: int) -> float | None:
        if not 1 <= rank <= table.n_converged:
            return None
        return float(table.updates[np.searchsorted(running, rank)])

    low, high = find_order_statistics(table.n, probability, level=level)
    rank = max(1, math.ceil(probability * table.n - 1e-9))
    return Estimate(look_up(rank), look_up(low), look_up(high), level)
