"""Cosines between directions, and their median."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from replication.statistics.alignment import compute_cosines, estimate_median


def test_cosines_ignore_length_even_at_the_ends_of_doubles() -> None:
    vectors = np.array([[3.0, 4.0], [1e-300, 0.0], [1e300, 1e300]])
    others = np.array([[4.0, 3.0], [5.0, 0.0], [-1e-200, -1e-200]])
    assert compute_cosines(vectors, others) == pytest.approx([24 / 25, 1.0, -1.0])


def test_cosines_run_along_the_last_axis_and_never_leave_their_range() -> None:
    vectors, others = np.random.default_rng(2).normal(size=(2, 40, 5, 3))
    expected = np.array(
        [
            [v @ o / np.sqrt((v @ v) * (o @ o)) for v, o in zip(*rows, strict=True)]
            for rows in zip(vectors, others, strict=True)
        ]
    )
    assert compute_cosines(vectors, others) == pytest.approx(expected)
    # Rounded, some of these products of unit vectors would be 1 + 2e-16.
    assert compute_cosines(vectors, 3 * vectors).max() == 1.0
    assert compute_cosines(vectors, -vectors).min() == -1.0


def test_cosine_of_nothing_is_undefined() -> None:
    assert np.isnan(compute_cosines([[0.0, 0.0]], [[1.0, 0.0]])).all()


@pytest.mark.parametrize("n", [20, 21, 400])
def test_median_lies_between_the_order_statistics_of_its_exact_interval(n: int) -> None:
    # Hollander & Wolfe (1999), section 3.6: of n values the ranks k and n + 1 - k enclose the
    # median with probability 1 - 2 P(Binomial(n, 1/2) < k).
    estimate = estimate_median(np.random.default_rng(4).permutation(n) + 1.0)
    assert estimate.value == (n + 1) / 2
    assert estimate.low == n + 1 - estimate.high
    coverage = 1 - 2 * stats.binom.cdf(estimate.low - 1, n, 0.5)
    assert 0.95 <= coverage < 0.98


def test_few_values_do_not_bound_their_median() -> None:
    assert estimate_median([1.0, 2.0]).interval == [None, None]
