"""Halves that learn from another network, against two networks side by side."""

import dataclasses

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.experiments.instruments.matrices import compute_cosines, get_u, get_w
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import pairs, watching
from replication.simulator.rule.weights import draw_weights, split_weights
from replication.simulator.running.engine import Engine, record_weights
from replication.simulator.running.ensemble import simulate_weights
from tests.unit.experiments.mechanism.builders import SEED, SMALL


def step(network, changes_from):
    """Return the summed changes of a network, for all patterns as it stands."""
    found = [network.weight_changes(v) for v in changes_from.patterns]
    return {name: sum(getattr(one, name) for one in found) for name in ("W", "b", "U", "c")}


def play_pair(name, donor, own, n_updates):
    """Return the errors of the measured network of a pair, two readable networks side by side."""
    donor, own = (RecirculationNetwork.from_weights(row, PAPER) for row in (donor, own))
    errors = []
    for _ in range(n_updates + 1):
        # The half that is shared is the donor's at every update.
        shared = ("W", "b") if name == "watching" else ("U", "c")
        for each in shared:
            setattr(own, each, getattr(donor, each).copy())
        errors.append(own.error())
        changes = step(own, own)
        donor.apply(step(donor, donor))
        own.apply({each: changes[each] for each in ("W", "b", "U", "c") if each not in shared})
    return errors


@pytest.mark.parametrize("name", ["watching", "hearing"])
def test_half_that_learns_from_another_network_is_that_of_two_networks_side_by_side(name):
    donors, own = np.split(draw_weights(PAPER, SEED, 0, 6), 2)
    network = watching.PARTNERS[name]
    rows = pairs.pair(PAPER, donors, own, network)
    short = dataclasses.replace(PAPER, max_updates=60)
    updates, converged, _ = simulate_weights(short, rows, network=network)
    for k in range(3):
        errors = play_pair(name, donors[k], own[k], 60)
        expected = next((t for t, error in enumerate(errors) if error < 0.1), 60)
        assert (updates[k], converged[k]) == (expected, errors[expected] < 0.1)
    if name == "watching":
        assert converged.any()


@pytest.mark.parametrize("name", ["watching", "hearing"])
@pytest.mark.parametrize("fields", [
    {}, {"centred": True}, {"hidden_regression": False}, {"decay": 0.01, "learning_rate": 5.0},
    {"frozen": ("b", "c")}, {"error_measured_on": "regressed"},
])  # fmt: skip
def test_half_with_its_own_initial_weights_is_its_own_network_again(name, fields):
    protocol = dataclasses.replace(PAPER, **fields)
    weights = draw_weights(protocol, SEED, 0, 20)
    network = watching.PARTNERS[name]
    rows = pairs.pair(protocol, weights, weights, network)
    found, expected = (
        simulate_weights(protocol, rows, network=network),
        simulate_weights(protocol, weights),
    )
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()


def test_mirrored_decoder_is_the_transpose_at_every_update_and_as_long_as_it_would_be():
    weights = draw_weights(PAPER, SEED, 0, 30)
    rows = pairs.pair(PAPER, weights, weights, pairs.Mirrored)
    engine = Engine(PAPER, pairs.Mirrored)
    states = engine.record(rows, range(26))
    usual, copies = states[..., : PAPER.n_weights], states[..., PAPER.n_weights :]
    assert np.array_equal(usual, record_weights(PAPER, weights, range(26)))
    W, U = get_w(PAPER, copies[:, 1:]), get_u(PAPER, copies[:, 1:])
    expected = get_u(PAPER, usual[:, 1:])
    W, U, expected = (each - each.mean(axis=-1, keepdims=True) for each in (W, U, expected))
    cosines = compute_cosines(W.reshape(-1, 8), U.reshape(-1, 8))
    assert cosines == pytest.approx(np.ones(30 * 25))
    lengths = [np.linalg.norm(each, axis=(-2, -1)) for each in (U, expected)]
    assert lengths[0] == pytest.approx(lengths[1])
    # W and the biases learn by the rule from there: one update of the readable network.
    before, after = copies[0, 10], copies[0, 11]
    network = RecirculationNetwork.from_weights(before, PAPER)
    network.update()
    assert pytest.approx(get_w(PAPER, after), rel=1e-9) == network.W
    assert network.c == pytest.approx(split_weights(PAPER, after)[1][1], rel=1e-9)
    assert network.U.mean(axis=0) == pytest.approx(get_u(PAPER, after).mean(axis=-1), rel=1e-9)


def test_watching_decoder_is_done_with_the_other_network_and_a_hearing_encoder_is_not(slow):
    found = watching.compare_pairs(slow, Sample(40, SEED))
    assert found["cap"] == round(8 * np.median(slow.other_updates))
    assert found["watching"]["near"]["share"] == 1.0
    assert found["watching"]["r2_donor"] > 0.98
    assert found["watching"]["r2_own"] < 0.2
    assert found["hearing"]["learnt"]["share"] < 0.4
    # Near is within a tenth of the other network's updates, of those that have learnt.
    rows = pairs.pair(SMALL, slow.other, slow.start, pairs.Hearing)
    cap = dataclasses.replace(SMALL, max_updates=found["cap"])
    updates, learnt, _ = simulate_weights(cap, rows, network=pairs.Hearing)
    far = np.abs(updates - slow.other_updates) / slow.other_updates
    assert found["hearing"]["near"]["share"] == np.mean(far[learnt] <= 0.1)
    assert found["hearing"]["learnt"]["share"] == learnt.mean()
    starts = watching.exchange_starts(slow, Sample(40, SEED))
    assert starts["w"] > 0.9
    assert starts["u"] < 0.3
