"""Comparing a reported result with runs of one's own.

`compare` takes outcomes of any kind and the numbers that somebody reported; the headline of
the study is the same function on a count table.
"""

from __future__ import annotations

import dataclasses
import functools
import html
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

import numpy.typing as npt

from replication.comparison.case import Case, judge
from replication.comparison.cautions import list_cautions
from replication.comparison.figure import plot_comparison, render_picture
from replication.comparison.plausibility import Impossible
from replication.comparison.prediction import Finding
from replication.comparison.report import Reported, read_report, read_reported, refuse
from replication.comparison.result import Result
from replication.comparison.runs import take_runs
from replication.comparison.text import describe_p, summarise
from replication.errors import UsageError
from replication.statistics.counts import CountTable
from replication.statistics.intervals import Estimate, estimate_proportion
from replication.wording import plural

if TYPE_CHECKING:
    import pandas as pd


class Comparison(Result):
    """What a comparison found.

    Parameters
    ----------
    agreement : Agreement
    reason : Reason
    level : float
        Of the test.
    reported : mapping of str to str
        The reported numbers as printed.
    runs : int or None
        Runs behind the report; None for a constant.
    n : int
        Runs compared with, failures included.
    n_failed, n_missing : int
        Runs that failed, and values that were missing and left out.
    cap : float or None
        Where runs were stopped.
    failures : str
        What was done with failures: "excluded" (runs then counts successes, unless their
        share or number is reported too), "at-cap" or "restarted".
    mean : Estimate
        Mean of the runs compared with, Student's t interval.
    share : Estimate
        Share that succeeded, Clopper-Pearson interval.
    findings : mapping of str to Finding
        By statistic; with "mean_given_max" where mean and
        largest value are judged together.
    p : float or None
        Share of studies whose smaller tail is at most as large as the reported one; None if a
        reported number cannot be right, or there are fewer than 5 runs.
    p_error : float
        Standard error of p from resampling and drawing.
    normal_findings, normal_p : mapping and float or None
        The same by normal theory, where there are from 3 to 30 runs.
    missed : Missed or None
        What so few runs would have missed.
    p_by_assumption : mapping of str to float
        p under each reading of what was not said, where there are several.
    assumptions : mapping of str to str
        What the answer takes for granted, by the argument that changes it.
    chance_all_succeed : float
        Chance that none of these runs fails.
    equivalence : Equivalence or None
        Where a margin was given.
    impossible : tuple of Impossible
        Reported numbers that cannot be right.
    impossible_on_grid : tuple of Impossible
        Those that could not be right if values lay on the grid of your runs; they decide nothing.
    unit : float or None
        That grid.
    cautions : tuple of Caution
    distributions : mapping of str to SamplingDistribution
        By statistic, for drawing.
    """

    def __bool__(self) -> NoReturn:
        raise TypeError("a comparison has three answers; ask for its is_consistent or agreement")

    def __repr__(self) -> str:
        p = "" if self.p is None else f", {describe_p(self.p)}"
        numbers = ", ".join(f"{name} {text}" for name, text in self.reported.items())
        return f"<Comparison: {self.agreement}{p} ({numbers}; {plural(self.n, 'run')} of yours)>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>{render_picture(self)}"

    def to_frame(self) -> pd.DataFrame:
        """Return a table of the findings by statistic; by normal theory with fewer than 5 runs."""
        import pandas as pd

        columns = ["reported", "yours", "low", "high", "p"]
        findings = self.findings or self.normal_findings
        rows = [[getattr(item, column) for column in columns] for item in findings.values()]
        return pd.DataFrame(rows, pd.Index(findings, name="statistic"), columns)

    def plot(self) -> Any:
        """Draw the sampling distribution of each statistic, with a line at the reported value.

        Returns Matplotlib axes, or an array of them where there are several statistics.
        """
        return plot_comparison(self)

    def summary(self) -> str:
        """Return the answer in words: one sentence, a short table, cautions."""
        return summarise(self)


