"""What takes the place of first changes: as said, bit for bit where the rule goes on."""

import dataclasses

import numpy as np
import pytest

from replication import PAPER, Protocol
from replication.experiments.instruments import interventions
from replication.experiments.instruments.matrices import compute_cosines, get_w
from replication.experiments.instruments.recording import train_for
from replication.simulator.rule.weights import draw_weights, make_patterns
from replication.simulator.running.changes import compute_gradients
from replication.simulator.running.engine import Engine, record_weights
from replication.simulator.running.ensemble import simulate_weights

SEED = 7


@pytest.fixture
def follow():
    """Return the W of networks after updates that are changed, and unchanged; and all weights."""

    def follow(chosen, n_first=3, protocol=PAPER):
        weights = draw_weights(protocol, SEED, 0, 200)
        rule, rows = interventions.prepare(protocol, weights, chosen, n_first=n_first)
        recorded = Engine(protocol, rule).record(rows, range(5), root_seed=5)
        recorded = recorded[..., : protocol.n_weights]
        plain = [record_weights(protocol, recorded[:, t], [1])[:, 0] for t in range(4)]
        W = get_w(protocol, recorded)
        return W, np.stack([get_w(protocol, x) for x in plain], axis=1), recorded

    return follow


def measure_cosines(one, other):
    pairs = (np.broadcast_to(x, np.shape(one)).reshape(-1, 8) for x in (one, other))
    return compute_cosines(*pairs)


@pytest.mark.parametrize("name", interventions.INTERVENTIONS)
def test_only_the_first_changes_are_others_and_then_it_is_the_rule_bit_for_bit(name, follow):
    W, plain, _ = follow(interventions.INTERVENTIONS[name])
    assert np.array_equal(W[:, 4], plain[:, 3])
    is_same = [np.array_equal(W[:, t + 1], plain[:, t]) for t in range(3)]
    learns = "W" not in interventions.INTERVENTIONS[name].names
    assert is_same == [learns] * 3


@pytest.mark.parametrize("frozen", [("W",), ("U",), ("b",), ("b", "U", "c")])
def test_what_is_dropped_is_frozen_at_first_bit_for_bit(frozen, follow):
    chosen = interventions.freeze(*frozen)
    _, _, states = follow(chosen)
    # The weights after three updates are those of a protocol that freezes the same arrays.
    expected = train_for(PAPER, states[:, 0], 3, frozen=frozen)
    assert np.array_equal(states[:, 3], expected)
    # So are the updates of another rule, whichever of the two stretches meets the criterion.
    weights = states[:, 0]
    descent = Protocol(learning_rule="back-propagation", learning_rate=9.5)
    first = dataclasses.replace(descent, frozen=frozen, max_updates=3)
    early = simulate_weights(first, weights)
    updates, _, _ = simulate_weights(descent, early[2])
    found, _ = interventions.train_changed(descent, weights, chosen, n_first=3)
    assert found.tolist() == np.where(early[1], early[0], updates + 3).tolist()


@pytest.mark.parametrize("name", ["random", "gradient"])
def test_what_takes_the_place_of_a_change_is_as_long_and_has_its_own_direction(name, follow):
    W, plain, states = follow(interventions.INTERVENTIONS[name])
    changes, rule = np.diff(W[:, :4], axis=1), plain[:, :3] - W[:, :3]
    lengths = [np.linalg.norm(x, axis=(2, 3)) for x in (changes, rule)]
    assert lengths[0] == pytest.approx(lengths[1], rel=1e-9)
    if name == "gradient":
        gradients = [get_w(PAPER, compute_gradients(PAPER, states[:, t])) for t in range(3)]
        assert measure_cosines(changes, -np.stack(gradients, axis=1)) == pytest.approx(np.ones(600))
    else:  # another direction at every update, in every network, with no preference
        for other in (np.roll(changes, 1, axis=0), np.roll(changes, 1, axis=1), rule):
            cosines = measure_cosines(changes, other)
            assert abs(cosines.mean()) < 4 / np.sqrt(600 * 8)
            assert cosines.std() == pytest.approx(1 / np.sqrt(8), abs=0.05)


def test_amplification_is_the_part_of_a_change_along_w_times_the_scatter(follow):
    ring = [
        [1, 0.37, 0.14, 0.37],
        [0.37, 1, 0.37, 0.14],
        [0.14, 0.37, 1, 0.37],
        [0.37, 0.14, 0.37, 1],
    ]
    protocol = Protocol(patterns=ring)
    chosen = interventions.INTERVENTIONS["amplification"]
    W, plain, _ = follow(chosen, protocol=protocol)
    deviations = make_patterns(protocol) - make_patterns(protocol).mean(axis=0)
    theory = W[:, :3] @ (deviations.T @ deviations)
    changes, rule = np.diff(W[:, :4], axis=1), plain[:, :3] - W[:, :3]
    assert np.abs(measure_cosines(changes, theory)) == pytest.approx(np.ones(600))
    assert measure_cosines(rule - changes, theory) == pytest.approx(np.zeros(600), abs=1e-8)
