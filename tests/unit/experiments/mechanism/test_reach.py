"""Rules against each other: each is the rule that it is called, at its best rate."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.special import expit

from replication import PAPER, RecirculationNetwork
from replication.experiments.instruments.sample import Sample
from replication.experiments.mechanism import reach
from replication.simulator.rule.weights import draw_weights, make_patterns, split_weights
from tests.unit.experiments.mechanism.builders import SEED, SMALL, TASKS


def test_another_rule_at_the_end_of_the_list_does_not_change_feedback_alignment(monkeypatch):
    before = reach.list_contestants(SMALL)["feedback alignment"].protocol
    longer = {**reach.RULES, "another": {"learning_rule": "back-propagation", "momentum": 0.5}}
    monkeypatch.setattr(reach, "RULES", longer)
    assert reach.list_contestants(SMALL)["feedback alignment"].protocol == before


@pytest.mark.parametrize("task", ["one-hot 4-2-4", "smooth ring 4-3-4, linear"])
def test_feedback_alignment_is_that_of_a_literal_loop(task):
    rate = 0.2 if "linear" in task else 2.0
    protocol = dataclasses.replace(TASKS[task], max_updates=1000)
    weights = draw_weights(protocol, SEED, 0, 4)
    feedback = reach.draw_feedback(protocol, 4).reshape(4, *protocol.group_sizes)
    rule = reach.list_contestants(protocol)["feedback alignment"]
    updates, converged, _ = rule.train(rule.draw(Sample(4, SEED)), rate)
    assert converged.any(), "or any feedback would do"
    V = make_patterns(protocol)
    for row, B, n, is_done in zip(weights, feedback, updates, converged, strict=True):
        (W, b), (U, c) = ((M.copy(), x.copy()) for M, x in split_weights(protocol, row))
        for applied in range(1001):
            h = expit(V @ W.T + b)
            r = h @ U.T + c
            r = r if protocol.visible_units == "linear" else expit(r)
            if np.abs(r - V).max() < protocol.threshold or applied == 1000:
                break
            d = (V - r) @ B * h * (1 - h)
            U, c = U + rate * (V - r).T @ h, c + rate * (V - r).sum(axis=0)
            W, b = W + rate * d.T @ V, b + rate * d.sum(axis=0)
        assert (n, is_done) == (applied, np.abs(r - V).max() < protocol.threshold)


@pytest.fixture
def play(monkeypatch):
    """Let all rules be one whose networks, of the learning rates, take what a function says."""

    def play(updates, error=None):
        def train(rule, weights, rate, *, jobs=1):
            seen.append((rate, weights[0, 0], len(weights)))
            n = np.full(len(weights), float(updates(rate)))
            converged = n < rule.protocol.max_updates
            return n, converged, 0.0 if converged.any() else error(rate)

        seen = []
        monkeypatch.setattr(reach.Contestant, "train", train)
        one = {"recirculation": reach.Contestant(PAPER)}
        monkeypatch.setattr(reach, "list_contestants", lambda *_: one)
        found = reach.compare_rules(PAPER, Sample(50, 5), search=Sample(40, 5))
        return found["recirculation"], seen

    return play


@pytest.mark.parametrize("best", [1e-4, 7.0, 3e4])
def test_search_goes_past_the_edge_to_the_best_rate_and_does_not_reuse_the_networks(play, best):
    found, seen = play(lambda rate: abs(math.log(rate / best)))
    assert abs(math.log(found["rate"] / best)) < math.log(2.0) / 4 + 0.02, "between FINE factors"
    assert found["tried"][0] < found["rate"] < found["tried"][1]
    assert not found["at_edge"]
    assert {first for _, first, _ in seen[:-1]} == {seen[0][1]} != {seen[-1][1]}
    assert seen[-1][2] == 50


def test_search_says_when_its_best_is_at_the_edge_of_all_it_may_try(play):
    found, seen = play(lambda rate: 1000.0 + math.log(rate))
    assert found["at_edge"]
    assert len(seen) == reach.MOST_RATES + len(reach.FINE) + 1


def test_error_leads_the_search_where_nothing_converges_and_diverging_is_worst(play):
    def error(rate):
        return math.inf if rate > 1e-3 else abs(math.log(rate / 1e-5))

    found, seen = play(lambda _: PAPER.max_updates, error)
    assert 1e-5 / reach.STEP < found["rate"] < 1e-5 * reach.STEP
    assert found["least_error"] < math.log(reach.STEP)
    assert found["converged"]["share"] == 0.0
    assert {n for _, _, n in seen} == {10, reach.MIN_FEW}, "no further networks"


@pytest.mark.parametrize("copies", [1, 50])
def test_search_begins_at_a_rate_that_follows_from_the_number_of_patterns(copies):
    """So many times the patterns at as much a smaller rate are the same updates."""
    rows = np.repeat(np.eye(4), copies, axis=0)
    protocol = dataclasses.replace(PAPER, patterns=rows.tolist() if copies > 1 else "one-hot")
    # Of [v 1]: the products sum to [[1, 1], [1, 4]] in blocks, whose eigenvalues are 0, 1 and 5.
    assert reach.measure_curvature(protocol) == pytest.approx(5.0 * copies)


class Same(RecirculationNetwork):
    """The paper's rule by another name."""


def test_rule_of_ones_own_is_searched_and_judged_on_the_same_networks_as_the_others():
    found = reach.compare_rules(PAPER, Sample(40, 3, 2), search=Sample(20, 3, 2), own=Same)
    assert found["Same"] == found["recirculation"]
