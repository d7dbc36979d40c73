"""One answer for all rows of a table: how far they are off together, and whether chance does that.

Each row has a difference in standard deviations of a run, g, and a weight w. Of means with spreads
g = J (m1 - m2) / s with Hedges' correction J and w = n1 n2 / (n1 + n2), since inverse variances
hold g, which biases the mean; of shares g is Cohen's h, of estimates without n it is the difference
itself, weighted by its known variance. The interval of the weighted mean is the wider of Knapp and
Hartung's and that of fixed effects.

p is three times the smallest of three: of the weighted mean (power against many small differences
in one direction), of Fisher's combination (against differences of either sign), and of the row that
stands out most, by Holm's adjustment. All of it is for independent rows; where all rows share their
seeds, the mean is tested by seed, and Fisher's combination has Brown's degrees of freedom.

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
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.statistics.intervals import ROUNDING
from replication.statistics.means import Difference, Sides, correct_bias, inflate

MIN_TAU = 10  # runs a side, in every row, from which a spread between labs is estimated
UNITS = {"sd": " SD", "": " (in the unit of the values)"}


@dataclasses.dataclass(frozen=True)
class Effect:
    """What one row says: a difference, yours less reported, its weight and null variance.

    `unit`: "sd", or "" for the unit of the values. `n`: runs, on the side that has fewer.
    """

    value: float
    weight: float
    variance: float
    unit: str = "sd"
    n: int = 0


@dataclasses.dataclass(frozen=True)
class Pooled:
    """The weighted mean of differences with its interval, and what it says of the table.

    `p`: of the direction. `n_lower`, `n`: rows in which yours are lower, of those that differ;
    `p_sign`: of the sign test. `correlation`: up to which mean correlation of rows the interval
    leaves out 0. `tau`: standard deviation between labs, either side, None where rows have too few
    runs. `ratio`: of your standard deviations to the reported ones, with its interval. `by_seed`:
    mean correlation of rows, where seeds that all rows share took the place of their independence
    in `value`, `low`, `high` and `p`; `square`: the mean of its square.
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
    ratio: tuple[float, float, float] | None = None
    by_seed: float | None = None
    square: float = 0.0


def find_effect(gap: Difference | None, sides: Sides | None, between: float = 0.0) -> Effect | None:
    """Return the difference of a row in standard deviations; None if it has none."""
    if gap is None or not math.isfinite(gap.value):
        return None
    if gap.counts is not None:  # of shares, Cohen's h
        k, n, x, m = gap.counts
        mine, theirs = (2.0 * math.asin(math.sqrt(part)) for part in (k / n, x / m))
        return Effect(mine - theirs, n * m / (n + m), 1.0 / n + 1.0 / m)
    if sides is None:
        return None
    free = gap.free
    # A printed error without a spread: in its own units, and no standard deviations.
    if (sides[0].error or sides[1].error) and not gap.spread:
        return Effect(gap.value, gap.error**-2, gap.error**2, "") if gap.error else None
    if not gap.spread or free <= 2:
        return None
    if gap.error and (sides[0].error or sides[1].error):  # in standard deviations of your runs
        unit, error = correct_bias(free) / gap.spread, gap.error / gap.spread
        return Effect(unit * gap.value, error**-2, inflate(free) * error**2)
    # Hedges' g of two groups of runs, or of groups behind a difference.
    if not all(side.samples for side in sides):
        return None
    n, m, k = sides[0].n, sides[1].n, len(sides[0].samples)  # k = 2 of a difference of groups
    correction, weight = correct_bias(free), 1.0 / (sum(1 / n for _, n in sides[0].samples) + k / m)
    variance = inflate(free) / weight + 2.0 * k * between**2
    return Effect(correction * gap.value / gap.spread, weight, variance, n=min(n, m))


def pool(effects: Sequence[Effect | None], *, level: float) -> Pooled | None:
    """Return the weighted mean of what at least two rows say; None if fewer say it in one unit.

    By how much rows differ beyond chance is told where three or more have enough runs, since chance
    is not known well otherwise.
    """
    units = [one.unit for one in effects if one is not None]
    unit = max(UNITS, key=units.count)
    rows = [one for one in effects if one is not None and one.unit == unit]
    if len(rows) < 2:
        return None
    g, w, v = np.array([(one.value, one.weight, one.variance) for one in rows]).T  # (n_rows,) each
    mean, n = float((w * g).sum() / w.sum()), len(rows)
    # The standard error of the mean from how rows differ, and from what chance alone does.
    spread = float((w * (g - mean) ** 2).sum()) / (n - 1.0)
    between = math.sqrt(spread / float(w.sum()))
    within = math.sqrt(float((w * w * v).sum())) / float(w.sum())
    t, z = float(special.stdtrit(n - 1, 1 - level / 2)), float(special.ndtri(1 - level / 2))
    half = max(t * between, z * within)
    p = max(2.0 * float(special.stdtr(n - 1, -abs(mean) / between)) if between else 0.0,
            2.0 * float(special.ndtr(-abs(mean) / within)))  # fmt: skip
    # The sign test, and the mean correlation of rows at which the interval would reach 0.
    n_lower, n_off = int((g < 0).sum()), int((g != 0).sum())
    p_sign = min(1.0, 2.0 * float(special.bdtr(min(n_lower, n_off - n_lower), n_off, 0.5)))
    square = (mean / half) ** 2
    correlation, tau = max(0.0, (square - 1.0) / (square + n - 1.0)), None
    # The variance of differences beyond chance is that of labs on either side.
    if unit == "sd" and n >= 3 and min(one.n for one in rows) >= MIN_TAU:
        tau = math.sqrt(max(0.0, (spread - float((w * v).mean())) / float(w.mean())) / 2.0)
    return Pooled(mean, mean - half, mean + half, p, unit, n_lower, n_off, p_sign, correlation, tau)


