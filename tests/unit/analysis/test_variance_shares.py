"""Variance shares against closed forms, and the noise that shared seeds bring in."""

import numpy as np
import pytest

from replication.analysis.seed_blocks import Blocked
from replication.analysis.variance_shares import decompose_variance, estimate_shares

SHAPE = (4, 2, 3)


def make_additive(effects):
    """The grid of sums of effects, in the order of `itertools.product`."""
    grids = np.meshgrid(*effects, indexing="ij")
    return np.sum(grids, axis=0).ravel()


def make_blocked(values, noise):
    """Add noise given by block, so that its mean over the blocks is 0."""
    noise = noise - noise.mean(axis=0)
    return Blocked(values + 0.0, values - noise / (len(noise) - 1))


EFFECTS = ([0.0, 1.0, 5.0, 10.0], [0.0, 3.0], [0.0, -1.0, 7.0])


def test_additive_grid_has_the_closed_form_shares():
    """For a sum of effects every share is the variance of the effect over their sum."""
    variances = np.array([np.var(effect) for effect in EFFECTS])
    shares = estimate_shares(make_blocked(make_additive(EFFECTS), np.zeros((20, 24))), SHAPE)
    assert shares is not None
    assert shares.variance == pytest.approx(variances.sum())
    np.testing.assert_allclose(shares.first, variances / variances.sum())
    np.testing.assert_allclose(shares.total, shares.first)
    assert shares.interactions == pytest.approx(0.0, abs=1e-12)
    assert shares.leaders == [0]


def test_product_grid_is_all_interaction():
    """x y with both effects centred: nothing alone, everything in total."""
    grid = np.outer([-1.0, 1.0], [-2.0, 2.0]).ravel()
    shares = estimate_shares(make_blocked(grid, np.zeros((20, 4))), (2, 2))
    assert shares is not None
    np.testing.assert_allclose(shares.first, 0.0, atol=1e-12)
    np.testing.assert_allclose(shares.total, 1.0)
    assert shares.interactions == pytest.approx(1.0)


def test_parts_do_not_depend_on_the_level_and_scale_with_the_square():
    grid = make_additive(EFFECTS)
    np.testing.assert_allclose(
        decompose_variance(3.0 * grid + 100.0, SHAPE), 9.0 * decompose_variance(grid, SHAPE)
    )


def test_noise_that_all_readings_share_changes_nothing():
    """A seed that is slow everywhere moves all readings alike and is no effect of a choice."""
    noise = np.repeat(50.0 * np.random.default_rng(1).normal(size=(20, 1)), 24, axis=1)
    shares = estimate_shares(make_blocked(make_additive(EFFECTS), noise), SHAPE)
    assert shares is not None
    assert shares.noise == pytest.approx(0.0, abs=1e-9)
    assert shares.first.sum() == pytest.approx(1.0)


def test_identical_readings_have_no_shares():
    """Subtracting noise as if readings were independent would give absurd shares here."""
    noise = np.repeat(np.random.default_rng(2).normal(size=(20, 1)), 24, axis=1)
    assert estimate_shares(make_blocked(np.full(24, 40.0), noise), SHAPE) is None


def test_readings_that_differ_by_noise_alone_have_no_shares():
    rng = np.random.default_rng(3)
    noise = rng.normal(size=(20, 24))
    values = Blocked(40.0 + noise.mean(axis=0), 40.0 + (noise.sum(axis=0) - noise) / 19)
    assert estimate_shares(values, SHAPE) is None


def test_missing_value_leaves_the_shares_undefined():
    grid = make_additive(EFFECTS)
    grid[5] = np.nan
    assert estimate_shares(make_blocked(grid, np.zeros((20, 24))), SHAPE) is None


def test_tie_is_not_ranked():
    noise = np.random.default_rng(4).normal(size=(20, 4))
    grid = make_additive(([0.0, 10.0], [0.0, 10.001]))
    shares = estimate_shares(make_blocked(grid, noise), (2, 2))
    assert shares is not None
    assert sorted(shares.leaders) == [0, 1]
