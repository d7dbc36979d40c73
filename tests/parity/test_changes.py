"""The kernel's recirculation in loops of any shape, against the readable network and NumPy."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.simulator.gradient import compute_changes
from replication.simulator.weights import draw_weights, split_weights

LOOPS: dict[str, dict[str, Any]] = {
    "4-2-4": {},
    "5-2-5": {"group_sizes": (5, 2)},
    "4-3-2-4": {"group_sizes": (4, 3, 2)},
    "3-2-4-2-3, linear": {"group_sizes": (3, 2, 4, 2), "visible_units": "linear"},
    "4-2-2-4, unregressed": {"group_sizes": (4, 2, 2), "hidden_regression": False},
    "4-3-2-4, one pattern at a time": {
        "group_sizes": (4, 3, 2),
        "update_schedule": "per-pattern",
        "momentum": 0.4,
    },
}


@pytest.mark.parametrize("fields", LOOPS.values(), ids=LOOPS)
def test_kernel_follows_the_readable_network(fields: dict[str, Any], form: Any) -> None:
    protocol = dataclasses.replace(PAPER, learning_rate=2.0, **fields)
    for weights in draw_weights(protocol, 21, 0, 3):
        network = RecirculationNetwork(split_weights(protocol, weights), protocol)
        for expected in form.record_weights(protocol, weights, 10)[1:]:
            network.update()
            reached = [
                part.ravel()
                for pair in zip(network.matrices, network.biases, strict=True)
                for part in pair
            ]
            np.testing.assert_allclose(np.concatenate(reached), expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", [name for name in LOOPS if "one pattern" not in name])
def test_kernel_makes_the_changes_of_the_batched_equations(name: str, form: Any) -> None:
    protocol = dataclasses.replace(PAPER, learning_rate=1.0, **LOOPS[name])
    initial = draw_weights(protocol, 22, 0, 20)
    made = [form.record_weights(protocol, weights, 1)[1] - weights for weights in initial]
    np.testing.assert_allclose(made, compute_changes(protocol, initial), rtol=0, atol=1e-14)
