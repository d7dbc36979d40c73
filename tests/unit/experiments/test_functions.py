"""Other hidden functions: judged by share and speed, and unknown to the rule."""

import dataclasses
import math

import numpy as np
import pytest

from replication import RecirculationNetwork
from replication.experiments.functions import run as functions
from replication.paper.claims import ClaimVerdict
from replication.simulator.rule.weights import draw_weights
from tests.parity.loop import FUNCTIONS
from tests.unit.experiments import builders


def judge(**changed):
    """Judge functions of which 1,000 networks take 30 updates, or as many as is said."""
    updates = dict.fromkeys(("logistic", *functions.SMOOTH), [30] * 1000) | changed
    outcomes = {name: builders.make_outcomes(*each) for name, each in updates.items()}
    return functions.judge_functions(outcomes)


def test_one_function_that_does_not_serve_or_is_slow_is_an_exception():
    assert judge()["verdict"] == ClaimVerdict.HOLDS
    judged = judge(tanh=[30] * 900 + [2000] * 100)
    assert judged["verdict"] == ClaimVerdict.HOLDS_EXCEPT
    outcomes = builders.list_outcomes(judged)
    assert [name for name in outcomes if outcomes[name] == "contradicts"] == ["tanh"]
    assert judge(softplus=[61] * 1000)["verdict"] == ClaimVerdict.HOLDS_EXCEPT
    assert judge(arctan=[30] * 900 + [2000] * 100)["verdict"] == ClaimVerdict.FAILS_EXCEPT


def wave(x):
    return x + math.sin(x) / 2, None


@pytest.mark.parametrize("name", functions.UNKNOWN)
def test_changes_and_gradients_are_those_of_a_readable_network_with_these_functions(name):
    names = ("tanh", "softplus") if name == "mixed" else (name, name)
    apply = [(FUNCTIONS | {"wave": wave})[one] for one in names]

    def build(flat):
        protocol = dataclasses.replace(functions.RESTRICTED, criterion="half-squared-error")
        network = RecirculationNetwork.from_weights(flat, protocol)
        network.activate_hidden = lambda x: np.array([apply[0](x[0])[0], apply[1](x[1])[0]])
        return network

    weights = draw_weights(functions.RESTRICTED, 5, 0, 3)
    changes = functions.compute_change(weights, functions.UNKNOWN[name])
    gradients = functions.differentiate_error(weights, functions.UNKNOWN[name])
    for flat, change, gradient in zip(weights, changes, gradients, strict=True):
        expected = (
            builders.flatten(builders.sum_changes(build(flat))[:2])
            / functions.RESTRICTED.learning_rate
        )
        np.testing.assert_allclose(change, expected, rtol=1e-9, atol=1e-14)
        descent = builders.differentiate(lambda moved: build(moved).error(), flat)[:10]
        np.testing.assert_allclose(gradient, descent, rtol=1e-6, atol=1e-8)
