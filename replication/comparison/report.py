"""What a report says: its numbers, and how what it leaves open may be read."""

import dataclasses
import difflib
import math
import re
from collections.abc import Mapping, Sequence, Set
from fractions import Fraction
from typing import Any, NamedTuple

from replication.comparison import numbers as printed
from replication.comparison.names import GONE, NAMES
from replication.comparison.numbers import Numbers, Reported, read_number, refuse, show, split_range
from replication.comparison.request import NO_KIND, Kind, Request, read_kind
from replication.comparison.sides import Printed
from replication.errors import UsageError
from replication.wording import plural

STATISTICS = {
    "mean": "mean", "sd": "standard deviation", "se": "standard error", "median": "median",
    "q1": "lower quartile", "q3": "upper quartile", "iqr": "interquartile range",
    "iqm": "interquartile mean", "min": "minimum", "max": "maximum",
}  # fmt: skip
"""Statistics of values, by name, in words; beside them quantiles such as p90."""
SUCCESSES = {"share": "success rate", "n_succeeded": "number of successes"}
SPREADS = ("sd", "se", "ci", "spread")
"""What is the standard deviation of the runs times a factor."""
_WORDS = STATISTICS | SUCCESSES | {
    "ci": "half confidence interval", "spread": "number behind ±", "constant": "constant",
    "mean_given_max": "mean given the maximum",
}  # fmt: skip
CENTRES = {"mean", "constant", "median", "iqm"}
QUARTILES = {"median", "q1", "q3"}
MAX_RUNS = 100_000  # most that can lie behind a report
MANY = 100  # runs that a standard deviation is taken to be of at most, where nothing says it
MIN_RUNS = 5  # with fewer nothing but a mean is judged
CI_WORDS = {"t": "Student's t", "normal": "the normal distribution"}
SPELT = (
    (r"\(?\b([0-9][0-9,]*)\s+(?:random )?(?:seeds|runs|trials)\b\)?", r", n = \1"),  # (5 seeds)
    (r"^\s*([0-9.]+\s?%)\s+of\s+([0-9,]+)\s*$", r"share = \1, n = \2"),  # 94% of 50
    (r"\(\s*(?:IQR|interquartile range)[:,]?\s*(?=[0-9.-])", "("),  # 4.9 (IQR 4.5 to 5.4)
)
"""What stands in texts in place of names."""
COUNTED = r"\s*([0-9]+)\s*(?:/|of)\s*([0-9]+)\s*"  # 49/50, 49 of 50


class Heading(NamedTuple):
    """What the heading of a column says: whose statistic, its unit, and what is behind it."""

    label: str
    statistic: str | None
    unit: str = ""
    kind: str | None = None
    runs: str | None = None


def read_heading(text: str) -> Heading:
    """Read the heading of a column of reported numbers.

    >>> read_heading("Acc (%)")[:3], read_heading("acc_mean")[:2], read_heading("Mean (SD)")[1:4:2]
    (('acc', None, '%'), ('acc', 'mean'), ('mean', 'SD'))
    """
    body, unit, kind, runs = printed.unset(text), "", None, None
    # ± SD, n = 5; (5 seeds)
    counted = r",?\s*\b(?:n\s*=\s*([0-9,]*[0-9])|([0-9,]+)\s(?:seeds|runs|trials))\b"
    count = re.search(counted, body, re.IGNORECASE)
    if count and count[0] != body:
        runs, body = count[1] or count[2], body.replace(count[0], "")
    base, _, behind = re.sub(r"[(\[][^()\[\]]*[)\]]?", " ", body).partition("±")
    # (%), (sd), (mean ± std), or ± SD without brackets
    for inside in (*re.findall(r"[(\[]([^()\[\]]*)[)\]]", body), behind):
        spread = re.sub(r"(?:mean|average)?\s*±", "", inside)
        if "%" in inside and read_kind(inside) is None:
            unit = "%"
        elif read_kind(spread) is not None:
            kind = spread
    words = re.sub(r"[\s._-]+", "_", base.lower()).strip("_")
    if level := re.fullmatch(r"([0-9]{2}(?:\.[0-9])?)%_ci", words):
        return Heading("", "ci", unit, f"{level[1]}% ci", runs)
    # p90
    quantile = re.fullmatch(r"p([0-9]{1,2}(?:\.[0-9]{1,2})?)", base.strip().lower())
    if quantile and float(quantile[1]) > 0 and words not in NAMES:
        return Heading("", base.strip().lower(), unit, kind, runs)
    if words not in NAMES and words.endswith("%"):
        words, unit = words.removesuffix("%").strip("_"), "%"
    # acc_mean and mean_acc: the longest name of a statistic at either end, the rest is the label.
    parts = words.split("_")
    for place in range(len(parts)):
        first, last = "_".join(parts[:place]), "_".join(parts[place:])
        for name, label in ((last, first), (first, last)):
            if name in NAMES and (not label or len(name) > 1 or name == last == "n"):
                return Heading(label, NAMES[name], unit, kind, runs)
    return Heading(words, None, unit, kind, runs)