def compare_spreads(sides: Sequence[Sides], level: float) -> tuple[float, float, float] | None:
    """Return the ratio of your standard deviations to the reported ones over all rows.

    `sides` have one sample each.

    Of normal runs, log s^2 is off its expectation by digamma(f / 2) - log(f / 2), with a variance
    of trigamma(f / 2).
    """
    pairs = [(*one.samples[0], *two.samples[0]) for one, two in sides
             if all(side.has_spread and side.samples[0][0] for side in (one, two))]  # fmt: skip
    if len(pairs) < 2:
        return None
    s1, n1, s2, n2 = np.array(pairs).T
    halves = [(n - 1.0) / 2.0 for n in (n1, n2)]
    bias = [special.digamma(f) - np.log(f) for f in halves]
    logs = 2.0 * np.log(s1 / s2) - bias[0] + bias[1]
    error = math.sqrt(float(sum(special.polygamma(1, f).sum() for f in halves))) / len(pairs)
    reach = float(special.ndtri(1 - level / 2)) * error
    low, middle, high = (math.exp(float(logs.mean() + part) / 2.0) for part in (-reach, 0.0, reach))
    return middle, low, high


def judge_by_seed(
    own: npt.NDArray[np.float64], sides: Sequence[Sides], *, level: float,
    between: float = 0.0,
) -> dict[str, float] | None:  # fmt: skip
    """Return what tests by seed change in `Pooled`, where all rows share their seeds.

    `own`: float64[rows, seeds]. Correlations are means over pairs of rows: runs of one seed may
    depend on each other, so that their average over rows is what varies. None if it does not, or
    unless all rows report the same number of runs, with a spread.
    """
    theirs = [two.samples[0] for _, two in sides if two.samples and two.has_spread]
    if len(theirs) < len(own) or len({n for _, n in theirs}) > 1 or own.shape[1] < 3:
        return None
    sd, n = np.array([sd for sd, _ in theirs]), theirs[0][1]
    n_rows, n_own = own.shape
    off = own - own.mean(axis=1, keepdims=True)  # (rows, seeds)
    free = n_own + n - 2.0
    scale = np.sqrt(((off**2).sum(axis=1) + (n - 1.0) * sd**2) / free)
    lengths = np.sqrt((off**2).sum(axis=1, keepdims=True))
    if not scale.all() or not lengths.all():
        return None
    # The mean correlation of two rows, and that of its square, less what chance makes of it.
    unit, n_pairs = off / lengths, n_rows * (n_rows - 1)
    correlation = float((unit.sum(axis=0) ** 2).sum() - n_rows) / n_pairs
    chance = 1.0 / (n_own - 1.0)
    square = (float(((unit.T @ unit) ** 2).sum()) - n_rows) / n_pairs
    square = max(0.0, (square - chance) / (1.0 - chance))
    # What varies is the average over rows of the runs of one seed, in standard deviations. These
    # are estimates: a mean over one of them is Student's t, whose variance is free / (free - 2),
    # but where rows share their standard deviation, too, it is in the mean as in its error.
    by_seed = (off / scale[:, None]).mean(axis=0)  # (seeds,)
    if not np.abs(by_seed).max() > ROUNDING:
        return None
    variance = float((by_seed**2).sum()) / (n_own - 1.0) * (1 / n_own + 1 / n)
    variance *= 1.0 + (1.0 - square) * 2.0 / (free - 2.0)
    error = math.sqrt(variance + 2.0 * between**2 / n_rows)
    means = np.array([two.mean for _, two in sides])
    mean = float(((own.mean(axis=1) - means) / scale).mean())
    # And the mean is off by a share of itself, as far as the standard deviations are.
    share = (inflate(free) - 1.0) * (square + (1 - square) / n_rows)
    t, z = float(special.stdtrit(n_own - 1, 1 - level / 2)), float(special.ndtri(1 - level / 2))
    half = math.hypot(t * error, z * math.sqrt(share) * mean)
    value, low, high = (correct_bias(free) * part for part in (mean, mean - half, mean + half))
    p = 2.0 * float(special.stdtr(n_own - 1, -abs(mean) * t / half))
    return {"value": value, "low": low, "high": high, "p": p, "by_seed": correlation,
            "square": square}  # fmt: skip


def adjust(p_values: Mapping[Any, float]) -> dict[Any, float]:
    """Return p-values by Holm's adjustment for their number."""
    keys = sorted(p_values, key=p_values.__getitem__)
    sums = np.arange(len(keys), 0, -1) * [p_values[key] for key in keys]
    return dict(zip(keys, np.maximum.accumulate(np.minimum(sums, 1.0)).tolist(), strict=True))


def combine(p_values: Sequence[float], pooled: Pooled | None) -> float:
    """Return p of a table from those of its rows, and of the direction where it is known."""
    n = len(p_values)
    if n == 1:
        return p_values[0]
    logs = -2.0 * math.fsum(math.log(max(p, 1e-300)) for p in p_values)
    # Logarithms of two-sided p have about the squared correlation of what was tested.
    fewer = 1.0 if pooled is None else 1.0 + (n - 1.0) * pooled.square
    fisher = float(special.chdtrc(2.0 * n / fewer, logs / fewer))
    parts = [fisher, min(1.0, n * min(p_values))] + ([] if pooled is None else [pooled.p])
    return min(1.0, len(parts) * min(parts))
