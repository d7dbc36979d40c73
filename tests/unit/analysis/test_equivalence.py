"""Equivalence tests against statsmodels, and the chance of seeing no failure."""

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.weightstats import DescrStatsW

from replication.analysis.counts import CountTable
from replication.analysis.equivalence import (
    assess_equivalence,
    estimate_no_failure,
    find_median_runs_to_failure,
    find_smallest_margin,
)
from replication.analysis.means import estimate_mean


def make_mean(rule="discard", n=200):
    generator = np.random.default_rng(9)
    outcomes = np.minimum(np.rint(15 + generator.lognormal(3.2, 0.8, n)).astype(int), 150)
    table = CountTable.from_outcomes(outcomes, outcomes < 150, 150)
    sample = outcomes[outcomes < 150] if rule == "discard" else outcomes
    return sample, estimate_mean(table, rule)


@pytest.mark.parametrize("rule", ["discard", "cap"])
@pytest.mark.parametrize("margin", [0.5, 4.8, 10.0, 20.0])
def test_p_value_agrees_with_the_two_one_sided_tests_of_statsmodels(rule, margin):
    sample, mean = make_mean(rule)
    oracle = DescrStatsW(sample).ttost_mean(48 - margin, 48 + margin)[0]
    found = assess_equivalence(mean, 48.0, margin=margin)
    assert found.p_value == pytest.approx(oracle, rel=1e-6)
    assert found.is_equivalent == (oracle < 0.05)


def test_smallest_margin_is_where_the_test_of_statsmodels_turns():
    sample, mean = make_mean()

    def excess(margin):
        return DescrStatsW(sample).ttost_mean(48 - margin, 48 + margin)[0] - 0.05

    assert find_smallest_margin(mean, 48.0) == pytest.approx(optimize.brentq(excess, 0.1, 50))


def test_equal_outcomes_are_equivalent_strictly_within_the_margin():
    mean = estimate_mean(CountTable.from_outcomes([50] * 9, [True] * 9, None), "discard")
    assert assess_equivalence(mean, 48.0, margin=2.1).is_equivalent
    assert not assess_equivalence(mean, 48.0, margin=2.0).is_equivalent
    assert find_smallest_margin(mean, 48.0) == 2


def test_single_network_can_show_no_equivalence():
    mean = estimate_mean(CountTable.from_outcomes([48], [True], None), "discard")
    found = assess_equivalence(mean, 48.0, margin=100.0)
    assert (found.p_value, found.is_equivalent) == (None, False)
    assert find_smallest_margin(mean, 48.0) is None


def test_chance_of_no_failure_is_binomial_at_zero():
    table = CountTable.from_outcomes([10] * 990 + [99] * 10, [True] * 990 + [False] * 10, 99)
    found = estimate_no_failure(table, [1, 20, 300])
    assert found.chance == pytest.approx(stats.binom.pmf(0, [1, 20, 300], 0.01))
    assert np.all((found.low < found.chance) & (found.chance < found.high))
    oracle = stats.binomtest(10, 1000).proportion_ci(0.95, method="exact")
    assert found.low == pytest.approx((1 - oracle.high) ** np.array([1, 20, 300]))


@pytest.mark.parametrize(("failures", "expected"), [(0, None), (500, 1), (999, 1), (100, 7)])
def test_runs_until_a_failure_is_as_likely_as_not(failures, expected):
    table = CountTable.from_outcomes(
        [10] * (1000 - failures) + [99] * failures,
        [True] * (1000 - failures) + [False] * failures,
        99,
    )
    assert find_median_runs_to_failure(table) == expected
