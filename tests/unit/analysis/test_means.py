"""Intervals of the mean: each ingredient against another source, and the edges."""

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from replication.analysis.counts import CountTable
from replication.analysis.means import (
    METHOD,
    METHOD_WITH_FAILURES,
    bound_mean,
    estimate_mean,
)


def make_table(outcomes, n_censored=0, cap=None):
    values = list(outcomes) + [cap] * n_censored
    return CountTable.from_outcomes(values, [True] * len(outcomes) + [False] * n_censored, cap)


def test_symmetric_sample_gets_the_interval_of_students_t():
    values, counts = np.array([40, 48, 56]), np.array([10, 20, 10])
    sample = np.repeat(values, counts)
    expected = stats.t.interval(0.95, 39, sample.mean(), stats.sem(sample))
    assert bound_mean(values, counts) == pytest.approx(expected)


def test_skewed_sample_gets_the_further_of_t_and_hall_at_each_end():
    """Hall's (1992) transform is written out here and inverted by bisection."""
    sample = np.array([1, 1, 2, 2, 3, 4, 9, 30, 80])
    n, mean, error = sample.size, sample.mean(), stats.sem(sample)
    skewness = np.mean((sample - mean) ** 3) / sample.std(ddof=1) ** 3

    def transform(studentised):
        g = studentised / math.sqrt(n)
        return math.sqrt(n) * (
            g + skewness * g**2 / 3 + skewness**2 * g**3 / 27 + skewness / (6 * n)
        )

    def invert(goal):
        low, high = -1e4, 1e4
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if transform(middle) < goal else (low, middle)
        return low

    reach = stats.t.ppf(0.975, n - 1)
    hall = mean - error * invert(reach), mean - error * invert(-reach)
    student = mean - error * reach, mean + error * reach
    low, high = bound_mean(*np.unique(sample, return_counts=True))
    assert low == pytest.approx(min(hall[0], student[0]), rel=1e-6)
    assert high == pytest.approx(max(hall[1], student[1]), rel=1e-6)
    assert high == pytest.approx(hall[1], rel=1e-6)  # right-skewed: Hall reaches further up


def test_left_skewed_sample_is_the_mirror_of_a_right_skewed_one():
    values, counts = np.unique([1, 1, 2, 2, 3, 4, 9, 30, 80], return_counts=True)
    low, high = bound_mean(values, counts)
    mirrored = bound_mean(100 - values[::-1], counts[::-1])
    assert mirrored == pytest.approx((100 - high, 100 - low))


def test_two_outcomes_are_enough_for_students_t():
    """On one degree of freedom the t quantile is tan(0.475 pi) = 12.706."""
    found = estimate_mean(make_table([40, 56]), "discard")
    reach = 8 * math.tan(0.475 * math.pi)
    assert bound_mean(np.array([40, 56]), np.array([1, 1])) == pytest.approx(
        (48 - reach, 48 + reach)
    )
    assert (found.interval.low, found.interval.high) == (0, pytest.approx(48 + reach))
    assert (found.standard_error, found.standard_deviation, found.n) == (8, 8, 2)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("rule", "restart_after"), [("cap", 50), ("restart", 90)])
def test_failures_are_joined_by_the_recovery_of_variances(rule, restart_after, level):
    """Zou & Donner (2008), equation 4, written out with the intervals of other libraries.

    The outcomes are symmetric, so that their own interval is Student's.
    """
    n, failed = 50, 10
    sample = np.repeat([40, 48, 56], [10, 20, 10])
    table = make_table(sample.tolist(), failed, 100)
    mean = sample.mean()
    low, high = stats.t.interval(level, 39, mean, stats.sem(sample))
    shares = proportion_confint(failed, n, alpha=1 - level, method="beta")
    if rule == "cap":
        weight, cost = 1 - failed / n, lambda q: q * (100 - mean)
    else:
        weight, cost = 1, lambda q: 90 * q / (1 - q)
    centre = mean + cost(failed / n)
    down = math.hypot(weight * (mean - low), cost(failed / n) - cost(shares[0]))
    up = math.hypot(weight * (high - mean), cost(shares[1]) - cost(failed / n))
    found = estimate_mean(table, rule, restart_after=restart_after, level=level)
    assert found.interval.value == pytest.approx(centre)
    assert found.interval.low == pytest.approx(centre - down)
    assert found.interval.high == pytest.approx(centre + up)
    assert (found.interval.method, found.interval.level) == (METHOD_WITH_FAILURES, level)
    assert found.n == n


def test_standard_error_of_restart_worked_by_hand():
    """m + c q / (1 - q): variance of m over its 4 successes, plus c^2 q / (1 - q)^3 / n."""
    found = estimate_mean(make_table([40, 48, 48, 56], 4, 100), "restart", restart_after=60)
    assert found.interval.value == 48 + 60
    assert found.standard_error == pytest.approx(math.sqrt(32 / 3 + 60**2 * 0.5 / 0.5**3 / 8))
    two = estimate_mean(make_table([40, 56], 2, 100), "restart", restart_after=60)
    assert two.standard_error == pytest.approx(math.sqrt(64 + 60**2 * 0.5 / 0.5**3 / 4))
    # One attempt: the outcome, and before it a geometric number of failures.
    assert found.standard_deviation == pytest.approx(math.sqrt(32 + 60**2 * 0.5 / 0.5**2))


