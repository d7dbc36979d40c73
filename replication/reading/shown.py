"""What each table tells about the other: which columns are keys, and which hold the values."""

import re
from collections.abc import Collection, Sequence

from replication.reading.keys import fold_cell
from replication.reading.names import SUCCESSES
from replication.reading.options import Reading
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.reported_columns import (
    ReportedColumn,
    find_reported_columns,
    take_average_as_result,
)
from replication.reading.roles import SEED, OtherSide
from replication.reading.sheet import Column, Sheet
from replication.reading.tidy import Role, TidyRuns
from replication.reading.typeset import fold
from replication.reading.wide import fold_cells
from replication.reading.your_side import YourSide

N_SAMPLED = 20
"""Cells of a column that show whether it holds counts."""


def find_other_side(
    your_table: Sheet,
    their_table: Sheet,
    your_reading: Reading,
    their_reading: Reading,
    label_key: str,
) -> OtherSide:
    """Return the keys and values that the report names; they tell how to read your table.

    `label_key`: your column whose cells are labels in headings of the report, as PPO in PPO_mean.
    """
    reported = find_reported_columns(their_table, their_table.choose(their_reading.ignore))
    keys = find_shared_keys(your_table, their_table)
    keys.extend(find_heading_keys(your_table, their_reading, label_key, keys))
    number_keys: list[str] = []
    if not your_reading.by:
        number_keys = find_number_keys(your_table, their_table, reported, your_reading, keys)
    keys.extend(number_keys)
    if not keys and not your_reading.by:
        ask_other_names(your_table, their_table)
    values: set[str] = set()
    if their_reading.wide is None:
        values = find_values(reported) - {fold(name) for name in number_keys}
    return OtherSide(
        keys=tuple(keys),
        values=frozenset(values),
        is_share=are_shares(reported),
    )


def find_shared_keys(your_table: Sheet, their_table: Sheet) -> list[str]:
    """Return your columns of texts that the report has under the same heading, except seeds.

    They are keys, because they name the same things on both sides.
    """
    headings = {fold(name) for name in their_table.names}
    keys = []
    for column in your_table.columns:
        folded = fold(column.name)
        if not column.is_numeric and folded in headings and not SEED.fullmatch(folded):
            keys.append(column.name)
    return keys


def find_heading_keys(
    your_table: Sheet, their_reading: Reading, label_key: str, keys: list[str]
) -> list[str]:
    """Return your columns of texts whose cells stand in headings of the report.

    They are keys as well. `keys`: those that are known already, and are left out here.
    """
    candidates = [label_key]
    if their_reading.wide is not None:
        candidates.insert(0, their_reading.wide.key)
    headings: list[str] = []
    for name in candidates:
        heading = your_table.find(name)
        if heading is None or your_table[heading].is_numeric:
            continue
        if heading not in keys and heading not in headings:
            headings.append(heading)
    return headings


def are_shares(reported: Sequence[ReportedColumn]) -> bool:
    """Say whether the report holds success rates and nothing else: by name, or as 47/50."""
    statistics = {column.heading.statistic for column in reported if column.is_centre}
    if is_share(statistics):
        return True
    has_counts = any(_holds_counts(column) for column in reported)
    return has_counts and statistics <= {*SUCCESSES}


def ask_other_names(your_table: Sheet, their_table: Sheet) -> None:
    """Ask about two columns of texts with different headings and a cell in common.

    They may be one key, which both sides call by different names.
    """
    for column in your_table.columns:
        if column.is_numeric or not column.varies:
            continue
        for reported in their_table.columns:
            if not reported.is_numeric and fold_cells(column) & fold_cells(reported):
                both = quote_argument(f"{column.name}={reported.name}")
                names = f"{quote([reported.name])} of the report your {quote([column.name])}"
                raise Question(Cause.KEY, f"is {names}? if so give `by` {both}")


def _holds_counts(reported: ReportedColumn) -> bool:
    """Say whether any of the first `N_SAMPLED` distinct cells is k of n: 47/50."""
    column = reported.column
    cells = [column.split(text) for text in column.distinct_texts[:N_SAMPLED]]
    return any(cell is not None and cell.successes is not None for cell in cells)


