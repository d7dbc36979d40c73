"""The map of learning rate and regression: what is best, where the edge is, what is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from replication.experiments.settings import run as settings
from replication.experiments.settings.figures import FIGURES
from replication.experiments.settings.run import RATES, REGRESSIONS, find_crossing, find_ridge
from replication.protocol import PAPER
from replication.report.style import styled
from tests.unit.experiments.builders import run_small


@pytest.fixture(scope="module")
def model():
    return run_small(settings, 20)


def test_crossing_lies_where_straight_lines_reach_the_level():
    assert find_crossing([10.0, 20.0, 40.0], [0.0, 0.2, 0.4], 0.3) == pytest.approx(30.0)
    assert find_crossing([10.0, 20.0], [0.5, 0.6], 0.1) == 10.0
    assert find_crossing([10.0, 20.0], [0.0, 0.05], 0.1) is None
    # The first of several.
    assert find_crossing([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0], 0.5) == 1.5


def test_ridge_is_left_out_where_the_fastest_rate_is_not_on_the_map():
    mean = np.full((len(REGRESSIONS), len(RATES)), 100.0)
    failing = np.zeros_like(mean)
    mean[0, 5], mean[1, 0], mean[2, 7] = 10.0, 10.0, 10.0
    failing[2] = 0.9
    ridge = find_ridge(mean, failing)
    assert ridge[:3] == [RATES[5], None, None]


def test_map_has_a_cell_for_each_pair_of_settings(model):
    assert np.shape(model["mean"]) == np.shape(model["failing"]) == (len(REGRESSIONS), len(RATES))
    assert np.max(model["mean"]) <= PAPER.max_updates
    # The paper's settings learn, and a hopeless corner does not.
    failing = np.array(model["failing"])
    assert failing[REGRESSIONS.index(0.75), RATES.index(20.0)] < 0.2
    assert failing[0, -1] == 1.0


def test_fastest_cell_is_measured_on_networks_that_had_no_part_in_the_choice(model):
    assert model["n_fresh"] > model["n_networks"]
    low, high = model["gain_interval"]
    assert low <= model["paper"]["mean"] - model["best"]["mean"] <= high


def test_map_marks_the_paper_and_the_fastest_where_they_are(model):
    with styled():
        figure = FIGURES["settings"](model)
    axes = figure.axes[0]
    points = {
        line.get_marker(): (float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in axes.lines
        if len(line.get_xdata()) == 1
    }
    assert points["*"] == (PAPER.learning_rate, PAPER.regression)
    assert points["s"] == (
        model["best"]["learning_rate"],
        model["best"]["regression"],
    )
    assert {"learning rate ε", "regression λ"} == {axes.get_xlabel(), axes.get_ylabel()}
