"""Cosines between directions; roots of scatters."""

import numpy as np
import pytest

from replication.experiments.instruments.matrices import (
    Scatter,
    compute_cosines,
    factor,
    multiply_matrices,
)


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


def test_a_root_of_a_full_scatter_is_the_factor_of_cholesky():
    # By hand: [[4, 2], [2, 5]] = [2, 1]' [2, 1] + [0, 2]' [0, 2], once the largest comes first.
    assert factor(np.array([[5.0, 2.0], [2.0, 4.0]])) == pytest.approx(
        np.array([[5.0, 2.0], [0.0, 4.0]]) / np.sqrt([[5.0], [5.0]])
    )


@pytest.mark.parametrize("rank", [0, 1, 3, 5])
def test_a_root_of_a_scatter_of_any_rank_gives_it_back_and_spans_it(rank):
    patterns = np.random.default_rng(rank).normal(size=(rank, 5))
    scatter = Scatter.of_matrix(patterns.T @ patterns)
    root = scatter.root
    assert root.T @ root == pytest.approx(scatter.matrix, abs=1e-12)
    assert np.any(root, axis=1).tolist() == [True] * rank + [False] * (5 - rank)
    # The projector leaves the patterns alone, and nothing else.
    assert scatter.span @ patterns.T == pytest.approx(patterns.T, abs=1e-9)
    assert np.trace(scatter.span) == pytest.approx(rank)


def test_products_in_a_fixed_order_are_the_products():
    one, other = np.random.default_rng(1).normal(size=(3, 4, 7)), np.ones((7, 2))
    assert multiply_matrices(one, other) == pytest.approx(one @ other)
    assert multiply_matrices(one[0], other) == pytest.approx(one[0] @ other)
    # The order can be told: 1 is lost beside 1e16 before the other 1e16 is taken away.
    assert multiply_matrices(np.array([[1.0, 1e16, -1e16]]), np.ones((3, 1))) == [[0.0]]
