"""Other hidden functions: judged by share and speed, and unknown to the rule."""

import json
import math

import numpy as np
import pytest

from replication.claims import Verdict, load_claims
from replication.experiments.functions import run as functions
from replication.simulator.weights import draw_weights


@pytest.fixture(scope="module")
def model():
    return json.loads(json.dumps(functions.run(jobs=1, n_networks=100)))


def describe(share=1.0, median=30.0):
    converged = {"share": share, "share_interval": [share - 0.01, min(1.0, share + 0.01)]}
    return {"converged": converged, "median": median}


def judge(**changed):
    names = ("logistic", *functions.SMOOTH)
    return functions.judge_functions({name: describe() for name in names} | changed)


def test_every_function_is_tried_at_its_own_best_rate(model):
    assert list(model["functions"]) == ["logistic", *functions.SMOOTH, "rectifier"]
    for entry in model["functions"].values():
        assert entry["learning_rate"] == entry["search"]["best"]["learning_rate"]


def test_one_function_that_does_not_serve_or_is_slow_divides_the_verdict():
    assert judge()["verdict"] == Verdict.HOLDS
    judged = judge(tanh=describe(share=0.9))
    assert (judged["verdict"], judged["worst"]) == (Verdict.DEPENDS, "tanh")
    outcomes = {name: each["outcome"] for name, each in judged["operationalisations"].items()}
    assert {name for name in outcomes if outcomes[name] == "contradicts"} == {"tanh", "all"}
    assert judge(softplus=describe(median=61.0))["verdict"] == Verdict.DEPENDS
    assert judge(logistic=describe(share=0.1))["verdict"] == Verdict.HOLDS  # does not count


def test_each_smooth_function_has_its_entry():
    ids = {each.id for each in load_claims()["other-functions"].operationalisations}
    assert ids == {*functions.SMOOTH, "all", "speed"}


def apply(kind, x):
    return {
        "logistic": lambda: 1 / (1 + math.exp(-x)),
        "tanh": lambda: math.tanh(x),
        "softplus": lambda: math.log(1 + math.exp(x)),
        "softsign": lambda: (1 + x / (1 + abs(x))) / 2,
        "wave": lambda: x + math.sin(x) / 2,
    }[kind]()


@pytest.mark.parametrize("name", functions.UNKNOWN)
def test_changes_and_gradients_are_those_of_literal_loops(name):
    kinds = ("tanh", "softplus") if name == "mixed" else (name, name)
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
            h1 = [apply(kinds[j], W[j] @ visible + b[j]) for j in range(2)]
            r = [U[i] @ h1 + c[i] for i in range(4)]
            v2 = [visible[i] + away * (r[i] - visible[i]) for i in range(4)]
            for j in range(2):
                total = W[j] @ visible + b[j]
                h3 = (1 - away) * h1[j] + away * apply(kinds[j], W[j] @ v2 + b[j])
                slope = (apply(kinds[j], total + 1e-6) - apply(kinds[j], total - 1e-6)) / 2e-6
                back = sum((visible[i] - r[i]) * U[i, j] for i in range(4))
                for i, (second, first) in enumerate(zip([*v2, 1], [*visible, 1], strict=True)):
                    expected[j, i] += second * (h1[j] - h3)
                    descent[j, i] += back * slope * first
        np.testing.assert_allclose(change, expected.ravel(), rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(gradient, -descent.ravel(), rtol=1e-6, atol=1e-8)


def test_rule_that_does_not_know_the_function_follows_steepest_descent(model):
    judged = model["claims"]["unknown-function"]
    assert judged["verdict"] == Verdict.CHECKED
    assert min(each["value"] for each in judged["operationalisations"].values()) > 0.999
