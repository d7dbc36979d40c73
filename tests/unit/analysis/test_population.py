"""Survival and quantiles, against statsmodels, scipy and a published table."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight

from replication.analysis.counts import CountTable
from replication.analysis.population import (
    estimate_convergence,
    estimate_convergence_within,
    estimate_quantile,
    estimate_rule_quantile,
    estimate_survival,
    find_order_statistics,
)
from replication.errors import UsageError


def draw_outcomes(n, cap=300):
    generator = np.random.default_rng(6)
    updates = np.rint(15 + generator.lognormal(3, 1, n)).astype(int)
    return np.minimum(updates, cap), updates < cap


def test_survival_agrees_with_kaplan_meier_of_statsmodels():
    updates, converged = draw_outcomes(500)
    assert not converged.all()
    oracle = SurvfuncRight(updates, converged.astype(int))
    curve = estimate_survival(CountTable.from_outcomes(updates, converged, 300))
    assert curve.updates.tolist() == oracle.surv_times.tolist()
    assert curve.survival == pytest.approx(oracle.surv_prob)


def test_survival_agrees_with_the_censored_ecdf_of_scipy():
    updates, converged = draw_outcomes(500)
    data = stats.CensoredData(uncensored=updates[converged], right=updates[~converged])
    oracle = stats.ecdf(data).sf
    curve = estimate_survival(CountTable.from_outcomes(updates, converged, 300), [20, 50, 200])
    assert curve.survival == pytest.approx(oracle.evaluate([20, 50, 200]))


def test_band_is_the_exact_binomial_interval_at_each_time():
    updates, converged = draw_outcomes(200)
    curve = estimate_survival(CountTable.from_outcomes(updates, converged, 300), [30, 60])
    for time, low, high in zip([30, 60], curve.low, curve.high, strict=True):
        beyond = int((updates > time).sum())
        oracle = stats.binomtest(beyond, 200).proportion_ci(0.95, method="exact")
        assert (low, high) == pytest.approx((oracle.low, oracle.high))


def test_convergence_within_the_cap_only():
    updates, converged = draw_outcomes(200)
    table = CountTable.from_outcomes(updates, converged, 300)
    assert estimate_convergence(table).value == converged.mean()
    assert estimate_convergence_within(table, 60).value == np.mean(updates <= 60)
    with pytest.raises(UsageError, match="within the cap"):
        estimate_convergence_within(table, 301)


@pytest.mark.parametrize(
    ("n", "ranks"), [(6, (1, 6)), (10, (2, 9)), (20, (6, 15)), (50, (18, 33)), (100, (40, 61))]
)
def test_ranks_for_the_median_are_the_published_ones(n, ranks):
    """Nonparametric 95 % intervals of the median: Hahn & Meeker (1991), Statistical Intervals.

    Ranks with P(Bin(n, 1/2) < low) <= 2.5 % on either side, as tabled there.
    """
    assert find_order_statistics(n, 0.5) == ranks


@pytest.mark.parametrize("n", [5, 59, 1000, 100_000])
@pytest.mark.parametrize("probability", [0.05, 0.5, 0.99])
def test_ranks_are_binomial_quantiles(n, probability):
    low, high = find_order_statistics(n, probability)
    assert low == stats.binom.ppf(0.025, n, probability)
    assert high == stats.binom.ppf(0.975, n, probability) + 1


def test_quantiles_and_their_ends_are_order_statistics():
    outcomes = np.random.default_rng(7).permutation(np.arange(1, 101))
    table = CountTable.from_outcomes(outcomes, np.ones(100, bool), None)
    found = estimate_quantile(table, 0.5)
    assert (found.value, found.low, found.high) == (50, 40, 61)


def test_quantile_beyond_the_cap_is_said_to_be():
    table = CountTable.from_outcomes([10] * 90 + [99] * 10, [True] * 90 + [False] * 10, 99)
    found = estimate_quantile(table, 0.95)
    assert (found.value, found.high) == (None, None)
    assert "beyond the cap" in found.method


def test_end_that_a_small_sample_cannot_bound_is_said_to_be():
    table = CountTable.from_outcomes([10, 20, 30], [True] * 3, 99)
    found = estimate_quantile(table, 0.99)
    assert (found.value, found.high) == (30, None)
    assert "unbounded" in found.method


def test_quantile_of_impossible_probability_is_refused():
    table = CountTable.from_outcomes([10], [True], None)
    with pytest.raises(UsageError, match="between 0 and 1"):
        estimate_quantile(table, 1.0)


def test_quantiles_under_the_rules():
    table = CountTable.from_outcomes(
        [10] * 50 + [20] * 30 + [99] * 20, [True] * 80 + [False] * 20, 99
    )
    assert estimate_rule_quantile(table, "discard", 0.75).value == 20
    assert estimate_rule_quantile(table, "cap", 0.95).value == 99
    # Restart after 10: a run takes 10 (k + 1) updates after k failures of chance 1/2.
    run = estimate_rule_quantile(table, "restart", 0.95, restart_after=10)
    assert run.value == 10 * np.ceil(np.log2(20))
    assert run.low < run.value < run.high


def test_restart_quantile_within_the_first_attempt_has_order_statistic_ends():
    updates, converged = draw_outcomes(1000)
    table = CountTable.from_outcomes(updates, converged, 300)
    for probability in (0.05, 0.5, 0.75):
        restart = estimate_rule_quantile(table, "restart", probability, restart_after=250)
        plain = estimate_quantile(table, probability)
        assert (restart.value, restart.low, restart.high) == (plain.value, plain.low, plain.high)


def test_rules_without_a_law_have_no_quantiles():
    table = CountTable.from_outcomes([99] * 3, [False] * 3, 99)
    assert estimate_rule_quantile(table, "discard", 0.5) is None
    assert estimate_rule_quantile(table, "cap", 0.5).value == 99
