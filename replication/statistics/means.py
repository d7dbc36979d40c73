"""Two means, two shares: how far apart they are, and what the runs could have shown.

A mean with its standard deviation and number of runs on either side is judged by two t-tests, and
*p* is the larger: Welch's takes the two spreads as they are, Student's takes them as two estimates
of one. Where runs are skewed or rare outcomes unseen, the smaller sample often has by chance a
spread far too small; Welch's test then rejects too often, and Student's does not. Where n is equal
on both sides *p* is Welch's. With a spread on one side only, both are taken to have that one: the
prediction interval of Student's t. Where Welch's test alone does not reject, and an F test does
not find that the spreads differ, a difference is *contradicted, if the report's runs vary as yours
do*. The standard errors of estimates are taken as known.

Laboratories that differ by tau standard deviations, each from what they share, add tau^2 to 1 / n.

Shares are judged by Fisher's exact test with mid-p, doubled.

References
----------
Welch (1947), The generalization of "Student's" problem when several different population variances
are involved, Biometrika 34, 28-35.
Hahn & Meeker (1991), Statistical Intervals, chapter 4: prediction intervals.
Lancaster (1961), Significance tests in discrete distributions, J. Am. Stat. Assoc. 56, 223-234:
mid-p. Newcombe (1998), Interval estimation for the difference between independent proportions,
Stat. Med. 17, 873-890, method 10.
Hedges (1981), J. Educational Statistics 6, 107-128: differences in standard deviations.
Cohen (1988), Statistical Power Analysis, chapter 6: shares on the scale of arcsines.
Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680: equivalence.
Mathur & VanderWeele (2020), New statistical metrics for multisite replication projects, J. R. Stat.
Soc. A 183, 1145-1166: studies that differ by more than chance.
Luo et al. (2018), Stat. Methods Med. Res. 27, 1785-1805, and Wan et al. (2014), BMC Med. Res.
Methodol. 14, 135: mean and standard deviation from median and quartiles.
Verhagen & Wagenmakers (2014), J. Exp. Psychol. Gen. 143, 1457-1475: replication Bayes factor.
Held (2020), A new standard for the analysis and design of replication studies, J. R. Stat. Soc. A
183, 431-448: sceptical p.
"""

import bisect
import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import special

from replication.statistics.intervals import ROUNDING, Estimate

