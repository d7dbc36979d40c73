"""The posterior over readings against a case of two readings worked by hand.

Reading A prints "48" with chance 0.30 at n = 5 and 0.10 at n = 10, reading B
with 0.06 and 0.20. With prior(n) proportional to 1/n, n = 5 has 2/3 and n = 10
has 1/3. The likelihoods are

    A: 2/3 * 0.30 + 1/3 * 0.10 = 7/30
    B: 2/3 * 0.06 + 1/3 * 0.20 = 16/150 = 3.2/30

so A has 7 / 10.2 of the posterior, and n = 5 has (2/3 * 0.36) / (10.2/30).
"""

import numpy as np
import pytest

from replication.analysis.posterior import (
    Likelihoods,
    compute_posterior,
    estimate,
    find_credible_set,
    make_runs,
    measure_answer,
    measure_entropy,
    sum_by_level,
    weigh_runs,
)
from replication.analysis.seed_blocks import Blocked

NS = np.array([5, 10])
CHANCE = np.array([[0.30, 0.10], [0.06, 0.20]])[:, None, None, :]


def test_posterior_of_two_readings_is_that_worked_by_hand():
    posterior = compute_posterior(CHANCE, weigh_runs(NS, "reciprocal"))
    assert posterior.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(posterior.sum(axis=(1, 2, 3)), [7 / 10.2, 3.2 / 10.2])
    assert posterior[..., 0].sum() == pytest.approx(0.24 / (10.2 / 30))


def test_flat_prior_turns_to_the_sums_of_the_chances():
    """Equal weights: 0.40 against 0.26."""
    posterior = compute_posterior(CHANCE, weigh_runs(NS, "flat in log n"))
    np.testing.assert_allclose(posterior.sum(axis=(1, 2, 3)), [0.40 / 0.66, 0.26 / 0.66])


def test_many_runs_leave_only_what_they_allow():
    """With n = 5 out of question, B is twice as probable as A."""
    ns = np.array([5, 100])
    posterior = compute_posterior(CHANCE, weigh_runs(ns, "many runs"))
    np.testing.assert_allclose(posterior.sum(axis=(1, 2, 3)), [1 / 3, 2 / 3])


def test_error_of_the_posterior_follows_from_the_ratio():
    """If only A's chance at n = 5 moves, by d in one block, the posterior moves by the quotient."""
    without = np.repeat(CHANCE[None], 20, axis=0)
    without[0, 0, 0, 0, 0] += 0.03
    found = estimate(
        Likelihoods(NS, Blocked(CHANCE, without)), "reciprocal", lambda p: p.sum(axis=(1, 2, 3))
    )
    np.testing.assert_allclose(found.full, [7 / 10.2, 3.2 / 10.2])
    np.testing.assert_allclose(found.without[1], found.full)
    moved = (7 + 0.03 * 20) / (10.2 + 0.03 * 20)
    # One block of twenty off by g gives the jackknife error 19/20 |g|.
    assert found.error[0] == pytest.approx(19 / 20 * abs(moved - 7 / 10.2))


def test_levels_add_up_their_readings():
    levels = np.array([[0, 0], [0, 1], [1, 0]])
    found = sum_by_level(np.array([0.5, 0.2, 0.3]), levels, [2, 2])
    np.testing.assert_allclose(found, [0.7, 0.3, 0.8, 0.2])


@pytest.mark.parametrize(
    ("prior", "weights"),
    [
        ("reciprocal", [20, 2, 1, 0.1]),
        ("flat in log n", [1, 1, 1, 1]),
        ("flat in n", [5, 50, 100, 1000]),
        ("few runs", [10, 1, 0, 0]),
        ("many runs", [0, 0, 10, 1]),
    ],
)
def test_priors_of_four_numbers_of_runs_worked_by_hand(prior, weights):
    """5, 50, 100 and 1000 runs; "few" are up to 50, "many" from 100 on."""
    expected = np.array(weights) / np.sum(weights)
    np.testing.assert_allclose(weigh_runs(np.array([5, 50, 100, 1000]), prior), expected)


def test_number_that_cannot_be_printed_has_no_posterior():
    assert np.isnan(compute_posterior(np.zeros((2, 3)), np.full(3, 1 / 3))).all()


def test_value_without_a_reading_has_no_posterior_and_no_choice_has_no_value():
    levels = np.array([[0], [0]])
    assert sum_by_level(np.array([0.5, 0.5]), levels, [3]).tolist() == [1, 0, 0]
    assert sum_by_level(np.array([1.0]), np.zeros((1, 0), dtype=int), []).tolist() == []


def test_credible_set_of_equal_cells_takes_them_in_their_order():
    assert find_credible_set(np.full(40, 1 / 40), level=0.5).tolist() == list(range(20))
    two_sizes = np.tile([1, 3], 50) / 200
    order = [*range(1, 100, 2), *range(0, 100, 2)]
    assert find_credible_set(two_sizes, level=0.9999).tolist() == order


def test_credible_set_is_the_smallest_one():
    posterior = np.array([0.02, 0.50, 0.08, 0.40])
    assert find_credible_set(posterior).tolist() == [1, 3, 2]
    assert find_credible_set(posterior, level=0.9).tolist() == [1, 3]
    assert find_credible_set(posterior, level=0.95).tolist() == [1, 3, 2]


def test_runs_are_sixteen_evenly_spaced_numbers():
    ns = make_runs()
    assert (ns[0], ns[-1], ns.size) == (5, 1000, 16)
    ratios = ns[1:] / ns[:-1]
    assert ratios.max() / ratios.min() < 1.1


def test_entropy_of_four_equal_cases_is_two_bits():
    assert measure_entropy(np.full(4, 0.25)) == pytest.approx(2.0)


def test_answer_that_decides_removes_everything():
    assert measure_answer(np.diag([0.5, 0.5])) == pytest.approx(1.0)


def test_answer_that_is_independent_removes_nothing():
    assert measure_answer(np.outer([0.3, 0.7], [0.6, 0.4])) == pytest.approx(0.0, abs=1e-12)


def test_answer_that_never_comes_removes_nothing():
    assert measure_answer(np.array([[0.5, 0.5], [0.0, 0.0]])) == pytest.approx(0.0, abs=1e-12)
