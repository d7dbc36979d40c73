"""The answer to a table of reported results, in every form: all rows together, then each row."""

import dataclasses
import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from replication.comparison.cells import list_cells, tabulate
from replication.comparison.figure import draw
from replication.comparison.forest import draw_rows
from replication.comparison.found_table import FoundTable
from replication.comparison.numbers import describe_p
from replication.comparison.options import FORMS
from replication.comparison.table_sentences import (
    answer_table,
    describe_columns,
    describe_marks,
    list_asides,
)
from replication.comparison.text import Answered, Block, Cell
from replication.wording import plural

if TYPE_CHECKING:
    import pandas as pd

PARTS = (
    "verdict",
    "reason",
    "p",
    "conditions",
    "pooled",
    "level",
    "between",
    "n_missing",
    "assumptions",
    "read_as",
)
"""Attributes that `to_dict` returns as they are, under their own names."""


@dataclasses.dataclass(frozen=True, eq=False)
class ComparisonTable(FoundTable, Answered):
    """The result of comparing many reported numbers with your runs.

    Parameters
    ----------
    by : tuple of str
        Names of the keys. A key is a column of both tables, or a column of one and headings of the
        other.
    rows : mapping of tuple of str to Comparison
        The comparison of each row, by its key.
    refused : mapping of tuple of str to str
        Rows of the report that could not be read or compared, with what is wrong.
    only_reported, only_yours : tuple of tuple of str
        Keys that the other side lacks.
    n_missing : int
        Runs that lack a key, and were left out. Runs that lack a value are counted in their row.
    level, between : float
        Significance level of the tests; the spread between labs that was allowed for.
    assumptions : mapping of str to str
        How the tables were read, by the argument that changes it.
    seeds : mapping of tuple of str to BySeed
        Your values by seed, for each row; empty where no column says the seed of a run.
    has_one_report : bool
        Whether all rows are compared with one and the same report, whose error they share.
    read_as : tuple of Block
        How both tables were read, and what was left out.
    """

    forms = FORMS
    read_as: tuple[Block, ...] = ()

    def __repr__(self) -> str:
        p = "" if self.p is None else f", {describe_p(self.p)}"
        return f"<ComparisonTable: {self.verdict}{p} ({plural(len(self.rows), 'row')})>"

    def list_parts(self) -> dict[str, Any]:
        """Return the parts of the answer by the names that they have in JSON, for `to_dict`."""
        parts: dict[str, Any] = {name: getattr(self, name) for name in PARTS}
        parts["p_by_assumption"] = {name: reading.p for name, reading in self.readings.items()}
        parts["dependence"] = None if self.whole is None else self.whole.dependence
        parts["n_judged"] = len(self.p_values)
        parts["n_contradicted"] = len(self.contradicted)
        parts["n_equivalent"] = len(self.equivalent) if self.has_margin else None
        parts["rows"] = self._list_rows()
        parts["only_reported"] = [{"key": key} for key in self.only_reported]
        parts["only_yours"] = [{"key": key} for key in self.only_yours]
        parts["refused"] = [{"key": key, "why": why} for key, why in self.refused.items()]
        return parts

    def _list_rows(self) -> list[dict[str, Any]]:
        """Return the answer of each row, with p and verdict adjusted for the number of rows."""
        rows = []
        for key, row in self.rows.items():
            in_table: dict[str, Any] = {
                "key": dict(zip(self.by, key, strict=True)),
                "p_adjusted": self.adjusted.get(key),
                "verdict_in_table": self.verdicts[key],
            }
            rows.append(in_table | row.to_dict())
        return rows

    def to_frame(self) -> "pd.DataFrame":
        """Return a table with a row for each result, and all rows together last."""
        import pandas as pd

        header, *rows = self.list_cells()
        return pd.DataFrame(rows, columns=header)

    def plot(self) -> Any:
        """Return a forest plot: all differences in standard deviations, and their mean."""
        is_known = any(row.difference and row.difference.d for row in self.rows.values())
        panels = [functools.partial(draw_rows, self)] if is_known else []
        return draw(panels, height=1.2 + 0.25 * len(self.rows))

    def list_cells(self) -> list[list[Cell]]:
        """Return the rows as numbers, header first, and all rows together last."""
        return list_cells(self)

    def describe(self) -> Iterable[Block]:
        """Yield the answer: the table as a whole, its rows, their conditions, what is missing."""
        conditions: dict[str, None] = {}
        for row in self.rows.values():
            conditions.update(dict.fromkeys(row.conditions))
        yield Block(answer_table(self))
        yield Block(rows=tabulate(self, list(conditions)))
        yield Block(describe_columns(self))
        yield from map(Block, describe_marks(self, list(conditions)))
        for title, items in list_asides(self).items():
            if items:
                yield Block(title, items)
