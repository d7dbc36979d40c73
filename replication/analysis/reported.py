"""A stranger's outcomes against a stranger's reported mean.

`compare_with_reported` returns plain JSON data in the unit of the data:

``reported`` (``text``, ``value``, ``low``, ``high``); ``data`` (``n``, ``n_done``,
``n_censored``, ``cap``, ``restart_after``, ``smallest``, ``largest``, ``unit``,
``rounding_error``); ``converged`` (estimate); ``median`` (estimate); ``rules_differ``
(False if nothing can be censored; *discard* then stands for all rules); ``rules``: by rule None
or ``words``, ``mean`` (estimate), ``standard_deviation``, ``runs``, ``equivalence``,
``smallest_margin``, ``at`` (list of ``n``, ``p``, ``chance``, ``low``, ``high``);
``verdict``; ``cautions`` (list of sentences).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy.typing as npt

from replication.analysis.compatible import Confrontation, ReportedMean, read_reported_mean
from replication.analysis.confrontation import RuleConfrontation, confront_all, judge
from replication.analysis.counts import CountTable
from replication.analysis.coverage import find_coverage
from replication.analysis.intervals import Estimate, bound_proportion
from replication.analysis.plain import make_plain, make_plain_estimate
from replication.analysis.population import estimate_convergence, estimate_quantile
from replication.analysis.runs import RULE_WORDS, RULES
from replication.analysis.scaling import ScaledTable, scale_outcomes
from replication.errors import DataError

SHOWN_RUNS = (1, 10, 20, 50, 100, 200, 500, 1000, 5000)


def compare_with_reported(
    values: npt.ArrayLike,
    reported: str,
    *,
    thresholds: Mapping[str, float | int],
    censored: npt.ArrayLike | None = None,
    cap: float | None = None,
    restart_after: float | None = None,
) -> dict[str, Any]:
    """Say how a reported mean relates to an array of outcomes.

    Parameters
    ----------
    values : array_like of float or int, shape (n,)
        Outcomes, at least 0; of a censored row, where it stopped.
    reported : str
        The reported mean with the decimals that were printed.
    thresholds : mapping
        ``margin_percent`` and ``min_n_star``, as in the ledger of claims.
    censored : array_like of bool, shape (n,), optional
    cap : float, optional
        Censor everything beyond this value.
    restart_after : float, optional
        The c of the restart rule, in the unit of the data; the cap unless given.

    Returns
    -------
    dict
        Plain JSON data, see the top of this module.

    Raises
    ------
    UsageError
        If `reported` is not a plain number.
    DataError
        If there are fewer than two rows, nothing was done by the cap, or
        `scale_outcomes` refuses the data.
    """
    printed = read_reported_mean(reported)
    scaled = scale_outcomes(values, censored, decimals=printed.decimals, cap=cap)
    table = scaled.table
    if table.n < 2:
        raise DataError("there is a single outcome, which has no spread; give at least two rows")
    if table.n_converged == 0:
        raise DataError(
            f"all {table.n} outcomes are censored, so there is no mean to compare; give outcomes "
            "of which at least one was done"
        )
    cut = table.end
    if restart_after is not None:
        cut = round(Fraction(restart_after) / scaled.unit)
    in_units = printed.scale(1 / scaled.unit)
    rules_differ = table.cap is not None or cut < table.end
    found = confront_all(
        table,
        in_units,
        margin_percent=float(thresholds["margin_percent"]),
        restart_after=cut,
        rules=RULES if rules_differ else RULES[:1],
    )
    verdict = judge(found, in_units, thresholds, unit=scaled.unit)
    model = {
        "reported": {
            "text": printed.text,
            "value": printed.value,
            "low": printed.low,
            "high": printed.high,
        },
        "data": _describe_data(scaled, cut),
        "converged": make_plain_estimate(
            estimate_convergence(table), find_coverage("converged", table.n)
        ),
        "median": _in_data_unit(
            estimate_quantile(table, 0.5), scaled, find_coverage("quantile-0.5", table.n)
        ),
        "rules_differ": rules_differ,
        "rules": {
            rule: None if item is None else _describe_rule(item, scaled)
            for rule, item in found.items()
        },
        "verdict": verdict.to_plain(),
        "cautions": list_cautions(table, found, printed),
    }
    plain: dict[str, Any] = make_plain(model)
    return plain


def list_cautions(
    table: CountTable, found: Mapping[str, RuleConfrontation | None], reported: ReportedMean
) -> list[str]:
    """Return what a reader of the verdict must know about its reliability.

    Parameters
    ----------
    table : CountTable
    found : mapping
        From `confront_all`.
    reported : ReportedMean

    Returns
    -------
    list of str
        Sentences.
    """
    cautions = []
    weak = [
        rule
        for rule, item in found.items()
        if item is not None and not (find_coverage(f"mean-{rule}", table.n) or {}).get("trusted")
    ]
    if weak:
        cautions.append(
            f"{table.n} outcomes are too few for the interval of the mean to be trusted at its "
            f"nominal 95 % ({', '.join(weak)}), if they are as skewed as those it was tried on."
        )
    for rule, item in found.items():
        coverage = None if item is None else find_coverage(f"n_star-{rule}", table.n)
        if coverage is not None and not coverage["trusted"]:
            where = f" under {rule}" if len(found) > 1 else ""
            cautions.append(f"The interval of n*{where} {coverage['words']}.")
    if table.n < 10_000 or cautions:
        cautions.append(
            "Coverage was measured on the outcomes of 4-2-4 networks, which are strongly skewed; "
            "for other outcomes it can be better or worse."
        )
    if table.updates.size == 1 and table.n_censored == 0:
        unseen = float(bound_proportion(0, table.n)[1])
        cautions.append(
            "All outcomes are equal, so every interval is a single point. That says nothing of "
            f"outcomes that were not met, which could be up to {100 * unseen:.2g} % of all."
        )
    if reported.value == 0:
        cautions.append("A margin in per cent of a reported mean of 0 is 0; nothing passes it.")
    return cautions


def _describe_data(scaled: ScaledTable, restart_after: int) -> dict[str, Any]:
    table, unit = scaled.table, float(scaled.unit)
    return {
        "n": table.n,
        "n_done": table.n_converged,
        "n_censored": table.n_censored,
        "cap": None if table.cap is None else table.cap * unit,
        "restart_after": min(restart_after, table.end) * unit,
        "smallest": int(table.updates[0]) * unit,
        "largest": int(table.updates[-1]) * unit,
        "unit": unit,
        "rounding_error": scaled.error,
    }


def _in_data_unit(
    estimate: Estimate, scaled: ScaledTable, coverage: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    unit = float(scaled.unit)

    def shift(value: float | None) -> float | None:
        return None if value is None else value * unit

    moved = dataclasses.replace(
        estimate, value=shift(estimate.value), low=shift(estimate.low), high=shift(estimate.high)
    )
    return make_plain_estimate(moved, coverage)


def _describe_rule(item: RuleConfrontation, scaled: ScaledTable) -> dict[str, Any]:
    unit = float(scaled.unit)

    def describe(entry: Confrontation) -> dict[str, Any]:
        return {
            "n": entry.n,
            "p": entry.p,
            "chance": entry.chance,
            "low": entry.low * unit,
            "high": entry.high * unit,
        }

    coverage = find_coverage(f"mean-{item.rule}", scaled.table.n)
    margin = item.smallest_margin
    return {
        "words": RULE_WORDS[item.rule],
        "mean": _in_data_unit(item.mean.interval, scaled, coverage),
        "standard_deviation": item.mean.standard_deviation * unit,
        "runs": dataclasses.asdict(item.runs)
        | {
            "coverage": find_coverage(f"n_star-{item.rule}", scaled.table.n),
            "is_open": item.runs.is_open,
            "low_is_open": item.runs.low_is_open,
            "high_is_open": item.runs.high_is_open,
        },
        "equivalence": dataclasses.asdict(item.equivalence)
        | {"margin": item.equivalence.margin * unit},
        "smallest_margin": None if margin is None else margin * unit,
        "at": [describe(item.find(n)) for n in SHOWN_RUNS],
    }
