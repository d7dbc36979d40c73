"""Holding a report against runs of one's own, or against another report, reading by reading.

What a report leaves open (what it did with failures, what stands behind its ±) is read in every
way that it can be, and each reading has an answer of its own. An answer has up to three parts:

- the mean, by the spreads of both sides (`means`), where a spread is known for either of them;
- other statistics, and means that are not judged so, by studies drawn from the runs (`prediction`);
- successes, and means of a column of 0 and 1, as shares (`means`).

*p* of several parts is the smallest, multiplied by their number (Bonferroni).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from scipy import special

from replication.comparison.means import (
    Difference,
    Side,
    find_shares_kept,
    judge_means,
    judge_shares,
)
from replication.comparison.numbers import Reported
from replication.comparison.prediction import Finding, Prediction, describe_runs, predict
from replication.comparison.report import FAILURE_WORDS, SPREADS, SUCCESSES, Report
from replication.comparison.runs import Runs, apply_rule
from replication.comparison.sampling import Effort, Sample, SamplingDistribution
from replication.errors import DataError
from replication.wording import plural

MIN_RUNS = 5  # with fewer nothing but a mean is judged
MANY_RUNS = 30  # with more, a mean alone is judged by drawn studies, which hold their skewness
MISSED = 0.05
NAN = math.nan


@dataclasses.dataclass(frozen=True)
class Answer:
    """What one reading of a report gives; `p` is None where nothing can be said.

    `shown`: by statistic, the difference that these runs would have shown four times in five.
    `conditions`: what the answer holds under, and `unjudged` the statistics that have none.
    """

    rule: str
    n_used: int
    findings: Mapping[str, Finding]
    p: float | None
    p_error: float
    distributions: Mapping[str, SamplingDistribution]
    difference: Difference | None
    shown: Mapping[str, float | None]
    conditions: tuple[str, ...]
    unjudged: tuple[str, ...]
    sides: tuple[Side, Side] | None


@dataclasses.dataclass(frozen=True, eq=False)
class Own:
    """One's own side: runs (less `minus`, those of another kind), or another report."""

    runs: Runs | None = None
    minus: Runs | None = None
    summary: Report | None = None

    def list_rules(self, report: Report) -> list[str]:
        """Return what the report may have done with failures, most usual first."""
        runs = self.runs
        if report.failures is not None or runs is None or self.minus is not None:
            return [report.failures or "excluded"]
        is_open = runs.n_failed and runs.n_done and bool(report.on_values)
        return ["excluded", "at-cap", "restarted"] if is_open else ["excluded"]

    def get_sample(self, rule: str) -> Sample | None:
        """Return the runs under a rule for failures."""
        if self.runs is None or self.runs.done is None:
            return None
        return apply_rule(self.runs, rule if self.minus is None else "excluded")

    def list_sides(self, rule: str) -> dict[str, Side]:
        """Return mean, spread and number of runs, by words for the reading of a summary."""
        if self.summary is not None:
            return summarise(self.summary, self.summary.count_middle("excluded"))
        sample = self.get_sample(rule)
        if sample is None:
            return {}
        own = describe_side(sample)
        if self.minus is None or self.minus.done is None:
            return {"": own}
        other = describe_side(self.minus.done)
        return {"": Side(own.mean - other.mean, own.samples + other.samples)}


def describe_side(sample: Sample) -> Side:
    """Return mean, standard deviation and number of runs."""
    return Side(sample.mean, ((sample.spread if sample.n > 1 else None, sample.n),))


def summarise(report: Report, n_used: int) -> dict[str, Side]:
    """Return mean, spread and number of runs of a report, by words for each reading of its spread.

    A spread that was rounded to 0 is as large as one can be that prints so.
    """
    numbers = report.numbers
    if "constant" in numbers:
        return {"": Side(float(numbers["constant"].value))}
    if "mean" not in numbers:
        return {}
    mean, width, name = float(numbers["mean"].value), numbers["mean"].width, report.spread
    if name is None:
        return {"": Side(mean, ((None, n_used),), width)}
    spread = float(numbers[name].value or numbers[name].high)
    return {
        words: Side(mean, ((spread / factor, n_used),), width)
        for words, factor in report.list_spreads(n_used).items()
    }


