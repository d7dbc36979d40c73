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


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_proportions_have_exact_binomial_ends(level):
    updates, converged = draw_outcomes(200)
    table = CountTable.from_outcomes(updates, converged, 300)
    survival = estimate_survival(table, [60], level=level)
    for found, count in (
        (estimate_convergence(table, level=level), int(converged.sum())),
        (estimate_convergence_within(table, 60, level=level), int((updates <= 60).sum())),
    ):
        oracle = stats.binomtest(count, 200).proportion_ci(level, method="exact")
        assert (found.low, found.high) == pytest.approx((oracle.low, oracle.high))
        assert found.level == level
    oracle = stats.binomtest(int((updates > 60).sum()), 200).proportion_ci(level, method="exact")
    assert (survival.low[0], survival.high[0]) == pytest.approx((oracle.low, oracle.high))


def test_ends_are_those_of_95_per_cent_unless_others_are_asked_for():
    updates, converged = draw_outcomes(200)
    table = CountTable.from_outcomes(updates, converged, 300)
    assert estimate_convergence(table) == estimate_convergence(table, level=0.95)
    assert estimate_convergence_within(table, 60) == estimate_convergence_within(
        table, 60, level=0.95
    )


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


@pytest.mark.parametrize("probability", [0.0, 1.0, -0.1])
def test_quantile_of_impossible_probability_is_refused(probability):
    table = CountTable.from_outcomes([10], [True], None)
    with pytest.raises(UsageError, match="between 0 and 1"):
        estimate_quantile(table, probability)


def test_quantile_is_the_smallest_outcome_that_enough_networks_reach():
    """7 of 100 for 7 %, though 0.07 * 100 is a little more than 7 in floating point."""
    table = CountTable.from_outcomes(np.arange(1, 101), [True] * 100, None)
    for probability, value in ((0.07, 7), (0.071, 8), (0.005, 1), (0.99, 99)):
        assert estimate_quantile(table, probability).value == value


UNBOUNDED = "; an end is unbounded at this sample size"
BEYOND = "; an end lies beyond the cap"


@pytest.mark.parametrize(
    ("n", "n_censored", "ends", "remarks"),
    [
        (6, 0, (1, 6), ""),
        (5, 0, (None, None), UNBOUNDED),
        (10, 1, (2, 9), ""),
        (10, 2, (2, None), BEYOND),
        (5, 1, (None, None), UNBOUNDED + BEYOND),
    ],
)
def test_ends_of_the_median_that_are_missing_are_explained(n, n_censored, ends, remarks):
    """Ranks (1, 6) of 6, (0, 6) of 5, which has no such order statistics, and (2, 9) of 10."""
    outcomes = np.minimum(np.arange(1, n + 1), n - n_censored + 1)
    table = CountTable.from_outcomes(outcomes, np.arange(n) < n - n_censored, n - n_censored + 1)
    found = estimate_quantile(table, 0.5)
    assert (found.low, found.high) == ends
    assert found.method == "order statistics" + remarks


def test_ends_of_another_level_are_other_order_statistics():
    table = CountTable.from_outcomes(np.arange(1, 101), [True] * 100, None)
    found = estimate_quantile(table, 0.5, level=0.8)
    ranks = np.add(stats.binom.ppf([0.1, 0.9], 100, 0.5), [0, 1])
    assert [found.low, found.high] == ranks.tolist()
    assert found.level == 0.8


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


@pytest.mark.parametrize("n_censored", [0, 1, 20])
@pytest.mark.parametrize("level", [0.95, 0.8])
def test_quantiles_at_the_cap_are_those_of_outcomes_written_out(level, n_censored):
    """Every network with its number, the censored ones at the cap, sorted."""
    outcomes = np.sort([*np.arange(1, 101 - n_censored), *[200] * n_censored])
    table = CountTable.from_outcomes(outcomes, outcomes < 200, 200)
    for percent in (5, 50, *range(66, 100)):
        found = estimate_rule_quantile(table, "cap", percent / 100, level=level)
        low, high = find_order_statistics(100, percent / 100, level=level)
        assert found.value == outcomes[percent - 1]
        assert found.low == (outcomes[low - 1] if low else None)
        assert found.high == (outcomes[high - 1] if high <= 100 else None)
        assert found.level == level
        assert ("at the cap" in found.method) == (n_censored > 0)


