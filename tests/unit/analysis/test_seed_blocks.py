"""Statistics without each block of seeds, and what the jackknife makes of them."""

import numpy as np
import pytest
from scipy import stats

from replication.analysis.seed_blocks import (
    STATISTICS,
    Blocked,
    block_statistics,
    compute_jackknife_error,
    compute_statistics,
    count_blocks,
    cut_seed_blocks,
    find_leaders,
    find_reach,
)

NEVER = np.iinfo(np.int32).max
CAP = 500


@pytest.fixture
def outcomes():
    """Skewed outcomes, one in twenty without convergence."""
    rng = np.random.default_rng(1)
    drawn = rng.geometric(0.02, 2000).astype(np.int32)
    drawn[rng.random(2000) < 0.05] = NEVER
    return np.where(drawn > CAP, NEVER, drawn).astype(np.int32)


def test_statistics_equal_those_of_the_raw_outcomes(outcomes):
    found = dict(
        zip(STATISTICS, compute_statistics(count_blocks(outcomes, CAP).sum(axis=0)), strict=True)
    )
    converged = outcomes[outcomes <= CAP]
    short = outcomes[outcomes <= 200]
    n_restarts = outcomes.size - short.size
    assert found["discard"] == pytest.approx(converged.mean())
    assert found["cap"] == pytest.approx(np.minimum(outcomes, CAP).mean())
    assert found["restart"] == pytest.approx((short.sum() + 200 * n_restarts) / short.size)
    # Interpolated within its whole number, so at most half an update from the plain median.
    assert abs(found["median"] - np.median(np.minimum(outcomes, CAP))) <= 0.5
    assert abs(found["median_converged"] - np.median(converged)) <= 0.5


def test_median_of_a_symmetric_sample_is_its_centre():
    counts = np.zeros(12, dtype=np.int64)
    counts[[4, 5, 6]] = 3, 7, 3
    assert compute_statistics(counts)[STATISTICS.index("median")] == pytest.approx(5.0)


def test_median_between_two_numbers_is_the_upper_end_of_the_lower_one():
    """The median of grouped data, L + (n/2 - F) / f, with the numbers 4 and 6 met once each."""
    counts = np.zeros(12, dtype=np.int64)
    counts[[4, 6]] = 1
    assert compute_statistics(counts)[STATISTICS.index("median")] == pytest.approx(4.5)


def test_single_network_that_converges_has_every_statistic():
    """It took 4 updates; the other one fails, and is restarted after 5 of 10."""
    counts = np.zeros(12, dtype=np.int64)
    counts[4], counts[-1] = 1, 1
    found = dict(zip(STATISTICS, compute_statistics(counts, restart_after=5), strict=True))
    assert (found["discard"], found["cap"], found["restart"]) == (4, 7, 9)
    assert (found["median"], found["median_converged"]) == (4.5, 4)


def test_median_lies_at_the_cap_where_most_do_not_converge():
    counts = np.zeros(12, dtype=np.int64)
    counts[3], counts[-1] = 4, 6
    found = dict(zip(STATISTICS, compute_statistics(counts), strict=True))
    assert found["median"] == 10
    assert found["median_converged"] == pytest.approx(3.0)


def test_statistics_are_undefined_where_nothing_converges():
    counts = np.zeros(12, dtype=np.int64)
    counts[-1] = 7
    found = dict(zip(STATISTICS, compute_statistics(counts), strict=True))
    assert found["cap"] == found["median"] == 10
    assert np.isnan([found["discard"], found["restart"], found["median_converged"]]).all()


def test_leaving_a_block_out_equals_computing_without_its_seeds(outcomes):
    for n_blocks, restart_after in ((20, 200), (7, 50)):
        counts = count_blocks(outcomes, CAP, n_blocks=n_blocks)
        assert counts.shape == (n_blocks, CAP + 2)
        blocked = block_statistics(counts, restart_after=restart_after)
        bounds = cut_seed_blocks(outcomes.size, n_blocks=n_blocks)
        rest = np.delete(outcomes, np.arange(bounds[3], bounds[4]))
        for seeds, found in ((outcomes, blocked.full), (rest, blocked.without[3])):
            expected = compute_statistics(
                count_blocks(seeds, CAP).sum(axis=0), restart_after=restart_after
            )
            np.testing.assert_allclose(found, expected)


def test_blocks_cover_all_seeds_once_and_are_nearly_equal():
    bounds = cut_seed_blocks(1999)
    assert (bounds[0], bounds[-1]) == (0, 1999)
    assert set(np.diff(bounds)) <= {99, 100}


def test_jackknife_error_of_a_mean_is_that_of_the_block_means():
    """For a mean over equal blocks the jackknife is the textbook standard error of block means."""
    blocks = np.random.default_rng(2).normal(size=(20, 50))
    means = blocks.mean(axis=1)
    without = (blocks.sum() - blocks.sum(axis=1)) / 950
    assert compute_jackknife_error(without) == pytest.approx(means.std(ddof=1) / np.sqrt(20))


def test_reach_is_students_t_and_grows_with_the_number_of_comparisons():
    assert find_reach(20) == pytest.approx(stats.t.ppf(0.975, 19))
    assert find_reach(20, n_comparisons=10) == pytest.approx(stats.t.ppf(1 - 0.0025, 19))


def make_blocked(values, noise):
    """Entries with independent block-wise noise."""
    deviation = np.random.default_rng(3).normal(size=(20, len(values)))
    deviation -= deviation.mean(axis=0)
    return Blocked(np.array(values, dtype=float), np.array(values) + np.array(noise) * deviation)


def test_leaders_are_one_where_the_error_is_small():
    assert find_leaders(make_blocked([1.0, 9.0, 2.0], [0.001] * 3)) == [1]


def test_leaders_are_several_where_the_error_does_not_separate_them():
    assert find_leaders(make_blocked([1.0, 9.0, 8.9], [0.2] * 3)) == [1, 2]


def test_common_noise_does_not_hide_a_leader():
    """Readings that move together are separated by their paired difference."""
    noise = np.random.default_rng(4).normal(size=(20, 1))
    values = np.array([5.0, 5.1])
    assert find_leaders(Blocked(values, values + noise)) == [1]


def make_separated(gap):
    """Three entries; each difference from the first has the jackknife error 1."""
    deviation = np.tile([1.0, -1.0], 10) / np.sqrt(19)
    without = np.stack([np.zeros(20), deviation, deviation], axis=1)
    values = np.array([0.0, -gap, -100.0])
    assert compute_jackknife_error(without[:, 1]) == pytest.approx(1.0)
    return Blocked(values, values + without)


@pytest.mark.parametrize("gap", [-0.01, 0.01])
def test_leaders_are_told_apart_by_a_t_test_for_each_of_the_others(gap):
    """Two comparisons at once: Student's t at 1 - 0.025 / 2, not at 1 - 0.025 nor further out."""
    reach = stats.t.ppf(1 - 0.025 / 2, 19)
    assert find_leaders(make_separated(reach + gap)) == ([0, 1] if gap < 0 else [0])


def test_equal_entries_lead_in_their_order():
    values = np.tile([1.0, 2.0], 50)
    assert find_leaders(Blocked(values, np.tile(values, (20, 1)))) == list(range(1, 100, 2))
