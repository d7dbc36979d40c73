"""The readable network against values worked by hand, and against its own laws."""

import dataclasses
import math
from decimal import Decimal

import numpy as np
import pandas as pd
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


def logistic(x):
    return 1 / (1 + math.exp(-x))


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


def test_second_round_worked_by_hand():
    # All weights 0: h1 = h3 = 1/2, r2 = 1/2, v2 = 3/4; the image of h3 is 1/2 and
    # v4 = 1/2 * 3/4 + 1/2 * 1/2 = 5/8: dU grows by 2 * 1/2 * (3/4 - 5/8), dc by 2 * (3/4 - 5/8).
    dW, db, dU, dc = make_tiny(second_round=True).weight_changes(ONE)
    assert (dW, db, dU, dc) == (0.0, 0.0, 0.25 + 0.125, 0.5 + 0.25)


@pytest.mark.parametrize(("schedule", "expected"), [("batch", 0.5), ("per-pattern", 0.421875)])
def test_schedules_worked_by_hand(schedule, expected):
    # Linear, all weights 0, lambda = 0.5, epsilon = 0.5, the pattern 1 twice: v2 = 0.5 + r2 / 2.
    # In a batch dc = 2 * 0.5 * (1 - 0.5) = 0.5. One by one dc = 0.25 and dU = 0.125 at first, then
    # r2 = 0.125 * 0.5 + 0.25 = 0.3125, v2 = 0.65625 and dc = 0.5 * 0.34375 = 0.171875.
    network = make_tiny(
        patterns=((1.0,), (1.0,)), learning_rate=0.5, visible_units="linear",
        update_schedule=schedule,
    )  # fmt: skip
    network.update()
    assert network.c[0] == expected


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


def test_centred_inputs_worked_by_hand():
    # Patterns 1 and 0, whose mean is 1/2, W = 2 ln 3, all else 0: h1 = s(ln 3) = 3/4 for the
    # first, r2 = 1/2, v2 = 3/4, and s(W (3/4 - 1/2)) arrives; dU = 2 * 3/4 * (1 - 3/4).
    network = make_tiny(W=2 * math.log(3.0), patterns=((1.0,), (0.0,)), centred=True)
    h1, h3 = 0.75, 0.5 * 0.75 + 0.5 * logistic(math.log(3.0) / 2)
    assert network.first_pass(ONE) == pytest.approx(h1, abs=1e-15)
    dW, db, dU, dc = (float(change.item()) for change in network.weight_changes(ONE))
    assert (dU, dc) == pytest.approx((0.375, 0.5), abs=1e-15)
    assert dW == pytest.approx(2 * (0.75 - 0.5) * (h1 - h3), abs=1e-15)
    assert db == pytest.approx(2 * (h1 - h3), abs=1e-15)


def test_frozen_weights_stay_whatever_a_hook_returns():
    network = make_tiny(frozen=("U", "b"), decay=0.25, U=1.0)
    network.update(change=lambda changes: changes._replace(U=5.0, W=3.0))
    assert (network.U.item(), network.b[0], network.W.item()) == (1.0, 0.0, 3.0)


def test_training_stops_at_the_cap_and_at_once_at_the_criterion():
    # By test_one_update_worked_by_hand the error is 1/8 at first; c is 0 and then 0.5.
    tied = make_tiny(threshold=0.125, max_updates=1)
    assert tied.train() == (1, True)
    assert tied.c[0] == 0.5
    capped = make_tiny(threshold=1e-9, max_updates=1)
    assert capped.train() == (1, False)
    assert capped.c[0] == 0.5, "an update too many or too few"


def test_a_hook_sees_each_pattern_and_leads_the_momentum():
    network = make_tiny(patterns=((1.0,), (1.0,)), update_schedule="per-pattern", momentum=0.5)
    seen = []

    def replace(changes):
        seen.append(changes)
        return changes._replace(c=np.array([1.0]))

    network.update(change=replace)
    assert len(seen) == 2
    assert network.c == 1.0 + (1.0 + 0.5)


@pytest.mark.parametrize(("hook", "message"), [
    (lambda changes: None, "gives nothing; return the changes of"),
    (lambda changes: (1, 2, 3, 4, 5), "gives 5 arrays; shapes has 4: W, b, U, c"),
    (lambda changes: changes._replace(c=np.ones(2)), r"c of shape \(2,\); shapes says \(4,\)"),
])  # fmt: skip
def test_a_hook_that_does_not_fit_changes_nothing(hook, message):
    network = RecirculationNetwork.from_weights(np.zeros(22))
    with pytest.raises(UsageError, match=message):
        network.update(change=hook)
    assert not any(weights.any() for weights in network.weights)


def test_weights_are_taken_as_people_have_them():
    network = RecirculationNetwork.from_seed(0)
    network.W = pd.DataFrame([[1, 0, 0, 2**40], [0, 1, 0, 0]], dtype="Int64")
    network.b, network.U = [0, 2**70], np.array([[False, Decimal(1)]] * 4, dtype=object)
    assert network.W.tolist() == [[1.0, 0.0, 0.0, 2.0**40], [0.0, 1.0, 0.0, 0.0]]
    assert (network.b.tolist(), network.U.tolist()) == ([0.0, 2.0**70], [[0.0, 1.0]] * 4)


def test_states_are_taken_as_lists_and_refused_where_they_do_not_fit():
    network = RecirculationNetwork.from_seed(4)
    np.testing.assert_array_equal(network.image([1, 0, 0, 0]), network.image(np.eye(4)[0]))
    for states in ("one", [[1], 0, 0, 0], [10**400, 0, 0, 0]):
        with pytest.raises(UsageError, match="as states; allowed are arrays of"):
            network.first_pass(states)
    visible, first = [1, 0, 0, 0], [0.5, 0.25]
    assert network.regress([1, 0], [0, 1]).tolist() == [0.75, 0.25]
    np.testing.assert_array_equal(
        network.second_pass(visible, first),
        network.regress(np.array(first), network.first_pass(visible)),
    )
