import json

import pytest

from replication.claims import Verdict
from replication.experiments.functions import run as functions


@pytest.fixture(scope="module")
def model():
    return json.loads(json.dumps(functions.run(jobs=1, n_networks=100)))


def judge(**lows):
    entries = {name: {"converged": {"share_interval": [low, 1.0]}} for name, low in lows.items()}
    return functions.judge_functions(entries)


def test_every_hidden_function_is_tried_at_its_own_best_rate(model):
    assert list(model["functions"]) == ["logistic", "softsign", "algebraic", "spline"]
    for entry in model["functions"].values():
        assert entry["learning_rate"] == entry["search"]["best"]["learning_rate"]


def test_verdict_counts_the_functions_that_serve():
    assert judge(logistic=0.99, a=0.95, b=0.96, c=0.97)["verdict"] == Verdict.HOLDS
    assert judge(logistic=0.99, a=0.949, b=0.96, c=0.97)["verdict"] == Verdict.DOES_NOT_HOLD
    assert judge(logistic=0.99, a=0.9, b=0.9, c=0.95)["serving"] == ["c"]
    assert judge(logistic=0.99, a=0.9, b=0.9, c=0.9)["verdict"] == Verdict.DOES_NOT_HOLD


def test_the_papers_own_function_does_not_count():
    assert judge(logistic=0.1, a=0.95, b=0.96, c=0.97)["verdict"] == Verdict.HOLDS
