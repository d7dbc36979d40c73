"""From measurements to verdicts: the one place where statements are judged.

An experiment measures each operationalisation of a statement and says with one of the functions
``supports_...`` what it says of the statement; `judge` makes the entry of its model::

    judge(claim, {
        "within-100": share_above(n_fast, n, claim.find("within-100").thresholds["level"]),
        "median": supports_below(median, interval, 100),
    })
"""

from __future__ import annotations

import csv
import enum
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import Claim, Verdict, load_claims
from replication.errors import DataError
from replication.statistics.alignment import estimate_median
from replication.statistics.intervals import Estimate, estimate_proportion

Result = dict[str, Any]
"""``value`` (float or None), ``interval`` ([low, high] or None) and ``outcome``."""
Interval = Sequence[float | None] | None


class Outcome(enum.StrEnum):
    """What one measurement says of one statement."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    UNDECIDED = "undecided"


def supports_above(value: float | None, interval: Interval, level: float) -> Result:
    """Support a statement by a value whose interval lies at or above a level.

    An interval on both sides of the level leaves it undecided, as does no value at all; without
    an interval the value itself decides.

    >>> supports_above(0.95, [0.93, 0.97], 0.9)["outcome"]
    'supports'
    >>> supports_above(0.91, [0.89, 0.93], 0.9)["outcome"]
    'undecided'
    """
    return supports_within(value, interval, level, None)


def supports_below(value: float | None, interval: Interval, level: float) -> Result:
    """Support a statement by a value whose interval lies at or below a level."""
    return supports_within(value, interval, None, level)


def supports_within(
    value: float | None, interval: Interval, low: float | None, high: float | None
) -> Result:
    """Support a statement by a value whose interval lies from `low` to `high`, ends included.

    An end that is None is open. An interval outside contradicts it; one that crosses an end
    leaves it undecided.
    """
    least, most = (value, value) if interval is None else interval
    lower, upper = (-float("inf") if low is None else low), (float("inf") if high is None else high)
    least = -float("inf") if least is None else least
    most = float("inf") if most is None else most
    if value is None:
        outcome = Outcome.UNDECIDED
    elif lower <= least and most <= upper:
        outcome = Outcome.SUPPORTS
    elif most < lower or upper < least:
        outcome = Outcome.CONTRADICTS
    else:
        outcome = Outcome.UNDECIDED
    return _make_result(value, interval, outcome)


def supports_if(
    condition: bool | np.bool_ | None, value: float | None = None, interval: Interval = None
) -> Result:
    """Support a statement by a condition that no interval decides; None leaves it undecided."""
    outcomes = {True: Outcome.SUPPORTS, False: Outcome.CONTRADICTS, None: Outcome.UNDECIDED}
    return _make_result(value, interval, outcomes[None if condition is None else bool(condition)])


def supports_including(value: float | None, interval: Interval, target: float) -> Result:
    """Support a statement by an interval that includes a value such as 0."""
    if value is None or interval is None:
        return supports_if(None, value, interval)
    low, high = interval
    includes = (low is None or low <= target) and (high is None or target <= high)
    return supports_if(includes, value, interval)


def share_above(successes: int, n: int, level: float) -> Result:
    """Support a statement by a share (95 % Clopper-Pearson) at or above a level.

    >>> share_above(99, 100, 0.9)["outcome"], share_above(0, 0, 0.9)["outcome"]
    ('supports', 'undecided')
    """
    if n == 0:
        return supports_above(None, [0.0, 1.0], level)
    share = estimate_proportion(int(successes), int(n))
    return supports_above(share.value, share.interval, level)


def judge(
    claim: Claim, results: Mapping[str, Result], *, verdict: Verdict | None = None
) -> dict[str, Any]:
    """Return the entry of a statement in the model of an experiment.

    `results`: of each operationalisation of the ledger, by id. `verdict`: in place of the one that
    follows from the results, where these cannot be judged.
    Returns ``operationalisations``, the results in the order of the ledger; ``verdict``.
    Raises DataError if the results are not those of the ledger.
    """
    check_results(claim, results, f"experiments/{claim.experiment}/run.py")
    ordered = {each.id: dict(results[each.id]) for each in claim.operationalisations}
    if verdict is None:
        verdict = find_verdict(claim.kind, [Outcome(each["outcome"]) for each in ordered.values()])
    return {
        "operationalisations": {
            name: each | {"outcome": str(each["outcome"])} for name, each in ordered.items()
        },
        "verdict": verdict.value,
    }


def find_verdict(kind: str, outcomes: Iterable[Outcome]) -> Verdict:
    """Return the verdict that follows from the outcomes of all operationalisations.

    Those that are undecided are set aside; where all are, there are too few networks to tell. A
    definition or theorem is checked if nothing contradicts it.

    >>> find_verdict("empirical", [Outcome.SUPPORTS, Outcome.CONTRADICTS]).name
    'DEPENDS'
    """
    decided = {outcome for outcome in outcomes if outcome is not Outcome.UNDECIDED}
    if not decided:
        return Verdict.TOO_FEW
    if decided == {Outcome.SUPPORTS}:
        return Verdict.CHECKED if kind == "checked" else Verdict.HOLDS
    if decided == {Outcome.CONTRADICTS} or kind == "checked":
        return Verdict.DOES_NOT_HOLD
    return Verdict.DEPENDS


def check_results(claim: Claim, results: Mapping[str, Any], where: str) -> None:
    """Refuse results that are not those of the ledger; `where` names the file they are from."""
    wanted = [each.id for each in claim.operationalisations]
    for name in wanted:
        if name not in results:
            raise DataError(
                f"claims.toml, [claims.{claim.id}]: the operationalisation {name!r} has no "
                f"measurement in {where}; measure it there, or remove the entry"
            )
    for name in results:
        if name not in wanted:
            raise DataError(
                f"{where}: the measurement {name!r} of {claim.id!r} has no entry in claims.toml, "
                f"[claims.{claim.id}]; add one, or remove the measurement"
            )


def check_models(models: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse models of experiments whose statements are not those of the ledger.

    Raises DataError if an entry of the ledger has no measurement, or a measurement no entry.
    """
    claims = load_claims()
    for experiment, model in models.items():
        where = f"models/{experiment}.json"
        judged = model.get("claims", {})
        for name, claim in claims.items():
            if claim.experiment == experiment:
                if name not in judged:
                    raise DataError(
                        f"claims.toml, [claims.{name}]: {where} has no measurement of it; run "
                        f"`replication experiments {experiment}`, or remove the entry"
                    )
                check_results(claim, judged[name]["operationalisations"], where)
        for name in judged:
            if name not in claims or claims[name].experiment != experiment:
                raise DataError(
                    f"{where}: the statement {name!r} has no entry in claims.toml with "
                    f"experiment = {experiment!r}; add one, or remove the measurement"
                )


