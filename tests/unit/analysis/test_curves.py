"""Restricted mean and restart curve, against statsmodels-free direct sums."""

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.curves import (
    estimate_restart_mean,
    estimate_restricted_mean,
    find_best_restart,
    find_crossing,
)
from replication.analysis.means import estimate_mean
from replication.errors import UsageError


def draw(n=400, cap=500):
    generator = np.random.default_rng(8)
    updates = np.minimum(np.rint(15 + generator.lognormal(3, 1.2, n)).astype(int), cap)
    return updates, CountTable.from_outcomes(updates, updates < cap, cap)


def test_restricted_mean_is_the_mean_of_outcomes_cut_at_the_cap():
    updates, table = draw()
    curve = estimate_restricted_mean(table, [0, 10, 40, 200, 500])
    expected = [np.minimum(updates, cap).mean() for cap in (0, 10, 40, 200, 500)]
    assert curve.mean == pytest.approx(expected)
    assert curve.updates.tolist() == [0, 10, 40, 200, 500]
    intervals = [estimate_mean(table.censor(cap), "cap").interval for cap in curve.updates.tolist()]
    assert curve.low.tolist() == [interval.low for interval in intervals]
    assert curve.high.tolist() == [interval.high for interval in intervals]


def test_restricted_mean_beyond_the_cap_is_refused():
    with pytest.raises(UsageError, match="0 to 500"):
        estimate_restricted_mean(draw()[1], [501])


def test_crossing_is_where_the_restricted_mean_reaches_the_level():
    updates, table = draw()
    for level in (5.0, 20.0, 31.5):
        cap = find_crossing(table, level)
        assert np.minimum(updates, cap).mean() == pytest.approx(level)
    assert find_crossing(table, 499.0) is None
    assert find_crossing(table, 0.0) == 0


def test_crossing_worked_by_hand():
    """Half converge after 10 updates, half never: the mean is tau up to 10, then 5 + tau / 2."""
    table = CountTable([10], [1], 1, 100)
    assert [find_crossing(table, level) for level in (4.0, 10.0, 30.0, 55.0)] == [4, 10, 50, 100]
    assert find_crossing(table, 55.1) is None
    everyone = CountTable([0, 10], [1, 1], 0, 100)
    assert [find_crossing(everyone, level) for level in (4.0, 5.0)] == [8, 10]
    assert find_crossing(everyone, 5.1) is None


def test_restart_mean_is_the_ratio_of_spent_updates_to_successes():
    updates, table = draw()
    times = [20, 40, 100, 499]
    expected = [np.minimum(updates, c).mean() / np.mean(updates <= c) for c in times]
    assert estimate_restart_mean(table, times).mean == pytest.approx(expected)


def test_best_restart_is_the_minimum_over_all_whole_numbers():
    updates, table = draw()
    means = {}
    for c in range(16, 500):
        done = np.mean(updates <= c)
        means[c] = np.minimum(updates, c).mean() / done if done >= 1e-3 else np.inf
    assert find_best_restart(table) == min(means, key=means.get)


@pytest.mark.parametrize(("n_lucky", "best"), [(1, 5000), (2, 1)])
def test_restart_after_which_fewer_than_one_in_a_thousand_succeed_is_none(n_lucky, best):
    """Two of 2,000 after one update would cost 1,000 updates on average, the others 5,000."""
    table = CountTable([1, 5000], [n_lucky, 2000 - n_lucky], 0, 5000)
    assert find_best_restart(table) == best
    mean = estimate_restart_mean(table, [1]).mean
    assert np.isnan(mean[0]) if n_lucky == 1 else mean[0] == pytest.approx(1000)


def test_geometric_outcomes_gain_nothing_from_restarts():
    """A memoryless outcome has the mean 1 / p whatever c is."""
    chance = 0.1
    survival = 0.9 ** np.arange(200)
    counts = np.rint(1e12 * survival * chance).astype(np.int64)
    table = CountTable(np.arange(1, 201), counts, int(1e12 * 0.9**200), 200)
    curve = estimate_restart_mean(table, [1, 5, 30, 200])
    assert curve.mean == pytest.approx(10, rel=1e-6)


def test_nothing_converged_has_no_best_restart_and_an_undefined_curve():
    table = CountTable.from_outcomes([50] * 5, [False] * 5, 50)
    assert find_best_restart(table) is None
    curve = estimate_restart_mean(table, [10, 50])
    assert curve.updates.tolist() == [10, 50]
    assert np.isnan(curve.mean).all()
    assert (curve.low.tolist(), curve.high.tolist()) == ([-np.inf] * 2, [np.inf] * 2)


def test_restart_beyond_the_cap_is_refused():
    with pytest.raises(UsageError, match="within the cap"):
        estimate_restart_mean(draw()[1], [501])
