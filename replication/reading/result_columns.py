"""Which columns of a report hold the results, and which belong to them."""

import re
from collections.abc import Sequence

from replication.reading.headings import read_heading
from replication.reading.names import COUNTS
from replication.reading.options import Reading
from replication.reading.question import Cause, Question, quote
from replication.reading.reported_columns import ReportedColumn, take_average_as_result
from replication.reading.result_questions import (
    ask_columns,
    ask_if_yours,
    ask_label,
    ask_result_column,
    ask_statistic,
    ask_wide,
)
from replication.reading.sheet import Sheet
from replication.reading.trackers import is_aside
from replication.reading.typeset import clean, fold
from replication.reading.your_side import NO_TABLE, YourSide
from replication.wording import show

BEHIND_NAME = re.compile(r"\s*[(\[].*")  # PPO (n = 5)
GENERIC = {
    "result",
    "results",
    "value",
    "values",
    "reported",
    "paper",
    "published",
    "original",
    "performance",
    "estimate",
    "report",
    "n/n",
}
"""Headings that say no more than that a result stands below."""
DIFFERENCES = {"difference", "diff", "improvement", "gain", "gap", "delta"}
"""Headings of a difference of two groups."""
QUARTILES = {"q1", "q3", "iqr"}
BESIDE_MEANS = {"sd", "se", "ci", "ci_low", "spread"}
"""Statistics that stand beside a mean, so that a column without a name is one of means."""


def find_result_columns(
    sheet: Sheet, columns: Sequence[ReportedColumn], reading: Reading, yours: YourSide | None
) -> list[ReportedColumn]:
    """Return the columns of results, and of what belongs to them, each with its statistic.

    What no heading explains is asked. `yours`: None where there is no table of yours.
    """
    if reading.value:
        explained = _take_said(sheet, columns, reading)
    else:
        if reading.wide is None:
            candidates = take_average_as_result(columns)
        else:
            candidates = _guess_stacked(columns)
        if any(column.is_centre for column in candidates):
            explained = _keep_known_labels(candidates, yours)
        else:
            explained = _name_values(sheet, candidates, yours)
    unexplained = []
    results = []
    for column in explained:
        if column.heading.statistic is not None:
            results.append(column)
        elif not is_aside(column.name):
            unexplained.append(column.name)
    if unexplained:
        raise ask_columns(sheet, unexplained)
    _check_factors(results, yours or NO_TABLE)
    return results


def _guess_stacked(columns: Sequence[ReportedColumn]) -> list[ReportedColumn]:
    """Return the columns of a table whose headings were stacked above cells called "mean"."""
    guessed = []
    for column in columns:
        is_stacked = column.heading.statistic == "mean" and not column.heading.label
        guessed.append(_guess_statistic(column, "", columns) if is_stacked else column)
    return guessed


def _check_factors(results: Sequence[ReportedColumn], yours: YourSide) -> None:
    """Ask about numbers that may have been divided by a factor, unless yours say the same one."""
    your_heading = yours.value or ""
    your_factor = read_heading(your_heading).factor
    for column in results:
        if column.heading.statistic in COUNTS or column.heading.factor == your_factor:
            continue
        heading = column.name if column.heading.factor else your_heading
        message = (
            f"is each number below {show(heading)} to be multiplied by its factor, or has it been? "
            "Write numbers as they are meant, and a heading without it"
        )
        raise Question(Cause.UNIT, message)


# -- columns that were named ----------------------------------------------------------------------


def _take_said(
    sheet: Sheet, columns: Sequence[ReportedColumn], reading: Reading
) -> list[ReportedColumn]:
    """Return the columns of results that were named, and the statistics that belong to them.

    Other columns were not meant.
    """
    names = _list_said(sheet, columns, reading)
    labels = {column.heading.label for column in columns if column.name in names}
    taken = []
    for column in columns:
        if column.name in names:
            taken.append(_name_result(column, columns))
        elif column.heading.statistic is not None and column.heading.label in {"", *labels}:
            taken.append(column)
    if len(names) > 1:
        return taken
    # A single result needs no label.
    return [column.name_statistic(column.heading.statistic or "mean", "") for column in taken]


def _list_said(sheet: Sheet, columns: Sequence[ReportedColumn], reading: Reading) -> list[str]:
    """Return the headings of the columns that were named; refuse one without numbers."""
    names = sheet.choose([renamed.theirs or renamed.own for renamed in reading.value])
    known = {column.name for column in columns}
    missing = [name for name in names if name not in known]
    if missing:
        message = f"{quote(missing)} of {sheet.name} holds no numbers; give `value` another column"
        raise Question(Cause.VALUE, message)
    return names


