import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.curves import compute_restricted_mean, estimate_survival
from replication.analysis.intervals import bound_proportion
from replication.errors import UsageError

TABLE = CountTable(np.array([2, 5, 9]), np.array([3, 4, 1]), 2, 12)


def test_survival_is_the_share_that_needs_more():
    curve = estimate_survival(TABLE, [0, 2, 4, 5, 12])
    assert curve.survival.tolist() == [1.0, 0.7, 0.7, 0.3, 0.2]
    low, high = bound_proportion([10, 7, 7, 3, 2], 10)
    assert (curve.low.tolist(), curve.high.tolist()) == (low.tolist(), high.tolist())


def test_restricted_mean_counts_failures_at_the_cap():
    values = np.repeat([2, 5, 9, 12], [3, 4, 1, 2])
    caps = np.arange(13)
    expected = [np.minimum(values, cap).mean() for cap in caps]
    assert compute_restricted_mean(TABLE, caps) == pytest.approx(expected)


def test_nothing_is_known_beyond_the_cap():
    with pytest.raises(UsageError, match="ask for 0 to 12"):
        compute_restricted_mean(TABLE, [13])
