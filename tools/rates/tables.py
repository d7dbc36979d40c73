"""The tests of `replication.statistics.pooling` and `seeds`, for arrays of tables.

Arrays of runs are [tables, rows, runs]: one's own runs, and those behind the report.
"""

import dataclasses

import numpy as np
from scipy import special

from replication.statistics.arrays import BoolArray, FloatArray
from replication.statistics.pooling import ROW_FACTOR, SMALLEST_P
from tools.rates.rows import LEVEL, judge_means, summarise


def correct_bias(free: float) -> float:
    """Return Hedges' J, which removes the bias of a standardised difference.

    `free`: degrees of freedom of the standard deviation.
    """
    logs = special.gammaln(free / 2.0) - special.gammaln((free - 1.0) / 2.0)
    return float(np.exp(logs) / np.sqrt(free / 2.0))


def find_row_p(own: FloatArray, theirs: FloatArray, between: float) -> FloatArray:
    """Return p of each row by the printed spreads alone; 1 if all runs of a row are equal."""
    p = judge_means(summarise(own), summarise(theirs), between=between).alone
    return np.where(np.isnan(p), 1.0, p)


def find_direction_p(own: FloatArray, theirs: FloatArray, between: float) -> FloatArray:
    """Return p of the mean difference over independent rows, float64[tables]."""
    one = summarise(own)
    two = summarise(theirs)
    n = one.n
    m = two.n
    # Hedges' g: the difference of each row in standard deviations of a run, without bias. Rows in
    # which nothing varies are left out, so k rows are left.
    free = n + m - 2.0
    variance = ((n - 1) * one.sd**2 + (m - 1) * two.sd**2) / free
    bias = correct_bias(free)
    g = np.where(variance > 0, bias * (one.mean - two.mean) / np.sqrt(variance), np.nan)
    k = np.isfinite(g).sum(axis=1)
    mean = np.nansum(g, axis=1) / k
    # The error of the mean, estimated from how rows differ, and from chance within rows alone. The
    # larger p counts.
    by_rows = np.sqrt(np.nansum((g - mean[:, None]) ** 2, axis=1) / (k - 1.0) / k)
    inflated = bias**2 * free / (free - 2.0)
    by_chance = np.sqrt((inflated * (1.0 / n + 1.0 / m) + 2.0 * between**2) / k)
    p = np.maximum(
        2.0 * special.stdtr(k - 1.0, -np.abs(mean) / by_rows),
        2.0 * special.ndtr(-np.abs(mean) / by_chance),
    )
    return np.where(k >= 2, p, 1.0)


@dataclasses.dataclass(frozen=True, eq=False)
class Likeness:
    """How the rows of tables are correlated.

    `directions`: float64[tables, rows, seeds], the runs of a row minus their mean, scaled to length
    1; 0 in a row of equal runs. `varies`: bool[tables, rows], whether the runs of a row differ.
    `correlation`: float64[tables], the mean correlation of two rows. `square`: float64[tables], the
    mean squared correlation, minus what chance adds to it.
    """

    directions: FloatArray
    varies: BoolArray
    correlation: FloatArray
    square: FloatArray

    def weigh(self, errors: FloatArray) -> FloatArray:
        """Return the variance of a sum of estimates, one for each row, float64[tables].

        `errors` are their standard errors. Estimates are correlated as the rows are; that of a row
        of equal runs has the mean correlation with the others.
        """
        varying = np.where(self.varies, errors, 0.0)
        constant = np.where(self.varies, 0.0, errors)
        mean = self.correlation
        variance = ((self.directions * varying[..., None]).sum(axis=1) ** 2).sum(axis=1)
        variance += (1.0 - mean) * (constant**2).sum(axis=1) + mean * constant.sum(axis=1) ** 2
        variance += 2.0 * mean * constant.sum(axis=1) * varying.sum(axis=1)
        return np.asarray(variance)


