"""Two means: the test of their difference, and the difference that such runs can detect.

A mean with its standard deviation and number of runs on either side is judged by two t-tests, and
*p* is the larger: Welch's takes the two spreads as they are, Student's takes them as two estimates
of one. Where runs are skewed or rare outcomes unseen, the smaller sample often has by chance a
spread far too small; Welch's test then rejects too often, and Student's does not. Where n is equal
on both sides *p* is Welch's.

Where that *p* is above the level but Student's is not, and an F test does not find that the spreads
differ, the difference is *contradicted, if the report's runs vary as yours do*: Student's test
decides, under a condition. With a spread on one side only, both sides are taken to have that one,
which gives the prediction interval of Student's t. The standard errors of estimates are taken as
known.

Where laboratories differ, the mean of each is off by tau standard deviations of a run (`between`).
Its variance is then that of a run times 1 / n + tau^2.

References
----------
Welch (1947), The generalization of "Student's" problem when several different population variances
are involved, Biometrika 34, 28-35.
Hahn & Meeker (1991), Statistical Intervals, chapter 4: prediction intervals.
Hedges (1981), J. Educational Statistics 6, 107-128: differences in standard deviations.
Box (1953), Non-normality and tests on variances, Biometrika 40, 318-335: degrees of freedom of a
variance, by the kurtosis of the runs.
Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680: equivalence.
Mathur & VanderWeele (2020), New statistical metrics for multisite replication projects, J. R. Stat.
Soc. A 183, 1145-1166: studies that differ by more than chance.
Luo et al. (2018), Stat. Methods Med. Res. 27, 1785-1805, and Wan et al. (2014), BMC Med. Res.
Methodol. 14, 135: mean and standard deviation from median and quartiles.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

from scipy import special

from replication.statistics.intervals import ROUNDING, Estimate

POWER = 0.8  # probability with which a test finds the difference called detectable
EFFICIENCY = 0.45  # degrees of freedom of an sd from quartiles, as a share of n - 1 (simulated)
NORMAL_KURTOSIS = 3.0
LAB_STEPS = tuple(0.05 * step for step in range(1, 11))  # spreads between labs that are tried


class Term(NamedTuple):
    """A variance that is part of a squared error, and the degrees of freedom of its estimate."""

    variance: float
    free: float


class Error(NamedTuple):
    """A standard error, and its degrees of freedom."""

    size: float
    free: float


@dataclasses.dataclass(frozen=True)
class Side:
    """One side of a comparison of means.

    Parameters
    ----------
    mean : float
    samples : tuple of (sd, n)
        Standard deviation and number of runs of each sample behind the mean: two where the mean is
        the difference of two means, none for a constant, or for an estimate whose error is known.
        The standard deviation is NaN where it is not known.
    width : float
        Width of the cell to which the mean was rounded. Rounding adds the variance of a uniform
        error.
    error : float
        Standard error of the mean, where the report says that and not how runs vary; else 0.
    is_by_quartiles : bool
        Whether mean and standard deviation were estimated from quartiles, which is less efficient.
    """

    mean: float
    samples: tuple[tuple[float, int], ...] = ()
    width: float = 0.0
    error: float = 0.0
    is_by_quartiles: bool = False

    @property
    def n(self) -> int:
        """Number of runs; with two samples, that of the smaller one."""
        return min((n for _, n in self.samples), default=0)

    @property
    def has_spread(self) -> bool:
        """Whether a spread is known for each sample; true if there is no sample."""
        return all(n > 1 and not math.isnan(sd) for sd, n in self.samples)

    @property
    def efficiency(self) -> float:
        """Degrees of freedom of the standard deviation, as a share of n - 1."""
        return EFFICIENCY if self.is_by_quartiles else 1.0

    def list_terms(self, between: float = 0.0) -> list[Term]:
        """Return the parts of the squared error of the mean, each with its degrees of freedom."""
        terms = []
        for sd, n in self.samples:
            variance = sd**2 * (1.0 / n + between**2)
            terms.append(Term(variance, self.efficiency * (n - 1.0)))
        if self.error > 0:
            terms.append(Term(self.error**2, math.inf))
        return terms

    def estimate(self, level: float) -> Estimate:
        """Return the mean with Student's interval, or Welch's for a difference."""
        terms = self.list_terms()
        if not self.has_spread or not terms:
            return Estimate(self.mean, None, None, level)
        error = combine_terms(terms)
        half = float(special.stdtrit(error.free, 0.5 + level / 2.0)) * error.size
        return Estimate(self.mean, self.mean - half, self.mean + half, level)


Sides = tuple[Side, Side]
"""Your side, and the reported one."""


class SuccessCounts(NamedTuple):
    """Successes and runs on both sides."""

    yours: int
    n_yours: int
    reported: int
    n_reported: int


class InDeviations(NamedTuple):
    """A difference in standard deviations of a run, with its interval."""

    value: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Difference:
    """What a test of a difference found: yours less reported.

    Parameters
    ----------
    value : float
    low, high : float
        Its interval at 1 - level.
    p : float
    shown : float or None
        The detectable difference: a test of such runs finds it with a probability of 0.8. None if
        they find no difference as often.
    spread : float or None
        Standard deviation of a run, by both sides.
    p_alone : float or None
        p by the printed spreads alone. It is larger than `p` where `p` is that of Student's test,
        which takes the runs of both sides to vary alike.
    error : float or None
        Standard error of the difference.
    free : float
        Degrees of freedom behind `spread`.
    kept : float or None
        The smallest difference that would be contradicted.
    counts : SuccessCounts or None
        Where two shares are compared.
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
    counts: SuccessCounts | None = None

    @property
    def d(self) -> InDeviations | None:
        """Difference in standard deviations (Hedges' g) with its interval; None without an sd."""
        if not self.spread:
            return None
        unit = correct_bias(self.free) / self.spread
        return InDeviations(self.value * unit, self.low * unit, self.high * unit)