def judge_all(own: Own, report: Report, *, level: float, effort: Effort) -> dict[str, Answer]:
    """Return the answer to each reading of a report, by words for it, most usual first."""
    found: dict[str, Answer] = {}
    rules = own.list_rules(report)
    for rule in rules:
        label = f"failures {FAILURE_WORDS[rule]}" if len(rules) > 1 else ""
        for words, answer in _judge_rule(own, report, rule, level=level, effort=effort):
            found[", ".join(part for part in (label, words) if part)] = answer
    return found


def _judge_rule(
    own: Own, report: Report, rule: str, *, level: float, effort: Effort
) -> Iterator[tuple[str, Answer]]:
    """Yield words and answer for each reading of the spreads."""
    sample, n_used = own.get_sample(rule), report.count_middle(rule)
    shares = _judge_shares(own, sample, report, level=level)
    rest = {name: item for name, item in report.on_values.items() if name not in shares.findings}
    if "mean" in shares.findings:
        rest = {name: item for name, item in rest.items() if name not in SPREADS}
    theirs, mine = summarise(report, n_used), own.list_sides(rule)
    if _is_by_spread(own, rest, sample):
        drawn = {name: item for name, item in rest.items() if name not in {"mean", *SPREADS}}
        drawn.pop("constant", None)
        (other,) = _predict(sample, drawn, n_used, [{}], level=level, effort=effort)
        for mine_words, one in mine.items():
            for their_words, two in theirs.items():
                words = ", ".join(filter(None, (f"yours {mine_words}" * bool(mine_words),
                                                their_words)))  # fmt: skip
                factor = next(iter(report.list_spreads(n_used).values()))
                means = _judge_mean(one, two, rest, factor=factor, level=level)
                yield words, _combine(rule, n_used, [means, other, shares], (one, two))
        return
    readings = dataclasses.replace(report, numbers=rest).list_readings(n_used) if rest else {"": {}}
    sides = next(iter(mine.values()), None), next(iter(theirs.values()), None)
    pair = None if sides[0] is None or sides[1] is None else (sides[0], sides[1])
    parts = _predict(sample, rest, n_used, list(readings.values()), level=level, effort=effort)
    for words, part in zip(readings, parts, strict=True):
        yield words, _combine(rule, n_used, [part, shares], pair)


def is_binary(sample: Sample | None, report: Report) -> bool:
    """Say whether runs are successes and failures, 1 and 0, and a report can be of such ones.

    Few counts may all be 0 or 1 by chance: the mean has to be a share of the runs, and a spread
    that of as many successes.
    """
    if sample is None or "mean" not in report.numbers or not set(sample.values) <= {0.0, 1.0}:
        return False
    m, mean, name = report.runs, report.numbers["mean"], report.spread
    counts = [k for k in report.count_successes() if 0 <= k <= m and mean.holds(Fraction(k, m))]
    if name is None or m < 2:
        return bool(counts)
    item = report.numbers[name]
    spreads = [
        math.sqrt(k * (m - k) / (m * (m - 1.0))) * factor
        for k in counts
        for factor in report.list_spreads(m).values()
    ]
    return any(float(item.low) - 1e-9 <= one <= float(item.high) + 1e-9 for one in spreads)


def _is_by_spread(own: Own, rest: Mapping[str, Reported], sample: Sample | None) -> bool:
    """Say whether the mean is judged by the spreads of both sides, and not by drawn studies."""
    if "constant" in rest or (
        (own.summary is not None or own.minus is not None) and "mean" in rest
    ):
        return True
    has_spread = not rest.keys().isdisjoint(SPREADS)
    is_alone = rest.keys() == {"mean"} and sample is not None and sample.n <= MANY_RUNS
    return "mean" in rest and (has_spread or is_alone)


@dataclasses.dataclass(frozen=True)
class _Part:
    """One part of an answer."""

    findings: Mapping[str, Finding] = dataclasses.field(default_factory=dict)
    p: float | None = None
    p_error: float = 0.0
    distributions: Mapping[str, SamplingDistribution] = dataclasses.field(default_factory=dict)
    difference: Difference | None = None
    shown: Mapping[str, float | None] = dataclasses.field(default_factory=dict)
    condition: str | None = None
    unjudged: tuple[str, ...] = ()


