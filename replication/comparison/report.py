"""A report: its numbers, and the ways to read what it leaves open."""

import dataclasses
import math
from collections.abc import Mapping, Sequence, Set
from fractions import Fraction

from replication.comparison.numbers import Reported, ReportedNumbers, read_number, refuse
from replication.comparison.request import Request
from replication.comparison.sides import Printed
from replication.comparison.units import is_per_cent
from replication.errors import UsageError
from replication.reading import names
from replication.reading.kinds import NO_KIND, Kind, read_kind
from replication.wording import plural

SUCCESSES = names.SUCCESSES
SPREADS = ("sd", "se", "ci", "spread")
"""Statistics that are a multiple of the standard deviation of the runs."""
WORDS = {
    **names.STATISTICS,
    **SUCCESSES,
    "ci": "half confidence interval",
    "spread": "number behind ±",
    "constant": "constant",
    "mean_given_max": "mean given the maximum",
}
"""Names of reported numbers in words."""
CENTRES = {"mean", "constant", "median", "iqm"}
QUARTILES = {"median", "q1", "q3"}
MAX_RUNS = 100_000  # behind a report
MANY = 100  # runs that may lie behind a ± where `n` is not known: an sd is 10 standard errors then
MIN_RUNS = 5  # with fewer runs, only a mean is judged
CI_WORDS = {"t": "Student's t", "normal": "the normal distribution"}


def word(name: str) -> str:
    """Return the name of a reported number in words; p90 is "90 % quantile"."""
    return WORDS.get(name) or f"{name[1:]} % quantile"


def describe_number(name: str, text: str) -> str:
    """Return a reported number with its name: "a mean of 48"."""
    of = "" if name == "spread" else "of "
    words = f"{word(name)} {of}{text}"
    article = "an" if words[0] in "aeiou" else "a"
    return f"{article} {words}"


