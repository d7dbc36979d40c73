"""Judge a report by runs of one's own, or by another report, reading by reading.

A report may leave open what it did with failures, and what stands behind its ±. It is then read in
every possible way, and each reading has an answer of its own. An answer has up to three parts:

- the mean, by the spreads of both sides (`centres`), where a spread is known for either of them;
- other statistics, and means that are not judged so, by studies drawn from the runs (`prediction`);
- successes, and means of a column of 0 and 1, as shares (`successes`).

*p* of several parts is the smallest, multiplied by their number (Bonferroni).
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from replication.comparison.centres import (
    ALIKE,
    MANY_RUNS,
    judge_centre,
    list_sides,
    summarise,
)
from replication.comparison.numbers import ReportedNumbers
from replication.comparison.prediction import Answer, Finding, predict
from replication.comparison.report import MIN_RUNS, SPREADS, Report
from replication.comparison.request import FAILURE_WORDS
from replication.comparison.runs import Runs, get_sample
from replication.comparison.successes import judge_successes
from replication.statistics.means import Difference, Side, Sides
from replication.statistics.sampling import Effort, Sample

MISSED = 0.05  # probability with which one's own runs may miss an outcome

Value = TypeVar("Value")
MEANS = {"mean", "constant"}


@dataclasses.dataclass(frozen=True)
class TestSettings:
    """The level of the tests, the spread between labs, and how much is drawn."""

    level: float
    between: float
    effort: Effort


@dataclasses.dataclass(frozen=True)
class Case:
    """A report under one rule for failures, and the runs that it is compared with.

    `sample`: one's own runs under the rule, None where another report stands in their place.
    `n_used`: the number of values that the reported statistics summarise.
    """

    own: Runs
    report: Report
    rule: str
    sample: Sample | None
    n_used: int


def list_rules(own: Runs, report: Report) -> list[str]:
    """Return what the report may have done with failures, most usual first."""
    # Of another report, or of a difference of two groups, only the successes are compared.
    if own.report is not None or own.minus is not None:
        return ["excluded"]
    if report.failures is not None:
        return [report.failures]
    if own.n_failed and report.on_values:
        return list(FAILURE_WORDS)
    return ["excluded"]


def judge_all(
    own: Runs, report: Report, *, level: float, between: float, effort: Effort
) -> dict[str, Answer]:
    """Return the answer under each reading of a report, by words for it, most usual first."""
    settings = TestSettings(level, between, effort)
    rules = list_rules(own, report)
    answers: dict[str, Answer] = {}
    for rule in rules:
        case = Case(own, report, rule, get_sample(own, rule), report.count_middle(rule))
        of_rule = f"failures {FAILURE_WORDS[rule]}" if len(rules) > 1 else ""
        for words, answer in _judge_case(case, settings):
            answers[join_words(of_rule, words)] = answer
    return answers


def join_words(*parts: str) -> str:
    """Return the words for a reading: its parts, without empty ones, joined by commas."""
    return ", ".join(part for part in parts if part)


def _judge_case(case: Case, settings: TestSettings) -> Iterator[tuple[str, Answer]]:
    """Yield words and answer for each reading of the spreads."""
    report = case.report
    shares = judge_successes(case.own, case.sample, report, level=settings.level)
    # The numbers that are not judged as shares are left. If the mean is judged as a share, its
    # spread follows from it, and is not judged.
    done = set(shares.findings)
    if "mean" in done:
        done.update(SPREADS)
    rest = {name: item for name, item in report.on_values.items() if name not in done}
    mine = list_sides(case.own, case.sample, report)
    theirs = summarise(report, case.n_used)
    if mine and theirs and _is_by_spread(case, rest):
        yield from _judge_by_spreads(case, settings, rest, mine, theirs, shares)
        return
    # All numbers are judged by drawn studies, under each reading of the spread.
    factors = {"": 1.0}
    if not rest.keys().isdisjoint(SPREADS) and not report.has_error:
        factors = report.list_spreads(case.n_used)
    judged = {name: item for name, item in rest.items() if _is_drawn(name, report)}
    drawn = predict_all(case, judged, list(factors.values()), settings)
    sides: Sides | None = None
    if mine and theirs and report.centre in MEANS:
        sides = (next(iter(mine.values())), next(iter(theirs.values())))
    for words, part in zip(factors, drawn, strict=True):
        yield words, join_answers([part, shares], case.rule, sides)


def _is_drawn(name: str, report: Report) -> bool:
    """Say whether drawn studies judge a number; of several spreads they judge only the first."""
    return name not in SPREADS or (name == report.spread and not report.has_error)


def _judge_by_spreads(
    case: Case,
    settings: TestSettings,
    rest: ReportedNumbers,
    mine: Mapping[str, Side],
    theirs: Mapping[str, Side],
    shares: Answer,
) -> Iterator[tuple[str, Answer]]:
    """Yield answers in which both spreads judge the centre, and drawn studies all other numbers.

    `mine`, `theirs`: each side by words for its reading. `shares`: the answer on numbers that are
    judged as shares.
    """
    report = case.report
    # Drawn studies judge all numbers except the centre and its spread (or its quartiles).
    by_spreads = {report.centre, *SPREADS}
    if report.has_quartiles:
        by_spreads.update(report.numbers)
    others = {name: item for name, item in rest.items() if name not in by_spreads}
    drawn = predict_all(case, others, [1.0], settings)[0]
    # The reported spread as a multiple of the standard deviation, in its most usual reading.
    factor = next(iter(report.list_spreads(case.n_used).values()))
    # Each reading of your spread is compared with each of theirs.
    for words, yours in mine.items():
        of_mine = f"yours {words}" if words else ""
        for of_theirs, reported in theirs.items():
            centre = judge_centre(
                yours,
                reported,
                case.own,
                report,
                case.sample,
                factor=factor,
                level=settings.level,
                between=settings.between,
            )
            answer = join_answers([centre, drawn, shares], case.rule, (yours, reported))
            yield join_words(of_mine, of_theirs), answer


def _is_by_spread(case: Case, rest: ReportedNumbers) -> bool:
    """Say whether the centre is judged by the spreads of both sides, and not by drawn studies.

    `rest`: reported numbers that are not judged as shares.
    """
    report = case.report
    if report.centre not in rest:
        return False
    # With quartiles or a standard error, or if the centre is not a mean.
    if report.has_quartiles or report.has_error or "mean" not in rest:
        return True
    # Another report has no runs to draw studies from, and a difference has two groups.
    if case.own.report is not None or case.own.minus is not None:
        return True
    if not rest.keys().isdisjoint(SPREADS):
        return True
    # A mean alone is judged by drawn studies only if runs are so many that these show its skewness.
    is_few = case.sample is not None and case.sample.n <= MANY_RUNS
    return rest.keys() == {"mean"} and is_few


def join_answers(parts: Sequence[Answer], rule: str, sides: Sides | None) -> Answer:
    """Return one answer from its parts, some of which may have no p."""
    p_values: list[float] = []
    p_alone: list[float] = []
    differences: list[Difference] = []
    for part in parts:
        if part.p is not None:
            p_values.append(part.p)
            p_alone.append(part.p if part.p_alone is None else part.p_alone)
        if part.difference is not None:
            differences.append(part.difference)
    conditions = [condition for part in parts for condition in part.conditions]
    return Answer(
        findings=_merge([part.findings for part in parts]),
        p=_adjust(p_values),
        p_error=math.fsum(part.p_error for part in parts) * max(len(p_values), 1),
        distributions=_merge([part.distributions for part in parts]),
        difference=differences[0] if differences else None,
        shown=_merge([part.shown for part in parts]),
        conditions=tuple(dict.fromkeys(conditions)),
        rule=rule,
        sides=sides,
        p_alone=_adjust(p_alone),
    )


def _merge(parts: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    """Return one mapping of all parts; where two parts have a name, the later one counts."""
    merged: dict[str, Value] = {}
    for part in parts:
        merged.update(part)
    return merged


def _adjust(p_values: Sequence[float]) -> float | None:
    """Return the smallest p times the number of p (Bonferroni); None if there is none."""
    if not p_values:
        return None
    return min(1.0, len(p_values) * min(p_values))


def predict_all(
    case: Case, numbers: ReportedNumbers, factors: list[float], settings: TestSettings
) -> list[Answer]:
    """Judge statistics by drawn studies; return an answer for each factor of the spread."""
    if not numbers:
        return [Answer()] * len(factors)
    sample = case.sample
    if sample is None or sample.n < MIN_RUNS or sample.values.size == 1:
        return [_judge_without_spread(sample, numbers)] * len(factors)
    # N runs miss an outcome of probability q with the probability (1 - q)^N. Take the q for which
    # this is 5 %. Is your N so large that the report misses such an outcome in 95 % of cases?
    is_enough = sample.n * math.log1p(-MISSED) < case.n_used * math.log(MISSED)
    conditions = () if is_enough else (ALIKE,)
    drawn = predict(
        sample, numbers, case.n_used, factors, level=settings.level, effort=settings.effort
    )
    return [
        _add_differences(
            dataclasses.replace(answer, conditions=conditions), sample, numbers, settings
        )
        for answer in drawn
    ]


def _judge_without_spread(sample: Sample | None, numbers: ReportedNumbers) -> Answer:
    """Judge by too few runs, or by equal ones, which give no distribution.

    p is 1 if there are enough runs and their statistics print as reported; else it is not known.
    """
    yours: dict[str, float] = {}
    if sample is not None:
        yours = sample.describe(numbers.keys() - {*SPREADS})
    is_same = all(item.holds(yours.get(name, 0.0)) for name, item in numbers.items())
    is_enough = sample is not None and sample.n >= MIN_RUNS
    p = 1.0 if is_same and is_enough else None
    findings = {
        name: Finding.of(name, item, yours.get(name, math.nan), p=math.nan if p is None else p)
        for name, item in numbers.items()
    }
    return Answer(findings, p)


def _add_differences(
    drawn: Answer, sample: Sample, numbers: ReportedNumbers, settings: TestSettings
) -> Answer:
    """Add the differences that are detectable with 80 % power, and the difference of centres."""
    shown: dict[str, float | None] = {}
    differences: dict[str, Difference] = {}
    for name, distribution in drawn.distributions.items():
        low = distribution.find_quantile(settings.level / 2.0)
        high = distribution.find_quantile(1.0 - settings.level / 2.0)
        # If the population is shifted so far up, or down, the statistic lies beyond the interval in
        # 80 % of studies.
        up = high - distribution.find_quantile(0.2)
        down = distribution.find_quantile(0.8) - low
        shown[name] = max(up, down)
        if name in {"mean", "median", "iqm"}:
            finding = drawn.findings[name]
            half = numbers[name].width / 2.0  # of the rounding cell
            differences[name] = Difference(
                value=finding.yours - finding.value,
                low=low - half - finding.value,
                high=high + half - finding.value,
                p=finding.p,
                shown=None,
                spread=sample.spread,
                free=sample.n - 1.0,
            )
    first = differences.get("mean") or differences.get("median") or differences.get("iqm")
    return dataclasses.replace(drawn, shown=shown, difference=first)