def inflate(free: float) -> float:
    """Return the factor by which Hedges' g varies more because its sd is an estimate.

    It is the ratio of two variances of g, where there is no difference in truth: with the estimated
    standard deviation, and with the true one. `free`: degrees of freedom of the estimate, above 2.
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


def combine_terms(terms: Sequence[Term], more: float = 0.0) -> Error:
    """Return the standard error of a sum of independent terms, with Welch's degrees of freedom.

    `more`: a known variance, which is added to the squared error. It leaves the degrees of freedom
    as they are, so that the test errs on the safe side.
    """
    # Welch (1947): f = (sum v)^2 / sum(v^2 / f). Each variance v is divided by the largest one, so
    # that no square overflows.
    variance = math.fsum(term.variance for term in terms)
    peak = max(term.variance for term in terms) or 1.0
    denominator = math.fsum((term.variance / peak) ** 2 / term.free for term in terms)
    free = (variance / peak) ** 2 / denominator if denominator else math.inf
    return Error(math.sqrt(variance + more), free)


def list_errors(own: Side, other: Side, between: float = 0.0) -> list[Error]:
    """Return the standard error of the difference for each t-test that it has to pass.

    The first test is Welch's, and the second, if there is one, Student's. There are none where
    nothing is known of how runs vary.
    """
    known = [sample for side in (own, other) if side.has_spread for sample in side.samples]
    has_error = bool(own.error or other.error)
    if not has_error and not any(sd for sd, _ in known):
        return []
    rounded = (own.width**2 + other.width**2) / 12.0  # variances of uniform errors
    if not (own.has_spread and other.has_spread):
        # One spread for both sides: the prediction interval of Student's t. The factor of the
        # variance has 1 / n of either side, and tau^2 of either lab.
        n_unknown = other.n if own.has_spread else own.n
        share = 1.0 / n_unknown + 2.0 * between**2
        terms = [Term(sd**2 * (1.0 / n + share), n - 1.0) for sd, n in known]
        return [combine_terms(terms, rounded)] if terms else []
    welch = combine_terms([*own.list_terms(between), *other.list_terms(between)], rounded)
    if has_error or not own.samples or not other.samples:
        return [welch]
    return [welch, _find_error_by_student(own, other, between, rounded)]


def _find_error_by_student(own: Side, other: Side, between: float, rounded: float) -> Error:
    """Return the standard error of the difference by Student's test, from the pooled spread.

    `rounded`: the variance that rounding adds.
    """
    variance, free = pool_runs(own, other)
    own_share = math.fsum([1.0 / n for _, n in own.samples])
    # The reported spread of a difference of two groups is that of a pair of runs: two variances.
    n_groups = len(own.samples)
    other_share = n_groups * (1.0 / other.n + 2.0 * between**2)
    variance *= own_share + other_share
    return combine_terms([Term(variance, own.efficiency * free)], rounded)


@dataclasses.dataclass(frozen=True)
class _Test:
    """What a t-test gives: p, and the smallest difference that it would reject."""

    p: float
    least: float


def _test_difference(gap: float, error: Error, level: float) -> _Test:
    """Return the two-sided t-test of a difference."""
    return _Test(
        p=2.0 * float(special.stdtr(error.free, -abs(gap) / error.size)),
        least=float(special.stdtrit(error.free, 1.0 - level / 2.0)) * error.size,
    )


def judge_means(
    own: Side, other: Side, *, level: float, between: float = 0.0, is_conditional: bool = True
) -> Difference | None:
    """Test whether two means differ; None where nothing is known of how runs vary.

    `is_conditional`: whether Student's test may decide alone, under the condition that the runs of
    both sides vary alike. It does so only where an F test does not find that the spreads differ.
    """
    errors = list_errors(own, other, between)
    if not errors:
        return None
    gap = own.mean - other.mean
    if abs(gap) <= ROUNDING * abs(own.mean):
        gap = 0.0
    tests = [_test_difference(gap, error, level) for error in errors]
    # By the printed spreads alone Welch's test decides; where n differs, Student's test must agree.
    alone = tests[0]
    if len(tests) == 2 and own.n != other.n:
        alone = _Test(max(test.p for test in tests), max(test.least for test in tests))
    decisive = alone
    least_rejected = alone.least
    # Where nothing says that the spreads differ, Student's test decides, under that condition.
    if is_conditional and len(tests) == 2 and _may_be_equal(own, other, level):
        student = tests[1]
        least_rejected = student.least
        if student.p <= level < alone.p:
            decisive = student
    variance, free = pool_runs(own, other)
    return Difference(
        value=gap,
        low=gap - decisive.least,
        high=gap + decisive.least,
        p=min(decisive.p, 1.0),
        shown=max(find_shown(error.size, error.free, level) for error in errors),
        spread=None if free == math.inf else math.sqrt(variance),
        p_alone=min(alone.p, 1.0),
        error=errors[0].size,
        free=free,
        kept=least_rejected,
    )


def _may_be_equal(own: Side, other: Side, level: float) -> bool:
    """Say whether both spreads are known, and an F test does not find that they differ."""
    p = find_spread_p(own, other)
    return p is not None and p > level


def find_spread_p(own: Side, other: Side, *, kurtosis: float = NORMAL_KURTOSIS) -> float | None:
    """Return p of the F test of two standard deviations; None where one is 0 or not known.

    `kurtosis`: of the runs, fourth moment over squared variance. Where it is larger than 3, that of
    normal runs, standard deviations have fewer degrees of freedom (Box 1953).
    """
    if len(own.samples) != 1 or len(other.samples) != 1:
        return None
    if not own.has_spread or not other.has_spread:
        return None
    ((sd, n),) = own.samples
    ((other_sd, m),) = other.samples
    if not sd or not other_sd:
        return None
    share = 2.0 / (max(kurtosis, NORMAL_KURTOSIS) - 1.0)  # of the degrees of freedom that are left
    lower_tail = float(special.fdtr(share * (n - 1), share * (m - 1), (sd / other_sd) ** 2))
    return 2.0 * min(lower_tail, 1.0 - lower_tail)


def find_tolerated(own: Side, other: Side, *, level: float) -> float | None:
    """Return the spread between labs, in standard deviations, at which p rises above the level.

    None if half a standard deviation is not enough, since studies of one thing seldom differ by
    more.
    """
    for between in LAB_STEPS:
        gap = judge_means(own, other, level=level, between=between)
        if gap is not None and gap.p > level:
            return between
    return None


def find_equivalence(own: Side, other: Side, margin: float, between: float = 0.0) -> float | None:
    """Return p of two one-sided tests for a difference less than a margin.

    Where both Welch's and Student's test can be made, it is the larger p of the two. None where
    nothing is known of how runs vary. `between`: spread between labs, in standard deviations of a
    run.
    """
    room = margin - abs(own.mean - other.mean)  # from the difference to the nearer margin
    errors = list_errors(own, other, between)
    p_values = [float(special.stdtr(error.free, -room / error.size)) for error in errors]
    return max(p_values, default=None)


def summarise_quartiles(median: float, q1: float, q3: float, n: int) -> tuple[float, float]:
    """Estimate mean and standard deviation of n runs from their median and quartiles (Luo, Wan).

    The standard deviation, divided by the root of n, gives the standard error of this estimated
    mean. It is therefore not quite that of the runs.

    >>> [round(part, 2) for part in summarise_quartiles(10.0, 9.0, 12.0, 20)]
    [10.36, 2.51]
    """
    share = 0.7 + 0.39 / n
    width = 2.0 * float(special.ndtri((0.75 * n - 0.125) / (n + 0.25)))
    mean = share * (q1 + q3) / 2.0 + (1.0 - share) * median
    # Luo's mean has 1.16 times the variance of the mean of all runs. Wan's sd is unbiased, so that
    # its square is somewhat too large on average.
    scale = math.sqrt(1.16 / (1.0 + 0.5 / (EFFICIENCY * (n - 1.0))))
    return mean, scale * (q3 - q1) / width


def pool_runs(own: Side, other: Side) -> tuple[float, float]:
    """Return the pooled variance of a run, from all known spreads, and its degrees of freedom.

    Where no spread is known, the degrees of freedom are infinite.
    """
    known: list[tuple[float, int]] = []
    if own.has_spread:
        known += own.samples
    if other.has_spread:
        # The reported spread of a difference of two groups is that of a pair of runs.
        scale = math.sqrt(max(len(own.samples), 1))
        known += [(sd / scale, n) for sd, n in other.samples]
    free = math.fsum(n - 1.0 for _, n in known) or math.inf
    return math.fsum((n - 1.0) * sd**2 for sd, n in known) / free, free


def find_shown(error: float, free: float, level: float) -> float:
    """Return the difference that a t-test with this error finds with a probability of 0.8."""
    # The centre of the noncentral t whose upper 80 % lie beyond the limit of the test.
    limit = float(special.stdtrit(free, 1.0 - level / 2.0))
    centre = float(special.nctdtrinc(min(free, 1e6), 1.0 - POWER, limit))
    if not math.isfinite(centre) or centre <= 0:  # SciPy failed: that of the normal distribution
        centre = limit + float(special.ndtri(POWER))
    return centre * error
