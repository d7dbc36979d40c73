"""The readable network against values worked by hand, and against its own laws."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.errors import UsageError
from replication.protocol import from_plain
from replication.simulator.recirculation import sigmoid

# The smallest loop, 1-1-1, with one pattern v = 1, small enough to work by hand.
TINY = from_plain(
    {"group_sizes": [1, 1], "patterns": [[1.0]], "learning_rate": 2.0, "regression": 0.5}
)


def make_tiny(**fields: object) -> RecirculationNetwork:
    zeros = [(np.zeros((1, 1)), np.zeros(1)), (np.zeros((1, 1)), np.zeros(1))]
    return RecirculationNetwork(zeros, dataclasses.replace(TINY, **fields))


def test_one_update_worked_by_hand() -> None:
    # All weights 0, v0 = 1, lambda = 0.5, epsilon = 2:
    # h1 = s(0) = 0.5; r2 = s(0) = 0.5; v2 = 0.5 * 1 + 0.5 * 0.5 = 0.75;
    # h3 = 0.5 * 0.5 + 0.5 * s(0) = 0.5; so h1 - h3 = 0 and W, b stay;
    # dU = 2 * 0.5 * (1 - 0.75) = 0.25; dc = 2 * (1 - 0.75) = 0.5.
    network = make_tiny()
    assert network.first_pass(np.array([1.0]))[0] == 0.5
    assert network.reconstruct(np.array([1.0])) == 0.5
    assert network.regress_visible(np.array([1.0])) == 0.75
    assert network.second_pass(np.array([1.0]))[0] == 0.5
    assert network.error() == 0.125  # 1/2 (1 - 0.5)^2
    network.update()
    assert [float(matrix[0, 0]) for matrix in network.matrices] == [0.0, 0.25]
    assert [float(biases[0]) for biases in network.biases] == [0.0, 0.5]


def test_second_update_worked_by_hand() -> None:
    # From U = 0.25, c = 0.5: r2 = s(0.25 * 0.5 + 0.5) = s(0.625).
    network = make_tiny()
    network.update()
    r2 = 1 / (1 + math.exp(-0.625))
    v2 = 0.5 + 0.5 * r2
    network.update()
    assert network.matrices[1][0, 0] == pytest.approx(0.25 + 2 * 0.5 * (1 - v2), abs=1e-15)
    assert network.biases[1][0] == pytest.approx(0.5 + 2 * (1 - v2), abs=1e-15)


@pytest.mark.parametrize(
    ("criterion", "expected"),
    [
        # All weights 0: the reconstruction is 0.5 everywhere, so is each of 16 deviations.
        ("half-squared-error", 2.0),
        ("squared-error", 4.0),
        ("worst-pattern", 0.5),
        ("every-unit", 0.5),
    ],
)
def test_criteria_of_the_untrained_network(criterion: str, expected: float) -> None:
    protocol = dataclasses.replace(PAPER, criterion=criterion)
    zeros = [(np.zeros((2, 4)), np.zeros(2)), (np.zeros((4, 2)), np.zeros(4))]
    assert RecirculationNetwork(zeros, protocol).error() == expected


def test_regressed_error_is_smaller_by_one_minus_lambda_squared() -> None:
    plain = RecirculationNetwork.from_seed(3)
    regressed = RecirculationNetwork.from_seed(
        3, protocol=dataclasses.replace(PAPER, error_measured_on="regressed")
    )
    assert regressed.error() == pytest.approx(0.25**2 * plain.error(), rel=1e-12)


def test_update_is_the_sum_of_the_changes_of_all_patterns() -> None:
    network = RecirculationNetwork.from_seed(5)
    before = [matrix.copy() for matrix in network.matrices]
    changes = [network.weight_changes(pattern) for pattern in network.patterns]
    network.update()
    for k, matrix in enumerate(network.matrices):
        np.testing.assert_allclose(
            matrix - before[k], sum(change[k][0] for change in changes), rtol=0, atol=1e-14
        )


def test_momentum_adds_a_share_of_the_last_change() -> None:
    plain, heavy = make_tiny(), make_tiny(momentum=0.5)
    for network in (plain, heavy):
        network.update()
    last = float(plain.biases[1][0])
    assert heavy.biases[1][0] == last  # nothing to add yet
    plain.update()
    heavy.update()
    assert heavy.biases[1][0] == pytest.approx(float(plain.biases[1][0]) + 0.5 * last, abs=1e-15)


def test_a_network_below_the_threshold_scores_zero() -> None:
    network = make_tiny(threshold=0.2)
    assert network.train() == (0, True)


def test_a_network_at_the_cap_is_censored() -> None:
    protocol = dataclasses.replace(PAPER, max_updates=3)
    assert RecirculationNetwork.from_seed(0, protocol=protocol).train() == (3, False)


def test_given_weights_are_copied() -> None:
    matrix = np.zeros((1, 1))
    network = RecirculationNetwork([(matrix, np.zeros(1)), (np.zeros((1, 1)), np.zeros(1))], TINY)
    network.matrices[0] += 1.0
    assert matrix[0, 0] == 0.0


def test_sigmoid_saturates_without_overflow() -> None:
    with np.errstate(all="raise"):
        assert sigmoid(np.array([-1e6, 0.0, 1e6])) == pytest.approx([0.0, 0.5, 1.0], abs=1e-300)


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(UsageError, match="group_sizes"):
        RecirculationNetwork([(np.zeros((1, 1)), np.zeros(1))], TINY)


def test_another_learning_rule_is_refused() -> None:
    with pytest.raises(UsageError, match="back-propagation"):
        make_tiny(learning_rule="back-propagation")
