"""The hierarchy of modules against loops written from the paper alone."""

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.hierarchy import modules
from replication.experiments.hierarchy.modules import draw_modules, make_rule
from replication.experiments.hierarchy.run import Rates, make_condition
from replication.experiments.instruments.recording import train_for
from replication.simulator.running.engine import Engine
from tests.parity.loop import PaperLoop

VECTORS = np.array(
    [[1, 0, 0, 0.5, 0, 1, 0.25, 0], [0, 0, 1, 1, 1, 0, 0, 0], [0, 1, 0, 0, 0.7, 1, 1, 0]]
)
DRAWN = make_rule(
    modules.Modules, n_shown=3, numbers={"lower_rate": 6.0, "top_rate": 3.0}, top_hidden=3
)


def show(weights, states=VECTORS):
    """Return the rows of networks that are all shown the same states."""
    return modules.attach(weights, np.broadcast_to(states, (len(weights), *states.shape)))


class PaperHierarchy:
    """Two loops of the paper, whose hidden states are the visible vectors of a third."""

    def __init__(self, row):
        lower, top = Protocol(learning_rate=6.0), Protocol(group_sizes=(4, 3), learning_rate=3.0)
        left, right, above = np.split(row, [22, 44])
        self.left = PaperLoop(lower, VECTORS[:, :4], left)
        self.right = PaperLoop(lower, VECTORS[:, 4:], right)
        self.top = PaperLoop(top, VECTORS[:, :4], above)

    def encode(self, v):
        return np.concatenate(self.left.pass_hidden(v[:4]) + self.right.pass_hidden(v[4:]))

    def update(self):
        self.top.patterns = np.array([self.encode(v) for v in VECTORS])
        # The top learns the codes as they were before the lower modules learn.
        for loop in (self.left, self.right, self.top):
            loop.sweep()

    def settle(self, vector, n_rounds, held):
        state = vector
        for _ in range(n_rounds):
            codes = self.top.image(self.top.pass_hidden(self.encode(state)))
            halves = self.left.image([codes[:2]]), self.right.image([codes[2:]])
            state = np.where(held, vector, np.concatenate(halves))
        return state


def test_modules_learn_and_settle_as_loops_of_the_paper_do():
    weights = draw_modules(DRAWN, 1, 5, 8)
    final = train_for(PAPER, show(weights), 40, network=DRAWN)[:, : weights.shape[1]]
    # Half of each vector is held, the other half is completed.
    # A pattern of the rule that settles says which vector, and what is held of it.
    held = np.arange(8) >= 4
    patterns = np.hstack([np.eye(3), np.broadcast_to(held, VECTORS.shape)])
    settling = make_rule(modules.Settling, DRAWN, n_shown=3, patterns=patterns, n_rounds=3)
    settled = Engine(PAPER, settling).evaluate(show(final, VECTORS * held)).reconstruction
    for k in range(3):
        network = PaperHierarchy(weights[k])
        for _ in range(40):
            network.update()
        flat = [loop.flat() for loop in (network.left, network.right, network.top)]
        np.testing.assert_allclose(final[k], np.concatenate(flat), atol=1e-9)
        for found, vector in zip(settled[k], VECTORS * held, strict=True):
            np.testing.assert_allclose(found, network.settle(vector, 3, held), atol=1e-9)


def test_lower_modules_that_start_alike_stay_alike_on_equal_halves():
    rule, other = (make_condition(name, Rates(10.0, 4.0)) for name in ("same_start", "four"))
    weights = draw_modules(rule, 1, 0, 5)
    np.testing.assert_array_equal(weights[:, :22], draw_modules(other, 1, 0, 5)[:, :22])
    np.testing.assert_array_equal(weights[:, :22], weights[:, 22:44])
    final = train_for(PAPER, show(weights, np.tile(np.eye(4), 2)), 50, network=rule)
    np.testing.assert_array_equal(final[:, :22], final[:, 22:44])


def test_lower_modules_learn_the_same_whether_the_top_is_trained_or_not():
    weights = show(draw_modules(DRAWN, 1, 0, 5)[:, :66], np.tile(np.eye(4), 2))
    rules = (make_condition(name, Rates(10.0, 4.0)) for name in ("untrained_top", "four"))
    final, expected = (train_for(PAPER, weights, 20, network=rule) for rule in rules)
    np.testing.assert_array_equal(final[:, :44], expected[:, :44])
    np.testing.assert_array_equal(final[:, 44:], weights[:, 44:])
    assert not np.array_equal(expected[:, 44:], weights[:, 44:])
