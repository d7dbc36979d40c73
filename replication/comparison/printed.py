"""One reported result, given as a text, as numbers by name, or both."""

from collections.abc import Mapping
from typing import TypeGuard

from replication.comparison.sides import Printed
from replication.errors import UsageError
from replication.reading.options import Reading
from replication.reading.texts import Given, is_printed, read_named, read_text
from replication.reading.tidy import ReportRow

Numbers = Mapping[str, Given | None]
"""Reported numbers by name; None where one was not given."""


def is_report(given: object) -> TypeGuard[Numbers | str]:
    """Say whether something is a report, and holds no runs."""
    return isinstance(given, Mapping) or (isinstance(given, str) and is_printed(given))


def read_side(
    given: Numbers | str | float | None, numbers: Numbers, reading: Reading, side: str
) -> Printed:
    """Return a report, given as a whole to the argument of a side, or by its parts, or both."""
    alone = {name: one for name, one in numbers.items() if one is not None}
    whole = read_whole(given, reading, side)
    if not alone:
        return whole
    more = print_row(read_named(alone, reading, side).rows[0]) if alone else Printed({})
    joined = dict(whole.numbers)
    for name, text in more.numbers.items():
        if joined.setdefault(name, text) != text:
            raise UsageError(f"`{side}` gives the {name}, and `{name}` was given; leave one out")
    return Printed(joined, more.plus_minus or whole.plus_minus, more.is_skewed or whole.is_skewed)


def read_whole(given: Numbers | str | float | None, reading: Reading, side: str) -> Printed:
    """Return a report that was given as a whole."""
    if given is None:
        return Printed({})
    if isinstance(given, Mapping):
        plain = {str(name): one for name, one in given.items() if one is not None}
        return print_row(read_named(plain, reading, side).rows[0]) if plain else Printed({})
    if isinstance(given, str):
        return print_row(read_text(given, reading).rows[0])
    return print_row(read_named({"mean": given}, reading, side).rows[0])


def print_row(row: ReportRow) -> Printed:
    """Return a row of a report as the judge takes it."""
    return Printed(row.numbers, row.kind, row.is_skewed)
