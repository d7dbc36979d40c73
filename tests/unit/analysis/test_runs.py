"""The law of one run under the three rules, against sums written out by hand."""

import math

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.runs import RunLaw, make_run_law
from replication.errors import UsageError

# Ten networks: 10, 10, 20, 30, 40 converge, and 5 are censored at 100.
TABLE = CountTable.from_outcomes([10, 10, 20, 30, 40] + [100] * 5, [True] * 5 + [False] * 5, 100)


def test_discard_averages_the_converged():
    run = make_run_law(TABLE, "discard")
    assert run.mean == pytest.approx(22)
    assert run.variance == pytest.approx(np.var([10, 10, 20, 30, 40]))


def test_cap_counts_failures_at_the_cap():
    run = make_run_law(TABLE, "cap")
    outcomes = [10, 10, 20, 30, 40] + [100] * 5
    assert run.mean == pytest.approx(np.mean(outcomes))
    assert run.variance == pytest.approx(np.var(outcomes))


def test_cap_merges_networks_that_converge_at_the_cap_with_the_censored():
    table = CountTable.from_outcomes([5, 7, 10, 10], [True, True, True, False], 10)
    run = make_run_law(table, "cap")
    assert run.values.tolist() == [5, 7, 10]
    assert run.probabilities == pytest.approx([1 / 4, 1 / 4, 1 / 2])


@pytest.mark.parametrize("restart_after", [10, 25, 40, 99, 100, 1000])
def test_restart_mean_is_restricted_mean_over_chance_of_success(restart_after):
    outcomes = np.array([10, 10, 20, 30, 40] + [math.inf] * 5)
    cut = min(restart_after, 100)
    expected = np.minimum(outcomes, cut).mean() / np.mean(outcomes <= cut)
    run = make_run_law(TABLE, "restart", restart_after=restart_after)
    assert run.mean == pytest.approx(expected)


def test_restart_moments_agree_with_the_law_written_out():
    run = make_run_law(TABLE, "restart", restart_after=25)
    failures = np.arange(400)
    weights = 0.7**failures * 0.3
    values = (25 * failures[:, None] + np.array([10, 10, 20])).ravel()
    chances = np.repeat(weights / 3, 3)
    mean = values @ chances
    variance = (values - mean) ** 2 @ chances
    fourth = (values - mean) ** 4 @ chances
    assert run.mean == pytest.approx(mean)
    assert run.variance == pytest.approx(variance)
    assert run.kurtosis == pytest.approx(fourth / variance**2)
    slopes = [-0.1, 0.0, 0.005]
    expected = [math.log(np.exp(slope * values) @ chances) for slope in slopes]
    assert run.log_moment(slopes) == pytest.approx(expected, abs=1e-12)


def test_log_moment_is_infinite_beyond_its_limit():
    run = make_run_law(TABLE, "restart", restart_after=25)
    limit = -math.log(0.7) / 25
    assert np.isinf(run.log_moment([1.01 * limit]))[0]


def test_log_moment_is_infinite_at_its_limit_without_a_warning():
    """Failure with chance 1/2 at a cost of 1: E[exp(s X)] diverges from s = log 2 on."""
    run = RunLaw(np.array([3]), np.array([1.0]), 0.5, 1)
    assert run.log_moment(-math.log(0.5)).tolist() == [math.inf]


def test_rules_without_a_mean_give_none():
    failed = CountTable.from_outcomes([100] * 3, [False] * 3, 100)
    assert make_run_law(failed, "discard") is None
    assert make_run_law(failed, "restart") is None
    assert make_run_law(failed, "cap").mean == 100
    assert make_run_law(TABLE, "restart", restart_after=5) is None


@pytest.mark.parametrize(("n_networks", "has_law"), [(1000, True), (1001, False)])
def test_restart_needs_one_success_in_a_thousand(n_networks, has_law):
    table = CountTable.from_outcomes(
        [10] + [100] * (n_networks - 1), [True] + [False] * (n_networks - 1), 100
    )
    run = make_run_law(table, "restart")
    assert (run is not None) is has_law
    if has_law:
        assert run.mean == pytest.approx(10 + 999 * 100)


def test_restart_at_once_costs_nothing():
    """Three of four networks are done before the first update; c = 0 gives up the other at once."""
    table = CountTable.from_outcomes([0, 0, 0, 9], [True] * 4, 100)
    run = make_run_law(table, "restart", restart_after=0)
    assert (run.values.tolist(), run.mean, run.variance) == ([0], 0, 0)
    assert run.failure == pytest.approx(1 / 4)


def test_restart_of_networks_that_never_fail_is_discard():
    table = CountTable.from_outcomes([10, 20], [True, True], 100)
    run = make_run_law(table, "restart", restart_after=30)
    assert (run.failure, run.restart_after) == (0, 0)
    assert run.mean == 15


