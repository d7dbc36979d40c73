"""Columns of reported numbers, and what their headings say."""

import dataclasses
import re
from collections.abc import Collection, Sequence

from replication.reading.headings import Heading, read_heading
from replication.reading.names import CENTRES, COUNTS
from replication.reading.question import Cause, Question, quote
from replication.reading.roles import COUNTERS
from replication.reading.sheet import Column, Sheet
from replication.reading.typeset import fold

P_VALUES = {"p", "p_value", "p_values", "pvalue", "p_val", "pval"}
"""Headings of p-values, folded."""
SINGLE_LETTER = re.compile("[a-z]")


@dataclasses.dataclass(frozen=True)
class ReportedColumn:
    """A column of reported numbers, and what its heading says.

    `is_guess`: the heading names no statistic, and mean was guessed; cells may make it a median.
    """

    column: Column
    heading: Heading
    is_guess: bool = False

    @property
    def name(self) -> str:
        """The heading, as it is printed."""
        return self.column.name

    @property
    def is_centre(self) -> bool:
        """Whether it holds means, medians or shares."""
        return self.heading.statistic in CENTRES

    @property
    def has_spread(self) -> bool:
        """Whether any of its cells says how results vary: 0.83 ± 0.04."""
        return any(cell.has_spread for cell in self.column.list_cells())

    @property
    def has_counts(self) -> bool:
        """Whether all of its cells are k of n: 47/50."""
        cells = self.column.list_cells()
        return bool(cells) and all(cell.successes is not None for cell in cells)

    def name_statistic(self, statistic: str, label: str | None = None) -> "ReportedColumn":
        """Return the column with another statistic and, if one is given, another label."""
        new_label = self.heading.label if label is None else label
        heading = dataclasses.replace(self.heading, statistic=statistic, label=new_label)
        return dataclasses.replace(self, heading=heading)

    def guess_mean(self, label: str) -> "ReportedColumn":
        """Return the column as one of means; cells with an interquartile range make it medians."""
        return dataclasses.replace(self.name_statistic("mean", label), is_guess=True)


def find_reported_columns(sheet: Sheet, taken: Collection[str]) -> list[ReportedColumn]:
    """Return the columns of a report that hold numbers, except p-values and row counters.

    At least half of the cells must be numbers; below the name of a statistic, one is enough.
    `taken`: columns that are keys or ignored.
    """
    columns = []
    for column in sheet.columns:
        heading = read_heading(column.name)
        is_numeric = column.is_numeric or (heading.statistic is not None and column.has_numbers)
        if is_numeric and column.name not in taken and not _is_no_result(column):
            columns.append(ReportedColumn(column, heading))
    return columns


def check_cells(sheet: Sheet, names: Collection[str]) -> None:
    """Refuse a column named as a statistic whose cells all have digits and are no numbers.

    Otherwise it would be taken for a key. A count (events) and a single letter (k, M) may well be
    the name of a key, and are not checked. `names`: columns that are not checked, because the user
    said what they are.
    """
    for column in sheet.columns:
        heading = read_heading(column.name)
        is_statistic = heading.statistic is not None and not heading.label
        may_be_key = heading.statistic in COUNTS or SINGLE_LETTER.fullmatch(fold(column.name))
        if (
            not is_statistic
            or may_be_key
            or column.name in names
            or column.has_numbers
            or not column.distinct_texts
        ):
            continue
        if all(re.search(r"\d", text) for text in column.distinct_texts):
            message = (
                f"{quote([column.name])} of {sheet.name} holds {quote(column.distinct_texts[:2])}, "
                "which is no form of a number: write it as 0.83 or 0.83 ± 0.04, or name the column "
                "with `by` or `ignore` if it is something else"
            )
            raise Question(Cause.CELL, message)


def _is_no_result(column: Column) -> bool:
    """Say whether a column counts the rows, or holds p-values."""
    folded = fold(column.name)
    return folded in P_VALUES or (folded in COUNTERS and column.is_counter)


def find_wide_columns(sheet: Sheet, taken: Collection[str]) -> list[str]:
    """Return the headings that may be cells of a key (PPO, SAC), since they name no statistic."""
    free = [column for column in sheet.columns if column.name not in taken and column.is_numeric]
    columns = [ReportedColumn(column, read_heading(column.name)) for column in free]
    results = take_average_as_result(columns)
    return [result.name for result in results if result.heading.statistic is None]


def take_average_as_result(columns: Sequence[ReportedColumn]) -> list[ReportedColumn]:
    """Return the columns of a report, with an average over tasks as one more result.

    Beside the columns Ant and Hopper with cells such as 0.83 ± 0.04, a column Avg with 0.80 is the
    average of a row, and not the mean of runs that its heading seems to name.
    """
    named = [column for column in columns if column.heading.statistic is not None]
    unnamed = [column for column in columns if column.heading.statistic is None]
    results = [column for column in unnamed if column.has_spread]
    # Such an average is the only column that names a statistic, a mean, beside several results with
    # spreads.
    if len(results) < 2 or len(named) != 1 or named[0].heading.statistic != "mean":
        return list(columns)
    (average,) = named
    heading = dataclasses.replace(average.heading, statistic=None, label=fold(average.name))
    result = dataclasses.replace(average, heading=heading)
    return [result if column is average else column for column in columns]
