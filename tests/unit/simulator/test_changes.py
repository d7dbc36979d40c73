"""Recirculation changes and exact gradients of many networks at once."""

import dataclasses

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.simulator.changes import compute_changes, compute_gradients, reconstruct
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import draw_weights
from tests.parity.loop import RecirculationLoop

VARIANTS = {
    "long loop": {"group_sizes": (3, 2, 4, 2), "visible_units": "linear"},
    "patterns": {"patterns": ((0.2, 0.9, 0.0, 1.0), (1.0, 1.0, 0.5, 0.0)), "momentum": 0.5},
    "algebraic loop": {"hidden_function": "algebraic", "group_sizes": (4, 3, 2)},
    "factors": {
        "visible_to_hidden_factor": 4.0,
        "hidden_to_visible_factor": 0.5,
        "update_schedule": "per-pattern",
    },
    "second round": {"second_round": True, "hidden_to_visible_factor": 3.0},
}


def vary(**fields):
    return dataclasses.replace(PAPER, **fields)


def draw(protocol, n=40):
    return draw_weights(protocol, 3, 0, n)


def measure_error(protocol, weights, error):
    r, v = reconstruct(protocol, weights), make_patterns(protocol)
    if error == "squared":
        return np.sum((r - v) ** 2, axis=(1, 2)) / 2
    return -np.sum(v * np.log(r) + (1 - v) * np.log1p(-r), axis=(1, 2))


def differentiate(protocol, weights, error, step=1e-6):
    """Central finite differences of the error, weight by weight."""
    columns = []
    for w in range(protocol.n_weights):
        move = np.zeros(protocol.n_weights)
        move[w] = step
        above = measure_error(protocol, weights + move, error)
        below = measure_error(protocol, weights - move, error)
        columns.append((above - below) / (2 * step))
    return np.stack(columns, axis=1)


def make_network(protocol, flat):
    several = len(protocol.group_sizes) > 2
    return (RecirculationLoop if several else RecirculationNetwork).from_weights(flat, protocol)


@pytest.mark.parametrize("fields", VARIANTS.values(), ids=VARIANTS)
def test_changes_and_images_are_those_of_the_readable_network(fields):
    protocol = vary(learning_rate=1.0, **fields)
    weights = draw(protocol, 5)
    visible = np.random.default_rng(5).random((5, 2, protocol.n_visible))
    found = compute_changes(protocol, weights), reconstruct(protocol, weights, visible)
    for flat, vectors, changes, images in zip(weights, visible, *found, strict=True):
        network = make_network(protocol, flat)
        each = [network.weight_changes(pattern) for pattern in network.patterns]
        sums = [sum(parts) for parts in zip(*each, strict=True)]
        expected = np.concatenate([part.ravel() for part in sums])
        np.testing.assert_allclose(changes, expected, rtol=0, atol=1e-14)
        expected = [network.image(vector) for vector in vectors]
        np.testing.assert_allclose(images, expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("variant", "error"),
    [(name, "squared") for name in VARIANTS]
    + [(name, "cross-entropy") for name, f in VARIANTS.items() if "visible_units" not in f],
)
def test_gradients_are_those_of_finite_differences(variant, error):
    protocol = vary(**VARIANTS[variant])
    weights = draw(protocol, 10)
    exact = compute_gradients(protocol, weights, error=error)
    np.testing.assert_allclose(exact, differentiate(protocol, weights, error), rtol=0, atol=1e-6)
