"""Comparing a reported result with runs of one's own, or with another report.

`compare` takes outcomes of any kind and the numbers that somebody reported; the headline of
the study is the same function on a count table.
"""

import dataclasses
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.comparison import remarks
from replication.comparison.judging import MISSED, UNSEEN, judge_all
from replication.comparison.numbers import is_printed, read_number, refuse
from replication.comparison.prediction import Answer
from replication.comparison.report import SUCCESSES, Options, Report, read_numbers, read_report
from replication.comparison.result import Comparison, Verdict
from replication.comparison.runs import Runs, get_sample, take_runs, take_successes
from replication.errors import DataError, UsageError
from replication.statistics.counts import CountTable
from replication.statistics.intervals import Estimate
from replication.statistics.means import Side, find_equivalence, weigh_evidence
from replication.statistics.sampling import Effort, Sample

LOGARITHMS = "logarithms are compared, and given back as ratios; a mean is the geometric one"


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
    bounds: tuple[str | float | None, str | float | None] | None = None,
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
    return compare_by(locals())


def compare_by(options: Options, effort: Effort | None = None) -> Comparison:
    """Compare by the arguments of `compare`, and draw as many studies as are asked for."""
    options, effort = dict(options), effort or Effort()
    given = read_numbers(options["reported"], options["numbers"], "reported")
    own = options["values"]
    is_report = isinstance(own, Mapping) or (isinstance(own, str) and is_printed(own))
    yours = read_numbers(own, {}, "values") if is_report else {}
    _read_options(options, given, yours)
    report, minus = read_report(given, options), options["minus"]
    # Runs of one's own, or another report in their place, which must say the same sort of thing.
    if not is_report:
        return _conclude(_take_own(report, options), report, options, effort)
    if minus is not None:
        raise UsageError("`minus` was given with a report of yours; give runs, or leave it out")
    other = read_report(yours, options)
    centres = {"mean" if side.centre == "constant" else side.centre for side in (other, report)}
    shared = report.numbers.keys() & other.numbers.keys() & SUCCESSES.keys()
    if (len(centres) > 1 or None in centres) and not shared:
        raise UsageError("the two reports share no number; give a mean or a share of both")
    return _conclude(Runs(report=other), report, options, effort)


def _read_options(options: dict[str, Any], given: dict[str, Any], yours: Mapping[str, Any]) -> None:
    """Read the arguments that are no report and no runs, in place."""
    raw = options.copy()
    for name in ("cap", "level", "between", "scale"):
        if name == "level" or options[name] not in {None, "log"}:
            options[name] = float(read_number(options[name], name).value)
    scale, options["between"] = options["scale"], options["between"] or 0.0
    for name, is_allowed, allowed in (
        ("level", 0.0 < options["level"] < 0.5, "is above 0 and below 0.5"),
        ("between", 0.0 <= options["between"] <= 100.0, "is from 0 to 100 standard deviations"),
        ("scale", scale in {None, "log"} or 0 < scale < math.inf, "is a number above 0, or log"),
    ):  # fmt: skip
        if not is_allowed:
            raise refuse(name, raw[name], allowed)
    # A difference of shares is one of the means of ones and zeros.
    if (options["minus"] is not None or options.get("groups")) and "share" in given:
        given["mean"] = given.pop("share")
    # The unit of the reported numbers.
    options["said"] = dict(options.get("said") or {})
    if scale == "log":
        for name in filter(options.get, ("margin", "between")):
            raise UsageError(f"`{name}` and `scale` log do not go together; leave one out")
        options["said"]["scale"] = LOGARITHMS
    elif scale is None:
        _infer_scale(options, given, yours)
    elif scale != 1.0:
        options["said"]["scale"] = f"reported numbers are divided by {scale:g}"


