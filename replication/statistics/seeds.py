"""Rows of a table that share their seeds: runs of one seed may all be good or bad together.

Such rows are not independent, but seeds are. So the runs of a seed are averaged over rows, in
standard deviations of a run. How much this average varies from seed to seed gives the standard
error of the mean difference. The rows of the report are assumed to depend on each other as one's
own do.

Not every seed has a run in every row, so a part of the table is used in which no run is missing.
Where that part is too small, the mean difference cannot be judged, but only single rows.

References
----------
Brown (1975), Biometrics 31, 987-992: why the mean of squared correlations matters for a combination
of p-values.
"""

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
from scipy import special

from replication.statistics.arrays import BoolArray, FloatArray, IntArray
from replication.statistics.intervals import ROUNDING
from replication.statistics.means import Sides, correct_bias, inflate

MIN_SEEDS = 3  # with two nothing is known of how seeds vary
MIN_ROWS = 2


@dataclasses.dataclass(frozen=True, eq=False)
class BySeed:
    """The runs of one row by their seeds.

    `seeds`: int64[n], ascending, each a number from 0 on that stands for the same seed in all rows.
    `values`: float64[n].
    """

    seeds: IntArray
    values: FloatArray

    @property
    def n(self) -> int:
        """Number of runs."""
        return self.seeds.size

    def take(self, seeds: IntArray) -> FloatArray:
        """Return the values of some of its seeds."""
        return np.asarray(self.values[np.searchsorted(self.seeds, seeds)])


NO_SEEDS = BySeed(np.array([], dtype=np.int64), np.array([], dtype=np.float64))
"""A row whose seeds are not known."""


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """A part of a table in which every row has a run of every seed.

    `rows`: their indices among all rows. `values`: float64[rows, seeds].
    """

    rows: Sequence[int]
    values: FloatArray


@dataclasses.dataclass(frozen=True)
class SeedMean:
    """The mean difference over rows in standard deviations, with its interval and p by seed.

    `correlation`: the mean correlation of two rows. `square`: the mean squared correlation of two
    rows, less what chance adds to it. `n_rows`, `n_seeds`: rows and seeds that were used.
    """

    value: float
    low: float
    high: float
    p: float
    correlation: float
    square: float
    n_rows: int
    n_seeds: int


def are_shared(rows: Sequence[BySeed]) -> bool:
    """Say whether any two rows have a seed in common."""
    return bool((_count_rows(rows) > 1).any())


def find_block(rows: Sequence[BySeed]) -> Block | None:
    """Return a large part of a table in which no run is missing; None if it is too small.

    Rows can only be averaged seed by seed where each has a run of each seed. So the row, or the
    seed, that lacks the largest share of its runs is left out, again and again, until no run is
    missing.
    """
    seeds = np.flatnonzero(_count_rows(rows))  # all that occur, ascending
    has_run = np.zeros((len(rows), seeds.size), dtype=bool)
    for index, row in enumerate(rows):
        columns = np.searchsorted(seeds, row.seeds)
        has_run[index, columns] = True
    kept_rows, kept_seeds = _find_complete(has_run)
    if kept_rows.size < MIN_ROWS or kept_seeds.size < MIN_SEEDS:
        return None
    indices: list[int] = kept_rows.tolist()
    values = np.array([rows[index].take(seeds[kept_seeds]) for index in indices])
    return Block(indices, values)


def _count_rows(rows: Sequence[BySeed]) -> IntArray:
    """Return how many rows have a run of each seed; the index is the number of the seed."""
    # With NO_SEEDS, so that there is an array, if an empty one, also without any row.
    seeds = [NO_SEEDS.seeds, *(row.seeds for row in rows)]
    return np.bincount(np.concatenate(seeds))


