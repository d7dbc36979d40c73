"""Comparing a reported result with runs of one's own, or with another report.

`compare` takes outcomes of any kind and the numbers that somebody reported; the headline of
the study is the same function on a count table.
"""

import dataclasses
import functools
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy.typing as npt

from replication.comparison import remarks
from replication.comparison.judging import MISSED, is_binary, judge_all
from replication.comparison.means import find_equivalence, plan_runs, plan_shares
from replication.comparison.numbers import Reported, read_number, refuse
from replication.comparison.prediction import Answer
from replication.comparison.report import (
    NUMBERS,
    SPREADS,
    SUCCESSES,
    Report,
    parse_report,
    read_report,
)
from replication.comparison.result import Comparison, Verdict
from replication.comparison.runs import Own, Runs, get_sample, take_runs
from replication.comparison.sampling import Effort, Sample
from replication.errors import DataError, UsageError
from replication.statistics.counts import CountTable
from replication.statistics.intervals import Estimate


def compare(
    values: npt.ArrayLike | CountTable | Any = None,
    *,
    report: Mapping[str, Any] | str | None = None,
    against: Mapping[str, Any] | str | None = None,
    runs: int | str | None = None,
    mean: str | float | None = None,
    sd: str | float | None = None,
    se: str | float | None = None,
    ci: Sequence[str | float] | str | None = None,
    median: str | float | None = None,
    q1: str | float | None = None,
    q3: str | float | None = None,
    iqr: str | float | None = None,
    iqm: str | float | None = None,
    min: str | float | None = None,
    max: str | float | None = None,
    share: str | float | None = None,
    n_succeeded: str | int | None = None,
    constant: str | float | None = None,
    minus: npt.ArrayLike | None = None,
    succeeded: npt.ArrayLike | None = None,
    cap: str | float | None = None,
    failures: str | None = None,
    margin: str | float | None = None,
    detect: str | float | None = None,
    level: str | float = 0.05,
    bounds: tuple[str | float | None, str | float | None] | None = None,
    grid: str | float | None = None,
    sd_kind: str | None = None,
    plus_minus: str | None = None,
    ci_level: str | float = 0.95,
    ci_kind: str | None = None,
    scale: str | float | None = None,
    nan_policy: str = "raise",
) -> Comparison:
    """Compare a reported result with runs of your own, or with another report.

    Parameters
    ----------
    values : array_like of float, shape (n,), CountTable, or outcomes of `simulate`
        Outcomes of your runs; of a run that failed, where it was stopped. Series, tables of one
        column, masked arrays and columns of Polars or Arrow are taken too.
    report : mapping or str, optional
        All reported numbers at once, in place of the arguments from `runs` to `constant`: by name,
        or as text such as "0.83 ± 0.04, n = 5" or "median=0.8 p90=1.2 n=20".
    against : mapping or str, optional
        In place of `values`: another report, or a single run ("91.2, n = 1").
    runs : int or str, optional
        Runs behind the report, from 1 to 100,000; needed for all but a constant.
    mean, sd, se, median, q1, q3, iqr, iqm, min, max : str or number, optional
        Reported statistics as printed; the decimals say how they were rounded, so give
        "48.0" as a string. `se` is sd / sqrt(n), `q1` and `q3` are quartiles, `iqm` is the
        interquartile mean. A mean may have its spread or interval behind it: "0.83 ± 0.04",
        "0.830(4)", "0.83 [0.81, 0.85]".
    ci : pair of str or numbers, optional
        Reported confidence interval of the mean, at `ci_level`.
    share, n_succeeded : str or number, optional
        Share of the runs that succeeded ("0.95" or "95 %"), or their number.
    constant : str or number, optional
        In place of all others: a value known without error, such as one of theory, with which the
        mean of the population is compared.
    minus : array_like of float, optional
        Runs of another kind: what was reported is the difference of the means, `values` less
        these. For runs paired by seed give the differences themselves as `values`.
    succeeded : array_like of bool, shape (n,), optional
        Which of your runs succeeded; all unless given.
    cap : float, optional
        Where runs were stopped; a larger value is a failure at the cap. Without it failures must
        carry one common value, unless they are excluded, or only a share is compared.
    failures : {"excluded", "at-cap", "restarted"}, optional
        What the report did with failures: left them out (runs then counts the
        successes), counted them at the cap, or started them over and added up. Unless
        given they are excluded, and the verdict holds only if all three agree.
    margin : str or float, optional
        Difference of the means that does not matter: in the unit of the values, or
        as "10 %" of the reported mean.
    detect : str or float, optional
        A difference, in the unit of the values, as "10 %" of the reported one or as "0.5 sd": how
        many runs show it four times in five?
    level : float
        Of the test, between 0 and 0.5.
    bounds : (float or None, float or None), optional
        What no value can lie beyond, such as (0, 1), or (0, None) for all above 0.
    grid : float, optional
        What every value is a multiple of: 1 for whole numbers.
    sd_kind : {"n-1", "n"}, optional
        Denominator of the reported standard deviation or error; both are tried unless given.
    plus_minus : {"sd", "se", "ci", "2sd", "2se"}, optional
        What stands behind a plus-minus sign; the first three are tried unless given.
    ci_level : float
    ci_kind : {"t", "normal"}, optional
        How a confidence interval was made; both are tried unless given.
    scale : float, optional
        What the reported numbers are divided by to have the unit of your values: 100 if they are
        per cent and yours are shares.
    nan_policy : {"raise", "omit"}
        What to do with missing values.

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
    (`replication.comparison.means`); other statistics by the bootstrap predictive distribution
    of studies like your runs (`replication.comparison.sampling`).

    Examples
    --------
    >>> updates = [41, 38, 60, 35, 52, 44, 39, 71, 48, 40, 36, 55]
    >>> found = compare(updates, runs=20, mean="41.5", sd="8.1")
    >>> found.verdict.value, round(found.p, 2)
    ('not contradicted', 0.18)
    >>> found.to_frame().round(1)
              reported  yours   low  high    p  shown
    statistic
    mean          41.5   46.6  38.9  54.3  0.2   10.9
    sd             8.1   11.0   NaN   NaN  NaN    NaN

    One run against a report:

    >>> five, one = "mean=92.0 sd=0.3 n=5", "91.2, n = 1"
    >>> found = compare(report=five, against=one, sd_kind="n-1")
    >>> round(found.p, 2), found.conditions
    (0.07, ("your runs vary as the report's do",))
    """
    return compare_by(locals(), Effort())


