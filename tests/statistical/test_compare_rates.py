"""How often `compare` rejects under equal populations, and whether it finds differences.

Each trial draws N runs and a study of n runs from one population, and asks whether the study is
consistent with the runs at 5 %. Fixed seeds; tolerances in standard errors.
"""

import math

import numpy as np
import pytest

from replication.analysis.prediction import predict
from replication.analysis.printed import read_printed
from replication.analysis.sampling import Effort, Sample

POPULATIONS = {
    "normal": lambda generator, size: generator.normal(size=size),
    "exponential": lambda generator, size: generator.exponential(size=size),
    "lognormal": lambda generator, size: generator.lognormal(size=size),
    "geometric": lambda generator, size: generator.geometric(0.05, size=size).astype(float),
}
REPORTS = {"mean": ("mean",), "sd": ("sd",), "max": ("max",), "mean and max": ("mean", "max")}
SEEN = (50, 200, 1000)
RUNS = (5, 20, 100)
# Less than a user is given, so that thousands of trials take minutes; the noise this adds to p is
# small beside the sampling of the runs.
EFFORT = Effort(n_resamples=100, n_studies=2000)


def report(study):
    """Return the statistics of a study as a paper would print them, finely."""
    decimals = 0 if np.all(study == np.rint(study)) else 4
    return {
        "mean": read_printed(f"{study.mean():.{max(decimals, 2)}f}", "mean"),
        "sd": read_printed(f"{study.std(ddof=1):.4f}", "sd"),
        "max": read_printed(f"{study.max():.{decimals}f}", "max"),
    }


def measure_rejections(population, n_seen, runs, *, n_trials, seed, shift=0.0, names=REPORTS):
    """Return the share of trials in which each report is rejected at 5 %."""
    generator = np.random.default_rng([seed, n_seen, runs, list(POPULATIONS).index(population)])
    draw = POPULATIONS[population]
    rejected = dict.fromkeys(names, 0)
    for _ in range(n_trials):
        sample = Sample.from_values(draw(generator, n_seen))
        printed = report(draw(generator, runs) + shift)
        for name in names:
            reported = {key: printed[key] for key in REPORTS[name]}
            found = predict(sample, reported, runs, level=0.05, effort=EFFORT)
            rejected[name] += found.p <= 0.05
    return {name: count / n_trials for name, count in rejected.items()}
