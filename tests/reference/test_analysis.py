"""Hand-worked and published values of the analysis, each with its source."""

import math

import numpy as np
import pytest

from replication.analysis.compatible import confront, read_reported_mean
from replication.analysis.counts import CountTable
from replication.analysis.equivalence import assess_equivalence, estimate_no_failure
from replication.analysis.intervals import estimate_proportion
from replication.analysis.mean_law import MeanLaws
from replication.analysis.means import estimate_mean
from replication.analysis.population import estimate_survival
from replication.analysis.runs import RunLaw, make_run_law


def test_clopper_pearson_of_ten_in_twenty():
    """10 of 20: 27.2 % to 72.8 %, in every table of exact binomial limits."""
    found = estimate_proportion(10, 20)
    assert (found.low, found.high) == pytest.approx((0.2720, 0.7280), abs=5e-5)


def test_rule_of_three():
    """No event in n: the one-sided upper limit is about 3 / n (Hanley & Lippman-Hand 1983)."""
    assert estimate_proportion(0, 1000, level=0.9).high == pytest.approx(3 / 1000, rel=0.01)


def test_kaplan_meier_of_freireich_placebo_group():
    """Weeks of remission, placebo group without censoring; Kaplan-Meier at 1, 5, 10 weeks.

    Freireich et al. (1963), as tabled in Kleinbaum & Klein, Survival Analysis: 0.9048, 0.5714,
    0.3810.
    """
    weeks = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    table = CountTable.from_outcomes(weeks, [True] * 21, None)
    curve = estimate_survival(table, [1, 5, 10])
    assert curve.survival == pytest.approx([0.9048, 0.5714, 0.3810], abs=5e-5)


def test_two_runs_of_a_fair_coin_between_47_and_49_worked_by_hand():
    """The mean of two is 47, 48, 48 or 49: prints 48 in half of all studies."""
    run = RunLaw(np.array([47, 49]), np.array([0.5, 0.5]))
    found = confront(MeanLaws(run).compute(2), read_reported_mean("48"), run=run, n_networks=10**9)
    assert found.chance == pytest.approx(0.5)
    assert found.above == pytest.approx(0.75)
    assert found.below == pytest.approx(0.75)
    assert found.p == 1
    assert (found.low, found.high) == (47, 49)


def test_p_of_one_run_worked_by_hand():
    """Ten equally likely outcomes 10, 20, ..., 100: P(M_1 >= 47.5) = 0.6, P(M_1 < 48.5) = 0.4."""
    run = RunLaw(np.arange(10, 101, 10), np.full(10, 0.1))
    found = confront(MeanLaws(run).compute(1), read_reported_mean("48"), run=run, n_networks=10**9)
    assert (found.above, found.below) == pytest.approx((0.6, 0.4))
    assert found.p == pytest.approx(0.8)
    assert found.chance == 0


def test_mean_of_rolled_dice_worked_by_hand():
    """Two dice sum to 7 in 6 of 36 rolls; "3.5" is then printed, and by nothing else."""
    run = RunLaw(np.arange(1, 7), np.full(6, 1 / 6))
    found = confront(MeanLaws(run).compute(2), read_reported_mean("3.5"), run=run, n_networks=10**9)
    assert found.chance == pytest.approx(6 / 36)
    assert found.below == pytest.approx(21 / 36)


def test_restart_worked_by_hand():
    """Half succeed after 10 updates; the others are given up after 30: 10 + 30 = 40 on average."""
    table = CountTable.from_outcomes([10, 100], [True, False], 100)
    run = make_run_law(table, "restart", restart_after=30)
    assert run.mean == pytest.approx(40)
    assert run.variance == pytest.approx(30**2 * 2)
    law = MeanLaws(run).compute(1)
    assert law.probability_below(41) == pytest.approx(0.75)  # 10 or 40 updates


def test_equivalence_worked_by_hand():
    """Mean 50, standard error 1, n = 100, margin 4: t = 2 on 99 degrees of freedom, p = 0.024."""
    outcomes = [40] * 50 + [60] * 50
    table = CountTable.from_outcomes(outcomes, [True] * 100, None)
    mean = estimate_mean(table, "discard")
    assert mean.standard_error == pytest.approx(10 / math.sqrt(99))
    found = assess_equivalence(table, "discard", 50 - 2, margin=2 + 2 * mean.standard_error)
    assert found.p_value == pytest.approx(0.02412, abs=5e-5)


def test_chance_of_no_failure_worked_by_hand():
    """One failure in a thousand: twenty runs see none in 98 % of studies."""
    table = CountTable.from_outcomes([30] * 999 + [99], [True] * 999 + [False], 99)
    assert estimate_no_failure(table, [20]).chance[0] == pytest.approx(0.999**20)