@dataclasses.dataclass(frozen=True)
class Report:
    """Reported numbers by name, and what is known of them.

    Parameters
    ----------
    numbers : mapping of str to Reported
    n : int
        Number of runs behind the report; 1 for a constant. 0 where it is not known, which is
        allowed beside an interval or a standard error.
    failures : str or None
        What the report did with failures; None where nothing says it.
    kind : Kind
        What is known of the spread, such as the level of an interval. Whatever is not known is
        tried in every way.
    off_centre : {"", "off", "log"}
        "off" if the mean is not the middle of its interval; "log" if it is the geometric mean of
        both ends, as for a ratio.
    is_per_cent : bool
        Whether a per cent sign stands behind a number that summarises values.
    """

    numbers: ReportedNumbers
    n: int
    failures: str | None = None
    kind: Kind = NO_KIND
    off_centre: str = ""
    is_per_cent: bool = False

    @property
    def on_values(self) -> dict[str, Reported]:
        """The numbers that summarise values, not successes."""
        return {name: item for name, item in self.numbers.items() if name not in SUCCESSES}

    @property
    def spread(self) -> str | None:
        """Name of the number that says the standard deviation of the report; None if none does."""
        return next((name for name in SPREADS if name in self.numbers), None)

    @property
    def centre(self) -> str | None:
        """Name of the centre that is judged by spreads; None if there is none.

        It is a constant, a mean, or another centre that has an interval or quartiles beside it.
        """
        if self.has_quartiles:
            return "median"
        candidates = ["constant", "mean"]
        if "ci" in self.numbers:
            candidates += ["iqm", "median"]
        return next((name for name in candidates if name in self.numbers), None)

    @property
    def has_quartiles(self) -> bool:
        """Whether mean and spread are estimated from median and quartiles."""
        return self.n >= MIN_RUNS and self.numbers.keys() == QUARTILES

    @property
    def has_error(self) -> bool:
        """Whether the spread says the standard error of the centre, but not how runs vary.

        That is so where the number of runs is not known. It is also so where the centre is an
        interquartile mean, or a median without its quartiles.
        """
        is_of_mean = self.centre in {"mean", "constant", None} or self.has_quartiles
        return self.spread is not None and (self.n == 0 or not is_of_mean)

    def count_used(self, rule: str) -> Sequence[int]:
        """Return the possible numbers of values behind the statistics, by the rule for failures.

        These values are all runs, or only the successes where failures are left out.
        """
        if rule == "excluded" and self.numbers.keys() & SUCCESSES.keys():
            return self.count_successes()
        return [self.n]

    def count_successes(self) -> Sequence[int]:
        """Return the numbers of successes that print as was reported; if none does, the nearest."""
        item = self.numbers.get("n_succeeded") or self.numbers.get("share") or self.numbers["mean"]
        scale = 1 if "n_succeeded" in self.numbers else self.n
        first = max(math.ceil(item.low * scale), 0)
        last = min(math.floor(item.high * scale), self.n)
        if first <= last:
            return range(first, last + 1)
        nearest = round(item.value * scale)
        return [min(max(nearest, 0), self.n)]

    def count_middle(self, rule: str) -> int:
        """Return the middle one of the possible numbers of values, to be used for all of them."""
        counts = self.count_used(rule)
        return counts[len(counts) // 2]

    def list_spreads(self, n_used: int) -> dict[str, float]:
        """Return what the spread may be as a multiple of the sd, by words for each reading.

        The sd has n - 1 in its denominator. Where only a standard error is known (`has_error`), the
        spread is a multiple of that. `n_used`: number of values behind the statistics.
        """
        if self.has_error:
            return self._list_errors()
        if self.spread is None or n_used < 2:
            return {"": 1.0}
        error = 1.0 / math.sqrt(n_used)  # the standard error as a multiple of the sd
        by_denominator = {"n - 1": 1.0, "n": math.sqrt((n_used - 1) / n_used)}
        if self.spread == "ci":
            halves = self._list_halves(n_used, error)
            return halves if self.kind.by is None else {"": halves[name_end(self.kind.by)]}
        if self.spread == "spread":
            return self._list_all_readings(n_used, error, by_denominator)
        base = self.kind.factor
        if self.spread == "se":
            base *= error
        if self.kind.free is not None:
            return {"": base * by_denominator[self.kind.free.replace("-", " - ")]}
        return {f"{self.spread} with {free}": base * root for free, root in by_denominator.items()}

    def _list_all_readings(
        self, n_used: int, error: float, by_denominator: Mapping[str, float]
    ) -> dict[str, float]:
        """Return what a ± may be of which nothing is known, as a multiple of the sd with n - 1."""
        readings: dict[str, float] = {}
        for free, root in by_denominator.items():
            readings[f"± as sd with {free}"] = root
        for free, root in by_denominator.items():
            readings[f"± as standard error with {free}"] = error * root
        for words, half in self._list_halves(n_used, error).items():
            readings[f"± as {words}"] = half
        return readings

    def _list_errors(self) -> dict[str, float]:
        """Return what the spread of an estimate may be, as a multiple of its standard error."""
        if self.spread == "ci":
            return {"": self._find_quantile()}
        if self.spread != "spread":
            return {"": self.kind.factor}
        readings = {"± as standard error": 1.0, "± as interval": self._find_quantile()}
        if self.n == 0:
            readings[f"± as sd of {MANY} runs"] = math.sqrt(MANY)
        return readings

    def _list_halves(self, n_used: int, error: float) -> dict[str, float]:
        """Return half of an interval as a multiple of the sd, by Student's t and by the normal.

        `error`: the standard error as a multiple of the sd.
        """
        from scipy import special

        by_t = float(special.stdtrit(n_used - 1, self._find_tail()))
        return {name_end("t"): by_t * error, name_end("normal"): self._find_quantile() * error}

    def _find_tail(self) -> float:
        """Return the probability below the upper end of an interval: 0.975 for 95 %."""
        return 0.5 + (self.kind.level or 0.95) / 2.0

    def _find_quantile(self) -> float:
        """Return half of an interval in standard errors by the normal distribution, as 1.96."""
        from scipy import special

        return float(special.ndtri(self._find_tail()))


def name_end(by: str) -> str:
    """Return the words for an interval by a distribution: "interval by Student's t"."""
    return f"interval by {CI_WORDS[by]}"


NOT_GIVEN = "nothing was reported; give `reported`, or a number by its name such as `mean`"


def read_report(given: Printed, request: Request, *, is_gap: bool) -> Report:
    """Read the numbers of a report; refuse numbers that cannot stand together.

    `is_gap`: whether the difference of two groups was reported.
    """
    kind = find_kind(given, request)
    texts = dict(given.numbers)
    # A number behind ± is renamed to its kind, such as "sd", where that is known.
    if "spread" in texts and kind.name is not None:
        texts.setdefault(kind.name, texts.pop("spread"))
    n = read_runs_behind(texts.pop("runs", None), is_exact="constant" in texts)
    ends = take_ends(texts)
    numbers = {name: read_one(name, text, request) for name, text in texts.items()}
    if request.is_log and numbers.keys() & {*SPREADS, "iqr"}:
        raise UsageError("`scale` is log, on which a spread is none; give the two ends of `ci`")
    # An interval is judged by half of its width, whether both ends were given or the half itself.
    off_centre = "off" if given.is_skewed else ""
    if ends is not None:
        off_centre = place_interval(numbers, *read_ends(ends, request), is_log=request.is_log)
    elif "ci" in numbers:
        numbers["ci"] = dataclasses.replace(numbers["ci"], text=f"± {numbers['ci'].text}")
    # A constant is exact, so its rounding cell has no width.
    constant = numbers.get("constant")
    if constant is not None:
        numbers["constant"] = dataclasses.replace(constant, low=constant.value, high=constant.value)
    report = Report(numbers, n, request.failures, kind, off_centre, is_per_cent(given))
    check_together(report, is_gap=is_gap)
    check_enough(report)
    return report


def find_kind(given: Printed, request: Request) -> Kind:
    """Return what stands behind ±, by the option `plus_minus` and by the report itself.

    The option comes first, and the report adds what it leaves open. Two different levels of an
    interval are refused.
    """
    asked = request.kind
    printed = NO_KIND
    if given.plus_minus is not None:
        printed = read_kind(given.plus_minus) or NO_KIND
    if asked == NO_KIND:
        return printed
    if printed.level is not None and asked.level not in {None, printed.level}:
        raise UsageError(
            f"the level is {printed.level:g}, and {asked.level:g} in `plus_minus`; keep one"
        )
    return dataclasses.replace(
        asked,
        level=asked.level or printed.level,
        by=asked.by or printed.by,
        free=asked.free or printed.free,
    )


def read_runs_behind(text: str | None, *, is_exact: bool) -> int:
    """Return the number of runs behind a report; 0 where it is not known.

    `is_exact`: whether a constant was reported, which counts as one run.
    """
    if is_exact:
        return 1
    if text is None:
        return 0
    n = read_number(text, "n").value
    if n.denominator != 1 or not 1 <= n <= MAX_RUNS:
        raise refuse("n", text, f"are whole numbers from 1 to {MAX_RUNS:,}, or a `constant`")
    return int(n)


def take_ends(texts: dict[str, str]) -> tuple[str, str] | None:
    """Remove the two ends of an interval from reported numbers, and return them."""
    low = texts.pop("ci_low", None)
    high = texts.pop("ci_high", None)
    if low is None and high is None:
        return None
    if low is None or high is None:
        raise UsageError("`ci_low` was given without `ci_high`, or that without it; give both")
    return low, high


def read_one(name: str, text: str, request: Request) -> Reported:
    """Read one reported number, in the unit of the values; refuse a negative spread or count."""
    argument = name
    where = ""
    if name == "spread":  # a number behind ± was given in the text of the mean
        argument = "mean"
        where = " behind ±"
    is_count = name in SUCCESSES
    item = read_number(text, argument, scale=None if is_count else request.scale)
    if item.value < 0 and name in {*SPREADS, "iqr", *SUCCESSES}:
        raise refuse(argument, text, f"are 0 and numbers above it{where}")
    if request.is_log and not is_count:
        return take_log(item, argument)
    return item


def read_ends(ends: tuple[str, str], request: Request) -> tuple[Reported, Reported]:
    """Read the two ends of an interval, in the unit of the values."""
    first, last = (read_number(end, "ci", scale=request.scale) for end in ends)
    if not first.value < last.value:
        raise refuse("ci", [*ends], "is the lower end first")
    if request.is_log:
        return take_log(first, "ci"), take_log(last, "ci")
    return first, last


def take_log(item: Reported, name: str) -> Reported:
    """Return the logarithm of a number and of its rounding cell; refuse what has none."""
    if item.low <= 0:
        raise refuse(name, item.text, "on the scale log are numbers above 0")
    ends = (Fraction(math.log(end)) for end in (item.value, item.low, item.high))
    return Reported(item.text, *ends)


def place_interval(
    numbers: dict[str, Reported], first: Reported, last: Reported, *, is_log: bool
) -> str:
    """Add half of an interval to reported numbers as "ci", and say how their centre lies in it.

    With one reported centre, the interval is of that centre; else it is of the mean. A mean that
    was not reported is added: the middle of the interval. Returns what `Report.off_centre` holds.
    """
    middle = (first.value + last.value) / 2
    half = (last.value - first.value) / 2
    # Middle and half are as uncertain as the mean of both ends.
    cell = (first.high - first.low + last.high - last.low) / 4
    text = f"{first.text} to {last.text}" if is_log else f"± {float(half):g}"
    numbers["ci"] = Reported(text, half, half - cell, half + cell)
    of_interval = Reported(f"{float(middle):g}", middle, middle - cell, middle + cell)
    centres = sorted(numbers.keys() & CENTRES)
    centre = numbers[centres[0]] if len(centres) == 1 else numbers.setdefault("mean", of_interval)
    if not first.low <= centre.value <= last.high:
        raise refuse("ci", f"{first.text} to {last.text}", f"are intervals around {centre.text}")
    if centre.low <= of_interval.high and of_interval.low <= centre.high:
        return ""
    return "log" if is_middle_of_logarithms(centre, first, last) else "off"


def is_middle_of_logarithms(centre: Reported, first: Reported, last: Reported) -> bool:
    """Say whether a number can be the geometric mean of both ends, as it is for ratios."""
    if first.low <= 0:
        return False
    least = math.sqrt(first.low * last.low)
    most = math.sqrt(first.high * last.high)
    return centre.low <= most and least <= centre.high


def check_together(report: Report, *, is_gap: bool) -> None:
    """Refuse a report without numbers, and numbers that exclude or repeat each other."""
    names: Set[str] = report.numbers.keys()
    if not names:
        raise UsageError(NOT_GIVEN)
    if names >= SUCCESSES.keys():
        raise UsageError("`share` and `n_succeeded` say the same; give one of them")
    if "constant" in names and len(names) > 1:
        raise UsageError("`constant` was given with other numbers; give it alone")
    if "ci" in names and not names.isdisjoint({"sd", "se"}):
        raise UsageError("a confidence interval says what `sd` and `se` say; give one of them")
    if report.n == 0 and not has_error_alone(report):
        what = "the number of runs behind the report (an interval needs none)"
        raise UsageError(f"`n` was not given, {what}")
    is_other_centre = report.centre not in {"mean", "constant"}
    has_other_numbers = bool(names - {"mean", "constant", *SPREADS})
    if is_gap and (is_other_centre or has_other_numbers):
        what = "only the `mean`, with its spread, or `constant` is compared"
        raise UsageError(f"of a difference (`minus`) {what}")


def has_error_alone(report: Report) -> bool:
    """Say whether a report is an estimate with its error, which needs no number of runs."""
    return report.has_error and report.numbers.keys() - {"ci", "se", "spread"} == {report.centre}


def check_enough(report: Report) -> None:
    """Refuse a report of too few values: a mean takes one, a standard deviation two."""
    if not report.on_values:
        return
    if report.has_error:  # a standard error alone is judged without a number of values
        return
    least = 1
    statistic = "mean"
    if report.spread is not None:
        least = 2
        statistic = "standard deviation"
    # The report may allow several numbers of values; the middle one stands for them.
    n_used = report.count_middle(report.failures or "excluded")
    if n_used < least:
        few = f"{plural(n_used, 'value')}, too few for a {statistic}"
        raise UsageError(f"the report summarises {few}; correct `n` or the number that succeeded")
