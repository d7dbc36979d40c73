"""What the rows of a table say together, under each reading of the reports."""

import dataclasses
import enum
import math
from collections.abc import Mapping, Sequence

import numpy as np

from replication.comparison.prediction import Answer
from replication.statistics import pooling, seeds
from replication.statistics.means import Side, Sides
from replication.statistics.pooling import Pooled
from replication.statistics.seeds import NO_SEEDS, BySeed


class Dependence(enum.StrEnum):
    """What is known of how rows depend on each other."""

    INDEPENDENT = "independent"
    BY_SEED = "by seed"
    ONE_REPORT = "one report"
    UNKNOWN = "unknown"


@dataclasses.dataclass(frozen=True)
class Row:
    """A row that has a p: its answer under a reading, that p, and one's own values by seed.

    `is_mean`: whether a mean of runs, or a share of them, is judged.
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

    `shares_error`: whether one report stands in all rows. Its error is then in all of them, which
    no number of rows makes smaller, so p is that of the rows alone.

    Where rows share seeds, they are not taken for independent: the mean is tested by seed, over the
    rows and seeds that are complete. Where that cannot be, p is that of the rows alone.
    """
    p_values = [row.p for row in rows]
    if shares_error and len(rows) > 1:
        return Whole(pooling.combine_rows(p_values), None, Dependence.ONE_REPORT)
    pooled = _pool(rows, level=level, between=between)
    if not seeds.are_shared([row.by_seed for row in rows]):
        return Whole(pooling.combine(p_values, pooled), pooled)
    found = _judge_by_seed(rows, level=level, between=between)
    if pooled is None or found is None:
        return Whole(pooling.combine_rows(p_values), None, Dependence.UNKNOWN)
    by_seed = pooled.replace_by_seed(found)
    return Whole(pooling.combine(p_values, by_seed), by_seed, Dependence.BY_SEED)


def _pool(rows: Sequence[Row], *, level: float, between: float) -> Pooled | None:
    effects = [
        pooling.find_effect(row.answer.difference, row.answer.sides, between) for row in rows
    ]
    found = pooling.pool(effects, level=level)
    if found is None:
        return None
    # Spreads are compared where each side of a row is one sample.
    sides = [row.answer.sides for row in rows if row.answer.sides is not None]
    known = [pair for pair in sides if len(pair[0].samples) == len(pair[1].samples) == 1]
    return dataclasses.replace(found, ratio=pooling.compare_spreads(known, level))


def _judge_by_seed(rows: Sequence[Row], *, level: float, between: float) -> seeds.SeedMean | None:
    """Return the mean difference by seed, over the complete part of rows that can have one."""
    sides = [_find_sides(row) for row in rows]
    values = [
        row.by_seed if pair is not None else NO_SEEDS for row, pair in zip(rows, sides, strict=True)
    ]
    block = seeds.find_block(values)
    if block is None:
        return None
    pairs = [pair for pair in (sides[place] for place in block.rows) if pair is not None]
    return seeds.judge_by_seed(block.values, pairs, level=level, between=between)


def _find_sides(row: Row) -> Sides | None:
    """Return both sides of a row whose own side is one sample of runs with their seeds."""
    if not row.is_mean or row.by_seed.n == 0:
        return None
    gap = row.answer.difference
    if gap is not None and gap.counts is not None:
        return _take_shares_as_means(row.by_seed, *gap.counts)
    if row.answer.sides is None:
        return None
    one, two = row.answer.sides
    if len(one.samples) != 1 or len(two.samples) > 1:
        return None
    spreads = [sd for sd, _ in (*one.samples, *two.samples) if not math.isnan(sd)]
    return (one, two) if any(spreads) else None


def _take_shares_as_means(by_seed: BySeed, k: int, n: int, x: int, m: int) -> Sides | None:
    """Return two shares as means of ones and zeros, where the values by seed are such."""
    if not np.isin(by_seed.values, (0.0, 1.0)).all() or by_seed.n > n or m < 2:
        return None
    if k * (n - k) + x * (m - x) == 0:
        return None
    own = Side(k / n, ((_find_sd_of_share(k, n), n),))
    return own, Side(x / m, ((_find_sd_of_share(x, m), m),))


def _find_sd_of_share(k: int, n: int) -> float:
    return math.sqrt(k * (n - k) / (n * max(n - 1.0, 1.0)))


def judge_readings(
    rows: Sequence[Mapping[str, Row]], *, level: float, between: float, shares_error: bool
) -> dict[str, Whole]:
    """Return what rows say together under each reading of the reports, by words for it.

    A row that has no such reading is taken as it is read first.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    found: dict[str, Whole] = {}
    for name in names:
        taken = [row.get(name) or next(iter(row.values())) for row in rows]
        found[name] = judge_whole(taken, level=level, between=between, shares_error=shares_error)
    return found