def test_negative_restart_is_refused():
    with pytest.raises(UsageError, match="-1 was given; allowed is 0 or more"):
        make_run_law(TABLE, "restart", restart_after=-1)


def test_unknown_rule_is_refused():
    with pytest.raises(UsageError, match="discard, cap, restart"):
        make_run_law(TABLE, "impute")


@pytest.mark.parametrize("rule", ["discard", "cap", "restart"])
@pytest.mark.parametrize("shift", [-0.2, 0.1, 0.5])
def test_tilting_reaches_the_mean_that_was_asked_for(rule, shift):
    run = make_run_law(TABLE, rule, restart_after=25)
    target = run.mean + shift * run.standard_deviation
    tilted = run.tilt_to_mean(target)
    assert tilted.mean == pytest.approx(target, rel=1e-6)
    assert tilted.probabilities.sum() == pytest.approx(1)


def test_tilting_beyond_the_support_stops_one_per_cent_inside():
    run = make_run_law(TABLE, "discard")
    assert run.tilt_to_mean(-1e6).mean == pytest.approx(10 + 0.01 * 12, rel=1e-3)
    assert run.tilt_to_mean(1e6).mean == pytest.approx(40 - 0.01 * 18, rel=1e-3)


def test_tilting_a_single_value_changes_nothing():
    run = RunLaw(np.array([48]), np.array([1.0]))
    assert run.tilt_to_mean(60) is run
    free = RunLaw(np.array([48]), np.array([1.0]), 0.5, 0)
    assert free.tilt_to_mean(60) is free, "restarts that cost nothing leave a single value"


def test_tilting_worked_by_hand():
    """Odds of 1 to 1 tilted by log 3 become 1 to 3; failures tilt with what they cost."""
    run = RunLaw(np.array([1000, 1001]), np.array([0.5, 0.5]), 0.4, 2)
    tilted = run.tilt(-math.log(3))
    assert tilted.values.tolist() == [1000, 1001]
    assert tilted.probabilities == pytest.approx([3 / 4, 1 / 4])
    assert tilted.failure == pytest.approx(0.4 / 9)
    assert tilted.restart_after == 2


@pytest.mark.parametrize("unit", [1, 10**6, 10**12, 10**15])
def test_tilting_does_not_depend_on_the_unit(unit):
    """0 or 2 with equal chances has variance 1; a mean of 1.5 needs odds of 1 to 3."""
    run = RunLaw(np.array([0, 2]) * unit, np.array([0.5, 0.5]))
    tilted = run.tilt_to_mean(1.5 * unit)
    assert tilted.probabilities == pytest.approx([1 / 4, 3 / 4], rel=1e-8)


def test_tilting_with_restarts_that_cost_nothing():
    run = RunLaw(np.array([10, 20]), np.array([0.5, 0.5]), 0.5, 0)
    tilted = run.tilt_to_mean(16)
    assert tilted.probabilities == pytest.approx([0.4, 0.6])


@pytest.mark.parametrize("factor", [3, 50, 1000, 10**6])
def test_tilting_reaches_means_at_which_nearly_every_attempt_fails(factor):
    run = make_run_law(TABLE, "restart", restart_after=25)
    tilted = run.tilt_to_mean(factor * run.mean)
    assert 0.7 < tilted.failure < 1
    assert tilted.mean == pytest.approx(factor * run.mean, rel=1e-6)


def test_coarsening_keeps_the_mean_and_bounds_the_moments():
    values = np.sort(np.random.default_rng(3).choice(100_000, 5000, replace=False))
    run = RunLaw(values, np.full(5000, 1 / 5000))
    coarse = run.coarsen(64)
    assert coarse.values.size <= 64
    assert coarse.mean == pytest.approx(run.mean)
    slopes = np.array([-1e-4, -1e-5, 1e-5, 1e-4])
    assert np.all(coarse.log_moment(slopes) >= run.log_moment(slopes))


def test_coarsening_worked_by_hand():
    """3 lies between the lattice points 0 and 5: two fifths of it go down, three fifths up."""
    run = RunLaw(np.array([0, 3, 10]), np.array([0.2, 0.5, 0.3]), 0.25, 40)
    coarse = run.coarsen(3)
    assert coarse.values.tolist() == [0, 5, 10]
    assert coarse.probabilities == pytest.approx([0.2 + 0.5 * 2 / 5, 0.5 * 3 / 5, 0.3])
    assert (coarse.failure, coarse.restart_after) == (0.25, 40)


def test_coarsening_keeps_no_point_without_weight():
    coarse = RunLaw(np.array([0, 100]), np.array([0.5, 0.5])).coarsen(5)
    assert coarse.values.tolist() == [0, 100]
    assert coarse.probabilities.tolist() == [0.5, 0.5]
