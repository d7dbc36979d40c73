import numpy as np
import pytest
from scipy import stats

from replication.analysis.contrasts import average_contrasts, compare_paired, find_pairs
from replication.errors import UsageError


def test_paired_interval_is_that_of_the_paired_t_test():
    generator = np.random.default_rng(1)
    first = generator.integers(10, 90, 50)
    second = first + generator.integers(-3, 8, 50)
    contrast = compare_paired(first, second)
    expected = stats.ttest_rel(second, first).confidence_interval(0.95)
    assert contrast.change.interval == pytest.approx([expected.low, expected.high])
    assert contrast.slower.value == np.mean(second > first)
    shares = (contrast.slower, contrast.faster, contrast.same)
    assert sum(share.value for share in shares) == pytest.approx(1)


@pytest.mark.parametrize(
    ("first", "second"), [([1, 2], [1, 2, 3]), ([1], [2]), ([[1, 2]], [[1, 2]])]
)
def test_contrasts_need_pairs(first, second):
    with pytest.raises(UsageError, match="two equally long rows"):
        compare_paired(first, second)


def test_pairs_differ_in_one_choice_alone():
    levels = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]])
    assert find_pairs(levels, choice=0, base_value=0, value=1).tolist() == [[0, 2], [1, 3]]
    assert find_pairs(levels, choice=0, base_value=0, value=2).tolist() == [[0, 4]]
    assert find_pairs(levels, choice=1, base_value=1, value=2).shape == (0, 2)


def test_average_contrast_allows_for_what_the_pairs_share():
    """Two pairs that change every network alike are no more evidence than one."""
    generator = np.random.default_rng(2)
    base = generator.integers(10, 90, 40)
    change = generator.integers(-3, 8, 40)
    outcomes = np.stack([base, base + change, base + 5, base + 5 + change])
    averaged = average_contrasts(outcomes, np.array([[0, 1], [2, 3]]))
    single = compare_paired(outcomes[0], outcomes[1])
    assert averaged.change == single.change
    assert averaged.smallest == averaged.largest == single.change.value
    assert averaged.n_pairs == 2
