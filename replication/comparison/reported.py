"""Reported numbers: how papers print them, and all numbers that print so."""

from __future__ import annotations

import dataclasses
import re
from fractions import Fraction
from typing import Any

from replication.errors import UsageError
from replication.wording import show

STATISTICS = {
    "mean": "mean",
    "sd": "standard deviation",
    "se": "standard error",
    "median": "median",
    "q1": "lower quartile",
    "q3": "upper quartile",
    "iqr": "interquartile range",
    "iqm": "interquartile mean",
    "min": "minimum",
    "max": "maximum",
}
"""Statistics of values, by name, in words."""
SUCCESSES = {"share": "share that succeeded", "n_succeeded": "number that succeeded"}
SPREADS = ("sd", "se", "ci")
"""What is the standard deviation of the runs times a factor."""
WORDS = STATISTICS | SUCCESSES | {
    "ci": "confidence interval",
    "constant": "constant",
    "mean_given_max": "mean given the maximum",
}  # fmt: skip

MAX_RUNS = 100_000
"""Most runs that can lie behind a report."""
MAX_DIGITS, MAX_EXPONENT = 15, 30
_NUMBER = re.compile(
    r"(?P<sign>[+\-\u2212]?)"
    r"(?P<whole>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.(?P<part>[0-9]*))?"
    r"(?:[eE](?P<power>[+-]?[0-9]{1,3}))?",
    re.ASCII,
)
_PLUS_MINUS = re.compile(r"\s*(?:\u00b1|\+/-|\+-)\s*")


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
        """Say whether a number prints so."""
        return self.low <= value <= self.high


def read_reported(
    given: object, name: str, *, is_share: bool = False, scale: float | None = None
) -> Reported:
    """Read a reported number, such as 12,345 or 97.3 %; its decimals say how it was rounded.

    A per cent sign means a hundredth of a share, and elsewhere needs a `scale`: values may be
    shares (100) or per cent themselves (1).
    """
    text = _to_text(given)
    body = text.strip()
    has_percent = body.endswith("%")
    body = body.removesuffix("%").strip()
    found = _NUMBER.fullmatch(body)
    whole, part = (found["whole"].replace(",", ""), found["part"] or "") if found else ("", "")
    power = int(found["power"] or 0) if found else 0
    is_long = len(whole) + len(part) > MAX_DIGITS + 12 or len(whole) > MAX_DIGITS
    if (
        found is None or isinstance(given, bool) or not whole + part
        or is_long or abs(power) > MAX_EXPONENT
    ):  # fmt: skip
        examples = "write it as it was printed, such as 48, -0.5, 0.120, 12,345 or 3.2e-4"
        raise refuse(name, text, f"is a plain decimal number; {examples}")
    if has_percent and not is_share and scale is None:
        raise UsageError(
            f"`{name}` was given as {show(text, length=40)}; say what your values are with "
            "`scale`: 100 if they are shares such as 0.973, 1 if they are per cent such as 97.3"
        )
    unit = Fraction(10) ** (power - len(part))
    value = int(whole + part) * unit * (-1 if found["sign"] in {"-", "\u2212"} else 1)
    divisor = Fraction(100 if is_share and has_percent else 1)
    if scale is not None and not is_share:
        divisor = Fraction(scale)
    return Reported(
        text.strip(), value / divisor, (value - unit / 2) / divisor, (value + unit / 2) / divisor
    )


def refuse(name: str, given: object, allowed: str) -> UsageError:
    """Return the error that says what was given, and what is allowed instead."""
    return UsageError(f"`{name}` was given as {show(given, length=40)}; allowed {allowed}")


def read_runs(given: object) -> int:
    """Read the number of runs behind a report, also as 1,000 or, as pandas writes it, 5.0."""
    body = str(given).strip().removesuffix(".0")
    if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+|[0-9]{1,12}", body, re.ASCII):
        runs = int(body.replace(",", ""))
        if 1 <= runs <= MAX_RUNS:
            return runs
    allowed = f"are whole numbers from 1 to {MAX_RUNS:,}; for a value without error give `constant`"
    raise refuse("runs", given, allowed)


def _to_text(given: Any) -> str:
    """Return a number as the shortest text that gives it in its own type."""
    is_scalar = getattr(given, "ndim", None) == 0 and not isinstance(given, str)
    text = str(given.__array__()[()] if is_scalar else given)
    return text.removesuffix(".0") if is_scalar or isinstance(given, float) else text


def split_plus_minus(given: object) -> tuple[object, str | None]:
    """Return a mean and what stands behind its plus-minus sign: "0.83 ± 0.04", "(97±1) %"."""
    if not isinstance(given, str) or not _PLUS_MINUS.search(given):
        return given, None
    body = given.strip()
    percent = "%" if body.endswith("%") else ""
    body = body.removesuffix("%").strip().removeprefix("(").removesuffix(")")
    mean, spread = _PLUS_MINUS.split(body, maxsplit=1)
    return mean.strip().removesuffix("%") + percent, spread.strip() + percent
