"""Codes of hidden units, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from replication.errors import UsageError
from replication.experiments.codes.activities import measure_codes

BINARY = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
GRADED = [[0.0, 0.0], [0.0, 0.4], [1.0, 0.0], [1.0, 0.9]]
SHARED = [[0.0, 0.0], [1.0, 1.0], [1.0, 1.0], [0.2, 0.995]]


def test_corners_are_binary_numbers() -> None:
    codes = measure_codes([BINARY, GRADED, SHARED])
    assert codes.corners.tolist() == [[0, 1, 2, 3], [0, 0, 2, 3], [0, 3, 3, 1]]
    assert codes.n_corners.tolist() == [4, 3, 3]
    assert codes.is_good().tolist() == [True, False, False]


def test_distance_and_separation_worked_by_hand() -> None:
    codes = measure_codes([BINARY, GRADED, SHARED])
    assert codes.distance == pytest.approx([0.0, 0.4, 0.2])
    # The nearest two codes differ by 1; by 0.4 in the second unit; not at all.
    assert codes.separation == pytest.approx([1.0, 0.4, 0.0])


def test_good_codes_need_corners_and_margin() -> None:
    near = [[0.3, 0.3], [0.2, 0.8], [0.9, 0.1], [0.7, 0.8]]
    codes = measure_codes([BINARY, GRADED, near])
    assert codes.is_good(0.5).tolist() == [True, False, True]
    assert codes.is_good(0.25).tolist() == [True, False, False]
    assert codes.is_good(0.3 + 1e-12).tolist() == [True, False, True]


def test_limits_belong_to_what_they_limit() -> None:
    codes = measure_codes([[[0.25], [1.0]]])
    assert codes.is_good(0.25).tolist() == [True]


def test_one_hidden_unit_and_many_are_measured_too() -> None:
    codes = measure_codes([[[0.0], [1.0], [0.4]]])
    assert codes.n_corners.tolist() == [2]
    assert measure_codes(np.zeros((2, 3, 5))).corners.tolist() == [[0, 0, 0]] * 2


@pytest.mark.parametrize("shape", [(4, 2), (3, 1, 2)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="two patterns or more"):
        measure_codes(np.zeros(shape))
