"""Paired contrasts: the same seeds under two readings."""

import numpy as np
import pytest

from replication.analysis.contrasts import compute_contrasts, find_pairs
from replication.analysis.seed_blocks import (
    STATISTICS,
    block_statistics,
    count_blocks,
    stack_blocked,
)

NEVER = np.iinfo(np.int32).max
CAP = 400
LEVELS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])


def compare(outcomes, base=0, n_blocks=20):
    statistics = stack_blocked(
        [block_statistics(count_blocks(row, CAP, n_blocks=n_blocks)) for row in outcomes]
    )
    return compute_contrasts(outcomes, statistics, LEVELS, base=base, n_levels=[2, 2])


@pytest.fixture
def outcomes():
    """Choice 0 adds ten updates to every seed, choice 1 doubles every second seed."""
    first = np.random.default_rng(6).integers(20, 60, 1000).astype(np.int32)
    doubled = first.copy()
    doubled[::2] *= 2
    return np.stack([first, doubled, first + 10, doubled + 10])


def test_pairs_differ_in_one_choice_alone():
    assert find_pairs(LEVELS, choice=0, base_value=0, value=1).tolist() == [[0, 2], [1, 3]]


def test_constant_change_has_no_error_because_it_is_paired(outcomes):
    single, average = compare(outcomes)
    shift = single[0]
    assert (shift.choice, shift.value, shift.n_pairs) == (0, 1, 1)
    mean = STATISTICS.index("discard")
    assert shift.change.full[mean] == pytest.approx(10.0)
    assert shift.change.error[mean] == pytest.approx(0.0, abs=1e-9)
    assert (shift.slower.full, shift.faster.full, shift.same.full) == (1.0, 0.0, 0.0)
    assert average[0].n_pairs == 2


def test_shares_count_seeds(outcomes):
    single, _ = compare(outcomes)
    doubling = single[1]
    assert doubling.slower.full == pytest.approx(0.5)
    assert doubling.same.full == pytest.approx(0.5)
    expected = (outcomes[1] - outcomes[0]).mean()
    assert doubling.change.full[STATISTICS.index("discard")] == pytest.approx(expected)


def test_network_that_fails_is_slower_than_any_that_does_not(outcomes):
    outcomes[2, :100] = NEVER
    outcomes[0, 50:60] = NEVER
    single, _ = compare(outcomes)
    assert single[0].same.full == pytest.approx(10 / 1000)  # both fail
    assert single[0].slower.full == pytest.approx(990 / 1000)


def test_average_over_pairs_and_its_range(outcomes):
    """Doubling is applied to 20 to 59 in the base pair; here the other pair leaves it out."""
    outcomes[3] = outcomes[2] - 4
    outcomes[3, :100] += 8
    outcomes[1, 1::4] -= 5
    _, average = compare(outcomes)
    found = average[1]
    assert (found.choice, found.value, found.n_pairs) == (1, 1, 2)
    # First pair: every second seed slower, every fourth faster. Second: the first 100 slower,
    # the others faster.
    assert found.slower.full == pytest.approx((0.5 + 0.1) / 2)
    assert found.faster.full == pytest.approx((0.25 + 0.9) / 2)
    assert found.same.full == pytest.approx(0.25 / 2)
    place = STATISTICS.index("discard")
    changes = [(outcomes[1] - outcomes[0]).mean(), -4 + 8 * 0.1]
    assert found.change.full[place] == pytest.approx(np.mean(changes))
    assert found.smallest[place] == pytest.approx(min(changes))
    assert found.largest[place] == pytest.approx(max(changes))
    assert np.all(found.smallest <= found.largest)
    assert found.smallest.shape == found.largest.shape == (len(STATISTICS),)


def test_shares_without_a_block_are_those_of_the_other_seeds(outcomes):
    """Of the first 100 seeds the second choice slows none, of the others every second."""
    outcomes[1, :100] = outcomes[0, :100]
    tenths, _ = compare(outcomes, n_blocks=10)
    assert tenths[1].slower.without == pytest.approx([450 / 900] + [400 / 900] * 9)
    single, _ = compare(outcomes)
    slower = single[1].slower
    assert slower.full == pytest.approx(0.45)
    assert slower.without == pytest.approx([450 / 950] * 2 + [425 / 950] * 18)
    assert single[1].faster.without == pytest.approx(np.zeros(20))


def test_contrasts_are_taken_from_the_base_reading(outcomes):
    single, average = compare(outcomes, base=3)
    assert [(item.choice, item.value) for item in single] == [(0, 0), (1, 0)]
    assert single[0].change.full[STATISTICS.index("cap")] == pytest.approx(-10.0)
    assert len(average) == 2


def test_error_is_that_of_the_paired_differences(outcomes):
    noise = np.random.default_rng(7).integers(-5, 6, 1000).astype(np.int32)
    outcomes[2] += noise
    single, _ = compare(outcomes)
    error = single[0].change.error[STATISTICS.index("discard")]
    assert error == pytest.approx(noise.std() / np.sqrt(1000), rel=0.35)