def compare_by(options: Mapping[str, Any], effort: Effort) -> Comparison:
    """Compare by the arguments of `compare`, and draw as many studies as are asked for."""
    given = {name: options[name] for name in ("runs", *NUMBERS)}
    options = dict(options) | {
        name: float(read_number(options[name], name).value)
        for name in ("cap", "scale", "level", "ci_level")
        if options[name] is not None or name.endswith("level")
    }
    if options["report"] is not None:
        twice = [name for name, value in given.items() if value is not None]
        if twice:
            raise UsageError(f"`report` and `{twice[0]}` were given; leave one of them out")
        given = parse_report(options["report"], "report")
    report, level, minus = read_report(given, options), options["level"], options["minus"]
    if not 0.0 < level < 0.5:
        raise refuse("level", level, "is above 0 and below 0.5")
    means, numbers = {"mean", "constant"}, report.numbers.keys()
    if minus is not None and (numbers.isdisjoint(means) or numbers - means - {*SPREADS}):
        raise UsageError(
            "`minus` was given; of a difference only the `mean`, with its spread, or `constant` "
            "is compared"
        )
    if options["against"] is None:
        return _conclude(_take_own(report, options), report, options, effort)
    if options["values"] is not None or minus is not None:
        raise UsageError("`against` was given with runs; leave one of them out")
    own = read_report(parse_report(options["against"], "against"), options)
    names = {"mean" if name == "constant" else name for name in numbers}
    if not names & own.numbers.keys() & {"mean", *SUCCESSES}:
        raise UsageError("`against` has no number of the report; give a mean or a share of both")
    return _conclude(own, report, options, effort)


def _take_own(report: Report, options: Mapping[str, Any]) -> Runs:
    """Return runs of one's own, of which some succeeded if values are compared."""
    needs_cap = options["failures"] != "excluded" and bool(report.on_values)
    take = functools.partial(take_runs, options=options, needs_cap=needs_cap)
    own = take(options["values"], options["succeeded"])
    others = None if options["minus"] is None else take(options["minus"], None, name="minus")
    for number, runs in ((f" {own.n:,}", own), (" other", others)):
        if runs is not None and report.on_values and runs.done is None:
            raise DataError(
                f"all{number} runs failed, so there is no value to compare; give runs of "
                "which some succeeded, or compare the share that succeeded only"
            )
    if others is None:
        return own
    return dataclasses.replace(own, minus=others.done, n_missing=own.n_missing + others.n_missing)