def _find_complete(has_run: BoolArray) -> tuple[IntArray, IntArray]:
    """Return indices of the rows and seeds that are left when no run is missing any more.

    `has_run`: bool[rows, seeds].
    """
    kept_rows = np.arange(has_run.shape[0])
    kept_seeds = np.arange(has_run.shape[1])
    while has_run.size and not has_run.all():
        missing_of_rows = 1.0 - has_run.mean(axis=1)
        missing_of_seeds = 1.0 - has_run.mean(axis=0)
        if missing_of_rows.max() >= missing_of_seeds.max():
            worst = missing_of_rows.argmax()
            has_run = np.delete(has_run, worst, axis=0)
            kept_rows = np.delete(kept_rows, worst)
        else:
            worst = missing_of_seeds.argmax()
            has_run = np.delete(has_run, worst, axis=1)
            kept_seeds = np.delete(kept_seeds, worst)
    return kept_rows, kept_seeds


def judge_by_seed(
    own: FloatArray, sides: Sequence[Sides], *, level: float, between: float = 0.0
) -> SeedMean | None:
    """Return the mean difference over rows with its error by seed; None if that is not known.

    Parameters
    ----------
    own : float64[rows, seeds]
        Values of one's own runs.
    sides : sequence of (Side, Side)
        Both sides of each row. The second is the report: a mean with one sample, an estimate with
        its standard error, or a constant.
    level : float
        The interval covers 1 - level.
    between : float
        Spread between labs, in standard deviations of a run.
    """
    n_rows, n_seeds = own.shape
    deviations = own - own.mean(axis=1, keepdims=True)  # (rows, seeds)
    squares = (deviations**2).sum(axis=1)
    report = _summarise_report(sides, np.sqrt(squares / (n_seeds - 1.0)))
    # Pooled standard deviation of a run in each row; nothing can be said without one.
    free = n_seeds - 1.0 + report.free  # (rows,)
    scale = np.sqrt((squares + report.free * report.spreads**2) / free)
    if not scale.all() or free.min() <= 2.0:
        return None
    weights = np.array([correct_bias(row) for row in free.tolist()]) / scale
    likeness = _measure_likeness(deviations)
    by_seed = (deviations * weights[:, None]).mean(axis=0)  # (seeds,)
    if not np.abs(by_seed).max() > ROUNDING:
        return None
    # The mean difference has two variances. That of one's own mean follows from how it varies over
    # seeds. That of the report's mean is computed in two ways, and the larger one counts: from
    # one's own deviations, as if the report had them with its number of runs; and from the report's
    # standard errors, if its rows depend on each other as one's own do.
    own_variance = float((by_seed**2).sum()) / (n_seeds - 1.0)
    as_own = (deviations * (weights * report.roots)[:, None]).mean(axis=0)
    variance = own_variance / n_seeds + max(
        float((as_own**2).sum()) / (n_seeds - 1.0),
        likeness.weigh(report.errors * weights) / n_rows**2,
    )
    # Standard deviations are estimates. A difference over an estimated one is Student's t, whose
    # variance is larger by the factor free / (free - 2) = 1 + 2 / (free - 2). But where rows share
    # their deviations, mean and error are divided by the same estimates, and nothing is added.
    variance *= 1.0 + (1.0 - likeness.square) * float((2.0 / (free - 2.0)).mean())
    error = math.sqrt(variance + 2.0 * between**2 / n_rows)
    means = np.array([other.mean for _, other in sides])
    mean = float(((own.mean(axis=1) - means) * weights).mean())
    # An error of the standard deviations changes the mean by a share of itself, too.
    off_by = float(np.mean([inflate(row) - 1.0 for row in free.tolist()]))
    share = off_by * (likeness.square + (1.0 - likeness.square) / n_rows)
    t = float(special.stdtrit(n_seeds - 1, 1.0 - level / 2.0))
    z = float(special.ndtri(1.0 - level / 2.0))
    half = math.hypot(t * error, z * math.sqrt(share) * mean)
    return SeedMean(
        value=mean,
        low=mean - half,
        high=mean + half,
        p=2.0 * float(special.stdtr(n_seeds - 1, -abs(mean) * t / half)),
        correlation=likeness.correlation,
        square=likeness.square,
        n_rows=n_rows,
        n_seeds=n_seeds,
    )


