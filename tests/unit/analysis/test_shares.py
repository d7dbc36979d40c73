import numpy as np
import pytest

from replication.analysis.shares import decompose_variance, estimate_shares
from replication.errors import UsageError


def make_outcomes(means, n, *, noise=1.0, seed=0):
    """Return outcomes of readings whose networks share part of their noise."""
    generator = np.random.default_rng(seed)
    shared = generator.normal(size=n)
    return np.asarray(means)[:, None] + noise * (shared + generator.normal(size=(len(means), n)))


def test_additive_effects_divide_the_variance_without_interaction():
    first, second = np.array([0.0, 4.0]), np.array([0.0, 1.0, 2.0])
    means = (first[:, None] + second).ravel()
    parts = decompose_variance(means, (2, 3))
    assert parts == pytest.approx(
        [means.var(), first.var(), second.var(), first.var(), second.var()]
    )


def test_a_pure_interaction_has_no_first_order_share():
    parts = decompose_variance([1.0, -1.0, -1.0, 1.0], (2, 2))
    assert parts == pytest.approx([1, 0, 0, 1, 1])


def test_shares_are_found_from_noisy_outcomes():
    means = (np.array([0.0, 4.0])[:, None] + np.array([0.0, 1.0, 2.0])).ravel()
    found = estimate_shares(make_outcomes(means, 4000), (2, 3))
    expected = np.array([4.0, 2 / 3]) / (4 + 2 / 3)
    assert found.first == pytest.approx(expected, abs=0.03)
    assert found.total == pytest.approx(expected, abs=0.03)
    for shares, intervals in (
        (found.first, found.first_interval),
        (found.total, found.total_interval),
    ):
        assert np.all((intervals[:, 0] < shares) & (shares < intervals[:, 1]))
    assert found.interactions == pytest.approx(0, abs=0.02)


def test_noise_is_not_counted_as_effect():
    """With few networks the variance of the means is mostly noise; it is subtracted."""
    means = np.repeat([0.0, 1.0], 8)
    found = [estimate_shares(make_outcomes(means, 60, seed=seed), (2, 8)) for seed in range(40)]
    variances = [item.variance for item in found if item is not None]
    assert len(variances) > 30
    assert np.mean(variances) == pytest.approx(0.25, rel=0.15)


def test_readings_that_do_not_differ_have_no_shares():
    assert estimate_shares(make_outcomes(np.zeros(6), 400), (2, 3)) is None


@pytest.mark.parametrize(("n", "shape"), [(400, (2, 2)), (30, (2, 3))])
def test_a_full_grid_and_enough_networks_are_needed(n, shape):
    with pytest.raises(UsageError, match="variance shares need"):
        estimate_shares(make_outcomes(np.zeros(6), n), shape)