def test_quantiles_over_the_converged_leave_the_others_out():
    table = CountTable.from_outcomes([10] * 50 + [99] * 50, [True] * 50 + [False] * 50, 99)
    alone = CountTable.from_outcomes([10] * 50, [True] * 50, None)
    for level in (0.95, 0.8):
        found = estimate_rule_quantile(table, "discard", 0.9, level=level)
        assert found == estimate_quantile(alone, 0.9, level=level)


def bound_survival(updates, time, end, level):
    """Return an end of the exact interval of P(T > time), or its estimate."""
    test = stats.binomtest(int((updates > time).sum()), updates.size)
    if end == "value":
        return test.statistic
    return getattr(test.proportion_ci(level, method="exact"), end)


def find_restart_quantile(updates, cut, goal, end, level):
    """Return the first possible time at which the bound of the survival is low enough.

    A run needs more than j c + s updates with probability S(c)^j S(s); where both factors enter,
    each has half the error rate.
    """
    half = (1 + level) / 2
    at_cut = bound_survival(updates, cut, end, half)
    for j in range(100):
        for s in np.unique(updates[updates <= cut]):
            bound = at_cut**j * bound_survival(updates, s, end, half if j else level)
            if bound <= goal * (1 + 1e-12):
                return j * cut + s
    raise AssertionError("a hundred rounds were not enough")


@pytest.mark.parametrize("level", [0.95, 0.8])
@pytest.mark.parametrize("probability", [0.1, 0.3, 0.5, 0.54, 0.75, 0.785, 0.9, 0.99])
def test_restart_quantiles_are_those_of_the_band_searched_one_by_one(probability, level):
    """Half of the networks converge by 6; then 7, 8 and 30, beyond the restart after 9."""
    updates = np.array([2] * 10 + [4] * 10 + [6] * 10 + [7, 8, 30] + [99] * 27)
    table = CountTable.from_outcomes(updates, updates < 99, 99)
    found = estimate_rule_quantile(table, "restart", probability, restart_after=9, level=level)
    for end in ("value", "low", "high"):
        expected = find_restart_quantile(updates, 9, 1 - probability, end, level)
        assert getattr(found, end) == expected, end
    assert found.level == level
    assert found.method == "inverted Clopper-Pearson band"


@pytest.mark.parametrize(("probability", "value"), [(0.5, 10), (0.75, 20), (0.76, 30), (0.875, 30)])
def test_restart_quantile_that_a_whole_number_of_rounds_reaches(probability, value):
    """Half are done after each 10 updates: P(T > 20) is a quarter, so that 20 is the 75 % point."""
    table = CountTable.from_outcomes([10] * 50 + [99] * 50, [True] * 50 + [False] * 50, 99)
    found = estimate_rule_quantile(table, "restart", probability, restart_after=10)
    assert found.value == value


@pytest.mark.parametrize(("level", "enough"), [(0.95, 72), (0.8, 45)])
def test_low_end_that_a_small_sample_cannot_bound_is_unbounded_with_restarts_too(level, enough):
    """0.95^n, the chance to see nothing below the 5 % point: 2.5 % from 72 on, 10 % from 45."""
    for n, low in ((10, None), (enough - 1, None), (enough, 1)):
        table = CountTable.from_outcomes([*range(1, n), 99], [True] * (n - 1) + [False], 99)
        found = estimate_rule_quantile(table, "restart", 0.05, restart_after=90, level=level)
        assert found.low == estimate_quantile(table, 0.05, level=level).low == low


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_restart_quantiles_without_failures_are_order_statistics(level):
    table = CountTable.from_outcomes(np.arange(1, 101), [True] * 100, 200)
    found = estimate_rule_quantile(table, "restart", 0.9, restart_after=150, level=level)
    assert found == estimate_quantile(table, 0.9, level=level)


def test_rules_without_a_law_have_no_quantiles():
    table = CountTable.from_outcomes([99] * 3, [False] * 3, 99)
    assert estimate_rule_quantile(table, "discard", 0.5) is None
    assert estimate_rule_quantile(table, "cap", 0.5).value == 99