@dataclasses.dataclass(frozen=True, eq=False)
class _ReportRows:
    """What the report adds to the error of the mean difference, float64[rows] each.

    `errors`: standard errors of the reported means. `roots`: one over the root of the number of
    runs, 0 where a row has no runs. `spreads`, `free`: reported standard deviations of a run, and
    their degrees of freedom; 0 where a row has none.
    """

    errors: FloatArray
    roots: FloatArray
    spreads: FloatArray
    free: FloatArray


def _summarise_report(sides: Sequence[Sides], own_spreads: FloatArray) -> _ReportRows:
    """Return what the report adds; runs without a spread are taken to have that of one's own."""
    errors = np.zeros(len(sides))
    roots = np.zeros(len(sides))
    spreads = np.zeros(len(sides))
    free = np.zeros(len(sides))
    for row, (_, report) in enumerate(sides):
        if not report.samples:  # an estimate with its standard error, or a constant, whose is 0
            errors[row] = report.error
            continue
        sd, n = report.samples[0]
        roots[row] = 1.0 / math.sqrt(n)
        if report.has_spread:
            errors[row] = sd * roots[row]
            spreads[row] = sd
            free[row] = n - 1.0
        else:
            errors[row] = own_spreads[row] * roots[row]
    return _ReportRows(errors, roots, spreads, free)


@dataclasses.dataclass(frozen=True, eq=False)
class _Likeness:
    """How rows depend on each other.

    `directions`: float64[rows, seeds], the deviations of each row from its mean, scaled to the
    length 1, so that products of rows are correlations; 0 for a row whose runs are all equal.
    `varies`: bool[rows], which rows have runs that are not all equal. `correlation`, `square`: as
    of `SeedMean`.
    """

    directions: FloatArray
    varies: BoolArray
    correlation: float
    square: float

    def weigh(self, errors: FloatArray) -> float:
        """Return the variance of a sum of estimates, one of each row, with these standard errors.

        The estimates are correlated as the rows are. A row whose runs are all equal has no known
        correlation with others, so it is taken to have the mean correlation with each of them.
        """
        known = np.where(self.varies, errors, 0.0)
        unknown = np.where(self.varies, 0.0, errors)
        common = min(max(self.correlation, 0.0), 1.0)
        along = (self.directions * known[:, None]).sum(axis=0)  # (seeds,)
        of_known = float((along**2).sum())
        of_unknown = (1.0 - common) * float((unknown**2).sum()) + common * float(unknown.sum()) ** 2
        return of_known + of_unknown + 2.0 * common * float(unknown.sum() * known.sum())


def _measure_likeness(deviations: FloatArray) -> _Likeness:
    """Return how rows depend on each other.

    Where fewer than two rows vary, that cannot be known, and they are taken to be fully correlated.
    `deviations`: float64[rows, seeds], each row less its mean.
    """
    lengths = np.sqrt((deviations**2).sum(axis=1, keepdims=True))
    varies = lengths[:, 0] > 0.0
    nothing = np.zeros_like(deviations)
    directions = np.divide(deviations, lengths, out=nothing, where=lengths > 0.0)
    n_varying = int(varies.sum())
    if n_varying < MIN_ROWS:
        return _Likeness(directions, varies, 1.0, 1.0)
    # The mean correlation of two different rows. The squared sum has all pairs of rows, also each
    # row with itself, whose correlation is 1.
    n_pairs = n_varying * (n_varying - 1)
    correlation = (float((directions.sum(axis=0) ** 2).sum()) - n_varying) / n_pairs
    # The mean squared correlation, less what it would be by chance if rows were independent.
    correlations = directions @ directions.T
    square = (float((correlations**2).sum()) - n_varying) / n_pairs
    by_chance = 1.0 / (deviations.shape[1] - 1.0)
    beyond_chance = max(0.0, (square - by_chance) / (1.0 - by_chance))
    return _Likeness(directions, varies, correlation, beyond_chance)
