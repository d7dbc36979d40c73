import numpy as np
import pytest
from scipy import stats

from replication.errors import UsageError
from replication.statistics.contrasts import compare_paired


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
