import json

import numpy as np
import pytest

from replication.experiments.proposal import run as proposal
from replication.experiments.proposal.figures import FIGURES
from replication.protocol import PAPER
from replication.report.style import styled
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes


@pytest.fixture(scope="module")
def model():
    return json.loads(json.dumps(proposal.run(jobs=1, n_networks=200)))


def test_model_gives_no_verdict(model):
    assert "claims" not in model
    assert list(model["rules"]) == ["paper", "proposed", "control"]


def test_each_rule_is_compared_at_its_own_best_rate(model):
    for entry in model["rules"].values():
        assert entry["learning_rate"] == entry["search"]["best"]["learning_rate"]
        assert entry["at_paper_rate"]["learning_rate"] == 20.0


def test_cosine_and_length_of_matrices():
    one = np.arange(8.0).reshape(1, 4, 2)
    cosine, length = proposal.compare_matrices(one, np.concatenate([2.0 * one, -3.0 * one]))
    np.testing.assert_allclose(cosine, [1.0, -1.0])
    np.testing.assert_allclose(length, [2.0, 3.0])
    other = np.array([[[0.0, 1.0], [0.0, 0.0]]])
    np.testing.assert_allclose(
        proposal.compare_matrices(np.eye(2)[None], other), [[0.0], [0.5**0.5]]
    )


def test_second_round_adds_lambda_times_the_first_to_first_order(model):
    # v2 - v4 = (1 - lambda) (v2 - r(h3)) and v2 - r(h1) = lambda (v0 - r(h1)), so with
    # r(h3) near r(h1) the second round adds lambda times what equation 3 does.
    added = model["second_round"]
    assert min(added["low_cosines"]) > 0.99
    np.testing.assert_allclose(added["lengths"], PAPER.regression, atol=0.05)
    assert model["control_factor"] == 1.0 + PAPER.regression


def test_alignment_begins_at_no_relation_and_ends_near_one(model):
    for entry in model["rules"].values():
        alignment = entry["alignment"]
        assert len(alignment["cosines"]) == proposal.N_UPDATES + 1
        assert abs(alignment["cosines"][0]) < 0.5
        assert alignment["cosines"][-1] > 0.9
        assert 0 < alignment["first_aligned_share"] < 1


def test_alignment_is_that_of_the_recorded_weights():
    outcomes = simulate(PAPER, n_seeds=1, root_seed=proposal.ROOT_SEED, jobs=1)
    alignment = proposal.measure_alignment(PAPER, outcomes, n=1)
    cosines = np.array(alignment["cosines"])
    first = int(np.flatnonzero(cosines >= proposal.ALIGNED)[0])
    assert alignment["first_aligned"] == first
    assert alignment["first_aligned_share"] == first / outcomes.updates[0]
    assert alignment["cosine_at_end"] == cosines[min(outcomes.updates[0], proposal.N_UPDATES)]


def test_faster_and_slower_are_the_proposals():
    def make(*updates):
        array = np.array(updates, np.int32)
        return Outcomes(0, array, array < 2000)

    compared = proposal.compare(make(10, 30, 50, 40), make(20, 30, 90, 30))
    assert compared["faster"]["share"] == 0.5
    assert compared["slower"]["share"] == 0.25
    assert compared["mean_ratio"] == 130 / 170


def test_figure_draws_all_rules(model):
    with styled():
        figure = FIGURES["proposal"](model)
    left, right = figure.axes
    assert len(left.get_lines()) == 6
    assert len(right.get_lines()) == 3
