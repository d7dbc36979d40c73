"""How often `compare` rejects under equal populations, and whether it finds differences.

Each trial draws N runs and a study of n runs from one population, and asks whether the study is
consistent with the runs at 5 %. Fixed seeds; tolerances in standard errors.
"""

import math

import numpy as np
import pytest

from replication.analysis.prediction import predict
from replication.analysis.printed import read_printed
from replication.analysis.rejection_rates import REJECTED, RUNS
from replication.analysis.sampling import Effort, Sample

POPULATIONS = {
    "normal": lambda generator, size: generator.normal(size=size),
    "exponential": lambda generator, size: generator.exponential(size=size),
    "lognormal": lambda generator, size: generator.lognormal(size=size),
    "geometric": lambda generator, size: generator.geometric(0.05, size=size).astype(float),
}
REPORTS = {"mean": ("mean",), "sd": ("sd",), "max": ("max",), "mean and max": ("mean", "max")}


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


def find_error(rate, n_trials):
    """Return the standard error of a rate, no less than that of 2 %."""
    return math.sqrt(max(rate, 0.02) * (1 - rate) / n_trials)


@pytest.mark.parametrize(
    ("population", "n_seen", "runs"), [("normal", 200, 20), ("geometric", 50, 5)]
)
def test_equal_populations_are_rejected_about_as_often_as_said(population, n_seen, runs):
    found = measure_rejections(population, n_seen, runs, n_trials=150, seed=1)
    for name, rate in found.items():
        assert rate == pytest.approx(0.05, abs=4 * find_error(0.05, 150)), name


def test_a_shift_of_one_deviation_is_found():
    """In more than 95 % of trials with 20 runs, here in nearly all of 100."""
    found = measure_rejections("normal", 200, 20, n_trials=100, seed=2, shift=1.0, names=("mean",))
    assert found["mean"] > 0.95


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("population", POPULATIONS)
def test_rates_in_the_help_are_those_measured(population):
    for n_seen, rows in REJECTED[population].items():
        for runs, expected in zip(RUNS, rows, strict=True):
            n_trials = 800 if runs < 100 else 500
            found = measure_rejections(population, n_seen, runs, n_trials=n_trials, seed=15)
            for (name, rate), shown in zip(found.items(), expected, strict=True):
                # Both are measured, on different seeds.
                error = math.sqrt(2) * find_error(shown / 100, n_trials)
                assert rate == pytest.approx(shown / 100, abs=4 * error), (n_seen, runs, name)


@pytest.mark.long
@pytest.mark.parametrize("population", POPULATIONS)
def test_rates_are_near_the_level_where_nothing_is_cautioned(population):
    """3 to 6.5 % within the error of the measurement, heavy tails and n > N / 2 apart."""
    for n_seen, rows in REJECTED[population].items():
        for runs, rates in zip(RUNS, rows, strict=True):
            if 2 * runs > n_seen or (population == "lognormal" and 10 * runs >= n_seen):
                continue
            n_trials = 800 if runs < 100 else 500
            for rate in rates:
                slack = 2.5 * find_error(0.05, n_trials)
                assert 0.03 - slack < rate / 100 < 0.065 + slack


@pytest.mark.long
@pytest.mark.parametrize(
    ("population", "deviation", "power"),
    [
        ("normal", 1.0, 0.95),
        ("geometric", math.sqrt(0.95) / 0.05, 0.95),
        # Shifted towards its tail, where a mean of 20 reaches by itself most easily.
        ("exponential", 1.0, 0.95),
    ],
)
def test_power_against_a_shift_of_one_deviation(population, deviation, power):
    for n_seen in (200, 1000):
        found = measure_rejections(
            population, n_seen, 20, n_trials=400, seed=3, shift=deviation, names=("mean",)
        )
        assert found["mean"] > power
