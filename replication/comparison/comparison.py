"""Comparing a reported result with runs of one's own.

`compare` takes outcomes of any kind and the numbers that somebody reported; the headline of
the study is the same function on a count table.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.comparison.cautions import Cause, Caution, find_cautions
from replication.comparison.equivalence import Equivalence, assess_equivalence
from replication.comparison.plausibility import Impossible, find_impossible
from replication.comparison.prediction import (
    Finding,
    Prediction,
    combine_independent,
    estimate_all_succeed,
    predict_successes,
)
from replication.comparison.reported import (
    MAX_RUNS,
    STATISTICS,
    SUCCESSES,
    Reported,
    read_reported,
    split_plus_minus,
)
from replication.comparison.run_search import RunSearch, search_runs
from replication.comparison.runs import FAILURE_RULES, Runs, apply_rule, take_runs
from replication.comparison.sampling import Effort, Sample, SamplingDistribution
from replication.comparison.sources import CutShort, Difference, OneSample
from replication.errors import DataError, UsageError
from replication.statistics.counts import CountTable
from replication.statistics.intervals import Estimate, estimate_proportion
from replication.wording import plural, show

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
"""Version of what `Comparison.to_dict` returns."""
MIN_RUNS = 5
"""With fewer runs that were done nothing is said."""
NORMAL_RUNS = 30
"""Up to this many runs the answer of normal theory stands beside, and what would be missed."""
MANY_FAILURES = 0.1
SEARCH_EFFORT = Effort(5_000, 200, max_draws=1_000_000)
UNIT_FACTORS = (100.0, 1000.0)

SD_KINDS, CI_KINDS, PLUS_MINUS = ("n-1", "n"), ("t", "normal"), ("sd", "se", "ci")
FAILURE_WORDS = {
    "excluded": "left out",
    "at-cap": "counted where they were stopped",
    "restarted": "started over and added up",
}


class Agreement(enum.StrEnum):
    """Whether the reported result is what the runs say."""

    CONSISTENT = "consistent"
    NOT_CONSISTENT = "not consistent"
    CANNOT_TELL = "cannot tell"


class Reason(enum.StrEnum):
    """What an `Agreement` rests on."""

    P_VALUE = "p-value"
    IMPOSSIBLE = "a reported number cannot be right"
    FEW = "too few runs"
    ASSUMPTION = "depends on what was not said"
    DIFFERENT_WITHIN_MARGIN = "different, but by less than the margin"
    NOT_SHOWN_WITHIN_MARGIN = "not different, but not shown to lie within the margin"
    DEPENDS_ON_RUNS = "depends on the number of runs reported"


@dataclasses.dataclass(frozen=True)
class Missed:
    """What so few runs would have missed.

    `power`, `normal_power`: how often a shift of two standard deviations is found, for normal
    runs: by the prediction interval of the mean without assumptions, and by that of normal theory.
    """

    power: float
    normal_power: float


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The result of a comparison between a report and runs of your own.

    Parameters
    ----------
    agreement : Agreement
    reason : Reason
    level : float
        Of the test; prediction intervals cover 1 - level.
    reported : mapping of str to str
        The reported numbers as printed.
    runs : int or None
        Runs behind the report; None if not known.
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
        By statistic, when runs is known; with "mean_given_max" where mean and
        largest value are judged together.
    p : float or None
        Share of studies whose smaller tail is at most as large as the reported one; None if runs
        is not known, a reported number cannot be right, or there are too few runs.
    p_error : float
        Standard error of p from resampling and drawing.
    normal_findings, normal_p : mapping and float or None
        The same by normal theory, where there are at most 30 runs.
    missed : Missed or None
        What so few runs would have missed.
    p_by_assumption : mapping of str to float
        p under each reading of what was not said, where there are several.
    assumptions : mapping of str to str
        What the answer takes for granted, by the argument that changes it.
    chance_all_succeed, chance_all_succeed_range : float and pair of float, or None
        Chance that none of `runs` fails; with its range over resamples.
    equivalence : Equivalence or None
        Where a margin was given.
    search : RunSearch or None
        Where runs is not known.
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

    agreement: Agreement
    reason: Reason
    level: float
    reported: Mapping[str, str]
    runs: int | None
    n: int
    n_failed: int
    n_missing: int
    cap: float | None
    failures: str
    mean: Estimate
    share: Estimate
    findings: Mapping[str, Finding]
    p: float | None
    p_error: float
    normal_findings: Mapping[str, Finding]
    normal_p: float | None
    missed: Missed | None
    p_by_assumption: Mapping[str, float]
    assumptions: Mapping[str, str]
    chance_all_succeed: float | None
    chance_all_succeed_range: tuple[float, float] | None
    equivalence: Equivalence | None
    search: RunSearch | None
    impossible: tuple[Impossible, ...]
    impossible_on_grid: tuple[Impossible, ...]
    unit: float | None
    cautions: tuple[Caution, ...]
    distributions: Mapping[str, SamplingDistribution] = dataclasses.field(repr=False, compare=False)

    @property
    def is_consistent(self) -> bool | None:
        """Whether the report is consistent with the runs; None where one cannot tell."""
        if self.agreement is Agreement.CANNOT_TELL:
            return None
        return self.agreement is Agreement.CONSISTENT

    def __bool__(self) -> NoReturn:
        raise TypeError("a comparison has three answers; ask for its is_consistent or agreement")

    def __repr__(self) -> str:
        from replication.comparison.text import describe_p

        p = "" if self.p is None else f", {describe_p(self.p)}"
        numbers = ", ".join(f"{name} {text}" for name, text in self.reported.items())
        return f"<Comparison: {self.agreement}{p} ({numbers}; {plural(self.n, 'run')} of yours)>"

    def _repr_html_(self) -> str:
        from replication.comparison.figure import render_picture
        from replication.comparison.text import render_html

        return render_html(self) + render_picture(self)

    def plot(self, statistic: str | None = None, ax: Any = None) -> Any:
        """Draw the sampling distribution of a reported statistic, with the reported value.

        Parameters
        ----------
        statistic : str, optional
            A key of `findings`; the first unless given.
        ax : matplotlib Axes, optional
            New ones unless given.

        Returns
        -------
        matplotlib Axes
        """
        from replication.comparison.figure import plot_comparison

        return plot_comparison(self, statistic, ax)

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row for each statistic: reported, yours, interval and p."""
        import pandas as pd

        columns = ["reported", "yours", "low", "high", "p"]
        rows = {
            name: (one.reported, one.yours, one.low, one.high, one.p)
            for name, one in self.findings.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    def summary(self) -> str:
        """Return the answer in words: one sentence, a short table, cautions."""
        from replication.comparison.text import summarise

        return summarise(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the sampling distributions as plain JSON values."""
        plain: dict[str, Any] = {"schema": SCHEMA, "is_consistent": self.is_consistent}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "distributions":
                continue
            if field.name in {"findings", "normal_findings"}:
                value = {name: finding.to_dict() for name, finding in value.items()}
            elif dataclasses.is_dataclass(value) and not isinstance(value, type):
                value = dataclasses.asdict(value)
            elif field.name in {"impossible", "impossible_on_grid", "cautions"}:
                value = [dataclasses.asdict(item) for item in value]
            plain[field.name] = _make_plain(value)
        return plain


def _make_plain(value: Any) -> Any:
    """Return enumerations as text, tuples as lists, numbers that are none as None."""
    if isinstance(value, Mapping):
        return {str(key): _make_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_make_plain(item) for item in value]
    if isinstance(value, enum.Enum):
        return value.name.lower() if not isinstance(value, Agreement) else value.value
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def compare(
    values: npt.ArrayLike | CountTable | Any,
    *,
    runs: int | None = None,
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
    bounds: tuple[float | None, float] | None = None,
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
    runs : int, optional
        Runs behind the report, from 1 to 100,000. Without it, how many there can have been
        is searched.
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
        carry one common value, unless they are excluded, or only a share or a median is compared.
    failures : {"excluded", "at-cap", "restarted"}, optional
        What the report did with failures: left them out (runs then counts the
        successes), counted them at the cap, or started them over and added up. Unless
        given they are excluded, and the verdict holds only if all three agree.
    margin : str or float, optional
        Difference of the means that does not matter: in the unit of the values, or
        as "10 %" of the reported mean.
    level : float
        Of the test, between 0 and 0.5.
    bounds : (float, float), optional
        What no value can lie beyond, such as (0, 1) or (0, inf). None unless given, or where all
        values are 0 and 1.
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
    >>> compare(updates, runs=20, mean="46.5", max="71").is_consistent
    True
    """
    if scale is not None and not 0 < scale < math.inf:
        raise UsageError(f"scale was given as {show(scale)}; allowed is a number above 0")
    center, behind = split_plus_minus(mean)
    if behind is not None:
        if plus_minus not in PLUS_MINUS:
            raise UsageError(
                f"mean was given with ± {behind}; say what that is with plus_minus: sd (standard "
                "deviation), se (standard error) or ci (half of a confidence interval)"
            )
        if plus_minus == "sd":
            sd = behind
        elif plus_minus == "se":
            se = behind
    given = {
        "mean": center, "sd": sd, "se": se, "median": median, "q1": q1, "q3": q3, "iqr": iqr,
        "iqm": iqm, "min": min, "max": max, "share": share, "n_succeeded": n_succeeded,
        "constant": constant,
    }  # fmt: skip
    reported = {
        name: read_reported(
            value, name, is_share=name == "share", scale=None if name in SUCCESSES else scale
        )
        for name, value in given.items()
        if value is not None
    }
    if "constant" in reported:
        exact = reported["constant"]
        reported["constant"] = dataclasses.replace(exact, low=exact.value, high=exact.value)
    half = None
    if behind is not None and plus_minus == "ci":
        half = read_reported(behind, "the half of the interval", scale=scale)
    elif ci is not None:
        half, middle = _read_interval(ci, scale)
        reported.setdefault("mean", middle)
    reading = _Reading(runs, failures, sd_kind, ci_kind, ci_level, half)
    _check_arguments(reported, reading, minus=minus, level=level)
    limits = _read_bounds(bounds)
    step = _read_grid(grid)
    needs_cap = (
        failures != "excluded"
        and any(name in STATISTICS or name == "constant" for name in reported)
        and not reported.keys() <= {"median", *SUCCESSES}
    )

    def take(runs_of_one_kind: Any, flags: Any) -> Runs:
        taken = take_runs(
            runs_of_one_kind, succeeded=flags, cap=cap, bounds=limits, grid=step,
            nan_policy=nan_policy, needs_cap=needs_cap,
        )  # fmt: skip
        if grid == "none" and taken.done is not None:
            return dataclasses.replace(taken, done=dataclasses.replace(taken.done, grid=None))
        return taken

    own = take(values, succeeded)
    other = None if minus is None else take(minus, None)
    return _compare(
        own, other, reported, reading,
        margin=_read_margin(margin, reported.get("mean")), level=level,
    )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class _Reading:
    """What the report said of its numbers, None where it did not."""

    runs: int | None
    failures: str | None
    sd_kind: str | None
    ci_kind: str | None
    ci_level: float
    half: Reported | None  # of a confidence interval


# -------------------------------------------------------------------------------- the arguments


def _check_arguments(
    reported: Mapping[str, Reported], reading: _Reading, *, minus: object, level: float
) -> None:
    runs = reading.runs
    if not reported:
        raise UsageError(
            f"nothing was reported; give at least one of {', '.join(STATISTICS)}, ci, share, "
            "n_succeeded and constant"
        )
    if "share" in reported and "n_succeeded" in reported:
        raise UsageError("share and n_succeeded say the same; give one of them")
    if "constant" in reported and len(reported) > 1:
        raise UsageError("constant was given with other numbers; give it alone")
    if runs is not None and not _is_count(runs):
        raise UsageError(
            f"runs was given as {show(runs)}; allowed are whole numbers from 1 to "
            f"{MAX_RUNS:,}; give the number of runs behind the reported result, or constant for "
            "a value without error"
        )
    if runs == 1 and not reported.keys().isdisjoint({"sd", "se"}):
        raise UsageError("runs was given as 1; one run has no standard deviation; give 2 or more")
    if runs is None and "n_succeeded" in reported:
        raise UsageError("n_succeeded was given without runs; give runs, or the share")
    if reading.half is not None and (runs is None or runs < 2):
        raise UsageError("a confidence interval was given without runs; give runs, 2 or more")
    if reading.half is not None and not reported.keys().isdisjoint({"sd", "se"}):
        raise UsageError("a confidence interval says what sd and se say; give one of them")
    for name, value, allowed in (
        ("failures", reading.failures, FAILURE_RULES),
        ("sd_kind", reading.sd_kind, SD_KINDS),
        ("ci_kind", reading.ci_kind, CI_KINDS),
    ):
        if value is not None and value not in allowed:
            raise UsageError(f"{name} was given as {show(value)}; allowed are {', '.join(allowed)}")
    if not 0.0 < level < 0.5:
        raise UsageError(f"level was given as {level}; allowed is above 0 and below 0.5")
    if not 0.5 <= reading.ci_level < 1.0:
        raise UsageError(
            f"ci_level was given as {reading.ci_level}; allowed is from 0.5 to below 1"
        )
    if minus is not None and reported.keys() not in ({"mean"}, {"constant"}):
        raise UsageError("minus was given; of a difference only the mean, or constant, is compared")


def _is_count(runs: object) -> bool:
    return (
        isinstance(runs, (int, np.integer))
        and not isinstance(runs, bool)
        and 1 <= int(runs) <= MAX_RUNS
    )


def _read_bounds(bounds: tuple[float | None, float] | None) -> tuple[float, float]:
    if bounds is None:
        return -math.inf, math.inf
    try:
        low, high = bounds
        low, high = -math.inf if low is None else float(low), float(high)
    except (TypeError, ValueError):
        low = high = math.nan
    if not low < high:
        raise UsageError(
            f"bounds were given as {show(bounds)}; allowed are a lower and a higher number, or "
            "inf, such as 0 1 or 0 inf"
        )
    return low, high


def _read_grid(grid: str | float | None) -> Fraction | None:
    if grid is None or grid == "none":
        return None
    found = read_reported(grid, "grid").value
    if not found > 0:
        raise UsageError(f"grid was given as {show(grid)}; allowed is a number above 0, or none")
    return found


def _read_interval(ci: Sequence[str | float], scale: float | None) -> tuple[Reported, Reported]:
    """Return half the width of a confidence interval, and its middle."""
    if isinstance(ci, str) or len(ci) != 2:
        raise UsageError(f"ci was given as {show(ci)}; allowed are its lower and its upper end")
    low, high = (read_reported(end, "ci", scale=scale) for end in ci)
    if not low.value < high.value:
        raise UsageError(f"ci was given as {show(list(ci))}; the lower end comes first")
    text = f"{low.text} to {high.text}"
    half = Reported(
        text, (high.value - low.value) / 2, (high.low - low.high) / 2, (high.high - low.low) / 2
    )
    middle = Reported(
        text, (high.value + low.value) / 2, (high.low + low.low) / 2, (high.high + low.high) / 2
    )
    return half, middle


def _read_margin(margin: str | float | None, mean: Reported | None) -> float | None:
    """Return a margin of equivalence in the unit of the values."""
    if margin is None:
        return None
    text = str(margin).strip()
    body = text.removesuffix("%").strip()
    plain = re.fullmatch(r"\d{1,15}(\.\d{0,12})?|\.\d{1,12}|\d(\.\d+)?e-?\d{1,2}", body)
    value = float(body) if plain else math.nan
    if not value > 0:
        raise UsageError(
            f"margin was given as {show(text)}; allowed is a number above 0 in the unit of the "
            "values, or per cent of the reported mean such as 10%"
        )
    if mean is None:
        raise UsageError("margin was given without a reported mean; give the mean too")
    if text.endswith("%"):
        value *= abs(float(mean.value)) / 100.0
        if value == 0:
            raise UsageError(
                "margin was given in per cent of a reported mean of 0; give it in the unit of "
                "the values"
            )
    return value


# ---------------------------------------------------------------- readings of what was not said


def _list_readings(
    reported: Mapping[str, Reported], reading: _Reading, n_used: int | None
) -> dict[str, Mapping[str, Reported]]:
    """Return the report under each reading of its spread, by the words for it."""
    if reading.half is not None:
        assert n_used is not None
        tail = 0.5 + reading.ci_level / 2.0
        factors = {
            "t": float(special.stdtrit(max(n_used - 1, 1), tail)),
            "normal": float(special.ndtri(tail)),
        }
        kinds = CI_KINDS if reading.ci_kind is None else (reading.ci_kind,)
        return {
            f"interval by {'Student’s t' if kind == 't' else 'the normal distribution'}": (
                {**reported, "se": reading.half.scale(1.0 / factors[kind])}
            )
            for kind in kinds
        }
    spreads = [name for name in ("sd", "se") if name in reported]
    if not spreads or n_used is None or n_used < 2:
        return {"": reported}
    kinds = SD_KINDS if reading.sd_kind is None else (reading.sd_kind,)
    found: dict[str, Mapping[str, Reported]] = {}
    for kind in kinds:
        factor = 1.0 if kind == "n-1" else math.sqrt(n_used / (n_used - 1))
        scaled = {name: reported[name].scale(factor) for name in spreads}
        found[f"{spreads[0]} with {kind.replace('-', ' - ')}"] = {**reported, **scaled}
    return found


def _count_used(reported: Mapping[str, Reported], runs: int | None, rule: str) -> list[int]:
    """Return how many values the statistics of a report can summarise."""
    if runs is None:
        return []
    if rule != "excluded":
        return [runs]
    if "n_succeeded" in reported:
        return [_limit(round(reported["n_succeeded"].value), runs)]
    if "share" in reported:
        item = reported["share"]
        found = [k for k in range(runs + 1) if item.low * runs <= k <= item.high * runs]
        return found[:100] or [_limit(round(item.value * runs), runs)]
    return [runs]


def _limit(number: int, runs: int) -> int:
    return sorted((0, number, runs))[1]


# -------------------------------------------------------------------------------- the judgment


def _compare(
    own: Runs,
    other: Runs | None,
    reported: Mapping[str, Reported],
    reading: _Reading,
    *,
    margin: float | None,
    level: float,
) -> Comparison:
    runs, rule = reading.runs, reading.failures or "excluded"
    on_values = {name: item for name, item in reported.items() if name not in SUCCESSES}
    if on_values and (own.done is None or (other is not None and other.done is None)):
        which = f"{own.n}" if own.done is None else "other"
        raise DataError(
            f"all {which} runs failed, so there is no value to compare; give runs of which some "
            "succeeded, or compare the share that succeeded only"
        )
    if rule != "excluded" and own.n_failed and own.stop is None and own.stops is None:
        raise DataError(f"failures are {rule}, but where they were stopped is not known; give cap")
    counts = _count_used(reported, runs, rule)
    n_used = counts[len(counts) // 2] if counts else None
    if (
        n_used is not None
        and n_used < 2
        and (on_values.keys() & {"sd", "se"} or reading.half is not None)
    ):
        raise UsageError(
            f"the report summarises {plural(n_used, 'value')}, of which there is no standard "
            "deviation; correct runs or the number that succeeded, or leave sd and se out"
        )
    sample = own.done if not on_values else apply_rule(own, rule)
    impossible, on_grid, unit = _check_possible(
        own, sample, other, reported, reading, counts, rule=rule, has_values=bool(on_values)
    )
    sources = _list_sources(own, other, reading, on_values)
    source = sources.get(rule)
    is_few = (0 if source is None else source.n) < MIN_RUNS if on_values else own.n < MIN_RUNS
    can_judge = own.n >= 2 and n_used != 0 and (source is not None or not on_values)

    predictions: dict[str, Prediction] = {}
    normal: Prediction | None = None
    search = None
    if can_judge and (runs is not None or "constant" in reported):
        for name, item in (sources or {rule: None}).items():
            used = _count_used(reported, runs, name)
            found = _predict_all(
                own, item, reported, reading, runs or 1, used[len(used) // 2] if used else 1,
                level=level,
            )  # fmt: skip
            label = f"failures {FAILURE_WORDS[name]}" if len(sources) > 1 else ""
            for words, prediction in found.items():
                predictions[", ".join(part for part in (label, words) if part)] = prediction
        if (
            on_values
            and isinstance(source, (OneSample, Difference))
            and (source.n <= NORMAL_RUNS and all(item.spread > 0 for item in source.samples))
        ):
            readings = list(_list_readings(on_values, reading, n_used).values())
            normal = source.predict_normal(readings[:1], n_used or 1, level=level, effort=Effort())[
                0
            ]
    elif can_judge:

        def find_p(k: int) -> float:
            readings = _predict_all(
                own, source, reported, reading, k, k, level=level, effort=SEARCH_EFFORT
            )
            return max(item.p for item in readings.values())

        search = search_runs(find_p, level=level)
    main = next(iter(predictions.values()), None)
    equivalence = None
    if margin is not None and isinstance(source, OneSample):
        equivalence = _assess(source.sample, reported, reading, n_used, margin=margin, level=level)
    agreement, reason = _judge(
        impossible, predictions, search, equivalence, is_few=is_few, level=level
    )
    has_p = main is not None and not impossible and not is_few
    all_succeed: Any = (None, None)
    if runs is not None and own.n >= 2:
        all_succeed = estimate_all_succeed(own.n_done, own.n, runs)
    unknown = Estimate(None, None, None, 1.0 - level)
    missed = None
    if main is not None and "mean" in main.findings and isinstance(source, OneSample):
        missed = _find_missed(source, main.findings["mean"], n_used or 1, level)
    return Comparison(
        agreement=agreement,
        reason=reason,
        level=level,
        reported={name: item.text for name, item in reported.items()}
        | (
            {}
            if reading.half is None
            else {
                "ci": f"± {reading.half.text}"
                if " to " not in reading.half.text
                else reading.half.text
            }
        ),
        runs=runs,
        n=own.n,
        n_failed=own.n_failed,
        n_missing=own.n_missing + (0 if other is None else other.n_missing),
        cap=own.stop if on_values else None,
        failures=rule,
        mean=unknown if source is None or not on_values else source.estimate_mean(1.0 - level),
        share=estimate_proportion(own.n_done, own.n, level=1.0 - level),
        findings={} if main is None or is_few else _blank(main.findings, impossible),
        p=main.p if has_p and main is not None else None,
        p_error=0.0 if main is None else main.p_error,
        normal_findings={} if normal is None or not has_p else normal.findings,
        normal_p=normal.p if normal is not None and has_p else None,
        missed=missed if has_p else None,
        p_by_assumption=(
            {name: item.p for name, item in predictions.items()}
            if len(predictions) > 1 and has_p
            else {}
        ),
        assumptions=_list_assumptions(sample, reported, reading),
        chance_all_succeed=all_succeed[0],
        chance_all_succeed_range=all_succeed[1],
        equivalence=equivalence,
        search=search,
        impossible=impossible,
        impossible_on_grid=on_grid,
        unit=unit,
        cautions=tuple(
            _list_cautions(
                own, source, reported, reading, main, normal, equivalence, search, level=level
            )
        ),
        distributions={} if main is None else main.distributions,
    )


def _list_sources(
    own: Runs, other: Runs | None, reading: _Reading, on_values: Mapping[str, Reported]
) -> dict[str, OneSample | Difference | CutShort | None]:
    """Return what the report is held against under each rule for failures that can hold."""
    rule = reading.failures or "excluded"
    if not on_values or own.done is None:
        return {}
    if other is not None:
        assert other.done is not None
        if min(own.n, other.n) < 2:
            return {}
        return {rule: Difference(own.done, other.done)}
    if (own.stops is not None and rule != "excluded") or (
        own.stops is not None and reading.failures is None
    ):
        return {rule: CutShort(own, own.done)} if on_values.keys() == {"median"} else {}
    rules = [rule]
    if reading.failures is None and own.n_failed:
        rules += ["at-cap", "restarted"]
    found: dict[str, OneSample | Difference | CutShort | None] = {}
    for name in rules:
        sample = apply_rule(own, name)
        if sample is not None and sample.n >= 2:
            found[name] = OneSample(sample)
    return found


def _predict_all(
    own: Runs,
    source: OneSample | Difference | CutShort | None,
    reported: Mapping[str, Reported],
    reading: _Reading,
    runs: int,
    n_used: int,
    *,
    level: float,
    effort: Effort | None = None,
) -> dict[str, Prediction]:
    """Hold everything that was reported against the runs, under each reading of it."""
    on_values = {name: item for name, item in reported.items() if name not in SUCCESSES}
    found: dict[str, Prediction] = {}
    if on_values and source is not None:
        readings = _list_readings(on_values, reading, n_used)
        predictions = source.predict(
            list(readings.values()), n_used, level=level, effort=effort or Effort()
        )
        found = dict(zip(readings, predictions, strict=True))
    for name in SUCCESSES:
        if name in reported:
            successes = predict_successes(
                own.n_done, own.n, reported[name], runs, name=name, level=level
            )
            if not found:
                return {"": successes}
            found = {key: combine_independent(item, successes) for key, item in found.items()}
    return found


def _check_possible(
    own: Runs,
    sample: Sample | None,
    other: Runs | None,
    reported: Mapping[str, Reported],
    reading: _Reading,
    counts: Sequence[int],
    *,
    rule: str,
    has_values: bool,
) -> tuple[tuple[Impossible, ...], tuple[Impossible, ...], float | None]:
    """Return what cannot be right, what could not be if values lay on a grid, and that grid."""
    if other is not None or "constant" in reported or (has_values and sample is None):
        return (), (), None
    bounds = (
        (-math.inf, math.inf) if sample is None or not has_values else (sample.low, sample.high)
    )
    if own.n_failed and rule == "restarted":
        bounds = (bounds[0], math.inf)
    kinds = SD_KINDS if reading.sd_kind is None else (reading.sd_kind,)

    def find(grid: Fraction | None) -> tuple[Impossible, ...]:
        return find_impossible(
            reported, runs=reading.runs, counts=[n for n in counts if n > 0], grid=grid,
            bounds=bounds, sd_kinds=kinds,
        )  # fmt: skip

    grid = sample.grid if sample is not None and has_values else None
    found = find(grid)
    unit = None if sample is None or not has_values else sample.find_unit()
    if grid is not None or found or unit is None:
        return found, (), None
    return found, find(unit), float(unit)


def _assess(
    sample: Sample,
    reported: Mapping[str, Reported],
    reading: _Reading,
    n_used: int | None,
    *,
    margin: float,
    level: float,
) -> Equivalence:
    of_report = None
    if n_used is not None and n_used >= 2:
        item = next(iter(_list_readings(reported, reading, n_used).values()))
        if "sd" in item:
            of_report = (float(item["sd"].value), n_used)
        elif "se" in item:
            of_report = (float(item["se"].value) * math.sqrt(n_used), n_used)
    return assess_equivalence(
        sample.mean, sample.spread, sample.n, float(reported["mean"].value),
        margin=margin, level=level, of_report=of_report,
    )  # fmt: skip


def _find_missed(source: OneSample, finding: Finding, runs: int, level: float) -> Missed | None:
    """Return how often a shift of two standard deviations would be found, were runs normal."""
    sample = source.sample
    if sample.n > NORMAL_RUNS or not sample.spread > 0:
        return None
    error = math.sqrt(1.0 / sample.n + 1.0 / runs)
    critical = float(special.stdtrit(sample.n - 1, 1.0 - level / 2.0))
    reach = (finding.high - finding.low) / 2.0 / (sample.spread * error)

    def find_power(limit: float) -> float:
        shift = 2.0 / error
        below = special.nctdtr(sample.n - 1, shift, limit)
        return float(1.0 - below + special.nctdtr(sample.n - 1, shift, -limit))

    return Missed(find_power(reach), find_power(critical))


def _judge(
    impossible: tuple[Impossible, ...],
    predictions: Mapping[str, Prediction],
    search: RunSearch | None,
    equivalence: Equivalence | None,
    *,
    is_few: bool,
    level: float,
) -> tuple[Agreement, Reason]:
    if impossible:
        return Agreement.NOT_CONSISTENT, Reason.IMPOSSIBLE
    if is_few or (search is None and not predictions):
        return Agreement.CANNOT_TELL, Reason.FEW
    if search is not None:
        differs = search.largest is None
        if not differs and not search.is_open:
            return Agreement.CANNOT_TELL, Reason.DEPENDS_ON_RUNS
    else:
        answers = {item.p <= level for item in predictions.values()}
        if len(answers) > 1:
            return Agreement.CANNOT_TELL, Reason.ASSUMPTION
        differs = answers.pop()
    if equivalence is not None:
        if differs and equivalence.is_equivalent:
            return Agreement.CANNOT_TELL, Reason.DIFFERENT_WITHIN_MARGIN
        if not differs and not equivalence.is_equivalent:
            return Agreement.CANNOT_TELL, Reason.NOT_SHOWN_WITHIN_MARGIN
    return (Agreement.NOT_CONSISTENT if differs else Agreement.CONSISTENT), Reason.P_VALUE


def _blank(
    findings: Mapping[str, Finding], impossible: tuple[Impossible, ...]
) -> Mapping[str, Finding]:
    """Take p away from findings on numbers that cannot be right."""
    names = {item.name for item in impossible}
    if "mean" in names or "max" in names:
        names.add("mean_given_max")
    return {
        name: dataclasses.replace(item, p=math.nan, chance=math.nan) if name in names else item
        for name, item in findings.items()
    }


def _list_assumptions(
    sample: Sample | None, reported: Mapping[str, Reported], reading: _Reading
) -> dict[str, str]:
    """Return what the answer takes for granted, by the argument that changes it."""
    if sample is None or reported.keys() <= SUCCESSES.keys():
        return {}
    ends = [f"from {sample.low:g}"] if math.isfinite(sample.low) else []
    ends += [f"up to {sample.high:g}"] if math.isfinite(sample.high) else []
    step = sample.grid
    found = {
        "bounds": f"values lie {' '.join(ends)}" if ends else "values have no bounds",
        "grid": "values are "
        + ("real numbers" if step is None else f"multiples of {float(step):g}"),
    }
    if not reported.keys().isdisjoint({"sd", "se"}):
        kind = reading.sd_kind or "n-1 or n, both tried"
        found["sd_kind"] = (
            f"the denominator of the standard deviation is {kind.replace('-', ' - ')}"
        )
    if reading.half is not None:
        kind = {"t": "Student's t", "normal": "the normal distribution"}.get(
            reading.ci_kind or "", "Student's t or the normal distribution, both tried"
        )
        found["ci_kind"] = f"the interval, at {100 * reading.ci_level:g} %, is by {kind}"
    if not reported.keys().isdisjoint({"q1", "q3", "iqr"}):
        found["quartiles"] = "quartiles are interpolated linearly, as NumPy and R do"
    return found


def _list_cautions(
    own: Runs,
    source: OneSample | Difference | CutShort | None,
    reported: Mapping[str, Reported],
    reading: _Reading,
    main: Prediction | None,
    normal: Prediction | None,
    equivalence: Equivalence | None,
    search: RunSearch | None,
    *,
    level: float,
) -> list[Caution]:
    """Return all cautions of a comparison."""
    names = [name for name in reported if name not in SUCCESSES]
    if reading.half is not None:
        names.append("se")
    found: dict[Cause, Caution] = {}
    for sample in () if source is None else source.samples:
        for caution in find_cautions(sample, names, reading.runs):
            found.setdefault(caution.cause, caution)

    def note(cause: Cause, text: str) -> None:
        found[cause] = Caution(cause, text)

    if names and own.n_failed > MANY_FAILURES * own.n:
        share = 100.0 * own.n_failed / own.n
        note(Cause.MANY_FAILED, f"{share:.2g} % of your runs failed: what the report did with "
             "failures decides its numbers.")  # fmt: skip
    if own.n_failed == 0 and not reported.keys().isdisjoint(SUCCESSES):
        note(Cause.NONE_FAILED, "All your runs count as successes. Give succeeded or cap if some "
             "failed.")  # fmt: skip
    if isinstance(source, OneSample):
        sample = source.sample
        ends = {"max": float(sample.values[-1]), "min": float(sample.values[0])}  # noqa: PD011
        for name, seen in ends.items():
            item = reported.get(name)
            if item is not None and (item.low > seen if name == "max" else item.high < seen):
                note(Cause.BEYOND_SEEN, "The reported extreme lies beyond all of your runs; its p "
                     "takes their tail to be exponential.")  # fmt: skip
        note_units = _find_factor(sample, reported)
        if note_units:
            note(Cause.UNITS, note_units)
    if main is not None and abs(main.p - level) < 2.0 * main.p_error:
        note(Cause.NEAR_LEVEL, "p is so near the level that another drawing could change the "
             "verdict.")  # fmt: skip
    if main is not None and normal is not None and (main.p <= level) != (normal.p <= level):
        side = "not consistent" if normal.p <= level else "consistent"
        note(Cause.NORMAL_DIFFERS, f"If runs are normal the report is {side}: the verdict depends "
             "on that, which so few runs cannot show.")  # fmt: skip
    if equivalence is not None and equivalence.takes_reported_as_exact:
        note(Cause.REPORTED_AS_EXACT, "The margin takes the reported mean as exact, for want of "
             "its standard deviation and number of runs.")  # fmt: skip
    if search is not None and search.largest is not None and not search.is_open:
        note(Cause.SEARCHED, "How many runs the report can rest on is a rough answer. Give the "
             "number if the report says it.")  # fmt: skip
    return list(found.values())


def _find_factor(sample: Sample, reported: Mapping[str, Reported]) -> str | None:
    """Return a question about units where a reported number fits if divided by 100 or 1,000."""
    item = reported.get("mean") or reported.get("median")
    if item is None or not item.value:
        return None
    value, centre = float(item.value), sample.mean
    near = max(4.0 * sample.spread, 0.1 * abs(centre)) if sample.n > 1 else 0.1 * abs(centre)
    for factor in UNIT_FACTORS:
        for scale in (factor, 1.0 / factor):
            if abs(value - centre) > near and abs(value / scale - centre) <= min(near, abs(centre)):
                return (
                    f"The reported {item.text} would be near your mean of {centre:.3g} if divided "
                    f"by {scale:g}: do the units differ? If so, give scale {scale:g}."
                )
    return None
