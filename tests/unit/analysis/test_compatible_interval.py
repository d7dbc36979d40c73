"""The interval of n*, on laws of two values: tilted, such a law is another share of the larger."""

import numpy as np
import pytest

from replication.analysis.compatible import (
    MAX_RUNS,
    Confrontation,
    estimate_n_star,
    find_n_star,
    read_reported_mean,
)
from replication.analysis.intervals import Estimate
from replication.analysis.runs import RunLaw

FORTY_EIGHT = read_reported_mean("48")


def make_law(low, mean, high):
    share = (mean - low) / (high - low)
    return RunLaw(np.array([low, high]), np.array([1 - share, share]))


def n_star_at(low, mean, high):
    return find_n_star(make_law(low, mean, high), FORTY_EIGHT)[0]


def estimate(law, low, high, **more):
    interval = Estimate(law.mean, low, high, "stated")
    return estimate_n_star(law, FORTY_EIGHT, standard_error=1.0, mean_interval=interval, **more)


def test_ends_are_those_of_the_laws_1_96_standard_errors_away():
    found = estimate_n_star(make_law(20, 40.0, 60), FORTY_EIGHT, standard_error=1.5)
    assert found.n_star == n_star_at(20, 40.0, 60)
    assert found.low == n_star_at(20, 40.0 - 2.94, 60)
    assert found.high == n_star_at(20, 40.0 + 2.94, 60)
    assert 0 < found.low < found.n_star < found.high < MAX_RUNS


def test_ends_are_those_of_the_interval_of_the_mean_where_it_is_given():
    found = estimate(make_law(20, 40.0, 60), 39.0, 44.0)
    assert (found.low, found.high) == (n_star_at(20, 39.0, 60), n_star_at(20, 44.0, 60))


def test_mean_without_bounds_leaves_n_star_open_on_both_sides():
    found = estimate(make_law(20, 40.0, 60), None, None)
    assert (found.low, found.high) == (0, MAX_RUNS)


def test_upper_end_is_open_where_some_mean_between_lies_in_the_cell():
    found = estimate_n_star(make_law(41, 46.0, 51), FORTY_EIGHT, standard_error=1.5)
    assert max(found.n_star, n_star_at(41, 46.0 + 2.94, 51)) < MAX_RUNS / 2
    assert found.high == MAX_RUNS


def test_cell_ends_before_its_upper_end():
    """A mean of 48.5 would be printed as 49; of outcomes from 49 on no mean is below."""
    law = make_law(49, 50.0, 60)
    assert (estimate(law, 48.5, 51.0).low, estimate(law, 48.5, 51.0).high) == (0, 0)
    assert (estimate(law, 48.4, 51.0).low, estimate(law, 48.4, 51.0).high) == (0, MAX_RUNS)


def test_end_at_the_last_possible_value_is_a_single_point():
    """Were it tilted, some outcomes inside would be left, and about 25 runs would be compatible."""
    assert estimate(make_law(47, 53.5, 60), 47.0, 54.0).low == 0
    assert estimate(make_law(36, 48.95, 49), 48.9, 49.0).low == 0


@pytest.mark.parametrize(
    ("law", "low", "high", "is_compatible"),
    [
        (make_law(48, 49.0, 60), 47.8, 49.5, True),
        (make_law(48, 49.0, 60), 47.5, 49.5, True),
        (make_law(48, 49.0, 60), 47.4, 49.5, False),
        (make_law(36, 47.0, 48), 46.5, 48.4, True),
        (make_law(36, 47.0, 48), 46.5, 48.5, False),
    ],
)
def test_end_beyond_all_values_is_compatible_where_it_lies_in_the_cell(
    law, low, high, is_compatible
):
    found = estimate(law, low, high)
    assert found.n_star > 0
    assert (found.low > 0) == is_compatible


def test_restarts_reach_any_mean_from_above():
    """A run of 20 updates with restarts after 40: a mean of 40 is a third of failures."""

    def make(mean):
        failure = (mean - 20) / (mean + 20)
        return RunLaw(np.array([20]), np.array([1.0]), failure, 40)

    law = make(32.0)
    assert law.mean == pytest.approx(32)
    found = estimate(law, 30.0, 40.0)
    assert found.low == find_n_star(make(30.0), FORTY_EIGHT)[0]
    assert found.high == find_n_star(make(40.0), FORTY_EIGHT)[0]
    assert 0 < found.low < found.n_star < found.high < MAX_RUNS


def test_known_p_is_not_computed_again():
    """Made-up p(n), compatible at 7 and 100 runs alone."""
    chances = {3: 0.0, 7: 0.06, 100: 0.051, 101: 0.0, MAX_RUNS: 0.05}
    known = [Confrontation(n, p, 0.0, 0.0, 0.0, 0.0, 0.0) for n, p in chances.items()]
    law = make_law(28, 100.0, 900)
    assert find_n_star(law, FORTY_EIGHT) != (100, 7)
    found = estimate_n_star(law, FORTY_EIGHT, standard_error=None, known=known)
    assert (found.n_star, found.smallest) == (100, 7)
