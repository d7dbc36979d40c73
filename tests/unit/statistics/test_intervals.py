"""Intervals of shares, means, medians and ratios against SciPy, statsmodels and formulas."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from replication.statistics import intervals
from replication.statistics.counts import CountTable


@pytest.mark.parametrize("n", [1, 10, 1000, 10**6])
def test_share_has_the_interval_of_statsmodels(n):
    for count in {0, 1, n // 3, n // 2, n - 1, n}:
        found = intervals.estimate_proportion(count, n)
        expected = proportion_confint(count, n, alpha=0.05, method="beta")
        assert (found.value, found.level) == (count / n, 0.95)
        assert found.interval == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_mean_has_students_interval_unless_of_a_single_value():
    values = np.random.default_rng(2).exponential(size=30)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert intervals.estimate_mean(values).value == pytest.approx(values.mean())
    assert intervals.estimate_mean(values).interval == pytest.approx([expected.low, expected.high])
    assert intervals.estimate_mean([4.0]).interval == [None, None]


def test_mean_of_counts_is_that_of_the_networks():
    table = CountTable([3, 5, 8], [2, 4, 1], 3, 100)
    expected = intervals.estimate_mean([3, 3, 5, 5, 5, 5, 8])
    found = intervals.estimate_mean(table.updates, table.counts)
    assert [found.value, *found.interval] == pytest.approx([expected.value, *expected.interval])
    assert intervals.estimate_mean([], []).value is None


@pytest.mark.parametrize("n", [6, 20, 21, 400])
def test_median_lies_between_the_order_statistics_of_its_exact_interval(n):
    # Hollander & Wolfe (1999), section 3.6: of n values the ranks k and n + 1 - k enclose the
    # median with probability 1 - 2 P(Binomial(n, 1/2) < k).
    estimate = intervals.estimate_median(np.random.default_rng(4).permutation(n) + 1.0)
    assert estimate.value == (n + 1) / 2
    assert estimate.low == n + 1 - estimate.high
    coverage, next_one = 1 - 2 * stats.binom.cdf([estimate.low - 1, estimate.low], n, 0.5)
    assert coverage >= 0.95 > next_one
    assert intervals.estimate_median([1.0, 2.0, 3.0, 4.0, 5.0]).interval == [None, None]


@pytest.mark.parametrize(("n_failed", "median"), [(0, 30), (1, 31), (40, 50), (59, 60), (61, None)])
def test_median_of_a_table_counts_those_that_did_not_converge(n_failed, median):
    table = CountTable(np.arange(1, 61), np.ones(60, dtype=int), n_failed, 100)
    assert intervals.find_median(table) == median


def test_interval_of_a_ratio_is_as_wide_as_that_of_pairs_kept_together():
    # What makes one network slow makes it slow under both procedures.
    generator = np.random.default_rng(4)
    hardness = generator.gamma(2.0, 20.0, 500)
    first, second = hardness * generator.uniform(0.8, 1.2, (2, 500))
    found = intervals.estimate_ratios(first, second)["mean"]
    # Cochran (1977), section 2.11: the standard error of a ratio of paired means.
    error = np.std(first - found.value * second) / second.mean() / np.sqrt(500)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)
