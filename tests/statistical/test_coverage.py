"""Intervals that are printed hold the truth as often as they say, for counts as skewed as ours."""

import math

import numpy as np
import pytest

from replication.statistics.intervals import estimate_mean, estimate_median, estimate_proportion

CAP = 2000


@pytest.fixture(scope="module")
def large_run():
    """Return a million counts with the mean, median, spread and failures of the study."""
    generator = np.random.default_rng(1988)
    values = np.rint(20 + generator.lognormal(math.log(18), 0.85, size=1_000_000))
    values[(generator.random(values.size) < 0.001) | (values >= CAP)] = np.inf
    return values


def measure(values):
    share = estimate_proportion(int((values <= 100).sum()), values.size)
    mean = estimate_mean(values[np.isfinite(values)])
    return {"share": share, "median": estimate_median(values), "mean": mean}


def check(large_run, sizes, *, seed, n_studies, n_errors):
    generator = np.random.default_rng(seed)
    truth = {name: estimate.value for name, estimate in measure(large_run).items()}
    # The coverage of many studies has itself a standard error.
    slack = n_errors * math.sqrt(0.05 * 0.95 / n_studies)
    for size in sizes:
        coverage = dict.fromkeys(truth, 0.0)
        for _ in range(n_studies):
            sample = large_run[generator.integers(large_run.size, size=size)]
            for name, found in measure(sample).items():
                coverage[name] += (found.low <= truth[name] <= found.high) / n_studies
        # Student's t allows for no skewness; from 10,000 networks on none is left.
        low = 0.93 if size >= 10_000 else 0.88
        assert low - slack <= coverage.pop("mean") <= 0.97 + slack
        assert min(coverage.values()) >= 0.94 - slack, coverage


def test_intervals_cover_in_few_studies(large_run):
    check(large_run, (200, 20_000), seed=1, n_studies=100, n_errors=4)


@pytest.mark.long
def test_intervals_cover_as_often_as_they_say(large_run):
    check(large_run, (200, 2_000, 20_000), seed=2, n_studies=4000, n_errors=3)