def is_share(names: Collection[str | None]) -> bool:
    """Say whether success rates, or numbers of successes, are reported and nothing else."""
    statistics = {name for name in names if name is not None} - {"runs"}
    return bool(statistics) and statistics <= {*SUCCESSES}


def find_values(reported: Sequence[ReportedColumn]) -> set[str]:
    """Return what the report calls its values, folded: acc, from a heading acc or acc_mean."""
    names: set[str] = set()
    for column in take_average_as_result(reported):
        label = column.heading.label
        if column.heading.statistic is None:
            names |= {fold(column.name), label}
        elif column.is_centre and label:
            names.add(label)
    return names


def find_number_keys(
    your_table: Sheet,
    their_table: Sheet,
    reported: Sequence[ReportedColumn],
    your_reading: Reading,
    texts: Sequence[str],
) -> list[str]:
    """Return columns of numbers that are keys, because both tables have them, as a column lr.

    In the report, another column holds the results, and each cell stands in one row; in your table,
    each cell stands in several rows. A shared column that may be the result instead is asked about.
    `texts`: columns of texts that are keys.
    """
    named = {
        fold(name)
        for name in [
            *your_reading.keys,
            *your_reading.values,
            *your_reading.seed,
            *your_reading.ignore,
        ]
    }
    keys = []
    for column in reported:
        heading = your_table.find(column.name)
        if heading is None or not your_table[heading].is_numeric or fold(column.name) in named:
            continue
        if not _can_be_key(column, reported):
            continue
        column_of_report = their_table[column.name]
        has_all_cells = has_cells_of(your_table[heading], column_of_report)
        if not has_all_cells or not tells_rows_apart(their_table, column_of_report, texts):
            raise _ask_number_key(heading)
        keys.append(heading)
    return keys


def _can_be_key(column: ReportedColumn, reported: Sequence[ReportedColumn]) -> bool:
    """Say whether a column names no statistic and has no spread, while another holds results."""
    if column.heading.statistic is not None or column.has_spread:
        return False
    for candidate in reported:
        is_result = candidate.is_centre
        if candidate.heading.statistic is None and candidate.has_spread:
            is_result = True
        if is_result and candidate is not column:
            return True
    return False


def has_cells_of(yours: Column, reported: Column) -> bool:
    """Say whether your column has all cells of the report's, and each twice or more on average."""
    your_cells = {fold_cell(text) for text in yours.distinct_texts}
    their_cells = {fold_cell(text) for text in reported.distinct_texts}
    return their_cells <= your_cells and 2 * yours.n_distinct <= len(yours)


def tells_rows_apart(their_table: Sheet, column: Column, texts: Sequence[str]) -> bool:
    """Say whether a column, together with the keys `texts`, differs in each row of the report.

    A column that adds nothing to these keys does not count.
    """
    if column.n_distinct == len(column):
        return True
    headings = [their_table.find(name) for name in texts]
    keys = [their_table[heading].list_texts() for heading in headings if heading is not None]
    if not keys:
        return False
    n_without = len(set(zip(*keys, strict=True)))
    n_with = len(set(zip(*keys, column.list_texts(), strict=True)))
    return n_without < n_with and n_with == their_table.n_rows


def _ask_number_key(heading: str) -> Question:
    """Return the question whether a column of numbers of both tables is a key or the result."""
    name = quote_argument(heading)
    message = (
        f"{quote([heading])} holds numbers in both tables: give `by` {name} if it is a key, "
        f"`value` {name} if it is the result, or `ignore` {name}"
    )
    return Question(Cause.KEY, message)


def describe_yours(your_table: Sheet, runs: TidyRuns) -> YourSide:
    """Return the names of your columns of texts and of values, which tell how to read a report."""
    texts = [column.name for column in your_table.columns if not column.is_numeric]
    values = [name for name, role in runs.read_as.roles.items() if role is Role.VALUE]
    last_parts = [re.split(r"[/.]", name)[-1] for name in values]  # return, of eval/return
    names = frozenset(map(fold, [*texts, *values, *last_parts]))
    return YourSide(names, find_value_name(runs))


def find_value_name(runs: TidyRuns) -> str | None:
    """Return the heading of your values; None if several columns hold values."""
    names = [name for name, role in runs.read_as.roles.items() if role is Role.VALUE]
    return names[0] if len(names) == 1 else None
