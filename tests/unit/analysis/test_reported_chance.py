"""The chance to print a number, its slopes and its standard error."""

from fractions import Fraction

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaws
from replication.analysis.reported_chance import (
    average_slopes,
    compute_errors,
    compute_lower_tails,
)
from replication.analysis.runs import RunLaw, make_run_law
from replication.analysis.seed_blocks import count_blocks

LIMITS = [Fraction(95, 2), Fraction(97, 2)]
CAP = 300
NS = [2, 5, 40]


@pytest.fixture
def outcomes():
    rng = np.random.default_rng(5)
    drawn = 10 + rng.geometric(0.03, 400)
    failed = drawn > 120
    assert 5 < failed.sum() < 40
    return np.where(failed, 1000, drawn).astype(np.int32)


def make_run(outcomes, rule):
    counts = count_blocks(outcomes, CAP).sum(axis=0)
    distinct = np.flatnonzero(counts[:-1])
    table = CountTable(distinct, counts[distinct], int(counts[-1]), CAP)
    return make_run_law(table, rule, restart_after=60)


@pytest.mark.parametrize("rule", ["discard", "cap", "restart"])
def test_probabilities_are_those_of_the_exact_law(outcomes, rule):
    run = make_run(outcomes, rule)
    tails = compute_lower_tails(run, LIMITS, [1, 5, 40])
    for i, limit in enumerate(LIMITS):
        for j, n in enumerate([1, 5, 40]):
            assert tails.probability[i, j] == pytest.approx(
                MeanLaws(run).compute(n).probability_below(limit), abs=1e-12
            )


@pytest.mark.parametrize("rule", ["discard", "cap", "restart"])
def test_slopes_average_to_zero(outcomes, rule):
    tails = compute_lower_tails(make_run(outcomes, rule), LIMITS, [1, 5, 40])
    np.testing.assert_allclose(tails.slopes @ tails.attempt, 0.0, atol=1e-9)


def move_weight(run, k, amount):
    """Mix an attempt with an attempt that always has outcome k (the last one fails)."""
    attempt = np.append(run.probabilities * (1 - run.failure), run.failure) * (1 - amount)
    attempt[k] += amount
    failure = attempt[-1]
    return RunLaw(run.values, attempt[:-1] / (1 - failure), failure, run.restart_after)


