"""Comparing a reported result with runs of one's own.

`compare` takes outcomes of any kind and the numbers that somebody reported; the headline of
the study is the same function on a count table.
"""

from __future__ import annotations

import dataclasses
import enum
import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.comparison import sampling
from replication.comparison.cautions import Caution, find_all_cautions
from replication.comparison.equivalence import Equivalence, assess_equivalence
from replication.comparison.failures import FAILURE_RULES, apply_rule, take_runs
from replication.comparison.plausibility import Impossible, find_impossible
from replication.comparison.prediction import (
    Finding,
    Prediction,
    Range,
    estimate_all_succeed,
    predict_all,
)
from replication.comparison.printed import Printed, read_printed, shorten
from replication.comparison.run_search import RunSearch, search_runs
from replication.comparison.sampling import Law, Sample
from replication.errors import DataError, UsageError
from replication.statistics.counts import CountTable
from replication.statistics.intervals import Estimate, bound_mean, estimate_proportion

MIN_RUNS = 5
"""With fewer runs that were done nothing can be told."""
MAX_RUNS = 1_000_000


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
    FAILURES = "depends on what was done with failures"
    DIFFERENT_WITHIN_MARGIN = "different, but by less than the margin"
    NOT_SHOWN_WITHIN_MARGIN = "not different, but not shown to lie within the margin"
    DEPENDS_ON_RUNS = "depends on the number of runs reported"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A reported result against runs of one's own.

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
    n_failed : int
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
        Two-sided p-value of all statistics together; None if runs is not known or a reported
        number cannot be right.
    p_range : (float, float) or None
        Middle 95 % of p over resamples of the runs.
    p_error : float
        Standard error of p from resampling and drawing.
    p_by_failures : mapping of str to float
        p under each rule for failures, where there are any and no rule was given.
    chance_all_succeed, chance_all_succeed_range : float and pair of float, or None
        Chance that none of `runs` fails; with its range.
    equivalence : Equivalence or None
        Where a margin was given.
    search : RunSearch or None
        Where runs is not known.
    impossible : tuple of Impossible
        Reported numbers that cannot be right.
    cautions : tuple of Caution
    laws : mapping of str to Law
        Sampling distributions by statistic, for drawing.
    """

    agreement: Agreement
    reason: Reason
    level: float
    reported: Mapping[str, str]
    runs: int | None
    n: int
    n_failed: int
    cap: float | None
    failures: str
    mean: Estimate
    share: Estimate
    findings: Mapping[str, Finding]
    p: float | None
    p_range: Range | None
    p_error: float
    p_by_failures: Mapping[str, float]
    chance_all_succeed: float | None
    chance_all_succeed_range: Range | None
    equivalence: Equivalence | None
    search: RunSearch | None
    impossible: tuple[Impossible, ...]
    cautions: tuple[Caution, ...]
    laws: Mapping[str, Law] = dataclasses.field(repr=False, compare=False)

    def summary(self) -> str:
        """Return the answer in words: one sentence, a short table, cautions."""
        from replication.comparison.comparison_text import summarise

        return summarise(self)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the sampling distributions as plain JSON values."""
        plain: dict[str, Any] = {}
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "laws":
                continue
            if field.name == "findings":
                value = {name: finding.to_dict() for name, finding in value.items()}
            elif dataclasses.is_dataclass(value) and not isinstance(value, type):
                value = dataclasses.asdict(value)
            elif field.name == "impossible":
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
    values: npt.ArrayLike | CountTable,
    *,
    runs: int | None = None,
    mean: str | float | None = None,
    sd: str | float | None = None,
    se: str | float | None = None,
    median: str | float | None = None,
    min: str | float | None = None,
    max: str | float | None = None,
    share: str | float | None = None,
    n_succeeded: str | int | None = None,
    succeeded: npt.ArrayLike | None = None,
    cap: float | None = None,
    failures: str | None = None,
    margin: str | float | None = None,
    level: float = 0.05,
) -> Comparison:
    """Say whether a reported result is what runs of your own say.

    Parameters
    ----------
    values : array_like of float, shape (n,), or CountTable
        Outcomes of your runs; of a run that failed, where it was stopped.
    runs : int, optional
        Runs behind the report, from 1 to 1,000,000. Without it, how many there can have been
        is searched.
    mean, sd, se, median, min, max : str or number, optional
        Reported statistics as printed; the decimals say how they were rounded, so give
        "48.0" as a string. `sd` has n - 1 in its denominator, `se` is sd / sqrt(n).
    share, n_succeeded : str or number, optional
        Share of the runs that succeeded ("0.95" or "95 %"), or their number.
    succeeded : array_like of bool, shape (n,), optional
        Which of your runs succeeded; all unless given.
    cap : float, optional
        Where runs were stopped; a larger value is a failure at the cap. Without it failures must
        carry one common value, unless they are excluded or only a share is compared.
    failures : {"excluded", "at-cap", "restarted"}, optional
        What the report did with failures: left them out (runs then counts the
        successes), counted them at the cap, or started them anew and added up. Unless
        given they are excluded, and the verdict holds only if all three agree.
    margin : str or float, optional
        Difference of the means that does not matter: in the unit of the values, or
        as "10 %" of the reported mean.
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
    The sampling distribution of each statistic is the bootstrap predictive distribution
    (`replication.comparison.sampling`); intervals, p-values and chances all come from it.

    Examples
    --------
    >>> updates = [41, 38, 60, 35, 52, 44, 39, 71, 48, 40, 36, 55]
    >>> comparison = compare(updates, runs=20, mean="46.5", max="71")
    >>> comparison.agreement.value
    'consistent'
    """
    given = {
        "mean": mean, "sd": sd, "se": se, "median": median, "min": min, "max": max,
        "share": share, "n_succeeded": n_succeeded,
    }  # fmt: skip
    reported = {
        name: read_printed(value, name, allow_percent=name == "share")
        for name, value in given.items()
        if value is not None
    }
    _check_arguments(reported, runs=runs, failures=failures, level=level)
    read_margin(margin, reported.get("mean"))
    # For a share of successes, and where failures were left out, no matter where they stopped.
    needs_cap = failures != "excluded" and any(name in sampling.STATISTICS for name in reported)
    done, n_failed, stop = take_runs(values, succeeded, cap, needs_cap=needs_cap)
    return _compare(
        done, n_failed, stop, reported,
        runs=runs, failures=failures, margin=read_margin(margin, reported.get("mean")), level=level,
    )  # fmt: skip


