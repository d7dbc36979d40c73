"""Values worked by hand or printed in textbooks, each with its source."""

from fractions import Fraction

import numpy as np
import pytest

from replication.comparison.plausibility import Fault, find_impossible
from replication.comparison.prediction import Statistic, predict_mean_and_max
from replication.comparison.report import read_reported
from replication.comparison.sampling import SamplingDistribution
from replication.comparison.sources import assess_equivalence
from replication.statistics.convolution import compute_mean_mass
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_proportion


def test_clopper_pearson_of_ten_in_twenty():
    """10 of 20: 27.2 % to 72.8 %, in every table of exact binomial limits."""
    assert estimate_proportion(10, 20).interval == pytest.approx((0.2720, 0.7280), abs=5e-5)


def test_rule_of_three():
    """No event in n: the one-sided upper limit is about 3 / n (Hanley & Lippman-Hand 1983)."""
    assert estimate_proportion(0, 1000, level=0.9).high == pytest.approx(3 / 1000, rel=0.01)


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


def test_grim_test_of_brown_and_heathers():
    """A mean of 5.19 of 28 whole numbers is impossible: 145 / 28 = 5.18, 146 / 28 = 5.21."""
    for text, expected in (("5.19", [Fault.NOT_A_MEAN]), ("5.18", []), ("5.21", [])):
        found = find_impossible(
            {"mean": read_reported(text, "mean")}, runs=28, counts=[28], grid=Fraction(1)
        )
        assert [item.fault for item in found] == expected
