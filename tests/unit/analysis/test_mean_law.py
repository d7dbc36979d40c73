"""The exact law of a mean, against convolution and closed forms."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from replication.analysis.mean_law import MeanLaws
from replication.analysis.runs import RunLaw
from replication.errors import UsageError

# Skewed, with gaps: far from any closed form.
SKEWED = RunLaw(np.array([3, 4, 9, 30, 200]), np.array([0.3, 0.4, 0.2, 0.09, 0.01]))


def convolve(run, n):
    single = np.zeros(run.values[-1] + 1)
    single[run.values] = run.probabilities
    law = np.array([1.0])
    for _ in range(n):
        law = np.convolve(law, single)
    return law


@pytest.mark.parametrize("n", range(1, 41))
def test_law_equals_direct_convolution(n):
    law = MeanLaws(SKEWED).compute(n)
    assert law.cumulative[-1] == 1
    direct = np.cumsum(convolve(SKEWED, n))
    sums = np.rint(law.values * n).astype(int)
    assert law.spread_error == 0
    assert law.cumulative == pytest.approx(direct[np.minimum(sums, direct.size - 1)], abs=1e-12)


@pytest.mark.parametrize(("success", "n"), [(0.5, 1), (0.3, 20), (0.02, 500), (0.9, 5000)])
def test_sum_of_geometric_outcomes_is_negative_binomial(success, n):
    """Updates until success are geometric; their sum minus n is negative binomial."""
    run = RunLaw(np.array([1]), np.array([1.0]), 1 - success, 1)
    law = MeanLaws(run).compute(n)
    failures = np.rint(law.values * n).astype(int) - n
    assert law.cumulative == pytest.approx(stats.nbinom.cdf(failures, n, success), abs=1e-9)


def test_sum_of_two_point_outcomes_is_binomial():
    run = RunLaw(np.array([41, 57]), np.array([0.75, 0.25]))
    law = MeanLaws(run).compute(1000)
    assert law.step == 16
    upper = np.rint((law.values * 1000 - 41_000) / 16).astype(int)
    assert law.cumulative == pytest.approx(stats.binom.cdf(upper, 1000, 0.25), abs=1e-11)
    # 45.08 is reached with 255 of the larger outcome.
    at = Fraction(4508, 100)
    assert law.probability_below(at) == pytest.approx(stats.binom.cdf(254, 1000, 0.25))
    above = at + Fraction(1, 1000)
    assert law.probability_below(above) == pytest.approx(stats.binom.cdf(255, 1000, 0.25))


@pytest.mark.parametrize("n", [1, 30, 5000])
@pytest.mark.parametrize("values", [(41, 57), (0, 4000)])
def test_window_of_a_binomial_law_holds_all_but_what_chernoff_leaves_out(values, n):
    """Less than 1e-13 lies outside; the bound itself overstates such tails a hundredfold."""
    run = RunLaw(np.array(values), np.array([0.75, 0.25]))
    law = MeanLaws(run).compute(n)
    counts = np.rint((law.values * n - n * values[0]) / (values[1] - values[0])).astype(int)
    assert stats.binom.cdf(counts[0] - 1, n, 0.25) < 1e-13
    assert stats.binom.sf(counts[-1], n, 0.25) < 1e-13
    assert counts[0] in {0, 1} or stats.binom.cdf(counts[0] + 2, n, 0.25) > 5e-16
    assert counts[-1] <= n + 1
    assert counts[-1] >= n or stats.binom.sf(counts[-1] - 3, n, 0.25) > 5e-16


@pytest.mark.parametrize("restart_after", [1, 300])
@pytest.mark.parametrize(
    ("success", "n"), [(0.5, 1), (0.05, 1), (0.001, 2), (0.3, 20), (0.02, 500), (0.9, 5000)]
)
def test_window_of_a_restart_law_is_as_tight(success, n, restart_after):
    """A run lasts 5 updates and a geometric number of restarts."""
    run = RunLaw(np.array([5]), np.array([1.0]), 1 - success, restart_after)
    law = MeanLaws(run).compute(n)
    assert law.step == restart_after
    failures = np.rint((law.values * n - 5 * n) / restart_after).astype(int)
    assert stats.nbinom.cdf(failures[0] - 1, n, success) < 1e-13
    assert stats.nbinom.sf(failures[-1], n, success) < 1e-13
    assert failures[0] == 0 or stats.nbinom.cdf(failures[0] + 2, n, success) > 5e-16
    assert stats.nbinom.sf(failures[-1] - 3, n, success) > 5e-16


@pytest.mark.parametrize("share", [0.01, 0.1, 0.24, 0.26, 0.6, 0.9, 0.99])
def test_rate_is_that_of_the_binomial_law(share):
    """Chernoff's rate is the divergence of the share from the probability (Cover & Thomas)."""
    run = RunLaw(np.array([41, 57]), np.array([0.75, 0.25]))
    divergence = share * math.log(share / 0.25) + (1 - share) * math.log((1 - share) / 0.75)
    found = MeanLaws(run).bound_rate(Fraction(41 + 16 * Fraction(share)))
    assert 0.98 * divergence <= found <= divergence * (1 + 1e-9)


def test_rate_is_nothing_at_the_mean_and_without_spread():
    laws = MeanLaws(RunLaw(np.array([40, 56]), np.array([0.75, 0.25])))
    assert laws.bound_rate(44) == 0
    assert MeanLaws(RunLaw(np.array([48]), np.array([1.0]))).bound_rate(60) == 0


