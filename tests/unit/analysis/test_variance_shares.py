"""Variance shares against closed forms, and the noise that shared seeds bring in."""

import numpy as np
import pytest
from scipy import stats

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


def make_from_blocks(blocks):
    """Means over all blocks and without each, from float64[n_blocks, n_readings]."""
    n = len(blocks)
    return Blocked(blocks.mean(axis=0), (blocks.sum(axis=0) - blocks) / (n - 1))


def test_noise_of_a_difference_is_subtracted_as_the_textbook_does():
    """Differences of 9, 10, 11, 10: (mean / 2)^2 less a quarter of the squared standard error.

    The sample variance is 2/3, the squared standard error of the mean 1/6.
    """
    blocks = np.stack([np.array([9.0, 10.0, 11.0, 10.0]), np.zeros(4)], axis=1)
    shares = estimate_shares(make_from_blocks(blocks), (2,))
    assert shares is not None
    assert shares.noise == pytest.approx(1 / 24)
    assert shares.variance == pytest.approx(25 - 1 / 24)
    assert (shares.first.tolist(), shares.total.tolist()) == ([1.0], [1.0])


def find_forms(shape):
    """Return the matrices of the variance, of the first-order and of the total variances."""
    n = int(np.prod(shape))
    levels = np.stack([axis.ravel() for axis in np.indices(shape)], axis=1)
    centre = np.full((n, n), 1 / n**2)
    first, total = [], []
    for choice in range(len(shape)):
        same = levels[:, choice, None] == levels[None, :, choice]
        first.append(same * shape[choice] / n**2 - centre)
        others = np.delete(levels, choice, axis=1)
        alike = np.all(others[:, None] == others[None], axis=2)
        between = alike / (n * shape[choice]) - centre
        total.append(np.eye(n) / n - centre - between)
    return [np.eye(n) / n - centre, *first, *total]


@pytest.mark.parametrize("shape", [(2, 3), (3, 2, 2)])
def test_shares_are_unbiased_quadratic_forms_with_jackknife_intervals(shape):
    """E[x' Q x] = m' Q m + tr(Q S) for a mean m with covariance S, here that of block means."""
    rng = np.random.default_rng(5)
    n_blocks, n_choices = 12, len(shape)
    truth = rng.normal(size=int(np.prod(shape))) * 10
    blocks = truth + rng.normal(size=(n_blocks, truth.size)) * 3
    covariance = np.cov(blocks.T)
    forms = find_forms(shape)

    def estimate(rows):
        mean = rows.mean(axis=0)
        parts = [mean @ q @ mean - np.trace(q @ covariance) / len(rows) for q in forms]
        first, total = np.split(np.array(parts[1:]) / parts[0], 2)
        return np.array([parts[0], *first, *total, 1 - first.sum()])

    full = estimate(blocks)
    without = np.array([estimate(np.delete(blocks, b, axis=0)) for b in range(n_blocks)])
    spread = without - without.mean(axis=0)
    error = np.sqrt((n_blocks - 1) / n_blocks * (spread**2).sum(axis=0))
    reach = stats.t.ppf(0.975, n_blocks - 1) * error
    shares = estimate_shares(make_from_blocks(blocks), shape)
    assert shares is not None
    assert shares.noise == pytest.approx(np.trace(forms[0] @ covariance) / n_blocks)
    found = [shares.variance, *shares.first, *shares.total, shares.interactions]
    np.testing.assert_allclose(found, full)
    found = [*shares.first_reach, *shares.total_reach, shares.interactions_reach]
    np.testing.assert_allclose(found, reach[1:])
    assert len(found) == 2 * n_choices + 1


@pytest.mark.parametrize(("n_errors", "has_shares"), [(3.0, False), (6.0, True)])
@pytest.mark.parametrize("unit", [1e-3, 1.0, 1e3])
def test_readings_must_differ_by_more_than_their_noise(n_errors, has_shares, unit):
    """A difference d with error e has (d / 2)^2 with error d e / 2: d > 2 t e is asked for."""
    pattern = np.tile([1.0, -1.0], 10)
    error = pattern.std(ddof=1) / np.sqrt(20)
    assert 3 < 2 * stats.t.ppf(0.975, 19) < 6
    blocks = np.stack([n_errors * error + pattern, np.zeros(20)], axis=1) * unit
    assert (estimate_shares(make_from_blocks(blocks), (2,)) is not None) is has_shares


def test_value_missing_without_a_block_leaves_the_shares_undefined():
    values = make_blocked(make_additive(EFFECTS), np.zeros((20, 24)))
    values.without[3, 5] = np.nan
    assert estimate_shares(values, SHAPE) is None


def test_noise_of_an_interaction_counts_too():
    """The choices alone surely do nothing; how large their product is, the blocks do not agree."""
    pattern = np.tile([1.0, -1.0], 10)
    size = 3.0 * pattern.std(ddof=1) / np.sqrt(20) + pattern
    blocks = size[:, None] * np.array([1.0, -1.0, -1.0, 1.0])
    assert estimate_shares(make_from_blocks(blocks), (2, 2)) is None
    shifted = np.add(blocks, [8.0, 0.0, 0.0, 8.0])
    assert estimate_shares(make_from_blocks(shifted), (2, 2)) is not None
