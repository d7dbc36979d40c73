import pytest

from replication.experiments.summaries import (
    describe_speed,
    estimate_share,
    name_estimate,
    take_estimate,
)
from replication.protocol import Protocol
from tests.unit.experiments.builders import make_outcomes


@pytest.mark.parametrize(
    ("updates", "share", "mean", "median"),
    [((10, 20, 30, 2000), 0.75, 515.0, 25.0), ((10, 2000, 2000), 1 / 3, 4010 / 3, None)],
)
def test_speed_counts_failures_at_the_cap(updates, share, mean, median):
    assert describe_speed(make_outcomes(*updates), Protocol(learning_rate=3.0)) == {
        "learning_rate": 3.0, "regression": 0.75,
        "share": pytest.approx(share), "mean": pytest.approx(mean), "median": median,
    }  # fmt: skip


def test_share_has_its_exact_interval_and_is_read_back():
    # Clopper-Pearson for 8 of 10: 0.4439 to 0.9748 (e.g. Agresti & Coull 1998).
    share = estimate_share(8, 10)
    assert share["share"] == 0.8
    assert share["share_interval"] == pytest.approx([0.4439, 0.9748], abs=5e-5)
    assert name_estimate("share", take_estimate(share, "share")) == share
    assert estimate_share(0, 0) == {"share": None, "share_interval": [0.0, 1.0]}
