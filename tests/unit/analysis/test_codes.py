"""Codes of hidden units, worked by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from replication.analysis.codes import compare_assignments, measure_codes
from replication.errors import UsageError

BINARY = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
GRADED = [[0.0, 0.0], [0.0, 0.4], [1.0, 0.0], [1.0, 0.9]]
SHARED = [[0.0, 0.0], [1.0, 1.0], [1.0, 1.0], [0.2, 0.995]]


def test_corners_are_binary_numbers() -> None:
    codes = measure_codes([BINARY, GRADED, SHARED])
    assert codes.corners.tolist() == [[0, 1, 2, 3], [0, 0, 2, 3], [0, 3, 3, 1]]
    assert codes.n_corners.tolist() == [4, 3, 3]
    assert codes.all_different.tolist() == [True, False, False]


def test_distance_separation_and_saturation_worked_by_hand() -> None:
    codes = measure_codes([BINARY, GRADED, SHARED])
    assert codes.distance == pytest.approx([0.0, 0.4, 0.2])
    # The nearest two codes differ by 1; by 0.4 in the second unit; not at all.
    assert codes.separation == pytest.approx([1.0, 0.4, 0.0])
    assert codes.saturated == pytest.approx([1.0, 6 / 8, 7 / 8])


def test_good_codes_need_corners_and_margin() -> None:
    near = [[0.3, 0.3], [0.2, 0.8], [0.9, 0.1], [0.7, 0.8]]
    codes = measure_codes([BINARY, GRADED, near])
    assert codes.is_good(0.5).tolist() == [True, False, True]
    assert codes.is_good(0.25).tolist() == [True, False, False]
    assert codes.is_good(0.3 + 1e-12).tolist() == [True, False, True]


def test_limits_belong_to_what_they_limit() -> None:
    """At most the margin is good, and within 0.01 is saturated."""
    codes = measure_codes([[[0.25], [1.0]], [[0.01], [0.5]]])
    assert codes.is_good(0.25).tolist() == [True, False]
    assert codes.saturated.tolist() == [0.5, 0.5]


def test_six_patterns_do_not_fill_the_corners_of_three_units() -> None:
    corners = list(itertools.product([0.0, 1.0], repeat=3))
    with pytest.raises(UsageError, match="1 networks with 6 patterns at different corners of 3"):
        compare_assignments(measure_codes([corners[:6]]), 3)


def test_one_hidden_unit_and_many_are_measured_too() -> None:
    codes = measure_codes([[[0.0], [1.0], [0.4]]])
    assert codes.n_corners.tolist() == [2]
    assert measure_codes(np.zeros((2, 3, 5))).corners.tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize("shape", [(4, 2), (3, 1, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="two patterns or more"):
        measure_codes(np.zeros(shape))


def test_equal_assignments_give_a_chi_squared_of_zero() -> None:
    networks = [[BINARY[p] for p in way] for way in itertools.permutations(range(4))]
    test = compare_assignments(measure_codes(networks * 3 + [GRADED]), 2)
    assert test.counts.tolist() == [3] * 24
    assert (test.statistic, test.degrees, test.p_value) == (0.0, 23, 1.0)


def test_chi_squared_worked_by_hand() -> None:
    # 24 networks, all the same: expected 1 each, so (24 - 1)^2 / 1 + 23 * (0 - 1)^2 / 1.
    test = compare_assignments(measure_codes([BINARY] * 24), 2)
    assert test.statistic == pytest.approx(23**2 + 23)
    assert test.p_value < 1e-90


@pytest.mark.parametrize(("networks", "n_units"), [([GRADED], 2), ([BINARY], 3)])
def test_assignments_need_a_corner_a_pattern(
    networks: list[list[list[float]]], n_units: int
) -> None:
    with pytest.raises(UsageError, match="a corner a pattern"):
        compare_assignments(measure_codes(networks), n_units)
