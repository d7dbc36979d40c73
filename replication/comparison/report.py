"""What a report says: its numbers, and how what it leaves open may be read."""

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence, Set
from typing import Any, ClassVar

from replication.comparison.numbers import (
    Numbers,
    Reported,
    read_number,
    refuse,
    split_printed,
    split_range,
)
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
"""Statistics of values, by name, in words; beside them quantiles such as p90."""
SUCCESSES = {"share": "success rate", "n_succeeded": "number of successes"}
SPREADS = ("sd", "se", "ci", "spread")
"""What is the standard deviation of the runs times a factor."""
_WORDS = STATISTICS | SUCCESSES | {
    "ci": "half confidence interval",
    "spread": "number behind ±",
    "constant": "constant",
    "mean_given_max": "mean given the maximum",
}  # fmt: skip
MAX_RUNS = 100_000  # most that can lie behind a report
FAILURE_WORDS = {
    "excluded": "left out",
    "at-cap": "counted where they were stopped",
    "restarted": "started over and added up",
}
CI_WORDS = {"t": "Student's t", "normal": "the normal distribution"}
NUMBERS = (*STATISTICS, "ci", *SUCCESSES, "constant")
"""Arguments of `compare` that hold a reported number."""
CHOICES = {
    "failures": tuple(FAILURE_WORDS),
    "sd_kind": ("n-1", "n"),
    "plus_minus": ("sd", "se", "ci", "2sd", "2se"),
    "ci_kind": tuple(CI_WORDS),
    "nan_policy": ("raise", "omit"),
}
"""Arguments of `compare` with few values; None where it is not known what a report did."""

HEADERS = {
    "runs": ("n", "n_runs", "seeds", "n_seeds", "num_seeds", "number_of_runs", "trials", "count"),
    "mean": ("average", "avg", "m", "mu", "μ"),
    "sd": ("std", "stdev", "stddev", "std_dev", "standard_deviation", "sigma", "σ"),
    "se": ("sem", "stderr", "std_err", "standard_error"),
    "median": ("med", "50%", "p50"),
    "q1": ("25%", "p25", "lower_quartile"),
    "q3": ("75%", "p75", "upper_quartile"),
    "min": ("minimum",),
    "max": ("maximum",),
    "share": ("success_rate", "proportion"),
    "n_succeeded": ("successes", "n_success"),
    "ci": ("95%_ci", "ci95", "ci_95", "95_ci"),
    "ci_low": ("ci_lower", "lower_ci", "ci95_low", "lower_95"),
    "ci_high": ("ci_upper", "upper_ci", "ci95_high", "upper_95"),
}
_NAMES = {other: name for name, others in HEADERS.items() for other in (name, *others)} | {
    name: name for name in NUMBERS
}


def name_statistic(header: str) -> str | None:
    """Return the name of a reported number by what a table calls it, None for any other column.

    >>> name_statistic("Std"), name_statistic("N"), name_statistic("P90"), name_statistic("colour")
    ('sd', 'runs', 'p90', None)
    """
    key = re.sub(r"[\s-]+", "_", header.strip().lower()).rstrip(".")
    quantile = re.fullmatch(r"p([0-9]{1,2}(?:\.[0-9]{1,2})?)", key)
    return _NAMES.get(key) or (key if quantile and float(quantile[1]) > 0 else None)


def word(name: str) -> str:
    """Return the name of a reported number in words."""
    return _WORDS.get(name) or f"{name[1:]} % quantile"


def describe_number(name: str, text: str, *, article: bool = False) -> str:
    """Return a reported number with its name: "mean of 48", or "a mean of 48"."""
    words = f"{word(name)} {'' if name == 'spread' else 'of '}{text}"
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}" if article else words


