"""One answer for all rows of a table: their mean difference, and whether chance explains it.

Each row has a difference in standard deviations of a run, g, and a weight w:

- of means with spreads g = J (m1 - m2) / s with Hedges' correction J, and w = n1 n2 / (n1 + n2).
  The inverse of the variance, the usual weight, depends on g, which would bias the weighted mean;
- of shares g is Cohen's h;
- of estimates without n it is the difference itself, weighted by the inverse of its variance.

The weighted mean has two intervals, Knapp and Hartung's and that of fixed effects; the wider one is
reported.

p of a table is the smallest of three p-values, each times a factor: that of the weighted mean
(power against many small differences in one direction), that of Fisher's combination (against
differences of either sign), and the smallest p of a row by Holm's adjustment. The factors are 3, 3
and 1.5 (1 for two rows): since the three tests overlap, this keeps the level (docs/compare.md). All
of it is for independent rows. Where rows share their seeds, the mean is tested by seed (`seeds`),
and Fisher's combination has Brown's degrees of freedom. Where all rows are compared with one
report, p is the smallest p of a row by Holm's adjustment, without a factor, since no other test is
made.

References
----------
Bakbergenuly, Hoaglin & Kulinskaya (2020), Estimation in meta-analyses of mean difference and
standardized mean difference, Stat. Med. 39, 171-191: weights.
Knapp & Hartung (2003), Stat. Med. 22, 2693-2710. Fisher (1925), Statistical Methods for Research
Workers, section 21.1. Holm (1979), Scand. J. Stat. 6, 65-70. Brown (1975), Biometrics 31, 987-992:
Fisher's combination where p-values depend on each other.
"""

import dataclasses
import math
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from scipy import special

from replication.statistics.means import (
    Difference,
    Side,
    Sides,
    SuccessCounts,
    correct_bias,
    inflate,
)
from replication.statistics.seeds import SeedMean

Key = TypeVar("Key", bound=Hashable)

MIN_TAU = 10  # with fewer runs on a side, in any row, no spread between labs is estimated
UNITS = {"sd": " SD", "": " (in the unit of the values)"}
"""Units of a difference, and how each is printed behind a number."""
ROW_FACTOR = 1.5  # of Holm's smallest p, in a table of more than two rows
SMALLEST_P = 1e-300  # in place of 0, which has no logarithm


@dataclasses.dataclass(frozen=True)
class Effect:
    """The difference of one row, yours less reported, and its weight.

    `variance`: of the difference, if the true difference is 0. `unit`: "sd", or "" for the unit of
    the values. `n`: runs of the side that has fewer.
    """

    value: float
    weight: float
    variance: float
    unit: str = "sd"
    n: int = 0


@dataclasses.dataclass(frozen=True)
class Ratio:
    """The ratio of your standard deviations to the reported ones, with its interval."""

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Pooled:
    """The weighted mean of differences, and what else rows say together.

    Parameters
    ----------
    value, low, high : float
        The weighted mean with its interval.
    p : float
        Of the test that there is no difference on average.
    unit : str
        "sd", or "" for the unit of the values.
    n_lower, n : int
        Number of rows in which yours is lower, and of rows in which the sides differ.
    p_sign : float
        Of the sign test of these rows.
    correlation : float
        The largest mean correlation of rows at which the interval does not hold 0.
    tau : float or None
        Standard deviation by which labs on either side differ; None where rows have too few runs.
    ratio : Ratio or None
        Ratio of the standard deviations of both sides.
    seeds : SeedMean or None
        Where rows share seeds, the mean by seed; `value`, `low`, `high` and `p` are taken from it.
    """

    value: float
    low: float
    high: float
    p: float
    unit: str
    n_lower: int
    n: int
    p_sign: float
    correlation: float
    tau: float | None = None
    ratio: Ratio | None = None
    seeds: SeedMean | None = None

    def replace_by_seed(self, mean: SeedMean) -> "Pooled":
        """Return a copy in which the mean, its interval and p are those by seed."""
        return dataclasses.replace(
            self, value=mean.value, low=mean.low, high=mean.high, p=mean.p, seeds=mean
        )


def find_effect(gap: Difference | None, sides: Sides | None, between: float = 0.0) -> Effect | None:
    """Return the difference of a row with its weight; None if it has none.

    `gap`: the tested difference. `sides`: both sides of a test of means. `between`: spread between
    labs, in standard deviations of a run.
    """
    if gap is None or not math.isfinite(gap.value):
        return None
    if gap.counts is not None:
        return _find_effect_of_shares(gap.counts)
    if sides is None:
        return None
    if sides[0].error or sides[1].error:
        return _find_effect_by_error(gap)
    return _find_effect_of_runs(gap, *sides, between)