def _name_result(column: ReportedColumn, columns: Sequence[ReportedColumn]) -> ReportedColumn:
    """Return a column that was named as one of what its heading says, or of means or medians."""
    label = column.heading.label or fold(column.name)
    if column.is_centre and column.heading.statistic is not None:
        return column.name_statistic(column.heading.statistic, label)
    return _guess_statistic(column, label, columns)


# -- columns below the name of a statistic --------------------------------------------------------


def _keep_known_labels(
    columns: Sequence[ReportedColumn], yours: YourSide | None
) -> list[ReportedColumn]:
    """Return columns of the labels that your table knows: acc_mean, where you have acc.

    All are kept if it knows none of them. What no heading explains is kept, too, to be asked.
    """
    if yours is None:
        return list(columns)
    labels = {column.heading.label for column in columns if column.is_centre}
    if len(labels) == 1:
        _check_label(columns, yours)
        return list(columns)
    known = {label for label in labels if not label or yours.knows(label)}
    if not known:
        return list(columns)
    kept = []
    for column in columns:
        is_known = column.heading.label in known or not column.heading.label
        if is_known or column.heading.statistic is None:
            kept.append(column)
    return kept


def _check_label(columns: Sequence[ReportedColumn], yours: YourSide) -> None:
    """Ask about means of something that is not called as your values are."""
    centre = next(column for column in columns if column.is_centre)
    label = centre.heading.label
    is_plain = not label or label in GENERIC | DIFFERENCES
    if is_plain or yours.value_name is None or yours.knows(label):
        return
    raise ask_label(centre, yours.value_name)


# -- columns without the name of a statistic ------------------------------------------------------


def _name_values(
    sheet: Sheet, columns: Sequence[ReportedColumn], yours: YourSide | None
) -> list[ReportedColumn]:
    """Return columns, of which the one that your table has, or the only one, holds the results."""
    results = _pick_results(sheet, columns, yours)
    named = []
    for column in columns:
        if column not in results:
            named.append(column)
            continue
        label = "" if len(results) == 1 else BEHIND_NAME.sub("", clean(column.name))
        named.append(_guess_statistic(column, label, columns))
    return named


def _guess_statistic(
    column: ReportedColumn, label: str, columns: Sequence[ReportedColumn]
) -> ReportedColumn:
    """Return a column of results that nothing names as one of means, medians or successes."""
    if column.has_counts:
        return column.name_statistic("n_succeeded", label)
    if _has_quartiles_beside(columns):
        return column.name_statistic("median", label)
    return column.guess_mean(label)


def _has_quartiles_beside(columns: Sequence[ReportedColumn]) -> bool:
    """Say whether quartiles stand in columns without a label, and nothing that belongs to means."""
    beside = {column.heading.statistic for column in columns if not column.heading.label}
    return not beside.isdisjoint(QUARTILES) and beside.isdisjoint(BESIDE_MEANS)


def _pick_results(
    sheet: Sheet, columns: Sequence[ReportedColumn], yours: YourSide | None
) -> list[ReportedColumn]:
    """Return the columns of results among those that name no statistic; ask where it is open."""
    unnamed = [column for column in columns if column.heading.statistic is None]
    if not unnamed:
        raise ask_result_column(sheet)
    if yours is not None:
        yours_too = [column for column in unnamed if _is_called_as_yours(column, yours)]
        if yours_too:
            return yours_too
    generic = [column for column in unnamed if column.heading.label in GENERIC]
    results = generic or unnamed
    if len(results) > 1:
        raise ask_wide(sheet, [column.name for column in results], yours)
    beside = {column.heading.statistic for column in columns if not column.heading.label}
    has_spread_beside = not beside.isdisjoint(BESIDE_MEANS | QUARTILES)
    _check_single(sheet, results[0], yours, has_spread_beside=has_spread_beside)
    return results


def _is_called_as_yours(column: ReportedColumn, yours: YourSide) -> bool:
    """Say whether one of your columns has the heading of a column, or its label."""
    label = column.heading.label
    return yours.knows(column.name) or (bool(label) and yours.knows(label))


def _check_single(
    sheet: Sheet, column: ReportedColumn, yours: YourSide | None, *, has_spread_beside: bool
) -> None:
    """Ask about a single column of numbers whose heading does not say what it is, or whose.

    `has_spread_beside`: a column of spreads stands beside it, so that it holds means or medians.
    """
    label = column.heading.label
    is_generic = not label or label in GENERIC | DIFFERENCES
    value_name = None if yours is None else yours.value_name
    is_clear = column.has_spread or column.has_counts or has_spread_beside
    if not (is_clear or is_generic):
        raise ask_statistic(sheet, column.name, value_name)
    if value_name is not None and not is_generic:
        raise ask_if_yours(sheet, column.name, value_name)
