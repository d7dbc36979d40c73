"""Compare a reported result with runs of one's own, or with another report.

`compare` takes outcomes of any kind and the numbers that somebody reported. The main result of the
study comes from the same function, with a count table as the outcomes.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Unpack, cast

import numpy.typing as npt

from replication.comparison import plausibility, remarks
from replication.comparison.centres import UNSEEN, split_by_task
from replication.comparison.equivalence import Equivalence, find_equivalence
from replication.comparison.judging import MISSED, judge_all
from replication.comparison.options import CompareOptions, Judging
from replication.comparison.prediction import Answer, Finding
from replication.comparison.printed import (
    GivenNumbers,
    is_report,
    read_side,
    take_given_numbers,
)
from replication.comparison.readings import rule_out
from replication.comparison.report import Report, read_report
from replication.comparison.request import Request, make_request
from replication.comparison.result import Comparison, Verdict
from replication.comparison.runs import Runs, get_sample, read_runs
from replication.comparison.sides import OneSide, OwnRuns, Printed, Values
from replication.comparison.text import Block
from replication.comparison.units import call_share_mean, find_unit
from replication.errors import UsageError
from replication.reading.names import SUCCESSES
from replication.reading.options import make_reading, select
from replication.statistics.improvement import estimate_improvement, estimate_paired_improvement
from replication.statistics.intervals import Estimate
from replication.statistics.means import Side
from replication.statistics.sampling import Effort, Sample


def compare(
    values: Values | GivenNumbers | None = None,
    reported: GivenNumbers | str | float | None = None,
    *,
    minus: npt.ArrayLike | None = None,
    succeeded: npt.ArrayLike | None = None,
    tasks: Sequence[str] | None = None,
    **said: Unpack[CompareOptions],
) -> Comparison:
    """Compare a reported result with runs of your own, or with another report.

    Parameters
    ----------
    values : array_like of float, shape (n,), CountTable, outcomes of `simulate`, str or mapping
        Outcomes of your runs; of a run that failed, where it was stopped. Series, tables of one
        column, masked arrays and columns of Polars or Arrow are taken too. Or another report, or a
        single run: "91.2, n = 1".
    reported : str, number or mapping, optional
        What was reported: "0.83 ± 0.04, n = 5", "median=0.8 p90=1.2 n=20", or by name. Give
        numbers as text, as they were printed: "48.0" says more than 48.
    minus : array_like of float, optional
        Runs of another kind: what was reported is the difference of the means, `values` less
        these. For runs paired by seed give the differences themselves as `values`.
    succeeded : array_like of bool, shape (n,), optional
        Which of your runs succeeded; all unless given. Values of 1 and 0 say it themselves.
    tasks : sequence of str, shape (n,), optional
        The task of each run, where a median or an interquartile mean over several tasks was
        reported: runs are then resampled within tasks. With three runs a task on either side, 8.5 %
        of equal populations are contradicted and not 5 %.
    **said : options, or reported numbers by name
        In place of `reported` its parts: `n` (or `runs`, from 1 to 100,000), `mean` ("0.83 ± 0.04",
        "0.830(4)", "0.83 [0.81, 0.85]"), `sd`, `se`, `ci` (a pair), `median`, `q1`, `q3`, `iqr`,
        `iqm` (interquartile mean), `min`, `max`, `range` (a pair), `p90`, `share` ("0.95", "95 %",
        "19/20"), `successes`; or `constant`, a value known without error. An estimate with its
        interval or standard error needs no `n`. And what is asked of the comparison:
    n
        Runs behind each reported number that does not say it.
    plus_minus
        What ± or brackets are: sd, se, ci, 2sd, '90% ci', 'ci t' or 'sd n-1'; of two ends also iqr
        and range; ignore for brackets that are no spread.
    decimal : {., ,}
        The decimal sign of numbers that leave it open, as 12,345 does.
    cap
        Value at which runs were stopped; whatever is larger failed.
    failures : {excluded, at-cap, restarted}
        What the report did with failures: left them out, counted them at the cap, or started them
        over and added up (default: the verdict must not depend on it).
    scale
        What brings reported numbers to your unit: 100 divides them; log for ratios.
    grid
        What every value is a multiple of: 1 for whole numbers.
    between
        Labs differ by so many standard deviations: 0.35; of tables also 'estimate'.
    margin
        Difference of the means that does not matter: 0.5 (in your unit), or 10%.
    level
        Of the test (default: 5%); intervals cover the rest.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        If the value of an argument is not allowed, or nothing was reported.
    DataError
        If the values cannot be compared: none, not finite, failures at different values.

    Notes
    -----
    A mean with a spread is judged by the spreads of both sides, a share by Fisher's exact test
    (`replication.statistics.means`); other statistics by the bootstrap predictive distribution
    of studies like your runs (`replication.statistics.sampling`).

    Examples
    --------
    >>> updates = [41, 38, 60, 35, 52, 44, 39, 71, 48, 40, 36, 55]
    >>> found = compare(updates, n=20, mean="41.5", sd="8.1")
    >>> found.verdict.value, round(found.p, 2)
    ('not contradicted', 0.18)

    One run against a report, and two ratios with their intervals:

    >>> found = compare("91.2, n = 1", "92.0 ± 0.3, n = 5", plus_minus="sd n-1")
    >>> round(found.p, 2), found.conditions
    (0.07, ("your runs vary as the report's do",))
    >>> round(compare("1.1 [0.9, 1.35]", "2.1 [1.2, 3.7]", plus_minus="ci", scale="log").p, 3)
    0.035
    """
    plus_minus = said.get("plus_minus")
    request = make_request(select(said, Judging), plus_minus=plus_minus)
    reading = make_reading({"plus_minus": plus_minus, "decimal": said.get("decimal")})
    by_name = take_given_numbers(said, CompareOptions)
    theirs = read_side(reported, by_name, reading, "reported")
    own: OneSide
    if is_report(values):
        if minus is not None:
            raise UsageError("`minus` was given with a report of yours; give runs, or leave it out")
        own = read_side(values, {}, reading, "values")
    else:
        runs = cast("Values", values)  # or it is refused where it is read
        own = OwnRuns(runs, succeeded, minus, tasks=tuple(tasks or ()))
    comparison = compare_sides(own, theirs, request)
    return dataclasses.replace(comparison, read_as=describe_texts(own, theirs))


def describe_texts(own: OneSide, theirs: Printed) -> tuple[Block, ...]:
    """Return how the texts of both sides were read, where the reader has noted something."""
    blocks = []
    if isinstance(own, Printed) and own.notes:
        blocks.append(Block("Your report read as 1 result:", own.notes))
    if theirs.notes:
        blocks.append(Block("The report read as 1 result:", theirs.notes))
    return tuple(blocks)


def compare_sides(
    own: OneSide,
    theirs: Printed,
    request: Request,
    *,
    said: Mapping[str, str] | None = None,
    effort: Effort | None = None,
) -> Comparison:
    """Compare two sides that were read.

    `said`: remarks on how they were read, by the argument that changes it. `effort`: how many
    studies are drawn.
    """
    effort = effort or Effort()
    is_gap = isinstance(own, OwnRuns) and own.minus is not None
    # The difference of two shares is that of two means of ones and zeros.
    if (is_gap or request.groups) and "share" in theirs.numbers:
        theirs = call_share_mean(theirs)
    unit = find_unit(own, theirs, request)
    request = dataclasses.replace(request, scale=unit.scale)
    all_said = {**(said or {}), **unit.said}
    report = read_report(theirs, request, is_gap=is_gap)
    if isinstance(own, Printed):
        runs = Runs(report=read_other_report(own, report, request))
    else:
        runs = read_runs(own, report, request)
        if own.tasks:
            runs = dataclasses.replace(runs, tasks=split_by_task(own, is_log=request.is_log))
    return _conclude(runs, report, request, effort, all_said)


def read_other_report(own: Printed, report: Report, request: Request) -> Report:
    """Read the report that stands in the place of runs; refuse one without a common number."""
    other = read_report(own, request, is_gap=False)
    if report.numbers.keys() & other.numbers.keys() & SUCCESSES.keys():
        return other
    # A constant is compared with a mean.
    centres = {"mean" if side.centre == "constant" else side.centre for side in (other, report)}
    if len(centres) > 1 or None in centres:
        raise UsageError("the two reports share no number; give a mean or a share of both")
    return other


def _conclude(
    own: Runs, report: Report, request: Request, effort: Effort, said: Mapping[str, str]
) -> Comparison:
    """Return the comparison with a report, from the answers under all of its readings."""
    level = request.level
    # One answer for each reading of what the report leaves open; the first is the main one.
    answers = judge_all(own, report, level=level, between=request.between, effort=effort)
    rule = next(iter(answers.values())).rule
    sample = get_sample(own, rule)
    readings = rule_out(answers, report, sample, level=level)
    answers = dict(readings.answers)
    main = next(iter(answers.values()))
    weakest = _find_weakest(answers, rule)
    # Beside p, these decide the verdict: numbers that cannot be right, a margin, another unit.
    impossible = _find_impossible(own, report, sample, rule)
    equivalence = find_equivalence(answers.values(), report, request)
    cautions = remarks.list_cautions(report, sample, main, weakest, request)
    judged = _judge(
        answers,
        level,
        is_impossible=bool(impossible),
        is_other_unit="per cent" in cautions,
        is_constant=sample is not None and sample.n > 1 and not sample.spread > 0,
        equivalence=equivalence,
    )
    if judged.reason == "units":
        weakest = dataclasses.replace(weakest, difference=None, shown={})
    p_values = _list_p(answers, judged)
    n_done = own.n - own.n_failed
    comparison = Comparison(
        verdict=judged.verdict,
        reason=judged.reason,
        conditions=_list_conditions(answers, judged),
        level=level,
        reported={name: item.text for name, item in report.numbers.items()},
        runs=_count_runs(report),
        n=own.n,
        n_failed=own.n_failed,
        n_missing=own.n_missing,
        cap=own.stop if report.on_values else None,
        failures=rule,
        mean=_estimate_mean(main, report, sample, level),
        findings=_remove_p(weakest.findings, impossible, judged.reason),
        p=max(p_values.values(), default=None),
        p_alone=_find_p_alone(answers) if p_values else None,
        p_error=weakest.p_error,
        p_by_assumption=p_values if len(set(p_values.values())) > 1 else {},
        ruled_out=readings.ruled_out,
        difference=weakest.difference,
        shown=weakest.shown,
        missed=_find_missed(n_done),
        coincidence=plausibility.find_coincidence(own, sample, report, rule),
        assumptions={**said, **remarks.list_assumptions(report, sample, main, request)},
        chance_all_succeed=_find_chance_all_succeed(own, report),
        equivalence=equivalence,
        improvement=_estimate_improvement(own, request),
        impossible=impossible,
        cautions=cautions,
        groups=request.groups or (),
        scale="log" if request.is_log else "",
        answers=answers,
        sample=sample,
    )
    return comparison.take_exponentials() if comparison.scale else comparison


WITHOUT_P = {"impossible", "few", "constant", "units"}
"""Reasons with which a verdict does not rest on p."""


def _list_p(answers: Mapping[str, Answer], judged: "Judged") -> dict[str, float]:
    """Return p under each reading; none where the verdict does not rest on it."""
    if judged.reason in WITHOUT_P:
        return {}
    return {words: answer.p for words, answer in answers.items() if answer.p is not None}


def _find_p_alone(answers: Mapping[str, Answer]) -> float | None:
    """Return the largest p by the printed spreads alone; None if no reading has one."""
    p_alone = [answer.p_alone for answer in answers.values() if answer.p_alone is not None]
    return max(p_alone, default=None)


def _count_runs(report: Report) -> int | None:
    """Return the number of runs behind a report; None for a constant, or if it is not known."""
    if "constant" in report.numbers or report.n == 0:
        return None
    return report.n


def _find_missed(n_done: int) -> float:
    """Return the largest probability that an outcome may have which so many runs do not show.

    Runs miss an outcome of this probability in 5 % of cases.
    """
    if n_done == 0:
        return 1.0
    # (1 - q)^n = 0.05, solved for q.
    return -math.expm1(math.log(MISSED) / n_done)


def _find_chance_all_succeed(own: Runs, report: Report) -> float:
    """Return the probability that no run of the report fails, if one fails as often as yours do."""
    if own.n == 0:
        return math.nan
    return ((own.n - own.n_failed) / own.n) ** report.n


def _find_weakest(answers: Mapping[str, Answer], rule: str) -> Answer:
    """Return the weakest answer against the report: that with the largest p.

    Its numbers stand in the comparison, because the verdict must hold under every reading.
    Only answers under the given rule for failures are looked at.
    """
    of_rule = [answer for answer in answers.values() if answer.rule == rule]
    return max(of_rule, key=lambda answer: -1.0 if answer.p is None else answer.p)


def _find_impossible(own: Runs, report: Report, sample: Sample | None, rule: str) -> dict[str, str]:
    """Return why reported numbers cannot be right; a difference or a constant may be any number."""
    if own.minus is not None or "constant" in report.numbers:
        return {}
    return plausibility.find_impossible(report, report.count_used(rule), sample)


def _list_conditions(answers: Mapping[str, Answer], judged: "Judged") -> tuple[str, ...]:
    """Return the conditions of the verdict, collected from all readings.

    The condition that equal runs miss no other outcome (`UNSEEN`) matters only where a report is
    contradicted.
    """
    if judged.reason != "p":
        return ()
    conditions: dict[str, None] = {}
    for answer in answers.values():
        conditions.update(dict.fromkeys(answer.conditions))
    if judged.verdict is Verdict.CONTRADICTED:
        return tuple(conditions)
    return tuple(condition for condition in conditions if not condition.startswith(UNSEEN))


def _remove_p(
    findings: Mapping[str, Finding], impossible: Mapping[str, str], reason: str
) -> dict[str, Finding]:
    """Return findings, without p where a number cannot be right or stands in another unit."""
    wrong = set(impossible)
    if wrong & {"mean", "max"}:
        wrong.add("mean_given_max")
    if reason == "units":
        wrong = set(findings)
    kept = dict(findings)
    for name in wrong & findings.keys():
        kept[name] = dataclasses.replace(findings[name], p=math.nan, chance=math.nan)
    return kept


def _estimate_improvement(own: Runs, request: Request) -> Estimate | None:
    """Return the probability that a run of the first group lies above one of the second.

    None where no two groups are compared.
    """
    if own.done is None:
        return None
    level = 1.0 - request.level
    if own.minus is not None:
        return estimate_improvement(own.done.runs, own.minus.runs, level=level)
    if own.is_of_pairs:
        return estimate_paired_improvement(own.done.runs, level=level)
    return None


def _estimate_mean(main: Answer, report: Report, sample: Sample | None, level: float) -> Estimate:
    """Return the mean of one's own runs, or of another report in their place, with its interval."""
    if main.sides is None:
        return Estimate(None, None, None)
    if report.centre in {"mean", "constant"}:
        return main.sides[0].estimate(1.0 - level)
    # Both sides are medians or the like. Another report says no mean beside it, but runs have one.
    if sample is None:
        return Estimate(None, None, None)
    return Side(sample.mean, ((sample.spread, sample.n),)).estimate(1.0 - level)