def list_statements(models: Mapping[str, Mapping[str, Any]]) -> str:
    """Return all statements with their operationalisations as CSV, a row for each of these."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = "statement title page quote kind verdict condition way primary name measured supports"
    writer.writerow([*columns.split(), "value", "low", "high", "outcome"])
    for name, claim in load_claims().items():
        entry = models[claim.experiment]["claims"][name]
        verdict = entry["verdict"]
        condition = claim.condition if verdict == Verdict.DEPENDS else ""
        head = [name, claim.title, claim.page, claim.quote, claim.kind, verdict, condition]
        for way in claim.operationalisations:
            result = entry["operationalisations"][way.id]
            numbers = [result["value"], *(result["interval"] or [None, None])]
            words = [way.id, "yes" if way.primary else "no", way.name, way.measured, way.supports]
            writer.writerow([*head, *words, *numbers, result["outcome"]])
    return text.getvalue()


def _make_result(value: float | None, interval: Interval, outcome: Outcome) -> Result:
    return {
        "value": None if value is None else float(value),
        "interval": None if interval is None else list(interval),
        "outcome": outcome.value,
    }


def compare_with_levels(claim: Claim, measured: Mapping[str, Any]) -> dict[str, Result]:
    """Compare measurements with ``at_least`` and ``at_most`` of their entries in the ledger.

    `measured`: by id. Of a bool array the share decides, of any other the median, each with its
    interval.
    """
    check_results(claim, measured, f"experiments/{claim.experiment}/run.py")
    results = {}
    for name, values in measured.items():
        levels = claim.find(name).thresholds
        if not {"at_least", "at_most"} & set(levels):
            raise DataError(
                f"claims.toml, [claims.{claim.id}], operationalisation {name!r}: a level is "
                "missing; add at_least or at_most"
            )
        found = _estimate(values) if isinstance(values, np.ndarray) else values
        value, interval = (
            (found.value, found.interval) if isinstance(found, Estimate) else (found, None)
        )
        results[name] = supports_within(
            value, interval, levels.get("at_least"), levels.get("at_most")
        )
    return results


def _estimate(values: NDArray[Any]) -> Estimate:
    if len(values) == 0:
        return Estimate(None, None, None)
    if values.dtype == np.bool_:
        return estimate_proportion(int(values.sum()), len(values))
    return estimate_median(values)
