"""Minibatches: the order of the patterns, what they cost nothing of, and what is refused."""

import itertools

import numpy as np
import pytest

from replication import Network, Protocol, UsageError, logistic, simulate
from replication.simulator.operations.noise import draw_order
from replication.simulator.running.engine import Engine


class Mlp(Network):
    shapes = {"W": (3, 5), "b": (3,), "U": (2, 3), "c": (2,)}
    numbers = {"rate": 0.7}
    patterns = np.random.default_rng(3).random((23, 5))
    targets = np.random.default_rng(4).random((23, 2))

    def hidden(self, v):
        return logistic(self.W @ v + self.b)

    def image(self, v):
        return logistic(self.U @ self.hidden(v) + self.c)

    def weight_changes(self, v, target):
        h, o = self.hidden(v), self.image(v)
        d = self.rate * (target - o) * o * (1 - o)
        e = (self.U.T @ d) * h * (1 - h)
        return np.outer(e, v), e, np.outer(d, h), d


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
    found = simulate(protocol, network=Mlp, n_seeds=2, root_seed=9, final_weights=True)
    for seed, flat in enumerate(simulate_start(protocol, 2)):
        W, b, U, c = (np.array(x) for x in np.split(flat, [15, 18, 24]))
        W, U = W.reshape(3, 5), U.reshape(2, 3)
        for epoch in range(4):
            order = shuffle(23, epoch, seed, 9)
            for first in range(0, 23, size):
                dW, db, dU, dc = 0.0 * W, 0.0 * b, 0.0 * U, 0.0 * c
                for k in order[first : first + size]:
                    v, t = Mlp.patterns[k], Mlp.targets[k]
                    h = 1 / (1 + np.exp(-W @ v - b))
                    o = 1 / (1 + np.exp(-U @ h - c))
                    d = (t - o) * o * (1 - o)
                    e = (U.T @ d) * h * (1 - h)
                    dW, db = dW + np.outer(e, v), db + e
                    dU, dc = dU + np.outer(d, h), dc + d
                W, b, U, c = W + 0.7 * dW, b + 0.7 * db, U + 0.7 * dU, c + 0.7 * dc
        expected = np.concatenate([x.ravel() for x in (W, b, U, c)])
        np.testing.assert_allclose(found.weights[seed], expected, rtol=0, atol=1e-12)


def simulate_start(protocol, n):
    return Engine(protocol, Mlp).rule.draw(9, 0, n)


def shuffle(n, epoch, seed, root_seed):
    """Fisher and Yates, inside out, with one word of Philox for each pattern."""
    generator = np.random.Philox(key=[root_seed, 1], counter=[0, 3, epoch, seed])
    order = []
    for k in range(n):
        j = (int(generator.random_raw()) // 2**32) * (k + 1) // 2**32
        order.append(k)
        order[k], order[j] = order[j], k
    return order


@pytest.mark.parametrize("schedule", ["minibatch", "per-pattern"])
def test_without_a_threshold_the_weights_are_the_same(schedule):
    # The error of all patterns is not looked at then, since nothing asks for it.
    engine = Engine(Protocol(update_schedule=schedule), Mlp)
    rows = engine.rule.draw(1988, 0, 11)
    ends = [
        engine.train(rows, threshold=x, max_updates=6, final=True)[2] for x in (-np.inf, 1e-300)
    ]
    assert ends[0].tobytes() == ends[1].tobytes()


def test_a_size_without_minibatches_is_refused():
    with pytest.raises(UsageError, match='batch_size = 5 .* for update_schedule = "minibatch"'):
        Protocol(batch_size=5)
