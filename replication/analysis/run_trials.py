"""Coverage of the prediction intervals for a mean of n runs, and of the interval of n*."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from replication.analysis.compatible import (
    MAX_RUNS,
    ReportedMean,
    estimate_n_star,
    find_n_star,
)
from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaws
from replication.analysis.means import estimate_mean
from replication.analysis.prediction import widen_level
from replication.analysis.runs import RULES, make_run_law
from replication.analysis.trials import MIN_COVERAGE, count_hits, draw_studies


def measure_n_star_coverage(
    law: CountTable,
    reported: ReportedMean,
    *,
    sizes: Sequence[int],
    n_studies: int,
    generator: np.random.Generator,
) -> list[dict[str, Any]]:
    """Return how often the interval of n* holds the n* of the law itself."""
    rows = []
    for rule in RULES:
        whole = make_run_law(law, rule)
        if whole is None:
            continue
        truth = find_n_star(whole, reported)[0]
        row: dict[str, Any] = {
            "quantity": f"n_star-{rule}",
            "label": f"n*, {rule}",
            "truth": truth,
            "requirement": None,
            "by_size": [],
        }
        for size in sizes:
            ends = np.full((n_studies, 2), [-math.inf, math.inf])
            studies = draw_studies(law, size, n_studies=n_studies, generator=generator)
            for place, table in enumerate(studies):
                run, mean = make_run_law(table, rule), estimate_mean(table, rule)
                if run is None or mean is None or mean.standard_error is None:
                    continue
                found = estimate_n_star(
                    run,
                    reported,
                    standard_error=mean.standard_error,
                    mean_interval=mean.interval,
                )
                ends[place] = found.low, math.inf if found.high_is_open else found.high
            row["by_size"].append(
                count_hits(ends, truth, n_networks=size, requirement=None, n_errors=0.0)
            )
        rows.append(row)
    return rows


def measure_prediction_coverage(
    law: CountTable,
    *,
    sizes: Sequence[int],
    n_studies: int,
    generator: np.random.Generator,
    n_errors: float = 0.0,
) -> list[dict[str, Any]]:
    """Return the coverage of prediction intervals for M_n, n up to a twentieth of the size.

    `n_errors` is the number of standard errors by which a requirement may be missed.

    Notes
    -----
    The chance that an interval holds M_n is computed from the exact law of
    M_n under the true law, so only the study that predicts is drawn.
    """
    rows = []
    for size in sizes:
        largest = min(size // 20, MAX_RUNS)
        numbers = sorted({max(1, largest // 25), max(1, largest // 5), max(1, largest)})
        truths = {}
        for rule in RULES:
            whole = make_run_law(law, rule)
            if whole is not None:
                laws = MeanLaws(whole)
                truths[rule] = {n: laws.compute(n) for n in numbers}
        hits: dict[tuple[str, int], list[float]] = {
            (rule, n): [] for rule in truths for n in numbers
        }
        for table in draw_studies(law, size, n_studies=n_studies, generator=generator):
            for rule, exact in truths.items():
                run = make_run_law(table, rule)
                predicted = None if run is None else MeanLaws(run)
                for n in numbers:
                    chance = 0.0
                    if run is not None and predicted is not None:
                        level = widen_level(run, n, n_networks=size)
                        low, high = predicted.compute(n).predict(level=level)
                        above = exact[n].probability_below(Fraction(round(high * n) + 1, n))
                        below = exact[n].probability_below(Fraction(round(low * n), n))
                        chance = above - below
                    hits[rule, n].append(chance)
        for (rule, n), chances in hits.items():
            coverage = float(np.mean(chances))
            error = float(np.std(chances) / math.sqrt(n_studies))
            rows.append(
                {
                    "rule": rule,
                    "n_networks": size,
                    "n_runs": n,
                    "n_studies": n_studies,
                    "coverage": coverage,
                    "error": error,
                    "meets": coverage >= MIN_COVERAGE - n_errors * error,
                }
            )
    return rows
