"""From measurements to verdicts: the one place where statements are judged.

An experiment gives `judge` one measurement for each operationalisation of a statement. Each is
compared with the levels of its entry in the ledger: ``at_least`` and ``at_most``, or ``above`` and
``below``, at which nothing is decided. Where no level decides, the experiment gives what
`supports_if` returns.

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
"""What a measurement gives: an estimate, a number, or cases. Of cases that are true or false the
share counts, of numbers the median. Where no level decides, it gives a result."""


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
"""Of the table of statements."""
LEVELS = {"at_least", "at_most", "above", "below"}
OF_P = "p"  # `levels_of` a statement whose levels are those of a p
INSTEAD = "instead_"  # before the name of a level: another one that could be defended


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """By which levels measurements are judged, and how many of them are corrected for."""

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
QUALIFIED = {
    ClaimVerdict.FAILS_EXCEPT: Evidence.SUPPORTS,
    ClaimVerdict.HOLDS_EXCEPT: Evidence.CONTRADICTS,
    ClaimVerdict.HOLDS_ONLY_IF: Evidence.CONTRADICTS,
}
"""Verdicts that name conditions, and what was found under these: the conditions are named whose
outcome this is."""


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
        What stands in place of the verdict that would follow from the results.
    """
    claim = load_claims()[statement]
    ways = {each.id: each for each in claim.operationalisations}
    refuse_unpaired(f"[claims.{claim.id}]", ways.keys(), measured.keys(), claim.experiment)

    def compare(standard: Standard) -> Model:
        results = {id: _compare_with_levels(claim, ways[id], measured[id], standard) for id in ways}
        return {"operationalisations": results, "verdict": _conclude(claim, results)}

    judged = compare(Standard())
    if verdict is not None:
        return judged | {"verdict": verdict.value}
    # The same with the other defensible levels; it is kept if the verdict is another.
    tried = compare(Standard(substitutes=list_substitutes(claim)))
    if tried["verdict"] != judged["verdict"]:
        results = tried["operationalisations"]
        outcomes = {id: {"outcome": each["outcome"]} for id, each in results.items()}
        judged["instead"] = tried | {"operationalisations": outcomes}
    return judged


def judge_all_at_once(claim: Claim, judged: Model) -> Model:
    """Return the entry of a statement, judged with Bonferroni's correction for all measurements.

    `judged` is its entry without the correction. A measurement that is compared with no level of
    the ledger keeps its outcome, since there is nothing to correct.
    """
    standard = Standard(n_at_once=count_measurements())
    results = {}
    for way in claim.operationalisations:
        result = judged["operationalisations"][way.id]
        value = result["value"]
        has_level = any(name in LEVELS for name in way.thresholds)
        if has_level and value is not None:
            low, high = result["interval"] or (value, value)
            measured = Estimate(value, low, high)
            result = _compare_with_levels(claim, way, measured, standard)
        results[way.id] = result
    return {"operationalisations": results, "verdict": _conclude(claim, results)}


def is_judgement(claim: Claim, entry: Any) -> bool:
    """Whether plain data, which somebody may have edited, are what `judge` returns of a statement.

    A verdict has to follow from the outcomes, unless there is none.
    """
    try:
        is_whole = _follows(claim, entry) and _follows(claim, entry.get("instead", entry))
        return is_whole and _has_numbers(entry)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False


def _follows(claim: Claim, judged: Model) -> bool:
    """Whether results are those of every way to ask and no other, and the verdict follows."""
    results = judged["operationalisations"]
    ways = [way.id for way in claim.operationalisations]
    if results.keys() != {*ways}:
        return False
    in_order = {id: results[id] for id in ways}
    return judged["verdict"] in {_conclude(claim, in_order), *UNJUDGED}


def _has_numbers(judged: Model) -> bool:
    """Whether what report and table print of each result is a number, or None."""
    for result in judged["operationalisations"].values():
        low, high = result["interval"] or (None, None)
        for number in (result["value"], low, high):
            if type(number) not in (int, float, type(None)):
                return False
    return True


def list_substitutes(claim: Claim) -> dict[tuple[str, float], float]:
    """Return the other defensible levels of a statement by name and value of those they replace."""
    substitutes = {}
    for way in claim.operationalisations:
        for key, value in way.thresholds.items():
            if key.startswith(INSTEAD):
                name = key.removeprefix(INSTEAD)
                substitutes[name, way.thresholds[name]] = value
    return substitutes


def describe(claim: Claim, judged: Model) -> dict[str, str]:
    """Return what is to be read behind a verdict, in the ledger's words; "" where nothing is.

    ``condition`` follows "except" or "only if". ``undecided`` names the conditions that are open.
    ``instead`` says what other levels would have given, and ``stricter`` what a correction for all
    measurements at once gives, each if that is another verdict. `judged` is the entry of the
    statement in a model, or empty.
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
    """Return what other defensible levels would have given; "" if it is the same verdict."""
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
    """Return the names of the measurements that have an outcome, without the primary one."""
    results = judged["operationalisations"]
    others = claim.operationalisations[1:]
    names = [each.name for each in others if results[each.id]["outcome"] == outcome]
    return join(names) if names else ""


def supports_if(
    condition: bool | np.bool_ | None, measured: Flags | Array | Estimate | Number | None = None
) -> Result:
    """Return a result that a condition decides: true supports the statement, None decides nothing.

    `measured` is what is printed beside it.
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
    """Return the verdict that follows from results, of which the first is the primary one."""
    primary, *others = (Evidence(each["outcome"]) for each in results.values())
    return find_verdict(claim.kind, primary, others).value


def list_statements(models: Mapping[str, Model]) -> str:
    """Return all statements with their operationalisations as CSV, a row for each of these."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for name, claim in load_claims().items():
        entry = models[claim.experiment]["claims"][name]
        head = dataclasses.asdict(claim) | entry | describe(claim, entry) | {"statement": name}
        for way in claim.operationalisations:
            result = entry["operationalisations"][way.id]
            low, high = result["interval"] or (None, None)
            row = dataclasses.asdict(way) | result | {"way": way.id, "low": low, "high": high}
            writer.writerow(head | row)
    return text.getvalue()


def find_widening(n_at_once: int) -> float:
    """Return by what factor normal intervals are wider if all of them shall cover at once.

    That is Bonferroni's correction.

    >>> round(find_widening(1), 6), round(find_widening(100), 2)
    (1.0, 1.78)
    """
    tail = (1.0 - LEVEL) / 2.0
    return float(special.ndtri(tail / n_at_once) / special.ndtri(tail))


def _compare_with_levels(
    claim: Claim, entry: Operationalisation, measured: Measurement, standard: Standard
) -> Result:
    """Return the result of a measurement, unless it is one already.

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
    """Return the ends of an interval so many times as wide; without one the number itself."""
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
    """Return the share of cases that are true, or the median of numbers; no cases tell nothing."""
    if len(cases) == 0:
        return Estimate(None, None, None)
    if cases.dtype == np.bool_:
        return estimate_proportion(int(cases.sum()), len(cases))
    return estimate_median(cases)
