"""Equivalence tests against statsmodels, and the chance of seeing no failure."""

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.weightstats import DescrStatsW

from replication.analysis.counts import CountTable
from replication.analysis.equivalence import (
    MIN_P,
    Equivalence,
    assess_equivalence,
    estimate_no_failure,
    find_median_runs_to_failure,
    find_smallest_margin,
)
from replication.analysis.means import estimate_mean
from replication.analysis.runs import RULES


def make_symmetric(n=200):
    """Outcomes without skew, for which the interval of the mean is Student's."""
    half = np.random.default_rng(9).integers(20, 48, n // 2)
    outcomes = np.concatenate([half, 98 - half])
    return outcomes, CountTable.from_outcomes(outcomes, [True] * n, None)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("margin", [0.5, 2.0, 3.0, 4.8])
@pytest.mark.parametrize("reported", [48.0, 50.5])
def test_p_value_agrees_with_the_two_one_sided_tests_of_statsmodels(rule, margin, reported):
    """The mean is 49, so that one side decides for 48 and the other for 50.5."""
    sample, table = make_symmetric()
    oracle = DescrStatsW(sample).ttost_mean(reported - margin, reported + margin)[0]
    found = assess_equivalence(table, rule, reported, margin=margin)
    assert found.p_value == pytest.approx(max(oracle, MIN_P), rel=1e-6)
    assert found.is_equivalent == (oracle < 0.05)
    assert found.margin == margin


def test_smallest_margin_is_where_the_test_of_statsmodels_turns():
    sample, table = make_symmetric()

    def excess(margin):
        return DescrStatsW(sample).ttost_mean(48 - margin, 48 + margin)[0] - 0.05

    found = find_smallest_margin(table, "discard", 48.0)
    assert found == pytest.approx(optimize.brentq(excess, 0.1, 50))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n_failures", [0, 3])
def test_test_passes_where_the_90_percent_interval_of_the_mean_lies_inside(rule, n_failures):
    generator = np.random.default_rng(9)
    outcomes = np.rint(15 + generator.lognormal(3.2, 0.8, 300)).astype(int).tolist()
    converged = [True] * 300 + [False] * n_failures
    table = CountTable.from_outcomes(outcomes + [2000] * n_failures, converged, 2000)
    inner = estimate_mean(table, rule, level=0.90).interval
    edge = max(inner.high - 48, 48 - inner.low)
    assert find_smallest_margin(table, rule, 48.0) == pytest.approx(edge)
    passed = assess_equivalence(table, rule, 48.0, margin=edge + 0.01)
    missed = assess_equivalence(table, rule, 48.0, margin=edge - 0.01)
    assert passed.is_equivalent
    assert not missed.is_equivalent
    assert passed.p_value < 0.05 < missed.p_value
    assert missed.p_value - passed.p_value < 0.01


def test_equal_outcomes_are_equivalent_strictly_within_the_margin():
    table = CountTable.from_outcomes([50] * 9, [True] * 9, None)
    found = assess_equivalence(table, "discard", 48.0, margin=2.1)
    assert (found.p_value, found.is_equivalent) == (0.0, True)
    assert not assess_equivalence(table, "discard", 48.0, margin=2.0).is_equivalent
    assert find_smallest_margin(table, "discard", 48.0) == 2


@pytest.mark.parametrize("rule", ["cap", "restart"])
def test_few_equal_outcomes_show_nothing_where_failures_could_be_unseen(rule):
    table = CountTable.from_outcomes([48] * 3, [True] * 3, 2000)
    found = assess_equivalence(table, rule, 48.0, margin=4.8)
    assert not found.is_equivalent
    assert found.p_value > 0.05
    assert find_smallest_margin(table, rule, 48.0) > 100


def test_single_network_can_show_no_equivalence():
    table = CountTable.from_outcomes([48], [True], None)
    found = assess_equivalence(table, "discard", 48.0, margin=100.0)
    assert (found.p_value, found.is_equivalent) == (None, False)
    assert find_smallest_margin(table, "discard", 48.0) is None


def test_tests_are_those_of_the_restart_that_was_asked_for():
    generator = np.random.default_rng(3)
    outcomes = generator.integers(20, 90, 300)
    table = CountTable.from_outcomes(outcomes, [True] * 300, 90)
    cut = {"restart_after": 40}
    inner = estimate_mean(table, "restart", level=0.90, **cut).interval
    edge = inner.high - 48
    found = find_smallest_margin(table, "restart", 48.0, **cut)
    assert found == pytest.approx(edge)
    # At the smallest margin the larger one-sided p-value is 5 %.
    at_edge = assess_equivalence(table, "restart", 48.0, margin=edge, **cut)
    assert at_edge.p_value == pytest.approx(0.05, abs=1e-6)
    assert assess_equivalence(table, "restart", 48.0, margin=edge + 1e-6, **cut).is_equivalent
    assert not assess_equivalence(table, "restart", 48.0, margin=edge - 1e-6, **cut).is_equivalent


def test_margin_is_kept_whatever_the_outcome():
    equal = CountTable.from_outcomes([50] * 9, [True] * 9, None)
    assert assess_equivalence(equal, "discard", 48.0, margin=1.5) == Equivalence(1.5, 1.0, False)
    assert assess_equivalence(equal, "discard", 48.0, margin=2.5) == Equivalence(2.5, 0.0, True)
    single = CountTable.from_outcomes([48], [True], None)
    assert assess_equivalence(single, "discard", 48.0, margin=3.0) == Equivalence(3.0, None, False)


def test_p_value_of_a_large_study_near_its_margin():
    """With 40,000 networks the whole range of p spans less than one update."""
    sample, table = make_symmetric()
    table = CountTable(table.updates, table.counts * 200, 0, None)
    reach = stats.t.ppf(0.7, 39_999) * stats.sem(np.repeat(sample, 200))
    found = assess_equivalence(table, "discard", 48.0, margin=1 + reach)
    assert found.p_value == pytest.approx(0.3, rel=1e-6)
    far = assess_equivalence(table, "discard", 400.0, margin=4.0)
    assert (far.p_value, far.is_equivalent) == (1.0, False)


def test_nothing_converged_has_no_smallest_margin():
    table = CountTable([], [], 5, 100)
    assert find_smallest_margin(table, "discard", 48.0) is None
    assert assess_equivalence(table, "discard", 48.0, margin=4.8) == Equivalence(4.8, None, False)
    slow = CountTable([90], [8], 2, 100)
    found = assess_equivalence(slow, "restart", 90.0, margin=4.8, restart_after=50)
    assert found == Equivalence(4.8, None, False)


def test_mean_without_an_upper_bound_is_never_equivalent():
    """One success in two: no level gives its restarts an upper end."""
    table = CountTable.from_outcomes([48, 100], [True, False], 100)
    found = assess_equivalence(table, "restart", 108.0, margin=1e6, restart_after=60)
    assert not found.is_equivalent
    assert found.p_value >= 0.5
    assert find_smallest_margin(table, "restart", 108.0, restart_after=60) is None


def test_chance_of_no_failure_is_binomial_at_zero():
    table = CountTable.from_outcomes([10] * 990 + [99] * 10, [True] * 990 + [False] * 10, 99)
    found = estimate_no_failure(table, [1, 20, 300])
    assert found.n.tolist() == [1, 20, 300]
    assert found.chance == pytest.approx(stats.binom.pmf(0, [1, 20, 300], 0.01))
    assert np.all((found.low < found.chance) & (found.chance < found.high))
    oracle = stats.binomtest(10, 1000).proportion_ci(0.95, method="exact")
    assert found.low == pytest.approx((1 - oracle.high) ** found.n)
    assert found.high == pytest.approx((1 - oracle.low) ** found.n)


@pytest.mark.parametrize(("failures", "expected"), [(0, None), (500, 1), (1000, 1), (100, 7)])
def test_runs_until_a_failure_is_as_likely_as_not(failures, expected):
    table = CountTable.from_outcomes(
        [10] * (1000 - failures) + [99] * failures,
        [True] * (1000 - failures) + [False] * failures,
        99,
    )
    assert find_median_runs_to_failure(table) == expected