POWER = 0.8
N_STEPS = 100_000  # of a distribution that is integrated over
EFFICIENCY = 0.45  # of an sd by quartiles, by which its degrees of freedom are fewer (simulated)


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a comparison of means: the mean, and sd and n of each sample behind it.

    Two samples stand for a difference of their means. `sd`: NaN where no spread is known. A value
    without error has no sample; of an estimate whose `error` is known neither needs to be. `width`:
    of the cell to which the mean was rounded, which adds the variance of a uniform error.
    `is_by_quartiles`: mean and sd were estimated from quartiles, which is less efficient.
    """

    mean: float
    samples: tuple[tuple[float, int], ...] = ()
    width: float = 0.0
    error: float = 0.0
    is_by_quartiles: bool = False

    @property
    def n(self) -> int:
        """Runs, of the sample that has fewer."""
        return min((n for _, n in self.samples), default=0)

    @property
    def has_spread(self) -> bool:
        """Whether a spread is known for each sample."""
        return all(n > 1 and not math.isnan(sd) for sd, n in self.samples)

    def list_terms(self, between: float = 0.0) -> list[tuple[float, float]]:
        """Return the parts of the squared error of the mean, each with its degrees of freedom."""
        share = EFFICIENCY if self.is_by_quartiles else 1.0
        known = [(sd**2 * (1.0 / n + between**2), share * (n - 1.0)) for sd, n in self.samples]
        return known + [(self.error**2, math.inf)] * (self.error > 0)

    def estimate(self, level: float) -> Estimate:
        """Return the mean with Student's interval, or Welch's for a difference."""
        terms = self.list_terms()
        if not self.has_spread or not terms:
            return Estimate(self.mean, None, None, level)
        error, free = _combine(terms)
        reach = float(special.stdtrit(free, 0.5 + level / 2.0)) * error
        return Estimate(self.mean, self.mean - reach, self.mean + reach, level)


Sides = tuple[Side, Side]
"""Yours, and what was reported."""


@dataclasses.dataclass(frozen=True)
class Difference:
    """What a test of a difference found: own less reported.

    `low`, `high`: its interval at 1 - level. `shown`: the difference that such runs show with a
    probability of 0.8, None if none would be. `spread`: the standard deviation of a run. `p_alone`:
    p by the printed spreads alone, where `p` takes them as two estimates of one. `error`: standard
    error of the difference; `free`: degrees of freedom behind `spread`; `kept`: the smallest
    difference that would be contradicted. `counts`: successes and runs, yours and reported.
    """

    value: float
    low: float
    high: float
    p: float
    shown: float | None
    spread: float | None = None
    p_alone: float | None = None
    error: float | None = None
    free: float = math.inf
    kept: float | None = None
    counts: tuple[int, int, int, int] | None = None

    @property
    def d(self) -> tuple[float, float, float] | None:
        """Difference in standard deviations (Hedges' g), and its interval."""
        if not self.spread:
            return None
        unit = correct_bias(self.free) / self.spread
        return self.value * unit, self.low * unit, self.high * unit


def inflate(free: float) -> float:
    """Return how much more a difference in estimated standard deviations varies than in known ones.

    Corrected by `correct_bias`; `free`, above 2: their degrees of freedom.
    """
    return correct_bias(free) ** 2 * free / (free - 2.0)


def correct_bias(free: float) -> float:
    """Return Hedges' J, which makes a difference in estimated standard deviations unbiased.

    >>> round(correct_bias(8.0), 4)
    0.9027
    """
    if not 1 < free < math.inf:
        return 1.0
    return math.exp(math.lgamma(free / 2) - math.lgamma((free - 1) / 2)) / math.sqrt(free / 2)


def list_errors(own: Side, other: Side, between: float = 0.0) -> list[tuple[float, float]]:
    """Return standard error and degrees of freedom of the difference, for each test it has to pass.

    The first is Welch's. There are none where nothing is known of how runs vary.
    """
    known = [pair for side in (own, other) if side.has_spread for pair in side.samples]
    rounded = (own.width**2 + other.width**2) / 12.0
    if not (own.error or other.error or any(sd for sd, _ in known)):
        return []
    # One spread for both sides: the prediction interval of Student's t.
    if not (own.has_spread and other.has_spread):
        share = 1.0 / (other if own.has_spread else own).n + 2.0 * between**2
        terms = [(sd**2 * (1.0 / n + share), n - 1.0) for sd, n in known]
        return [_combine(terms, rounded)] if terms else []
    found = [_combine([*own.list_terms(between), *other.list_terms(between)], rounded)]
    # Student's test, with the pooled spread.
    if own.samples and other.samples and not own.error and not other.error:
        share = EFFICIENCY if own.is_by_quartiles else 1.0
        parts = math.fsum([1.0 / n for _, n in own.samples])
        k = len(own.samples)  # 2 of a difference, whose reported spread is that of a pair of runs
        variance, free = pool_runs(own, other)
        variance *= parts + k * (1.0 / other.n + 2.0 * between**2)
        found.append(_combine([(variance, share * free)], rounded))
    return found


def _combine(terms: Sequence[tuple[float, float]], more: float = 0.0) -> tuple[float, float]:
    """Return the error of a sum of terms, with Welch's degrees of freedom.

    A term has a squared error and the degrees of freedom of its estimate; `more` adds variance.
    """
    # Welch (1947): f = (sum v)^2 / sum(v^2 / f), scaled by the largest v against overflow.
    variance, peak = math.fsum(part for part, _ in terms), max(part for part, _ in terms) or 1.0
    below = math.fsum((part / peak) ** 2 / free for part, free in terms)
    return math.sqrt(variance + more), (variance / peak) ** 2 / below if below else math.inf


def judge_means(
    own: Side, other: Side, *, level: float, between: float = 0.0, is_conditional: bool = True
) -> Difference | None:
    """Test whether two means differ; None where nothing is known of how runs vary.

    `is_conditional`: whether Student's test may decide alone, which takes an F test of the spreads.
    """
    errors = list_errors(own, other, between)
    if not errors:
        return None
    gap = own.mean - other.mean
    gap = 0.0 if abs(gap) <= ROUNDING * abs(own.mean) else gap
    # p, and the difference that would just be contradicted, by Welch and by Student.
    tests = [
        (2.0 * float(special.stdtr(free, -abs(gap) / error)),
         float(special.stdtrit(free, 1.0 - level / 2.0)) * error)
        for error, free in errors
    ]  # fmt: skip
    shown = max(find_shown(error, free, level) for error, free in errors)
    is_equal = len(tests) == 2 and own.n == other.n
    p, reach = tests[0] if is_equal else map(max, zip(*tests, strict=True))
    p_alone, by_f, kept = p, find_spread_p(own, other), reach
    if is_conditional and len(tests) == 2 and by_f is not None and by_f > level:
        # Nothing says that the spreads differ: Student's test decides, under that condition.
        kept = tests[1][1]
        p, reach = tests[1] if tests[1][0] <= level < p else (p, reach)
    variance, free = pool_runs(own, other)
    spread = None if free == math.inf else math.sqrt(variance)
    return Difference(gap, gap - reach, gap + reach, min(p, 1.0), shown, spread, min(p_alone, 1.0),
                      errors[0][0], free, kept)  # fmt: skip


def find_spread_p(one: Side, two: Side) -> float | None:
    """Return p of the F test of two standard deviations, None where one of them is not known."""
    known = [side.samples[0] for side in (one, two) if len(side.samples) == 1 and side.has_spread]
    if len(known) < 2 or not all(sd for sd, _ in known):
        return None
    (first, n), (second, m) = known
    below = float(special.fdtr(n - 1, m - 1, (first / second) ** 2))
    return 2.0 * min(below, 1.0 - below)


def find_tolerated(own: Side, other: Side, *, level: float) -> float | None:
    """Return the spread between labs, in standard deviations, at which p rises above the level.

    None if it would have to be larger than those of studies of one thing often are.
    """
    for between in (0.05 * step for step in range(1, 11)):  # up to half a standard deviation
        found = judge_means(own, other, level=level, between=between)
        if found is not None and found.p > level:
            return between
    return None


def summarise_quartiles(median: float, q1: float, q3: float, n: int) -> tuple[float, float]:
    """Return mean and standard deviation by median and quartiles of n runs (Luo, Wan).

    The standard deviation is the one that gives the standard error of the mean.

    >>> [round(part, 2) for part in summarise_quartiles(10.0, 9.0, 12.0, 20)]
    [10.36, 2.51]
    """
    share = 0.7 + 0.39 / n
    width = 2.0 * float(special.ndtri((0.75 * n - 0.125) / (n + 0.25)))
    # The mean has 1.16 times the variance of a mean; Wan's sd, not its square, is unbiased.
    scale = math.sqrt(1.16 / (1.0 + 0.5 / (EFFICIENCY * (n - 1.0))))
    return share * (q1 + q3) / 2.0 + (1.0 - share) * median, scale * (q3 - q1) / width


def weigh_evidence(own: Side, other: Side) -> dict[str, float] | None:
    """Return the replication Bayes factor, and the sceptical p, of a difference whose null is 0.

    The factor is the density of one's own difference if the effect is what the report estimated,
    over that if there is none. p is one-sided: near 1 where the differences have other signs.
    """
    if not all(side.has_spread and side.list_terms() for side in (own, other)):
        return None
    (mine, free), (theirs, free_other) = (_combine(side.list_terms()) for side in (own, other))
    if not mine or not theirs:
        return None
    # The effect by the report's t distribution, in equally probable steps; likelihoods are by t.
    steps = (np.arange(N_STEPS) + 0.5) / N_STEPS
    effects = np.append(0.0, other.mean + theirs * special.stdtrit(free_other, steps))
    squares = ((own.mean - effects) / mine) ** 2
    logs = -squares / 2.0 if free == math.inf else -(free + 1.0) / 2.0 * np.log1p(squares / free)
    log_factor = float(special.logsumexp(logs[1:])) - math.log(N_STEPS) - float(logs[0])
    # Statistics of few runs as those of many with the same p.
    z_own, z_other = (
        -math.copysign(float(special.ndtri(special.stdtr(f, -abs(t)))), t)
        for t, f in ((own.mean / mine, free), (other.mean / theirs, free_other))
    )
    harmonic = 2.0 / math.fsum(1.0 / max(z * z, 1e-300) for z in (z_own, z_other))
    middle, more = (z_own**2 + z_other**2) / 2.0, (theirs / mine) ** 2 - 1.0
    # Held's (sqrt(A (A + m H)) - A) / m, without a division by 0 where both errors are equal.
    square = middle * harmonic / (math.sqrt(middle * (middle + more * harmonic)) + middle or 1.0)
    z = math.copysign(math.sqrt(square), z_own * z_other)
    factor = math.exp(min(log_factor, 700.0))
    return {"bayes_factor": factor, "p_sceptical": float(special.ndtr(-z))}


def find_equivalence(own: Side, other: Side, margin: float, between: float = 0.0) -> float | None:
    """Return p of two one-sided tests for a difference less than a margin, None if not known."""
    inside, errors = margin - abs(own.mean - other.mean), list_errors(own, other, between)
    p_values = [special.stdtr(free, -inside / error) for error, free in errors]
    return max(map(float, p_values), default=None)


def pool_runs(own: Side, other: Side) -> tuple[float, float]:
    """Return the variance of a run by all known spreads; infinite degrees of freedom if none is."""
    scale = math.sqrt(max(len(own.samples), 1))  # a pair of runs varies so much more than one
    known = [(sd / scale if side is other else sd, n)
             for side in (own, other) if side.has_spread for sd, n in side.samples]  # fmt: skip
    free = math.fsum(n - 1.0 for _, n in known) or math.inf
    return math.fsum((n - 1.0) * sd**2 for sd, n in known) / free, free


def find_shown(error: float, free: float, level: float) -> float:
    """Return the difference that a t-test finds with a probability of 0.8."""
    # The centre of the noncentral t whose upper 80 % lie beyond the limit of the test.
    limit = float(special.stdtrit(free, 1.0 - level / 2.0))
    centre = float(special.nctdtrinc(min(free, 1e6), 1.0 - POWER, limit))
    if not math.isfinite(centre) or centre <= 0:
        centre = limit + float(special.ndtri(POWER))
    return centre * error


def judge_shares(k: int, n: int, x: int, m: int, *, level: float) -> Difference:
    """Test whether k successes in n runs of one's own differ from x in m by Fisher's exact test."""
    p = find_p_of_shares(k, n, x, m)
    mine, theirs = k / n, x / m
    quantile = float(special.ndtri(1.0 - level / 2.0))
    (low, high), (first, last) = (_wilson(*pair, quantile) for pair in ((k, n), (x, m)))
    gap = mine - theirs
    # Newcombe's method 10 joins both of Wilson's intervals; power on the scale of arcsines.
    below, above = math.hypot(mine - low, last - theirs), math.hypot(high - mine, theirs - first)
    step = (quantile + float(special.ndtri(POWER))) * math.sqrt(1.0 / n + 1.0 / m) / 2.0
    angle = math.asin(math.sqrt(mine))
    others = [angle + way * step for way in (-1.0, 1.0)]
    seen = [abs(math.sin(a) ** 2 - mine) for a in others if 0.0 <= a <= math.pi / 2.0]
    both = (k + x) / (n + m)
    spread = math.sqrt(both * (1.0 - both)) or None
    return Difference(gap, gap - below, gap + above, p, max(seen, default=None), spread,
                      counts=(k, n, x, m))  # fmt: skip


def find_p_of_shares(k: int, n: int, x: int, m: int) -> float:
    """Return twice the smaller tail, of which the seen table counts half, at most 1."""
    total = k + x
    lowest, highest = max(0, total - m), min(n, total)
    mine = np.arange(lowest, highest + 1, dtype=np.float64)
    log_mass = _log_choose(n, mine) + _log_choose(m, total - mine) - _log_choose(n + m, total)
    mass = np.exp(log_mass)
    # Half of the seen table counts on either side: mid-p.
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

    # p falls on either side of the middle, so both ends are found by halving.
    below = bisect.bisect_left(range(middle), True, key=lambda x: not is_contradicted(x))
    above = bisect.bisect_left(range(middle + 1, m + 1), True, key=is_contradicted)
    return below, middle + above


def _wilson(k: int, n: int, quantile: float) -> tuple[float, float]:
    share, square = k / n, quantile**2
    centre = (k + square / 2.0) / (n + square)
    reach = quantile * math.sqrt(n * share * (1.0 - share) + square / 4.0) / (n + square)
    return max(centre - reach, 0.0), min(centre + reach, 1.0)
