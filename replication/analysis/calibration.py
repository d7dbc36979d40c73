"""Testing the statistics: how often do the nominal 95 % intervals cover?

Studies of several sizes are drawn from the law of a large run, for which the
true values are known, and every interval is computed on each of them.

The plain model that `calibrate` returns (``results/calibration.json``):

``kind`` "calibration"; ``mode`` "quick" or "long"; ``law`` (what the caller says
of it, with ``n_networks``); ``n_studies``; ``n_star_studies``; ``sizes``; ``level``;
``coverage``: list of ``quantity``, ``label``, ``truth``, ``requirement`` (words or
None), ``by_size`` (list of ``n_networks``, ``coverage``, ``error`` (one standard
error), ``too_low``, ``too_high`` (shares of studies whose interval lies below or
above the truth), ``median_width`` (None: unbounded), ``meets`` (None: nothing
required)); ``prediction``: list of ``rule``, ``n_networks``, ``n_runs``,
``n_studies``, ``coverage``, ``error``, ``meets``; ``checks``: see
`replication.analysis.checks`; ``meets`` whether all requirements are met.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from replication.analysis.checks import run_checks
from replication.analysis.compatible import ReportedMean, estimate_n_star, find_n_star
from replication.analysis.counts import CountTable
from replication.analysis.intervals import Estimate
from replication.analysis.mean_law import MeanLaws
from replication.analysis.means import estimate_mean
from replication.analysis.plain import make_plain
from replication.analysis.population import (
    PROBABILITIES,
    estimate_convergence,
    estimate_convergence_within,
    estimate_quantile,
)
from replication.analysis.runs import RESTART_AFTER, RULES, make_run_law

SIZES = (50, 200, 1000, 10_000, 100_000)
LEVEL = 0.95
MIN_COVERAGE = 0.94
MEAN_COVERAGE = (0.93, 0.97)
MEAN_FROM = 10_000
LARGEST_PREDICTION = 5000
PROPORTION_RULE = "at least 94 %"
MEAN_RULE = "93 to 97 % from 10,000 networks on"
Estimator = Callable[[CountTable], Estimate | None]


def draw_studies(
    law: CountTable, n_networks: int, *, n_studies: int, generator: np.random.Generator
) -> Iterator[CountTable]:
    """Draw the count tables of studies from the law of a large run."""
    weights = np.append(law.counts, law.n_censored) / law.n
    for _ in range(n_studies):
        counts = generator.multinomial(n_networks, weights)
        kept = np.flatnonzero(counts[:-1])
        yield CountTable(law.updates[kept], counts[kept], int(counts[-1]), law.cap)


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
                    lambda table, time=time: estimate_convergence_within(table, time),
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
                    lambda table, probability=probability: estimate_quantile(table, probability),
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
    law: CountTable, *, sizes: Sequence[int], n_studies: int, generator: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the coverage of every interval at every size (the model's ``coverage``)."""
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
            row["by_size"].append(_count_hits(pair, row["truth"], size, row["requirement"]))
    return rows


def _count_hits(
    ends: np.ndarray[Any, np.dtype[np.float64]], truth: float, size: int, requirement: str | None
) -> dict[str, Any]:
    """Count how often intervals, shape (studies, 2), hold the truth."""
    tolerance = 1e-9 * max(1.0, abs(truth))
    too_low = float(np.mean(ends[:, 1] < truth - tolerance))
    too_high = float(np.mean(ends[:, 0] > truth + tolerance))
    coverage = 1.0 - too_low - too_high
    meets: bool | None = None
    if requirement == PROPORTION_RULE:
        meets = coverage >= MIN_COVERAGE
    elif requirement == MEAN_RULE and size >= MEAN_FROM:
        meets = MEAN_COVERAGE[0] <= coverage <= MEAN_COVERAGE[1]
    return {
        "n_networks": size,
        "coverage": coverage,
        "error": math.sqrt(max(coverage * (1 - coverage), 0.0) / ends.shape[0]),
        "too_low": too_low,
        "too_high": too_high,
        "median_width": float(np.median(ends[:, 1] - ends[:, 0])),
        "meets": meets,
    }


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
                found = estimate_n_star(run, reported, standard_error=mean.standard_error)
                ends[place] = found.low, math.inf if found.high_is_open else found.high
            row["by_size"].append(_count_hits(ends, truth, size, None))
        rows.append(row)
    return rows


def measure_prediction_coverage(
    law: CountTable, *, sizes: Sequence[int], n_studies: int, generator: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the coverage of prediction intervals for M_n, n up to a twentieth of the size.

    Notes
    -----
    The chance that an interval holds M_n is computed from the exact law of
    M_n under the true law, so only the study that predicts is drawn.
    """
    rows = []
    for size in sizes:
        largest = min(size // 20, LARGEST_PREDICTION)
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
                laws = MeanLaws(run) if run is not None else None
                for n in numbers:
                    chance = 0.0
                    if laws is not None:
                        low, high = laws.compute(n).predict()
                        above = exact[n].probability_below(Fraction(round(high * n) + 1, n))
                        below = exact[n].probability_below(Fraction(round(low * n), n))
                        chance = above - below
                    hits[rule, n].append(chance)
        for (rule, n), chances in hits.items():
            coverage = float(np.mean(chances))
            rows.append(
                {
                    "rule": rule,
                    "n_networks": size,
                    "n_runs": n,
                    "n_studies": n_studies,
                    "coverage": coverage,
                    "error": float(np.std(chances) / math.sqrt(n_studies)),
                    "meets": coverage >= MIN_COVERAGE,
                }
            )
    return rows


def calibrate(
    law: CountTable,
    reported: ReportedMean,
    *,
    n_studies: int = 2000,
    n_prediction_studies: int = 400,
    n_star_studies: int = 200,
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
    mode : str
        Kept as it is.
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
    coverage = measure_coverage(law, sizes=sizes, n_studies=n_studies, generator=streams[0])
    coverage += measure_n_star_coverage(
        law, reported, sizes=sizes, n_studies=n_star_studies, generator=streams[1]
    )
    prediction = measure_prediction_coverage(
        law, sizes=sizes, n_studies=n_prediction_studies, generator=streams[2]
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
