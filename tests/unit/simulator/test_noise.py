"""Random numbers of a rule: where they come from, that all are new, and their distribution."""

import numpy as np
import pytest

from replication import Network, Protocol, UsageError, logistic, repeat, simulate, trace
from replication.simulator.operations import noise
from replication.simulator.rule.network import Rule
from replication.simulator.running import engine as engine_module
from replication.simulator.running import ensemble
from replication.simulator.running.engine import Engine
from replication.simulator.running.ensemble import simulate_weights
from tests.exactness import plain


class Draws(Network):
    """Adds up what it draws, so that weights are random numbers of one pattern and update."""

    shapes = {"u": (2, 3), "n": (5,), "again": (), "loop": (3, 2), "image_of": (4,)}
    kept = {"applied": np.zeros((3, 4)), "later": np.zeros(2)}
    patterns = np.eye(4)

    def image(self, v):
        return logistic(self.image_of + self.normal(4)) * v

    def weight_changes(self, v):
        def step(x):
            inner = repeat(3, lambda y: 0.5 * y + self.normal((3, 2)), x)
            return inner + self.uniform((3, 2))

        shown = np.sum(v * [1.0, 10.0, 100.0, 1000.0])
        changes = self.uniform((2, 3)), self.normal(5), self.uniform(()), repeat(4, step, self.loop)
        return {name: shown * x for name, x in zip(self.shapes, changes, strict=False)}

    def apply(self, changes):
        super().apply(changes)
        self.applied = self.normal((3, 4))
        self.later = repeat(2, lambda x: 0.5 * x + self.uniform(2), self.later)


class Many(Draws):
    patterns = np.tile(np.eye(4), (6, 1))  # more than stand side by side


def test_each_turn_of_loops_within_one_another_draws_numbers_of_its_own():
    found, one = [], Draws.from_seed(0)
    repeat(3, lambda x: repeat(4, lambda y: found.append(one.uniform(())) or y, x), np.zeros(2))
    assert len({*map(float, found)}) == 12


@pytest.mark.parametrize(("network", "n_updates", "schedule"), [
    (Draws, 2, "per-pattern"), (Many, 1, "batch"), (Many, 2, "minibatch"),
])  # fmt: skip
def test_numbers_are_those_of_plain_numpy_whatever_the_company(network, n_updates, schedule):
    protocol = Protocol(update_schedule=schedule, max_updates=n_updates, threshold=1e-9)
    rule, engine = Rule(network, protocol), Engine(protocol, network)
    rows = rule.draw(7, 5, 8)
    final = engine.train(rows, root_seed=7, first_seed=5, final=True).final
    recorded = engine.record(rows, range(n_updates + 1), root_seed=7, first_seed=5)
    assert recorded[:, -1].tobytes() == final.tobytes()
    # The same networks without the first two, in other lanes.
    alone = engine.train(rows[2:], root_seed=7, first_seed=7, final=True).final
    assert alone.tobytes() == final[2:].tobytes()
    if network is Draws:  # the bits of one operation after another
        given = {"network": network, "root_seed": 7, "first_seed": 5}
        slow = plain.run_networks(protocol, rows, **given)[2]
        assert slow.tobytes() == final[:, : slow.shape[1]].tobytes()
    for seed in (5, 7) if network is Draws else (6,):
        # NumPy learns update by update beside the compiled code.
        one = network.from_seed(seed, root_seed=7, protocol=protocol)
        for expected in recorded[seed - 5, 1:]:
            one.update()
            np.testing.assert_allclose(one.flatten(), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("n", [1, 2])
def test_few_numbers_are_not_written_beyond_their_memory(n, monkeypatch):
    beyond, allocate = [], engine_module.allocate

    def allocate_more(n_rows, n_lanes):
        memory = allocate(n_rows + 40, n_lanes)
        beyond.append(memory[n_rows:])
        return memory[:n_rows]

    class Few(Draws):
        def weight_changes(self, v):
            return {"u": self.uniform(n).sum()}

    monkeypatch.setattr(engine_module, "allocate", allocate_more)
    engine = Engine(Protocol(max_updates=2), Few)
    engine.train(engine.rule.draw(0, 0, 8))
    assert not np.any(beyond)


def test_noise_depends_on_the_place_of_a_network_and_not_on_how_work_is_shared(monkeypatch):
    protocol, weights = Protocol(max_updates=2, threshold=1e-9), np.zeros((20, 36))
    whole = simulate_weights(protocol, weights, network=Draws)[2]
    monkeypatch.setattr(ensemble, "SEEDS_AT_ONCE", 8)
    assert simulate_weights(protocol, weights, network=Draws)[2].tobytes() == whole.tobytes()
    assert len(np.unique(whole[:, 0])) == 20
    other = simulate_weights(protocol, weights, network=Draws, root_seed=1)[2]
    assert not np.any(other[:, 0] == whole[:, 0])


def test_a_number_is_that_of_numpys_generator_at_its_counter():
    one = Draws.from_seed(12, root_seed=34)
    one._n_updates = 56
    one._begin(3, 0)  # the pattern, and the phase of learning
    drawn = [one.uniform((2, 3)), one.uniform(4)]
    for k, numbers in enumerate(drawn):
        # The words of a draw follow each other; a draw is 2^40 blocks of four after the last one.
        philox = np.random.Philox(key=[34, 1], counter=[k << 40, 4 * 3, 56, 12])
        expected = np.random.Generator(philox).random(numbers.size)
        assert np.array_equal(numbers.ravel(), expected)
    # Of two words, the radius and the angle of a point with two normal coordinates.
    philox = np.random.Philox(key=[34, 1], counter=[2 << 40, 4 * 3, 56, 12])
    u, turns = np.random.Generator(philox).random((50, 2)).T
    points = np.sqrt(-2.0 * np.log(u)) * np.exp(2j * np.pi * turns)
    expected = np.stack([points.real, points.imag], axis=-1)
    np.testing.assert_allclose(one.normal((50, 2)), expected, rtol=0, atol=1e-14)
    assert np.isfinite(noise._to_normal(*np.zeros((2, 1), np.uint64))).all()  # the rarest word


def test_a_rule_that_draws_to_answer_has_no_states_to_show():
    class Noisy(Draws):
        weight_changes, apply = lambda self, v: {}, lambda self, changes: None

    assert len(simulate(Protocol(max_updates=3), network=Noisy, n_seeds=2)) == 2
    with pytest.raises(UsageError, match="draws random numbers to answer a pattern"):
        trace(network=Noisy, n_updates=2)