def _check_arguments(
    reported: Mapping[str, Printed], *, runs: int | None, failures: str | None, level: float
) -> None:
    if not reported:
        raise UsageError(
            "nothing was reported; give at least one of mean, sd, se, median, min, max, share and "
            "n_succeeded"
        )
    if "share" in reported and "n_succeeded" in reported:
        raise UsageError("share and n_succeeded say the same; give one of them")
    if runs is not None and not _is_count(runs):
        raise UsageError(
            f"runs was given as {shorten(str(runs))}; allowed are whole numbers from 1 to "
            f"{MAX_RUNS:,}; give the number of runs behind the reported result"
        )
    if runs == 1 and ("sd" in reported or "se" in reported):
        raise UsageError("runs was given as 1; one run has no standard deviation; give 2 or more")
    if runs is None and "n_succeeded" in reported:
        raise UsageError("n_succeeded was given without runs; give runs, or the share")
    if failures is not None and failures not in FAILURE_RULES:
        raise UsageError(
            f"failures was given as {shorten(str(failures))}; allowed are "
            f"{', '.join(FAILURE_RULES)}"
        )
    if not 0.0 < level < 0.5:
        raise UsageError(f"level was given as {level}; allowed is above 0 and below 0.5")


def _is_count(runs: object) -> bool:
    return (
        isinstance(runs, (int, np.integer))
        and not isinstance(runs, bool)
        and 1 <= int(runs) <= MAX_RUNS
    )


