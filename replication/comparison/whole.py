"""The result of all rows of a table together, under each reading of the reports."""

import dataclasses
import enum
import math
from collections.abc import Mapping, Sequence

import numpy as np

from replication.comparison.prediction import Answer
from replication.statistics import pooling, seeds
from replication.statistics.means import Side, Sides, SuccessCounts
from replication.statistics.pooling import Pooled
from replication.statistics.seeds import BySeed


class Dependence(enum.StrEnum):
    """How the rows of a table depend on each other."""

    INDEPENDENT = "independent"
    BY_SEED = "by seed"  # rows share their seeds, and enough are complete to allow for it
    ONE_REPORT = "one report"  # all rows are compared with one report, and share its error
    UNKNOWN = "unknown"  # rows share their seeds, but too few are complete


@dataclasses.dataclass(frozen=True)
class Row:
    """A row that has a p, under one reading of its report.

    `p`: the p of the answer that counts in a table. `by_seed`: one's own values by seed. `is_mean`:
    whether a mean or a share of runs is judged.
    """

    answer: Answer
    p: float
    by_seed: BySeed
    is_mean: bool


@dataclasses.dataclass(frozen=True)
class Whole:
    """p of a table, the mean difference over its rows, and how the rows depend on each other."""

    p: float
    pooled: Pooled | None
    dependence: Dependence = Dependence.INDEPENDENT


def judge_whole(
    rows: Sequence[Row], *, level: float, between: float, shares_error: bool = False
) -> Whole:
    """Return p of a table and the mean difference over its rows.

    `shares_error`: whether all rows are compared with one and the same report. Its error is then in
    all of them, and does not average out, so p is that of the single rows.

    Where rows share seeds, they are not taken for independent: the mean is tested by seed, over the
    rows and seeds that are complete. Where too few are, p is that of the single rows.
    """
    p_values = [row.p for row in rows]
    if shares_error and len(rows) > 1:
        # No other test is made than that of the rows.
        return Whole(pooling.find_least_adjusted(p_values), None, Dependence.ONE_REPORT)
    pooled = _pool(rows, level=level, between=between)
    if not seeds.are_shared([row.by_seed for row in rows]):
        return Whole(pooling.combine(p_values, pooled), pooled)
    mean = _judge_by_seed(rows, level=level, between=between)
    if pooled is None or mean is None:
        return Whole(pooling.combine_rows(p_values), None, Dependence.UNKNOWN)
    by_seed = pooled.replace_by_seed(mean)
    return Whole(pooling.combine(p_values, by_seed), by_seed, Dependence.BY_SEED)


def _pool(rows: Sequence[Row], *, level: float, between: float) -> Pooled | None:
    """Return the mean difference over independent rows, and the ratio of the sides' spreads.

    None if fewer than two rows have a difference.
    """
    effects = []
    pairs = []  # both sides of a row, if each is one sample: only then are spreads compared
    for row in rows:
        sides = row.answer.sides
        effects.append(pooling.find_effect(row.answer.difference, sides, between))
        if sides is not None and len(sides[0].samples) == len(sides[1].samples) == 1:
            pairs.append(sides)
    pooled = pooling.pool(effects, level=level)
    if pooled is None:
        return None
    return dataclasses.replace(pooled, ratio=pooling.compare_spreads(pairs, level))


def _judge_by_seed(rows: Sequence[Row], *, level: float, between: float) -> seeds.SeedMean | None:
    """Return the mean difference by seed; None if too few rows and seeds are complete."""
    usable: list[BySeed] = []
    usable_sides: list[Sides] = []
    for row in rows:
        sides = _find_sides(row)
        if sides is not None:
            usable.append(row.by_seed)
            usable_sides.append(sides)
    block = seeds.find_block(usable)
    if block is None:
        return None
    kept = [usable_sides[index] for index in block.rows]
    return seeds.judge_by_seed(block.values, kept, level=level, between=between)


def _find_sides(row: Row) -> Sides | None:
    """Return both sides of a row for a judgement by seed; None if it cannot be judged so.

    It takes one sample of runs with seeds on your side, at most one sample on the other side, and a
    spread above 0 on one of them.
    """
    if not row.is_mean or row.by_seed.n == 0:
        return None
    gap = row.answer.difference
    if gap is not None and gap.counts is not None:
        return _take_shares_as_means(row.by_seed, gap.counts)
    if row.answer.sides is None:
        return None
    own, other = row.answer.sides
    if len(own.samples) != 1 or len(other.samples) > 1:
        return None
    spreads = [sd for sd, _ in (*own.samples, *other.samples) if not math.isnan(sd)]
    return (own, other) if any(spreads) else None


def _take_shares_as_means(by_seed: BySeed, counts: SuccessCounts) -> Sides | None:
    """Return two shares as means of ones and zeros.

    None if the values by seed are not ones and zeros, or if neither side has a spread.
    """
    k, n, x, m = counts  # k of n runs succeeded on your side, x of m in the report
    if not np.isin(by_seed.values, (0.0, 1.0)).all() or by_seed.n > n or m < 2:
        return None
    if k * (n - k) + x * (m - x) == 0:  # all or none succeeded, on both sides
        return None
    own = Side(k / n, ((_find_sd_of_share(k, n), n),))
    return own, Side(x / m, ((_find_sd_of_share(x, m), m),))


def _find_sd_of_share(k: int, n: int) -> float:
    """Return the standard deviation of k ones among n ones and zeros."""
    return math.sqrt(k * (n - k) / (n * max(n - 1.0, 1.0)))


def judge_readings(
    rows: Sequence[Mapping[str, Row]], *, level: float, between: float, shares_error: bool
) -> dict[str, Whole]:
    """Return the result of all rows under each reading of the reports, by words for the reading.

    A row without such a reading is taken in its first one, the most usual.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    wholes: dict[str, Whole] = {}
    for name in names:
        chosen = [row.get(name) or next(iter(row.values())) for row in rows]
        wholes[name] = judge_whole(chosen, level=level, between=between, shares_error=shares_error)
    return wholes
