"""Judge the rows of a table one by one, and make one answer of them."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from replication.comparison.comparison import compare_sides
from replication.comparison.request import Remarks, Request
from replication.comparison.result import Comparison
from replication.comparison.sides import Key, OneSide, OwnRuns, Printed
from replication.comparison.table import ComparisonTable
from replication.comparison.text import Block, name_key
from replication.errors import ReplicationError, UsageError
from replication.statistics.arrays import FloatArray
from replication.statistics.pooling import find_effect, pool
from replication.statistics.sampling import Effort
from replication.statistics.seeds import NO_SEEDS, BySeed

FEW_ROWS = 4  # from so many rows on, fewer studies are drawn for each, to save time
LESS_EFFORT = Effort(10_000, 200)


@dataclasses.dataclass(frozen=True)
class TableSides:
    """Both sides of a table, by key, and how they were read.

    Parameters
    ----------
    by : tuple of str
        Names of the keys.
    mine : mapping of key to OwnRuns or Printed
        One's own side.
    theirs : mapping of key to Printed
        The report.
    said : mapping of str to str
        Remarks on how the tables were read, by the argument that changes it.
    n_missing : int
        Runs that lack a value or a key.
    read_as : sequence of Block
        How both sides were read, and what was left out.
    has_one_report : bool
        Whether all rows are compared with one and the same report.
    """

    by: tuple[str, ...]
    mine: Mapping[Key, OneSide]
    theirs: Mapping[Key, Printed]
    said: Mapping[str, str] = dataclasses.field(default_factory=Remarks)
    n_missing: int = 0
    read_as: Sequence[Block] = ()
    has_one_report: bool = False

    @property
    def shared(self) -> list[Key]:
        """Keys that both sides have, in the order of the report."""
        return [key for key in self.theirs if key in self.mine]


@dataclasses.dataclass(frozen=True)
class JudgedRows:
    """Answers by key, and why other rows have none."""

    rows: Mapping[Key, Comparison]
    refused: Mapping[Key, str]


def compare_rows(sides: TableSides, request: Request) -> ComparisonTable | Comparison:
    """Return the answer to a table; a table without keys has one row, whose answer it is."""
    if not sides.by:
        answer = compare_sides(sides.mine[()], sides.theirs[()], request, said=sides.said)
        n_missing = answer.n_missing + sides.n_missing
        return dataclasses.replace(answer, read_as=tuple(sides.read_as), n_missing=n_missing)
    said = dict(sides.said)
    judged = judge_rows(sides, request)
    if request.estimates_between:
        between = estimate_between(judged.rows)
        said["between"] = f"labs differ by {between:.2g} SD, estimated from the rows"
        request = dataclasses.replace(request, between=between)
        judged = judge_rows(sides, request)
    return ComparisonTable(
        by=sides.by,
        rows=judged.rows,
        refused=judged.refused,
        n_missing=sides.n_missing,
        assumptions=said,
        seeds={key: find_values_by_seed(side) for key, side in sides.mine.items()},
        has_one_report=sides.has_one_report,
        only_reported=tuple(key for key in sides.theirs if key not in sides.mine),
        only_yours=tuple(key for key in sides.mine if key not in sides.theirs),
        level=request.level,
        between=request.between,
        read_as=tuple(sides.read_as),
    )


def judge_rows(sides: TableSides, request: Request) -> JudgedRows:
    """Compare each row that both sides have; keep the reason why a row cannot be compared."""
    effort = Effort() if len(sides.theirs) < FEW_ROWS else LESS_EFFORT
    rows: dict[Key, Comparison] = {}
    refused: dict[Key, str] = {}
    for key in sides.shared:
        try:
            rows[key] = compare_sides(sides.mine[key], sides.theirs[key], request, effort=effort)
        except ReplicationError as error:
            refused[key] = str(error)
    if not rows:
        key, why = next(iter(refused.items()))
        raise UsageError(f"no row could be compared; {name_key(key)}: {why}")
    return JudgedRows(rows, refused)


def estimate_between(rows: Mapping[Key, Comparison]) -> float:
    """Estimate the spread between labs from rows, in standard deviations of a run."""
    effects = [find_effect(row.difference, row.main.sides) for row in rows.values()]
    pooled = pool(effects, level=0.05)
    if pooled is None or pooled.tau is None:
        raise UsageError("`between` estimate takes three rows of ten runs on either side")
    return pooled.tau


def find_values_by_seed(side: OneSide) -> BySeed:
    """Return values by the seed of their run; none where no column says the seed."""
    if not isinstance(side, OwnRuns) or side.seeds is None:
        return NO_SEEDS
    values: FloatArray = np.asarray(side.values, dtype=np.float64)
    order = np.argsort(side.seeds, kind="stable")
    return BySeed(side.seeds[order], values[order])
