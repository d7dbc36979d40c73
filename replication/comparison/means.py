"""Two means, two shares: how far apart they are, and what the runs could have shown.

A mean with its standard deviation and number of runs on either side is judged by two t-tests, and
*p* is the larger: Welch's takes the two spreads as they are, Student's takes them as two estimates
of one. Where runs are skewed or rare outcomes unseen, the smaller sample often has by chance a
spread far too small; Welch's test then rejects too often, and Student's does not. Where n is equal
on both sides *p* is Welch's. With a spread on one side only, both are taken to have that one: the
prediction interval of Student's t.

Shares are judged by Fisher's exact test with mid-p, doubled.

References
----------
Welch (1947), The generalization of "Student's" problem when several different population variances
are involved, Biometrika 34, 28-35.
Hahn & Meeker (1991), Statistical Intervals, chapter 4: prediction intervals.
Lancaster (1961), Significance tests in discrete distributions, J. Am. Stat. Assoc. 56, 223-234:
mid-p. Newcombe (1998), Interval estimation for the difference between independent proportions,
Stat. Med. 17, 873-890, method 10.
Cohen (1988), Statistical Power Analysis, chapters 2 and 6: d, and shares on the scale of arcsines.
Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680: equivalence.
"""

import bisect
import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special

from replication.comparison.sampling import ROUNDING
from replication.statistics.intervals import Estimate