def compare(
    values: npt.ArrayLike | CountTable | Any,
    *,
    runs: int | str | None = None,
    mean: str | float | None = None,
    sd: str | float | None = None,
    se: str | float | None = None,
    ci: Sequence[str | float] | None = None,
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
    cap: float | None = None,
    failures: str | None = None,
    margin: str | float | None = None,
    level: float = 0.05,
    bounds: tuple[float | None, float | None] | None = None,
    grid: str | float | None = None,
    sd_kind: str | None = None,
    plus_minus: str | None = None,
    ci_level: float = 0.95,
    ci_kind: str | None = None,
    scale: float | None = None,
    nan_policy: str = "raise",
) -> Comparison:
    """Compare a reported result with runs of your own.

    Parameters
    ----------
    values : array_like of float, shape (n,), CountTable, or outcomes of `simulate`
        Outcomes of your runs; of a run that failed, where it was stopped. Series, tables of one
        column, masked arrays and columns of Polars or Arrow are taken too.
    runs : int or str, optional
        Runs behind the report, from 1 to 100,000; needed for all but a constant.
    mean, sd, se, median, q1, q3, iqr, iqm, min, max : str or number, optional
        Reported statistics as printed; the decimals say how they were rounded, so give
        "48.0" as a string. `se` is sd / sqrt(n), `q1` and `q3` are quartiles, `iqm` is the
        interquartile mean. A mean may have its spread behind it: "0.83 ± 0.04".
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
    level : float
        Of the test, between 0 and 0.5.
    bounds : (float or None, float or None), optional
        What no value can lie beyond, such as (0, 1), or (0, None) for all above 0. No bounds
        unless given, or where all values are 0 and 1.
    grid : float or "none", optional
        What every value is a multiple of: 1 for whole numbers. None unless given, or where all
        values are 0 and 1.
    sd_kind : {"n-1", "n"}, optional
        Denominator of the reported standard deviation or error; both are tried unless given.
    plus_minus : {"sd", "se", "ci"}, optional
        What stands behind a plus-minus sign.
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
    The sampling distribution of each statistic is the bootstrap predictive distribution
    (`replication.comparison.sampling`); intervals, p-values and chances all come from it.

    Examples
    --------
    >>> updates = [41, 38, 60, 35, 52, 44, 39, 71, 48, 40, 36, 55]
    >>> found = compare(updates, runs=20, mean="46.5", max="71")
    >>> found.is_consistent
    True
    >>> found.to_frame().round(1)
                   reported  yours   low   high    p
    statistic
    mean               46.5   46.6  39.2   62.9  0.9
    max                  71   71.0  52.0  187.0  0.8
    mean_given_max     46.5   46.6  39.6   53.4  1.0
    """
    report = read_report(
        {
            "mean": mean, "sd": sd, "se": se, "median": median, "q1": q1, "q3": q3, "iqr": iqr,
            "iqm": iqm, "min": min, "max": max, "share": share, "n_succeeded": n_succeeded,
            "constant": constant,
        },
        ci=ci, plus_minus=plus_minus, scale=scale, runs=runs, failures=failures, sd_kind=sd_kind,
        ci_kind=ci_kind, ci_level=ci_level,
    )  # fmt: skip
    if nan_policy not in {"raise", "omit"}:
        raise refuse("nan_policy", nan_policy, "are raise, omit")
    if not 0.0 < level < 0.5:
        raise refuse("level", level, "is above 0 and below 0.5")
    if minus is not None and report.numbers.keys() not in ({"mean"}, {"constant"}):
        raise UsageError(
            "`minus` was given; of a difference only the `mean`, or `constant`, is compared"
        )
    take = functools.partial(
        take_runs, cap=cap, bounds=_read_bounds(bounds), grid=_read_grid(grid),
        omits_missing=nan_policy == "omit",
        needs_cap=failures != "excluded" and bool(report.on_values),
    )  # fmt: skip
    other = None if minus is None else take(minus, name="minus", succeeded=None)
    own = take(values, name="values", succeeded=succeeded)
    case = Case(own, other, report, level)
    impossible, on_grid, unit = case.find_impossible()
    predictions = case.predict_all()
    main = next(iter(predictions.values()), None)
    normal = None if impossible else case.predict_normal()
    equivalence = case.assess_equivalence(_read_margin(margin, report.numbers.get("mean")))
    agreement, reason = judge(impossible, predictions, equivalence, level=level)
    p_values = {} if impossible else {words: item.p for words, item in predictions.items()}
    unknown = Estimate(None, None, None, 1.0 - level)
    return Comparison(
        agreement=agreement,
        reason=reason,
        level=level,
        reported={name: item.text for name, item in report.numbers.items()},
        runs=None if "constant" in report.numbers else report.runs,
        n=own.n,
        n_failed=own.n_failed,
        n_missing=own.n_missing + (0 if other is None else other.n_missing),
        cap=own.stop if report.on_values else None,
        failures=case.rule,
        mean=unknown if case.source is None else case.source.estimate_mean(1.0 - level),
        share=estimate_proportion(own.n_done, own.n, level=1.0 - level),
        findings={} if main is None else _blank(main.findings, impossible),
        p=next(iter(p_values.values()), None),
        p_error=0.0 if main is None else main.p_error,
        normal_findings={} if normal is None else normal.findings,
        normal_p=None if normal is None else normal.p,
        missed=None if normal is None else case.find_missed(normal, main),
        p_by_assumption=p_values if len(p_values) > 1 else {},
        assumptions=case.list_assumptions(),
        chance_all_succeed=(own.n_done / own.n) ** report.runs,
        equivalence=equivalence,
        impossible=impossible,
        impossible_on_grid=on_grid,
        unit=unit,
        cautions=list_cautions(case, main, normal, equivalence),
        distributions={} if main is None else main.distributions,
    )


