"""Sums over the patterns besides the changes, and random numbers: the same however a rule runs."""

from typing import ClassVar

import numpy as np
import pytest

import replication
from replication.definition.protocol import PAPER
from replication.simulator import ensemble
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.guard import check_rule
from replication.simulator.network import Rule
from replication.simulator.recirculation import RecirculationNetwork

PATTERNS = np.array([[0.0, 1.0, 0.3], [1.0, 0.2, 0.0], [0.5, 0.5, 0.9], [0.1, 0.8, 0.4]])


class Covariance(replication.Network):
    """Change W by the covariance of visible and hidden states, which needs the means of both."""

    shapes: ClassVar = {"W": (2, 3)}
    summed: ClassVar = {"h": (2,), "v": (3,)}
    patterns = PATTERNS
    targets = np.zeros((4, 2))

    def image(self, v):
        return self.W @ v

    def weight_changes(self, v, _):
        h = self.W @ v
        return {"W": 0.1 * np.outer(h, v), "h": h, "v": v}

    def apply(self, changes):
        super().apply(changes)  # those of weights
        self.W = self.W - 0.1 * np.outer(changes["h"], changes["v"] / len(self.patterns))


class Unasked(RecirculationNetwork):
    """The paper's rule, with a sum that nothing takes."""

    summed: ClassVar = {"seen": (4,)}

    def weight_changes(self, v0):
        return super().weight_changes(v0)._asdict() | {"seen": v0}


class Noisy(RecirculationNetwork):
    """The paper's rule with noise in what is applied."""

    def apply(self, changes):
        super().apply(changes | {"W": changes["W"] + self.uniform((2, 4)) - 0.5})


def test_sums_over_the_patterns_are_those_of_numpy():
    assert check_rule(Covariance, PAPER).largest < 1e-12
    weights = Rule(Covariance).draw(5, 0, 1)
    W = weights.reshape(2, 3)
    (after,) = record_weights(PAPER, weights, 1, network=Covariance)[:, 1].reshape(-1, 2, 3)
    expected = W + 0.1 * 4 * np.cov(W @ PATTERNS.T, PATTERNS.T, bias=True)[:2, 2:]
    assert after == pytest.approx(expected, rel=1e-12)


def test_a_sum_that_nothing_takes_changes_no_bit():
    ours, plain = (replication.simulate(network=x, n_seeds=50) for x in (Unasked, None))
    assert ours.updates.tolist() == plain.updates.tolist()
    network, other = (x.from_seed(3) for x in (Unasked, RecirculationNetwork))
    assert network.train() == other.train()
    assert np.array_equal(network.flatten(), other.flatten())


def test_noise_depends_on_the_place_of_a_network_and_not_on_how_work_is_shared(monkeypatch):
    weights = np.tile(Rule(Noisy).draw(5, 0, 1), (40, 1))
    whole = simulate_weights(PAPER, weights, network=Noisy)[0]
    monkeypatch.setattr(ensemble, "SEEDS_AT_ONCE", 8)
    assert simulate_weights(PAPER, weights, network=Noisy)[0].tolist() == whole.tolist()
    assert len({*whole.tolist()}) > 10
    other = simulate_weights(PAPER, weights, network=Noisy, root_seed=1)[0]
    assert other.tolist() != whole.tolist()
