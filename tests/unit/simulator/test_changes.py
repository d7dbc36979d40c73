"""Recirculation changes and exact gradients of many networks at once."""

import dataclasses
from functools import partial

import numpy as np
import pytest

from replication.definition.protocol import Protocol
from replication.simulator.rule.recirculation import RecirculationNetwork
from replication.simulator.rule.weights import draw_weights, make_patterns
from replication.simulator.running.changes import compute_changes, compute_gradients, reconstruct
from replication.simulator.running.engine import evaluate_networks
from tests.parity.test_every_field import TOGETHER, build
from tests.unit.experiments.builders import differentiate, flatten, sum_changes

# Longer loops, and each field that a change leaves out, or that a gradient has not.
VARIANTS = {str(fields): build(fields)[1] for fields in (
    *TOGETHER.values(), {"hidden_function": "tanh", "hidden_to_visible_factor": 0.5},
    {"learning_rule": "back-propagation", "minimised_error": "cross-entropy"},
    {"visible_units": "linear", "visible_to_hidden_factor": 3.0, "criterion": "worst-pattern"},
)}  # fmt: skip


def measure_error(protocol, flat, error):
    r, v = evaluate_networks(protocol, flat[None]).reconstruction[0], make_patterns(protocol)
    if error == "squared":
        return np.sum((r - v) ** 2) / 2
    return -np.sum(v * np.log(r) + (1 - v) * np.log1p(-r))


@pytest.mark.parametrize("protocol", VARIANTS.values(), ids=VARIANTS)
def test_changes_and_images_are_those_of_the_readable_network(protocol):
    weights = draw_weights(protocol, 3, 0, 2)
    visible = np.random.default_rng(5).random((2, 2, protocol.n_visible))
    found = compute_changes(protocol, weights), reconstruct(protocol, weights, visible)
    rule = dataclasses.replace(protocol, learning_rule="recirculation", minimised_error="squared")
    for flat, vectors, changes, images in zip(weights, visible, *found, strict=True):
        network = RecirculationNetwork.from_weights(flat, rule)
        expected = flatten(sum_changes(network)) / protocol.learning_rate
        np.testing.assert_allclose(changes, expected, rtol=0, atol=1e-13)
        expected = [network.image(vector) for vector in vectors]
        np.testing.assert_allclose(images, expected, rtol=0, atol=1e-14)


def test_small_changes_are_as_exact_as_large_ones_and_no_weight_decays():
    factors = dict.fromkeys(("visible_to_hidden_factor", "hidden_to_visible_factor"), 2.0**-20)
    protocols = [Protocol(decay=0.5, **each) for each in ({}, factors)]
    large, small = (compute_changes(each, draw_weights(each, 3, 0, 9)) for each in protocols)
    np.testing.assert_allclose(small, 2.0**-20 * large, rtol=1e-13)


@pytest.mark.parametrize("protocol", VARIANTS.values(), ids=VARIANTS)
def test_gradients_are_those_of_finite_differences(protocol):
    weights = draw_weights(protocol, 3, 0, 1)
    for error in ("squared", "cross-entropy")[: 1 + (protocol.visible_units == "logistic")]:
        exact = compute_gradients(protocol, weights, error=error)
        expected = differentiate(partial(measure_error, protocol, error=error), weights[0])
        np.testing.assert_allclose(exact, [expected], rtol=0, atol=1e-6)
