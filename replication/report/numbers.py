"""How numbers are written for readers: the filters of the templates (see ``docs/chapters.md``).

A value that is missing (None, NaN, infinite, no number) raises `MissingNumber`, so that a report
with a hole in it is not written at all.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

NARROW_SPACE = "\u202f"  # between a number and its per cent sign, where no line breaks
NO_BREAK = "\u00a0"
MINUS = "−"


class MissingNumber(ValueError):
    """A number that the text needs is missing or is no number."""


def number(value: object, digits: int = 3) -> str:
    """Write a number with so many significant digits, without exponent where it can be read."""
    checked = _check(value)
    if checked == 0:
        return "0"
    rounded = Decimal(f"{checked:.{digits - 1}e}")
    exponent = rounded.adjusted()
    if exponent < -4 or exponent > 9:
        mantissa = f"{rounded.scaleb(-exponent):.{digits - 1}f}".replace("-", MINUS)
        return f"{mantissa} × 10{_superscript(exponent)}"
    return fixed(float(rounded), max(digits - 1 - exponent, 0))


def fixed(value: object, decimals: int = 1) -> str:
    """Write a number with so many decimals."""
    text = f"{_check(value):,.{decimals}f}"
    if not text.strip("-0."):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def exact(value: object) -> str:
    """Write a setting as it was given."""
    text = f"{_check(value):,.9g}"
    mantissa, e, exponent = text.partition("e")
    if e:
        text = f"{mantissa} × 10{_superscript(int(exponent))}"
    return text.replace("-", MINUS)


def count(value: object) -> str:
    """Write a whole number."""
    whole = _check(value)
    if whole != int(whole):
        raise MissingNumber(f"a whole number was expected, got {value!r}")
    return f"{int(whole):,}".replace("-", MINUS)


def amount(value: object, noun: str) -> str:
    """Write a count with its noun, which takes an "s" unless there is exactly one."""
    return f"{count(value)} {noun}" + ("" if value == 1 else "s")


def percent(share: object, decimals: int = 1) -> str:
    """Write a share from 0 to 1 in per cent; only 0 and 1 themselves are 0 % and 100 %."""
    value = _check(share)
    sign = f"{NARROW_SPACE}%"
    if value in (0, 1):
        return f"{100 * int(value)}{sign}"
    step = 10.0**-decimals
    if 0 < value < 1 and 100 * value < step / 2:
        return f"less than {fixed(step, decimals)}{sign}"
    if 0 < value < 1 and 100 * (1 - value) < step / 2:
        return f"more than {fixed(100 - step, decimals)}{sign}"
    return fixed(100 * value, decimals) + sign


def interval(ends: object, decimals: int = 1) -> str:
    """Write an interval with the same decimals at both ends; more of them where both look alike."""
    low, high = _check_ends(ends)
    if low is not None and high is not None:
        while decimals < 9 and low != high and fixed(low, decimals) == fixed(high, decimals):
            decimals += 1
    return _write_ends(low, high, lambda end: fixed(end, decimals))


def digits(ends: object, significant: int = 3) -> str:
    """Write an interval with significant digits."""
    return _write_ends(*_check_ends(ends), lambda end: number(end, significant))


def percents(ends: object, decimals: int = 1) -> str:
    """Write an interval of shares in per cent."""
    scaled = [None if end is None else 100 * end for end in _check_ends(ends)]
    return f"{interval(scaled, decimals)}{NARROW_SPACE}%"


def pvalue(p: object) -> str:
    """Write a p-value with two digits."""
    value = _check(p)
    if value < 0.001:
        return f"<{NO_BREAK}0.001"
    if value > 0.995:
        return "1" if value == 1 else f">{NO_BREAK}0.99"
    return number(value, 2)


def as_json(data: object) -> str:
    """Write data compactly for a script inside a page; no "<" is left that could end it."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def code(value: object, length: int = 200) -> str:
    """Write a value between backticks, cut to a length."""
    text = str.__str__(value) if isinstance(value, str) else json.dumps(value)
    text = text.replace("`", "'")
    return text if len(text) <= length else text[: length - 1] + "…"


def as_html(value: object) -> str:
    """Write a text inside raw HTML that stands between backticks."""
    text = html.escape(" ".join(str.__str__(value).split())) if isinstance(value, str) else ""
    return text.replace("`", "&#96;").replace("|", "&#124;")


FILTERS: Mapping[str, Callable[..., str]] = {
    "number": number,
    "fixed": fixed,
    "exact": exact,
    "count": count,
    "amount": amount,
    "percent": percent,
    "interval": interval,
    "percents": percents,
    "pvalue": pvalue,
    "json": as_json,
    "code": code,
    "digits": digits,
    "html": as_html,
}


def _check(value: Any) -> float:
    if isinstance(value, bool | str) or value is None:
        raise MissingNumber(f"a number was expected, got {value!r}")
    try:
        if math.isfinite(checked := float(value)):
            return checked
    except TypeError:
        pass
    raise MissingNumber(f"a finite number was expected, got {value!r}")


def _check_ends(ends: Any) -> tuple[float | None, float | None]:
    if not isinstance(ends, Sequence) or isinstance(ends, str) or len(ends) != 2:
        raise MissingNumber(f"an interval [low, high] was expected, got {ends!r}")
    low, high = (None if end is None else _check(end) for end in ends)
    if low is not None and high is not None and low > high:
        raise MissingNumber(f"an interval [low, high] was expected, got {ends!r}")
    return low, high


def _write_ends(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    if low is None:
        return "unbounded" if high is None else f"up to {write(high)}"
    return f"{write(low)} or more" if high is None else f"{write(low)} to {write(high)}"


def _superscript(exponent: int) -> str:
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
