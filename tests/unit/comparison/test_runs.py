"""Runs that failed or were stopped: hand-worked medians, and rules for failures."""

import numpy as np
import pytest

from replication.comparison.runs import estimate_medians


@pytest.mark.parametrize(
    ("values", "flags", "median"),
    [
        ([1, 2, 3], [1, 1, 1], 2),
        ([1, 2, 3, 4], [1, 1, 1, 1], 2.5),
        # After 2 (stopped) each of the last two is half of what is left: 3/4, 3/8.
        ([1, 2, 3, 4], [1, 0, 1, 1], 3),
        ([1, 2, 3], [0, 0, 0], np.inf),
        ([1, 2, 3, 4], [1, 0, 0, 0], np.inf),
        # A run that is done comes before one that is stopped at the same value.
        ([2, 2, 3], [0, 1, 1], 3),
    ],
)
def test_median_of_kaplan_and_meier_worked_by_hand(values, flags, median):
    found = estimate_medians(np.array([values], float), np.array([flags], bool))
    assert found[0] == median


def test_median_of_runs_that_all_ended_is_the_median():
    values = np.random.default_rng(1).exponential(size=(200, 9))
    assert estimate_medians(values, np.ones(values.shape, bool)) == pytest.approx(
        np.median(values, axis=1)
    )
    assert estimate_medians(values[:, :8], np.ones((200, 8), bool)) == pytest.approx(
        np.median(values[:, :8], axis=1)
    )


def test_leukaemia_of_freireich_has_a_median_of_23_weeks():
    """Freireich et al. (1963), 6-MP arm, in Kaplan-Meier chapters of textbooks: 23 weeks."""
    done = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    stopped = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    values = np.array([done + stopped], float)
    flags = np.arange(values.size)[None, :] < len(done)
    assert estimate_medians(values, flags)[0] == 23
    assert np.median(done) == 10  # what dropping those stopped would give
