import math

import numpy as np
import pytest
from scipy import stats

from replication.comparison.sources import assess_equivalence


def test_single_runs_show_no_equivalence_and_equal_ones_only_within_the_margin():
    found = assess_equivalence(48.0, math.nan, 1, 48.0, margin=4.8)
    assert (found.p, found.is_equivalent) == (None, False)
    # 2 standard errors within the margin on 99 degrees of freedom.
    assert assess_equivalence(50, 10, 100, 48, margin=4).p == pytest.approx(0.0241, abs=5e-5)
    assert assess_equivalence(48.0, 0.0, 10, 48.0, margin=1.0).is_equivalent
    assert not assess_equivalence(50.0, 0.0, 10, 48.0, margin=1.0).is_equivalent


@pytest.mark.parametrize("mean", [43.1, 44.5, 44.6, 48.0, 52.0, 53.0])
def test_equivalent_is_an_interval_within_the_margin(mean):
    found = assess_equivalence(mean, 8.0, 100, 48.0, margin=4.8)
    assert found.is_equivalent == (found.low > 43.2 and found.high < 52.8)
    assert found.is_equivalent == (found.p < 0.05)


def test_with_the_spread_of_the_report_it_is_welch_and_his_test():
    """TOST of two samples: the same error and degrees of freedom as scipy's unequal-variance t."""
    first, second = np.random.default_rng(3).normal(size=(2, 12)) * [[1.0], [3.0]]
    found = assess_equivalence(
        first.mean(), first.std(ddof=1), 12, second.mean(), margin=4.0,
        of_report=(second.std(ddof=1), 12),
    )  # fmt: skip
    below = stats.ttest_ind(first + 4.0, second, equal_var=False, alternative="greater").pvalue
    above = stats.ttest_ind(first - 4.0, second, equal_var=False, alternative="less").pvalue
    assert found.p == pytest.approx(max(below, above))
    assert not found.takes_reported_as_exact