def _conclude(own: Own, report: Report, options: Mapping[str, Any], effort: Effort) -> Comparison:
    level = options["level"]
    answers = judge_all(own, report, level=level, effort=effort)
    main = next(iter(answers.values()))
    sample = get_sample(own, main.rule)
    impossible, on_grid, unit = remarks.list_impossible(own, report, sample, main.rule)
    equivalence = _assess(answers.values(), report, options["margin"], level)
    wrong = set(impossible)
    if wrong & {"mean", "max"}:
        wrong.add("mean_given_max")
    verdict, reason = _judge(impossible, answers, equivalence, sample, level)
    p_values = {key: one.p for key, one in answers.items() if one.p is not None and not impossible}
    alike = [one for one in answers.values() if one.rule == main.rule]
    worst = max(alike, key=lambda one: -1.0 if one.p is None else one.p)
    n_done = own.n - own.n_failed
    return Comparison(
        verdict=verdict,
        reason=reason,
        conditions=main.conditions if reason == "p" else (),
        level=level,
        reported={name: item.text for name, item in report.numbers.items()},
        runs=None if "constant" in report.numbers else report.n,
        n=own.n,
        n_failed=own.n_failed,
        n_missing=own.n_missing,
        cap=own.stop if report.on_values else None,
        failures=main.rule,
        mean=main.sides[0].estimate(1.0 - level) if main.sides else Estimate(None, None, None),
        findings={
            name: dataclasses.replace(one, p=math.nan, chance=math.nan) if name in wrong else one
            for name, one in worst.findings.items()
        },
        p=max(p_values.values(), default=None),
        p_error=worst.p_error,
        p_by_assumption=p_values if len(set(p_values.values())) > 1 else {},
        difference=worst.difference,
        shown=worst.shown,
        missed=-math.expm1(math.log(MISSED) / n_done) if n_done else 1.0,
        coincidence=remarks.find_coincidence(own, sample, report, main),
        planned=_plan(main, report, sample, options["detect"], level),
        assumptions=remarks.list_assumptions(report, sample, main),
        chance_all_succeed=(n_done / own.n) ** report.n,
        equivalence=equivalence,
        impossible=impossible,
        impossible_on_grid=on_grid,
        unit=unit,
        cautions=remarks.list_cautions(own, report, sample, main, worst, level),
        distributions=worst.distributions,
        sides=worst.sides,
        sample=sample,
    )


def _judge(
    impossible: Mapping[str, str],
    answers: Mapping[str, Answer],
    equivalence: Mapping[str, Any] | None,
    sample: Sample | None,
    level: float,
) -> tuple[Verdict, str]:
    """Return the verdict, and what it rests on."""
    if impossible:
        return Verdict.CONTRADICTED, "impossible"
    found = {None if one.p is None else one.p <= level for one in answers.values()}
    if None in found:
        is_constant = sample is not None and sample.n > 1 and not sample.spread > 0
        return Verdict.CANNOT_TELL, "constant" if is_constant else "few"
    if len(found) > 1:
        return Verdict.CANNOT_TELL, "reading"
    (differs,) = found
    if equivalence is not None and differs == equivalence["is_equivalent"]:
        return Verdict.CANNOT_TELL, "margin"
    return (Verdict.CONTRADICTED if differs else Verdict.NOT_CONTRADICTED), "p"


def _assess(
    answers: Collection[Answer], report: Report, margin: str | float | None, level: float
) -> dict[str, Any] | None:
    """Test under each reading whether the means differ by less than a margin."""
    if margin is None:
        return None
    sides = [one.sides for one in answers if one.sides is not None]
    if "mean" not in report.numbers or not sides:
        raise UsageError("`margin` was given without a reported mean; give the mean too")
    value = _read_difference(margin, "margin", report.numbers["mean"], None)
    found = [find_equivalence(*pair, value) for pair in sides]
    known = [p for p in found if p is not None]
    p = max(known) if len(known) == len(found) else None
    return {"margin": value, "p": p, "is_equivalent": p is not None and p <= level}


def _plan(
    main: Answer, report: Report, sample: Sample | None, detect: str | float | None, level: float
) -> dict[str, Any] | None:
    if detect is None:
        return None
    numbers = report.numbers
    name = next((name for name in ("mean", "constant", "share") if name in numbers), None)
    is_share = name == "share" or (name == "mean" and is_binary(sample, report))
    if name is None or (main.sides is None and not is_share):
        raise UsageError("`detect` was given without a reported mean or share; give it too")
    spread = None if main.difference is None else main.difference.spread
    value = _read_difference(detect, "detect", numbers[name], spread)
    if is_share:
        either, own = plan_shares(float(numbers[name].value), report.n, value, level=level)
    else:
        assert main.sides is not None
        either, own = plan_runs(*main.sides, value, level=level)
    return {"difference": value, "either_side": either, "own": own}


def _read_difference(given: str | float, name: str, item: Reported, spread: float | None) -> float:
    """Return a difference in the unit of the values, from such, per cent or standard deviations."""
    text = str(given).strip()
    number = r"\d{1,15}(?:\.\d{0,12})?|\.\d{1,12}|\d(?:\.\d+)?e-?\d{1,2}"
    found = re.fullmatch(rf"({number})\s*(%|sd|SD)?", text)
    value, unit = (math.nan, "") if found is None else (float(found[1]), (found[2] or "").lower())
    if unit == "%":
        value *= abs(float(item.value)) / 100.0
    elif unit == "sd":
        value *= math.nan if spread is None else spread
    if not value > 0:
        allowed = "is a number above 0 in the unit of the values, or per cent of the reported mean"
        sd = ", or such as 0.5 sd where a spread is known" if name == "detect" else ""
        raise refuse(name, text, f"{allowed} such as 10%{sd}")
    return value
