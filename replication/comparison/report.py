"""What a report says: its numbers, and how what it leaves open may be read."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from scipy import special

from replication.comparison.reported import (
    SPREADS,
    STATISTICS,
    SUCCESSES,
    Reported,
    read_reported,
    read_runs,
    refuse,
    split_plus_minus,
)
from replication.comparison.runs import FAILURE_WORDS
from replication.errors import UsageError
from replication.wording import plural

SD_KINDS = ("n-1", "n")
CI_WORDS = {"t": "Student's t", "normal": "the normal distribution"}
MAX_COUNTS = 100
"""Most numbers of successes that are tried for one share."""


@dataclasses.dataclass(frozen=True)
class Report:
    """Reported numbers by name, and what was said of them: None where it was not.

    A constant is that of one run.
    """

    numbers: Mapping[str, Reported]
    runs: int
    failures: str | None
    sd_kind: str | None
    ci_kind: str | None
    ci_level: float

    @property
    def on_values(self) -> dict[str, Reported]:
        """Those that summarise values, and not successes."""
        return {name: item for name, item in self.numbers.items() if name not in SUCCESSES}

    @property
    def sd_kinds(self) -> tuple[str, ...]:
        """Denominators that the standard deviation can have."""
        return SD_KINDS if self.sd_kind is None else (self.sd_kind,)

    @property
    def ci_kinds(self) -> tuple[str, ...]:
        """How a confidence interval can have been made."""
        return tuple(CI_WORDS) if self.ci_kind is None else (self.ci_kind,)

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
        """Return what each spread can be as a multiple of the standard deviation, by words for it.

        That standard deviation has n - 1 in its denominator.
        """
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
    for name in (*SPREADS, "iqr", *SUCCESSES):
        if name in numbers and numbers[name].value < 0:
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
    report = Report(numbers, n_runs, failures, sd_kind, ci_kind, ci_level)
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
