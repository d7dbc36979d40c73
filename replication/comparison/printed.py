"""One reported result, given as a text, as numbers by name, or both."""

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeGuard

from replication.comparison.sides import Printed
from replication.errors import UsageError
from replication.reading.options import Given, Reading, list_options
from replication.reading.texts import is_printed, read_named, read_text
from replication.reading.tidy import ReportRow, TidyReport

Numbers = Mapping[str, Given | None]
"""Reported numbers by name; None where one was not given."""


def take_numbers(said: Mapping[str, Any], kind: type) -> Numbers:
    """Return what was said by name beside the options of a class: reported numbers, and `n`."""
    options = list_options(kind)
    return {name: one for name, one in said.items() if name == "n" or name not in options}


def is_report(given: object) -> TypeGuard[Numbers | str]:
    """Say whether something is a report, and holds no runs."""
    return isinstance(given, Mapping) or (isinstance(given, str) and is_printed(given))


def read_side(
    given: Numbers | str | float | None, numbers: Numbers, reading: Reading, side: str
) -> Printed:
    """Return a report, given as a whole to the argument of a side, or by its parts, or both."""
    whole = read_whole(given, reading, side)
    alone = drop_none(numbers)
    if not alone:
        return whole
    more = print_only_row(read_named(alone, reading, side))
    joined = dict(whole.numbers)
    for name, text in more.numbers.items():
        if joined.setdefault(name, text) != text:
            raise UsageError(f"`{side}` gives the {name}, and `{name}` was given; leave one out")
    return Printed(
        joined,
        more.plus_minus or whole.plus_minus,
        more.is_skewed or whole.is_skewed,
        whole.notes,
    )


def read_whole(given: Numbers | str | float | None, reading: Reading, side: str) -> Printed:
    """Return a report that was given as a whole."""
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


def drop_none(numbers: Numbers) -> dict[str, Given]:
    """Return the numbers that were given."""
    return {str(name): one for name, one in numbers.items() if one is not None}


def print_only_row(report: TidyReport) -> Printed:
    """Return a report of one result as the judge takes it, with how its text was read."""
    (row,) = report.rows
    return dataclasses.replace(print_row(row), notes=report.read_as.notes)


def print_row(row: ReportRow) -> Printed:
    """Return a row of a report as the judge takes it."""
    return Printed(row.numbers, row.kind, row.is_skewed)
