"""What the rows of a table say together, under each reading of the reports."""

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
    """What is known of how rows depend on each other."""

    INDEPENDENT = "independent"
    BY_SEED = "by seed"
    ONE_REPORT = "one report"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Row:
    """A row that has a p, under one reading of its report.

    `p`: of the answer, by which the row counts. `by_seed`: one's own values. `is_mean`: whether a
    mean of runs, or a share of them, is judged.
    """

    answer: Answer
    p: float
    by_seed: BySeed
    is_mean: bool


@dataclasses.dataclass(frozen=True)
class Whole:
    """p of a table, the mean difference over its rows, and what is known of their dependence."""

    p: float
    pooled: Pooled | None
    dependence: Dependence = Dependence.INDEPENDENT


def judge_whole(
    rows: Sequence[Row], *, level: float, between: float, shares_error: bool = False
) -> Whole:
    """Return what the rows of a table say together.

    `shares_error`: whether all rows have one and the same report. Its error is then in all of them,
    and no number of rows makes it smaller, so p is that of the rows alone.

    Where rows share seeds, they are not taken for independent: the mean is tested by seed, over the
    rows and seeds that are complete. Where that cannot be, p is that of the rows alone.
    """
    p_values = [row.p for row in rows]
    if shares_error and len(rows) > 1:
        return Whole(pooling.combine_rows(p_values), None, Dependence.ONE_REPORT)
    pooled = _pool(rows, level=level, between=between)
    if not seeds.are_shared([row.by_seed for row in rows]):
        return Whole(pooling.combine(p_values, pooled), pooled)
    mean = _judge_by_seed(rows, level=level, between=between)
    if pooled is None or mean is None:
        return Whole(pooling.combine_rows(p_values), None, Dependence.UNKNOWN)
    by_seed = pooled.replace_by_seed(mean)
    return Whole(pooling.combine(p_values, by_seed), by_seed, Dependence.BY_SEED)


def _pool(rows: Sequence[Row], *, level: float, between: float) -> Pooled | None:
    """Return the mean difference over rows as if these were independent, and the ratio of spreads.

    None if fewer than two rows have a difference.
    """
    effects = []
    pairs = []  # of sides that are one sample each, whose spreads are compared
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
    """Return the mean difference by seed, over the complete part of rows that can have one."""
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
    """Return both sides of a row by which it can be judged by seed, None if it cannot.

    That takes one sample of runs with their seeds on one's own side, one sample at most on the
    other, and a spread on either.
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
    """Return two shares as means of ones and zeros; None if they cannot be or have no spread.

    They can be where the values by seed are ones and zeros.
    """
    k, n, x, m = counts
    if not np.isin(by_seed.values, (0.0, 1.0)).all() or by_seed.n > n or m < 2:
        return None
    if k * (n - k) + x * (m - x) == 0:
        return None
    own = Side(k / n, ((_find_sd_of_share(k, n), n),))
    return own, Side(x / m, ((_find_sd_of_share(x, m), m),))


def _find_sd_of_share(k: int, n: int) -> float:
    """Return the standard deviation of k ones among n ones and zeros."""
    return math.sqrt(k * (n - k) / (n * max(n - 1.0, 1.0)))


def judge_readings(
    rows: Sequence[Mapping[str, Row]], *, level: float, between: float, shares_error: bool
) -> dict[str, Whole]:
    """Return what rows say together under each reading of the reports, by words for it.

    A row that has no such reading is taken as it is read first.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    wholes: dict[str, Whole] = {}
    for name in names:
        read_so = [row.get(name) or next(iter(row.values())) for row in rows]
        wholes[name] = judge_whole(read_so, level=level, between=between, shares_error=shares_error)
    return wholes