def _blank(
    findings: Mapping[str, Finding], impossible: tuple[Impossible, ...]
) -> Mapping[str, Finding]:
    """Take p away from findings on numbers that cannot be right."""
    names = {item.name for item in impossible}
    names |= {"mean_given_max"} if names & {"mean", "max"} else set()
    return {
        name: dataclasses.replace(item, p=math.nan, chance=math.nan) if name in names else item
        for name, item in findings.items()
    }


def _read_bounds(bounds: tuple[float | None, float | None] | None) -> tuple[float, float]:
    try:
        low, high = (None, None) if bounds is None else bounds
        low = -math.inf if low is None else float(low)
        high = math.inf if high is None else float(high)
    except (TypeError, ValueError):
        low = high = math.nan
    if not low < high:
        allowed = "are a lower and a higher number, or inf, such as 0 1 or 0 inf"
        raise refuse("bounds", bounds, allowed)
    return low, high


def _read_grid(grid: str | float | None) -> Fraction | None:
    if grid in (None, "none"):
        return None if grid is None else Fraction(0)  # for values that are said to lie on none
    found = read_reported(grid, "grid").value
    if not found > 0:
        raise refuse("grid", grid, "is a number above 0, or none")
    return found


def _read_margin(margin: str | float | None, mean: Reported | None) -> float | None:
    """Return a margin of equivalence in the unit of the values."""
    if margin is None:
        return None
    if mean is None:
        raise UsageError("`margin` was given without a reported mean; give the mean too")
    text = str(margin).strip()
    body = text.removesuffix("%").strip()
    plain = re.fullmatch(r"\d{1,15}(\.\d{0,12})?|\.\d{1,12}|\d(\.\d+)?e-?\d{1,2}", body)
    value = float(body) if plain else math.nan
    if text.endswith("%"):
        value *= abs(float(mean.value)) / 100.0
    if not value > 0:
        allowed = "is a number above 0 in the unit of the values, or per cent of the reported mean"
        raise refuse("margin", text, f"{allowed} such as 10%")
    return value
