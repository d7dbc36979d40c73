"""The tests of `replication.statistics.means`, for arrays of trials.

Arrays of runs have one trial a row, [trials, runs]: one's own runs, and those behind the report.
"""

import dataclasses

import numpy as np
from scipy import special

from replication.statistics.arrays import BoolArray, FloatArray
from replication.statistics.means import EFFICIENCY, summarise_quartiles
from replication.statistics.shares import find_p_of_shares

LEVEL = 0.05


@dataclasses.dataclass(frozen=True, eq=False)
class Summary:
    """Means and standard deviations of n runs, float64[...]."""

    mean: FloatArray
    sd: FloatArray
    n: int


def summarise(runs: FloatArray) -> Summary:
    """Return mean and standard deviation over the last axis."""
    return Summary(runs.mean(axis=-1), runs.std(axis=-1, ddof=1), runs.shape[-1])


@dataclasses.dataclass(frozen=True, eq=False)
class MeanTests:
    """p of tests of two means, an entry for each trial.

    `alone`: p that needs nothing but the printed spreads: Welch's, or the larger of both tests if
    the numbers of runs differ. `student`: p of Student's test. `may_be_equal`: whether the F test
    allows equal spreads. `welch`: p of Welch's test.
    """

    alone: FloatArray
    student: FloatArray
    may_be_equal: BoolArray
    welch: FloatArray

    @property
    def is_contradicted(self) -> BoolArray:
        """Whether the mean is contradicted, with or without the condition of equal spreads."""
        return (self.alone <= LEVEL) | self.is_by_student

    @property
    def is_by_student(self) -> BoolArray:
        """Whether it is contradicted by Student's test alone, on condition of equal spreads."""
        return (self.student <= LEVEL) & (self.alone > LEVEL) & self.may_be_equal


def find_spread_p(one: Summary, two: Summary, share: FloatArray | float = 1.0) -> FloatArray:
    """Return p of the two-sided F test of two samples; NaN if all runs of a sample are equal.

    `share`: the share of the degrees of freedom that counts, less than 1 for heavy tails.
    """
    ratio = (one.sd / two.sd) ** 2
    lower_tail = special.fdtr(share * (one.n - 1.0), share * (two.n - 1.0), ratio)
    p = 2.0 * np.minimum(lower_tail, 1.0 - lower_tail)
    return np.where((one.sd > 0) & (two.sd > 0), p, np.nan)


def judge_means(
    one: Summary, two: Summary, *, efficiency: float = 1.0, between: float = 0.0
) -> MeanTests:
    """Test whether the means of two samples differ, by Welch's and by Student's test.

    `efficiency`: the share of the degrees of freedom that counts, less than 1 if standard
    deviations are estimated from quartiles. `between`: by how many standard deviations labs differ.
    """
    gap = np.abs(one.mean - two.mean)
    # Welch: each side has a variance of its own; `first` and `second` are those of the means.
    first = one.sd**2 * (1.0 / one.n + between**2)
    second = two.sd**2 * (1.0 / two.n + between**2)
    free = (first + second) ** 2 / (first**2 / (one.n - 1) + second**2 / (two.n - 1))
    welch = 2.0 * special.stdtr(efficiency * free, -gap / np.sqrt(first + second))
    # Student: both sides have the same variance.
    all_free = one.n + two.n - 2.0
    pooled = ((one.n - 1) * one.sd**2 + (two.n - 1) * two.sd**2) / all_free
    error = np.sqrt(pooled * (1.0 / one.n + 1.0 / two.n + 2.0 * between**2))
    student = 2.0 * special.stdtr(efficiency * all_free, -gap / error)
    # With unequal numbers of runs, both tests have to contradict.
    alone = welch if one.n == two.n else np.maximum(welch, student)
    return MeanTests(alone, student, find_spread_p(one, two) > LEVEL, welch)


@dataclasses.dataclass(frozen=True, eq=False)
class Judged:
    """Which trials are contradicted, and which verdicts have a condition, bool[trials]."""

    is_contradicted: BoolArray
    is_conditional: BoolArray


def judge_spread(own: FloatArray, theirs: FloatArray) -> Judged:
    """Judge a mean with its sd, for both denominators that the sd may have, n - 1 and n."""
    one = summarise(own)
    two = summarise(theirs)
    larger = dataclasses.replace(two, sd=two.sd * np.sqrt(two.n / (two.n - 1.0)))
    first = judge_means(one, two)
    second = judge_means(one, larger)
    contradicted = first.is_contradicted & second.is_contradicted
    has_condition = first.is_by_student | second.is_by_student | (one.sd == 0)
    return replace_shares(Judged(contradicted, contradicted & has_condition), own, theirs)


def judge_mean(own: FloatArray, theirs: FloatArray) -> Judged:
    """Judge a mean alone, on condition that the reported runs spread as one's own do."""
    one = summarise(own)
    two = summarise(theirs)
    error = one.sd * np.sqrt(1.0 / one.n + 1.0 / two.n)
    p = 2.0 * special.stdtr(one.n - 1.0, -np.abs(one.mean - two.mean) / error)
    contradicted = (p <= LEVEL) & (one.sd > 0)
    return replace_shares(Judged(contradicted, contradicted), own, theirs)


def judge_quartiles(own: FloatArray, theirs: FloatArray) -> Judged:
    """Judge a median with its quartiles."""
    one = _summarise_quartiles(own)
    two = _summarise_quartiles(theirs)
    contradicted = judge_means(one, two, efficiency=EFFICIENCY).alone <= LEVEL
    return Judged(contradicted, contradicted & (one.sd == 0))


def _summarise_quartiles(runs: FloatArray) -> Summary:
    """Return mean and standard deviation, estimated from the quartiles alone."""
    n = runs.shape[-1]
    q1, median, q3 = np.quantile(runs, (0.25, 0.5, 0.75), axis=-1)
    mean, sd = summarise_quartiles(median, q1, q3, n)
    return Summary(np.asarray(mean), np.asarray(sd), n)


def judge_welch(own: FloatArray, theirs: FloatArray) -> Judged:
    """Judge by Welch's test alone."""
    contradicted = judge_means(summarise(own), summarise(theirs)).welch <= LEVEL
    return Judged(contradicted, np.zeros_like(contradicted))


def replace_shares(judged: Judged, own: FloatArray, theirs: FloatArray) -> Judged:
    """Return `judged`, but with trials whose runs are all 0 or 1 judged as shares of successes."""
    n = own.shape[-1]
    m = theirs.shape[-1]
    are_shares = np.isin(own, (0.0, 1.0)).all(axis=-1) & np.isin(theirs, (0.0, 1.0)).all(axis=-1)
    if not are_shares.any():
        return judged
    # p for each pair of numbers of successes, k in n and x in m, (n + 1, m + 1).
    p = np.array([[find_p_of_shares(k, n, x, m) for x in range(m + 1)] for k in range(n + 1)])
    # p of the trials that are judged anew, by their numbers of successes.
    successes = own[are_shares].sum(axis=-1).astype(int)
    their_successes = theirs[are_shares].sum(axis=-1).astype(int)
    contradicted = judged.is_contradicted.copy()
    conditional = judged.is_conditional.copy()
    contradicted[are_shares] = p[successes, their_successes] <= LEVEL
    conditional[are_shares] = False
    return Judged(contradicted, conditional)
