"""Speed of recirculation and back-propagation: found, compared and judged."""

import pytest

from replication.definition.protocol import Protocol
from replication.experiments import EXPERIMENTS
from replication.experiments.instruments.sample import Sample
from replication.experiments.speed import run as speed
from tests.unit.experiments.builders import list_outcomes, make_outcomes


def test_rapid_asks_for_networks_within_the_largest_and_the_mean_number_of_1988():
    outcomes = {
        "recirculation-8-3-8": make_outcomes(*[40] * 30, *[90] * 70),
        "recirculation-16-4-16": make_outcomes(*[150] * 70, *[300] * 30),
    }
    judged = speed.judge_rapid(outcomes)
    outcomes_found = {
        "larger-202": "supports",
        "largest-202": "supports",
        "larger-48": "contradicts",
    }
    assert list_outcomes(judged) == outcomes_found
    found = judged["operationalisations"]
    values = {name: found[name]["value"] for name in outcomes_found}
    assert values == {"larger-202": 1.0, "largest-202": 0.7, "larger-48": 0.3}
    assert judged["verdict"] == "holds, except"


@pytest.mark.parametrize(("squared", "plain", "effective"), [
    ([9.0, 9.5], "supports", "supports"),
    ([4.0, 4.6], "supports", "contradicts"),
    ([15.0, 21.0], "contradicts", "supports"),  # one range within the other
])  # fmt: skip
def test_best_rates_differ_if_their_ranges_do_not_overlap(squared, plain, effective):
    good = {"recirculation": [18.0, 19.0], "squared": squared, "cross-entropy": [1.5, 2.0]}
    judged = speed.judge_best_rates(good)
    found = list_outcomes(judged)
    assert (found["squared"], found["squared-effective"]) == (plain, effective)


def test_good_rates_hold_the_best_and_its_neighbour_and_leave_out_the_hopeless():
    best, taken = Protocol(learning_rate=19.0), Sample(100, EXPERIMENTS["speed"].root_seed)
    assert speed.find_good_rates(best, (2.0, 18.9, 19.0), taken) == [18.9, 19.0]


def test_hidden_regression_is_judged_by_rate_and_by_networks():
    judged = speed.judge_hidden_regression(
        {
            "no-hidden-regression": make_outcomes(*[60] * 1000),
            "no-hidden-regression-at-paper-rate": make_outcomes(*[2000] * 700, *[50] * 300),
        }
    )
    assert list_outcomes(judged) == {"best-rate": "supports", "paper-rate": "contradicts"}
    assert judged["operationalisations"]["paper-rate"]["value"] == 0.3
    assert judged["verdict"] == "holds only if"
