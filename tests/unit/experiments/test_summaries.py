import numpy as np
import pytest

from replication.experiments.summaries import (
    compare_speed,
    count_within,
    describe_speed,
    estimate_share,
)
from replication.protocol import Protocol
from replication.simulator.outcomes import Outcomes


def make_outcomes(*updates, cap=2000):
    """Return outcomes; those at the cap have not converged."""
    array = np.array(updates, dtype=np.int32)
    return Outcomes(0, array, array < cap)


def test_speed_counts_failures_at_the_cap():
    described = describe_speed(make_outcomes(10, 20, 30, 2000), Protocol())
    assert described["mean"] == 515.0
    assert described["mean_converged"] == 20.0
    assert described["median"] == 25.0
    assert described["converged"]["share"] == 0.75


def test_networks_within_an_update_are_those_that_converged_by_then():
    outcomes = make_outcomes(10, 20, 30, 2000)
    assert count_within(outcomes, [8, 10, 20, 28, 30, 2000]).tolist() == [0, 1, 2, 2, 3, 3]


def test_median_is_unknown_where_half_have_not_converged():
    described = describe_speed(make_outcomes(10, 2000, 2000), Protocol())
    assert described["median"] is None
    assert describe_speed(make_outcomes(2000, 2000), Protocol())["mean_converged"] is None


def test_a_network_that_converges_at_the_cap_itself_has_converged():
    outcomes = Outcomes(0, np.array([100, 100], np.int32), np.array([True, False]))
    assert count_within(outcomes, 100) == 1
    assert count_within(outcomes, 99) == 0


def test_share_has_its_exact_interval():
    # Clopper-Pearson for 8 of 10: 0.4439 to 0.9748 (e.g. Agresti & Coull 1998).
    share = estimate_share(8, 10)
    assert share["share"] == 0.8
    assert share["share_interval"] == pytest.approx([0.4439, 0.9748], abs=5e-5)
    assert estimate_share(0, 0) == {"share": None, "share_interval": [0.0, 1.0]}


def test_ratios_are_those_of_the_first_to_the_second():
    compared = compare_speed(make_outcomes(10, 30, 50, 40), make_outcomes(20, 30, 90, 30))
    assert compared["mean_ratio"] == 130 / 170
    assert compared["median_ratio"] == 35 / 30
