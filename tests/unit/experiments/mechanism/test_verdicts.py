"""The paper's statements on why it works: what is measured for each of them."""

import dataclasses

import numpy as np
import pytest

from replication import PAPER
from replication.experiments.instruments.agreement import measure_agreement
from replication.experiments.instruments.matrices import get_u, get_w
from replication.experiments.instruments.recording import train_for
from replication.experiments.mechanism import verdicts
from replication.paper.claims import load_claims
from replication.simulator.rule.weights import draw_weights
from tests.unit.experiments.mechanism.builders import SEED, SMALL, Changed


def test_first_changes_of_w_lower_the_error_where_they_do_in_the_readable_network():
    weights = draw_weights(PAPER, SEED, 0, 20)
    squared = dataclasses.replace(PAPER, criterion="half-squared-error")

    def measure(row, n_first=1, **left_out):
        network = Changed.from_weights(row, squared)
        network.replace = lambda *_: left_out
        for _ in range(n_first):
            network.update()
        return network.error()

    extra = {"extra": 5.0, "extra_interval": [4.0, 6.0]}
    rows = dict.fromkeys(("dropped", "random", "gradient"), extra)
    judged = verdicts.judge_useless_at_first({"paper": rows, "small": rows}, weights)
    for id, n, others, without in (
        ("error-20", 5, {}, {"W": 0}),
        ("one-20", 1, {}, {"W": 0}),
        ("alone-20", 1, {"b": 0, "U": 0, "c": 0}, {"W": 0, "b": 0, "U": 0, "c": 0}),
    ):
        lowered = [measure(row, n, **others) < measure(row, n, **without) for row in weights]
        assert judged["operationalisations"][id]["value"] == np.mean(lowered)


def test_change_of_w_agrees_with_descent_where_u_has_learnt_to_read_w():
    weights = draw_weights(PAPER, SEED, 0, 200)
    judged = verdicts.judge_creates({"paper": PAPER, "small": SMALL}, weights)[
        "operationalisations"
    ]
    for rate in (20, 2):
        assert judged[f"frozen-u-{rate}"]["value"] < 0.2 < judged[f"frozen-w-{rate}"]["value"]
    assert judged["shuffled-20"]["value"] < 0.2
    assert judged["set-20"]["value"] > 0.7
    # After as large a product of learning rate and updates at either rate.
    alone = train_for(SMALL, weights, 600, frozen=("W", "b"))  # U and its biases
    agreement = np.median(measure_agreement(SMALL, alone)["lower"])
    assert judged["frozen-w-2"]["value"] == pytest.approx(agreement)


def test_growth_of_u_with_w_is_told_from_growth_against_it():
    weights = draw_weights(PAPER, SEED, 0, 20)
    W = get_w(PAPER, weights)
    for sign, share in ((1.0, 1.0), (-1.0, 0.0)):
        later = weights.copy()
        get_u(PAPER, later)[...] += sign * 3.0 * W
        found = verdicts.measure_reading(PAPER, weights, later)
        assert found["raw"] == pytest.approx(np.full(20, sign))
        assert found["sign"] == pytest.approx(np.full(20, share))
    # A mean that all entries have in common is no growth with W.
    later = weights.copy()
    get_u(PAPER, later)[...] += W + 100.0
    assert verdicts.measure_reading(PAPER, weights, later)["sign"] == pytest.approx(np.ones(20))


def test_rates_are_compared_after_equal_products_of_rate_and_updates():
    """In the ledger, whose numbers are those of the code, and in what both rates are asked."""
    rates = {"20": 20.0, "2": 2.0}
    for id, product in (("creates", verdicts.FROZEN), ("zero-mean", verdicts.FROZEN)):
        for way in load_claims()[id].operationalisations:
            if "updates" in way.thresholds:
                assert way.thresholds["updates"] * rates[way.id.rsplit("-", 1)[1]] == product
    ways = load_claims()["useless-at-first"]
    for id in verdicts.REPLACED:
        assert ways.find(id).thresholds["n_first"] * rates[id.rsplit("-", 1)[1]] == verdicts.FIRST
    first = load_claims()["random-at-first"]
    slow, fast = (first.find(id).thresholds["n_first"] for id in ("twenty-2", "two-20"))
    assert slow * 2.0 == fast * 20.0
