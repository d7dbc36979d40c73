"""The count table: what it accepts, and that it loses nothing."""

import dataclasses

import numpy as np
import pytest

from replication.errors import UsageError
from replication.statistics.counts import CountTable


def make_table():
    return CountTable.from_outcomes([3, 7, 3, 10, 10], [True, True, True, False, True], 10)


def test_from_outcomes_counts_each_distinct_outcome():
    table = make_table()
    assert table.updates.tolist() == [3, 7, 10]
    assert table.counts.tolist() == [2, 1, 1]
    assert (table.n, table.n_converged, table.n_censored, table.end) == (5, 4, 1, 10)


@pytest.mark.parametrize("largest", [50, 10**12])
def test_from_outcomes_agrees_with_unique_for_small_and_huge_outcomes(largest):
    outcomes = np.random.default_rng(1).integers(0, largest, 500)
    table = CountTable.from_outcomes(outcomes, np.ones(500, bool), None)
    values, counts = np.unique(outcomes, return_counts=True)
    assert np.array_equal(table.updates, values)
    assert np.array_equal(table.counts, counts)


def test_merged_tables_equal_the_table_of_all_outcomes():
    generator = np.random.default_rng(2)
    updates = generator.integers(1, 50, 300)
    converged = updates < 45
    updates[~converged] = 45
    parts = [
        CountTable.from_outcomes(updates[part], converged[part], 45)
        for part in (slice(0, 100), slice(100, 101), slice(101, 300))
    ]
    assert parts[0] + parts[1] + parts[2] == CountTable.from_outcomes(updates, converged, 45)


def test_censoring_equals_a_lower_cap_from_the_start():
    table = make_table()
    assert table.censor(5) == CountTable.from_outcomes(
        [3, 5, 3, 5, 5], [True, False, True, False, False], 5
    )
    with pytest.raises(UsageError, match="0 to 10"):
        table.censor(11)
    assert table.censor(10) == table
    with pytest.raises(UsageError, match="cap -1 was given"):
        table.censor(-1)


def test_network_that_needs_exactly_the_cap_has_converged_by_it():
    censored = make_table().censor(7)
    assert (censored.updates.tolist(), censored.counts.tolist()) == ([3, 7], [2, 1])
    assert (censored.n_censored, censored.cap, censored.end) == (2, 7, 7)
    assert make_table().censor(0) == CountTable([], [], 5, 0)


def test_table_without_a_failure_may_get_a_higher_cap():
    """Where every network has converged, running on would have changed nothing."""
    table = CountTable([3, 7], [2, 1], 0, 10)
    assert table.censor(99) == CountTable([3, 7], [2, 1], 0, 99)
    uncapped = CountTable([3, 7], [2, 1], 0, None)
    assert (uncapped.end, uncapped.censor(5)) == (7, CountTable([3], [2], 1, 5))


def test_lists_and_narrow_numbers_become_plain_whole_numbers():
    table = CountTable([3, 7], np.array([2, 1], np.int8), np.int64(1), 10)
    assert (table.updates.dtype, table.counts.dtype) == (np.int64, np.int64)
    assert type(table.n_censored) is int


@pytest.mark.parametrize(
    "other",
    [
        CountTable([3, 8], [2, 1], 1, 10),
        CountTable([3, 7], [2, 2], 1, 10),
        CountTable([3, 7], [2, 1], 2, 10),
        CountTable([3, 7], [2, 1], 1, 11),
        "another thing",
    ],
)
def test_tables_that_differ_in_one_part_are_different(other):
    assert CountTable([3, 7], [2, 1], 1, 10) != other


def test_only_tables_with_one_cap_can_be_merged():
    with pytest.raises(UsageError) as caught:
        CountTable([3], [1], 0, 10) + CountTable([3], [1], 0, 11)
    assert str(caught.value) == (
        "tables with caps 10 and 11 cannot be merged; censor both at the smaller one first"
    )
    with pytest.raises(TypeError):
        CountTable([3], [1], 0, 10) + 1


def test_failures_count_as_the_cap_in_the_mean_at_the_cap():
    table = CountTable(np.array([2, 5, 9]), np.array([3, 4, 1]), 2, 12)
    assert table.mean_at_cap == np.repeat([2, 5, 9, 12], [3, 4, 1, 2]).mean()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"cap": 5}, "a converged outcome of 10 lies beyond the cap of 5; raise the cap, or "),
        ({"cap": None}, "censored networks were given without a cap; give where they stopped"),
        ({"counts": [1]}, r"updates has shape \(3,\) and counts \(1,\); both must be one-"),
        ({"counts": [1, 0, 1]}, "counts must be at least 1 and n_censored at least 0"),
        ({"n_censored": -1}, "counts must be at least 1 and n_censored at least 0"),
        ({"updates": [7, 3, 10]}, "updates must be strictly ascending and not negative; sort"),
        ({"updates": [3, 3, 10]}, "updates must be strictly ascending and not negative; sort"),
        ({"updates": [-1, 3, 10]}, "updates must be strictly ascending and not negative; sort"),
        ({"updates": [], "counts": [], "n_censored": 0}, "the table holds no network; give at"),
        ({"updates": "often"}, "updates has type <U5; whole numbers are needed"),
    ],
)
def test_table_that_contradicts_itself_is_refused_with_the_reason(changed, message):
    with pytest.raises(UsageError, match=message):
        dataclasses.replace(make_table(), **changed)


@pytest.mark.parametrize(
    ("updates", "converged", "cap", "message"),
    [
        ([], [], 10, "no network"),
        ([-1], [True], 10, "at least 0"),
        ([1.5], [True], 10, "whole numbers"),
        ([1, 2], [True], 10, "equally long"),
        ([4], [False], 10, "common cap"),
        ([4], [False], None, "common cap"),
        ([11], [True], 10, "beyond the cap"),
        ([1, 2], ["yes", "no"], 10, r"converged = \['yes', 'no'\] was given; allowed are truth"),
        ([1, 2], [2, 1], 10, "allowed are truth values, or 0 and 1"),
        ([1, 2], [1.0, np.nan], 10, "allowed are truth values, or 0 and 1"),
        ([1], [True], 10.5, "cap has type float64; whole numbers"),
        ([1], [True], "10", "cap has type <U2; whole numbers"),
        ([[1], [1, 2]], [True, True], 10, "updates has type object; whole numbers"),
    ],
)
def test_wrong_outcomes_are_refused_with_the_reason(updates, converged, cap, message):
    with pytest.raises(UsageError, match=message):
        CountTable.from_outcomes(updates, converged, cap)


def test_outcomes_that_are_zeros_and_ones_are_truth_values():
    expected = CountTable.from_outcomes([4, 10], [True, False], 10)
    assert CountTable.from_outcomes([4, 10], [1, 0], 10) == expected
    assert CountTable.from_outcomes([4, 10], [1.0, 0.0], np.int8(10)) == expected


@pytest.mark.parametrize(
    ("part", "value"),
    [("updates", [1.5, 2]), ("counts", [3, 4.5]), ("n_censored", 1.5), ("cap", "x"), ("cap", True)],
)
def test_no_part_of_a_table_is_rounded(part, value):
    parts = {"updates": [1, 2], "counts": [3, 4], "n_censored": 1, "cap": 20}
    with pytest.raises(UsageError, match=f"{part} has type .*; whole numbers are needed"):
        CountTable(**parts | {part: value})


def test_a_table_is_censored_at_whole_numbers():
    with pytest.raises(UsageError, match="cap has type float64; whole numbers are needed"):
        make_table().censor(5.5)