def test_mean_without_failures_is_described_in_full():
    found = estimate_mean(make_table([10, 20, 60]), "discard", level=0.9)
    assert (found.interval.method, found.interval.level) == (METHOD, 0.9)
    assert found.standard_deviation == pytest.approx(np.std([10, 20, 60]))
    assert found.standard_error == pytest.approx(stats.sem([10, 20, 60]))
    assert found.n == 3


@pytest.mark.parametrize("rule", ["cap", "restart"])
def test_failures_leave_a_small_study_almost_unbounded(rule):
    """One success in two: it says nothing of its own mean, and no end of restarts is known."""
    found = estimate_mean(make_table([48], 1, 100), rule, restart_after=60)
    expected = 74 if rule == "cap" else 48 + 60
    assert (found.interval.value, found.interval.low) == (expected, 0)
    assert found.interval.high == (100 if rule == "cap" else None)
    error = 26 if rule == "cap" else 60 * math.sqrt(0.5 / 0.5**3 / 2)
    assert found.standard_error == pytest.approx(error)
    assert estimate_mean(make_table([48], 0, 100), rule).standard_error is None


def test_mean_of_restarts_may_lie_beyond_the_cap():
    found = estimate_mean(make_table([48] * 5, 95, 100), "restart", restart_after=100)
    assert found.interval.value == pytest.approx(48 + 100 * 19)
    assert found.interval.high > 3000


def test_all_equal_outcomes_give_a_point():
    found = estimate_mean(make_table([48] * 50), "discard")
    assert (found.interval.low, found.interval.value, found.interval.high) == (48, 48, 48)
    assert found.standard_error == 0


def test_single_outcome_has_no_upper_end_and_no_error():
    found = estimate_mean(make_table([48]), "discard")
    assert (found.interval.low, found.interval.value, found.interval.high) == (0, 48, None)
    assert found.standard_error is None


def test_standard_error_at_the_cap_is_that_of_the_restricted_outcomes():
    outcomes = [10, 20, 20, 30, 90]
    found = estimate_mean(make_table(outcomes, 3, 100), "cap")
    restricted = [*outcomes, 100, 100, 100]
    assert found.interval.value == pytest.approx(np.mean(restricted))
    assert found.standard_error == pytest.approx(stats.sem(restricted))


def test_standard_error_of_restart_is_that_of_the_ratio():
    """Delta method for E[min(T, c)] / P(T <= c), on the outcomes themselves."""
    generator = np.random.default_rng(4)
    outcomes = generator.integers(10, 300, 5000)
    found = estimate_mean(make_table(outcomes.tolist()), "restart", restart_after=200)
    spent, done = np.minimum(outcomes, 200), outcomes <= 200
    ratio = spent.mean() / done.mean()
    error = stats.sem(spent - ratio * done) / done.mean()
    assert found.interval.value == pytest.approx(ratio)
    assert found.standard_error == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize("rule", ["cap", "restart"])
def test_interval_with_many_failures_tends_to_the_normal_one(rule):
    generator = np.random.default_rng(5)
    outcomes = np.where(generator.random(200_000) < 0.3, 2000, generator.integers(20, 60, 200_000))
    table = CountTable.from_outcomes(outcomes, outcomes < 2000, 2000)
    found = estimate_mean(table, rule)
    half = 1.96 * found.standard_error
    assert found.interval.low == pytest.approx(found.interval.value - half, rel=2e-3)
    assert found.interval.high == pytest.approx(found.interval.value + half, rel=2e-3)


def test_unseen_failures_are_allowed_for_where_a_cap_is_known():
    """No failure in 100: the upper end of the mean holds 3.6 % of failures at the cap."""
    found = estimate_mean(make_table([48] * 100, 0, 2000), "cap")
    share = 1 - 0.025 ** (1 / 100)
    assert found.interval.low == 48
    assert found.interval.high == pytest.approx(48 + share * (2000 - 48))


def test_rules_agree_where_nothing_is_known_to_fail():
    table = make_table([30, 40, 50, 90])
    found = [estimate_mean(table, rule, restart_after=90) for rule in ("discard", "cap", "restart")]
    assert found[0] == found[1] == found[2]
    slow = make_table([300, 400, 500, 900])
    assert estimate_mean(slow, "cap") == estimate_mean(slow, "discard")


def test_all_censored_are_at_the_cap_or_could_have_been_below():
    found = estimate_mean(make_table([], 100, 2000), "cap")
    assert (found.interval.value, found.interval.high) == (2000, 2000)
    assert found.interval.low == pytest.approx(2000 * 0.025 ** (1 / 100))
    assert estimate_mean(make_table([], 100, 2000), "discard") is None


@pytest.mark.parametrize("rule", ["discard", "cap", "restart"])
def test_interval_stays_where_outcomes_can_be(rule):
    found = estimate_mean(make_table([1, 90], 1, 100), rule, restart_after=100)
    assert found.interval.low >= 0
    assert rule != "cap" or found.interval.high <= 100
