"""How often tables are contradicted: by mistake, and if rows differ."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from replication.statistics.arrays import FloatArray
from tools.rates.measuring_rows import SEED, TRIALS, Rate
from tools.rates.populations import POPULATIONS, list_chunks
from tools.rates.tables import judge_tables

BETWEEN = 0.35
"""By how many standard deviations labs differ, in the kinds of tables whose name says so."""
CAPPED = "capped"
"""A population for tables alone: runs that a cap cuts off, and that may share seeds."""


@dataclasses.dataclass(frozen=True)
class TableKind:
    """How tables are drawn, and how they are judged."""

    # How they are drawn.
    population: str = "normal"
    correlation: float = 0.0  # of the runs of one seed in two rows, before a cap cuts them off
    scale: tuple[float, float] = (1.0, 1.0)  # factors on one's own runs, and on the report's
    shift: str = ""  # one's own rows that differ: "all", "each" (up or down), or the "first"
    size: float = 0.0  # by how much these rows differ
    labs: float = 0.0  # standard deviation of what a lab adds to all its runs of a row
    # How they are judged.
    between: float = 0.0  # the difference between labs that is allowed for
    by_seed: bool = False  # whether it is known which runs share a seed
    has_gap: bool = False  # whether the first row lacks its last run


TABLES: Mapping[str, TableKind] = {
    "normal": TableKind(),
    "exponential": TableKind("exponential"),
    "lognormal": TableKind("lognormal"),
    "60 % at a bound": TableKind("60 % at a bound"),
    "rewards capped": TableKind("rewards capped"),
    "two modes, 6 SD apart": TableKind("two modes, 6 SD apart"),
    "spreads of 2 to 1": TableKind(scale=(2.0, 1.0)),
    "spreads of 4 to 1": TableKind(scale=(4.0, 1.0)),
    "spreads of 1 to 4": TableKind(scale=(1.0, 4.0)),
    "a correlation of 0.3": TableKind(correlation=0.3),
    "a correlation of 0.3, seeds known": TableKind(correlation=0.3, by_seed=True),
    "a correlation of 0.3, a run missing": TableKind(correlation=0.3, by_seed=True, has_gap=True),
    "a correlation of 0.9": TableKind(correlation=0.9),
    "a correlation of 0.9, seeds known": TableKind(correlation=0.9, by_seed=True),
    "capped, correlation 0.5, seeds known": TableKind(CAPPED, correlation=0.5, by_seed=True),
    f"labs that differ by {BETWEEN} SD": TableKind(labs=BETWEEN),
    f"labs that differ by {BETWEEN} SD, allowed for": TableKind(labs=BETWEEN, between=BETWEEN),
    "all 1 SD lower": TableKind(shift="all", size=-1.0),
    "all half an SD lower": TableKind(shift="all", size=-0.5),
    "each 1.2 SD off": TableKind(shift="each", size=1.2),
    "one row 4.1 SD off": TableKind(shift="first", size=4.1),
    "each 1.2 SD off, seeds known": TableKind(shift="each", size=1.2, by_seed=True),
}
TABLE_SIZES = ((3, 3), (5, 5), (3, 100), (10, 3), (20, 20))
"""Numbers of runs in each row: one's own, and behind the report."""
FEW_ROWS = 2
MANY_ROWS = 26
OF_FEW_ROWS = (
    "normal",
    "exponential",
    "rewards capped",
    "two modes, 6 SD apart",
    "a correlation of 0.9",
    "a correlation of 0.9, seeds known",
    "capped, correlation 0.5, seeds known",
    "all 1 SD lower",
    "one row 4.1 SD off",
)
"""Kinds of tables that are drawn with `FEW_ROWS` as well as with `MANY_ROWS`."""
TRIALS_TABLE = 20_000


@dataclasses.dataclass(frozen=True)
class TableCell:
    """A kind of table, its number of rows, and its numbers of runs n and m."""

    name: str
    n_rows: int
    n: int
    m: int

    @property
    def n_trials(self) -> int:
        """Number of tables that are drawn: more if they have few rows, or if runs are normal."""
        if self.n_rows == FEW_ROWS or self.name == "normal":
            return TRIALS
        return TRIALS_TABLE


def list_cells() -> list[TableCell]:
    """Return all cells that are measured."""
    cells = []
    for n_rows, names in ((FEW_ROWS, OF_FEW_ROWS), (MANY_ROWS, tuple(TABLES))):
        for name in names:
            cells += [TableCell(name, n_rows, n, m) for n, m in TABLE_SIZES]
    return cells


def draw_side(
    kind: TableKind, generator: np.random.Generator, shape: tuple[int, int, int]
) -> FloatArray:
    """Return runs of one side, float64[tables, rows, runs], before they are scaled and shifted."""
    if not kind.correlation:
        return POPULATIONS[kind.population](generator, shape)
    n_tables, _, n_runs = shape
    # All rows share a part of the runs of each seed; the variance of a run stays 1.
    shared = generator.normal(size=(n_tables, 1, n_runs))
    runs: FloatArray = np.sqrt(1.0 - kind.correlation) * generator.normal(size=shape)
    runs += np.sqrt(kind.correlation) * shared
    if kind.population == CAPPED:
        return np.minimum(480.0 + 60.0 * runs, 500.0)
    return runs


def draw_tables(
    kind: TableKind, generator: np.random.Generator, n_tables: int, n_rows: int, n: int, m: int
) -> tuple[FloatArray, FloatArray]:
    """Return runs of both sides, float64[tables, rows, n] and float64[tables, rows, m]."""
    own_scale, their_scale = kind.scale
    own = own_scale * draw_side(kind, generator, (n_tables, n_rows, n))
    theirs = their_scale * draw_side(kind, generator, (n_tables, n_rows, m))
    if kind.labs:
        own += kind.labs * generator.normal(size=(n_tables, n_rows, 1))
        theirs += kind.labs * generator.normal(size=(n_tables, n_rows, 1))
    if kind.shift == "all":
        own += kind.size
    elif kind.shift == "each":
        own += kind.size * generator.choice([-1.0, 1.0], (n_tables, n_rows, 1))
    elif kind.shift == "first":
        own[:, 0] += kind.size
    return own, theirs


def measure_table(cell: TableCell) -> Rate:
    """Return the share of tables that is contradicted.

    ``a_row``: the share that is contradicted and has a row that is, too.
    """
    kind = TABLES[cell.name]
    index = list(TABLES).index(cell.name)
    generator = np.random.default_rng([SEED, index, cell.n_rows, cell.n, cell.m])
    parts = []
    for n_tables in list_chunks(cell.n_trials, cell.n_rows * (cell.n + cell.m)):
        own, theirs = draw_tables(kind, generator, n_tables, cell.n_rows, cell.n, cell.m)
        with np.errstate(all="ignore"):  # where all runs of a row are equal
            judged = judge_tables(
                own, theirs, by_seed=kind.by_seed, between=kind.between, has_gap=kind.has_gap
            )
        parts.append(judged)
    contradicted = np.concatenate([part.is_contradicted for part in parts])
    has_row = np.concatenate([part.has_row for part in parts])
    return {
        "trials": cell.n_trials,
        "contradicted": round(float(contradicted.mean()), 5),
        "a_row": round(float(has_row.mean()), 5),
    }