@pytest.mark.parametrize("rule", ["discard", "cap", "restart"])
def test_slopes_are_the_derivatives_of_the_exact_law(outcomes, rule):
    run = make_run(outcomes, rule)
    tails = compute_lower_tails(run, LIMITS, NS)
    places = [0, run.values.size // 2, run.values.size - 1]
    if run.failure > 0:
        places.append(run.values.size)
    for k in places:
        up, down = (
            compute_lower_tails(move_weight(run, k, amount), LIMITS, NS).probability
            for amount in (1e-6, -1e-6)
        )
        np.testing.assert_allclose(tails.slopes[:, :, k], (up - down) / 2e-6, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("rule", ["discard", "cap", "restart"])
def test_block_slopes_average_to_zero_over_all_seeds(outcomes, rule):
    counts = count_blocks(outcomes, CAP)
    tails = compute_lower_tails(make_run(outcomes, rule), LIMITS, [5, 40])
    slopes = average_slopes(tails, counts, counts_converged_only=rule == "discard")
    np.testing.assert_allclose(slopes.mean(axis=0), 0.0, atol=1e-9)


@pytest.mark.parametrize("rule", ["discard", "cap", "restart"])
def test_block_slopes_predict_the_law_without_a_block(outcomes, rule):
    """To first order, so the larger part of the change must be explained."""
    counts = count_blocks(outcomes, CAP)
    tails = compute_lower_tails(make_run(outcomes, rule), LIMITS, [10])
    slopes = average_slopes(tails, counts, counts_converged_only=rule == "discard")
    for b in (0, 7, 19):
        rest = np.delete(outcomes, np.arange(20 * b, 20 * (b + 1)))
        exact = compute_lower_tails(make_run(rest, rule), LIMITS, [10]).probability
        change = exact - tails.probability
        np.testing.assert_allclose(-slopes[b] / 19, change, atol=0.15 * np.abs(change).max() + 1e-3)


def test_error_of_a_single_run_is_binomial(outcomes):
    """P(one run falls into the cell) is a proportion of networks."""
    run = make_run(outcomes, "cap")
    tails = compute_lower_tails(run, LIMITS, [1])
    p = tails.probability[1, 0] - tails.probability[0, 0]
    assert p == pytest.approx(np.mean(outcomes == 48))
    error = compute_errors(tails, np.array([-1.0, 1.0]), outcomes.size)[0]
    assert error == pytest.approx(np.sqrt(p * (1 - p) / outcomes.size))


def test_hopeless_cells_have_no_chance():
    run = RunLaw(np.array([500, 501]), np.array([0.5, 0.5]))
    tails = compute_lower_tails(run, LIMITS, [5, 1000])
    assert np.all(tails.probability == 0)
    assert np.all(tails.slopes == 0)


@pytest.mark.parametrize("limit", [Fraction(20), Fraction(41, 2)])
def test_slopes_of_one_run_are_those_of_a_proportion(limit):
    """P(X < y) moves by 1 - P towards an outcome below y, by -P towards any other, y included."""
    run = RunLaw(np.array([10, 20, 30]), np.array([0.5, 0.25, 0.25]))
    tails = compute_lower_tails(run, [limit], [1])
    below = np.array([10, 20, 30]) < limit
    p = run.probabilities @ below
    assert tails.probability[0, 0] == pytest.approx(p)
    np.testing.assert_allclose(tails.slopes[0, 0, :-1], below - p)


def test_slopes_of_one_run_with_restarts_worked_by_hand():
    """10 or 20 with 3/8 each, failure with 1/4 at a cost of 40: limits at 45 and 55.

    P(X < 45) = 3/4, P(X < 55) = 3/4 + 1/4 * 3/8, as 40 + 10 lies between. Towards an outcome x the
    first moves by 1 - P(X < 45) + 1/4 (1 if x + 40 < 45 else 0) - 1/4 P(X + 40 < 45) = 1/4 and so
    on; towards a failure by P(X + 40 < 45) - P(X < 45) - 1/4 P(X + 40 < 45) = -3/4.
    """
    run = RunLaw(np.array([10, 20]), np.array([0.5, 0.5]), 0.25, 40)
    tails = compute_lower_tails(run, [Fraction(45), Fraction(55)], [1])
    np.testing.assert_allclose(tails.probability[:, 0], [3 / 4, 3 / 4 + 3 / 32])
    np.testing.assert_allclose(tails.slopes[0, 0], [1 / 4, 1 / 4, -3 / 4])
    after_10 = 1 + 1 / 4 - (3 / 4 + 3 / 32) - 1 / 4 * 3 / 8
    after_20 = after_10 - 1 / 4
    failed = 3 / 8 - (3 / 4 + 3 / 32) - 1 / 4 * 3 / 8
    np.testing.assert_allclose(tails.slopes[1, 0], [after_10, after_20, failed])


def test_slopes_of_two_runs_worked_by_hand():
    """10 or 20 with equal chances: sums of 20, 30, 30 and 40, three of four below 39.

    Towards 10 the chance moves by 2 [P(X < 29) - 3/4] = 1/2, towards 20 by 2 [P(X < 19) - 3/4].
    """
    run = RunLaw(np.array([10, 20]), np.array([0.5, 0.5]))
    tails = compute_lower_tails(run, [Fraction(39, 2)], [2])
    assert tails.probability[0, 0] == pytest.approx(3 / 4)
    np.testing.assert_allclose(tails.slopes[0, 0, :-1], [1 / 2, -1 / 2])


def test_order_of_the_limits_does_not_matter():
    """One limit out of reach, so that its chance is known beforehand, one within it."""
    run = RunLaw(np.array([40, 55]), np.array([0.5, 0.5]))
    limits = [Fraction(41), LIMITS[0]]
    first, second = (
        compute_lower_tails(run, order, [500]) for order in (limits, limits[::-1])
    )
    assert 0 < first.probability[1, 0] < 1
    np.testing.assert_array_equal(first.probability, second.probability[::-1])
    np.testing.assert_array_equal(first.slopes, second.slopes[::-1])
    assert np.any(first.slopes[1] != 0)


@pytest.mark.parametrize("rule", ["discard", "cap", "restart"])
def test_block_slopes_of_one_run_worked_by_hand(rule):
    """P(X < 4) over blocks of five networks: 1 1 3 5 - and 3 5 5 - -, cap 5 ("-" never converges).

    With a share of 7/10 converged, *discard* has P = 4/7, and a block adds the share of its
    networks below 4, less P times the share that converged, both over 7/10. At the cap P = 4/10,
    and what fails counts as 5. With a restart after 3 an attempt succeeds with 4/10, always below
    4, and a failure adds 3, which no success then stays below: P = 4/10 again.
    """
    counts = np.zeros((2, 7), dtype=np.int64)
    for block, outcomes in zip(counts, ([1, 1, 3, 5, 6], [3, 5, 5, 6, 6]), strict=True):
        np.add.at(block, outcomes, 1)
    total = counts.sum(axis=0)
    distinct = np.flatnonzero(total[:-1])
    table = CountTable(distinct, total[distinct], int(total[-1]), 5)
    tails = compute_lower_tails(make_run_law(table, rule, restart_after=3), [Fraction(4)], [1])
    slopes = average_slopes(tails, counts, counts_converged_only=rule == "discard")
    below, converged = np.array([3 / 5, 1 / 5]), np.array([4 / 5, 3 / 5])
    p = 4 / 7 if rule == "discard" else 4 / 10
    assert tails.probability[0, 0] == pytest.approx(p)
    expected = (below - p * converged) / 0.7 if rule == "discard" else below - p
    np.testing.assert_allclose(slopes[:, 0, 0], expected, atol=1e-12)
