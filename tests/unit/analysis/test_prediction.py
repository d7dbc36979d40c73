"""The level at which an estimated law predicts, against textbook prediction intervals."""

import math

import numpy as np
import pytest
from scipy import stats

from replication.analysis.prediction import widen_level
from replication.analysis.runs import RunLaw

COIN = RunLaw(np.array([0, 1]), np.array([0.5, 0.5]))
"""Kurtosis 1, the smallest there is: its spread is known as soon as its mean is."""


def make_rare(share):
    """One outcome in `1 / share` is another; kurtosis 1 / (share (1 - share)) - 3."""
    return RunLaw(np.array([0, 1]), np.array([1.0 - share, share]))


def widen(reach):
    return 2.0 * stats.norm.cdf(reach) - 1.0


def test_known_spread_leaves_the_error_of_the_mean():
    """Five runs predicted from ten networks: the variance is 1 + 5/10 times that of a mean of 5."""
    reach = 1.959964 * math.sqrt(1.5) * (1 + 1 / 10)
    assert widen_level(COIN, 5, n_networks=10) == pytest.approx(widen(reach), abs=1e-7)
    assert widen_level(COIN, 1, n_networks=10**9) == pytest.approx(0.95, abs=1e-8)


def test_level_that_is_asked_for_is_widened():
    assert widen_level(COIN, 1, n_networks=10**9, level=0.8) == pytest.approx(0.8, abs=1e-8)


def test_normal_outcomes_are_predicted_as_the_textbook_does():
    """(M_n - mean) / (S sqrt(1/n + 1/N)) is Student's t with N - 1 degrees of freedom."""
    values = np.arange(-4000, 4001)
    weights = np.exp(-0.5 * (values / 400.0) ** 2)
    run = RunLaw(values, weights / weights.sum())
    for n_networks, n in ((50, 5), (50, 100), (400, 20)):
        reach = stats.t.ppf(0.975, n_networks - 1) * math.sqrt(1 + n / n_networks)
        reach *= math.sqrt(n_networks / (n_networks - 1))
        found = stats.norm.ppf(0.5 + widen_level(run, n, n_networks=n_networks) / 2)
        assert found == pytest.approx(reach, rel=1 / n_networks)


def test_rare_outcomes_leave_fewer_degrees_of_freedom():
    """One in 50 gives kurtosis 48.02 and 2 * 1000 / 47.02 = 42.5 degrees of freedom."""
    freedom = 2000 / (1 / (0.02 * 0.98) - 4)
    reach = stats.t.ppf(0.975, freedom) * math.sqrt(1.1) * 1.001
    assert widen_level(make_rare(0.02), 100, n_networks=1000) == pytest.approx(widen(reach))


def test_outcomes_too_rare_to_enter_the_mean_do_not_count():
    """A mean of 10 runs counts a kurtosis of at most 22: 2 * 1000 / 21 degrees of freedom."""
    reach = stats.t.ppf(0.975, 2000 / 21) * math.sqrt(1.01) * 1.001
    assert widen_level(make_rare(1e-4), 10, n_networks=1000) == pytest.approx(widen(reach))
