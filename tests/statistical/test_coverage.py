"""Intervals that are printed hold the truth as often as they say, for counts as skewed as ours."""

import math

import numpy as np
import pytest

from replication.statistics.counts import CountTable
from replication.statistics.intervals import (
    describe_counts,
    estimate_count_mean,
    estimate_proportion,
    estimate_quantile,
)


@pytest.fixture(scope="module")
def large_run():
    """Return a million counts with the mean, median, spread and cap of the study."""
    generator = np.random.default_rng(1988)
    values = np.rint(20 + generator.lognormal(math.log(18), 0.85, size=1_000_000)).astype(int)
    values[generator.random(values.size) < 0.001] = 5000
    return CountTable.from_outcomes(np.minimum(values, 2000), values < 2000, 2000)


def measure_coverage(table, size, *, seed, n_studies):
    """Draw samples of a large run, and return how often their 95 % intervals hold its values."""
    generator = np.random.default_rng(seed)
    weights = np.append(table.counts, table.n_censored) / table.n
    truth = {
        "share": table.counts[table.updates <= 100].sum() / table.n,
        "median": estimate_quantile(table, 0.5).value,
        "quantile_95": estimate_quantile(table, 0.95).value,
        "mean": describe_counts(table)[0],
    }
    hits = dict.fromkeys(truth, 0)
    for _ in range(n_studies):
        counts = generator.multinomial(size, weights)
        kept = np.flatnonzero(counts[:-1])
        sample = CountTable(table.updates[kept], counts[kept], int(counts[-1]), table.cap)
        estimates = {
            "share": estimate_proportion(int(counts[:-1][table.updates <= 100].sum()), size),
            "median": estimate_quantile(sample, 0.5),
            "quantile_95": estimate_quantile(sample, 0.95),
            "mean": estimate_count_mean(sample),
        }
        for name, estimate in estimates.items():
            low = -np.inf if estimate.low is None else estimate.low
            high = np.inf if estimate.high is None else estimate.high
            hits[name] += low <= truth[name] <= high
    return {name: count / n_studies for name, count in hits.items()}


def check(table, sizes, *, seed, n_studies, n_errors):
    slack = n_errors * math.sqrt(0.05 * 0.95 / n_studies)
    for size in sizes:
        coverage = measure_coverage(table, size, seed=seed, n_studies=n_studies)
        # Student's t allows for no skewness; from 10,000 networks on none is left.
        low = 0.93 if size >= 10_000 else 0.88
        assert low - slack <= coverage.pop("mean") <= 0.97 + slack
        assert min(coverage.values()) >= 0.94 - slack, coverage


def test_intervals_cover_in_few_studies(large_run):
    check(large_run, (200, 20_000), seed=1, n_studies=100, n_errors=4)


@pytest.mark.long
def test_intervals_cover_as_often_as_they_say(large_run):
    check(large_run, (200, 2_000, 20_000, 100_000), seed=2, n_studies=4000, n_errors=3)
