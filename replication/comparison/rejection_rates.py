"""How often `compare` rejects at 5 %, under equal populations and after a shift.

Each trial draws N runs and a study of n runs from one population, and asks whether the study is
consistent with the runs. The share of trials in which it is not should be 5 %; after a shift of
the study by one standard deviation it should be near 100 %. `tools/measure_rates.py` measures
both and writes `rejection_rates.json`, which the help shows;
`tests/statistical/test_compare_rates.py` measures them again on another seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from replication.comparison.cautions import find_cautions
from replication.comparison.prediction import predict
from replication.comparison.printed import Printed, read_printed
from replication.comparison.sampling import Effort, Sample

FloatArray = npt.NDArray[np.float64]

POPULATIONS: Mapping[str, tuple[Callable[[np.random.Generator, int], FloatArray], float]] = {
    "normal": (lambda generator, size: generator.normal(size=size), 1.0),
    "exponential": (lambda generator, size: generator.exponential(size=size), 1.0),
    "geometric": (
        lambda generator, size: generator.geometric(0.05, size=size).astype(np.float64),
        math.sqrt(0.95) / 0.05,
    ),
    "lognormal": (
        lambda generator, size: generator.lognormal(size=size),
        math.sqrt((math.e - 1.0) * math.e),
    ),
}
"""Populations by name: how runs are drawn, and their standard deviation."""
STATISTICS = ("mean", "sd", "max", "mean and max")
SEEN = (50, 200, 1000)
RUNS = (5, 20, 100)
LEVEL = 0.05
POWER_RUNS = 20
SHIFTS = {"up": 1.0, "down": -1.0}


def print_study(study: FloatArray) -> dict[str, Printed]:
    """Return mean, standard deviation and maximum of a study as a paper would print them, finely.

    Parameters
    ----------
    study : float64[n]
    """
    is_whole = bool(np.all(study == np.rint(study)))
    return {
        "mean": read_printed(f"{study.mean():.{2 if is_whole else 4}f}", "mean"),
        "sd": read_printed(f"{study.std(ddof=1):.4f}", "sd"),
        "max": read_printed(f"{study.max():.{0 if is_whole else 4}f}", "max"),
    }


def measure_rates(
    population: str, n_seen: int, runs: int, *, n_trials: int, seed: int
) -> dict[str, dict[str, float]]:
    """Measure how often equal populations are rejected, and how often a caution is given.

    Parameters
    ----------
    population : str
        A key of `POPULATIONS`.
    n_seen, runs : int
        N and n.
    n_trials, seed : int

    Returns
    -------
    dict
        ``rejected`` and ``cautioned``: for each of `STATISTICS` the share of trials.

    Notes
    -----
    Less is resampled and drawn than for a user, so that thousands of trials take minutes. That
    adds noise to each p, but no bias where p is evenly spread, since each trial has a seed of its
    own.
    """
    generator = _create_generator(population, n_seen, runs, seed)
    draw, _ = POPULATIONS[population]
    rejected = dict.fromkeys(STATISTICS, 0)
    cautioned = dict.fromkeys(STATISTICS, 0)
    for trial in range(n_trials):
        effort = Effort(100, 1000, seed=_find_seed(seed, trial))
        sample = Sample.from_values(draw(generator, n_seen))
        printed = print_study(draw(generator, runs))
        both = predict(
            sample, {name: printed[name] for name in ("mean", "max")}, runs,
            level=LEVEL, effort=effort,
        )  # fmt: skip
        p = {finding.name: finding.p for finding in both.findings} | {"mean and max": both.p}
        spread = predict(sample, {"sd": printed["sd"]}, runs, level=LEVEL, effort=effort)
        p["sd"] = spread.p
        for name in STATISTICS:
            rejected[name] += p[name] <= LEVEL
            cautioned[name] += bool(find_cautions(sample, name.split(" and "), runs))
    return {
        "rejected": {name: count / n_trials for name, count in rejected.items()},
        "cautioned": {name: count / n_trials for name, count in cautioned.items()},
    }


def measure_power(population: str, n_seen: int, *, shift: float, n_trials: int, seed: int) -> float:
    """Measure how often the mean of a shifted study of 20 runs is rejected.

    Parameters
    ----------
    population : str
    n_seen : int
        N.
    shift : float
        In standard deviations.
    n_trials, seed : int
    """
    generator = _create_generator(population, n_seen, POWER_RUNS, seed)
    draw, deviation = POPULATIONS[population]
    n_rejected = 0
    for trial in range(n_trials):
        sample = Sample.from_values(draw(generator, n_seen))
        study = draw(generator, POWER_RUNS) + shift * deviation
        printed = read_printed(f"{study.mean():.4f}", "mean")
        effort = Effort(100, 10_000, seed=_find_seed(seed, trial))
        found = predict(sample, {"mean": printed}, POWER_RUNS, level=LEVEL, effort=effort)
        n_rejected += found.p <= LEVEL
    return n_rejected / n_trials


def estimate_ceiling(population: str, *, shift: float, n_studies: int, seed: int) -> float:
    """Return the power of the same test for somebody who knows the population.

    Parameters
    ----------
    population : str
    shift : float
        In standard deviations.
    n_studies, seed : int

    Notes
    -----
    The mean of 20 runs is rejected outside the middle 95 % of its sampling distribution. No test
    that has to learn the population from N runs can be expected to find more.
    """
    generator = _create_generator(population, 0, POWER_RUNS, seed)
    draw, deviation = POPULATIONS[population]
    means = draw(generator, n_studies * POWER_RUNS).reshape(n_studies, POWER_RUNS).mean(axis=1)
    low, high = np.quantile(means, [LEVEL / 2.0, 1.0 - LEVEL / 2.0])
    shifted = means + shift * deviation
    return float(np.mean((shifted < low) | (shifted > high)))


def _create_generator(population: str, n_seen: int, runs: int, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, list(POPULATIONS).index(population), n_seen, runs])


def _find_seed(seed: int, trial: int) -> int:
    return 1_000_000 * seed + trial
