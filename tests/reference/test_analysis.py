"""Values worked by hand or printed in textbooks, each with its source."""

from fractions import Fraction

import numpy as np
import pytest
from replication.comparison.extremes import compute_lower_chances
from replication.comparison.printed import read_printed

from replication.comparison.equivalence import assess_equivalence
from replication.comparison.plausibility import Fault, find_impossible
from replication.comparison.sampling import Masses, compute_mean_law, compute_mean_law_given_max
from replication.statistics.intervals import bound_proportion


def test_clopper_pearson_of_ten_in_twenty():
    """10 of 20: 27.2 % to 72.8 %, in every table of exact binomial limits."""
    assert np.ravel(bound_proportion(10, 20)) == pytest.approx((0.2720, 0.7280), abs=5e-5)


def test_rule_of_three():
    """No event in n: the one-sided upper limit is about 3 / n (Hanley & Lippman-Hand 1983)."""
    assert bound_proportion(0, 1000, level=0.9)[1] == pytest.approx(3 / 1000, rel=0.01)


DIE = Masses(Fraction(1), 1, np.full((1, 6), 1 / 6))


def test_mean_of_rolled_dice_worked_by_hand():
    """Two dice sum to 7 in 6 of 36 rolls; "3.5" is then printed, and by nothing else."""
    printed = read_printed("3.5", "mean")
    law = compute_mean_law(DIE, 2, (printed.low, printed.high))
    assert law.inside[0] == pytest.approx(6 / 36)
    assert law.below[0] == pytest.approx(21 / 36)


def test_mean_of_two_dice_of_which_the_larger_is_four_worked_by_hand():
    """(1, 4), (2, 4), (3, 4) in either order and (4, 4): a mean of 4 in one of seven."""
    four = read_printed("4", "max")
    law = compute_mean_law_given_max(
        DIE, 2, (Fraction(15, 4), Fraction(17, 4)), largest=(four.low, four.high), is_seen=True
    )
    assert law.values == pytest.approx([2.5, 3, 3.5, 4])
    assert law.mass == pytest.approx(np.array([2, 2, 2, 1]) / 7)


def test_largest_of_one_new_run_beats_all_seen_as_often_as_any_rank():
    """One new run among N seen ones has N + 1 equally likely places."""
    assert compute_lower_chances(np.arange(6), 4, 1) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])


def test_equivalence_worked_by_hand():
    """2 standard errors within the margin on 99 degrees of freedom: p = 0.0241."""
    assert assess_equivalence(50, 10, 100, 48, margin=4).p == pytest.approx(0.0241, abs=5e-5)


def test_grim_test_of_brown_and_heathers():
    """A mean of 5.19 of 28 whole numbers is impossible: 145 / 28 = 5.18, 146 / 28 = 5.21."""
    for text, expected in (("5.19", [Fault.NOT_A_MEAN]), ("5.18", []), ("5.21", [])):
        found = find_impossible(
            {"mean": read_printed(text, "mean")}, runs=28, n_done=28, unit=Fraction(1)
        )
        assert [item.fault for item in found] == expected
