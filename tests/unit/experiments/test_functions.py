"""Other hidden functions: judged by share and speed, and unknown to the rule."""

import math

import numpy as np
import pytest

from replication.definition.claims import Verdict
from replication.definition.protocol import Protocol
from replication.experiments.functions import run as functions
from replication.experiments.summaries import describe_speed
from replication.simulator.weights import draw_weights
from tests.unit.experiments.builders import list_outcomes, make_outcomes


def judge(**changed):
    """Judge functions of which 1,000 networks take 30 updates, or as many as is said."""
    updates = dict.fromkeys(("logistic", *functions.SMOOTH), [30] * 1000) | changed
    outcomes = {name: make_outcomes(*each) for name, each in updates.items()}
    described = {name: describe_speed(each, Protocol()) for name, each in outcomes.items()}
    return functions.judge_functions(described, outcomes)


def test_one_function_that_does_not_serve_or_is_slow_is_an_exception():
    assert judge()["verdict"] == Verdict.HOLDS
    judged = judge(tanh=[30] * 900 + [2000] * 100)
    assert judged["verdict"] == Verdict.HOLDS_EXCEPT
    outcomes = list_outcomes(judged)
    assert [name for name in outcomes if outcomes[name] == "contradicts"] == ["tanh"]
    assert judge(softplus=[61] * 1000)["verdict"] == Verdict.HOLDS_EXCEPT
    assert judge(arctan=[30] * 900 + [2000] * 100)["verdict"] == Verdict.FAILS_EXCEPT
    undecided = judge(logistic=[2000] * 1000)  # does not count, but has no median
    assert list_outcomes(undecided)["speed"] == "undecided"


FORMULAS = {
    "logistic": lambda x: 1 / (1 + math.exp(-x)), "tanh": math.tanh,
    "softplus": lambda x: math.log(1 + math.exp(x)), "wave": lambda x: x + math.sin(x) / 2,
    "softsign": lambda x: (1 + x / (1 + abs(x))) / 2,
}  # fmt: skip


@pytest.mark.parametrize("name", functions.UNKNOWN)
def test_changes_and_gradients_are_those_of_literal_loops(name):
    apply = [FORMULAS[one] for one in (("tanh", "softplus") if name == "mixed" else (name, name))]
    weights = draw_weights(functions.RESTRICTED, 5, 0, 3)
    changes = functions.compute_change(weights, functions.UNKNOWN[name])
    gradients = functions.differentiate_error(weights, functions.UNKNOWN[name])
    away = 1 - functions.RESTRICTED.regression
    for row, change, gradient in zip(weights, changes, gradients, strict=True):
        W, b = row[:8].reshape(2, 4), row[8:10]
        U, c = row[10:18].reshape(4, 2), row[18:]
        np.testing.assert_array_equal(U, W.T)
        expected, descent = np.zeros((2, 5)), np.zeros((2, 5))
        for p in range(4):
            visible = [float(i == p) for i in range(4)]
            h1 = [apply[j](W[j] @ visible + b[j]) for j in range(2)]
            r = [U[i] @ h1 + c[i] for i in range(4)]
            v2 = [visible[i] + away * (r[i] - visible[i]) for i in range(4)]
            for j in range(2):
                total = W[j] @ visible + b[j]
                h3 = (1 - away) * h1[j] + away * apply[j](W[j] @ v2 + b[j])
                slope = (apply[j](total + 1e-6) - apply[j](total - 1e-6)) / 2e-6
                back = sum((visible[i] - r[i]) * U[i, j] for i in range(4))
                for i, (second, first) in enumerate(zip([*v2, 1], [*visible, 1], strict=True)):
                    expected[j, i] += second * (h1[j] - h3)
                    descent[j, i] += back * slope * first
        np.testing.assert_allclose(change, expected.ravel(), rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(gradient, -descent.ravel(), rtol=1e-6, atol=1e-8)
