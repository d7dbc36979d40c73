"""The kernel's recirculation in loops of any shape, against the readable network and NumPy."""

import dataclasses

import numpy as np
import pytest

from replication.definition.protocol import PAPER
from replication.simulator.engine import record_weights
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights
from tests.parity.loop import RecirculationLoop

ONE_BY_ONE = {"update_schedule": "per-pattern", "momentum": 0.4}
LOOPS = {
    "4-3-2-4": {"group_sizes": (4, 3, 2)},
    "3-2-4-2-3, linear": {"group_sizes": (3, 2, 4, 2), "visible_units": "linear"},
    "4-2-2-4, unregressed": {"group_sizes": (4, 2, 2), "hidden_regression": False},
    "4-3-2-4, one pattern at a time": ONE_BY_ONE | {"group_sizes": (4, 3, 2)},
    "4-3-2-4, algebraic": {"hidden_function": "algebraic", "group_sizes": (4, 3, 2)},
    "4-3-2-4, b and U frozen": ONE_BY_ONE | {"frozen": ("b", "U"), "group_sizes": (4, 3, 2)},
    "4-3-2-4, centred, decaying": {"centred": True, "decay": 0.1, "group_sizes": (4, 3, 2)},
    "second round, one pattern at a time": ONE_BY_ONE
    | {"second_round": True, "group_sizes": (3, 3), "centred": True},
}


def build(protocol, weights):
    """Return the readable network with these weights."""
    kind = RecirculationNetwork if len(protocol.group_sizes) == 2 else RecirculationLoop
    return kind.from_weights(weights, protocol)


def flatten(network):
    return np.concatenate([part.ravel() for part in network.weights])


@pytest.mark.parametrize("fields", LOOPS.values(), ids=LOOPS)
def test_kernel_follows_the_readable_network(fields):
    protocol = dataclasses.replace(PAPER, learning_rate=2.0, **fields)
    initial = draw_weights(protocol, 21, 0, 3)
    for weights, recorded in zip(initial, record_weights(protocol, initial, 10), strict=True):
        network = build(protocol, weights)
        for expected in recorded[1:]:
            network.update()
            np.testing.assert_allclose(flatten(network), expected, rtol=0, atol=1e-11)
