"""Networks that have learnt, in pairs, and their weights on the way."""

import dataclasses

import numpy as np

from replication import PAPER
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import networks
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.ensemble import simulate_weights
from tests.unit.experiments.mechanism.builders import SEED, SMALL


def test_networks_are_paired_with_others_and_those_that_fail_are_left_out():
    protocol = dataclasses.replace(PAPER, max_updates=40)
    found = networks.draw_networks(protocol, Sample(20, SEED))
    weights = draw_weights(protocol, SEED, 0, 40)
    updates, converged, final = simulate_weights(protocol, weights)
    learnt = np.flatnonzero(converged)
    assert found.n == len(learnt) // 2 < 20
    both = np.concatenate([found.start, found.other])
    assert np.array_equal(both, weights[learnt][: 2 * found.n])
    assert np.array_equal(found.other_final, final[learnt][found.n : 2 * found.n])
    assert np.array_equal(found.updates, updates[learnt][: found.n])


def test_states_are_picked_at_each_networks_own_update(slow):
    at = np.arange(slow.n) * 3
    states = networks.pick_states(slow, at)
    for k in (0, 7, slow.n - 1):
        expected = train_for(SMALL, slow.start[k : k + 1], int(at[k]))
        assert np.array_equal(states[k : k + 1], expected)
