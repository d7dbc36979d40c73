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
from replication.simulator.weights import draw_weights, split_weights

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


def test_passes_through_two_hidden_groups_worked_by_hand() -> None:
    # 1-1-1-1 with weights 0 and s(ln 3) = 3/4, s(-ln 3) = 1/4 as biases: h = (3/4, 1/4), r2 = 3/4.
    # lambda = 0.5, v0 = 1: v2 = 7/8; the second pass is the first, for no weight carries it.
    # dU = 2 * 1/4 * (1 - 7/8), dc = 2 * (1 - 7/8); nothing else changes.
    protocol = dataclasses.replace(TINY, group_sizes=(1, 1, 1))
    zero, log = np.zeros((1, 1)), math.log(3.0)
    connections = [(zero, np.array([bias])) for bias in (log, -log, log)]
    network = RecirculationNetwork(connections, protocol)
    v0 = np.array([1.0])
    assert np.concatenate(network.first_pass(v0)) == pytest.approx([0.75, 0.25], abs=1e-15)
    assert network.reconstruct(v0) == pytest.approx(0.75, abs=1e-15)
    assert np.concatenate(network.second_pass(v0)) == pytest.approx([0.75, 0.25], abs=1e-15)
    changes = [float(part.item()) for pair in network.weight_changes(v0) for part in pair]
    assert changes == pytest.approx([0, 0, 0, 0, 0.0625, 0.25], abs=1e-15)


@pytest.mark.parametrize(("hidden_regression", "expected"), [(True, 0.625), (False, 0.5)])
def test_hidden_regression_worked_by_hand(hidden_regression: bool, expected: float) -> None:
    protocol = dataclasses.replace(TINY, hidden_regression=hidden_regression)
    # W = 4 ln 3, b = -3 ln 3, v0 = 1: h1 = s(ln 3) = 3/4. U = c = 0: r2 = 1/2, v2 = 3/4,
    # s(W v2 + b) = s(0) = 1/2: h3 = 1/2 * 3/4 + 1/2 * 1/2 = 5/8, unregressed 1/2.
    log = math.log(3.0)
    connections = [
        (np.array([[4.0 * log]]), np.array([-3.0 * log])),
        (np.zeros((1, 1)), np.zeros(1)),
    ]
    network = RecirculationNetwork(connections, protocol)
    h3 = network.second_pass(np.array([1.0]))[0]
    assert h3 == pytest.approx(expected, abs=1e-15)


def test_linear_units_reconstruct_what_they_receive() -> None:
    connections = [(np.zeros((1, 1)), np.zeros(1)), (np.full((1, 1), 4.0), np.array([-3.5]))]
    network = RecirculationNetwork(connections, dataclasses.replace(TINY, visible_units="linear"))
    assert network.reconstruct(np.array([1.0])) == 4.0 * 0.5 - 3.5


@pytest.mark.parametrize(("schedule", "expected"), [("batch", 0.5), ("per-pattern", 0.421875)])
def test_schedules_worked_by_hand(schedule: str, expected: float) -> None:
    # Linear, all weights 0, lambda = 0.5, epsilon = 0.5, the pattern 1 twice: v2 = 0.5 + r2 / 2.
    # In a batch dc = 2 * 0.5 * (1 - 0.5) = 0.5. One by one dc = 0.25 and dU = 0.125 at first, then
    # r2 = 0.125 * 0.5 + 0.25 = 0.3125, v2 = 0.65625 and dc = 0.5 * 0.34375 = 0.171875.
    protocol = from_plain(
        {"group_sizes": [1, 1], "patterns": [[1.0], [1.0]], "learning_rate": 0.5,
         "regression": 0.5, "visible_units": "linear", "update_schedule": schedule}
    )  # fmt: skip
    zeros = [(np.zeros((1, 1)), np.zeros(1)), (np.zeros((1, 1)), np.zeros(1))]
    network = RecirculationNetwork(zeros, protocol)
    network.update()
    assert network.biases[1][0] == expected


def test_worst_pattern_is_half_of_the_largest_squared_deviation() -> None:
    # Reconstructions of s(ln 3) = 3/4: in each pattern one deviation of 1/4 and three of 3/4.
    protocol = dataclasses.replace(PAPER, criterion="worst-pattern")
    biased = [(np.zeros((2, 4)), np.zeros(2)), (np.zeros((4, 2)), np.full(4, math.log(3.0)))]
    error = RecirculationNetwork(biased, protocol).error()
    assert error == pytest.approx(0.5 * (1 / 16 + 3 * 9 / 16), abs=1e-15)


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


def test_training_stops_at_the_cap_and_at_once_at_the_criterion() -> None:
    # By test_one_update_worked_by_hand the error is 1/8 at first; c is 0 and then 0.5.
    tied = make_tiny(threshold=0.125, max_updates=1)
    assert tied.train() == (1, True)
    assert tied.biases[1][0] == 0.5
    capped = make_tiny(threshold=1e-9, max_updates=1)
    assert capped.train() == (1, False)
    assert capped.biases[1][0] == 0.5, "an update too many or too few"


def test_networks_are_those_of_the_default_root_seed() -> None:
    weights = draw_weights(PAPER, 1988, 7, 8)[0]
    network = RecirculationNetwork.from_seed(7)
    for (matrix, biases), ours, theirs in zip(
        split_weights(PAPER, weights), network.matrices, network.biases, strict=True
    ):
        np.testing.assert_array_equal(ours, matrix)
        np.testing.assert_array_equal(theirs, biases)


def test_whole_numbers_as_weights_are_taken_as_floats() -> None:
    whole = [(np.zeros((1, 1), dtype=int), np.zeros(1, dtype=int))] * 2
    network = RecirculationNetwork(whole, TINY)
    network.update()
    assert (network.matrices[1][0, 0], network.biases[1][0]) == (0.25, 0.5)


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


def test_biases_that_do_not_fit_their_matrix_are_refused() -> None:
    with pytest.raises(UsageError, match="as many biases as it has rows"):
        RecirculationNetwork([(np.zeros((1, 1)), np.zeros(size)) for size in (2, 1)], TINY)


def test_another_learning_rule_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        make_tiny(learning_rule="back-propagation")
    assert str(refused.value) == (
        "learning_rule = 'back-propagation' was given; this class learns by "
        "'recirculation' only; use simulate() for other rules"
    )
