"""The largest of n new runs: ranks, the exponential tail, and simulation."""

import numpy as np
import pytest
from replication.comparison.extremes import LargestOf, Tail, compute_lower_chances, fit_tail
from scipy import integrate, stats


def make_law(values, runs, *, is_bounded=False):
    distinct, counts = np.unique(np.asarray(values, float), return_counts=True)
    return LargestOf(distinct, counts, runs, fit_tail(distinct, counts, is_bounded=is_bounded))


@pytest.mark.parametrize(("n_seen", "runs"), [(10, 3), (50, 100), (1000, 20)])
def test_rank_of_the_largest_is_a_moment_of_a_beta_variable(n_seen, runs):
    for rank in (1, n_seen // 2, n_seen):
        expected = stats.beta(rank, n_seen + 1 - rank).expect(lambda share: share**runs)
        assert compute_lower_chances(rank, n_seen, runs) == pytest.approx(expected, rel=1e-6)
    assert compute_lower_chances([0, n_seen + 1], n_seen, runs).tolist() == [0, 1]


def test_largest_lies_beyond_all_seen_runs_with_n_in_n_plus_n():
    law = make_law(np.arange(1, 51), 100)
    _, upper = law.bound_tails(50.5, 51.5)
    assert upper == pytest.approx(100 / 150, rel=0.1)
    assert law.tail.compute_upper_chances(50.0, 50, 100) == pytest.approx(100 / 150)


def test_rank_chances_hold_for_any_continuous_population():
    generator = np.random.default_rng(7)
    seen = np.sort(generator.lognormal(size=(20_000, 30)), axis=1)
    largest = generator.lognormal(size=(20_000, 10)).max(axis=1)
    for rank in (15, 25, 30):
        share = np.mean(largest < seen[:, rank - 1])
        assert compute_lower_chances(rank, 30, 10) == pytest.approx(share, abs=0.015)


def test_tail_is_the_average_over_share_and_scale():
    tail = Tail(start=5.0, scale=2.0, n_top=8)
    n_seen, runs, value = 50, 20, 9.0

    def integrand(share, gamma):
        beyond = share * np.exp(-(value - 5.0) * gamma / (8 * 2.0))
        density = stats.beta.pdf(share, 1, n_seen) * stats.gamma.pdf(gamma, 8)
        return (1 - (1 - beyond) ** runs) * density

    expected, _ = integrate.dblquad(integrand, 0, 40, 0, 1, epsabs=1e-8)
    found = tail.compute_upper_chances(value, n_seen, runs)
    assert found == pytest.approx(expected, rel=0.02)
    assert tail.compute_upper_chances(tail.find(0.01, n_seen, runs), n_seen, runs) == pytest.approx(
        0.01, rel=1e-4
    )


def test_scale_of_the_tail_is_the_mean_excess_of_the_top_runs():
    tail = fit_tail(np.array([1.0, 2, 3, 5, 8]), np.array([11, 1, 1, 2, 1]), is_bounded=False)
    assert (tail.start, tail.n_top) == (8, 4)
    assert tail.scale == pytest.approx(np.mean([8, 5, 5, 3]) - 2)


@pytest.mark.parametrize("values", [[4.0] * 30, [1.0, 2.0]])
def test_equal_or_very_few_runs_have_no_tail(values):
    law = make_law(values, 10)
    assert law.tail.scale == 0
    assert law.find_interval(0.02)[1] == max(values)


def test_nothing_lies_beyond_where_runs_were_stopped():
    law = make_law(np.arange(1, 51), 100, is_bounded=True)
    assert law.find_interval(0.002)[1] == 50
    assert law.find_p(50.5, 51.5) == 0


def test_exponential_maximum_has_its_closed_form():
    """P(max <= x) = (1 - exp(-x))^n."""
    generator = np.random.default_rng(8)
    law = make_law(generator.exponential(size=200_000), 50)
    for end, probability in zip(law.find_interval(0.05), (0.025, 0.975), strict=True):
        exact = -np.log1p(-(probability ** (1 / 50)))
        assert end == pytest.approx(exact, abs=0.12)


def test_exponential_maximum_from_few_runs_is_covered_as_often_as_said():
    generator = np.random.default_rng(9)
    inside = 0
    for _ in range(400):
        law = make_law(generator.exponential(size=50), 100)
        largest = generator.exponential(size=100).max()
        low, high = law.find_interval(0.05)
        inside += low <= largest <= high
    assert inside / 400 == pytest.approx(0.95, abs=0.035)


def test_p_is_twice_the_smaller_tail_where_nothing_is_discrete():
    law = make_law(np.arange(100_000.0), 20)
    lower, upper = law.bound_tails(80_000.0, 80_001.0)
    assert law.find_p(80_000.0, 80_001.0) == pytest.approx(2 * min(lower, upper), rel=1e-3)


def test_values_inside_the_interval_are_those_not_rejected():
    law = make_law(np.arange(1.0, 101.0), 30)
    low, high = law.find_interval(0.05)
    for value in np.arange(80.5, 130.0):
        lower, upper = law.bound_tails(value, np.nextafter(value, np.inf))
        assert (min(lower, upper) > 0.025) == (low < value < high)


def test_spelled_out_distribution_has_the_same_ends():
    law = make_law(np.random.default_rng(10).exponential(size=200), 30)
    values, mass = law.spell_out()
    assert mass.sum() == pytest.approx(1)
    assert np.all(np.diff(values) >= 0)
    running = np.cumsum(mass)
    for end, probability in zip(law.find_interval(0.05), (0.025, 0.975), strict=True):
        assert values[np.searchsorted(running, probability)] == pytest.approx(end, abs=0.4)


def test_resampled_scales_average_to_an_inverse_gamma_mean():
    tail = Tail(0.0, 3.0, 9)
    scales = tail.resample_scale(100_000, np.random.default_rng(0))
    assert scales.mean() == pytest.approx(3.0 * 9 / 8, rel=0.01)