def suggest(name: str) -> str:
    """Quote a name that says nothing known, with the reported number whose name is nearest."""
    near = difflib.get_close_matches(re.sub(r"[\s.-]+", "_", name.lower()), NAMES, n=1)
    return show(name, length=40) + (f" (did you mean {near[0]}?)" if near else "")


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

    `n` is 0 where it is not known, which an interval or a standard error makes up for; a constant
    is that of one run. `failures` is None where it was not said, and all kinds that a spread can be
    of are tried. `off_centre`: the mean is not the middle of its interval; "log" where it is on the
    scale of logarithms. `bracket`: what was read as a spread, though it stood in brackets.
    """

    numbers: Numbers
    n: int
    failures: str | None = None
    kind: Kind = NO_KIND
    off_centre: str = ""
    bracket: str = ""

    @property
    def on_values(self) -> dict[str, Reported]:
        """Those that summarise values, and not successes."""
        return {name: item for name, item in self.numbers.items() if name not in SUCCESSES}

    @property
    def spread(self) -> str | None:
        """Name of the number from which the standard deviation of the report is known."""
        return next((name for name in SPREADS if name in self.numbers), None)

    @property
    def centre(self) -> str | None:
        """Name of the number that is judged by spreads: a mean, or what an interval is beside."""
        names = self.numbers.keys()
        if self.has_quartiles:
            return "median"
        others = sorted(names & CENTRES - {"mean", "constant"}) if "ci" in names else []
        return next((name for name in ("constant", "mean", *others) if name in names), None)

    @property
    def has_quartiles(self) -> bool:
        """Whether mean and spread are estimated from median and quartiles."""
        return self.n >= MIN_RUNS and self.numbers.keys() == QUARTILES

    @property
    def has_error(self) -> bool:
        """Whether it is the standard error of the centre that is known, and no spread of runs."""
        is_other = self.centre not in {"mean", "constant", None} and not self.has_quartiles
        return self.spread is not None and (self.n == 0 or is_other)

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
        """Return what the spread can be as a multiple of the sd with n - 1, by words for it.

        Of the standard error where only that is known.
        """
        from scipy import special

        name, kind, tail = self.spread, self.kind, 0.5 + (self.kind.level or 0.95) / 2.0
        z, error = float(special.ndtri(tail)), 1.0 / math.sqrt(max(n_used, 1))
        # Of an estimate: its standard error, an interval, or an sd of many runs.
        if self.has_error:
            if name != "spread":
                return {"": z if name == "ci" else kind.factor}
            many = {f"± as sd of {MANY} runs": math.sqrt(MANY)} if self.n == 0 else {}
            return {"± as standard error": 1.0, "± as interval": z} | many
        if name is None or n_used < 2:
            return {"": 1.0}
        halves = {"t": float(special.stdtrit(n_used - 1, tail)) * error, "normal": z * error}
        ends = {f"interval by {words}": halves[by] for by, words in CI_WORDS.items()}
        if name == "ci":
            return ends if kind.by is None else {"": halves[kind.by]}
        below = {"n - 1": 1.0, "n": math.sqrt((n_used - 1) / n_used)}
        if name == "spread":
            bases = {"sd": 1.0, "standard error": error}
            sds = {f"{words} with {free}": base * one
                   for words, base in bases.items() for free, one in below.items()}  # fmt: skip
            return {f"± as {words}": one for words, one in (sds | ends).items()}
        base = kind.factor * (error if name == "se" else 1.0)
        if kind.free is not None:
            return {"": base * below[kind.free.replace("-", " - ")]}
        return {f"{name} with {free}": base * one for free, one in below.items()}


def parse_report(given: Any, name: str) -> dict[str, Any]:
    """Return reported numbers by name from a mapping, or from text: 0.83 ± 0.04, n = 5.

    In text the mean comes first, or each number has its name before it: mean=0.83 sd=0.04 n=5.
    """
    if isinstance(given, Mapping):
        pairs = [(str(key), value) for key, value in given.items()]
    else:
        text = str(given)[:500]
        for pattern, plain in SPELT:
            text = re.sub(pattern, plain, text)
        # median 4.9; of another name, as in "accuracy 94.8", the number is a mean
        if called := re.match(r"\s*([A-Za-z][A-Za-z _-]*?)\s+(?=[-+−.]?[0-9])", text):
            text = f"{called[1]}=" * (called[1].lower() in NAMES) + text[called.end() :]
        # ", n = 5" behind a number, or "mean=0.8"
        first, *rest = re.split(r"[\s,;(]*([A-Za-z][\w %-]*?)\s*[=:]\s*", text)
        values = [value.strip(" ,;") for value in rest[1::2]]  # (n = 5), but [4.5, 5.4) in full
        values = [v.removesuffix(")") if v.count(")") > v.count("(") else v for v in values]
        lone = "share" if re.fullmatch(COUNTED, first) else "mean"
        pairs = [(lone, first.strip())] * bool(first.strip())
        pairs += zip(rest[::2], values, strict=True)
    found: dict[str, Any] = {}
    for key, value in pairs:
        # What a heading says of ± goes along: "mean (sd)"
        label, known, *_ = ("", key) if key == "plus_minus" else read_heading(key)
        if known is None or label:
            allowed = f"are n, {', '.join(STATISTICS)}, ci, share, successes and p90"
            raise UsageError(f"`{name}` was given as {suggest(key)}; allowed {allowed}")
        if known in found:
            raise UsageError(f"`{name}` gives the {known} twice; give it once")
        if value is not None and str(value) != "":
            found[known] = value
    return found


def read_printed(given: Any, numbers: Mapping[str, Any], side: str) -> Printed:
    """Return reported numbers by name, given as a whole to the argument of a side, or alone."""
    numbers = {name: one for name, one in numbers.items() if one is not None}
    for name in GONE.keys() & numbers.keys():
        raise UsageError(f"there is no '{name}' any more; give {GONE[name]}")
    whole = {} if given is None else parse_report(given, side)
    for name, value in parse_report(numbers, side).items():
        if str(whole.setdefault(name, value)) != str(value):
            raise UsageError(f"`{side}` gives the {name}, and `{name}` was given; leave one out")
    behind = whole.pop("plus_minus", None)
    return Printed(whole, behind)


def read_report(given: Printed, request: Request, *, is_gap: bool) -> Report:
    """Read what was reported by name; `is_gap`: it is the difference of two groups."""
    scale, kind = request.scale, request.kind
    texts: dict[str, Any] = dict(given.numbers)
    if given.plus_minus is not None and kind == NO_KIND:
        kind = read_kind(given.plus_minus) or NO_KIND
    # "0.83 ± 0.04", "[4.9, 5.7]" and their like come apart.
    off_centre, bracket, level = _split_all(texts, kind)
    if level is not None and kind.level not in {None, level}:
        raise UsageError(f"the level is {level:g}, and {kind.level:g} in `plus_minus`; keep one")
    runs, ends = texts.pop("runs", None), split_range(texts.get("ci"))
    if ends is not None:
        del texts["ci"]
    is_log, numbers = request.is_log, dict[str, Reported]()
    # Each number as it was printed, with the ends that rounding leaves it.
    for name, text in texts.items():
        place, where = ("mean", " behind ±") if name == "spread" else (name, "")
        item = read_number(text, place, scale=None if name in SUCCESSES else scale)
        if item.value < 0 and name in {*SPREADS, "iqr", *SUCCESSES}:
            raise refuse(place, text, f"are 0 and numbers above it{where}")
        numbers[name] = _take_log(item, place) if is_log and name not in SUCCESSES else item
    if is_log and numbers.keys() & {*SPREADS, "iqr"}:
        raise UsageError("`scale` is log, on which a spread is none; give the two ends of `ci`")
    # An interval by its ends, or what stands behind ±.
    if ends is not None:
        first, last = (read_number(end, "ci", scale=scale) for end in ends)
        if not first.value < last.value:
            raise refuse("ci", [*ends], "is the lower end first")
        if is_log:
            first, last = _take_log(first, "ci"), _take_log(last, "ci")
        off_centre = _place_interval(numbers, first, last, is_log)
    elif "ci" in numbers:
        numbers["ci"] = dataclasses.replace(numbers["ci"], text=f"± {numbers['ci'].text}")
    if exact := numbers.get("constant"):
        numbers["constant"] = dataclasses.replace(exact, low=exact.value, high=exact.value)
    # Runs, and whether all of it can stand together.
    n = read_number(1 if "constant" in numbers else 0 if runs is None else runs, "n").value
    if n.denominator != 1 or not (runs is None or 1 <= n <= MAX_RUNS):
        raise refuse("n", runs, f"are whole numbers from 1 to {MAX_RUNS:,}, or a `constant`")
    kind = dataclasses.replace(kind, level=kind.level or level)
    report = Report(numbers, int(n), request.failures, kind, off_centre, bracket)
    _check_together(report, is_gap=is_gap)
    n_used = report.count_middle(report.failures or "excluded")
    least, of = (1, "mean") if report.spread is None else (2, "standard deviation")
    if report.on_values and n_used < least and not report.has_error:
        few = f"{plural(n_used, 'value')}, too few for a {of}"
        raise UsageError(f"the report summarises {few}; correct `n` or the number that succeeded")
    return report


def _take_log(item: Reported, name: str) -> Reported:
    if item.low <= 0:
        raise refuse(name, item.text, "on the scale log are numbers above 0")
    ends = (Fraction(math.log(end)) for end in (item.value, item.low, item.high))
    return Reported(item.text, *ends)


def _split_all(texts: dict[str, Any], kind: Kind) -> tuple[str, str, float | None]:
    """Take apart what stands in one cell.

    Return whether it is "off" the centre, what was in brackets, and the level of its interval.
    """
    off_centre, bracket, level = "", "", None

    def add(name: str, value: Any) -> None:
        if str(texts.setdefault(name, value)) != str(value):
            raise UsageError(f"`{name}` was given twice: {show(texts[name])}, {show(value)}")

    # Both ends of an interval in columns of their own, and a share as 19/20.
    if ("ci_low" in texts) != ("ci_high" in texts):
        raise UsageError("`ci_low` was given without `ci_high`, or that without it; give both")
    if "ci_low" in texts:
        add("ci", (texts.pop("ci_low"), texts.pop("ci_high")))
    if share := re.fullmatch(COUNTED, str(texts.get("share"))):
        del texts["share"]
        add("n_succeeded", share[1])
        add("runs", share[2])
    # 0.83 ± 0.04, 0.83 (0.04) or 0.83 [0.81, 0.85]: a value with what stands behind it.
    behind = {"mean": kind.name or "spread", "median": "iqr", "iqm": "ci"}
    for name, spread in behind.items():  # a median stands with its quartiles
        parts = printed.split_printed(texts.get(name))
        if not (parts.ends or parts.spread):
            continue
        if parts.bracket == "odd" and kind == NO_KIND:
            odd = f"what is in brackets in {show(texts[name])} does not look like a spread"
            raise UsageError(f"{odd}; say what it is with `plus_minus`, or leave it out")
        is_interval = parts.ends and (parts.level or name == "mean")
        texts[name] = parts.value
        add("ci" if is_interval else spread, parts.ends or parts.spread)
        off_centre = "off" if parts.is_skewed else off_centre
        bracket = str(parts.spread) if parts.bracket and kind == NO_KIND else ""
        level = parts.level
    # Pairs in one cell, as 40-55.
    for name, ends in {"iqr": ("q1", "q3"), "range": ("min", "max")}.items():
        if (pair := split_range(texts.get(name))) is not None:
            del texts[name]
            for each, value in zip(ends, pair, strict=True):
                add(each, value)
    if "range" in texts:
        raise refuse("range", texts["range"], "are the smallest and the largest, as 0.81 to 0.85")
    return off_centre, bracket, level


def _place_interval(numbers: dict[str, Any], first: Reported, last: Reported, is_log: bool) -> str:
    """Take an interval as that of the only centre, or of the mean; say whether it is off it."""
    # Half of its width stands for it, with the rounding of both ends.
    middle, half = (first.value + last.value) / 2, (last.value - first.value) / 2
    cell = (first.high - first.low + last.high - last.low) / 4
    found = Reported(f"{float(middle):g}", middle, middle - cell, middle + cell)
    text = f"{first.text} to {last.text}" if is_log else f"± {float(half):g}"
    numbers["ci"] = Reported(text, half, half - cell, half + cell)
    beside = sorted(numbers.keys() & CENTRES)
    centre = numbers[beside[0]] if len(beside) == 1 else numbers.setdefault("mean", found)
    if not first.low <= centre.value <= last.high:
        raise refuse("ci", f"{first.text} to {last.text}", f"are intervals around {centre.text}")
    if centre.low <= found.high and found.low <= centre.high:
        return ""
    # Is it in the middle on the scale of logarithms? sqrt(low * high)
    if first.low > 0:  # of a ratio, which lies in the middle on the scale of logarithms
        ways = [math.sqrt(a * b) for a, b in ((first.low, last.low), (first.high, last.high))]
        if centre.low <= ways[1] and ways[0] <= centre.high:
            return "log"
    return "off"


def _check_together(report: Report, *, is_gap: bool) -> None:
    numbers: Set[str] = report.numbers.keys()
    faults = {
        "nothing was reported; give `reported`, or a number by its name such as `mean`":
            not numbers,
        "`share` and `n_succeeded` say the same; give one of them": SUCCESSES.keys() <= numbers,
        "`constant` was given with other numbers; give it alone":
            "constant" in numbers and len(numbers) > 1,
        "`n` was not given, the number of runs behind the report (an interval needs none)":
            report.n == 0 and not (numbers - {"ci", "se", "spread"} == {report.centre}
                                   and report.has_error),
        "of a difference (`minus`) only the `mean`, with its spread, or `constant` is compared":
            is_gap and (report.centre not in {"mean", "constant"}
                        or bool(numbers - {"mean", "constant", *SPREADS})),
        "a confidence interval says what `sd` and `se` say; give one of them":
            "ci" in numbers and not {"sd", "se"}.isdisjoint(numbers),
    }  # fmt: skip
    for message, is_so in faults.items():
        if is_so:
            raise UsageError(message)
