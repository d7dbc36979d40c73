"""The map of learning rate and regression: what is best, where the edge is, what is drawn."""

import numpy as np
import pytest

from replication.experiments.settings import run


def test_crossing_lies_where_straight_lines_reach_the_level():
    assert run.find_crossing([10.0, 20.0, 40.0], [0.0, 0.2, 0.4], 0.3) == pytest.approx(30.0)
    assert run.find_crossing([10.0, 20.0], [0.5, 0.6], 0.1) == 10.0
    assert run.find_crossing([10.0, 20.0], [0.0, 0.05], 0.1) is None
    # The first of several.
    assert run.find_crossing([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0], 0.5) == 1.5


def test_ridge_is_left_out_where_the_fastest_rate_is_not_on_the_map():
    mean = np.full((len(run.MAP_REGRESSIONS), len(run.MAP_RATES)), 100.0)
    failing = np.zeros_like(mean)
    mean[0, 5], mean[1, 0], mean[2, 7] = 10.0, 10.0, 10.0
    failing[2] = 0.9
    ridge = run.find_ridge(mean, failing)
    assert ridge[:3] == [run.MAP_RATES[5], None, None]
