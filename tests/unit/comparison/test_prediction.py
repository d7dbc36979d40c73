"""p-values, intervals and chances of reported statistics, against closed forms."""

import math

import numpy as np
import pytest
from replication.comparison.printed import read_printed
from scipy import stats

from replication.comparison.prediction import (
    combine_independent,
    estimate_all_succeed,
    find_p,
    predict,
    predict_successes,
)
from replication.comparison.sampling import Effort, Law, Sample

EFFORT = Effort(200, 20_000)


def read(**reported):
    return {name: read_printed(text, name) for name, text in reported.items()}


def find(sample, runs, **reported):
    return predict(sample, read(**reported), runs, level=0.05, effort=EFFORT)


def test_mean_of_normal_runs_has_students_prediction_interval():
    """mean +- t s sqrt(1/N + 1/n), on average over samples."""
    generator = np.random.default_rng(12)
    ratios = []
    for _ in range(25):
        values = generator.normal(size=40)
        (finding,) = find(Sample.from_values(values), 10, mean="0.0").findings
        reach = stats.t.ppf(0.975, 39) * values.std(ddof=1) * math.sqrt(1 / 40 + 1 / 10)
        ratios.append((finding.high - finding.low) / (2 * reach))
        assert (finding.high + finding.low) / 2 == pytest.approx(values.mean(), abs=0.3)
    # Unseen values beyond either end make it somewhat wider.
    assert 0.97 < np.mean(ratios) < 1.15


def test_many_normal_runs_leave_the_normal_law_of_the_mean():
    sample = Sample.from_values(np.random.default_rng(13).normal(50, 10, size=20_000))
    prediction = find(sample, 25, mean="54.00")
    z = (54.0 - sample.mean) / (sample.spread / 5)
    assert prediction.p == pytest.approx(2 * stats.norm.sf(z), abs=4 * prediction.p_error + 0.002)
    assert not prediction.findings[0].is_exact


def test_standard_deviation_of_normal_runs_is_chi_squared():
    sample = Sample.from_values(np.random.default_rng(14).normal(0, 2, size=20_000))
    (finding,) = find(sample, 20, sd="2.0").findings
    low, high = 2 * np.sqrt(stats.chi2.ppf([0.025, 0.975], 19) / 19)
    assert (finding.low, finding.high) == pytest.approx((low, high), abs=0.04)


def test_standard_error_is_the_deviation_over_the_root_of_n():
    sample = Sample.from_values(np.random.default_rng(15).normal(0, 2, size=500))
    by_error = find(sample, 16, se="0.50")
    by_spread = find(sample, 16, sd="2.0")
    assert by_error.findings[0].low == pytest.approx(by_spread.findings[0].low / 4)
    assert by_error.p == pytest.approx(by_spread.p, abs=0.05)


def test_median_of_uniform_runs_is_a_beta_variable():
    sample = Sample.from_values(np.random.default_rng(16).uniform(size=20_000))
    (finding,) = find(sample, 9, median="0.5").findings
    low, high = stats.beta.ppf([0.025, 0.975], 5, 5)
    assert (finding.low, finding.high) == pytest.approx((low, high), abs=0.02)


def test_smallest_is_the_largest_of_the_negated():
    values = np.random.default_rng(17).exponential(size=100)
    smallest = find(Sample.from_values(values), 20, min="0.1").findings[0]
    largest = find(Sample.from_values(-values), 20, max="-0.1").findings[0]
    assert smallest.p == pytest.approx(largest.p)
    assert (smallest.low, smallest.high) == pytest.approx((-largest.high, -largest.low))


def test_mean_is_judged_given_the_largest_where_both_are_reported():
    values = np.random.default_rng(18).geometric(0.05, size=2000)
    prediction = find(Sample.from_values(values), 50, mean="20", max="90")
    found = {finding.name: finding for finding in prediction.findings}
    assert set(found) == {"mean", "max", "mean_given_max"}
    # Knowing the largest leaves the mean less room.
    assert found["mean_given_max"].spread < found["mean"].spread
    smaller = min(found["max"].p, found["mean_given_max"].p)
    assert prediction.p == pytest.approx(1 - (1 - smaller) ** 2)


def test_a_largest_value_below_all_runs_is_rejected():
    sample = Sample.from_values(np.arange(100.0, 200.0))
    assert find(sample, 20, mean="50", max="60").p < 1e-6


def test_many_statistics_together_are_no_more_extreme_than_their_worst_alone():
    """Three copies of nearly one number are hardly more evidence than one."""
    sample = Sample.from_values(np.random.default_rng(19).normal(10, 1, size=400))
    together = find(sample, 20, mean="10.5", median="10.5", sd="1.0")
    alone = find(sample, 20, mean="10.5")
    assert alone.p < together.p < 3 * alone.p + 0.02


def test_p_of_a_discrete_law_counts_no_tail_larger_than_its_own():
    """Blaker: P(T <= 0) = 0.1 and no upper tail is that small, so p = 0.1 and not 0.2."""
    law = Law(
        np.array([0.0, 1.0, 2.0]), np.array([0.1, 0.6, 0.3]), np.array([0.1]), np.array([1.0]),
        np.array([0.1]), np.ones(1), is_exact=True,
    )  # fmt: skip
    assert find_p(law) == pytest.approx(0.1)


def test_number_of_successes_is_beta_binomial():
    printed = read_printed("12", "n_succeeded")
    prediction = predict_successes(
        90, 100, printed, 20, name="n_succeeded", level=0.05, effort=EFFORT
    )
    law = stats.betabinom(20, 90.5, 10.5)
    (finding,) = prediction.findings
    assert finding.chance == pytest.approx(law.pmf(12))
    # The other tail is out of reach: all 20 succeed with a chance of 0.13.
    assert prediction.p == pytest.approx(law.cdf(12))
    assert (finding.low, finding.high) == tuple(law.ppf([0.025, 0.975]))


def test_a_share_holds_all_numbers_that_round_to_it():
    share = predict_successes(
        90, 100, read_printed("0.8", "share"), 20, name="share", level=0.05, effort=EFFORT
    )
    law = stats.betabinom(20, 90.5, 10.5)
    assert share.findings[0].chance == pytest.approx(law.pmf(15) + law.pmf(16))


def test_chance_that_all_succeed_is_a_power():
    chance, (low, high) = estimate_all_succeed(990, 1000, 100, n_resamples=2000)
    assert chance == pytest.approx(0.99**100)
    assert low < chance < high


def test_independent_p_values_combine_by_the_smaller():
    values = np.random.default_rng(20).normal(10, 1, size=400)
    first = find(Sample.from_values(values), 20, mean="10.3")
    second = predict_successes(
        90, 100, read_printed("0.8", "share"), 20, name="share", level=0.05, effort=EFFORT
    )
    both = combine_independent(first, second)
    assert both.p == pytest.approx(1 - (1 - min(first.p, second.p)) ** 2)
    assert [finding.name for finding in both.findings] == ["mean", "share"]


@pytest.mark.parametrize("reported", [{"mean": "20.0"}, {"max": "60"}, {"mean": "20", "max": "60"}])
def test_the_same_runs_give_the_same_numbers_twice_and_in_any_order(reported):
    values = np.random.default_rng(21).geometric(0.05, size=60)
    first = find(Sample.from_values(values), 20, **reported)
    again = find(Sample.from_values(values[::-1]), 20, **reported)
    assert first.p == again.p
    assert first.findings == again.findings
