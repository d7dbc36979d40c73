"""From a table of reported results to the statistics of each key, by name."""

import dataclasses
from collections.abc import Sequence

from replication.reading.grouping import filter_rows, melt
from replication.reading.headings import read_heading
from replication.reading.kinds import read_kind
from replication.reading.options import Reading, Wide
from replication.reading.question import Cause, Question, quote
from replication.reading.reported_columns import (
    check_cells,
    find_reported_columns,
    find_wide_columns,
)
from replication.reading.result_columns import BEHIND_NAME, find_result_columns
from replication.reading.result_rows import read_rows
from replication.reading.runs import METRIC
from replication.reading.sheet import Column, Sheet
from replication.reading.tidy import TidyReport
from replication.reading.turned import turn_statistics
from replication.reading.typeset import clean, fold
from replication.reading.your_side import YourSide


def read_report_of(
    sheet: Sheet, reading: Reading, yours: YourSide | None = None, label_key: str = METRIC
) -> TidyReport:
    """Return the results of a report.

    `yours`: the columns of your table; None where the report is read alone. `label_key`: the name
    of the key whose cells stand in headings, as acc in acc_mean.
    """
    sheet = filter_rows(sheet, reading.where)
    no_statistics = {fold(name) for name in (*reading.keys, *reading.ignore)}
    if yours is not None:
        no_statistics |= yours.names
    sheet = turn_statistics(sheet, no_statistics)
    ignored = sheet.choose(reading.ignore)
    keys = find_keys(sheet, reading, yours)
    # A column that the user named as a key may hold anything; one that was guessed is checked.
    unchecked = list(ignored)
    if reading.by:
        unchecked.extend(keys)
    check_cells(sheet, unchecked)
    if reading.wide is not None:
        sheet = melt_results(sheet, reading.wide, [*keys, *ignored])
        keys.append(reading.wide.key)
    columns = find_reported_columns(sheet, [*keys, *ignored])
    results = find_result_columns(sheet, columns, reading, yours)
    return read_rows(sheet, keys, results, reading, label_key)


def find_keys(sheet: Sheet, reading: Reading, yours: YourSide | None) -> list[str]:
    """Return the columns of keys: those of the option `by`, or else columns of texts.

    Beside a table of yours, only texts that it has under the same heading are keys.
    """
    if reading.by:
        wide = None if reading.wide is None else reading.wide.key
        names = []
        for name in reading.keys:
            # Such a key is no column yet: its cells are the headings of other columns.
            is_of_headings = name == wide or (fold(name) == METRIC and not sheet.find(name))
            if not is_of_headings:
                names.append(name)
        return sheet.choose(names)
    texts = [column.name for column in sheet.columns if not column.is_numeric]
    if yours is not None:
        return [name for name in texts if yours.knows(name)]
    ignored = sheet.choose(reading.ignore)
    return [name for name in texts if name not in ignored]


def _name_melted(sheet: Sheet, columns: Sequence[str]) -> str:
    """Return the heading for the cells of several columns that become one.

    It is "mean", with the kind of spread and the unit that all of their headings name: "mean (SD)"
    for PPO (SD) and SAC (SD). The statistic itself is guessed later, from the cells.
    """
    headings = [read_heading(name) for name in columns]
    heading = "mean"
    kinds = {}
    for column_heading in headings:
        if column_heading.kind is not None:
            kinds[read_kind(column_heading.kind)] = column_heading.kind
    if len(kinds) > 1:
        message = (
            f"headings of {sheet.name} say what ± is in several ways ({quote(kinds.values())}); "
            "compare such columns one by one, with `value`"
        )
        raise Question(Cause.SPREAD, message)
    for words in kinds.values():
        heading += f" ({words})"
    if all(column_heading.unit == "%" for column_heading in headings):
        heading += " (%)"
    return heading


def melt_results(sheet: Sheet, wide: Wide, taken: list[str]) -> Sheet:
    """Return a report in which headings that are cells of a key have become a column.

    The headings PPO and SAC are cells of the key algorithm. The numbers below them stand in a
    column whose heading begins with "mean". Where a heading says how many runs there were, as
    PPO (n = 5), the key is PPO, and a new column n holds 5. `taken`: columns that hold no results.
    """
    columns = sheet.choose(wide.columns) or find_wide_columns(sheet, taken)
    if not columns:
        message = f"{sheet.name} has no columns of numbers whose headings are a {wide.key}"
        raise Question(Cause.STATISTIC, message)
    melted = melt(sheet, columns, wide.key, _name_melted(sheet, columns))
    headings = melted[wide.key].list_texts()
    names = Column(wide.key, [BEHIND_NAME.sub("", clean(text)) for text in headings])
    runs = Column("n", [read_heading(text).runs or "" for text in headings])
    new_columns = [names if column.name == wide.key else column for column in melted.columns]
    if any(runs.texts) and melted.find("n") is None:
        new_columns.append(runs)
    return dataclasses.replace(melted, columns=tuple(new_columns))
