"""From the rows of a report to the statistics of each key, by name."""

from collections.abc import Mapping, Sequence

from replication.reading.cells import is_missing
from replication.reading.decimals import Decimals, find_decimals_of
from replication.reading.keys import check_spellings
from replication.reading.names import SPREADS, STATISTICS, SUCCESSES
from replication.reading.options import Reading
from replication.reading.placing import (
    CellContext,
    PlacedNumbers,
    check_numbers,
    has_result,
    place_cell,
)
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.reported_columns import ReportedColumn
from replication.reading.sheet import Sheet
from replication.reading.tidy import Key, ReadAs, ReportRow, Role, TidyReport

Cells = Mapping[ReportedColumn, str]
"""The cells that belong to one result, by their columns."""


def read_rows(
    sheet: Sheet,
    keys: Sequence[str],
    columns: Sequence[ReportedColumn],
    reading: Reading,
    label_key: str,
) -> TidyReport:
    """Return the results of a report; results that cannot be read are named in its notes.

    A row gives one result, or one for each label: acc and loss, where headings are acc_mean and
    loss_mean. `columns`: those of results, spreads and counts. `label_key`: the name of the key
    whose cells are these labels.
    """
    labels = list(dict.fromkeys(column.heading.label for column in columns if column.is_centre))
    has_labels = len(labels) > 1
    decimals = _find_decimals(sheet, columns, reading)
    texts = {column.name: column.column.list_texts() for column in columns}
    rows: list[ReportRow] = []
    unreadable: list[str] = []
    for row_index, row_key in enumerate(_list_keys(sheet, keys)):
        for label in labels or [""]:
            key = (*row_key, label) if has_labels else row_key
            cells = {}
            for column in columns:
                # A column without a label, as n, belongs to all results of its row.
                if column.heading.label in ("", label):
                    cells[column] = texts[column.name][row_index]
            row = _read_row(key, cells, decimals, reading)
            if row is None:
                unreadable.append(_describe_unreadable(key, cells))
            else:
                rows.append(row)
    if not rows:
        raise Question(Cause.STATISTIC, f"{sheet.name} has no result that is a number")
    names = [*keys, label_key] if has_labels else keys
    _check_doubled(sheet, names, rows)
    notes = [*sheet.notes, *_note_units(columns), *_note_decimals(decimals, reading)]
    if unreadable:
        notes.append(f"Not read, since no number: {'; '.join(unreadable)}.")
    described = {column.name: _describe_column(column, reading) for column in columns}
    read_as = _describe_roles(sheet, keys, described, notes)
    return TidyReport(tuple(names), tuple(rows), read_as)


def _list_keys(sheet: Sheet, names: Sequence[str]) -> list[Key]:
    """Return the key of each row; refuse a row that lacks a part of it."""
    columns = [sheet[name].list_texts() for name in names]
    keys = []
    for row in range(sheet.n_rows):
        key = tuple(column[row].strip() for column in columns)
        if not all(key):
            message = f"row {row + 1} of {sheet.name} lacks a key ({quote(names)})"
            raise Question(Cause.KEY, message + "; give it, or remove the row")
        keys.append(key)
    return keys


def _find_decimals(sheet: Sheet, columns: Sequence[ReportedColumn], reading: Reading) -> Decimals:
    """Return the decimal sign of the report."""
    return find_decimals_of(
        [cell for column in columns for cell in column.column.list_cells()],
        where=sheet.name,
        wanted=reading.decimal,
        is_decimal_point_sure=sheet.is_decimal_point_sure,
    )


def _read_row(key: Key, cells: Cells, decimals: Decimals, reading: Reading) -> ReportRow | None:
    """Return the result that some cells hold; None if they are empty, or one cannot be read."""
    numbers = PlacedNumbers()
    for column, text in cells.items():
        if is_missing(text):
            continue
        cell = column.column.split(text)
        if cell is None:
            return None
        context = _find_context(column, reading)
        place_cell(numbers, cell, context, decimals)
        # A number of runs in a cell counts before that of its heading, and that before `n`.
        if column.heading.runs is not None:
            numbers.by_name.setdefault("runs", column.heading.runs)
    if not has_result(numbers):
        return None
    if reading.n is not None:
        numbers.by_name.setdefault("runs", reading.n)
    check_numbers(numbers, ", ".join(key) or "the report")
    return ReportRow(key, numbers.by_name, numbers.kind, numbers.is_skewed)


