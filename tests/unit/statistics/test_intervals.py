"""Intervals of shares, means and quantiles against published values, SciPy and statsmodels."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from replication.errors import UsageError
from replication.statistics.counts import CountTable
from replication.statistics.intervals import (
    bound_proportion,
    estimate_count_mean,
    estimate_mean,
    estimate_proportion,
    estimate_quantile,
    find_order_statistics,
)


def test_estimate_keeps_its_level():
    found = estimate_proportion(3, 12, level=0.8)
    low, high = proportion_confint(3, 12, alpha=0.2, method="beta")
    assert (found.value, found.level) == (0.25, 0.8)
    assert (found.low, found.high) == pytest.approx((low, high))
    low, high = bound_proportion([3, 7], 12)
    assert (low[0], high[0]) == pytest.approx(proportion_confint(3, 12, method="beta"))


@pytest.mark.parametrize("n", [1, 10, 1000, 10**6])
@pytest.mark.parametrize("level", [0.9, 0.95])
def test_interval_agrees_with_statsmodels(n, level):
    counts = np.unique([0, 1, n // 3, n // 2, n - 1, n])
    low, high = bound_proportion(counts, n, level=level)
    for count, left, right in zip(counts, low, high, strict=True):
        expected = proportion_confint(count, n, alpha=1 - level, method="beta")
        assert (left, right) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(("count", "n"), [(0, 0), (3, 2), (-1, 5)])
def test_impossible_counts_are_refused(count, n):
    with pytest.raises(UsageError, match="give 0 to n"):
        bound_proportion(count, n)


def test_mean_has_students_interval():
    values = np.random.default_rng(2).exponential(size=30)
    found = estimate_mean(values, level=0.9)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert found.interval == pytest.approx([expected.low, expected.high])


def test_mean_of_counts_is_that_of_the_networks():
    table = CountTable(np.array([3, 5, 8]), np.array([2, 4, 1]), 3, 100)
    assert estimate_count_mean(table) == estimate_mean([3, 3, 5, 5, 5, 5, 8])
    nothing = CountTable(np.array([], dtype=int), np.array([], dtype=int), 3, 100)
    assert estimate_count_mean(nothing).value is None


def test_a_single_value_bounds_nothing():
    assert estimate_mean([4.0]).interval == [None, None]


@pytest.mark.parametrize(("n", "probability"), [(10, 0.5), (40, 0.9), (200, 0.05)])
def test_order_statistics_cover_the_quantile(n, probability):
    low, high = find_order_statistics(n, probability)
    # The quantile lies in [x_(low), x_(high)) if low to high - 1 values lie below it.
    covered = stats.binom.cdf(high - 1, n, probability) - stats.binom.cdf(low - 1, n, probability)
    assert covered >= 0.95


def test_quantiles_beyond_the_cap_are_unknown():
    table = CountTable(np.arange(1, 61), np.ones(60, dtype=int), 40, 100)
    assert estimate_quantile(table, 0.5).value == 50
    assert estimate_quantile(table, 0.6).high is None
    assert estimate_quantile(table, 0.9).value is None


@pytest.mark.parametrize("probability", [0.0, 1.0, -1.0])
def test_quantiles_lie_between_none_and_all(probability):
    with pytest.raises(UsageError, match="give one between 0 and 1"):
        estimate_quantile(CountTable(np.array([1]), np.array([1]), 0, None), probability)
