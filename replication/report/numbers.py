"""How numbers are written for readers: few digits, and never "nan".

A value that is missing (None) or not finite raises `MissingNumber`, so that a
report with a hole in it is not written at all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

THIN = "\u202f"
"""Narrow no-break space: separates thousands, and a number from its per cent sign."""
NARROW_GROUP = 10_000
"""Numbers from here on get thousands separators."""


class MissingNumber(ValueError):
    """A number that the text needs is missing or not finite."""


def format_count(count: float | None) -> str:
    """Write a whole number: 2000, 100 000, 1 000 000 (narrow no-break spaces).

    Examples
    --------
    >>> format_count(2000)
    '2000'
    """
    value = _check(count)
    if value != int(value):
        raise MissingNumber(f"a count was expected, got {count!r}")
    return _group(f"{int(value):d}")


def format_amount(count: float | None, noun: str) -> str:
    """Write a count with its noun, which takes an "s" unless there is exactly one.

    Examples
    --------
    >>> format_amount(1, "network"), format_amount(0, "update"), format_amount(2000, "run")
    ('1 network', '0 updates', '2000 runs')
    """
    return f"{format_count(count)} {noun}" + ("" if count == 1 else "s")


def format_number(value: float | None, digits: int = 3) -> str:
    """Write a number with so many significant digits, without exponent where it can be read.

    Examples
    --------
    >>> format_number(43.2198), format_number(0.00123, 2), format_number(0)
    ('43.2', '0.0012', '0')
    >>> format_number(0.0000123, 2)
    '1.2 × 10⁻⁵'
    """
    number = _check(value)
    if number == 0:
        return "0"
    rounded = Decimal(f"{number:.{digits - 1}e}")
    exponent = rounded.adjusted()
    if exponent < -4 or exponent > 9:
        mantissa = rounded.scaleb(-exponent)
        return f"{mantissa:.{digits - 1}f} × 10{_superscript(exponent)}".replace("-", "−")
    return format_decimals(float(rounded), max(digits - 1 - exponent, 0))


def format_decimals(value: float | None, decimals: int) -> str:
    """Write a number with so many decimals.

    Examples
    --------
    >>> format_decimals(-43.2198, 1)
    '−43.2'
    """
    text = f"{_check(value):.{decimals}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    whole, point, rest = text.partition(".")
    return (_group(whole) + point + rest).replace("-", "−")


def format_percent(share: float | None, digits: int = 2) -> str:
    """Write a share from 0 to 1 as a percentage.

    Shares within half a unit of the last digit of 0 or 1 that are not exactly
    0 or 1 keep enough digits to say so.

    Examples
    --------
    >>> format_percent(0.123), format_percent(1.0), format_percent(0.99893)
    ('12\u202f%', '100\u202f%', '99.89\u202f%')
    """
    value = _check(share)
    if 0.9 < value < 1 - 1e-12:
        rest = Decimal(f"{(1 - value) * 100:.{digits - 1}e}")
        decimals = max(digits - 1 - rest.adjusted(), 0)
        return f"{format_decimals(100 * value, decimals)}{THIN}%"
    return f"{format_number(100 * value, digits) if value != 1 else '100'}{THIN}%"


def format_interval(low: float | None, high: float | None, digits: int = 3) -> str:
    """Write an interval with the same decimals at both ends; an open end is said in words.

    Examples
    --------
    >>> format_interval(42.936, 43.371), format_interval(0.5, None)
    ('42.9 to 43.4', '0.500 to unbounded')
    """
    if low is None or high is None:
        ends = [None if end is None else format_number(end, digits) for end in (low, high)]
        return f"{ends[0] or 'unbounded'} to {ends[1] or 'unbounded'}"
    largest = max(abs(_check(low)), abs(_check(high)))
    if largest >= 10**digits:
        low, high = (float(f"{end:.{digits - 1}e}") for end in (low, high))
    decimals = _decimals(largest, digits)
    while decimals < 9 and low != high and round(low, decimals) == round(high, decimals):
        decimals += 1
    return f"{format_decimals(low, decimals)} to {format_decimals(high, decimals)}"


def format_range(low: float | None, high: float | None, digits: int = 3) -> str:
    """Write an interval to stand after "between": "30.2 and 66.1"."""
    return format_interval(low, high, digits).replace(" to ", " and ")


def format_chance(share: float | None) -> str:
    """Write a small probability in per cent: two digits, or "below 0.01 %"."""
    value = _check(share)
    return f"below 0.01{THIN}%" if value < 1e-4 else format_percent(value, 2)


def format_percent_interval(low: float, high: float, digits: int = 2) -> str:
    """Write an interval of shares in per cent, as "0.08 to 0.13 %"."""
    return f"{format_interval(100 * _check(low), 100 * _check(high), digits)}{THIN}%"


def format_p(p: float | None) -> str:
    """Write a probability that a reader compares with 0.05: two digits, or "below 0.001"."""
    value = _check(p)
    if value < 0.001:
        return "below 0.001"
    if value > 0.995:
        return "1.0" if value == 1 else "above 0.99"
    return format_number(value, 2)


def format_odds(p: float | None) -> str:
    """Write a probability in words a reader can picture.

    Examples
    --------
    >>> format_odds(0.17), format_odds(0.5), format_odds(0.93), format_odds(0.0001)
    ('about 1 in 6', 'about 1 in 2', 'about 9 in 10', 'fewer than 1 in 1000')
    """
    value = _check(p)
    if value < 0.001:
        return "fewer than 1 in 1000"
    if value > 0.95:
        return "nearly all" if value < 1 else "all"
    if value > 0.55:
        return f"about {round(10 * value)} in 10"
    return f"about 1 in {format_count(round(float(f'{1 / value:.2g}')))}"


def format_exact(value: float | None) -> str:
    """Write a setting as it was given: 20, 0.75, 0.1.

    Examples
    --------
    >>> format_exact(20.0), format_exact(0.05), format_exact(1e-12)
    ('20', '0.05', '1 × 10⁻¹²')
    """
    text = f"{_check(value):.9g}"
    mantissa, e, exponent = text.partition("e")
    if e:
        text = f"{mantissa} × 10{_superscript(int(exponent))}"
    return text.replace("-", "−")


def format_estimate(estimate: Mapping[str, Any], digits: int = 3, *, percent: bool = False) -> str:
    """Write an estimate with its interval: "42.9 (42.7 to 43.2)".

    The number of decimals follows from the width of the interval, so that no
    digit is shown that the interval leaves open.

    Parameters
    ----------
    estimate : mapping
        ``value``, ``low`` and ``high``; an end that is None is said to be unbounded,
        a value that is None to lie beyond the cap.
    digits : int
        Significant digits where the interval does not say how many.
    percent : bool
        Whether the estimate is a share to be written in per cent.

    Examples
    --------
    >>> format_estimate({"value": 42.9326, "low": 42.6882, "high": 43.1892})
    '42.9 (42.7 to 43.2)'
    """
    scale, sign = (100.0, f"{THIN}%") if percent else (1.0, "")
    value, low, high = (
        None if estimate[key] is None else scale * _check(estimate[key])
        for key in ("value", "low", "high")
    )
    if value is None:
        return "beyond the cap"
    if low is None or high is None:
        known = [number for number in (value, low, high) if number is not None]
        whole = all(number == round(number) for number in known)
        decimals = 0 if whole else _decimals(abs(value), digits)
        ends = " to ".join(
            "unbounded" if end is None else format_decimals(end, decimals) for end in (low, high)
        )
        inside = f"{ends}{sign}" if len(known) > 1 else "unbounded"
        return f"{format_decimals(value, decimals)}{sign} ({inside})"
    width = high - low
    if width > 0:
        decimals = max(0, -math.floor(math.log10(width)), _decimals(abs(value), 2))
    else:
        decimals = 0 if value == round(value) else _decimals(abs(value), digits)
    ends = f"{format_decimals(low, decimals)} to {format_decimals(high, decimals)}"
    return f"{format_decimals(value, decimals)}{sign} ({ends}{sign})"


def format_coverage(coverage: Mapping[str, Any] | None) -> str:
    """Write how often an interval held the true value in trial studies of this size."""
    if coverage is None or coverage["measured"] is None:
        return "not measured"
    return f"{format_decimals(100 * coverage['measured'], 1)}{THIN}%"


def join_words(words: Sequence[str]) -> str:
    """Join words with commas and a final "and"."""
    return " and ".join([", ".join(words[:-1])] * bool(words[:-1]) + list(words[-1:]))


def _check(value: float | None) -> float:
    if value is None or not math.isfinite(value):
        raise MissingNumber(f"a number that the report needs is missing (got {value!r})")
    return float(value)


def _group(whole: str) -> str:
    return f"{int(whole):,}".replace(",", THIN) if abs(int(whole)) >= NARROW_GROUP else whole


def _decimals(value: float, digits: int) -> int:
    return 0 if value == 0 else max(digits - 1 - math.floor(math.log10(value)), 0)


def _superscript(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
