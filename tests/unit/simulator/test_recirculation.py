"""The readable network against values worked by hand, and against its own laws."""

import dataclasses
import math

import numpy as np
import pytest

from replication import PAPER, RecirculationNetwork
from replication.definition.protocol import from_plain
from replication.errors import UsageError

# The smallest loop, 1-1-1, with one pattern v = 1, small enough to work by hand.
TINY = from_plain(
    {"group_sizes": [1, 1], "patterns": [[1.0]], "learning_rate": 2.0, "regression": 0.5,
     "criterion": "half-squared-error"}
)  # fmt: skip
ONE = np.array([1.0])


def make_tiny(W=0.0, b=0.0, U=0.0, c=0.0, **fields):
    protocol = dataclasses.replace(TINY, **fields)
    return RecirculationNetwork.from_weights([W, b, U, c], protocol)


def test_one_update_worked_by_hand():
    # All weights 0, v0 = 1, lambda = 0.5, epsilon = 2:
    # h1 = s(0) = 0.5; r2 = s(0) = 0.5; v2 = 0.5 * 1 + 0.5 * 0.5 = 0.75;
    # h3 = 0.5 * 0.5 + 0.5 * s(0) = 0.5; so h1 - h3 = 0 and W, b stay;
    # dU = 2 * 0.5 * (1 - 0.75) = 0.25; dc = 2 * (1 - 0.75) = 0.5.
    network = make_tiny()
    h1 = network.first_pass(ONE)
    r2 = network.reconstruct(h1)
    v2 = network.regress(ONE, r2)
    assert (h1, r2, v2, network.second_pass(v2, h1)) == (0.5, 0.5, 0.75, 0.5)
    assert network.error() == 0.125  # 1/2 (1 - 0.5)^2
    network.update()
    assert (network.W, network.b, network.U, network.c) == (0.0, 0.0, 0.25, 0.5)


@pytest.mark.parametrize(("hidden_regression", "expected"), [(True, 0.625), (False, 0.5)])
def test_hidden_regression_worked_by_hand(hidden_regression, expected):
    # W = 4 ln 3, b = -3 ln 3, v0 = 1: h1 = s(ln 3) = 3/4. U = c = 0: r2 = 1/2, v2 = 3/4,
    # s(W v2 + b) = s(0) = 1/2: h3 = 1/2 * 3/4 + 1/2 * 1/2 = 5/8, unregressed 1/2.
    log = math.log(3.0)
    network = make_tiny(W=4 * log, b=-3 * log, hidden_regression=hidden_regression)
    h1 = network.first_pass(ONE)
    h3 = network.second_pass(network.regress(ONE, network.image(ONE)), h1)
    assert h3 == pytest.approx(expected, abs=1e-15)
    # Equation 4: dW = epsilon v2 (h1 - h3), db = epsilon (h1 - h3).
    dW, db, _, _ = network.weight_changes(ONE)
    assert dW == pytest.approx(2 * 0.75 * (0.75 - expected), abs=1e-15)
    assert db == pytest.approx(2 * (0.75 - expected), abs=1e-15)


# Second rounds, schedules and centred inputs are those of a loop from the paper, in tests/parity.
# The first unit's reconstruction is s(ln 3) = 3/4, that of the others 1/2: the squared errors are
# 1/16 + 3/4 for the first pattern and 9/16 + 3/4 for three others.
@pytest.mark.parametrize(("criterion", "expected"), [
    ("every-unit", 3 / 4), ("every-unit-squared", 9 / 16), ("every-unit-half-squared", 9 / 32),
    ("half-squared-error", 19 / 8), ("worst-pattern", 21 / 32),
])  # fmt: skip
def test_criteria_worked_by_hand(criterion, expected):
    protocol = dataclasses.replace(PAPER, criterion=criterion)
    network = RecirculationNetwork.from_weights(np.zeros(22), protocol)
    network.c[0] = math.log(3.0)
    assert network.error() == pytest.approx(expected, abs=1e-15)


def test_unexplained_variance_worked_by_hand():
    # Patterns 1 and 0, whose mean is 1/2, vary by 1/4 + 1/4. With all weights 0 and c = -ln 3 both
    # reconstructions are 1/4, and the squared error is 9/16 + 1/16.
    fields = {"patterns": ((1.0,), (0.0,)), "criterion": "unexplained-variance"}
    assert make_tiny(c=-math.log(3.0), **fields).error() == pytest.approx(1.25, abs=1e-15)
    assert make_tiny(**fields).error() == 1.0  # the mean explains nothing


def test_frozen_weights_stay_whatever_their_changes_are():
    network = make_tiny(frozen=("U", "b"), decay=0.25, U=1.0)
    network.apply({"W": np.array([[3.0]]), "U": np.array([[5.0]])})
    assert (network.U.item(), network.b[0], network.W.item()) == (1.0, 0.0, 3.0)


def test_training_stops_at_the_cap_and_at_once_at_the_criterion():
    # By test_one_update_worked_by_hand the error is 1/8 at first; c is 0 and then 0.5.
    tied = make_tiny(threshold=0.125, max_updates=1)
    assert tied.train() == (1, True)
    assert tied.c[0] == 0.5
    capped = make_tiny(threshold=1e-9, max_updates=1)
    assert capped.train() == (1, False)
    assert capped.c[0] == 0.5, "an update too many or too few"


def test_momentum_goes_on_with_what_is_applied_after_each_pattern():
    network = make_tiny(patterns=((1.0,), (1.0,)), update_schedule="per-pattern", momentum=0.5)
    network.weight_changes = lambda v: {"c": np.array([1.0])}
    network.update()
    assert network.c == 1.0 + (1.0 + 0.5)


def test_states_are_taken_as_lists_and_refused_where_they_do_not_fit():
    network = RecirculationNetwork.from_seed(4)
    np.testing.assert_array_equal(network.image([1, 0, 0, 0]), network.image(np.eye(4)[0]))
    assert network.regress([1, 0], [0, 1]).tolist() == [0.75, 0.25]
    for states in ("one", [[1], 0, 0, 0], [10**400, 0, 0, 0]):
        with pytest.raises(UsageError, match="as states; allowed are arrays of"):
            network.first_pass(states)
