"""Testing the statistics: how often the nominal 95 % intervals cover.

Studies of several sizes are drawn from the law of a large run, for which the
true values are known, and every interval is computed on each of them.

The plain model that `calibrate` returns (``results/calibration.json``):

``kind`` "calibration"; ``mode`` "quick" or "long"; ``law`` (what the caller says
of it, with ``n_networks``); ``n_studies``; ``n_star_studies``; ``sizes``; ``level``;
``coverage``: list of ``quantity``, ``label``, ``truth``, ``requirement`` (words or
None), ``by_size`` (list of ``n_networks``, ``n_studies``, ``coverage``, ``error`` (one standard
error), ``too_low``, ``too_high`` (shares of studies whose interval lies below or
above the truth), ``median_width`` (None: unbounded), ``meets`` (None: nothing
required)); ``prediction``: list of ``rule``, ``n_networks``, ``n_runs``,
``n_studies``, ``coverage``, ``error``, ``meets``; ``checks``: see
`replication.analysis.checks`; ``meets`` whether all requirements are met.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from replication.analysis.checks import run_checks
from replication.analysis.compatible import ReportedMean
from replication.analysis.counts import CountTable
from replication.analysis.intervals import Estimate
from replication.analysis.means import estimate_mean
from replication.analysis.plain import make_plain
from replication.analysis.population import (
    PROBABILITIES,
    estimate_convergence,
    estimate_convergence_within,
    estimate_quantile,
)
from replication.analysis.run_trials import measure_n_star_coverage, measure_prediction_coverage
from replication.analysis.runs import RESTART_AFTER
from replication.analysis.trials import MEAN_RULE, PROPORTION_RULE, count_hits, draw_studies

SIZES = (50, 200, 1000, 10_000, 100_000)
LEVEL = 0.95
Estimator = Callable[[CountTable], Estimate | None]


def list_quantities(law: CountTable) -> list[tuple[str, str, float, str | None, Estimator]]:
    """Return what is calibrated: quantity, label, truth, requirement, estimator.

    Truths are computed from the law directly, not by the estimators.
    """
    end = law.end
    everyone = np.append(law.updates, end)
    shares = np.append(law.counts, law.n_censored) / law.n
    quantities: list[tuple[str, str, float, str | None, Estimator]] = [
        (
            "converged",
            "converged by the cap",
            law.n_converged / law.n,
            PROPORTION_RULE,
            estimate_convergence,
        )
    ]
    for time in (50, 100, 200, 500, 1000):
        if time <= end:
            truth = float(law.counts[law.updates <= time].sum() / law.n)
            quantities.append(
                (
                    f"survival-{time}",
                    f"converged within {time} updates",
                    truth,
                    PROPORTION_RULE,
                    functools.partial(estimate_convergence_within, updates=time),
                )
            )
    cumulative = np.cumsum(law.counts) / law.n
    for probability in PROBABILITIES:
        place = int(np.searchsorted(cumulative, probability))
        if place < law.updates.size:
            quantities.append(
                (
                    f"quantile-{probability:g}",
                    f"{100 * probability:g} % quantile",
                    float(law.updates[place]),
                    PROPORTION_RULE,
                    functools.partial(estimate_quantile, probability=probability),
                )
            )
    cut = min(RESTART_AFTER, end)
    success = float(law.counts[law.updates <= cut].sum() / law.n)
    truths = {
        "discard": float(law.updates @ law.counts / law.n_converged),
        "cap": float(everyone @ shares),
        "restart": float(np.minimum(everyone, cut) @ shares) / success if success else math.nan,
    }
    for rule, truth in truths.items():
        quantities.append(
            (f"mean-{rule}", f"mean, {rule}", truth, MEAN_RULE, _make_mean_estimator(rule))
        )
    return quantities


def _make_mean_estimator(rule: str) -> Estimator:
    def estimate(table: CountTable) -> Estimate | None:
        found = estimate_mean(table, rule)
        return None if found is None else found.interval

    return estimate


def measure_coverage(
    law: CountTable,
    *,
    sizes: Sequence[int],
    n_studies: int,
    generator: np.random.Generator,
    n_errors: float = 0.0,
) -> list[dict[str, Any]]:
    """Return the coverage of every interval at every size (the model's ``coverage``).

    `n_errors` is the number of standard errors by which a requirement may be missed.
    """
    quantities = list_quantities(law)
    rows: list[dict[str, Any]] = [
        {"quantity": name, "label": label, "truth": truth, "requirement": words, "by_size": []}
        for name, label, truth, words, _ in quantities
    ]
    for size in sizes:
        ends = np.full((len(quantities), n_studies, 2), [-math.inf, math.inf])
        studies = draw_studies(law, size, n_studies=n_studies, generator=generator)
        for place, table in enumerate(studies):
            for index, (*_, estimator) in enumerate(quantities):
                found = estimator(table)
                if found is not None:
                    ends[index, place, 0] = -math.inf if found.low is None else found.low
                    ends[index, place, 1] = math.inf if found.high is None else found.high
        for row, pair in zip(rows, ends, strict=True):
            row["by_size"].append(
                count_hits(
                    pair,
                    row["truth"],
                    n_networks=size,
                    requirement=row["requirement"],
                    n_errors=n_errors,
                )
            )
    return rows


def calibrate(
    law: CountTable,
    reported: ReportedMean,
    *,
    n_studies: int = 4000,
    n_prediction_studies: int = 400,
    n_star_studies: int = 400,
    sizes: Sequence[int] = SIZES,
    mode: str = "long",
    seed: int = 48,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Measure all coverages and run all checks.

    Parameters
    ----------
    law : CountTable
        A large run; studies are drawn from it with replacement.
    reported : ReportedMean
        For n*.
    n_studies, n_prediction_studies, n_star_studies : int
        Studies drawn at each size, for intervals, prediction intervals and n*.
    sizes : sequence of int
        Networks of a study.
    mode : {"long", "quick"}
        A quick trial draws less for the checks too, and may miss a
        requirement by three standard errors of the measured coverage.
    seed : int
        Of the generator that draws the studies.
    about : mapping, optional
        What the law is; kept under ``law``.

    Returns
    -------
    dict
        Plain JSON data, see the top of this module.
    """
    streams = np.random.default_rng(seed).spawn(4)
    n_errors = 0.0 if mode == "long" else 3.0
    coverage = measure_coverage(
        law, sizes=sizes, n_studies=n_studies, generator=streams[0], n_errors=n_errors
    )
    coverage += measure_n_star_coverage(
        law, reported, sizes=sizes, n_studies=n_star_studies, generator=streams[1]
    )
    prediction = measure_prediction_coverage(
        law,
        sizes=sizes,
        n_studies=n_prediction_studies,
        generator=streams[2],
        n_errors=n_errors,
    )
    checks = run_checks(law, reported, generator=streams[3], is_long=mode == "long")
    met = [entry["meets"] for row in coverage for entry in row["by_size"]]
    met += [row["meets"] for row in prediction] + [check["meets"] for check in checks]
    plain: dict[str, Any] = make_plain(
        {
            "kind": "calibration",
            "mode": mode,
            "law": dict(about or {}) | {"n_networks": law.n},
            "level": LEVEL,
            "n_studies": n_studies,
            "n_prediction_studies": n_prediction_studies,
            "n_star_studies": n_star_studies,
            "sizes": list(sizes),
            "coverage": coverage,
            "prediction": prediction,
            "checks": checks,
            "meets": all(flag is not False for flag in met),
        }
    )
    return plain
