"""Networks that several tests of the mechanism look at."""

import dataclasses

import numpy as np

from replication import PAPER, Protocol, RecirculationNetwork
from replication.experiments.mechanism import elsewhere
from replication.simulator.rule.weights import draw_weights, make_patterns, split_weights

SEED = 7
SMALL = dataclasses.replace(PAPER, learning_rate=2.0)
RING = np.exp(np.cos(2.0 * np.pi * np.subtract.outer(np.arange(4), np.arange(4)) / 4) - 1.0)
TASKS = {
    "one-hot 4-2-4": PAPER,
    "bars 9-4-9": elsewhere.make_task(elsewhere.make_bars(3), 4),
    "smooth ring 4-3-4": elsewhere.make_task(RING, 3),
    "smooth ring 4-3-4, linear": Protocol(
        group_sizes=(4, 3), patterns=RING.tolist(), visible_units="linear"
    ),
}


def make_constant(protocol, size=1e-3):
    """Return networks whose W is small and whose reconstructions are all the mean of the inputs."""
    weights = draw_weights(dataclasses.replace(protocol, half_width=size), SEED, 0, 20)
    (_, b), (U, c) = split_weights(protocol, weights)
    mean = make_patterns(protocol).mean(axis=0)
    b[...], U[...] = 0.0, 0.0
    c[...] = mean if protocol.visible_units == "linear" else np.log(mean / (1 - mean))
    return weights


class Changed(RecirculationNetwork):
    """Some of its changes are replaced, as long as `replace` says by what."""

    replace = None

    def apply(self, changes):
        super().apply(changes | (self.replace(self.W, changes) if self.replace else {}))
