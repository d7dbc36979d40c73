"""Checks of the exact law of a mean against resampling and closed forms.

Each check is a dict: ``name``, ``words`` (what was compared), ``value`` (the
largest disagreement found), ``limit`` and ``meets``.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.analysis.compatible import ReportedMean, estimate_n_star, find_n_star
from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaw, MeanLaws
from replication.analysis.means import estimate_mean
from replication.analysis.runs import RULES, RunLaw, make_run_law


def draw_means(
    run: RunLaw, n: int, *, n_draws: int, generator: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Draw means of `n` runs by brute force, run by run (float64[n_draws]).

    Parameters
    ----------
    run : RunLaw
    n : int
        Runs that are averaged.
    n_draws : int
        Means that are drawn.
    generator : numpy.random.Generator

    Returns
    -------
    float64 array, shape (n_draws,)
    """
    last = generator.choice(run.values, size=(n_draws, n), p=run.probabilities)
    total = last.sum(axis=1).astype(np.float64)
    if run.failure > 0:
        failures = generator.geometric(1.0 - run.failure, size=(n_draws, n)) - 1
        total += run.restart_after * failures.sum(axis=1)
    means: npt.NDArray[np.float64] = total / n
    return means


def measure_distance(law: MeanLaw, means: npt.NDArray[np.float64]) -> float:
    """Return the largest distance between the law of a mean and drawn `means`, shape (n,)."""
    sums = np.sort(np.rint(means * law.n))
    points = np.unique(sums)
    empirical = np.searchsorted(sums, points, side="right") / sums.size
    theory = [law.probability_below(Fraction(int(point) + 1, law.n)) for point in points]
    return float(np.max(np.abs(empirical - np.array(theory))))


def check_resampling(
    law: CountTable, rule: str, *, n: int, n_draws: int, generator: np.random.Generator
) -> dict[str, Any] | None:
    """Compare the exact law of M_n with means drawn run by run (Kolmogorov-Smirnov).

    The limit is the distance that chance alone exceeds once in a thousand
    times; for a discrete law it is exceeded less often still.

    Parameters
    ----------
    law : CountTable
    rule : str
    n : int
        Runs that are averaged.
    n_draws : int
        Means that are drawn.
    generator : numpy.random.Generator

    Returns
    -------
    dict or None
        ``name``, ``words``, the measured ``value``, its ``limit`` and whether it ``meets`` that.
    """
    run = make_run_law(law, rule)
    if run is None:
        return None
    means = draw_means(run, n, n_draws=n_draws, generator=generator)
    distance = measure_distance(MeanLaws(run).compute(n), means)
    limit = float(special.kolmogi(1e-3)) / math.sqrt(n_draws)
    return {
        "name": f"resampling-{rule}-{n}",
        "words": f"exact law of the mean of {n} runs against {n_draws} means drawn run by run, "
        f"{rule}: largest distance of the two distribution functions",
        "value": distance,
        "limit": limit,
        "meets": distance < limit,
    }


def check_negative_binomial(*, success: float, n: int) -> dict[str, Any]:
    """Compare the law of the sum of n geometric outcomes with the negative binomial.

    The geometric law arises from the restart rule itself: attempts of one
    update each, succeeding with probability `success`.

    Parameters
    ----------
    success : float
        In (0, 1].
    n : int
        Outcomes that are summed.

    Returns
    -------
    dict or None
        ``name``, ``words``, the measured ``value``, its ``limit`` and whether it ``meets`` that.
    """
    run = RunLaw(np.array([1]), np.array([1.0]), 1.0 - success, 1)
    law = MeanLaws(run).compute(n)
    failures = np.rint(law.values * n).astype(np.int64) - n
    theory = special.nbdtr(failures, n, success)
    distance = float(np.max(np.abs(law.cumulative - theory)))
    return {
        "name": f"negative-binomial-{n}",
        "words": f"sum of {n} geometric outcomes against the negative binomial law: largest "
        "distance of the two distribution functions",
        "value": distance,
        "limit": 1e-10,
        "meets": distance < 1e-10,
    }


def check_tilt(
    law: CountTable,
    reported: ReportedMean,
    *,
    n_networks: int,
    n_bootstraps: int,
    generator: np.random.Generator,
) -> dict[str, Any] | None:
    """Compare the tilted interval of n* with a bootstrap of the count table (rule discard).

    The disagreement is the larger of the two ends' relative differences; the
    limit is loose because the bootstrap's own ends are noisy.

    Parameters
    ----------
    law : CountTable
    reported : ReportedMean
    n_networks : int
        Size of the study whose table is resampled.
    n_bootstraps : int
    generator : numpy.random.Generator

    Returns
    -------
    dict or None
        ``name``, ``words``, the measured ``value``, its ``limit`` and whether it ``meets`` that.
    """
    weights = np.append(law.counts, law.n_censored) / law.n
    counts = generator.multinomial(n_networks, weights)
    study = CountTable(
        law.updates[counts[:-1] > 0], counts[:-1][counts[:-1] > 0], int(counts[-1]), law.cap
    )
    run, mean = make_run_law(study, "discard"), estimate_mean(study, "discard")
    if run is None or mean is None or mean.standard_error is None:
        return None
    tilted = estimate_n_star(
        run, reported, standard_error=mean.standard_error, mean_interval=mean.interval
    )
    found = []
    for _ in range(n_bootstraps):
        again = generator.multinomial(study.n_converged, run.probabilities)
        kept = again > 0
        bootstrapped = RunLaw(run.values[kept], again[kept] / study.n_converged)
        found.append(find_n_star(bootstrapped, reported)[0])
    low, high = np.quantile(found, [0.025, 0.975])
    disagreement = max(abs(tilted.low - low) / low, abs(tilted.high - high) / high)
    return {
        "name": "tilt",
        "words": f"interval of n* for a study of {n_networks} networks by tilting, "
        f"{tilted.low} to {tilted.high}, against {n_bootstraps} bootstraps, "
        f"{low:.0f} to {high:.0f}: larger relative difference of an end",
        "value": disagreement,
        "limit": 0.15,
        "meets": bool(disagreement < 0.15),
    }


def run_checks(
    law: CountTable, reported: ReportedMean, *, generator: np.random.Generator, is_long: bool
) -> list[dict[str, Any]]:
    """Run all checks; the long ones draw more.

    Parameters
    ----------
    law : CountTable
    reported : ReportedMean
    generator : numpy.random.Generator
    is_long : bool

    Returns
    -------
    list of dict
    """
    n_draws = 200_000 if is_long else 4000
    checks: list[dict[str, Any] | None] = [
        check_resampling(law, rule, n=n, n_draws=n_draws, generator=generator)
        for rule in RULES
        for n in (5, 50)
    ]
    checks += [check_negative_binomial(success=p, n=n) for p, n in ((0.3, 20), (0.02, 500))]
    checks.append(
        check_tilt(
            law,
            reported,
            n_networks=100_000,
            n_bootstraps=200 if is_long else 100,
            generator=generator,
        )
    )
    return [check for check in checks if check is not None]
