"""What a report says: its numbers as papers print them, and how what it leaves open may be read."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from replication.errors import UsageError
from replication.wording import plural, show

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

MAX_RUNS = 100_000  # most that can lie behind a report
MAX_DIGITS, MAX_EXPONENT = 15, 30
_NUMBER = re.compile(
    r"([+\-\u2212]?)([0-9]{1,3}(?:,[0-9]{3})+|[0-9]*)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]{1,3}))?",
    re.ASCII,
)
_PLUS_MINUS = re.compile(r"\s*(?:\u00b1|\+/-|\+-)\s*")
FAILURE_WORDS = {
    "excluded": "left out",
    "at-cap": "counted where they were stopped",
    "restarted": "started over and added up",
}
SD_KINDS = ("n-1", "n")
CI_WORDS = {"t": "Student's t", "normal": "the normal distribution"}
MAX_COUNTS = 100  # most numbers of successes that are tried for one share


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

    def holds(self, value: Fraction) -> bool:
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
    sign, whole, part, power = ("", "", "", 0) if found is None else found.groups("")
    whole, power = whole.replace(",", ""), int(power or 0)
    is_long = len(whole) + len(part) > MAX_DIGITS + 12 or len(whole) > MAX_DIGITS
    if not whole + part or is_long or abs(power) > MAX_EXPONENT:
        examples = "write it as it was printed, such as 48, -0.5, 0.120, 12,345 or 3.2e-4"
        raise refuse(name, text, f"is a plain decimal number; {examples}")
    if has_percent and not is_share and scale is None:
        raise UsageError(
            f"`{name}` was given as {show(text, length=40)}; say what your values are with "
            "`scale`: 100 if they are shares such as 0.973, 1 if they are per cent such as 97.3"
        )
    unit = Fraction(10) ** (power - len(part))
    value = int(whole + part) * unit * (-1 if sign in {"-", "\u2212"} else 1)
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


@dataclasses.dataclass(frozen=True)
class Report:
    """Reported numbers by name, and what was said of them.

    A constant is that of one run. `failures` is None where it was not said, and all kinds that a
    spread can be of are tried.
    """

    numbers: Mapping[str, Reported]
    runs: int
    failures: str | None
    sd_kinds: tuple[str, ...]
    ci_kinds: tuple[str, ...]
    ci_level: float

    @property
    def on_values(self) -> dict[str, Reported]:
        """Those that summarise values, and not successes."""
        return {name: item for name, item in self.numbers.items() if name not in SUCCESSES}

    def count_used(self, rule: str) -> list[int]:
        """Return how many values the statistics can summarise under a rule for failures."""
        item = self.numbers.get("n_succeeded") or self.numbers.get("share")
        if rule != "excluded" or item is None:
            return [self.runs]
        scale = self.runs if "share" in self.numbers else 1
        found = [k for k in range(self.runs + 1) if item.holds(Fraction(k, scale))]
        nearest = min(max(round(item.value * scale), 0), self.runs)
        return found[:MAX_COUNTS] or [nearest]

    def count_middle(self, rule: str) -> int:
        """Return the number of values that stands for all that there can be."""
        counts = self.count_used(rule)
        return counts[len(counts) // 2]

    def list_readings(self, n_used: int) -> dict[str, dict[str, float]]:
        """Return what each spread can be as a multiple of the sd with n - 1, by words for it."""
        from scipy import special

        spreads = [name for name in SPREADS if name in self.numbers]
        if not spreads or n_used < 2:
            return {"": {}}
        error = 1.0 / math.sqrt(n_used)
        if spreads == ["ci"]:
            tail = 0.5 + self.ci_level / 2.0
            factors = {"t": special.stdtrit(n_used - 1, tail), "normal": special.ndtri(tail)}
            return {
                f"interval by {CI_WORDS[kind]}": {"ci": float(factors[kind]) * error}
                for kind in self.ci_kinds
            }
        found = {}
        for kind in self.sd_kinds:
            factor = 1.0 if kind == "n-1" else math.sqrt((n_used - 1) / n_used)
            words = f"{spreads[0]} with {kind.replace('-', ' - ')}"
            found[words] = {"sd": factor, "se": factor * error}
        return found


def read_report(
    given: Mapping[str, Any],
    *,
    ci: Sequence[str | float] | None,
    plus_minus: str | None,
    scale: float | None,
    runs: int | str | None,
    failures: str | None,
    sd_kind: str | None,
    ci_kind: str | None,
    ci_level: float,
) -> Report:
    """Read what was reported; arguments are those of `compare`, `given` its numbers by name."""
    for name, value, allowed in (
        ("failures", failures, tuple(FAILURE_WORDS)),
        ("sd_kind", sd_kind, SD_KINDS),
        ("ci_kind", ci_kind, tuple(CI_WORDS)),
        ("plus_minus", plus_minus, SPREADS),
    ):
        if value is not None and value not in allowed:
            raise refuse(name, value, f"are {', '.join(allowed)}")
    if scale is not None and not 0 < scale < math.inf:
        raise refuse("scale", scale, "is a number above 0")
    if not 0.5 <= ci_level < 1.0:
        raise refuse("ci_level", ci_level, "is from 0.5 to below 1")
    texts = {name: value for name, value in given.items() if value is not None}
    mean, behind = split_plus_minus(texts.get("mean"))
    if behind is not None:
        if plus_minus is None:
            raise UsageError(
                f"`mean` was given with ± {behind}; say what that is with `plus_minus`: sd "
                "(standard deviation), se (standard error) or ci (half of a confidence interval)"
            )
        texts |= {"mean": mean, plus_minus: behind}
    numbers = {
        name: read_reported(
            text, name, is_share=name == "share", scale=None if name in SUCCESSES else scale
        )
        for name, text in texts.items()
    }
    for name in numbers.keys() & {*SPREADS, "iqr", *SUCCESSES}:
        if numbers[name].value < 0:
            raise refuse(name, texts[name], "are 0 and numbers above it")
    if ci is not None:
        middle, half = _read_interval(ci, scale)
        numbers.setdefault("mean", middle)
        numbers["ci"] = half
    elif "ci" in numbers:
        numbers["ci"] = dataclasses.replace(numbers["ci"], text=f"± {numbers['ci'].text}")
    if "constant" in numbers:
        exact = numbers["constant"]
        numbers["constant"] = dataclasses.replace(exact, low=exact.value, high=exact.value)
    _check_together(numbers, runs)
    n_runs = 1 if runs is None else read_runs(runs)
    sd_kinds = SD_KINDS if sd_kind is None else (sd_kind,)
    ci_kinds = tuple(CI_WORDS) if ci_kind is None else (ci_kind,)
    report = Report(numbers, n_runs, failures, sd_kinds, ci_kinds, ci_level)
    n_used = report.count_middle(failures or "excluded")
    least, of = (1, "mean") if numbers.keys().isdisjoint(SPREADS) else (2, "standard deviation")
    if report.on_values and n_used < least:
        raise UsageError(
            f"the report summarises {plural(n_used, 'value')}, too few for a {of}; correct `runs` "
            "or the number that succeeded"
        )
    return report


def _check_together(numbers: Mapping[str, Reported], runs: int | str | None) -> None:
    """Refuse numbers that do not go together."""
    if not numbers:
        raise UsageError(
            "nothing was reported; give at least one of "
            + ", ".join(f"`{name}`" for name in (*STATISTICS, "ci", *SUCCESSES, "constant"))
        )
    if SUCCESSES.keys() <= numbers.keys():
        raise UsageError("`share` and `n_succeeded` say the same; give one of them")
    if "constant" in numbers and len(numbers) > 1:
        raise UsageError("`constant` was given with other numbers; give it alone")
    if runs is None and "constant" not in numbers:
        raise UsageError(
            "`runs` was not given; give the number of runs behind the report, or try several; for "
            "a value without error give `constant`"
        )
    if "ci" in numbers and not numbers.keys().isdisjoint({"sd", "se"}):
        raise UsageError("a confidence interval says what `sd` and `se` say; give one of them")


def _read_interval(ci: Sequence[str | float], scale: float | None) -> tuple[Reported, Reported]:
    """Return the middle of a confidence interval, and half of its width."""
    if isinstance(ci, str) or len(ci) != 2:
        raise refuse("ci", ci, "are its lower and its upper end")
    low, high = (read_reported(end, "ci", scale=scale) for end in ci)
    if not low.value < high.value:
        raise refuse("ci", list(ci), "is the lower end first")
    middle, half = (low.value + high.value) / 2, (high.value - low.value) / 2
    cell = (low.high - low.low + high.high - high.low) / 4
    return (
        Reported(f"{float(middle):g}", middle, middle - cell, middle + cell),
        Reported(f"± {float(half):g}", half, half - cell, half + cell),
    )
