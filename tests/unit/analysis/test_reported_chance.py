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


@pytest.fixture
def outcomes():
    rng = np.random.default_rng(5)
    drawn = 10 + rng.geometric(0.03, 400)
    return np.where(drawn > 250, 1000, drawn).astype(np.int32)


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
    tails = compute_lower_tails(run, LIMITS, [5, 40])
    places = [0, run.values.size // 2, run.values.size - 1]
    if run.failure > 0:
        places.append(run.values.size)
    for k in places:
        up, down = (
            compute_lower_tails(move_weight(run, k, amount), LIMITS, [5, 40]).probability
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
