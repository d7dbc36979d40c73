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
    """Return Hedges' J."""
    logs = special.gammaln(free / 2.0) - special.gammaln((free - 1.0) / 2.0)
    return float(np.exp(logs) / np.sqrt(free / 2.0))


def find_row_p(own: FloatArray, theirs: FloatArray, between: float) -> FloatArray:
    """Return p of each row by the printed spreads alone; 1 of equal runs on both sides."""
    p = judge_means(summarise(own), summarise(theirs), between=between).alone
    return np.where(np.isnan(p), 1.0, p)


def find_direction_p(own: FloatArray, theirs: FloatArray, between: float) -> FloatArray:
    """Return p of the weighted mean over independent rows, float64[tables]."""
    one = summarise(own)
    two = summarise(theirs)
    n = one.n
    m = two.n
    # The difference of each row in standard deviations of a run, without its bias.
    free = n + m - 2.0
    variance = ((n - 1) * one.sd**2 + (m - 1) * two.sd**2) / free
    bias = correct_bias(free)
    g = np.where(variance > 0, bias * (one.mean - two.mean) / np.sqrt(variance), np.nan)
    k = np.isfinite(g).sum(axis=1)
    mean = np.nansum(g, axis=1) / k
    # Its error, by how rows differ and by chance alone; the larger p counts.
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
    """How the rows of tables depend on each other.

    `directions`: float64[tables, rows, seeds], runs less their mean, of length 1; 0 in a row of
    equal runs, which does not vary. `varies`: bool[tables, rows]. `correlation`, `square`:
    float64[tables], the mean correlation of two rows, and that of its square less what chance adds.
    """

    directions: FloatArray
    varies: BoolArray
    correlation: FloatArray
    square: FloatArray

    def weigh(self, errors: FloatArray) -> FloatArray:
        """Return the variance of the sum of estimates with these errors, float64[tables].

        They depend on each other as the rows do; a row of equal runs as others do on average.
        """
        known = np.where(self.varies, errors, 0.0)
        unknown = np.where(self.varies, 0.0, errors)
        common = self.correlation
        variance = ((self.directions * known[..., None]).sum(axis=1) ** 2).sum(axis=1)
        variance += (1.0 - common) * (unknown**2).sum(axis=1) + common * unknown.sum(axis=1) ** 2
        variance += 2.0 * common * unknown.sum(axis=1) * known.sum(axis=1)
        return np.asarray(variance)


def measure_likeness(off: FloatArray) -> Likeness:
    """Return how rows depend on each other, of runs less the mean of their row.

    Rows of which fewer than two vary count as one.
    """
    lengths = np.sqrt((off**2).sum(axis=2))
    varies = lengths > 0
    directions = np.where(varies[..., None], off / lengths[..., None], 0.0)
    k = varies.sum(axis=1)
    pairs = k * (k - 1.0)
    correlation = ((directions.sum(axis=1) ** 2).sum(axis=1) - k) / pairs
    products = np.einsum("trs,tru->tsu", directions, directions)
    chance = 1.0 / (off.shape[2] - 1.0)
    square = (((products**2).sum(axis=(1, 2)) - k) / pairs - chance) / (1.0 - chance)
    return Likeness(
        directions,
        varies,
        correlation=np.where(k >= 2, np.clip(correlation, 0.0, 1.0), 1.0),
        square=np.where(k >= 2, np.maximum(square, 0.0), 1.0),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class BySeed:
    """p of the mean by seed, and the mean squared correlation of rows, float64[tables]."""

    p: FloatArray
    square: FloatArray


def judge_by_seed(own: FloatArray, theirs: FloatArray) -> BySeed:
    """Return p of the mean over rows by seed, of rows that share their seeds."""
    n_rows = own.shape[1]
    n = own.shape[2]
    m = theirs.shape[2]
    # Standard deviations of a run, by both sides, [tables, rows].
    free = n + m - 2.0
    off = own - own.mean(axis=2, keepdims=True)
    squares = (off**2).sum(axis=2)
    spreads = theirs.std(axis=2, ddof=1)
    scale = np.sqrt((squares + (m - 1.0) * spreads**2) / free)
    weights = 1.0 / scale
    likeness = measure_likeness(off)
    # The error of the mean: one's own part over seeds, and the larger of two for the report's.
    by_seed = (off * weights[..., None]).mean(axis=1)
    over_seeds = (by_seed**2).sum(axis=1) / (n - 1.0)
    reported = likeness.weigh(spreads / np.sqrt(m) * weights)
    variance = over_seeds / n + np.maximum(over_seeds / m, reported / n_rows**2)
    variance *= 1.0 + (1.0 - likeness.square) * 2.0 / (free - 2.0)
    # The mean is off by a share of itself, as far as the standard deviations are.
    mean = ((own.mean(axis=2) - theirs.mean(axis=2)) * weights).mean(axis=1)
    inflated = correct_bias(free) ** 2 * free / (free - 2.0) - 1.0
    share = inflated * (likeness.square + (1.0 - likeness.square) / n_rows)
    t = float(special.stdtrit(n - 1, 1.0 - LEVEL / 2.0))
    z = float(special.ndtri(1.0 - LEVEL / 2.0))
    half = np.hypot(t * np.sqrt(variance), z * np.sqrt(share) * mean)
    p = 2.0 * special.stdtr(n - 1.0, -np.abs(mean) * t / half)
    return BySeed(np.where(np.isfinite(p), p, np.nan), likeness.square)


@dataclasses.dataclass(frozen=True, eq=False)
class JudgedTables:
    """Which tables are contradicted, and which have a row that is, bool[tables]."""

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

    `by_seed`: whether rows share seeds, which are known. `between`: standard deviations by which
    labs differ. `has_gap`: the first row lacks its last run, so that the mean by seed is over the
    others.
    """
    n_rows = own.shape[1]
    p_rows = find_row_p(own, theirs, between)
    if has_gap:
        p_rows[:, 0] = find_row_p(own[:, :1, :-1], theirs[:, :1], between)[:, 0]
    holm = np.minimum(1.0, n_rows * p_rows.min(axis=1))
    # The rows as a whole: by their mean, and by all p together, of fewer rows if they are alike.
    square = np.zeros(len(own))
    if by_seed:
        first = 1 if has_gap else 0
        found = judge_by_seed(own[:, first:], theirs[:, first:])
        square = found.square
        direction = found.p
    else:
        direction = find_direction_p(own, theirs, between)
    logs = -2.0 * np.log(np.maximum(p_rows, SMALLEST_P)).sum(axis=1)
    fewer = 1.0 + (n_rows - 1.0) * square
    fisher = special.chdtrc(2.0 * n_rows / fewer, logs / fewer)
    factor = ROW_FACTOR if n_rows > 2 else 1.0
    # Where the mean by seed cannot be judged, rows alone count.
    of_all = np.where(np.isnan(direction), 1.0, 3.0 * np.minimum(direction, fisher))
    is_contradicted = np.minimum(factor * holm, of_all) <= LEVEL
    return JudgedTables(is_contradicted, is_contradicted & (holm <= LEVEL))
