import json

import pytest

from replication.claims import Verdict
from replication.experiments.sizes import run as sizes


@pytest.fixture(scope="module")
def model():
    return json.loads(json.dumps(sizes.run(jobs=1, n_networks=30)))


def judge(low):
    described = {
        "converged": {"share": 1.0, "share_interval": [low, 1.0]},
        "learning_rate": 1.5,
        "regression": 0.25,
        "median": 300,
    }
    return sizes.judge_loops({"name": "4-3-3-4", "best": described, "paper": described})


def test_verdict_is_about_the_loop_with_two_groups_of_three(model):
    assert model["claims"]["loops"]["name"] == "4-3-3-4"
    judged = [network for network in model["networks"] if network["is_judged"]]
    assert model["claims"]["loops"]["share"] == judged[0]["best"]["converged"]["share"]


@pytest.mark.parametrize(
    ("low", "verdict"),
    [(0.9, Verdict.HOLDS), (0.89, Verdict.TOO_FEW)],
)
def test_loops_are_judged_by_the_lower_end_of_the_share(low, verdict):
    assert judge(low)["verdict"] == verdict


def test_every_network_is_run_at_the_papers_settings_and_at_its_best(model):
    for network in model["networks"]:
        assert network["paper"]["learning_rate"] == 20.0
        assert network["paper"]["regression"] == 0.75
        best = network["search"]["best"]
        assert {name: network["best"][name] for name in best} == best
        assert ("regression" in best) == (network["n_hidden_groups"] > 1)
