"""Comparing a reported result with runs of one's own, or with another report.

`compare` takes outcomes of any kind and the numbers that somebody reported; the headline of
the study is the same function on a count table.
"""

import dataclasses
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy.typing as npt

from replication.comparison import remarks
from replication.comparison.judging import MISSED, UNSEEN, judge_all
from replication.comparison.numbers import is_printed
from replication.comparison.prediction import Answer
from replication.comparison.report import SUCCESSES, Report, read_printed, read_report
from replication.comparison.request import Request, make_request
from replication.comparison.result import Comparison, Verdict
from replication.comparison.runs import Runs, get_sample, read_runs
from replication.comparison.sides import OneSide, OwnRuns, Printed
from replication.comparison.units import call_share_mean, find_unit
from replication.errors import UsageError
from replication.statistics.counts import CountTable
from replication.statistics.intervals import Estimate
from replication.statistics.means import Side, find_equivalence, weigh_evidence
from replication.statistics.sampling import Effort, Sample


def compare(
    values: npt.ArrayLike | CountTable | Any = None,
    reported: Mapping[str, Any] | str | float | None = None,
    *,
    minus: npt.ArrayLike | None = None,
    succeeded: npt.ArrayLike | None = None,
    cap: str | float | None = None,
    failures: str | None = None,
    plus_minus: str | None = None,
    scale: str | float | None = None,
    bounds: Sequence[str | float | None] | None = None,
    grid: str | float | None = None,
    between: str | float | None = None,
    margin: str | float | None = None,
    evidence: bool = False,
    level: str | float = 0.05,
    **numbers: Any,
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
    **numbers : str or number
        In place of `reported`, its parts by name: `n` (runs behind the report, from 1 to 100,000;
        `runs` is the same), `mean` ("0.83 ± 0.04", "0.830(4)", "0.83 [0.81, 0.85]"), `sd`, `se`,
        `ci` (a pair), `median`, `q1`, `q3`, `iqr`, `iqm` (interquartile mean), `min`, `max`,
        `range` (a pair), `p90`, `share` ("0.95", "95 %", "19/20"), `successes`; or `constant`,
        a value known without error. An estimate with its interval or standard error needs no `n`.
    minus : array_like of float, optional
        Runs of another kind: what was reported is the difference of the means, `values` less
        these. For runs paired by seed give the differences themselves as `values`.
    succeeded : array_like of bool, shape (n,), optional
        Which of your runs succeeded; all unless given. Values of 1 and 0 say it themselves.
    cap : float, optional
        Where runs were stopped; a larger value is a failure at the cap. Without it failures must
        carry one common value, unless they are excluded, or only a share is compared.
    failures : {"excluded", "at-cap", "restarted"}, optional
        What the report did with failures: left them out (n then counts the
        successes), counted them at the cap, or started them over and added up. Unless
        given they are excluded, and the verdict holds only if all three agree.
    plus_minus : str, optional
        What stands behind a plus-minus sign, and how it was made: "sd", "se", "ci", "2sd", "2se",
        "90% ci", "ci normal" (or "ci t"), "sd n-1" (or "sd n", its denominator). What is left open
        is tried in every way.
    scale : float or "log", optional
        What the reported numbers are divided by to have the unit of your values: 100 if they are
        per cent and yours are shares. With "log" logarithms are compared, as for ratios.
    bounds : (float or None, float or None), optional
        What no value can lie beyond, such as (0, 1), or (0, None) for all above 0.
    grid : float, optional
        What every value is a multiple of: 1 for whole numbers.
    between : float, optional
        Standard deviation between laboratories, in standard deviations of a run: by so much either
        side may be off for reasons that all of its runs share.
    margin : str or float, optional
        Difference of the means that does not matter: in the unit of the values, or
        as "10 %" of the reported mean.
    evidence : bool
        Of a difference: add the replication Bayes factor and the sceptical p.
    level : float
        Of the test, between 0 and 0.5.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        If an argument is not what it must be, or nothing was reported.
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
    >>> round(compare("1.1 [0.9, 1.35]", "2.1 [1.2, 3.7]", scale="log").p, 3)
    0.035
    """
    request = make_request(
        level=level, failures=failures, plus_minus=plus_minus, scale=scale, cap=cap, bounds=bounds,
        grid=grid, between=between, margin=margin, evidence=evidence,
    )  # fmt: skip
    theirs = read_printed(reported, numbers, "reported")
    own: OneSide = OwnRuns(values, succeeded, minus)
    if isinstance(values, Mapping) or (isinstance(values, str) and is_printed(values)):
        if minus is not None:
            raise UsageError("`minus` was given with a report of yours; give runs, or leave it out")
        own = read_printed(values, {}, "values")
    return compare_sides(own, theirs, request)


def compare_sides(
    own: OneSide,
    theirs: Printed,
    request: Request,
    *,
    said: Mapping[str, str] | None = None,
    effort: Effort | None = None,
) -> Comparison:
    """Compare two sides that were read; `said`: how, by the argument that changes it."""
    effort = effort or Effort()
    is_gap = isinstance(own, OwnRuns) and own.minus is not None
    # A difference of shares is one of the means of ones and zeros.
    if (is_gap or request.groups) and "share" in theirs.numbers:
        theirs = call_share_mean(theirs)
    unit = find_unit(own, theirs, request)
    request = dataclasses.replace(request, scale=unit.scale)
    all_said = {**(said or {}), **unit.said}
    report = read_report(theirs, request, is_gap=is_gap)
    # Runs of one's own, or another report in their place, which must say the same sort of thing.
    if isinstance(own, OwnRuns):
        return _conclude(read_runs(own, report, request), report, request, effort, all_said)
    other = read_report(own, request, is_gap=False)
    centres = {"mean" if side.centre == "constant" else side.centre for side in (other, report)}
    shared = report.numbers.keys() & other.numbers.keys() & SUCCESSES.keys()
    if (len(centres) > 1 or None in centres) and not shared:
        raise UsageError("the two reports share no number; give a mean or a share of both")
    return _conclude(Runs(report=other), report, request, effort, all_said)


def _conclude(
    own: Runs, report: Report, request: Request, effort: Effort, said: Mapping[str, str]
) -> Comparison:
    level, between = request.level, request.between
    # One answer for each reading of what the report leaves unsaid; the first is the main one.
    answers = judge_all(own, report, level=level, between=between, effort=effort)
    main = next(iter(answers.values()))
    sample = get_sample(own, main.rule)
    is_exact = own.minus is not None or "constant" in report.numbers
    counts = report.count_used(main.rule)
    impossible = {} if is_exact else remarks.find_impossible(report, counts, sample)
    equivalence = _assess(answers.values(), report, request)
    # What cannot be right is not judged as well.
    wrong = set(impossible)
    if wrong & {"mean", "max"}:
        wrong.add("mean_given_max")
    # Numbers are shown of the reading by which the difference is least surprising.
    alike = [one for one in answers.values() if one.rule == main.rule]
    worst = max(alike, key=lambda one: -1.0 if one.p is None else one.p)
    cautions = remarks.list_cautions(report, sample, main, worst, request)
    # The verdict over all readings, and why.
    verdict, reason = _judge(impossible, answers, equivalence, sample, level)
    if "per cent" in cautions and not impossible:
        verdict, reason, wrong = Verdict.CANNOT_TELL, "units", {*worst.findings}
        worst = dataclasses.replace(worst, difference=None, shown={})
    is_known = reason not in {"impossible", "few", "constant", "units"}
    p_values = {key: one.p for key, one in answers.items() if one.p is not None and is_known}
    conditions = dict.fromkeys(part for one in answers.values() for part in one.conditions)
    is_found = verdict is Verdict.CONTRADICTED
    n_done = own.n - own.n_failed
    # What was asked for beside the verdict.
    evidence = weigh_evidence(*main.sides) if request.evidence and main.sides else None
    if request.evidence and evidence is None:
        raise UsageError("`evidence` needs a difference with a known error on both sides")
    found = Comparison(
        verdict=verdict, reason=reason, level=level, n=own.n, n_failed=own.n_failed,
        n_missing=own.n_missing, failures=main.rule, p_error=worst.p_error, shown=worst.shown,
        difference=worst.difference, equivalence=equivalence, evidence=evidence,
        impossible=impossible, answers=answers, sample=sample,
        conditions=tuple(part for part in conditions if reason == "p"
                         and (is_found or not part.startswith(UNSEEN))),
        reported={name: item.text for name, item in report.numbers.items()},
        runs=None if "constant" in report.numbers or report.n == 0 else report.n,
        cap=own.stop if report.on_values else None,
        mean=_estimate_mean(main, report, sample, level),
        findings={
            name: dataclasses.replace(one, p=math.nan, chance=math.nan) if name in wrong else one
            for name, one in worst.findings.items()
        },
        p=max(p_values.values(), default=None),
        p_alone=max((one.p_alone for one in answers.values()
                     if one.p_alone is not None and p_values), default=None),
        p_by_assumption=p_values if len(set(p_values.values())) > 1 else {},
        missed=-math.expm1(math.log(MISSED) / n_done) if n_done else 1.0,
        coincidence=remarks.find_coincidence(own, sample, report, main.rule),
        assumptions=dict(said) | remarks.list_assumptions(report, sample, main, between),
        chance_all_succeed=(n_done / own.n) ** report.n if own.n else math.nan,
        cautions=cautions, groups=request.groups or (),
        scale="log" if request.is_log else "",
    )  # fmt: skip
    return found.take_exponentials() if found.scale else found


def _estimate_mean(main: Answer, report: Report, sample: Sample | None, level: float) -> Estimate:
    """Return the mean of one's own runs, or what stands in its place, with its interval."""
    # A median stands for no mean, but the runs behind it have one.
    if main.sides is None or (report.centre in {"median", "iqm"} and sample is None):
        return Estimate(None, None, None)
    if sample is None or report.centre in {"mean", "constant"}:
        return main.sides[0].estimate(1.0 - level)
    return Side(sample.mean, ((sample.spread, sample.n),)).estimate(1.0 - level)


def _judge(
    impossible: Mapping[str, str], answers: Mapping[str, Answer], equivalence: Any,
    sample: Sample | None, level: float,
) -> tuple[Verdict, str]:  # fmt: skip
    """Return the verdict, and what it rests on."""
    if impossible:
        return Verdict.CONTRADICTED, "impossible"
    found = {None if one.p is None else one.p <= level for one in answers.values()}
    # Nothing is known of how runs vary, or readings of the report disagree.
    if None in found:
        is_constant = sample is not None and sample.n > 1 and not sample.spread > 0
        return Verdict.CANNOT_TELL, "constant" if is_constant else "few"
    if len(found) > 1:
        return Verdict.CANNOT_TELL, "reading"
    (differs,) = found
    if equivalence is not None and differs == equivalence["is_equivalent"]:
        return Verdict.CANNOT_TELL, "margin"
    return (Verdict.CONTRADICTED if differs else Verdict.NOT_CONTRADICTED), "p"


def _assess(answers: Collection[Answer], report: Report, request: Request) -> dict[str, Any] | None:
    """Test under each reading whether the means differ by less than a margin."""
    if request.margin is None:
        return None
    sides = [one.sides for one in answers if one.sides is not None]
    if "mean" not in report.numbers or not sides:
        raise UsageError("`margin` was given without a reported mean; give the mean too")
    margin = request.margin.measure(float(report.numbers["mean"].value))
    if not margin > 0:
        raise UsageError("`margin` is per cent of a reported mean of 0; give it as a number")
    found = [find_equivalence(*pair, margin, request.between) for pair in sides]
    p = None if None in found else max(one for one in found if one is not None)
    return {"margin": margin, "p": p, "is_equivalent": p is not None and p <= request.level}
