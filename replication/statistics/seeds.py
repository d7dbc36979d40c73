"""Rows of a table that share their seeds: runs of one seed may all be good or bad together.

What varies then is not each row on its own but the average over rows of the runs of one seed, in
standard deviations of a run. Its variation over seeds is the error of the mean difference; that the
rows of the report depend on each other as one's own do is taken for granted.

Not every seed has a run in every row: the largest complete part is used. Where nothing of use is
complete, rows are not independent either, and nothing but the rows themselves can be judged.

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
from replication.statistics.means import Side, Sides, correct_bias, inflate

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
"""A row of which no column says the seeds."""


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """Rows and seeds of which every row has a run of every seed.

    `rows`: their places among all rows. `values`: float64[rows, seeds].
    """

    rows: Sequence[int]
    values: FloatArray


@dataclasses.dataclass(frozen=True)
class SeedMean:
    """The mean difference over rows, with its error by seed.

    `correlation`: the mean correlation of two rows; `square`: the mean of its square, less what
    chance adds to it. `n_rows`, `n_seeds`: of the complete part.
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
    """Return a large part of a table in which no run is missing, None if it is too small.

    Rows can only be averaged seed by seed where each has a run of each seed. So the row, or the
    seed, that lacks the largest share of its runs is left out, again and again, until no run is
    missing.
    """
    seeds = np.flatnonzero(_count_rows(rows))  # all that occur, ascending
    has_run = np.zeros((len(rows), seeds.size), dtype=bool)
    for place, row in enumerate(rows):
        columns = np.searchsorted(seeds, row.seeds)
        has_run[place, columns] = True
    kept_rows, kept_seeds = _find_complete(has_run)
    if kept_rows.size < MIN_ROWS or kept_seeds.size < MIN_SEEDS:
        return None
    places: list[int] = kept_rows.tolist()
    values = np.array([rows[place].take(seeds[kept_seeds]) for place in places])
    return Block(places, values)


def _count_rows(rows: Sequence[BySeed]) -> IntArray:
    """Return how many rows have a run of each seed, by its number."""
    return np.bincount(np.concatenate([NO_SEEDS.seeds, *(row.seeds for row in rows)]))


def _find_complete(has_run: BoolArray) -> tuple[IntArray, IntArray]:
    """Return the rows and the seeds that are left when no run is missing any more."""
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
        Of each row; the second is the report, a mean with one sample, an error or a constant.
    level, between : float
        Of the interval; standard deviations of a run by which labs differ.
    """
    n_rows, n_seeds = own.shape
    off = own - own.mean(axis=1, keepdims=True)  # (rows, seeds)
    squares = (off**2).sum(axis=1)
    reports = [
        _summarise(two, math.sqrt(square / (n_seeds - 1.0)))
        for (_, two), square in zip(sides, squares, strict=True)
    ]
    errors = np.array([one.error for one in reports])
    extra = np.array([one.free for one in reports])
    spreads = np.array([one.spread for one in reports])
    # Standard deviations of a run, by both sides; nothing can be said without one.
    free = n_seeds - 1.0 + extra
    scale = np.sqrt((squares + extra * spreads**2) / free)
    if not scale.all() or free.min() <= 2.0:
        return None
    weights = np.array([correct_bias(each) for each in free.tolist()]) / scale
    likeness = _measure_likeness(off)
    by_seed = (off * weights[:, None]).mean(axis=0)  # (seeds,)
    if not np.abs(by_seed).max() > ROUNDING:
        return None
    # The error of the mean: of one's own part by how it varies over seeds, and of the report's by
    # its own errors, if its rows depend on each other as one's own do, or as one's own, if larger.
    own_variance = float((by_seed**2).sum()) / (n_seeds - 1.0)
    roots = np.array([one.root for one in reports])
    as_own = (off * (weights * roots)[:, None]).mean(axis=0)
    variance = own_variance / n_seeds + max(
        float((as_own**2).sum()) / (n_seeds - 1.0), likeness.weigh(errors * weights) / n_rows**2
    )
    # Standard deviations are estimates: a mean over one of them is Student's t, whose variance is
    # free / (free - 2); but where rows share their deviations, these are in the mean as in its
    # error.
    variance *= 1.0 + (1.0 - likeness.square) * float((2.0 / (free - 2.0)).mean())
    error = math.sqrt(variance + 2.0 * between**2 / n_rows)
    means = np.array([two.mean for _, two in sides])
    mean = float(((own.mean(axis=1) - means) * weights).mean())
    # And the mean is off by a share of itself, as far as the standard deviations are.
    off_by = float(np.mean([inflate(each) - 1.0 for each in free.tolist()]))
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


@dataclasses.dataclass(frozen=True)
class _Report:
    """What a row of the report adds to the error of the mean difference.

    `error`: the standard error of its mean. `root`: the root of one over its runs, 0 where it has
    none. `spread`, `free`: its standard deviation, and the degrees of freedom behind that.
    """

    error: float
    root: float
    spread: float
    free: float


def _summarise(report: Side, own_spread: float) -> _Report:
    if not report.samples:  # an error that is known, or a value without any
        return _Report(report.error, 0.0, 0.0, 0.0)
    sd, n = report.samples[0]
    root = 1.0 / math.sqrt(n)
    if not report.has_spread:
        return _Report(own_spread * root, root, 0.0, 0.0)
    return _Report(sd * root, root, sd, n - 1.0)


@dataclasses.dataclass(frozen=True, eq=False)
class _Likeness:
    """How rows depend on each other: the directions of those that vary, and their mean correlation.

    `directions`: float64[rows, seeds], of length 1, or 0 for a row whose runs are all equal.
    """

    directions: FloatArray
    varies: BoolArray
    correlation: float
    square: float

    def weigh(self, errors: FloatArray) -> float:
        """Return the variance of a sum of estimates with these errors that depend as the rows do.

        An estimate of a row whose own runs are all equal depends on the others as rows do on
        average.
        """
        known = np.where(self.varies, errors, 0.0)
        unknown = np.where(self.varies, 0.0, errors)
        common = min(max(self.correlation, 0.0), 1.0)
        along = (self.directions * known[:, None]).sum(axis=0)  # (seeds,)
        inside = (1.0 - common) * float((unknown**2).sum()) + common * float(unknown.sum()) ** 2
        return float((along**2).sum()) + inside + 2.0 * common * float(unknown.sum() * known.sum())


def _measure_likeness(off: FloatArray) -> _Likeness:
    """Return how rows depend on each other; as one, where it cannot be known."""
    lengths = np.sqrt((off**2).sum(axis=1, keepdims=True))
    varies = lengths[:, 0] > 0.0
    directions = np.divide(off, lengths, out=np.zeros_like(off), where=lengths > 0.0)
    n_varying = int(varies.sum())
    if n_varying < MIN_ROWS:
        return _Likeness(directions, varies, 1.0, 1.0)
    # The mean correlation of two rows, and that of its square, less what chance makes of it.
    n_pairs = n_varying * (n_varying - 1)
    correlation = (float((directions.sum(axis=0) ** 2).sum()) - n_varying) / n_pairs
    # The products of rows have the same sum of squares as those of seeds, which may be many.
    products = directions @ directions.T
    square = (float((products**2).sum()) - n_varying) / n_pairs
    chance = 1.0 / (off.shape[1] - 1.0)
    return _Likeness(directions, varies, correlation, max(0.0, (square - chance) / (1.0 - chance)))
