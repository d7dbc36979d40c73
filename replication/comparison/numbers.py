"""Numbers as papers print them, with every number that prints so; and as answers print them."""

import dataclasses
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from replication import wording
from replication.errors import UsageError
from replication.reading.typeset import clean

MAX_DIGITS = 15
MAX_EXPONENT = 30
SLACK = 1e-9  # of a cell, by which a float may miss its end
SUFFIXES = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9}
_NUMBER = re.compile(  # -12,345.6e-7, or 1.2k
    r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?"
    r"\s?([kKMGB]?)",
    re.ASCII,
)


@dataclasses.dataclass(frozen=True)
class Reported:
    """A reported number as text and in the unit of the runs, and all numbers that print so.

    Both ends of that cell belong to it, since halves are rounded up or to even.
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
        """Say whether a number lies in the cell; of a float except for rounding errors."""
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
    """Quote a given value on one line; no backticks, between which arguments stand in messages."""
    return wording.show(value, length=length).replace("`", "\\x60")


def refuse(name: str, given: object, allowed: str) -> UsageError:
    """Return the error that says what was given, and what is allowed instead."""
    return UsageError(f"`{name}` was given as {show(given, length=40)}; allowed {allowed}")


def read_number(given: object, name: str, *, scale: float | None = None) -> Reported:
    """Read a printed number, such as 12,345, 1.2k or 97.3 %; its decimals say how it was rounded.

    A per cent sign means a hundredth of a share, and elsewhere needs a `scale`: values may be
    shares (100) or per cent themselves (1).
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
    """Return a number as text; a float without decimals as 48, and not as 48.0."""
    if isinstance(given, str):
        return given
    if getattr(given, "ndim", None) == 0:  # a number of NumPy, which prints in its own precision
        return str(given.__array__()[()]).removesuffix(".0")
    if isinstance(given, float):
        return str(given).removesuffix(".0")
    return str(given)


class _Parts(NamedTuple):
    """A number as a whole number, of all its digits, times a power of ten."""

    digits: int
    exponent: int


def _split_number(body: str) -> _Parts | None:
    """Return the parts of -12,345.6e-3k; None of what is no number, or too long for one."""
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
    examples = "48, -0.5, 12,345, 1.2k or 3.2e-4"
    if name in {"mean", "median"}:
        examples += ", or '0.83 ± 0.04, n = 5', or 'median=0.8 n=5'"
    return refuse(name, text, f"is a plain decimal number, as it was printed: {examples}")


def format_p(p: float | None) -> str:
    """Return a p-value with two significant digits, nothing where there is none."""
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
    """Return a number with so many significant digits, and at least all before the point."""
    if value is None or math.isnan(value):
        return ""
    has_no_decimals = float(value).is_integer() or abs(value) >= 10**digits
    if has_no_decimals and abs(value) < 10**MAX_DIGITS:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def span(low: float | None, high: float | None, digits: int = 4) -> str:
    """Return the two ends of an interval, with as many digits as tell them apart.

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
    """Return a share in per cent; near 0 and 1 what it lies below or above."""
    number = 100.0 * share
    if 0 < number < 0.01:
        return "< 0.01 %"
    if 99.99 < number < 100:
        return "> 99.99 %"
    return f"{number:.{3 if number > 99 else 2}g} %"
