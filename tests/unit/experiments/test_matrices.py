"""Cosines between directions."""

import numpy as np
import pytest

from replication.experiments.instruments.matrices import compute_cosines


def test_cosines_ignore_length_even_at_the_ends_of_doubles():
    vectors = np.array([[3.0, 4.0], [1e-300, 0.0], [1e300, 1e300], [0.0, 0.0]])
    others = np.array([[4.0, 3.0], [5.0, 0.0], [-1e-200, -1e-200], [1.0, 0.0]])
    expected = [24 / 25, 1.0, -1.0, np.nan]
    assert compute_cosines(vectors, others) == pytest.approx(expected, nan_ok=True)


def test_cosines_run_along_the_last_axis_and_never_leave_their_range():
    vectors, others = np.random.default_rng(2).normal(size=(2, 40, 5, 3))
    lengths = [np.linalg.norm(each, axis=-1) for each in (vectors, others)]
    expected = np.einsum("abk,abk->ab", vectors, others) / lengths[0] / lengths[1]
    assert compute_cosines(vectors, others) == pytest.approx(expected)
    # Rounded, some of these products of unit vectors would be 1 + 2e-16.
    assert compute_cosines(vectors, 3 * vectors).max() == 1.0
    assert compute_cosines(vectors, -vectors).min() == -1.0
