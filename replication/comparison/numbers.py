"""Read numbers as papers print them, with their rounding cells; print numbers of answers."""

import dataclasses
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from replication import wording
from replication.errors import UsageError
from replication.reading.typeset import clean

MAX_DIGITS = 15  # before the point
MAX_EXPONENT = 30
SLACK = 1e-9  # relative: by rounding errors a float may lie so far outside its cell
SUFFIXES = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9}
_NUMBER = re.compile(  # -12,345.6e-7, or 1.2k
    r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?"
    r"\s?([kKMGB]?)",
    re.ASCII,
)


@dataclasses.dataclass(frozen=True)
class Reported:
    """A reported number: its text, its value in the unit of the runs, and its rounding cell.

    The cell, from `low` to `high`, holds all numbers that print so. Both ends belong to it, because
    halves may be rounded up or to even.
    """

    text: str
    value: Fraction
    low: Fraction
    high: Fraction

    @property
    def width(self) -> float:
        """Width of the rounding cell."""
        return float(self.high - self.low)

    def holds(self, value: Fraction | float) -> bool:
        """Say whether a number lies in the cell; a float may miss it by rounding errors."""
        if isinstance(value, Fraction):
            return self.low <= value <= self.high
        slack = SLACK * max(abs(value), self.width)
        return float(self.low) - slack <= value <= float(self.high) + slack

    def print_within(self, low: float, high: float) -> tuple[float, float]:
        """Return the smallest and the largest number from low to high with the same decimals.

        They are multiples of the last printed digit. Where the number is exact, or is itself no
        such multiple (half of an interval), low and high are returned as they are.
        """
        step = self.high - self.low
        is_multiple = step > 0 and self.value % step == 0
        if not is_multiple or not math.isfinite(low + high):
            return low, high
        first = math.ceil(low / self.width - SLACK)
        last = math.floor(high / self.width + SLACK)
        return float(first * step), float(last * step)


ReportedNumbers = Mapping[str, Reported]
"""Reported numbers by name."""


def show(value: object, *, length: int = 60) -> str:
    """Quote a given value on one line, without backticks, which mark arguments in messages."""
    return wording.show(value, length=length).replace("`", "\\x60")


def refuse(name: str, given: object, allowed: str) -> UsageError:
    """Return the error that says what was given as the argument `name`, and what is allowed."""
    return UsageError(f"`{name}` was given as {show(given, length=40)}; allowed {allowed}")


def read_number(given: object, name: str, *, scale: float | None = None) -> Reported:
    """Read a printed number, such as 12,345, 1.2k or 97.3 %; its decimals say how it was rounded.

    The number is divided by `scale`. A share or a level with a per cent sign is divided by 100. Any
    other number with that sign needs a `scale`, because the values may be shares (100) or per cent
    themselves (1).
    """
    text = print_given(given)
    body = clean(text).replace("'", "")
    has_percent = body.endswith("%")
    parts = _split_number(body.removesuffix("%").strip())
    if parts is None:
        raise _refuse_number(name, text)
    if has_percent and name not in {"share", "level"} and scale is None:
        raise refuse(name, text, "is per cent with `scale` 100 if yours are shares, else with 1")
    if scale is None:
        scale = 100.0 if has_percent else 1.0
    # The number lies within half of one unit of its last printed digit.
    unit = Fraction(10) ** parts.exponent / Fraction(scale)
    value = parts.digits * unit
    return Reported(body, value, value - unit / 2, value + unit / 2)


def print_given(given: Any) -> str:
    """Return a number as text; a float that is whole as 48, not as 48.0."""
    if isinstance(given, str):
        return given
    if getattr(given, "ndim", None) == 0:  # a number of NumPy, which prints in its own precision
        return str(given.__array__()[()]).removesuffix(".0")
    if isinstance(given, float):
        return str(given).removesuffix(".0")
    return str(given)


class _Parts(NamedTuple):
    """A number as a whole number times a power of ten: 4.80 is 480 times 10**-2."""

    digits: int
    exponent: int


def _split_number(body: str) -> _Parts | None:
    """Return the parts of a number such as -12,345.6e-3k; None if it is none, or too long."""
    match = _NUMBER.fullmatch(body)
    if match is None:
        return None
    sign, whole, decimals, power, suffix = match.groups("")
    whole = whole.replace(",", "")
    exponent = int(power or 0) + SUFFIXES[suffix]
    is_long = len(whole) + len(decimals) > MAX_DIGITS + 12 or len(whole) > MAX_DIGITS
    if not whole + decimals or is_long or abs(exponent) > MAX_EXPONENT:
        return None
    return _Parts(int(f"{sign}{whole}{decimals}"), exponent - len(decimals))


def _refuse_number(name: str, text: str) -> UsageError:
    """Return the error for a text that is no number, with examples of what is one."""
    examples = "48, -0.5, 12,345, 1.2k or 3.2e-4"
    if name in {"mean", "median"}:
        examples += ", or '0.83 ± 0.04, n = 5', or 'median=0.8 n=5'"
    return refuse(name, text, f"is a plain decimal number, as it was printed: {examples}")


def format_p(p: float | None) -> str:
    """Return a p-value with two significant digits, "" where there is none."""
    if p is None or math.isnan(p):
        return ""
    if p < 1e-4:
        return "< 0.0001"
    return "> 0.99" if 0.995 < p < 1 else f"{p:.2g}"


def describe_p(p: float) -> str:
    """Return a p-value as words: "p = 0.03"."""
    text = format_p(p)
    return f"p {text}" if text[0] in "<>" else f"p = {text}"


def format_number(value: float | None, digits: int = 4) -> str:
    """Return a number with `digits` significant digits, "" where there is none.

    A whole number, or one with more digits before the point, has all of these, with commas; but
    from 10**15 on it is rounded like any other.

    >>> format_number(0.123456), format_number(12345.6), format_number(1e15)
    ('0.1235', '12,346', '1e+15')
    """
    if value is None or math.isnan(value):
        return ""
    has_no_decimals = float(value).is_integer() or abs(value) >= 10**digits
    if has_no_decimals and abs(value) < 10**MAX_DIGITS:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def span(low: float | None, high: float | None, digits: int = 4) -> str:
    """Return the two ends of an interval, with more digits if both would print alike.

    >>> span(0.8123, 0.8517, 2), span(99.998, 100.0012)
    ('0.81 to 0.85', '99.998 to 100')
    """
    first = format_number(low, digits)
    last = format_number(high, digits)
    while first == last and low != high and digits < MAX_DIGITS:
        digits += 1
        first = format_number(low, digits)
        last = format_number(high, digits)
    return f"{first} to {last}"


def percent(share: float) -> str:
    """Return a share in per cent; very near 0 or 1 as "< 0.01 %" or "> 99.99 %"."""
    number = 100.0 * share
    if 0 < number < 0.01:
        return "< 0.01 %"
    if 99.99 < number < 100:
        return "> 99.99 %"
    return f"{number:.{3 if number > 99 else 2}g} %"
