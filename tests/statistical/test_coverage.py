"""Intervals that are printed hold the truth as often as they say, for counts as skewed as ours."""

import math

import numpy as np
import pytest

from replication.statistics.counts import CountTable
from tests.statistical.coverage import measure_coverage


@pytest.fixture(scope="module")
def large_run():
    """Return a million counts with the mean, median, spread and cap of the study."""
    generator = np.random.default_rng(1988)
    values = np.rint(20 + generator.lognormal(math.log(18), 0.85, size=1_000_000)).astype(int)
    values[generator.random(values.size) < 0.001] = 5000
    return CountTable.from_outcomes(np.minimum(values, 2000), values < 2000, 2000)


def check(found, *, slack):
    for name in ("share", "median", "quantile_95"):
        assert min(found[name]) >= 0.94 - slack, name
    for size, coverage in zip(found["sizes"], found["mean"], strict=True):
        # Student's t allows for no skewness; from 10,000 networks on none is left.
        low = 0.93 if size >= 10_000 else 0.88
        assert low - slack <= coverage <= 0.97 + slack


def test_intervals_cover_in_few_studies(large_run):
    found = measure_coverage(large_run, seed=1, sizes=(200, 20_000), n_studies=100)
    check(found, slack=4 * math.sqrt(0.05 * 0.95 / 100))


@pytest.mark.long
def test_intervals_cover_as_often_as_they_say(large_run):
    found = measure_coverage(large_run, seed=2, n_studies=4000)
    check(found, slack=3 * math.sqrt(0.05 * 0.95 / 4000))
