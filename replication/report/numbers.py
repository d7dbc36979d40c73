"""Numbers as readers see them: the filters of the templates (see ``docs/chapters.md``).

A value that is missing or no finite number (None, NaN, infinity, a text) raises `MissingNumber`, so
that no report is written in which a number is missing.
"""

import html
import json
import math
from collections.abc import Callable, Mapping, Sequence

NARROW_SPACE = "\u202f"  # between a number and its per cent sign, where no line breaks
NO_BREAK = "\u00a0"
MINUS = "−"


class MissingNumber(ValueError):
    """A value that the text needs is missing, or is no finite number."""


def number(value: object, digits: int = 3) -> str:
    """Write a number with some significant digits; very large or small ones as a power of ten."""
    checked = _check(value)
    if checked == 0:
        return "0"
    # 12345 becomes 12,300, and 0.0012 becomes 0.00120; 0.0000123 becomes 1.23 × 10⁻⁵.
    rounded = f"{checked:.{digits - 1}e}"
    exponent = int(rounded.partition("e")[2])
    if -4 <= exponent <= 9:
        return fixed(float(rounded), max(digits - 1 - exponent, 0))
    return _typeset(rounded)


def fixed(value: object, decimals: int = 1) -> str:
    """Write a number with a fixed number of decimals."""
    return f"{_check(value):z,.{decimals}f}".replace("-", MINUS)  # z: no minus before zero


def exact(value: object) -> str:
    """Write a setting with all of its digits."""
    return _typeset(f"{_check(value):,.9g}")


def count(value: object) -> str:
    """Write a whole number."""
    whole = _check(value)
    if whole != int(whole):
        raise MissingNumber(f"a whole number was expected, got {value!r}")
    return fixed(whole, 0)


def amount(value: object, noun: str) -> str:
    """Write a count with its noun, which takes an "s" unless there is exactly one."""
    if value == 1:
        return f"{count(value)} {noun}"
    return f"{count(value)} {noun}s"


def percent(share: object, decimals: int = 1) -> str:
    """Write a share from 0 to 1 in per cent; only 0 is written as 0 %, and only 1 as 100 %."""
    percentage = 100 * _check(share)
    step = 10.0**-decimals
    # 0.9999 with one decimal would read 100.0 %, and is written as more than 99.9 %.
    if _seems_none(percentage, decimals):
        text = f"less than {fixed(step, decimals)}"
    elif _seems_all(percentage, decimals):
        text = f"more than {fixed(100 - step, decimals)}"
    elif percentage in (0, 100):
        text = fixed(percentage, 0)
    else:
        text = fixed(percentage, decimals)
    return f"{text}{NARROW_SPACE}%"


def _seems_none(percentage: float, decimals: int) -> bool:
    """Say whether a percentage above 0 would be rounded to 0."""
    return percentage > 0 and fixed(percentage, decimals) == fixed(0, decimals)


def _seems_all(percentage: float, decimals: int) -> bool:
    """Say whether a percentage below 100 would be rounded to 100."""
    return percentage < 100 and fixed(percentage, decimals) == fixed(100, decimals)


def interval(ends: object, decimals: int = 1) -> str:
    """Write an interval with some decimals, with more if both ends would look the same."""
    low, high = _check_ends(ends)
    # 0.501 to 0.502 with one decimal would read 0.5 to 0.5.
    if low is not None and high is not None:
        while decimals < 9 and low != high and fixed(low, decimals) == fixed(high, decimals):
            decimals += 1
    return _write_ends(low, high, lambda end: fixed(end, decimals))


def digits(ends: object, significant: int = 3) -> str:
    """Write an interval with significant digits."""
    return _write_ends(*_check_ends(ends), lambda end: number(end, significant))


def percents(ends: object, decimals: int = 1) -> str:
    """Write an interval of shares in per cent, with more decimals if an end would be 0 or 100."""
    scaled = [None if end is None else 100 * end for end in _check_ends(ends)]
    # 0.98 to 0.996 without decimals would read 98 to 100 %.
    for end in scaled:
        while end is not None and decimals < 9 and _is_misread(end, decimals):
            decimals += 1
    return f"{interval(scaled, decimals)}{NARROW_SPACE}%"


def _is_misread(percentage: float, decimals: int) -> bool:
    """Say whether a percentage between 0 and 100 would be rounded to 0 or to 100."""
    return _seems_none(percentage, decimals) or _seems_all(percentage, decimals)


def pvalue(p: object) -> str:
    """Write a p-value with two digits."""
    value = _check(p)
    if value < 0.001:
        return f"<{NO_BREAK}0.001"
    # 0.997 with two digits would read 1, which only an exact 1 may.
    if value > 0.995:
        return "1" if value == 1 else f">{NO_BREAK}0.99"
    return number(value, 2)


def as_json(data: object) -> str:
    """Write data as compact JSON for a script in a page, without "<", which could end it."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def code(value: object, length: int = 200) -> str:
    """Write a value between backticks, cut to a length."""
    # str() of a `ModelText` escapes it for Markdown, which must not be done between backticks.
    text = str.__str__(value) if isinstance(value, str) else json.dumps(value)
    text = text.replace("`", "'")
    return text if len(text) <= length else text[: length - 1] + "…"


def as_html(value: object) -> str:
    """Write a text for use inside raw HTML, which chapters write between backticks."""
    if not isinstance(value, str):
        return ""
    text = html.escape(" ".join(str.__str__(value).split()))
    # A backtick would end the HTML, a bar the cell of a table.
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
    "code": code,
    "digits": digits,
    "json": as_json,
    "html": as_html,
}


def _check(value: object) -> float:
    """Return a value as a finite float; refuse others, such as the text "48" or True."""
    refusal = MissingNumber(f"a finite number was expected, got {value!r}")
    if isinstance(value, bool | str):
        raise refusal
    try:
        checked = float(value)  # type: ignore[arg-type]  # NumPy's numbers, too
    except TypeError:
        raise refusal from None
    if not math.isfinite(checked):
        raise refusal
    return checked


def _check_ends(ends: object) -> tuple[float | None, float | None]:
    """Return both ends of an interval; None for a side on which it has no end."""
    refusal = MissingNumber(f"an interval [low, high] was expected, got {ends!r}")
    if not isinstance(ends, Sequence) or isinstance(ends, str) or len(ends) != 2:
        raise refusal
    low = None if ends[0] is None else _check(ends[0])
    high = None if ends[1] is None else _check(ends[1])
    if low is not None and high is not None and low > high:
        raise refusal
    return low, high


def _write_ends(low: float | None, high: float | None, write: Callable[[float], str]) -> str:
    """Write an interval in words, each end by `write`."""
    if low is not None and high is not None:
        return f"{write(low)} to {write(high)}"
    if low is not None:
        return f"{write(low)} or more"
    if high is not None:
        return f"up to {write(high)}"
    return "unbounded"


def _typeset(text: str) -> str:
    """Return a number as on paper, given as Python prints it: −1.2 × 10⁻⁵ for -1.2e-05."""
    mantissa, e, exponent = text.partition("e")
    if e:
        raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        mantissa += f" × 10{raised}"
    return mantissa.replace("-", MINUS)
