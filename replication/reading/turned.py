"""Reports whose rows are statistics (mean, sd), turned so that each statistic is a column."""

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from replication.reading.headings import read_heading
from replication.reading.names import CENTRES, OF_TESTS
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.sheet import Column, Sheet
from replication.reading.tidy import Key
from replication.reading.typeset import fold

TURNED = "result"
"""The heading of the new column, whose cells were headings before."""
Results = Mapping[Key, Mapping[str, str]]
"""The cells of each result, by its key and by the name of the statistic."""


def turn_statistics(sheet: Sheet, known: Collection[str]) -> Sheet:
    """Return a report in which each statistic is a column; one that is so already is unchanged.

    `known`: headings, folded, of columns that name no statistics. Results of tests are left out.

    Notes
    -----
    From this table ::

        statistic,ant,hopper
        average,3.2,4.1
        standard deviation,0.2,0.3

    the following one is made::

        result,average,standard deviation
        ant,3.2,0.2
        hopper,4.1,0.3
    """
    names = _find_statistic_column(sheet, known)
    if names is None:
        return sheet
    _check_rows(sheet, names)
    others = [column for column in sheet.columns if column is not names]
    keys = [column for column in others if not column.is_numeric]
    numbers = [column for column in others if column.is_numeric]
    headings = [column.name for column in keys]
    if len(numbers) > 1:
        headings.append(TURNED)
    return _lay_out(sheet, headings, _collect_results(names, keys, numbers))


def _find_statistic_column(sheet: Sheet, known: Collection[str]) -> Column | None:
    """Return the column whose cells name a mean, and another statistic or a result of a test."""
    for column in sheet.columns:
        if column.is_numeric or fold(column.name) in known:
            continue
        statistics = {find_row_statistic(text) for text in column.distinct_texts} - {None}
        n_tests = sum(_is_of_test(text) for text in column.distinct_texts)
        if statistics & {*CENTRES} and len(statistics) + n_tests > 1:
            return column
    return None


def find_row_statistic(text: str) -> str | None:
    """Return the statistic that a cell names, read as a heading (Mean ± SD); None if it is none."""
    heading = read_heading(text)
    return None if heading.label else heading.statistic


def _is_of_test(text: str) -> bool:
    """Say whether a cell names a result of a test, as p."""
    return fold(text) in OF_TESTS


def _check_rows(sheet: Sheet, names: Column) -> None:
    """Ask about a row that is no statistic, where others are."""
    for text in names.distinct_texts:
        if find_row_statistic(text) is None and not _is_of_test(text):
            condition = quote_argument(f"{names.name}!={text}")
            message = (
                f"{quote([names.name])} of {sheet.name} names statistics "
                f"({quote(names.distinct_texts)}), and {quote([text])} is none: give `where` "
                f"{condition} to leave it out, or `by` {quote_argument(names.name)} if all of "
                "these are keys"
            )
            raise Question(Cause.STATISTIC, message)


def _collect_results(names: Column, keys: Sequence[Column], numbers: Sequence[Column]) -> Results:
    """Return the cells of each result, by its key.

    If several columns hold numbers, the key includes the heading of the column.
    `names`: the column that names the statistics; `keys`, `numbers`: the other columns.
    """
    statistics = names.list_texts()
    key_texts = [column.list_texts() for column in keys]
    results: dict[Key, dict[str, str]] = {}
    for column in numbers:
        for row, text in enumerate(column.list_texts()):
            if _is_of_test(statistics[row]):
                continue
            key = tuple(texts[row] for texts in key_texts)
            if len(numbers) > 1:
                key = (*key, column.name)
            results.setdefault(key, {})[statistics[row]] = text
    return results


def _lay_out(sheet: Sheet, keys: Sequence[str], results: Results) -> Sheet:
    """Return a table with a row for each result: its key, and its statistics.

    `keys`: the headings of the parts of a key.
    """
    statistics = list(dict.fromkeys(name for cells in results.values() for name in cells))
    rows = []
    for key, cells in results.items():
        rows.append([*key, *(cells.get(name, "") for name in statistics)])
    headings = [*keys, *statistics]
    turned = Sheet.of_rows(
        sheet.name, headings, rows, is_decimal_point_sure=sheet.is_decimal_point_sure
    )
    note = f"Rows are statistics: {', '.join(statistics)}."
    return dataclasses.replace(turned, notes=(*sheet.notes, note))
