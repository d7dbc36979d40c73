"""The results model of one study: everything that the report says and draws.

`summarise_study` returns plain JSON data. Its keys are stable:

================  ====================================================================
key               holds
================  ====================================================================
``kind``          ``"summary"``
``study``         what the caller says of the study (protocol, root seed, digest, ...)
``reported``      ``text``, ``value``, ``low``, ``high`` (rounding cell), ``decimals``
``thresholds``    of the claim, and the constants of the method
``population``    ``n_networks``, ``n_converged``, ``n_censored``, ``cap``,
                  ``converged`` and ``failed`` (estimates), ``fastest``, ``slowest``
                  (of the converged), ``standard_deviation``, ``skewness``,
                  ``quantiles`` (list of estimates with ``probability``, over all
                  networks), ``converged_within`` (list of estimates with ``updates``)
``rules``         by rule (discard, cap, restart): None where it has no mean, else
                  ``words``, ``mean`` (estimate), ``standard_error``,
                  ``standard_deviation``, ``quantiles``, ``runs`` (``n_star``,
                  ``is_open``, ``low``, ``low_is_open``, ``high``, ``high_is_open``,
                  ``smallest``, ``coverage``), ``equivalence`` and
                  ``rounding_equivalence`` (``margin``, ``p_value``,
                  ``is_equivalent``), ``smallest_margin``, ``at`` (list of
                  ``n``, ``p``, ``chance``, ``below``, ``above``, ``low``, ``high``,
                  ``coverage`` for n = 10, 20, 50, 100, 200, 500, 1000),
                  ``curve`` (lists ``n``, ``p``, ``chance``, ``low``, ``high``),
                  ``laws`` (by n as text: ``edges``, ``density``, ``mean``)
``series``        ``histogram``, ``survival``, ``restricted_mean``, ``restart``,
                  ``no_failure``: see `replication.analysis.series`
``no_failure``    ``at`` (list of ``n``, ``chance``, ``low``, ``high``), ``median_runs``
``tail``          None, or ``n``, ``cap``, ``end``, ``merely_slow``, ``never_by_end``
                  (estimates), ``slowest``, ``late_within``, ``survival``
``verdict``       ``verdict``, ``reason``, ``numbers``, ``would_change``; with
                  ``settled`` (one of the verdicts, or "unsettled")
``repetitions``   list, one for each other root seed: ``root_seed``, ``n_networks``,
                  ``verdict``, ``means`` and ``n_star`` by rule, ``converged``
``not_applicable``  list of ``name``, ``why``
``limits``        list of sentences
================  ====================================================================

An *estimate* is None or holds ``value``, ``low``, ``high`` (None: unbounded or
beyond the cap), ``level``, ``method`` and ``coverage`` (None, or ``measured``,
``size``, ``n_studies``, ``trusted``, ``words``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from replication.analysis.compatible import (
    MAX_RUNS,
    SIGNIFICANCE,
    make_run_grid,
    read_reported_mean,
)
from replication.analysis.confrontation import RuleConfrontation, confront_all, judge
from replication.analysis.counts import CountTable
from replication.analysis.describe import (
    describe_no_failure,
    describe_population,
    describe_rule,
    describe_runs,
    describe_tail_study,
)
from replication.analysis.plain import make_plain, make_plain_estimate
from replication.analysis.population import estimate_convergence
from replication.analysis.runs import RESTART_AFTER
from replication.analysis.series import (
    make_histogram,
    make_no_failure,
    make_restart,
    make_restricted_mean,
    make_survival,
)
from replication.analysis.tail import combine_with_tail
from replication.analysis.verdict import Verdict, set_aside, settle
from replication.claims import Claim, find_other_settings

LAWS_OF = (10, 20, 50, 100, 200)
NOT_APPLICABLE = (
    {
        "name": "p-value and power of the original",
        "why": "The original reports no standard error and tests no null hypothesis.",
    },
    {
        "name": "sceptical p-value",
        "why": "It needs the standard error of the original estimate.",
    },
    {
        "name": "small telescopes",
        "why": "It needs an effect that the original had a known power to detect.",
    },
    {
        "name": "test of equality with the reported mean",
        "why": "With enough networks any difference, however small, is found; equality gives "
        "no verdict, equivalence does.",
    },
)
LIMITS = (
    "The reported mean may have been selected among several that were measured.",
    "The settings may have been tuned on the very runs that were averaged.",
    "How many runs were averaged, and what was done with runs that failed, is not known.",
)


def summarise_study(
    table: CountTable,
    claim: Claim,
    *,
    study: Mapping[str, Any] | None = None,
    differences: Mapping[str, Any] | None = None,
    tail: CountTable | None = None,
    repetitions: Mapping[int, CountTable] | None = None,
    calibration: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the results model of a study.

    Parameters
    ----------
    table : CountTable
    claim : Claim
        With a reported mean and the thresholds ``margin_percent``,
        ``min_n_star`` and, optionally, ``restart_after``.
    study : mapping, optional
        Plain data kept as it is under ``study``.
    differences : mapping, optional
        Fields of the protocol that differ from the base reading. The claim is not
        testable if its reported settings are among them; none unless given.
    tail : CountTable, optional
        The censored networks of `table`, run on (see `combine_with_tail`).
    repetitions : mapping of int to CountTable, optional
        Tables of the same protocol under other root seeds, by root seed.
    calibration : mapping, optional
        A calibration table; the shipped one unless given.

    Returns
    -------
    dict
        Plain JSON data, see the table at the top of this module.
    """
    reported = read_reported_mean(claim.reported or "")
    restart_after = int(claim.thresholds.get("restart_after", RESTART_AFTER))
    percent = float(claim.thresholds["margin_percent"])
    found = confront_all(
        table, reported, margin_percent=percent, restart_after=restart_after, laws_of=LAWS_OF
    )
    other_settings = find_other_settings(claim, differences or {})

    def judge_study(confronted: Mapping[str, RuleConfrontation | None]) -> Verdict:
        return set_aside(judge(confronted, reported, claim.thresholds), other_settings)

    verdict = judge_study(found)
    others, verdicts = [], [verdict]
    for root_seed, other in (repetitions or {}).items():
        again = confront_all(
            other, reported, margin_percent=percent, restart_after=restart_after, with_curve=False
        )
        verdicts.append(judge_study(again))
        others.append(
            {
                "root_seed": root_seed,
                "n_networks": other.n,
                "verdict": verdicts[-1].verdict,
                "converged": make_plain_estimate(estimate_convergence(other)),
                "means": {
                    rule: make_plain_estimate(item.mean.interval if item else None)
                    for rule, item in again.items()
                },
                "n_star": {rule: describe_runs(item) for rule, item in again.items()},
            }
        )
    whole = table if tail is None else combine_with_tail(table, tail)
    grid = make_run_grid()
    model = {
        "kind": "summary",
        "study": dict(study or {}),
        "reported": {
            "text": reported.text,
            "value": reported.value,
            "low": reported.low,
            "high": reported.high,
            "decimals": reported.decimals,
        },
        "thresholds": dict(claim.thresholds) | {"max_runs": MAX_RUNS, "significance": SIGNIFICANCE},
        "population": describe_population(table, calibration),
        "rules": {
            rule: describe_rule(item, table, restart_after, calibration)
            for rule, item in found.items()
        },
        "series": {
            "histogram": make_histogram(table),
            "survival": make_survival(table),
            "restricted_mean": make_restricted_mean(whole, float(reported.value)),
            "restart": make_restart(table, restart_after=restart_after),
            "no_failure": make_no_failure(table, grid),
        },
        "no_failure": describe_no_failure(table),
        "tail": None if tail is None else describe_tail_study(table, tail, whole),
        "verdict": verdict.to_plain() | {"settled": settle(verdicts)},
        "repetitions": others,
        "not_applicable": list(NOT_APPLICABLE),
        "limits": list(LIMITS),
    }
    plain: dict[str, Any] = make_plain(model)
    return plain
