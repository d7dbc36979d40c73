"""Minibatches: the order of the patterns, the weights that they lead to, and what is refused."""

import itertools

import numpy as np
import pytest

from replication import Protocol, UsageError, draw_initial_weights, simulate
from replication.simulator.operations.noise import draw_order
from replication.simulator.running.engine import Engine
from tests.parity.mlp import Many, MlpLoop


def test_each_order_is_as_likely_as_any_other():
    # Of four patterns there are 24; chi-square of 24,000 orders with 23 degrees of freedom has a
    # mean of 23 and a standard deviation of 6.8.
    orders = [tuple(draw_order(4, k % 40, k // 40, 1988).tolist()) for k in range(24_000)]
    counts = np.array([orders.count(each) for each in itertools.permutations(range(4))])
    assert counts.sum() == 24_000
    assert np.sum((counts - 1000.0) ** 2 / 1000.0) < 23 + 3 * 6.8


def test_the_order_is_another_one_in_each_epoch_of_each_seed_and_root_seed():
    cases = itertools.product((0, 1, 2), (0, 1, 2), (5, 6))
    orders = {tuple(draw_order(23, *case).tolist()) for case in cases}
    assert len(orders) == 18
    assert {tuple(sorted(order)) for order in orders} == {tuple(range(23))}


@pytest.mark.parametrize("size", [1, 4, 23, 100])
def test_networks_learn_as_a_plain_loop_does(size):
    protocol = Protocol(update_schedule="minibatch", batch_size=size, max_updates=4)
    found = simulate(protocol, network=Many, n_seeds=2, root_seed=9, final_weights=True)
    for seed, flat in enumerate(draw_initial_weights(network=Many, n_seeds=2, root_seed=9)):
        loop = MlpLoop(flat, Many.patterns, Many.targets, rate=0.7, seed=seed, root_seed=9)
        for _ in range(4):
            loop.sweep("minibatch", size)
        np.testing.assert_allclose(found.weights[seed], loop.flat(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("schedule", ["minibatch", "per-pattern"])
def test_without_a_threshold_the_weights_are_the_same(schedule):
    # The error of all patterns is not looked at then, since nothing asks for it.
    engine = Engine(Protocol(update_schedule=schedule), Many)
    rows = engine.rule.draw(1988, 0, 11)
    ends = [
        engine.train(rows, threshold=x, max_updates=6, final=True)[2] for x in (-np.inf, 1e-300)
    ]
    assert ends[0].tobytes() == ends[1].tobytes()


def test_a_size_without_minibatches_is_refused():
    with pytest.raises(UsageError, match='batch_size = 5 .* for update_schedule = "minibatch"'):
        Protocol(batch_size=5)