def _find_context(column: ReportedColumn, reading: Reading) -> CellContext:
    """Return what a column and the options say of its cells."""
    return CellContext(column.name, column.heading, reading, column.is_guess)


def _describe_unreadable(key: Key, cells: Cells) -> str:
    """Return in words a result that could not be read: its key, and its means as printed."""
    texts = [text for column, text in cells.items() if column.is_centre]
    name = ", ".join(key)
    return f"{name} ({quote(texts)})" if name else quote(texts)


def _check_doubled(sheet: Sheet, names: Sequence[str], rows: Sequence[ReportRow]) -> None:
    """Ask which result is meant where several have the same key."""
    for index, name in enumerate(names):
        check_spellings(name, dict.fromkeys(row.key[index] for row in rows))
    seen: set[Key] = set()
    for row in rows:
        if row.key in seen or (not names and len(rows) > 1):
            raise _ask_which_result(sheet, row.key, names)
        seen.add(row.key)


def _ask_which_result(sheet: Sheet, key: Key, names: Sequence[str]) -> Question:
    """Return the question which result of a key is meant.

    The first column of texts that is no key may tell them apart, and is proposed.
    """
    called = f" for {quote(key)}" if key else ""
    what = f"{sheet.name} has several results{called}"
    for column in sheet.columns:
        if column.name in names or column.is_numeric:
            continue
        by = ",".join(map(quote_argument, [*names, column.name]))
        first_cell = column.distinct_texts[0] if column.distinct_texts else ""
        where = quote_argument(f"{column.name}={first_cell}")
        message = f"{what}: tell them apart with `by` {by}, or keep some with `where` {where}"
        return Question(Cause.KEY, message)
    return Question(Cause.KEY, f"{what}; remove all but one, or name a key with `by`")


# -- how a report was read ------------------------------------------------------------------------


def _note_units(columns: Sequence[ReportedColumn]) -> list[str]:
    """Return a note for each column whose cells have a unit."""
    units = {column.name: column.column.unit for column in columns}
    return [f"Unit of {quote([name])}: {unit}." for name, unit in units.items() if unit]


def _note_decimals(decimals: Decimals, reading: Reading) -> list[str]:
    """Return a note on the decimal sign, unless it is the usual point and nobody asked."""
    if decimals.sign == "." and reading.decimal is None:
        return []
    return [f"Decimal sign: {quote([decimals.sign])}."]


def _describe_roles(
    sheet: Sheet, keys: Sequence[str], described: Mapping[str, str], notes: Sequence[str]
) -> ReadAs:
    """Return the role of each column; `described`: what columns of statistics hold, in words."""
    roles = dict.fromkeys(sheet.names, Role.IGNORED)
    roles |= dict.fromkeys(described, Role.STATISTIC)
    roles |= dict.fromkeys(keys, Role.KEY)
    return ReadAs(roles, tuple(notes), described)


def _describe_column(column: ReportedColumn, reading: Reading) -> str:
    """Return the heading of a column, with its statistic and its label in words."""
    context = _find_context(column, reading)
    names = [context.statistic]
    if column.is_guess:
        cells = column.column.list_cells()
        names = list(dict.fromkeys(map(context.find_statistic, cells))) or names
    in_words = {**STATISTICS, **SUCCESSES, "runs": "runs", "spread": "number behind ±"}
    words = " or ".join(in_words.get(name, name) for name in names)
    heading = column.heading
    if heading.label:
        words += f" of {heading.label}"
    if heading.kind and heading.statistic not in SPREADS:
        words += f", {heading.kind}"
    return f"{quote([column.name])} ({words})"