@dataclasses.dataclass(frozen=True)
class Judged:
    """A verdict, and its reason (see `Comparison.reason`)."""

    verdict: Verdict
    reason: str


def _judge(
    answers: Mapping[str, Answer],
    level: float,
    *,
    is_impossible: bool,
    is_other_unit: bool,
    is_constant: bool,
    equivalence: Equivalence | None,
) -> Judged:
    """Return the verdict and its reason.

    `is_impossible`: whether a reported number cannot be right. `is_other_unit`: whether the report
    looks like per cent where your values are shares. `is_constant`: whether your runs are all
    equal.
    """
    if is_impossible:
        return Judged(Verdict.CONTRADICTED, "impossible")
    if is_other_unit:
        return Judged(Verdict.CANNOT_TELL, "units")
    p_values = [answer.p for answer in answers.values()]
    known = [p for p in p_values if p is not None]
    if len(known) < len(p_values):
        # A reading without p: nothing says how runs vary.
        return Judged(Verdict.CANNOT_TELL, "constant" if is_constant else "few")
    if min(known) <= level < max(known):
        return Judged(Verdict.CANNOT_TELL, "reading")
    differs = max(known) <= level
    if equivalence is None:
        return Judged(Verdict.CONTRADICTED if differs else Verdict.NOT_CONTRADICTED, "p")
    if equivalence.is_equivalent:
        return Judged(Verdict.WITHIN_MARGIN if differs else Verdict.NOT_CONTRADICTED, "p")
    if differs:
        return Judged(Verdict.CONTRADICTED, "p")
    return Judged(Verdict.CANNOT_TELL, "margin")
