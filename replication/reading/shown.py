"""What one table is read by, beside its own headings: what the other table names."""

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

N_SHOWN = 20
"""Cells of a column that show whether it holds counts."""


def find_shown(
    own: Sheet, theirs: Sheet, mine: Reading, other: Reading, label_key: str
) -> OtherSide:
    """Return the keys and values that the report names, by which your table is read.

    `label_key`: your column whose cells are labels in the headings of the report.
    """
    reported = find_reported_columns(theirs, theirs.choose(other.ignore))
    keys = find_shared_texts(own, theirs)
    keys.extend(find_heading_keys(own, other, label_key, keys))
    number_keys: list[str] = []
    if not mine.by:
        number_keys = find_number_keys(own, theirs, reported, mine, keys)
    keys.extend(number_keys)
    if not keys and not mine.by:
        ask_other_names(own, theirs)
    values: set[str] = set()
    if other.wide is None:
        values = find_values(reported) - {fold(name) for name in number_keys}
    return OtherSide(
        keys=tuple(keys),
        values=frozenset(values),
        is_share=are_shares(reported),
    )


def find_shared_texts(own: Sheet, theirs: Sheet) -> list[str]:
    """Return your columns of texts that the report has, too; those of seeds are no keys."""
    headings = {fold(name) for name in theirs.names}
    keys = []
    for column in own.columns:
        folded = fold(column.name)
        if not column.is_numeric and folded in headings and not SEED.fullmatch(folded):
            keys.append(column.name)
    return keys


def find_heading_keys(own: Sheet, other: Reading, label_key: str, keys: list[str]) -> list[str]:
    """Return your columns of texts whose cells are headings of the report, beside other keys."""
    candidates = [label_key]
    if other.wide is not None:
        candidates.insert(0, other.wide.key)
    headings: list[str] = []
    for name in candidates:
        heading = own.find(name)
        if heading is None or own[heading].is_numeric:
            continue
        if heading not in keys and heading not in headings:
            headings.append(heading)
    return headings


def are_shares(reported: Sequence[ReportedColumn]) -> bool:
    """Say whether the report has nothing but shares: by their names, or as 47/50."""
    statistics = {column.heading.statistic for column in reported if column.is_centre}
    if is_share(statistics):
        return True
    has_counts = any(_holds_counts(column) for column in reported)
    return has_counts and statistics <= {*SUCCESSES}


def ask_other_names(own: Sheet, theirs: Sheet) -> None:
    """Ask about columns of texts that are called otherwise, and have cells in common."""
    for column in own.columns:
        if column.is_numeric or not column.varies:
            continue
        for other in theirs.columns:
            if not other.is_numeric and fold_cells(column) & fold_cells(other):
                both = quote_argument(f"{column.name}={other.name}")
                names = f"{quote([other.name])} of the report your {quote([column.name])}"
                raise Question(Cause.KEY, f"is {names}? if so give `by` {both}")


def _holds_counts(reported: ReportedColumn) -> bool:
    """Say whether any of the first cells is k of n: 47/50."""
    column = reported.column
    cells = [column.split(text) for text in column.known[:N_SHOWN]]
    return any(cell is not None and cell.successes is not None for cell in cells)


def is_share(names: Collection[str | None]) -> bool:
    """Say whether nothing but a share of successes is reported."""
    known = {name for name in names if name is not None} - {"runs"}
    return bool(known) and known <= {*SUCCESSES}


def find_values(reported: Sequence[ReportedColumn]) -> set[str]:
    """Return the names, folded, of what is reported."""
    names: set[str] = set()
    for column in take_average_as_result(reported):
        label = column.heading.label
        if column.heading.statistic is None:
            names |= {fold(column.name), label}
        elif column.is_centre and label:
            names.add(label)
    return names


def find_number_keys(
    own: Sheet,
    theirs: Sheet,
    reported: Sequence[ReportedColumn],
    mine: Reading,
    texts: Sequence[str],
) -> list[str]:
    """Return columns of numbers that are keys of both tables by their name.

    The report has its means elsewhere, a row for each cell, and you have several rows for each.
    What may be the result as well is asked. `texts`: columns of texts that are keys.
    """
    said = {fold(name) for name in [*mine.keys, *mine.values, *mine.seed, *mine.ignore]}
    keys = []
    for column in reported:
        heading = own.find(column.name)
        if heading is None or not own[heading].is_numeric or fold(column.name) in said:
            continue
        if not _can_be_key(column, reported):
            continue
        theirs_column = theirs[column.name]
        is_known = has_cells_of(own[heading], theirs_column)
        if not is_known or not tells_rows_apart(theirs, theirs_column, texts):
            raise _ask_number_key(heading)
        keys.append(heading)
    return keys


def _can_be_key(column: ReportedColumn, reported: Sequence[ReportedColumn]) -> bool:
    """Say whether a column is no result by its looks, and another one is."""
    if column.heading.statistic is not None or column.has_spread:
        return False
    for other in reported:
        has_result = other.heading.statistic is None and other.has_spread
        if other is not column and (other.is_centre or has_result):
            return True
    return False


def has_cells_of(yours: Column, theirs: Column) -> bool:
    """Say whether you have several runs for each cell of the report."""
    your_cells = {fold_cell(text) for text in yours.known}
    their_cells = {fold_cell(text) for text in theirs.known}
    return their_cells <= your_cells and 2 * yours.n_distinct <= len(yours)


def tells_rows_apart(theirs: Sheet, column: Column, texts: Sequence[str]) -> bool:
    """Say whether a column tells rows of the report apart, beside keys that do not on their own."""
    if column.n_distinct == len(column):
        return True
    headings = [theirs.find(name) for name in texts]
    keys = [theirs[heading].list_texts() for heading in headings if heading is not None]
    if not keys:
        return False
    n_without = len(set(zip(*keys, strict=True)))
    n_with = len(set(zip(*keys, column.list_texts(), strict=True)))
    return n_without < n_with and n_with == theirs.n_rows


def _ask_number_key(heading: str) -> Question:
    name = quote_argument(heading)
    message = (
        f"{quote([heading])} holds numbers in both tables: give `by` {name} if it is a key, "
        f"`value` {name} if it is the result, or `ignore` {name}"
    )
    return Question(Cause.KEY, message)


def describe_yours(own: Sheet, runs: TidyRuns) -> YourSide:
    """Return the columns of texts and of values of your table, by which a report is read."""
    texts = [column.name for column in own.columns if not column.is_numeric]
    values = [name for name, role in runs.read_as.roles.items() if role is Role.VALUE]
    last = [re.split(r"[/.]", name)[-1] for name in values]
    names = frozenset(map(fold, [*texts, *values, *last]))
    return YourSide(names, find_value_name(runs))


def find_value_name(runs: TidyRuns) -> str | None:
    """Return the column of your values, if there is one."""
    names = [name for name, role in runs.read_as.roles.items() if role is Role.VALUE]
    return names[0] if len(names) == 1 else None
