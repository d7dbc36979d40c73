"""Speed and shares as models hold them."""

import pytest

from replication.definition.protocol import Protocol
from replication.experiments.summaries import describe_speed, estimate_share, get_estimate
from replication.statistics.intervals import estimate_proportion
from tests.unit.experiments.builders import make_outcomes


@pytest.mark.parametrize(
    ("updates", "share", "mean", "median"),
    [((10, 20, 30, 2000), 0.75, 515.0, 25.0), ((10, 2000, 2000), 1 / 3, 4010 / 3, None)],
)
def test_speed_counts_failures_at_the_cap(updates, share, mean, median):
    found = describe_speed(make_outcomes(*updates), Protocol(learning_rate=3.0))
    assert [found["share"], found["mean"]] == pytest.approx([share, mean])
    assert (found["median"], found["learning_rate"]) == (median, 3.0)


def test_share_is_read_back_and_of_no_trial_unknown():
    assert get_estimate(estimate_share(8, 10), "share") == estimate_proportion(8, 10)
    assert estimate_share(0, 0) == {"share": None, "share_interval": [0.0, 1.0]}
