import json

import numpy as np
import pytest

from replication.experiments.proposal import run as proposal
from replication.experiments.proposal.figures import FIGURES
from replication.protocol import PAPER
from replication.report.style import styled


@pytest.fixture(scope="module")
def model():
    return json.loads(json.dumps(proposal.run(jobs=1, n_networks=200)))


def test_model_gives_no_verdict(model):
    assert "claims" not in model
    assert list(model["rules"]) == ["paper", "proposed", "control"]


def test_each_rule_is_compared_at_its_own_best_rate(model):
    for entry in model["rules"].values():
        assert entry["learning_rate"] == entry["search"]["best"]["learning_rate"]


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
        assert 0 < alignment["aligned_at"] < proposal.N_UPDATES


def test_alignment_is_that_of_the_recorded_weights():
    alignment = proposal.measure_alignment(PAPER, n=1)
    windows = np.lib.stride_tricks.sliding_window_view(alignment["cosines"], 5)
    medians = np.median(windows, axis=1)
    assert alignment["aligned_at"] == np.flatnonzero(medians >= 0.9)[0] + 2


def test_figure_draws_all_rules(model):
    with styled():
        (left,), (right,) = (panel.axes for panel in FIGURES["proposal"](model))
    assert len(left.get_lines()) == 6
    assert len(right.get_lines()) == 3
