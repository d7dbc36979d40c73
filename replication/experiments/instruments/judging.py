"""From measurements to verdicts: the one place where statements are judged.

A statement has operationalisations: ways to measure whether it holds. An experiment gives `judge`
one measurement for each. It is compared with the levels of its entry in the ledger: ``at_least``
and ``at_most``, or ``above`` and ``below``. A measurement exactly at one of the last two decides
nothing. If something else than a level decides, the experiment gives what `supports_if` returns.

A verdict may depend on a level that is our choice. So an entry can name another defensible level
(``instead_at_least = 0.7`` beside ``at_least = 0.9``), which is tried wherever the statement has
the first one. If that changes the verdict, its row in the report says so.

Many measurements are made, each at 5 %. So every verdict is asked for once more at a stricter
level, at which all of them together go wrong in one case of twenty (Bonferroni). Intervals are then
wider, and the level of a p is smaller.
"""

import csv
import dataclasses
import enum
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from replication.errors import DataError
from replication.experiments.instruments.matrices import Array, Flags
from replication.experiments.instruments.model import Model, refuse_unpaired
from replication.paper.claims import (
    Claim,
    ClaimVerdict,
    Operationalisation,
    count_measurements,
    load_claims,
)
from replication.report.numbers import exact
from replication.statistics.intervals import LEVEL, Estimate, estimate_median, estimate_proportion
from replication.wording import join

Result = Model  # `value` (float or None), `interval` ([low, high] or None) and `outcome`
Interval = list[float | None]  # its two ends, None where it has none
Number = float | np.floating[Any]
Measurement = Flags | Array | Estimate | Number | Result | None
"""A measurement: an estimate, a number, an array of cases, a result, or None.

Of cases that are true or false the share is judged; of cases that are numbers, the median. A result
is what `supports_if` returns, which is judged already. None decides nothing.
"""


COLUMNS = (
    "statement",
    "title",
    "page",
    "quote",
    "kind",
    "verdict",
    "condition",
    "instead",
    "way",
    "name",
    "measured",
    "supports",
    "why",
    "value",
    "low",
    "high",
    "outcome",
    "rests_on",
    "stricter",
)
"""Columns of the table of statements."""
LEVELS = {"at_least", "at_most", "above", "below"}
OF_P = "p"  # `levels_of` of a statement whose levels are levels of a p
INSTEAD = "instead_"  # prefix of the name of a level: another value that could be defended


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """The levels by which measurements are judged, and how many measurements are corrected for."""

    substitutes: Mapping[tuple[str, float], float] = dataclasses.field(default_factory=dict)
    """Other levels, by the name and the value of the level that each replaces."""
    n_at_once: int = 1
    """Number of measurements that are corrected for: together they go wrong in 5 % of cases."""


