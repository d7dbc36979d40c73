"""Outcomes of any kind on a decimal lattice."""

from fractions import Fraction

import numpy as np
import pytest

from replication.analysis.scaling import find_decimals, scale_outcomes
from replication.errors import DataError


def test_whole_numbers_keep_their_unit():
    scaled = scale_outcomes([3, 7, 7], decimals=0)
    assert scaled.table.updates.tolist() == [3, 7]
    assert (scaled.unit, scaled.error, scaled.table.cap) == (1, 0, None)


def test_decimals_are_put_on_their_own_lattice_without_error():
    values = np.round(np.random.default_rng(1).random(1000), 3)
    scaled = scale_outcomes(values, decimals=2)
    assert (scaled.unit, scaled.error) == (Fraction(1, 1000), 0)
    assert np.repeat(scaled.table.updates, scaled.table.counts) / 1000 == pytest.approx(
        np.sort(values)
    )


def test_measured_numbers_are_rounded_within_the_stated_error():
    values = np.random.default_rng(2).lognormal(-2, 1, 500)
    scaled = scale_outcomes(values, decimals=2)
    assert scaled.error == 0.5e-8
    on_lattice = np.repeat(scaled.table.updates, scaled.table.counts) * float(scaled.unit)
    assert np.max(np.abs(on_lattice - np.sort(values))) <= scaled.error * 1.000001
    assert abs(on_lattice.mean() - values.mean()) <= scaled.error


def test_huge_numbers_get_fewer_decimals():
    assert find_decimals(np.array([4e14, 0.123456]), most=8) == (1, False)


def test_common_stop_of_the_censored_is_the_cap():
    scaled = scale_outcomes([0.5, 2.0, 2.0, 1.25], [False, True, True, False], decimals=1)
    assert (scaled.table.cap, scaled.table.n_censored) == (200, 2)


def test_given_cap_censors_what_lies_beyond():
    scaled = scale_outcomes([3, 9, 12, 20], [False, False, True, False], decimals=0, cap=10)
    assert (scaled.table.n_censored, scaled.table.cap) == (2, 10)
    assert scaled.table.updates.tolist() == [3, 9]


@pytest.mark.parametrize(
    ("values", "censored", "cap", "message"),
    [
        ([], None, None, "at least one row"),
        ([1, -2], None, None, "row 2"),
        ([1, np.nan], None, None, "row 2"),
        ([np.inf], None, None, "finite"),
        ([1e16], None, None, "from 0 to"),
        ([5, 6], [True, True], None, "give --cap 5"),
        ([5, 9], [True, False], None, "give --cap 5"),
        ([5, 9], [True, False], 7.0, "at most 5"),
        ([5, 9], [True], None, "equally long"),
    ],
)
def test_what_cannot_be_counted_is_refused_with_advice(values, censored, cap, message):
    with pytest.raises(DataError, match=message):
        scale_outcomes(values, censored, decimals=0, cap=cap)


def test_huge_numbers_have_as_many_decimals_as_stay_exact():
    """Up to 2^52 a tenth is a whole number of units; a hundredth of 4.6e13 would be beyond."""
    for value, expected in ((4.5e13, (2, False)), (4.6e13, (1, False)), (2.0**52, (0, True))):
        assert find_decimals(np.array([value, 0.123456]), most=8)[0] == expected[0]
    assert find_decimals(np.array([2.0**52]), most=8) == (0, True)
    assert find_decimals(np.array([0.5]), most=0) == (0, False)


def test_whole_numbers_and_tiny_decimals_are_told_apart():
    """A rounding error of the last bit is no decimal; a millionth is one."""
    assert find_decimals(np.array([0.1 + 0.2]), most=6) == (1, True)
    assert find_decimals(np.array([1e6 + 0.1]), most=6) == (1, True)
    assert find_decimals(np.array([3.000001]), most=6) == (6, True)
    assert find_decimals(np.array([3.0000001]), most=6) == (6, False)
    assert find_decimals(np.array([]), most=6) == (0, True)


@pytest.mark.parametrize("cap", [None, 5.0])
def test_row_that_was_done_at_the_cap_is_not_censored(cap):
    """One row is done at 5, another was stopped there."""
    scaled = scale_outcomes([3, 5, 5], [False, False, True], decimals=0, cap=cap)
    assert (scaled.table.n_censored, scaled.table.cap) == (1, 5)
    assert scaled.table.updates.tolist() == [3, 5]


def test_cap_with_decimals_sets_the_unit():
    scaled = scale_outcomes([3, 7], decimals=0, cap=4.25)
    assert (scaled.unit, scaled.table.cap) == (Fraction(1, 100), 425)
    assert (scaled.table.updates.tolist(), scaled.table.n_censored) == ([300], 1)


def test_largest_number_is_allowed():
    assert scale_outcomes([2.0**52, 1.0], decimals=0).table.updates[-1] == 2**52


def test_flags_may_be_zeros_and_ones():
    assert scale_outcomes([3, 9], [0, 1], decimals=0).table.n_censored == 1
