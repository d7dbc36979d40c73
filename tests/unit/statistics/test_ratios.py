import numpy as np
import pytest

from replication.errors import UsageError
from replication.statistics import ratios
from replication.statistics.ratios import estimate_ratios


def test_ratios_of_a_constant_multiple_are_exact():
    updates = np.array([10, 25, 40, 70])
    found = estimate_ratios(3 * updates, updates)
    for ratio in (found.mean, found.median):
        assert ratio.value == pytest.approx(3.0)
        assert ratio.interval == pytest.approx([3.0, 3.0])


def test_values_are_those_of_the_samples():
    found = estimate_ratios([2, 4, 12], [1, 2, 3])
    assert found.mean.value == 3.0
    assert found.median.value == 2.0


def test_swapping_the_procedures_inverts_ratios_and_intervals():
    generator = np.random.default_rng(3)
    first, second = generator.poisson(50, (2, 400)) + 1
    forward, backward = estimate_ratios(first, second), estimate_ratios(second, first)
    assert forward.mean.value * backward.mean.value == pytest.approx(1.0)
    # The same resamples, each ratio inverted, so the ends change places.
    assert forward.mean.low * backward.mean.high == pytest.approx(1.0, rel=1e-4)


def test_pairs_are_kept_together():
    # What makes one network slow makes it slow under both procedures: the ratio is sharper
    # than it would be between strangers.
    generator = np.random.default_rng(4)
    hardness = generator.gamma(2.0, 20.0, 500)
    first, second = hardness * generator.uniform(0.9, 1.1, (2, 500))
    together = estimate_ratios(first, second).mean
    apart = estimate_ratios(first, generator.permutation(second)).mean
    assert together.high - together.low < 0.2 * (apart.high - apart.low)


def test_interval_covers_the_true_ratio_of_means_at_the_nominal_rate(monkeypatch):
    # Exponential times of means 60 and 40, correlated: the ratio is 1.5. Of 100 trials 87 to 100
    # lie within four standard errors of the nominal 95 %; the bootstrap may be a little short.
    generator = np.random.default_rng(5)
    covered = 0
    monkeypatch.setattr(ratios, "N_RESAMPLES", 200)
    for _ in range(100):
        shared, own = generator.exponential(20.0, 300), generator.exponential(1.0, (2, 300))
        first, second = shared + 40.0 * own[0], shared + 20.0 * own[1]
        ratio = estimate_ratios(first, second).mean
        covered += ratio.low <= 1.5 <= ratio.high
    assert 85 <= covered <= 100


@pytest.mark.parametrize(("first", "second"), [([1, 2], [1, 2, 3]), ([1], [1]), ([[1, 2]], [1, 2])])
def test_what_is_no_pair_of_samples_is_refused(first, second):
    with pytest.raises(UsageError, match="two equally long rows of at least two networks"):
        estimate_ratios(first, second)
