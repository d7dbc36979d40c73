"""Values worked by hand or printed in textbooks, each with its source."""

import numpy as np
import pytest

from replication.comparison.prediction import Statistic, predict_mean_and_max
from replication.comparison.report import read_reported
from replication.comparison.sampling import SamplingDistribution
from replication.comparison.sources import assess_equivalence
from replication.statistics.convolution import compute_mean_mass
from replication.statistics.counts import CountTable

DIE = CountTable([1, 2, 3, 4, 5, 6], [1] * 6, 0, None)


def test_mean_of_two_dice_of_which_the_larger_is_four_worked_by_hand():
    """(1, 4), (2, 4), (3, 4) in either order and (4, 4): a mean of 4 in one of seven."""
    four = read_reported("4", "max")
    numbers = {"mean": read_reported("4.0", "mean"), "max": four}
    yours = {"mean": 3.5, "max": 6.0}
    found = predict_mean_and_max(DIE, numbers, 2, yours=yours, level=0.05)
    given = found.distributions["mean_given_max"]
    assert given.values == pytest.approx([2.5, 3, 3.5, 4])
    assert given.mass == pytest.approx(np.array([2, 2, 2, 1]) / 7)
    # The lower tail of 2.5 is larger, 2 in 7.
    assert found.findings["mean_given_max"].p == pytest.approx(1 / 7)


def test_p_of_seven_pips_or_fewer_worked_by_hand():
    """Two dice have a mean of at most 1.5 in 3 of 36 rolls, of at least 5.5 in as many."""
    both = SamplingDistribution(*compute_mean_mass(DIE, 2))
    assert Statistic(read_reported("1.5", "mean"), both).p == pytest.approx(6 / 36)


def test_equivalence_worked_by_hand():
    """2 standard errors within the margin on 99 degrees of freedom: p = 0.0241."""
    assert assess_equivalence(50, 10, 100, 48, margin=4).p == pytest.approx(0.0241, abs=5e-5)