def _combine(rule: str, n_used: int, parts: list[_Part], sides: tuple[Side, Side] | None) -> Answer:
    """Return an answer of several parts."""
    p_values = [part.p for part in parts if part.p is not None]
    return Answer(
        rule=rule,
        n_used=n_used,
        findings={name: item for part in parts for name, item in part.findings.items()},
        p=min(1.0, len(p_values) * min(p_values)) if p_values else None,
        p_error=math.fsum(part.p_error for part in parts) * max(len(p_values), 1),
        distributions={name: one for part in parts for name, one in part.distributions.items()},
        difference=next((part.difference for part in parts if part.difference), None),
        shown={name: one for part in parts for name, one in part.shown.items()},
        conditions=tuple(dict.fromkeys(part.condition for part in parts if part.condition)),
        unjudged=tuple(name for part in parts for name in part.unjudged),
        sides=sides,
    )


def _judge_mean(
    one: Side, two: Side, numbers: Mapping[str, Reported], *, factor: float, level: float
) -> _Part:
    """Judge a mean, or a constant, by the spreads that are known."""
    name = "constant" if "constant" in numbers else "mean"
    item = numbers[name]
    found = judge_means(one, two, level=level)
    p, reach = (NAN, NAN) if found is None else (found.p, found.high - found.value)
    if found is None and item.holds(Fraction(one.mean)):
        p = 1.0  # all runs are equal, and print as was reported
    low, high = one.mean - reach, one.mean + reach
    step = item.high - item.low
    if step and math.isfinite(reach) and not item.value % step:
        low, high = (
            float(math.ceil(low / float(step) - 1e-9) * step),
            float(math.floor(high / float(step) + 1e-9) * step),
        )
    finding = Finding(name, item.text, float(item.value), one.mean, (low, high), p, NAN, NAN, NAN)
    findings = {name: finding}
    for place, spread in enumerate(name for name in SPREADS if name in numbers):
        number, sd = numbers[spread], one.samples[0][0]
        yours = NAN if sd is None or place or len(one.samples) > 1 else sd * factor
        findings[spread] = Finding(
            spread, number.text, float(number.value), yours, (NAN, NAN), NAN, NAN, NAN, NAN
        )
    if math.isnan(p):
        return _Part(findings, unjudged=(name,))
    shown = {name: None if found is None else found.shown}
    return _Part(findings, p, 0.0, {}, found, shown, _name_condition(one, two, name))


def _name_condition(one: Side, two: Side, name: str) -> str | None:
    """Return what the judgement of a mean holds under; None where both spreads are known."""
    if name == "constant":
        return "the mean of so few runs is about normal" if one.n < MANY_RUNS else None
    if not two.has_spread:
        return "the report's runs vary as yours do"
    if not one.has_spread:
        return "your runs vary as the report's do"
    for side, whose in ((one, "your"), (two, "the report's")):
        if not any(sd for sd, _ in side.samples):
            return f"no other outcome is missing from {whose} {plural(side.n, 'equal run')}"
    return None


def find_missed(n: int) -> float:
    """Return the largest probability of an outcome that n runs miss in 5 % of cases.

    >>> round(find_missed(5), 2)
    0.45
    """
    return -math.expm1(math.log(MISSED) / n)


def _predict(
    sample: Sample | None,
    numbers: Mapping[str, Reported],
    n_used: int,
    readings: list[dict[str, float]],
    *,
    level: float,
    effort: Effort,
) -> list[_Part]:
    """Judge statistics by drawn studies, under each reading of their spreads."""
    if not numbers:
        return [_Part()] * len(readings)
    if sample is None or sample.n < MIN_RUNS or (sample.values.size == 1 and sample.n > 1):
        yours = {} if sample is None else describe_runs(sample, [
            name for name in numbers if name not in SPREADS])  # fmt: skip
        findings = {
            name: Finding(name, item.text, float(item.value), yours.get(name, NAN), (NAN, NAN),
                          NAN, NAN, NAN, NAN)
            for name, item in numbers.items()
        }  # fmt: skip
        is_equal = sample is not None and sample.values.size == 1 and sample.n >= MIN_RUNS
        value = 0.0 if sample is None else float(sample.values[0])
        same = is_equal and all(
            item.holds(Fraction(0 if name in (*SPREADS, "iqr") else value))
            for name, item in numbers.items()
        )
        if same:
            return [_Part(findings, 1.0)] * len(readings)
        return [_Part(findings, unjudged=tuple(numbers))] * len(readings)
    is_enough = sample.n * math.log1p(-MISSED) < n_used * math.log(MISSED)
    condition = None if is_enough else "the report's runs vary as yours do"
    predictions = predict(sample, numbers, n_used, level=level, effort=effort, readings=readings)
    return [
        _Part(one.findings, one.p, one.p_error, one.distributions, _find_difference(one, sample),
              _find_shown(one, level), condition)
        for one in predictions
    ]  # fmt: skip