def _infer_scale(options: dict[str, Any], given: dict[str, Any], yours: Mapping[str, Any]) -> None:
    """Say what a per cent sign stands for, where the values leave no doubt."""
    aside = {*SUCCESSES, "plus_minus"}
    texts = [" ".join(str(one) for name, one in side.items() if name not in aside)
             for side in (given, yours)]  # fmt: skip
    # 97.3 %, but not 95 % CI
    is_marked, is_alike = (re.search(r"%(?!\s*C)", text) is not None for text in texts)
    if yours or not is_marked:
        options["scale"] = 1.0 if is_marked and is_alike else None
        return
    values = options.get("raw", options["values"])  # of pairs the first runs
    values = np.asarray(getattr(values, "updates", values))
    if values.dtype.kind not in "iufb" or np.isnan(values).all():
        return
    low, high = np.nanmin(values), np.nanmax(values)
    # 97.3 must be per cent; what lies from 0 to 1 is taken as shares; between them nothing is said.
    if max(-low, high) > 1.5:
        options["scale"], options["said"]["scale"] = 1.0, "your values are per cent, too"
    elif 0.0 <= low <= high <= 1.0:
        options["scale"], options["said"]["scale"] = 100.0, "your values are shares, not per cent"


def _take_own(report: Report, options: Options) -> Runs:
    """Return runs of one's own, of which some succeeded if values are compared."""
    values, succeeded, minus = (options[name] for name in ("values", "succeeded", "minus"))
    needs_cap = options["failures"] != "excluded" and bool(report.on_values)
    own = take_runs(values, succeeded, options, needs_cap, "values")
    others = None if minus is None else take_runs(minus, None, options, needs_cap, "minus")
    says_success = hasattr(values, "converged") or isinstance(values, CountTable)
    is_share = not SUCCESSES.keys().isdisjoint(report.numbers)
    if is_share and not (says_success or succeeded is not None or options["cap"]):
        return take_successes(own, is_alone=not report.on_values)
    for name, runs in (("values", own), ("minus", others)):
        if runs is not None and report.on_values and runs.done is None:
            raise DataError(f"all {runs.n:,} runs of `{name}` failed; compare the share alone")
    # Of a difference both groups count, and both may lack values.
    if others is None:
        return dataclasses.replace(own, is_of_pairs="raw" in options)
    return dataclasses.replace(own, minus=others.done, n_missing=own.n_missing + others.n_missing)


def _conclude(own: Runs, report: Report, options: Options, effort: Effort) -> Comparison:
    level, between = options["level"], options["between"]
    # One answer for each reading of what the report leaves unsaid; the first is the main one.
    answers = judge_all(own, report, level=level, between=between, effort=effort)
    main = next(iter(answers.values()))
    sample = get_sample(own, main.rule)
    is_exact = own.minus is not None or "constant" in report.numbers
    counts = report.count_used(main.rule)
    impossible = {} if is_exact else remarks.find_impossible(report, counts, sample)
    equivalence = _assess(answers.values(), report, options)
    # What cannot be right is not judged as well.
    wrong = set(impossible)
    if wrong & {"mean", "max"}:
        wrong.add("mean_given_max")
    # Numbers are shown of the reading by which the difference is least surprising.
    alike = [one for one in answers.values() if one.rule == main.rule]
    worst = max(alike, key=lambda one: -1.0 if one.p is None else one.p)
    cautions = remarks.list_cautions(report, sample, main, worst, options)
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
    evidence = weigh_evidence(*main.sides) if options["evidence"] and main.sides else None
    if options["evidence"] and evidence is None:
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
        assumptions=options["said"] | remarks.list_assumptions(report, sample, main, between),
        chance_all_succeed=(n_done / own.n) ** report.n if own.n else math.nan,
        cautions=cautions, groups=tuple(options.get("groups") or ()),
        scale="log" if options["scale"] == "log" else "",
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


def _assess(answers: Collection[Answer], report: Report, options: Options) -> dict[str, Any] | None:
    """Test under each reading whether the means differ by less than a margin."""
    if options["margin"] is None:
        return None
    sides = [one.sides for one in answers if one.sides is not None]
    if "mean" not in report.numbers or not sides:
        raise UsageError("`margin` was given without a reported mean; give the mean too")
    # In the unit of the values, or in per cent of the reported mean.
    text = str(options["margin"]).strip()
    margin = float(read_number(text, "margin", scale=1).value)
    if text.endswith("%"):
        margin *= abs(float(report.numbers["mean"].value)) / 100.0
    if not margin > 0:
        raise refuse("margin", text, "is a number above 0, or per cent of the reported mean")
    found = [find_equivalence(*pair, margin, options["between"]) for pair in sides]
    p = None if None in found else max(one for one in found if one is not None)
    return {"margin": margin, "p": p, "is_equivalent": p is not None and p <= options["level"]}
