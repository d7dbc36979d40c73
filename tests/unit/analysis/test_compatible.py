"""Reported means, p(n) and n*."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from replication.analysis.compatible import (
    MAX_RUNS,
    ReportedMean,
    confront,
    estimate_n_star,
    find_n_star,
    make_run_grid,
    read_reported_mean,
)
from replication.analysis.intervals import Estimate
from replication.analysis.mean_law import MeanLaws
from replication.analysis.prediction import widen_level
from replication.analysis.runs import RunLaw
from replication.errors import UsageError

FORTY_EIGHT = read_reported_mean("48")


def make_binomial(mean, spread):
    """Outcomes mean - spread and mean + spread, equally likely: sums are binomial."""
    return RunLaw(np.array([mean - spread, mean + spread]), np.array([0.5, 0.5]))


@pytest.mark.parametrize(
    ("text", "low", "high", "decimals"),
    [
        ("48", Fraction(95, 2), Fraction(97, 2), 0),
        ("48.0", Fraction(4795, 100), Fraction(4805, 100), 1),
        ("48.3", Fraction(4825, 100), Fraction(4835, 100), 1),
        ("0.12", Fraction(115, 1000), Fraction(125, 1000), 2),
        (" 0 ", Fraction(-1, 2), Fraction(1, 2), 0),
    ],
)
def test_decimals_give_the_rounding_cell(text, low, high, decimals):
    reported = read_reported_mean(text)
    assert (reported.low, reported.high, reported.decimals) == (low, high, decimals)
    assert (reported.text, reported.value) == (text.strip(), Fraction(text.strip()))


def test_scaling_keeps_the_text_and_multiplies_the_cell():
    assert read_reported_mean("4.8").scale(10) == ReportedMean(
        "4.8", Fraction(48), Fraction(95, 2), Fraction(97, 2), 1
    )


@pytest.mark.parametrize("text", ["", "-1", "forty", "nan", "inf", "1e3", "4_8", "1,5", "٤٨", "+4"])
def test_anything_but_a_plain_number_is_refused(text):
    with pytest.raises(UsageError) as caught:
        read_reported_mean(text)
    assert str(caught.value) == (
        f"the reported mean {text!r} is not a plain number of at least 0; write it with the "
        "decimals that were printed, e.g. 48, 48.3 or 0.12"
    )


@pytest.mark.parametrize("n", [1, 10, 101, 2000])
def test_p_and_chance_agree_with_the_binomial_law(n):
    run = make_binomial(46, 10)
    found = confront(MeanLaws(run).compute(n), FORTY_EIGHT, run=run, n_networks=10**6)
    # The sum is n * 36 + 20 B with B binomial; M_n < v is B < n (v - 36) / 20.
    low = stats.binom.cdf(math.ceil(n * 11.5 / 20) - 1, n, 0.5)
    high = stats.binom.cdf(math.ceil(n * 12.5 / 20) - 1, n, 0.5)
    assert found.n == n
    assert found.below == pytest.approx(high, abs=1e-11)
    assert found.above == pytest.approx(1 - low, abs=1e-11)
    assert found.p == pytest.approx(min(1, 2 * min(1 - low, high)), abs=1e-11)
    assert found.chance == pytest.approx(high - low, abs=1e-11)


def test_prediction_interval_agrees_with_the_binomial_law():
    run = make_binomial(46, 10)
    found = confront(MeanLaws(run).compute(500), FORTY_EIGHT, run=run, n_networks=10**9)
    assert found.low == 36 + 20 * stats.binom.ppf(0.025, 500, 0.5) / 500
    assert found.high == 36 + 20 * stats.binom.ppf(0.975, 500, 0.5) / 500


def test_widening_follows_the_prediction_interval_of_normal_theory():
    """Textbook: t quantile times sqrt(1 + n / N) for a future mean of n normal outcomes."""
    values = np.arange(-60, 61)
    weights = np.exp(-((values / 15) ** 2) / 2)
    run = RunLaw(values + 100, weights / weights.sum())
    level = widen_level(run, 50, n_networks=1000)
    reach = stats.t.ppf(0.975, 1000) * math.sqrt(1.05) * 1.001
    assert level == pytest.approx(2 * stats.norm.cdf(reach) - 1, abs=1e-5)


def test_n_star_is_the_largest_compatible_n_by_full_search():
    run = make_binomial(45, 20)
    laws = MeanLaws(run)
    compatible = []
    for n in range(1, 700):
        found = confront(laws.compute(n), FORTY_EIGHT, run=run, n_networks=1000)
        if found.p > 0.05:
            compatible.append(n)
    n_star, smallest = find_n_star(run, FORTY_EIGHT)
    assert compatible[-1] < 600
    assert smallest == compatible[0]
    # p(n) is uneven, because sums are whole; what is promised is a gap of 12 above n*.
    assert n_star in compatible
    assert not any(n in compatible for n in range(n_star + 1, n_star + 13))


def test_population_at_the_reported_mean_is_compatible_with_any_n():
    n_star, smallest = find_n_star(make_binomial(48, 5), FORTY_EIGHT)
    assert (n_star, smallest) == (MAX_RUNS, 1)


def test_population_that_cannot_give_the_number_is_compatible_with_none():
    found = estimate_n_star(make_binomial(30, 5), FORTY_EIGHT, standard_error=0.01)
    assert (found.n_star, found.smallest, found.low, found.high) == (0, 0, 0, 0)
    assert not found.is_open


def test_interval_of_n_star_is_open_where_the_cell_lies_within_the_error():
    found = estimate_n_star(make_binomial(47, 20), FORTY_EIGHT, standard_error=1.0)
    assert found.low <= found.n_star <= found.high
    assert found.high_is_open
    assert not found.low_is_open


def test_unknown_error_leaves_n_star_anywhere():
    run = make_binomial(40, 20)
    found = estimate_n_star(run, FORTY_EIGHT, standard_error=None)
    assert (found.n_star, found.smallest) == find_n_star(run, FORTY_EIGHT)
    assert (found.low, found.high) == (0, MAX_RUNS)


def test_interval_of_n_star_shrinks_to_it_without_error():
    run = make_binomial(45, 20)
    found = estimate_n_star(run, FORTY_EIGHT, standard_error=0.0)
    assert found.low == found.n_star == found.high
    assert (found.n_star, found.smallest) == find_n_star(run, FORTY_EIGHT)


def test_grid_of_runs_holds_the_named_numbers_and_both_ends():
    grid = make_run_grid()
    assert grid[0] == 1
    assert grid[-1] == MAX_RUNS
    assert {10, 20, 50, 100, 200, 500, 1000} <= set(grid.tolist())
    assert np.all(np.diff(grid) > 0)
    sparse = [1, 10, 20, 50, 71, 100, 200, 500, 1000, 2000, MAX_RUNS]
    assert make_run_grid(n_points=3).tolist() == sparse


def test_unseen_failures_leave_n_star_open_even_if_all_outcomes_are_equal():
    equal = RunLaw(np.array([48]), np.array([1.0]))
    wide = Estimate(48.0, 48.0, 1400.0, "any")
    found = estimate_n_star(equal, FORTY_EIGHT, standard_error=0.0, mean_interval=wide)
    assert (found.n_star, found.low, found.high) == (MAX_RUNS, 0, MAX_RUNS)
    point = Estimate(48.0, 48.0, 48.0, "any")
    found = estimate_n_star(equal, FORTY_EIGHT, standard_error=0.0, mean_interval=point)
    assert (found.low, found.high) == (MAX_RUNS, MAX_RUNS)


def test_end_that_no_tilt_reaches_is_compatible_with_nothing():
    wide = Estimate(48.0, 47.9, 500.0, "any")
    run = RunLaw(np.array([47, 48, 49]), np.array([0.25, 0.5, 0.25]))
    found = estimate_n_star(run, FORTY_EIGHT, standard_error=0.1, mean_interval=wide)
    assert found.low == 0
