import numpy as np
import pytest

from replication.errors import UsageError
from replication.statistics.ratios import estimate_ratios


def test_ratios_are_those_of_means_and_of_medians():
    found = estimate_ratios([2, 4, 12], [1, 2, 3])
    assert (found.mean.value, found.median.value) == (3.0, 2.0)


def test_interval_is_as_wide_as_that_of_pairs_kept_together():
    # What makes one network slow makes it slow under both procedures.
    generator = np.random.default_rng(4)
    hardness = generator.gamma(2.0, 20.0, 500)
    first, second = hardness * generator.uniform(0.8, 1.2, (2, 500))
    found = estimate_ratios(first, second).mean
    # Cochran (1977), section 2.11: the standard error of a ratio of paired means.
    error = np.std(first - found.value * second) / second.mean() / np.sqrt(500)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.1)


@pytest.mark.parametrize(("first", "second"), [([1, 2], [1, 2, 3]), ([1], [1]), ([[1, 2]], [1, 2])])
def test_what_is_no_pair_of_samples_is_refused(first, second):
    with pytest.raises(UsageError, match="two equally long rows of at least two networks"):
        estimate_ratios(first, second)
