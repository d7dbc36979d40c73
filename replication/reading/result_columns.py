"""Which columns of a report hold results, and which hold spreads and counts of them."""

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

BEHIND_NAME = re.compile(r"\s*[(\[].*")  # " (n = 5)" of PPO (n = 5)
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
"""Statistics that are reported with a mean: beside them, a column of no statistic is of means."""


def find_result_columns(
    sheet: Sheet, columns: Sequence[ReportedColumn], reading: Reading, yours: YourSide | None
) -> list[ReportedColumn]:
    """Return the columns of results, spreads and counts, each with its statistic.

    A column that no heading explains is asked about. `yours`: your columns; None where the report
    is read alone.
    """
    if reading.value:
        explained = _take_named(sheet, columns, reading)
    else:
        if reading.wide is None:
            candidates = take_average_as_result(columns)
        else:
            candidates = _guess_melted(columns)
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


def _guess_melted(columns: Sequence[ReportedColumn]) -> list[ReportedColumn]:
    """Return the columns of a report whose headings became a column, its statistic guessed.

    `melt_results` called the cells "mean" for the time being; other columns are returned as they
    are.
    """
    guessed = []
    for column in columns:
        is_melted = column.heading.statistic == "mean" and not column.heading.label
        guessed.append(_guess_statistic(column, "", columns) if is_melted else column)
    return guessed


def _check_factors(results: Sequence[ReportedColumn], yours: YourSide) -> None:
    """Ask whether numbers are multiplied already by a factor in their heading, as "(x1000)".

    It does not matter if your heading has the same factor.
    """
    your_heading = yours.value or ""
    your_factor = read_heading(your_heading).factor
    for column in results:
        if column.heading.statistic in COUNTS or column.heading.factor == your_factor:
            continue
        # The question quotes the heading that has the factor.
        heading = column.name if column.heading.factor else your_heading
        message = (
            f"is each number below {show(heading)} to be multiplied by its factor, or has it been? "
            "Write numbers as they are meant, and a heading without it"
        )
        raise Question(Cause.UNIT, message)


# -- columns that were named ----------------------------------------------------------------------


def _take_named(
    sheet: Sheet, columns: Sequence[ReportedColumn], reading: Reading
) -> list[ReportedColumn]:
    """Return the columns that `value` names, and those of statistics that belong to them.

    The others are left out, since the user has chosen.
    """
    names = _list_named(sheet, columns, reading)
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


def _list_named(sheet: Sheet, columns: Sequence[ReportedColumn], reading: Reading) -> list[str]:
    """Return the headings of the columns that `value` names; refuse one without numbers."""
    names = sheet.choose([renamed.theirs or renamed.own for renamed in reading.value])
    numeric = {column.name for column in columns}
    missing = [name for name in names if name not in numeric]
    if missing:
        message = f"{quote(missing)} of {sheet.name} holds no numbers; give `value` another column"
        raise Question(Cause.VALUE, message)
    return names


def _name_result(column: ReportedColumn, columns: Sequence[ReportedColumn]) -> ReportedColumn:
    """Return a column that `value` names, with the statistic of its heading or a guessed one."""
    label = column.heading.label or fold(column.name)
    if column.is_centre and column.heading.statistic is not None:
        return column.name_statistic(column.heading.statistic, label)
    return _guess_statistic(column, label, columns)


# -- columns below the name of a statistic --------------------------------------------------------


def _keep_known_labels(
    columns: Sequence[ReportedColumn], yours: YourSide | None
) -> list[ReportedColumn]:
    """Return the columns whose labels are columns of yours: acc_mean, where you have acc.

    All are kept if none of the labels is. A column that no heading explains is kept as well, so
    that it is asked about.
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
    """Ask about means whose label differs from the heading of your values: loss_mean beside acc."""
    centre = next(column for column in columns if column.is_centre)
    label = centre.heading.label
    is_generic = not label or label in GENERIC | DIFFERENCES
    if is_generic or yours.value_name is None or yours.knows(label):
        return
    raise ask_label(centre, yours.value_name)


# -- columns without the name of a statistic ------------------------------------------------------


def _name_values(
    sheet: Sheet, columns: Sequence[ReportedColumn], yours: YourSide | None
) -> list[ReportedColumn]:
    """Return the columns; those that hold the results have a guessed statistic.

    They are the columns that your table has as well, or else the only one of no statistic.
    """
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
    """Return a column of results with a statistic guessed from its cells and the other columns.

    It is the number of successes, the median or the mean.
    """
    if column.has_counts:
        return column.name_statistic("n_succeeded", label)
    if _has_quartiles_beside(columns):
        return column.name_statistic("median", label)
    return column.guess_mean(label)


def _has_quartiles_beside(columns: Sequence[ReportedColumn]) -> bool:
    """Say whether columns without a label hold quartiles, and none of them a spread of means."""
    beside = {column.heading.statistic for column in columns if not column.heading.label}
    return not beside.isdisjoint(QUARTILES) and beside.isdisjoint(BESIDE_MEANS)


def _pick_results(
    sheet: Sheet, columns: Sequence[ReportedColumn], yours: YourSide | None
) -> list[ReportedColumn]:
    """Return the columns of results among those of no statistic; ask if they may be several."""
    unnamed = [column for column in columns if column.heading.statistic is None]
    if not unnamed:
        raise ask_result_column(sheet)
    if yours is not None:
        shared = [column for column in unnamed if _is_called_as_yours(column, yours)]
        if shared:
            return shared
    generic = [column for column in unnamed if column.heading.label in GENERIC]
    results = generic or unnamed
    if len(results) > 1:
        raise ask_wide(sheet, [column.name for column in results], yours)
    beside = {column.heading.statistic for column in columns if not column.heading.label}
    has_spread_beside = not beside.isdisjoint(BESIDE_MEANS | QUARTILES)
    _check_single(sheet, results[0], yours, has_spread_beside=has_spread_beside)
    return results


def _is_called_as_yours(column: ReportedColumn, yours: YourSide) -> bool:
    """Say whether one of your columns is called as this column or its label: acc, for acc (%)."""
    label = column.heading.label
    return yours.knows(column.name) or (bool(label) and yours.knows(label))


def _check_single(
    sheet: Sheet, column: ReportedColumn, yours: YourSide | None, *, has_spread_beside: bool
) -> None:
    """Ask about the single column of numbers, if it may be no mean, or not of your values.

    `has_spread_beside`: another column holds spreads, so that this one holds means or medians.
    """
    label = column.heading.label
    is_generic = not label or label in GENERIC | DIFFERENCES
    value_name = None if yours is None else yours.value_name
    is_clear = column.has_spread or column.has_counts or has_spread_beside
    if not (is_clear or is_generic):
        raise ask_statistic(sheet, column.name, value_name)
    if value_name is not None and not is_generic:
        raise ask_if_yours(sheet, column.name, value_name)
