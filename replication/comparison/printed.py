"""Read one reported result that was given as a text, as numbers by name, or both."""

import dataclasses
from collections.abc import Mapping
from typing import TypeGuard, cast

from replication.comparison.sides import Printed
from replication.errors import UsageError
from replication.reading.options import Given, Reading, list_options
from replication.reading.texts import is_printed, read_named, read_text
from replication.reading.tidy import ReportRow, TidyReport

GivenNumbers = Mapping[str, Given | None]
"""Reported numbers by name, as they were given; None where one was not given."""


def take_given_numbers(arguments: Mapping[str, object], kind: type) -> GivenNumbers:
    """Return the reported numbers among named arguments: `n`, and those that are not options.

    `kind`: the class whose fields are the options.
    """
    options = list_options(kind)
    numbers = {name: arguments[name] for name in arguments if name == "n" or name not in options}
    return cast("GivenNumbers", numbers)


def is_report(given: object) -> TypeGuard[GivenNumbers | str]:
    """Say whether something is a report, as text or by name, and not runs."""
    return isinstance(given, Mapping) or (isinstance(given, str) and is_printed(given))


def read_side(
    given: GivenNumbers | str | float | None, numbers: GivenNumbers, reading: Reading, side: str
) -> Printed:
    """Read the report of one side, from a whole report, from numbers by name, or from both.

    `given`: the value of the argument `side`. `numbers`: reported numbers that were given by name
    beside it.
    """
    whole = read_whole(given, reading, side)
    known = drop_none(numbers)
    if not known:
        return whole
    by_name = print_only_row(read_named(known, reading, side))
    joined = dict(whole.numbers)
    for name, text in by_name.numbers.items():
        if joined.setdefault(name, text) != text:
            raise UsageError(f"`{side}` gives the {name}, and `{name}` was given; leave one out")
    return Printed(
        joined,
        by_name.plus_minus or whole.plus_minus,
        by_name.is_skewed or whole.is_skewed,
        whole.notes,
    )


def read_whole(given: GivenNumbers | str | float | None, reading: Reading, side: str) -> Printed:
    """Read a report that was given as a whole: a text, numbers by name, or a mean alone."""
    if given is None:
        return Printed({})
    if isinstance(given, str):
        return print_only_row(read_text(given, reading))
    if not isinstance(given, Mapping):
        return print_only_row(read_named({"mean": given}, reading, side))
    known = drop_none(given)
    if not known:
        return Printed({})
    return print_only_row(read_named(known, reading, side))


def drop_none(numbers: GivenNumbers) -> dict[str, Given]:
    """Return the numbers that were given, without those that are None."""
    return {str(name): number for name, number in numbers.items() if number is not None}


def print_only_row(report: TidyReport) -> Printed:
    """Return the only result of a report in the form that is judged, with notes on its text."""
    (row,) = report.rows
    return dataclasses.replace(print_row(row), notes=report.read_as.notes)


def print_row(row: ReportRow) -> Printed:
    """Return a row of a report in the form that is judged."""
    return Printed(row.numbers, row.kind, row.is_skewed)