def measure_likeness(deviations: FloatArray) -> Likeness:
    """Return how rows are correlated; `deviations`: runs minus the mean of their row.

    If fewer than two rows vary, correlations cannot be measured and count as 1.
    """
    lengths = np.sqrt((deviations**2).sum(axis=2))
    varies = lengths > 0
    directions = np.where(varies[..., None], deviations / lengths[..., None], 0.0)
    # Means over all ordered pairs of the k rows that vary.
    k = varies.sum(axis=1)
    pairs = k * (k - 1.0)
    correlation = ((directions.sum(axis=1) ** 2).sum(axis=1) - k) / pairs
    products = np.einsum("trs,tru->tsu", directions, directions)
    # Independent rows have this mean squared correlation.
    chance = 1.0 / (deviations.shape[2] - 1.0)
    square = (((products**2).sum(axis=(1, 2)) - k) / pairs - chance) / (1.0 - chance)
    return Likeness(
        directions,
        varies,
        correlation=np.where(k >= 2, np.clip(correlation, 0.0, 1.0), 1.0),
        square=np.where(k >= 2, np.maximum(square, 0.0), 1.0),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class BySeed:
    """p of the mean over rows, taken seed by seed, and the rows' mean squared correlation.

    Both are float64[tables].
    """

    p: FloatArray
    square: FloatArray


def judge_by_seed(own: FloatArray, theirs: FloatArray) -> BySeed:
    """Return p of the mean difference over rows that share their seeds."""
    n_rows = own.shape[1]
    n = own.shape[2]
    m = theirs.shape[2]
    # The standard deviation of a run, pooled from both sides, [tables, rows].
    free = n + m - 2.0
    deviations = own - own.mean(axis=2, keepdims=True)
    squares = (deviations**2).sum(axis=2)
    spreads = theirs.std(axis=2, ddof=1)
    scale = np.sqrt((squares + (m - 1.0) * spreads**2) / free)
    weights = 1.0 / scale
    likeness = measure_likeness(deviations)
    # The error of the mean. One's own part comes from the means over rows of each seed. For the
    # report's part there are two estimates, and the larger counts.
    by_seed = (deviations * weights[..., None]).mean(axis=1)
    over_seeds = (by_seed**2).sum(axis=1) / (n - 1.0)
    reported = likeness.weigh(spreads / np.sqrt(m) * weights)
    variance = over_seeds / n + np.maximum(over_seeds / m, reported / n_rows**2)
    variance *= 1.0 + (1.0 - likeness.square) * 2.0 / (free - 2.0)
    # Errors of the standard deviations make the mean wrong by a share of itself.
    mean = ((own.mean(axis=2) - theirs.mean(axis=2)) * weights).mean(axis=1)
    inflated = correct_bias(free) ** 2 * free / (free - 2.0) - 1.0
    share = inflated * (likeness.square + (1.0 - likeness.square) / n_rows)
    t = float(special.stdtrit(n - 1, 1.0 - LEVEL / 2.0))
    z = float(special.ndtri(1.0 - LEVEL / 2.0))
    # Half the width of the 95 % interval, and p of a t that has this interval.
    half = np.hypot(t * np.sqrt(variance), z * np.sqrt(share) * mean)
    p = 2.0 * special.stdtr(n - 1.0, -np.abs(mean) * t / half)
    return BySeed(np.where(np.isfinite(p), p, np.nan), likeness.square)


@dataclasses.dataclass(frozen=True, eq=False)
class JudgedTables:
    """Which tables are contradicted, and which of these have a row that is, bool[tables]."""

    is_contradicted: BoolArray
    has_row: BoolArray


def judge_tables(
    own: FloatArray,
    theirs: FloatArray,
    *,
    by_seed: bool = False,
    between: float = 0.0,
    has_gap: bool = False,
) -> JudgedTables:
    """Judge tables of runs as `compare_table` does.

    `by_seed`: whether it is known that rows share seeds. `between`: by how many standard deviations
    labs differ. `has_gap`: whether the first row lacks its last run; then the mean by seed is over
    the other rows.
    """
    n_rows = own.shape[1]
    p_rows = find_row_p(own, theirs, between)
    if has_gap:
        p_rows[:, 0] = find_row_p(own[:, :1, :-1], theirs[:, :1], between)[:, 0]
    holm = np.minimum(1.0, n_rows * p_rows.min(axis=1))
    # The rows as a whole: by their mean, and by all p together (Fisher). Correlated rows count as
    # fewer rows there.
    square = np.zeros(len(own))
    if by_seed:
        first_row = 1 if has_gap else 0
        of_seeds = judge_by_seed(own[:, first_row:], theirs[:, first_row:])
        square = of_seeds.square
        direction = of_seeds.p
    else:
        direction = find_direction_p(own, theirs, between)
    logs = -2.0 * np.log(np.maximum(p_rows, SMALLEST_P)).sum(axis=1)
    fewer = 1.0 + (n_rows - 1.0) * square
    fisher = special.chdtrc(2.0 * n_rows / fewer, logs / fewer)
    factor = ROW_FACTOR if n_rows > 2 else 1.0
    # Several tests decide, so their p are multiplied. If the mean by seed cannot be judged, rows
    # alone count.
    p_of_all = np.where(np.isnan(direction), 1.0, 3.0 * np.minimum(direction, fisher))
    is_contradicted = np.minimum(factor * holm, p_of_all) <= LEVEL
    return JudgedTables(is_contradicted, is_contradicted & (holm <= LEVEL))
