"""The rule: what the simulator applies, where it is descent, and beyond the conditions."""

import dataclasses

import numpy as np
import pytest

from replication import PAPER, Protocol, RecirculationNetwork
from replication.experiments.instruments.sample import Sample
from replication.experiments.rule import run as rule
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.changes import compute_changes
from tests.unit.experiments.builders import differentiate, sum_changes


def test_simulator_applies_the_product_and_another_product_is_noticed():
    weights = draw_weights(PAPER, 67, 0, 30)
    assert rule.measure_difference(PAPER, weights) < 1e-14
    # Back-propagation is not this product.
    other = dataclasses.replace(PAPER, learning_rule="back-propagation")
    assert rule.measure_difference(other, weights) > 0.01


@pytest.mark.parametrize("regression", [0.9, 0.999])
def test_what_the_derivation_neglects_is_of_the_order_of_1_minus_lambda(regression):
    protocol = rule.restrict(regression)
    measured = rule.measure_descent(protocol, draw_weights(protocol, 2005, 0, 60))
    measured = {name: np.median(values) for name, values in measured.items()}
    for name in ("w-length", "factor"):
        assert abs(measured[name] - 1) < 1.0 * (1 - regression)
    assert measured["u-length"] == pytest.approx(1.0, abs=1e-6)


def test_length_of_w_is_taken_over_the_gradient_of_e_as_page_361_writes_it():
    """E has the regressed state; that its gradient is (1 - lambda)^2 G is found here by itself."""
    protocol = rule.restrict(0.9)
    E = dataclasses.replace(protocol, criterion="half-squared-error", error_measured_on="regressed")
    weights = draw_weights(protocol, 71, 0, 3)
    changes = compute_changes(protocol, weights)
    lengths = rule.measure_descent(protocol, weights)["w-length"]
    for flat, change, length in zip(weights, changes, lengths, strict=True):
        R = differentiate(lambda x: RecirculationNetwork.from_weights(x, E).error(), flat)
        expected = np.linalg.norm(change[:10]) / np.linalg.norm(R[:10])
        assert length == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("deceived", [rule.Exchanged, rule.Transposed])
def test_w_changes_as_if_u_were_another_matrix(deceived):
    """Compare the outcomes with a literal loop over two readable networks, one to be deceived."""
    weights = draw_weights(PAPER, 70, 0, 4)
    _, found, _ = Sample(4, 70).train(Protocol(max_updates=40), weights, deceived)
    expected = []
    for row in weights:
        network = RecirculationNetwork.from_weights(row)
        converged = network.error() < 0.1
        for _ in range(40):
            # The same network but for its U; only the changes of W and b are taken from it.
            other = RecirculationNetwork.from_weights(network.flatten())
            if deceived is rule.Exchanged:
                other.U = network.U[:, [1, 0]]
            else:
                k = np.sqrt((network.U**2).sum() / (network.W**2).sum())
                other.U = k * network.W.T
            changes = [*sum_changes(other)[:2], *sum_changes(network)[2:]]
            for part, change in zip(network.weights, changes, strict=True):
                np.add(part, change, out=part)
            converged = converged or network.error() < 0.1
        expected.append(bool(converged))
    assert found.tolist() == expected
