"""The parts of the results model that describe a population and its rules.

What each part holds is said in `replication.analysis.summary`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.analysis.confrontation import RuleConfrontation
from replication.analysis.counts import CountTable
from replication.analysis.coverage import find_coverage, find_prediction_coverage
from replication.analysis.equivalence import estimate_no_failure, find_median_runs_to_failure
from replication.analysis.intervals import estimate_proportion
from replication.analysis.plain import make_plain, make_plain_estimate
from replication.analysis.population import (
    PROBABILITIES,
    estimate_convergence,
    estimate_convergence_within,
    estimate_quantile,
    estimate_rule_quantile,
)
from replication.analysis.runs import RULE_WORDS
from replication.analysis.series import make_mean_law, make_run_curve, make_survival
from replication.analysis.tail import describe_tail

NAMED_RUNS = (10, 20, 50, 100, 200, 500, 1000)


def describe_population(table: CountTable, calibration: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what the model says of the population, whatever the rule for failures."""
    n = table.n
    mean = float(table.updates @ table.counts) / max(table.n_converged, 1)
    deviation = table.updates - mean
    variance = float(deviation**2 @ table.counts) / max(table.n_converged, 1)
    third = float(deviation**3 @ table.counts) / max(table.n_converged, 1)
    within = [t for t in (50, 100, 200, 500, 1000) if t <= table.end]
    covers = find_coverage("converged", n, table=calibration)
    return {
        "n_networks": n,
        "n_converged": table.n_converged,
        "n_censored": table.n_censored,
        "cap": table.cap,
        "converged": make_plain_estimate(estimate_convergence(table), covers),
        "failed": make_plain_estimate(estimate_proportion(table.n_censored, n), covers),
        "fastest": int(table.updates[0]) if table.n_converged else None,
        "slowest": int(table.updates[-1]) if table.n_converged else None,
        "standard_deviation": math.sqrt(variance) if table.n_converged else None,
        "skewness": third / variance**1.5 if variance > 0 else None,
        "quantiles": [
            {
                "probability": p,
                **(
                    make_plain_estimate(
                        estimate_quantile(table, p),
                        find_coverage(f"quantile-{p:g}", n, table=calibration),
                    )
                    or {}
                ),
            }
            for p in PROBABILITIES
        ],
        "converged_within": [
            {
                "updates": t,
                **(
                    make_plain_estimate(
                        estimate_convergence_within(table, t),
                        find_coverage(f"survival-{t}", n, table=calibration),
                    )
                    or {}
                ),
            }
            for t in within
        ],
    }


def describe_runs(item: RuleConfrontation | None) -> dict[str, Any] | None:
    """Return n* and its interval as plain values, None where the rule has no mean."""
    if item is None:
        return None
    runs = item.runs
    return {
        "n_star": runs.n_star,
        "is_open": runs.is_open,
        "low": runs.low,
        "low_is_open": runs.low_is_open,
        "high": runs.high,
        "high_is_open": runs.high_is_open,
        "smallest": runs.smallest,
    }


def describe_rule(
    item: RuleConfrontation | None,
    table: CountTable,
    restart_after: int,
    calibration: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """Return what the model says of one rule, None where it has no mean.

    Parameters
    ----------
    item : RuleConfrontation or None
    table : CountTable
    restart_after : int
        The c of the restart rule.
    calibration : mapping or None
        Measured coverage of the intervals.

    Returns
    -------
    dict or None
        Plain JSON data.
    """
    if item is None:
        return None
    rule, n = item.rule, table.n
    quantiles = []
    for p in PROBABILITIES:
        estimate = estimate_rule_quantile(table, rule, p, restart_after=restart_after)
        covers = find_coverage(f"quantile-{p:g}", n, table=calibration)
        quantiles.append({"probability": p, **(make_plain_estimate(estimate, covers) or {})})
    return {
        "words": RULE_WORDS[rule],
        "mean": make_plain_estimate(
            item.mean.interval, find_coverage(f"mean-{rule}", n, table=calibration)
        ),
        "standard_error": item.mean.standard_error,
        "standard_deviation": item.mean.standard_deviation,
        "quantiles": quantiles,
        "runs": (describe_runs(item) or {})
        | {"coverage": find_coverage(f"n_star-{rule}", n, table=calibration)},
        "equivalence": item.equivalence,
        "rounding_equivalence": item.rounding_equivalence,
        "smallest_margin": item.smallest_margin,
        "at": [
            make_plain(item.find(k))
            | {"coverage": find_prediction_coverage(rule, n, n_runs=k, table=calibration)}
            for k in NAMED_RUNS
        ],
        "curve": make_run_curve(item.curve),
        "laws": {str(k): make_mean_law(law) for k, law in item.laws.items()},
    }


def describe_no_failure(table: CountTable) -> dict[str, Any]:
    """Return the chance of meeting no failure for a few numbers of runs."""
    found = estimate_no_failure(table, NAMED_RUNS)
    rows = np.column_stack([found.chance, found.low, found.high]).tolist()
    return {
        "at": [
            {"n": n, "chance": chance, "low": low, "high": high}
            for n, (chance, low, high) in zip(NAMED_RUNS, rows, strict=True)
        ],
        "median_runs": find_median_runs_to_failure(table),
    }


def describe_tail_study(table: CountTable, tail: CountTable, whole: CountTable) -> dict[str, Any]:
    """Return what the model says of the tail study; `whole` combines both tables."""
    found = describe_tail(table, tail)
    return {
        "n": found.n,
        "cap": found.cap,
        "end": found.end,
        "merely_slow": make_plain_estimate(found.merely_slow),
        "never_by_end": make_plain_estimate(found.never_by_end),
        "slowest": found.slowest,
        "late_within": found.late_within,
        "survival": make_survival(whole),
    }