class Evidence(enum.StrEnum):
    """What one measurement says of one statement."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    UNDECIDED = "undecided"


UNJUDGED = {ClaimVerdict.TOO_FEW, ClaimVerdict.NOT_TESTABLE}
"""Verdicts that do not follow from outcomes."""
QUALIFIED = {
    ClaimVerdict.FAILS_EXCEPT: Evidence.SUPPORTS,
    ClaimVerdict.HOLDS_EXCEPT: Evidence.CONTRADICTS,
    ClaimVerdict.HOLDS_ONLY_IF: Evidence.CONTRADICTS,
}
"""Verdicts that name conditions, each with the outcome of the measurements that it names."""


def judge(
    statement: str, measured: Mapping[str, Measurement], *, verdict: ClaimVerdict | None = None
) -> Model:
    """Return the entry of a statement in a model: the results of its measurements, and its verdict.

    Parameters
    ----------
    statement : str
        Its name in the ledger.
    measured : mapping of str to measurement
        By the ids of its operationalisations.
    verdict : ClaimVerdict, optional
        Replaces the verdict that would follow from the results.
    """
    claim = load_claims()[statement]
    entries = {entry.id: entry for entry in claim.operationalisations}
    refuse_unpaired(f"[claims.{claim.id}]", entries.keys(), measured.keys(), claim.experiment)

    def compare(standard: Standard) -> Model:
        results = {}
        for id, entry in entries.items():
            results[id] = _compare_with_levels(claim, entry, measured[id], standard)
        return {"operationalisations": results, "verdict": _conclude(claim, results)}

    judged = compare(Standard())
    if verdict is not None:
        return judged | {"verdict": verdict.value}
    # Judged again by the other defensible levels, which is kept if it changes the verdict.
    instead = compare(Standard(substitutes=list_substitutes(claim)))
    if instead["verdict"] != judged["verdict"]:
        results = instead["operationalisations"]
        outcomes = {id: {"outcome": each["outcome"]} for id, each in results.items()}
        judged["instead"] = instead | {"operationalisations": outcomes}
    return judged


def judge_all_at_once(claim: Claim, judged: Model) -> Model:
    """Return the entry of a statement, judged with Bonferroni's correction for all measurements.

    `judged` is its entry without the correction. A measurement that is compared with no level of
    the ledger keeps its outcome, since there is nothing to correct.
    """
    standard = Standard(n_at_once=count_measurements())
    results = {}
    for entry in claim.operationalisations:
        result = judged["operationalisations"][entry.id]
        value = result["value"]
        has_level = any(name in LEVELS for name in entry.thresholds)
        if has_level and value is not None:
            low, high = result["interval"] or (value, value)
            measured = Estimate(value, low, high)
            result = _compare_with_levels(claim, entry, measured, standard)
        results[entry.id] = result
    return {"operationalisations": results, "verdict": _conclude(claim, results)}


def list_substitutes(claim: Claim) -> dict[tuple[str, float], float]:
    """Return the other defensible levels of a statement.

    The keys are name and value of the level that each replaces: ``{("at_least", 0.9): 0.7}``.
    """
    substitutes = {}
    for entry in claim.operationalisations:
        for key, value in entry.thresholds.items():
            if key.startswith(INSTEAD):
                name = key.removeprefix(INSTEAD)
                substitutes[name, entry.thresholds[name]] = value
    return substitutes


def describe(claim: Claim, judged: Model) -> dict[str, str]:
    """Return what is printed after a verdict, in the ledger's words; "" where there is nothing.

    ``condition`` follows "except" or "only if". ``undecided`` names the conditions that are open.
    ``instead`` is the verdict by other defensible levels, and ``stricter`` the verdict with a
    correction for all measurements at once; both are "" if the verdict is the same. `judged` is
    the entry of the statement in a model, or empty.
    """
    if not judged:
        return dict.fromkeys(("condition", "undecided", "instead", "stricter"), "")
    return {
        "condition": _find_condition(claim, judged),
        "undecided": _join_names(claim, judged, Evidence.UNDECIDED),
        "instead": _describe_instead(claim, judged),
        "stricter": _describe_stricter(claim, judged),
    }


def _describe_instead(claim: Claim, judged: Model) -> str:
    """Return the verdict by other defensible levels in words; "" if it is the same."""
    if "instead" not in judged:
        return ""
    substitutes = list_substitutes(claim)
    old = join([exact(value) for _, value in substitutes])
    new = join([exact(value) for value in substitutes.values()])
    levels = f"{claim.levels_of} of {new}" if claim.levels_of else new
    verdict = judged["instead"]["verdict"]
    if verdict == ClaimVerdict.OPEN:
        verdict = "is open"
    condition = _find_condition(claim, judged["instead"])
    return f"with {levels} (not {old}) it {verdict} {condition}".rstrip()


def _describe_stricter(claim: Claim, judged: Model) -> str:
    """Return the verdict with a correction for all measurements; "" if it is the same one."""
    if claim.kind == "checked" or judged["verdict"] in UNJUDGED:
        return ""
    stricter = judge_all_at_once(claim, judged)
    if stricter["verdict"] == judged["verdict"]:
        return ""
    return f"{stricter['verdict']} {_find_condition(claim, stricter)}".rstrip()


def _find_condition(claim: Claim, judged: Model) -> str:
    """Return what follows "except" or "only if" in a verdict; "" where it has no condition."""
    verdict = judged["verdict"]
    if verdict not in QUALIFIED:
        return ""
    names = _join_names(claim, judged, QUALIFIED[verdict])
    if verdict != ClaimVerdict.HOLDS_ONLY_IF:
        return names
    return claim.only_if or f"not asked {names}"


def _join_names(claim: Claim, judged: Model, outcome: Evidence) -> str:
    """Return the names of the measurements with the given outcome, without the primary one."""
    results = judged["operationalisations"]
    others = claim.operationalisations[1:]
    names = [each.name for each in others if results[each.id]["outcome"] == outcome]
    return join(names) if names else ""


def supports_if(
    condition: bool | np.bool_ | None, measured: Flags | Array | Estimate | Number | None = None
) -> Result:
    """Return a result that a condition decides: true supports the statement, None decides nothing.

    `measured` is printed beside the outcome.
    """
    value, interval = _estimate(measured)
    if condition is None:
        outcome = Evidence.UNDECIDED
    elif condition:
        outcome = Evidence.SUPPORTS
    else:
        outcome = Evidence.CONTRADICTS
    return {"value": value, "interval": interval, "outcome": outcome.value}


def find_verdict(kind: str, primary: Evidence, others: Sequence[Evidence]) -> ClaimVerdict:
    """Return the verdict: the primary outcome decides, and the others qualify it.

    Others that are undecided change nothing. A definition or theorem is checked if nothing
    contradicts it.
    """
    n_for = others.count(Evidence.SUPPORTS)
    n_against = others.count(Evidence.CONTRADICTS)
    if primary == Evidence.UNDECIDED:
        return ClaimVerdict.OPEN
    if kind == "checked":
        if primary == Evidence.SUPPORTS and n_against == 0:
            return ClaimVerdict.CHECKED
        return ClaimVerdict.DOES_NOT_HOLD
    if primary == Evidence.CONTRADICTS:
        if n_for > 0:
            return ClaimVerdict.FAILS_EXCEPT
        return ClaimVerdict.DOES_NOT_HOLD
    if n_against == 0:
        return ClaimVerdict.HOLDS
    if n_against > n_for:
        return ClaimVerdict.HOLDS_ONLY_IF
    return ClaimVerdict.HOLDS_EXCEPT


def _conclude(claim: Claim, results: Mapping[str, Result]) -> str:
    """Return the verdict that follows from the results of a claim, the primary one first."""
    primary, *others = (Evidence(each["outcome"]) for each in results.values())
    return find_verdict(claim.kind, primary, others).value


def list_statements(models: Mapping[str, Model]) -> str:
    """Return the statements of the ledger as CSV, with a row for each operationalisation."""
    text = io.StringIO()
    # The rows have more keys than the table has columns, hence `extrasaction`.
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for name, claim in load_claims().items():
        entry = models[claim.experiment]["claims"][name]
        # The texts of `describe` replace the results under "instead"; the statement's name replaces
        # its text.
        of_claim = {**dataclasses.asdict(claim), **entry, **describe(claim, entry)}
        of_claim["statement"] = name
        for operationalisation in claim.operationalisations:
            id = operationalisation.id
            result = entry["operationalisations"][id]
            low, high = result["interval"] or (None, None)
            of_result = {**dataclasses.asdict(operationalisation), **result}
            writer.writerow({**of_claim, **of_result, "way": id, "low": low, "high": high})
    return text.getvalue()


def find_widening(n_at_once: int) -> float:
    """Return the factor that widens normal intervals so that all of them cover at once.

    The level of each is Bonferroni's.

    >>> round(find_widening(1), 6), round(find_widening(100), 2)
    (1.0, 1.78)
    """
    tail = (1.0 - LEVEL) / 2.0
    return float(special.ndtri(tail / n_at_once) / special.ndtri(tail))


def _compare_with_levels(
    claim: Claim, entry: Operationalisation, measured: Measurement, standard: Standard
) -> Result:
    """Return the result of a measurement by its levels; what is a result already stays as it is.

    An interval between the levels supports the statement, one beyond them contradicts it, and one
    that crosses a level decides nothing. Without an interval the number itself decides.
    """
    if isinstance(measured, dict):
        return measured
    levels = {}
    for name, given in entry.thresholds.items():
        level = standard.substitutes.get((name, given), given)
        if claim.levels_of == OF_P:
            level = level / standard.n_at_once
        levels[name] = level
    # The levels between which a measurement supports the statement.
    low = levels.get("at_least", levels.get("above", -math.inf))
    high = levels.get("at_most", levels.get("below", math.inf))
    if math.isinf(low) and math.isinf(high):
        place = f"claims.toml, [claims.{claim.id}], operationalisation {entry.id!r}"
        raise DataError(f"{place}: a level is missing; add at_least, at_most, above or below")
    value, interval = _estimate(measured)
    if value is None:
        return supports_if(None, measured)
    least, most = _widen(value, interval, find_widening(standard.n_at_once))
    # An interval that ends exactly at `above` or `below` decides nothing.
    is_open = levels.get("above") == least or levels.get("below") == most
    if low <= least and most <= high and not is_open:
        return supports_if(True, measured)
    if most < low or high < least:
        return supports_if(False, measured)
    return supports_if(None, measured)


def _widen(value: float, interval: Interval | None, widening: float) -> tuple[float, float]:
    """Return the ends of an interval after widening; without an interval, the value itself."""
    if interval is None:
        return value, value
    low, high = interval
    least = -math.inf if low is None else value - (value - low) * widening
    most = math.inf if high is None else value + (high - value) * widening
    return least, most


def _estimate(
    measured: Flags | Array | Estimate | Number | None,
) -> tuple[float | None, Interval | None]:
    """Return the value and the interval of a measurement."""
    if measured is None:
        return None, None
    if isinstance(measured, Estimate):
        return measured.value, measured.interval
    if not isinstance(measured, np.ndarray):
        return float(measured), None
    estimate = _estimate_cases(measured)
    return estimate.value, estimate.interval


def _estimate_cases(cases: Flags | Array) -> Estimate:
    """Return the share of cases that are true, or the median of numbers; None without any case."""
    if len(cases) == 0:
        return Estimate(None, None, None)
    if cases.dtype == np.bool_:
        return estimate_proportion(int(cases.sum()), len(cases))
    return estimate_median(cases)