def read_margin(margin: str | float | None, mean: Printed | None) -> float | None:
    """Return a margin of equivalence in the unit of the values.

    Parameters
    ----------
    margin : str, float or None
        A positive number, or per cent of the reported mean, such as "10 %".
    mean : Printed or None
        The reported mean.

    Raises
    ------
    UsageError
        If it is not such a number, or there is no reported mean.
    """
    if margin is None:
        return None
    text = str(margin).strip()
    is_share = text.endswith("%")
    body = text.removesuffix("%").strip()
    plain = re.fullmatch(r"\d{1,15}(\.\d{0,12})?|\.\d{1,12}|\d(\.\d+)?e-?\d{1,2}", body)
    value = float(body) if plain else math.nan
    if not value > 0:
        raise UsageError(
            f"margin was given as {shorten(text)}; allowed is a number above 0 in the unit of the "
            "values, or per cent of the reported mean such as 10%"
        )
    if mean is None:
        raise UsageError("margin was given without a reported mean; give the mean too")
    if is_share:
        value *= abs(float(mean.value)) / 100.0
        if value == 0:
            raise UsageError(
                "margin was given in per cent of a reported mean of 0; give it in the unit of "
                "the values"
            )
    return value


# -------------------------------------------------------------------------------- the judgment


def _compare(
    done: Sample | None,
    n_failed: int,
    stop: float | None,
    reported: Mapping[str, Printed],
    *,
    runs: int | None,
    failures: str | None,
    margin: float | None,
    level: float,
) -> Comparison:
    n_done = 0 if done is None else done.n
    n = n_done + n_failed
    on_values = {name: item for name, item in reported.items() if name in sampling.STATISTICS}
    if not on_values:
        done, stop = None, None
    if on_values and done is None:
        raise DataError(
            f"all {n} runs failed, so there is no value to compare; give runs of which some "
            "succeeded, or compare the share that succeeded only"
        )
    rule = failures or "excluded"
    if rule != "excluded" and n_failed and stop is None:
        raise DataError(f"failures are {rule}, but where they were stopped is not known; give cap")
    own = None if done is None else apply_rule(done, n_failed, stop, rule)
    n_used = _count_used(reported, runs, rule)
    if n_used is not None and n_used < 2 and on_values.keys() & {"sd", "se"}:
        raise UsageError(
            f"the report summarises {n_used} values, of which there is no standard deviation; "
            "correct runs or the number that succeeded, or leave sd and se out"
        )
    impossible = find_impossible(
        reported,
        runs=runs,
        n_done=n_used,
        unit=None if own is None else _find_grid(own),
        cap=stop if n_failed and rule != "restarted" else None,
    )
    predictions: dict[str, Prediction] = {}
    search = None
    if n >= 2 and n_used != 0:
        rules = [rule]
        if failures is None and n_failed and on_values:
            rules += ["at-cap", "restarted"]
        for name in rules:
            run = None if done is None else apply_rule(done, n_failed, stop, name)
            if runs is not None and (run is None or run.n >= 2 or not on_values):
                if run is None and on_values:
                    continue
                predictions[name] = predict_all(
                    run, n_done, n, reported, runs,
                    n_used=_count_used(reported, runs, name) or runs, level=level,
                )  # fmt: skip
        if runs is None and (not on_values or (own is not None and own.n >= 2)):
            search = search_runs(own, n_done, n, reported, level=level)
    main = predictions.get(rule)
    equivalence = None
    if margin is not None and own is not None:
        equivalence = assess_equivalence(
            own.mean, own.spread, own.n, float(reported["mean"].value), margin=margin, level=level
        )
    agreement, reason = _judge(
        impossible, predictions, main, search, equivalence,
        is_few=n_done < MIN_RUNS if on_values else n < MIN_RUNS, level=level,
    )  # fmt: skip
    all_succeed: tuple[float | None, Range | None] = (None, None)
    if runs is not None:
        all_succeed = estimate_all_succeed(n_done, n, runs, n_resamples=sampling.N_RESAMPLES_OF_FEW)
    unknown = Estimate(None, None, None, 1.0 - level)
    return Comparison(
        agreement=agreement,
        reason=reason,
        level=level,
        reported={name: printed.text for name, printed in reported.items()},
        runs=runs,
        n=n,
        n_failed=n_failed,
        cap=stop,
        failures=rule,
        mean=unknown if own is None else bound_mean(
            own.mean, own.spread, own.n, level=1.0 - level
        ),
        share=estimate_proportion(n_done, n, level=1.0 - level),
        findings={} if main is None else _blank_impossible(main.findings, impossible),
        p=None if main is None or impossible else main.p,
        p_range=None if main is None or impossible else main.p_range,
        p_error=0.0 if main is None else main.p_error,
        p_by_failures=(
            {name: item.p for name, item in predictions.items()}
            if len(predictions) > 1 and not impossible
            else {}
        ),
        chance_all_succeed=all_succeed[0],
        chance_all_succeed_range=all_succeed[1],
        equivalence=equivalence,
        search=search,
        impossible=impossible,
        cautions=find_all_cautions(
            own, n, n_failed, reported, runs, None if impossible else main, search, level
        ),
        laws={} if main is None else main.laws,
    )  # fmt: skip