@dataclasses.dataclass(frozen=True)
class Report:
    """Reported numbers by name, of `n` runs, and what was said of them.

    A constant is that of one run. `failures` is None where it was not said, and all kinds that a
    spread can be of are tried. `off_centre`: the mean is not the middle of its interval.
    """

    numbers: Numbers
    n: int
    failures: str | None
    sd_kinds: tuple[str, ...]
    ci_kinds: tuple[str, ...]
    ci_level: float
    factor: float = 1.0  # 2 where the spread is one of two standard deviations or errors
    off_centre: bool = False

    # What runs have that may stand in the place of a report:
    done: ClassVar[None] = None
    n_failed: ClassVar[int] = 0
    n_missing: ClassVar[int] = 0
    stop: ClassVar[None] = None
    minus: ClassVar[None] = None

    @property
    def on_values(self) -> dict[str, Reported]:
        """Those that summarise values, and not successes."""
        return {name: item for name, item in self.numbers.items() if name not in SUCCESSES}

    @property
    def spread(self) -> str | None:
        """Name of the number from which the standard deviation of the report is known."""
        return next((name for name in SPREADS if name in self.numbers), None)

    def count_used(self, rule: str) -> Sequence[int]:
        """Return how many values the statistics can summarise under a rule for failures."""
        item = self.numbers.get("n_succeeded") or self.numbers.get("share")
        return [self.n] if rule != "excluded" or item is None else self.count_successes()

    def count_successes(self) -> Sequence[int]:
        """Return the numbers of successes that print as was reported; the nearest if none does."""
        item = self.numbers.get("n_succeeded") or self.numbers.get("share") or self.numbers["mean"]
        scale = 1 if "n_succeeded" in self.numbers else self.n
        first = max(math.ceil(item.low * scale), 0)
        last = min(math.floor(item.high * scale), self.n)
        return range(first, last + 1) or [min(max(round(item.value * scale), 0), self.n)]

    def count_middle(self, rule: str) -> int:
        """Return the number of values that stands for all that there can be."""
        counts = self.count_used(rule)
        return counts[len(counts) // 2]

    def list_spreads(self, n_used: int) -> dict[str, float]:
        """Return what the spread can be as a multiple of the sd with n - 1, by words for it."""
        from scipy import special

        name = self.spread
        if name is None or n_used < 2:
            return {"": 1.0}
        error, tail = 1.0 / math.sqrt(n_used), 0.5 + self.ci_level / 2.0
        halves = {
            "t": float(special.stdtrit(n_used - 1, tail)) * error,
            "normal": float(special.ndtri(tail)) * error,
        }
        if name == "spread":
            return {"± as sd": 1.0, "± as standard error": error, "± as interval": halves["t"]}
        if name == "ci":
            return {f"interval by {CI_WORDS[kind]}": halves[kind] for kind in self.ci_kinds}
        base = self.factor * (error if name == "se" else 1.0)
        sds = {"n-1": base, "n": base * math.sqrt((n_used - 1) / n_used)}
        return {f"{name} with {kind.replace('-', ' - ')}": sds[kind] for kind in self.sd_kinds}


def parse_report(given: Any, name: str) -> dict[str, Any]:
    """Return reported numbers by name from a mapping, or from text: 0.83 ± 0.04, n = 5.

    In text the mean comes first, or each number has its name before it: mean=0.83 sd=0.04 n=5.
    """
    if isinstance(given, Mapping):
        pairs = [(str(key), value) for key, value in given.items()]
    else:
        first, *rest = re.split(r"[\s,;(]*([A-Za-z][\w %-]*?)\s*[=:]\s*", str(given)[:500])
        values = [value.strip(" ),;") for value in rest[1::2]]
        pairs = [("mean", first.strip())] * bool(first.strip())
        pairs += zip(rest[::2], values, strict=True)
    found: dict[str, Any] = {}
    for key, value in pairs:
        known = name_statistic(key)
        if known is None:
            allowed = f"are runs, {', '.join(STATISTICS)}, ci, share, n_succeeded and p90"
            raise refuse(name, key, allowed)
        if known in found:
            raise UsageError(f"`{name}` gives the {known} twice; give it once")
        if value is not None and str(value) != "":
            found[known] = value
    return found


def read_report(given: Mapping[str, Any], options: Mapping[str, Any]) -> Report:
    """Read what was reported by name; `options` are the arguments of `compare`."""
    scale, ci_level = options["scale"], options["ci_level"]
    for name, allowed in CHOICES.items():
        if options[name] is not None and options[name] not in allowed:
            raise refuse(name, options[name], f"are {', '.join(allowed)}")
    if scale is not None and not 0 < scale < math.inf:
        raise refuse("scale", scale, "is a number above 0")
    if not 0.5 <= ci_level < 1.0:
        raise refuse("ci_level", ci_level, "is from 0.5 to below 1")
    texts = {name: value for name, value in given.items() if value is not None}
    runs = texts.pop("runs", None)
    kind = options["plus_minus"] or "spread"
    off_centre = _split_all(texts, kind.removeprefix("2"), ci_level)
    ends = split_range(texts.get("ci"))
    if ends is not None:
        del texts["ci"]
    numbers = {}
    for name, text in texts.items():
        place, behind = ("mean", " behind ±") if name == "spread" else (name, "")
        numbers[name] = read_number(text, place, scale=None if name in SUCCESSES else scale)
        if numbers[name].value < 0 and name in {*SPREADS, "iqr", *SUCCESSES}:
            raise refuse(place, text, f"are 0 and numbers above it{behind}")
    if ends is not None:
        middle, half = _read_interval(*ends, scale)
        mean = numbers.setdefault("mean", middle)
        if abs(mean.value - middle.value) > half.value:
            raise refuse("ci", list(ends), f"is an interval that holds the mean of {mean.text}")
        off_centre = mean.low > middle.high or mean.high < middle.low
        numbers["ci"] = half
    elif "ci" in numbers:
        numbers["ci"] = dataclasses.replace(numbers["ci"], text=f"± {numbers['ci'].text}")
    if "constant" in numbers:
        exact = numbers["constant"]
        numbers["constant"] = dataclasses.replace(exact, low=exact.value, high=exact.value)
    _check_together(numbers.keys(), runs)
    sd_kinds = CHOICES["sd_kind"] if options["sd_kind"] is None else (options["sd_kind"],)
    ci_kinds = CHOICES["ci_kind"] if options["ci_kind"] is None else (options["ci_kind"],)
    n = read_number(1 if runs is None else runs, "runs").value
    if n.denominator != 1 or not 1 <= n <= MAX_RUNS:
        span = f"from 1 to {MAX_RUNS:,}; for a value without error give `constant`"
        raise refuse("runs", runs, f"are whole numbers {span}")
    report = Report(
        numbers, int(n), options["failures"], sd_kinds, ci_kinds,
        ci_level, 2.0 if kind.startswith("2") else 1.0, off_centre,
    )  # fmt: skip
    n_used = report.count_middle(report.failures or "excluded")
    least, of = (1, "mean") if report.spread is None else (2, "standard deviation")
    if report.on_values and n_used < least:
        raise UsageError(
            f"the report summarises {plural(n_used, 'value')}, too few for a {of}; correct `runs` "
            "or the number that succeeded"
        )
    return report


def _split_all(texts: dict[str, Any], kind: str, ci_level: float) -> bool:
    """Take apart what stands in one cell; say whether two errors differ."""

    def add(name: str, value: Any) -> None:
        if texts.setdefault(name, value) != value:
            raise UsageError(
                f"`{name}` was given twice, as {show(texts[name])} and {show(value)}; give it once"
            )

    low, high = texts.pop("ci_low", None), texts.pop("ci_high", None)
    if (low is None) != (high is None):
        given, lacks = ("ci_low", "ci_high") if high is None else ("ci_high", "ci_low")
        raise UsageError(f"`{given}` was given without `{lacks}`; give both ends, or neither")
    if low is not None:
        add("ci", (low, high))
    mean, median = (split_printed(texts.get(name)) for name in ("mean", "median"))
    if mean.level is not None and not math.isclose(float(mean.level), 100.0 * ci_level):
        raise UsageError(
            f"the interval behind the mean has a level of {mean.level} %, and `ci_level` is "
            f"{ci_level:g}; give both alike"
        )
    for name, printed, behind in (
        ("mean", mean, "ci" if mean.ends else kind),
        ("median", median, "iqr"),  # as papers print it: a median with its quartiles
    ):
        if printed.ends or printed.spread:
            texts[name] = printed.value
            add(behind, printed.ends or printed.spread)
    if (pair := split_range(texts.get("iqr"))) is not None:
        del texts["iqr"]
        add("q1", pair[0])
        add("q3", pair[1])
    return mean.is_skewed


def _check_together(names: Set[str], runs: Any) -> None:
    faults = {
        "nothing was reported; give at least one of " + ", ".join(f"`{name}`" for name in NUMBERS):
            not names,
        "`share` and `n_succeeded` say the same; give one of them": SUCCESSES.keys() <= names,
        "`constant` was given with other numbers; give it alone":
            "constant" in names and len(names) > 1,
        "`runs` was not given; give the number of runs behind the report, or try several; for a "
        "value without error give `constant`": runs is None and "constant" not in names,
        "a confidence interval says what `sd` and `se` say; give one of them":
            "ci" in names and not {"sd", "se"}.isdisjoint(names),
    }  # fmt: skip
    for message, is_so in faults.items():
        if is_so:
            raise UsageError(message)


def _read_interval(low: Any, high: Any, scale: float | None) -> tuple[Reported, Reported]:
    """Return the middle of a confidence interval, and half of its width."""
    first, last = (read_number(end, "ci", scale=scale) for end in (low, high))
    if not first.value < last.value:
        raise refuse("ci", [low, high], "is the lower end first")
    middle, half = (first.value + last.value) / 2, (last.value - first.value) / 2
    cell = (first.high - first.low + last.high - last.low) / 4
    return (
        Reported(f"{float(middle):g}", middle, middle - cell, middle + cell),
        Reported(f"± {float(half):g}", half, half - cell, half + cell),
    )
