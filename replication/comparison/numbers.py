"""Numbers as papers print them, with every number that prints so; and as answers print them."""

import dataclasses
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from replication import wording
from replication.errors import UsageError

FORMS = ("text", "markdown", "latex", "csv", "json")
MAX_DIGITS, MAX_EXPONENT = 15, 30
SUFFIXES = {"": 0, "k": 3, "K": 3, "M": 6, "G": 9, "B": 9}
_NUMBER = re.compile(  # -12,345.6e-7, or 1.2k
    r"([+-]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?"
    r"\s?([kKMGB]?)",
    re.ASCII,
)
_POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_TYPESET = (  # what typesetting puts round a number, and what it stands for
    (r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda found: f"10^{found[1].translate(_POWERS)}"),  # 10⁻³
    (r"\\(?:cell|row|text)?color(?:\[\w+\])?\{[^{}]*\}", ""),  # \textcolor{red}{0.8}
    (r"\\(?:scriptscript|script|footnote|small|tiny|large|bf|it|rm)(?:size|style|series)?\b", ""),
    (r"\\multi(?:row|column)\{[^{}]*\}\{[^{}]*\}", ""),  # \multirow{2}{*}{0.8}
    (r"\$|\*\*|__|\\[,;:! ]|\\(?:left|right|pmb|bm)\b|<[^<>]{0,20}>", ""),
    (r"\{,\}", ","),
    (r"\\([_&#%])", r"\1"),
    (r"\\pm(?![A-Za-z])|\+/[-−]|\+-|\+−", "±"),
    (r"[_^]\s*\{?\s*±\s*([^{}^_]*)\}?", r" ± \1"),  # 0.83_{\pm 0.04}
    (r"(?<=[0-9])_\{\s*\(?([0-9.]+%?)\)?\s*\}$", r" (\1)"),  # 0.83_{0.04}
    (r"−|–(?=[0-9.])(?<![0-9.]–)", "-"),
    (r"(?<=[0-9])[\u2009\u202f\u00a0](?=[0-9]{3}(?![0-9]))", ""),
    (r"\s*(?:×|\\(?:times|cdot)(?![A-Za-z])|·)\s*10\s*\^?\s*\{?\s*([+-]?[0-9]{1,3})\s*\}?", r"e\1"),
    (r"[\u2009\u202f\u00a0~]", " "),
    (r"_\{?(-\s?[0-9.e]+)\}?\s*\^\{?(\+\s?[0-9.e]+)\}?", r" \2 \1"),  # _{-0.3}^{+0.2}
    (r"\\[A-Za-z]+\s*\{([^{}]*)\}", r"\1"),  # \mathbf{0.8}, \best{0.8}
    (r"\s*\^?\s*\{?\s*(?:[*†‡§]|\\(?:d?dagger|ast|star)\b)+\s*\}?|\^\{?[a-z]\}?", ""),
    (r"[↑↓]|\\(?:up|down)arrow\b", ""),
)
_SPLIT = (  # a number with what stands behind it, most specific first
    # 0.83 ± 0.04
    re.compile(r"(?P<value>[^±()\[\]^_]+)\s*±\s*(?P<spread>[^±()\[\]]+)"),
    # 0.83 (95% CI 0.81 to 0.85), or 0.83 [0.81, 0.85]
    re.compile(
        r"(?P<value>[^±()\[\]^_]+?)\s*[(\[]\s*(?:(?P<level>[0-9]+\.?[0-9]*)\s?%\s*C\.?I\.?[:,]?\s*)?"
        r"(?P<low>-?[^-–,;()\[\]]+?|-?[0-9.]+e-[0-9]+)"
        r"\s*(?:[,;–]|\bto\b|(?<=[0-9])-)\s*(?P<high>[^,;()\[\]–]+)[)\]]"
    ),
    re.compile(r"(?P<value>[^±()\[\]^_]+)\(\s*(?P<inside>[^()\[\],;]+)\)"),  # 0.83 (0.04)
    re.compile(  # 0.83 +0.02 -0.03
        r"(?P<value>[^±()\[\]^_ ]+?)\s*\^?\{?\+\s?(?P<up>[0-9]*\.?[0-9]+)\}?"
        r"\s*[,/]?\s*_?\{?-\s?(?P<down>[0-9]*\.?[0-9]+)\}?"
    ),
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
        """Say whether a number prints so; of a float whatever its last digits are."""
        if isinstance(value, Fraction):
            return self.low <= value <= self.high
        slack = 1e-9 * max(abs(value), self.width)
        return float(self.low) - slack <= value <= float(self.high) + slack

    def print_within(self, low: float, high: float) -> tuple[float, float]:
        """Return the smallest and the largest number from low to high that is printed alike."""
        step = self.high - self.low
        if not step or self.value % step or not math.isfinite(low + high):
            return low, high
        first, last = math.ceil(low / self.width - 1e-9), math.floor(high / self.width + 1e-9)
        return float(first * step), float(last * step)


Numbers = Mapping[str, Reported]
"""Reported numbers by name."""


class Printed(NamedTuple):
    """A number with what stands behind it: a spread, or the two ends of an interval.

    `bracket`: "like" where the spread stands in brackets and has decimals if the number has, "odd"
    where it has none, or a sign, as a rank or a gain.
    """

    value: Any
    spread: str | None = None
    ends: tuple[str, str] | None = None
    is_skewed: bool = False  # the two errors differ
    level: float | None = None  # of the interval
    bracket: str = ""


def show(value: Any, *, length: int = 60) -> str:
    """Quote a given value on one line; no backticks, between which arguments stand in messages."""
    return wording.show(value, length=length).replace("`", "\\x60")


def refuse(name: str, given: object, allowed: str) -> UsageError:
    """Return the error that says what was given, and what is allowed instead."""
    return UsageError(f"`{name}` was given as {show(given, length=40)}; allowed {allowed}")


def read_number(given: Any, name: str, *, scale: float | None = None) -> Reported:
    """Read a printed number, such as 12,345, 1.2k or 97.3 %; its decimals say how it was rounded.

    A per cent sign means a hundredth of a share, and elsewhere needs a `scale`: values may be
    shares (100) or per cent themselves (1).
    """
    # Of NumPy, in its own precision; its texts have no dimensions either.
    is_scalar = getattr(given, "ndim", None) == 0 and not isinstance(given, str)
    text = str(given.__array__()[()] if is_scalar else given)
    text = text.removesuffix(".0") if is_scalar or isinstance(given, float) else text
    body = unset(text)
    has_percent = body.endswith("%")
    # -12,345.6e-3k: sign, whole, decimals, power of ten and suffix.
    found = _NUMBER.fullmatch(body.removesuffix("%").strip())
    sign, whole, part, power, suffix = ("",) * 5 if found is None else found.groups("")
    whole, exponent = whole.replace(",", ""), int(power or 0) + SUFFIXES[suffix]
    is_long = len(whole) + len(part) > MAX_DIGITS + 12 or len(whole) > MAX_DIGITS
    if not whole + part or is_long or abs(exponent) > MAX_EXPONENT:
        examples = "48, -0.5, 12,345, 1.2k or 3.2e-4"
        if name in {"mean", "median"}:
            examples += ", or '0.83 ± 0.04, n = 5', or 'median=0.8 n=5'"
        raise refuse(name, text, f"is a plain decimal number, as it was printed: {examples}")
    if has_percent and name not in {"share", "level"} and scale is None:
        raise refuse(name, text, "is per cent with `scale` 100 if yours are shares, else with 1")
    # One unit of the last printed digit: the number lies within half of it.
    unit = Fraction(10) ** (exponent - len(part))
    unit /= Fraction(scale or (100 if has_percent else 1))
    value = int(f"{sign}{whole}{part}") * unit
    return Reported(body, value, value - unit / 2, value + unit / 2)


def is_printed(given: str) -> bool:
    """Say whether a text is a report, 0.83 ± 0.04 or mean=0.83, and not the name of something."""
    # or median 4.9
    words = r"\s*[-+−.$(\\*0-9]|[^=/]*=|[A-Za-z][A-Za-z _-]*\s[-+−.]?[0-9]"
    return re.match(words, given[:200]) is not None


def split_printed(given: object) -> Printed:
    """Return a number and what stands behind it.

    0.83 ± 0.04, 0.83 (0.04), 0.830(4) and 0.83 +0.02 -0.03 have a spread (the last the mean of its
    two errors), 0.83 [0.81, 0.85] an interval; a power of ten or a per cent sign behind brackets
    belongs to all; one behind a single number is refused, since it may belong to one or to both.
    """
    if not isinstance(given, str):
        return Printed(given)
    body = unset(given)
    # (8.3 ± 0.4)e-1, or 8.3 ± 0.4 %: the unit behind belongs to both
    outer = re.fullmatch(r"\(([^()]+±[^()]+)\)\s*(%|e[+-]?[0-9]+)?", body)
    body, unit = outer.groups("") if outer else (body, "")
    if not unit and body.endswith("%") and not re.search(r"%.*%$", body):
        body, unit = body[:-1].strip(), "%"
    found = next((match for form in _SPLIT if (match := form.fullmatch(body))), None)
    if found is None:
        return Printed(given)
    parts = {key: part.strip() for key, part in found.groupdict().items() if part is not None}
    level, is_apart = parts.pop("level", None), found["value"][-1].isspace()
    # 1.2k ± 0.1, and 8.3 ± 0.4 × 10⁻¹, but not 0.83 ± 4e-2, which was typed as it is meant
    has_suffix = {part[-1] in "kKMGB" for part in parts.values()}
    is_typeset = re.search(r"×|·|\\times|\\cdot", given)
    if len(has_suffix) > 1 or (is_typeset and len({"e" in part for part in parts.values()}) > 1):
        raise UsageError(f"{show(given)} has a unit behind one of its numbers; repeat it")
    unit = unit or "%" * parts["value"].endswith("%")
    plain = {key: part.removesuffix("%").strip() for key, part in parts.items()}
    value, decimals = plain["value"] + unit, len(plain["value"].partition(".")[2])
    if "low" in parts:
        ends = plain["low"] + unit, plain["high"] + unit
        return Printed(value, ends=ends, level=None if level is None else float(level) / 100)
    if "up" in parts:
        digits = max(len(parts[key].partition(".")[2]) for key in ("up", "down")) + 1
        half = f"{(float(parts['up']) + float(parts['down'])) / 2:.{digits}f}{unit}"
        return Printed(value, half, is_skewed=parts["up"] != parts["down"])
    inside = parts.get("inside")
    if inside is None:
        return Printed(value, plain["spread"] + unit)
    if inside.isdigit() and decimals and not is_apart:  # in units of the last digit
        return Printed(value, f"{int(inside) / 10**decimals:.{decimals}f}{unit}")
    # 78.9 (1.1) looks like a spread, 78.9 (1) and 78.9 (+0.3) do not.
    is_like = inside[0] not in "+-" and ("." in inside or not decimals)
    return Printed(value, plain["inside"] + unit, bracket="like" if is_like else "odd")


def split_range(given: object) -> tuple[str, str] | None:
    """Return the two ends of a range such as 0.81-0.85, [0.81, 0.85] or "0.81 to 0.85"."""
    if isinstance(given, (tuple, list)) and len(given) == 2:
        return given[0], given[1]
    # -0.81, 4e-2, 12.5 %
    number = r"-?[0-9][0-9.]*(?:e[+-]?[0-9]+)?\s?[%kM]?"
    body = unset(given) if isinstance(given, str) else ""
    found = re.fullmatch(rf"[(\[]?\s*({number})\s*(?:to|[-–,;])\s*({number})\s*[)\]]?", body)
    return None if found is None else (found[1].strip(), found[2].strip())


def unset(text: str) -> str:
    """Return a text of at most 200 letters without what typesetting puts round it."""
    body, before = text.strip()[:200], ""
    if re.fullmatch(r"[-+]?[0-9.]*", body):
        return body
    # Until nothing changes, since one command may hold another: \textbf{\underline{0.8}}
    while body != before:  # \textbf{\underline{0.8}}
        before = body
        for pattern, plain in _TYPESET:
            body = re.sub(pattern, plain, body)
    is_loose = "{" in body and not re.search(r"[_^]\{", body)
    return re.sub("[{}]", "", body).strip() if is_loose else body.strip()


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
    """Return a number with some significant digits, whole numbers in full."""
    if value is None or math.isnan(value):
        return ""
    in_full = float(value).is_integer() or abs(value) >= 10**digits
    return f"{value:,.0f}" if in_full and abs(value) < 1e15 else f"{value:.{digits}g}"


def span(low: float | None, high: float | None, digits: int = 4) -> str:
    """Return the two ends of an interval: "0.81 to 0.85"."""
    return f"{format_number(low, digits)} to {format_number(high, digits)}"


def percent(share: float) -> str:
    """Return a share in per cent; near 0 and 1 what it lies below or above."""
    number = 100.0 * share
    if 0 < number < 0.01:
        return "< 0.01 %"
    if 99.99 < number < 100:
        return "> 99.99 %"
    return f"{number:.{3 if number > 99 else 2}g} %"