def _find_effect_of_shares(counts: SuccessCounts) -> Effect:
    """Return Cohen's h of two shares."""
    k, n, x, m = counts  # k of n runs succeeded on your side, x of m in the report
    mine = 2.0 * math.asin(math.sqrt(k / n))
    theirs = 2.0 * math.asin(math.sqrt(x / m))
    return Effect(mine - theirs, n * m / (n + m), 1.0 / n + 1.0 / m)


def _find_effect_by_error(gap: Difference) -> Effect | None:
    """Return a difference whose standard error was reported.

    It is in standard deviations of a run where one is known, and else in the unit of the values.
    """
    if not gap.error:
        return None
    if not gap.spread:
        return Effect(gap.value, gap.error**-2, gap.error**2, unit="")
    if gap.free <= 2:  # Hedges' g has no variance then
        return None
    error = gap.error / gap.spread
    value = correct_bias(gap.free) / gap.spread * gap.value
    return Effect(value, error**-2, inflate(gap.free) * error**2)


def _find_effect_of_runs(gap: Difference, own: Side, other: Side, between: float) -> Effect | None:
    """Return Hedges' g with its weight; None where no spread is known, or a side has no runs.

    With 2 degrees of freedom or fewer g has no variance, so the result is None, too.
    """
    if not gap.spread or gap.free <= 2 or not own.samples or not other.samples:
        return None
    # With one sample on either side the weight is n1 n2 / (n1 + n2). A difference of two groups has
    # two samples on your side, and is taken to have two groups of the reported n on the other.
    n_groups = len(own.samples)
    weight = 1.0 / (sum(1 / n for _, n in own.samples) + n_groups / other.n)
    variance = inflate(gap.free) / weight + 2.0 * n_groups * between**2
    value = correct_bias(gap.free) * gap.value / gap.spread
    return Effect(value, weight, variance, n=min(own.n, other.n))


def pool(effects: Sequence[Effect | None], *, level: float) -> Pooled | None:
    """Return the weighted mean of the effects of rows; None if fewer than two have one unit."""
    rows = _choose_unit(effects)
    if len(rows) < 2:
        return None
    n = len(rows)
    g = np.array([row.value for row in rows])
    w = np.array([row.weight for row in rows])
    v = np.array([row.variance for row in rows])
    mean = float((w * g).sum() / w.sum())
    # The standard error of the mean, estimated from how much rows differ (Knapp and Hartung), and
    # as chance alone makes it (fixed effects).
    spread = float((w * (g - mean) ** 2).sum()) / (n - 1.0)
    by_rows = math.sqrt(spread / float(w.sum()))
    by_chance = math.sqrt(float((w * w * v).sum())) / float(w.sum())
    # The wider of both intervals, and the larger p.
    t = float(special.stdtrit(n - 1, 1 - level / 2))
    z = float(special.ndtri(1 - level / 2))
    half = max(t * by_rows, z * by_chance)
    p = 2.0 * float(special.ndtr(-abs(mean) / by_chance))
    if by_rows:
        p = max(p, 2.0 * float(special.stdtr(n - 1, -abs(mean) / by_rows)))
    n_lower = int((g < 0).sum())
    n_off = int((g != 0).sum())
    # The mean correlation of rows at which the interval would reach 0.
    square = (mean / half) ** 2
    correlation = max(0.0, (square - 1.0) / (square + n - 1.0))
    # How much differences vary beyond chance is the sum of the variances of two labs. With few runs
    # it is not known well how much chance does.
    tau = None
    if rows[0].unit == "sd" and n >= 3 and min(row.n for row in rows) >= MIN_TAU:
        beyond_chance = (spread - float((w * v).mean())) / float(w.mean())
        tau = math.sqrt(max(0.0, beyond_chance) / 2.0)
    return Pooled(
        value=mean,
        low=mean - half,
        high=mean + half,
        p=p,
        unit=rows[0].unit,
        n_lower=n_lower,
        n=n_off,
        p_sign=_find_sign_p(n_lower, n_off),
        correlation=correlation,
        tau=tau,
    )


def _choose_unit(effects: Sequence[Effect | None]) -> list[Effect]:
    """Return the effects in the more frequent unit; if both are as frequent, those in SD."""
    known = [effect for effect in effects if effect is not None]
    units = [effect.unit for effect in known]
    most_frequent = max(UNITS, key=units.count)
    return [effect for effect in known if effect.unit == most_frequent]