POWER = 0.8
MAX_PLANNED = 10_000_000


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a comparison of means: the mean, and sd and n of each sample behind it.

    Two samples stand for a difference of their means. `sd`: NaN where no spread is known. A value
    without error has no sample. `width`: of the cell to which the mean was rounded, which adds the
    variance of a uniform error.
    """

    mean: float
    samples: tuple[tuple[float, int], ...] = ()
    width: float = 0.0

    @property
    def n(self) -> int:
        """Runs, of the sample that has fewer."""
        return min((n for _, n in self.samples), default=0)

    @property
    def has_spread(self) -> bool:
        """Whether a spread is known for each sample."""
        return all(n > 1 and not math.isnan(sd) for sd, n in self.samples)

    def estimate(self, level: float) -> Estimate:
        """Return the mean with Student's interval, or Welch's for a difference."""
        if not self.has_spread:
            return Estimate(self.mean, None, None, level)
        error, free = _combine([(sd**2 / n, n - 1.0) for sd, n in self.samples])
        reach = float(special.stdtrit(free, 0.5 + level / 2.0)) * error
        return Estimate(self.mean, self.mean - reach, self.mean + reach, level)


@dataclasses.dataclass(frozen=True)
class Difference:
    """What a test of a difference found: own less reported.

    `low`, `high`: its interval at 1 - level. `shown`: the difference that such runs show with a
    probability of 0.8, None if none would be. `spread`: the standard deviation of a run.
    """

    value: float
    low: float
    high: float
    p: float
    shown: float | None
    spread: float | None = None

    @property
    def d(self) -> tuple[float, float, float] | None:
        """Difference in standard deviations (Cohen's d), and its interval."""
        if not self.spread:
            return None
        return self.value / self.spread, self.low / self.spread, self.high / self.spread


def list_known(own: Side, other: Side) -> list[tuple[float, int]]:
    """Return the standard deviations that are known, each with its number of runs."""
    return [pair for side in (own, other) if side.has_spread for pair in side.samples]


def list_errors(own: Side, other: Side) -> list[tuple[float, float]]:
    """Return standard error and degrees of freedom of the difference, for each test it has to pass.

    The first is Welch's. There are none where nothing is known of how runs vary.
    """
    known, rounded = list_known(own, other), (own.width**2 + other.width**2) / 12.0
    if not any(sd for sd, _ in known):
        return []
    if not (own.has_spread and other.has_spread):
        share = 1.0 / (other if own.has_spread else own).n
        return [_combine([(sd**2 * (1.0 / n + share), n - 1.0) for sd, n in known], rounded)]
    found = [_combine([(sd**2 / n, n - 1.0) for sd, n in known], rounded)]
    if len(own.samples) == len(other.samples) == 1:
        error = pool_variance(known) * (1.0 / own.n + 1.0 / other.n)
        found.append(_combine([(error, own.n + other.n - 2.0)], rounded))
    return found


def _combine(terms: Sequence[tuple[float, float]], more: float = 0.0) -> tuple[float, float]:
    """Return the error of a sum of terms, with Welch's degrees of freedom.

    A term has a squared error and the degrees of freedom of its estimate; `more` adds variance.
    """
    terms = [(part, free) for part, free in terms if part > 0] or list(terms[:1])
    variance, peak = math.fsum(part for part, _ in terms), max(part for part, _ in terms)
    if len(terms) == 1:
        return math.sqrt(variance + more), terms[0][1]
    below = math.fsum((part / peak) ** 2 / free for part, free in terms)
    return math.sqrt(variance + more), (variance / peak) ** 2 / below


def judge_means(own: Side, other: Side, *, level: float) -> Difference | None:
    """Test whether two means differ; None where nothing is known of how runs vary."""
    errors = list_errors(own, other)
    if not errors:
        return None
    gap = own.mean - other.mean
    gap = 0.0 if abs(gap) <= ROUNDING * abs(own.mean) else gap
    p = max(2.0 * float(special.stdtr(free, -abs(gap) / error)) for error, free in errors)
    reach = max(float(special.stdtrit(free, 1.0 - level / 2.0)) * error for error, free in errors)
    shown = max(find_shown(error, free, level) for error, free in errors)
    spread = math.sqrt(pool_variance(list_known(own, other)))
    return Difference(gap, gap - reach, gap + reach, min(p, 1.0), shown, spread)


def find_equivalence(own: Side, other: Side, margin: float) -> float | None:
    """Return p of two one-sided tests for a difference less than a margin, None if not known."""
    inside = margin - abs(own.mean - other.mean)
    p_values = [special.stdtr(free, -inside / error) for error, free in list_errors(own, other)]
    return max(map(float, p_values), default=None)


def pool_variance(samples: Sequence[tuple[float, int]]) -> float:
    """Return the variance of a run from the standard deviations of several samples."""
    squares = math.fsum((n - 1.0) * sd**2 for sd, n in samples)
    return squares / math.fsum(n - 1.0 for _, n in samples)


def find_shown(error: float, free: float, level: float) -> float:
    """Return the difference that a t-test finds with a probability of 0.8."""
    limit = float(special.stdtrit(free, 1.0 - level / 2.0))
    centre = float(special.nctdtrinc(min(free, 1e6), 1.0 - POWER, limit))
    if not math.isfinite(centre) or centre <= 0:
        centre = limit + float(special.ndtri(POWER))
    return centre * error


def plan_runs(
    own: Side, other: Side, difference: float, *, level: float
) -> tuple[int | None, int | None]:
    """Return the runs that show a difference with a probability of 0.8, None if none are enough.

    First those on either side, if both are run anew; then those of one's own, against the report
    as it is.
    """
    known = list_known(own, other)
    if not any(sd for sd, _ in known):
        return None, None
    mine, theirs = (
        math.fsum(sd**2 for sd, _ in side.samples)
        if side.samples and side.has_spread
        else pool_variance(known)
        for side in (own, other)
    )

    def find(n_theirs: int | None) -> int | None:
        def is_enough(n: int) -> bool:
            m = n_theirs or n
            error, free = _combine([(mine / n, n - 1.0), (theirs / m, max(m - 1.0, 1.0))])
            return find_shown(error, free, level) <= abs(difference)

        if not is_enough(MAX_PLANNED):
            return None
        return 2 + bisect.bisect_left(range(2, MAX_PLANNED), True, key=is_enough)

    return find(None), find(other.n or None)


def judge_shares(k: int, n: int, x: int, m: int, *, level: float) -> Difference:
    """Test whether k successes in n runs of one's own differ from x in m by Fisher's exact test."""
    p = find_p_of_shares(k, n, x, m)
    mine, theirs = k / n, x / m
    quantile = float(special.ndtri(1.0 - level / 2.0))
    (low, high), (first, last) = (_wilson(*pair, quantile) for pair in ((k, n), (x, m)))
    gap = mine - theirs
    below, above = math.hypot(mine - low, last - theirs), math.hypot(high - mine, theirs - first)
    step = (quantile + float(special.ndtri(POWER))) * math.sqrt(1.0 / n + 1.0 / m) / 2.0
    angle = math.asin(math.sqrt(mine))
    others = [angle + way * step for way in (-1.0, 1.0)]
    seen = [abs(math.sin(a) ** 2 - mine) for a in others if 0.0 <= a <= math.pi / 2.0]
    both = (k + x) / (n + m)
    spread = math.sqrt(both * (1.0 - both)) or None
    return Difference(gap, gap - below, gap + above, p, max(seen, default=None), spread)


def find_p_of_shares(k: int, n: int, x: int, m: int) -> float:
    """Return twice the smaller tail, of which the seen table counts half, at most 1."""
    total = k + x
    lowest, highest = max(0, total - m), min(n, total)
    mine = np.arange(lowest, highest + 1, dtype=np.float64)
    log_mass = _log_choose(n, mine) + _log_choose(m, total - mine) - _log_choose(n + m, total)
    mass = np.exp(log_mass)
    at = k - lowest
    below, above = math.fsum(mass[:at].tolist()), math.fsum(mass[at + 1 :].tolist())
    return min(1.0, 2.0 * min(below, above) + float(mass[at]))


def _log_choose(n: float, k: Any) -> Any:
    return special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)


def find_shares_kept(k: int, n: int, m: int, *, level: float) -> tuple[int, int]:
    """Return the smallest and the largest number in m runs that k in n do not contradict."""
    middle = min(max(round(k / n * m), 0), m)

    def is_contradicted(x: int) -> bool:
        return find_p_of_shares(k, n, x, m) <= level

    below = bisect.bisect_left(range(middle), True, key=lambda x: not is_contradicted(x))
    above = bisect.bisect_left(range(middle + 1, m + 1), True, key=is_contradicted)
    return below, middle + above


def _wilson(k: int, n: int, quantile: float) -> tuple[float, float]:
    share, square = k / n, quantile**2
    centre = (k + square / 2.0) / (n + square)
    reach = quantile * math.sqrt(n * share * (1.0 - share) + square / 4.0) / (n + square)
    return max(centre - reach, 0.0), min(centre + reach, 1.0)


def plan_shares(
    share: float, m: int, difference: float, *, level: float
) -> tuple[int | None, int | None]:
    """Return the runs that show a difference of shares, as `plan_runs` does."""
    other = share + difference if share + difference <= 1.0 else share - difference
    if not 0.0 <= other <= 1.0:
        return None, None
    one, two = (Side(one, ((math.sqrt(one * (1.0 - one)), m),)) for one in (other, share))
    return plan_runs(one, two, difference, level=level)
