"""Networks measured at every update until each one's own last one."""

import numpy as np
import pytest

from replication import PAPER
from replication.experiments.instruments import recording
from replication.experiments.instruments.recording import Histories, measure_learning
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.ensemble import simulate_weights

N = 12


@pytest.mark.parametrize("n_at_once", [1, 5])
def test_every_network_is_measured_once_over_its_whole_learning(n_at_once, monkeypatch):
    monkeypatch.setattr(recording, "N_AT_ONCE", n_at_once)
    weights = draw_weights(PAPER, 61, 0, N)
    updates, converged, final = simulate_weights(PAPER, weights)
    assert converged.all()
    histories = measure_learning(PAPER, lambda _, weights: {"weights": weights}, Sample(N, 61))
    seen = []
    for n_updates, states in zip(histories.updates, histories.values["weights"], strict=True):
        network = int(np.flatnonzero((weights == states[0]).all(axis=1))[0])
        assert n_updates == updates[network] == len(states) - 1
        np.testing.assert_array_equal(states[-1], final[network])
        seen.append(network)
    assert sorted(seen) == list(range(N))
    assert np.all(np.diff(histories.updates) >= 0)


def test_quantities_are_taken_at_parts_of_learning_worked_by_hand():
    values = {"x": [np.arange(3), np.arange(10, 15)]}
    histories = Histories(updates=np.array([2, 4]), values=values)
    assert histories.get_at("x", 0.0).tolist() == [0, 10]
    assert histories.get_at("x", 0.6).tolist() == [1, 12]
    assert histories.get_at("x", 1.0).tolist() == [2, 14]
    assert histories.get_learning("x").tolist() == [0, 1, 10, 11, 12, 13]


def pool(*successes):
    """Return the share of the successes of networks, of 50 cases in one update each."""
    histories = Histories(updates=np.ones(len(successes), dtype=int), values={})
    flags = np.arange(50) < np.array(successes)[:, None]
    return histories.pool_shares(flags, np.ones_like(flags))


def test_cases_of_one_network_are_not_counted_as_independent():
    # 100 networks whose 50 cases are alike: the interval is that of 100, not of 5,000, shares.
    estimate = pool(*[50] * 80, *[0] * 20)
    assert estimate.value == 0.8
    # The standard error of a share of 0.8 among 100 is 0.04; the quantile of Student's t 1.98.
    assert estimate.low == pytest.approx(0.8 - 1.98 * 0.0402, abs=1e-3)
    # A share near 1 has an interval that ends there, and one network or none says nothing of it.
    assert pool(50, 50, 40).high == 1.0
    assert pool(40).interval == pool().interval == [0.0, 1.0]