def test_sum_of_two_of_very_many_outcomes_is_triangular():
    """So many values that the window is found from an outline of the law."""
    m = 6000
    law = MeanLaws(RunLaw(np.arange(m), np.full(m, 1 / m))).compute(2)
    sums = np.rint(law.values * 2).astype(int)
    rest = 2 * m - 2 - sums
    below, above = (sums + 1) * (sums + 2) / 2 / m**2, rest * (rest + 1) / 2 / m**2
    assert law.cumulative == pytest.approx(np.where(sums < m, below, 1 - above), abs=1e-12)
    assert sums[0] == 0
    assert sums[-1] in {2 * m - 2, 2 * m - 1}


def test_restart_law_equals_the_generating_function_written_out():
    run = RunLaw(np.array([2, 5]), np.array([0.6, 0.4]), 0.25, 7)
    single = np.zeros(7 * 40)
    for failures in range(39):
        single[7 * failures + 2] += 0.6 * 0.75 * 0.25**failures
        single[7 * failures + 5] += 0.4 * 0.75 * 0.25**failures
    direct = np.cumsum(np.convolve(np.convolve(single, single), single))
    law = MeanLaws(run).compute(3)
    sums = np.rint(law.values * 3).astype(int)
    assert law.cumulative == pytest.approx(direct[np.minimum(sums, direct.size - 1)], abs=1e-12)


def test_prediction_interval_leaves_half_the_rest_at_either_end():
    law = MeanLaws(RunLaw(np.array([0, 10]), np.array([0.5, 0.5]))).compute(100)
    for level in (0.5, 0.8, 0.95):
        ends = stats.binom.interval(level, 100, 0.5)
        assert law.predict(level=level) == (ends[0] / 10, ends[1] / 10)
    assert law.predict() == law.predict(level=0.95)


def test_outcomes_of_nothing_sum_to_nothing():
    law = MeanLaws(RunLaw(np.array([0]), np.array([1.0]))).compute(20)
    assert law.predict() == (0, 0)
    assert (law.quantile(0), law.quantile(1)) == (0, 0)


def test_all_equal_outcomes_give_a_single_point():
    law = MeanLaws(RunLaw(np.array([48]), np.array([1.0]))).compute(100)
    assert law.predict() == (48, 48)
    assert law.probability_below(48) == 0
    assert law.probability_below(Fraction(97, 2)) == 1


def test_probability_below_is_strict_at_a_value_that_occurs():
    law = MeanLaws(RunLaw(np.array([0, 1]), np.array([0.5, 0.5]))).compute(2)
    assert law.probability_below(Fraction(1, 2)) == pytest.approx(0.25)
    assert law.probability_below(Fraction(1, 2) + Fraction(1, 10**9)) == pytest.approx(0.75)
    assert law.probability_below(0) == 0
    assert law.probability_below(2) == 1


def test_quantiles_are_the_smallest_values_that_reach_the_probability():
    law = MeanLaws(RunLaw(np.array([0, 1]), np.array([0.5, 0.5]))).compute(2)
    assert [law.quantile(p) for p in (0.2, 0.25, 0.26, 0.75, 0.76)] == [0, 0, 0.5, 0.5, 1]


def test_binned_law_keeps_the_mean_and_states_how_far_its_spread_is_off():
    exact = MeanLaws(SKEWED).compute(40)
    binned = MeanLaws(SKEWED, max_cells=1 << 9).compute(40)
    assert 0 < binned.spread_error < 0.05

    def moments(law):
        mean = law.values @ law.probabilities
        return mean, math.sqrt((law.values - mean) ** 2 @ law.probabilities)

    (mean, spread), (binned_mean, binned_spread) = moments(exact), moments(binned)
    assert binned_mean == pytest.approx(mean, rel=1e-9)
    assert 0 <= binned_spread / spread - 1 <= binned.spread_error * 1.01


@pytest.mark.parametrize("unit", [1, 10])
@pytest.mark.parametrize("failure", [0.0, 0.25])
def test_binning_halves_the_cells_and_keeps_the_law(unit, failure):
    """Each attempt is split between two cells, which adds a quarter of a squared step at most."""
    run = RunLaw(SKEWED.values * unit, SKEWED.probabilities, failure, 77 * unit if failure else 0)
    exact = MeanLaws(run).compute(40)
    binned = MeanLaws(run, max_cells=1 << 10).compute(40)
    assert exact.step == unit
    assert 505 <= binned.cumulative.size <= 515
    step = float(binned.step)
    attempts = 1 / (1 - failure)
    assert binned.spread_error == pytest.approx(step**2 / 4 * attempts / (2 * run.variance))
    mean, binned_mean = (law.values @ law.probabilities for law in (exact, binned))
    assert binned_mean == pytest.approx(mean, rel=1e-9)
    spread, binned_spread = (
        math.sqrt((law.values - mean) ** 2 @ law.probabilities) for law in (exact, binned)
    )
    assert 0 <= binned_spread / spread - 1 <= binned.spread_error
    for probability in (0.05, 0.5, 0.95):
        assert binned.quantile(probability) == pytest.approx(
            exact.quantile(probability), abs=1.5 * step / 40
        )


def test_law_is_binned_only_where_it_needs_more_cells():
    cells = MeanLaws(SKEWED).compute(40).cumulative.size
    assert MeanLaws(SKEWED, max_cells=cells + 4).compute(40).spread_error == 0
    assert MeanLaws(SKEWED, max_cells=cells - 4).compute(40).spread_error > 0


def test_moments_of_the_law_are_those_of_the_run():
    for n in (1, 10, 1000):
        law = MeanLaws(SKEWED).compute(n)
        mean = law.values @ law.probabilities
        variance = (law.values - mean) ** 2 @ law.probabilities
        assert mean == pytest.approx(SKEWED.mean)
        assert variance == pytest.approx(SKEWED.variance / n)


def test_no_runs_have_no_mean():
    with pytest.raises(UsageError, match="1 or more"):
        MeanLaws(SKEWED).compute(0)