def _find_difference(prediction: Prediction, sample: Sample) -> Difference | None:
    """Return the difference of means or of other middles, with the interval of studies drawn."""
    name = next((name for name in ("mean", "median", "iqm") if name in prediction.findings), None)
    if name is None:
        return None
    one = prediction.findings[name]
    low, high = one.interval
    if not math.isfinite(high - low):
        return None
    ends = low - one.value, high - one.value
    return Difference(one.yours - one.value, *ends, one.p, None, sample.spread)


def _find_shown(prediction: Prediction, level: float) -> dict[str, float | None]:
    """Return the shift of each sampling distribution that would be found four times in five."""
    found: dict[str, float | None] = {}
    for name, one in prediction.distributions.items():
        low, high = (one.find_quantile(share) for share in (level / 2.0, 1.0 - level / 2.0))
        found[name] = max(high - one.find_quantile(0.2), one.find_quantile(0.8) - low)
    return found


def _judge_shares(own: Own, sample: Sample | None, report: Report, *, level: float) -> _Part:
    """Judge a share or number of successes, or the mean of a column of 0 and 1."""
    name = next((name for name in SUCCESSES if name in report.numbers), None)
    counts = report.count_successes() if name is not None or "mean" in report.numbers else []
    m = report.runs
    if name is not None and own.runs is not None:
        k, n = own.runs.n_done, own.runs.n
    elif name is not None and own.summary is not None and (
        set(SUCCESSES) & own.summary.numbers.keys()
    ):  # fmt: skip
        tried = own.summary.count_successes()
        k, n = tried[len(tried) // 2], own.summary.runs
    elif name is None and own.minus is None and sample is not None and is_binary(sample, report):
        name, k, n = "mean", round(sample.mean * sample.n), sample.n
    else:
        return _Part(unjudged=() if name is None else (name,))
    answers = [judge_shares(k, n, x, m, level=level) for x in counts]
    best = max(answers, key=lambda one: one.p)
    low, high = find_shares_kept(k, n, m, level=level)
    scale = 1 if name == "n_succeeded" else m
    item = report.numbers[name]
    yours = k / n * (m if name == "n_succeeded" else 1.0)
    finding = Finding(name, item.text, float(item.value), yours, (low / scale, high / scale),
                      best.p, NAN, NAN, NAN)  # fmt: skip
    shown = None if best.shown is None else best.shown * m / scale
    return _Part({name: finding}, best.p, 0.0, {}, best, {name: shown})


def check_runs(own: Own, report: Report) -> None:
    """Refuse runs that hold nothing to compare."""
    for which, runs in (("", own.runs), (" other", own.minus)):
        if runs is not None and report.on_values and runs.done is None:
            number = which or f" {runs.n:,}"
            raise DataError(
                f"all{number} runs failed, so there is no value to compare; give runs of "
                "which some succeeded, or compare the share that succeeded only"
            )


def find_spread_p(one: Side, two: Side) -> float | None:
    """Return p of the F test of two standard deviations, None where one of them is not known."""
    if len(one.samples) != 1 or len(two.samples) != 1 or not (one.has_spread and two.has_spread):
        return None
    (first, n), (second, m) = one.samples[0], two.samples[0]
    if not first or not second:
        return None
    below = float(special.fdtr(n - 1, m - 1, (first / second) ** 2))
    return 2.0 * min(below, 1.0 - below)
