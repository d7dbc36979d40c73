"""Paired comparisons."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from replication.analysis.comparison import compare_pairs
from replication.errors import UsageError


def test_pairs_worked_by_hand() -> None:
    first = [10, 20, 2000, 2000, 30], [1, 1, 0, 0, 1]
    second = [20, 10, 1999, 2000, 30], [1, 1, 1, 0, 1]
    compared = compare_pairs(first, second)
    assert compared.n == 5
    # Faster: the first pair. Slower: the second, and the third, which never converged.
    assert compared.faster.value == 1 / 5
    assert compared.slower.value == 2 / 5
    assert compared.tied.value == 2 / 5
    assert compared.no_slower.value == 3 / 5
    assert compared.difference.value == pytest.approx((-10 + 10 + 1 + 0 + 0) / 5)


def test_never_is_slower_than_the_last_update() -> None:
    compared = compare_pairs(([2000, 5], [0, 1]), ([2000, 5], [1, 1]))
    assert compared.slower.value == 0.5


def test_shares_have_exact_intervals() -> None:
    first = np.repeat([1, 3], [30, 70]), np.ones(100)
    compared = compare_pairs(first, (np.full(100, 2), np.ones(100)))
    exact = stats.binomtest(30, 100).proportion_ci(0.95, method="exact")
    assert compared.faster.low == pytest.approx(exact.low)
    assert compared.faster.high == pytest.approx(exact.high)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_intervals_agree_with_scipy_at_every_level(level: float) -> None:
    generator = np.random.default_rng(3)
    first, second = generator.integers(20, 90, (2, 60))
    compared = compare_pairs((first, np.ones(60)), (second, np.ones(60)), level=level)
    gap = first - second
    expected = stats.norm.interval(level, gap.mean(), stats.sem(gap))
    found = compared.difference
    assert (found.low, found.high) == pytest.approx(expected)
    assert (found.method, found.level) == ("normal", level)
    shares = {
        "faster": np.count_nonzero(gap < 0),
        "tied": np.count_nonzero(gap == 0),
        "slower": np.count_nonzero(gap > 0),
        "no_slower": np.count_nonzero(gap <= 0),
    }
    for name, count in shares.items():
        exact = stats.binomtest(count, 60).proportion_ci(level, method="exact")
        share = getattr(compared, name)
        assert (share.low, share.high) == pytest.approx(exact, abs=1e-12), name
        assert share.level == level


def test_swapping_swaps_faster_and_slower() -> None:
    generator = np.random.default_rng(1)
    pairs = [(generator.integers(1, 9, 50), generator.random(50) < 0.9) for _ in range(2)]
    there, back = compare_pairs(*pairs), compare_pairs(*pairs[::-1])
    assert there.faster == back.slower
    assert there.tied == back.tied
    assert there.difference.value == pytest.approx(-(back.difference.value or 0))


@pytest.mark.parametrize("second", [([1], [1]), ([1, 2, 3], [1, 1, 1])])
def test_unpaired_outcomes_are_refused(second: tuple[list[int], list[int]]) -> None:
    lengths = [2, len(second[0]), 2, len(second[1])]
    with pytest.raises(UsageError) as caught:
        compare_pairs(([1, 2], [1, 1]), second)
    assert str(caught.value) == (
        f"outcomes of lengths {lengths} were given to be compared pair by pair; give two or more "
        "pairs, all arrays of one length"
    )


def test_single_pair_is_refused() -> None:
    with pytest.raises(UsageError, match="two or more pairs"):
        compare_pairs(([1], [1]), ([2], [1]))
