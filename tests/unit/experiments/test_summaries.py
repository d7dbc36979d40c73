"""Medians and shares as models hold them."""

from replication.experiments.summaries import estimate_share, find_median_updates, get_estimate
from replication.statistics.intervals import estimate_proportion
from tests.unit.experiments.builders import make_outcomes


def test_median_counts_failures_as_later_than_any_other():
    assert find_median_updates(make_outcomes(10, 20, 30, 2000)) == 25.0
    assert find_median_updates(make_outcomes(10, 2000, 2000)) is None


def test_share_is_read_back_and_of_no_trial_unknown():
    assert get_estimate(estimate_share(8, 10), "share") == estimate_proportion(8, 10)
    assert estimate_share(0, 0) == {"share": None, "share_interval": [0.0, 1.0]}