def _find_sign_p(n_lower: int, n: int) -> float:
    """Return p of the sign test, two-sided: n_lower of n differences are below 0."""
    fewer = min(n_lower, n - n_lower)
    return min(1.0, 2.0 * float(special.bdtr(fewer, n, 0.5)))


def compare_spreads(sides: Sequence[Sides], level: float) -> Ratio | None:
    """Return the ratio of your standard deviations to the reported ones over all rows.

    None if fewer than two rows have spreads above 0 on both sides. `sides`: of each row, and each
    side has one sample (sd, n). `level`: of significance, so the interval covers 1 - level.

    The estimate uses two facts on s^2, the variance of a sample of normal runs with f degrees of
    freedom. The mean of log s^2 exceeds the logarithm of the true variance by
    digamma(f / 2) - log(f / 2), and the variance of log s^2 is trigamma(f / 2).
    """
    pairs = []
    for own, other in sides:
        if _has_positive_spread(own) and _has_positive_spread(other):
            pairs.append((*own.samples[0], *other.samples[0]))
    if len(pairs) < 2:
        return None
    # Standard deviations and numbers of runs: your s1 and n1, the reported s2 and n2.
    s1, n1, s2, n2 = np.array(pairs).T  # (n_pairs,) each
    half1 = (n1 - 1.0) / 2.0
    half2 = (n2 - 1.0) / 2.0
    bias = special.digamma(half1) - np.log(half1) - special.digamma(half2) + np.log(half2)
    logs = 2.0 * np.log(s1 / s2) - bias
    variance = special.polygamma(1, half1).sum() + special.polygamma(1, half2).sum()
    # The mean over rows of the logarithm of the ratio of variances, and half of its interval.
    mean = float(logs.mean())
    quantile = float(special.ndtri(1 - level / 2))
    half = quantile * math.sqrt(float(variance)) / len(pairs)
    return Ratio(
        value=math.exp(mean / 2.0),
        low=math.exp((mean - half) / 2.0),
        high=math.exp((mean + half) / 2.0),
    )


def _has_positive_spread(side: Side) -> bool:
    """Say whether the spread of the only sample is known and above 0."""
    return side.has_spread and side.samples[0][0] > 0.0


def adjust(p_values: Mapping[Key, float]) -> dict[Key, float]:
    """Return p-values adjusted for their number by Holm's method."""
    adjusted: dict[Key, float] = {}
    largest = 0.0  # no adjusted p is below that of a smaller p
    for n_smaller, key in enumerate(sorted(p_values, key=p_values.__getitem__)):
        n_left = len(p_values) - n_smaller
        largest = max(largest, min(1.0, n_left * p_values[key]))
        adjusted[key] = largest
    return adjusted


def combine(p_values: Sequence[float], pooled: Pooled | None) -> float:
    """Return p of a table from the p of its rows, and that of their mean where there is one."""
    if len(p_values) == 1:
        return p_values[0]
    square = 0.0  # of independent rows
    if pooled is not None and pooled.seeds is not None:
        square = pooled.seeds.square
    of_all_rows = [find_fisher_p(p_values, square)]
    if pooled is not None:
        of_all_rows.append(pooled.p)
    factor = len(of_all_rows) + 1  # the number of tests, with that of the single rows
    return min(1.0, combine_rows(p_values), *(factor * p for p in of_all_rows))


def combine_rows(p_values: Sequence[float]) -> float:
    """Return p of a table from its single rows: Holm's smallest p, times a factor.

    The factor allows for the other tests (see the module). It is the same for rows that share seeds
    of which too few are complete, where these tests are left out. This p keeps the level however
    rows depend on each other.
    """
    factor = ROW_FACTOR if len(p_values) > 2 else 1.0
    return min(1.0, factor * find_least_adjusted(p_values))


def find_least_adjusted(p_values: Sequence[float]) -> float:
    """Return the smallest p by Holm's adjustment; it keeps the level however rows depend."""
    return min(1.0, len(p_values) * min(p_values))


def find_fisher_p(p_values: Sequence[float], square: float) -> float:
    """Return p of Fisher's combination of rows; `square`: their mean squared correlation.

    If rows are independent, -2 times the sum of log p is chi-square with 2 n degrees of freedom.
    Where rows depend on each other, the correlation of their log p is about the squared correlation
    of the rows, so the variance of the sum is larger by a factor. Brown (1975) divides both the sum
    and its degrees of freedom by that factor.
    """
    n = len(p_values)
    chi_square = -2.0 * math.fsum(math.log(max(p, SMALLEST_P)) for p in p_values)
    inflation = 1.0 + (n - 1.0) * square
    return float(special.chdtrc(2.0 * n / inflation, chi_square / inflation))
