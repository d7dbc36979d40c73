"""Questions about the columns of a report: which of them hold results, and of what."""

import difflib
import re
from collections.abc import Sequence

from replication.reading.headings import BRACKETS
from replication.reading.names import NAMES
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.reported_columns import ReportedColumn
from replication.reading.sheet import Sheet
from replication.reading.typeset import clean, fold
from replication.reading.your_side import YourSide


def ask_columns(sheet: Sheet, names: Sequence[str]) -> Question:
    """Return the question what some columns are whose headings name no statistic."""
    first = quote_argument(names[0])
    near = difflib.get_close_matches(fold(names[0]), NAMES, n=1)
    meant = f" (did you mean {near[0]}?)" if near and len(names) == 1 else ""
    message = (
        f"what is {quote(names)} of {sheet.name}{meant}? give `ignore` "
        f"{quote_argument(','.join(names))}; or `by` {first} if that is a key, `value` {first} if "
        "it is the result, or call it as a statistic"
    )
    return Question(Cause.STATISTIC, message)


def ask_label(column: ReportedColumn, value_name: str) -> Question:
    """Return the question whether the label of a mean, acc of acc_mean, means your values."""
    both = quote_argument(f"{value_name}={column.name}")
    message = (
        f"is {quote([column.heading.label])} of the report your {quote([value_name])}? if so give "
        f"`value` {both}"
    )
    return Question(Cause.VALUE, message)


def ask_result_column(sheet: Sheet) -> Question:
    """Return the question which column holds the results.

    A column whose cells have digits, but are no form of a number, is shown as the likely one.
    """
    message = f"{sheet.name} has no mean, median or share, only {quote(sheet.names)}"
    for column in sheet.columns:
        if column.is_numeric or not column.distinct_texts:
            continue
        if all(re.search(r"\d", text) for text in column.distinct_texts):
            cells = quote(column.distinct_texts[:2])
            why = f"{quote([column.name])} holds {cells}, which is no form of a number"
            return Question(Cause.STATISTIC, f"{message}; {why}: write it as 0.83 or 0.83 ± 0.04")
    return Question(Cause.STATISTIC, f"{message}; name it with `value`")


def ask_wide(sheet: Sheet, names: Sequence[str], yours: YourSide | None) -> Question:
    """Return the question whether several headings are a key, or one column holds the results."""
    argument = names[0]
    if yours is not None:
        argument = f"{yours.value or 'VALUE'}={names[0]}"
    message = (
        f"{sheet.name} has no mean or median: if {quote(names)} are methods or tasks, give `wide` "
        f"method (or task); if one of them is what you have, give `value` "
        f"{quote_argument(argument)}"
    )
    return Question(Cause.STATISTIC, message)


def ask_statistic(sheet: Sheet, name: str, value_name: str | None) -> Question:
    """Return the question which statistic the only column of numbers holds."""
    message = (
        f"is {quote([name])} of {sheet.name} a mean, a median or a share? if means, give `value` "
        f"{_pair_names(name, value_name)}; if not, call the column median or share"
    )
    return Question(Cause.STATISTIC, message)


def ask_if_yours(sheet: Sheet, name: str, value_name: str) -> Question:
    """Return the question whether the only column of results is your column of another name."""
    message = (
        f"is {quote([name])} of {sheet.name} your {quote([value_name])}? if so give `value` "
        f"{_pair_names(name, value_name)}{_advise_units(name, value_name)}"
    )
    return Question(Cause.VALUE, message)


def _pair_names(name: str, value_name: str | None) -> str:
    """Return what `value` takes for a column of the report: acc=Ours; Ours if it is read alone."""
    if value_name is None:
        return quote_argument(name)
    return quote_argument(f"{value_name}={name}")


def _advise_units(name: str, value_name: str) -> str:
    """Return the advice to scale, if the brackets of two headings differ: time [ms], time [s]."""
    their_brackets = BRACKETS.findall(clean(name))
    your_brackets = BRACKETS.findall(clean(value_name))
    if their_brackets == your_brackets:
        return ""
    return ", and `scale` if the units in their brackets differ"