def _blank_impossible(
    findings: tuple[Finding, ...], impossible: tuple[Impossible, ...]
) -> Mapping[str, Finding]:
    """Return findings by name; those on a number that cannot be right have no p and no chance."""
    wrong = {item.name for item in impossible}
    if wrong & {"mean", "max"}:
        wrong.add("mean_given_max")
    return {
        item.name: dataclasses.replace(
            item, p=math.nan, p_range=None, chance=None, chance_range=None
        )
        if item.name in wrong
        else item
        for item in findings
    }


def _count_used(reported: Mapping[str, Printed], runs: int | None, rule: str) -> int | None:
    """Return how many values the report summarises: the successes where it says how many."""
    if runs is None or rule != "excluded":
        return runs
    if "n_succeeded" in reported:
        return round(reported["n_succeeded"].value)
    if "share" in reported:
        return round(reported["share"].value * runs)
    return runs


def _find_grid(run: Sample) -> Fraction | None:
    """Return 1 if all values are whole numbers: only then is a grid more than a rounding."""
    return Fraction(1) if run.unit is not None and run.unit.denominator == 1 else None


def _judge(
    impossible: tuple[Impossible, ...],
    predictions: Mapping[str, Prediction],
    main: Prediction | None,
    search: RunSearch | None,
    equivalence: Equivalence | None,
    *,
    is_few: bool,
    level: float,
) -> tuple[Agreement, Reason]:
    if impossible:
        return Agreement.NOT_CONSISTENT, Reason.IMPOSSIBLE
    if is_few or (main is None and search is None):
        return Agreement.CANNOT_TELL, Reason.FEW
    if search is not None:
        if search.largest is None:
            return Agreement.NOT_CONSISTENT, Reason.P_VALUE
        if not search.is_open:
            return Agreement.CANNOT_TELL, Reason.DEPENDS_ON_RUNS
        differs = False
    else:
        assert main is not None
        differs = main.p <= level
        if any((item.p <= level) != differs for item in predictions.values()):
            return Agreement.CANNOT_TELL, Reason.FAILURES
    if equivalence is not None:
        if differs and equivalence.is_equivalent:
            return Agreement.CANNOT_TELL, Reason.DIFFERENT_WITHIN_MARGIN
        if not differs and not equivalence.is_equivalent:
            return Agreement.CANNOT_TELL, Reason.NOT_SHOWN_WITHIN_MARGIN
    return (Agreement.NOT_CONSISTENT if differs else Agreement.CONSISTENT), Reason.P_VALUE
