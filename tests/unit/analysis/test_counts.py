"""The count table: what it accepts, and that it loses nothing."""

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.errors import DataError, UsageError


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


def test_count_within_includes_the_time_itself():
    assert make_table().count_within([2, 3, 6, 7, 10, 99]).tolist() == [0, 2, 2, 3, 4, 4]


def test_plain_form_reads_back():
    assert CountTable.from_plain(make_table().to_plain()) == make_table()


@pytest.mark.parametrize(
    "damage", [{"cap": 5}, {"counts": [1]}, {"n_censored": -1}, {"updates": [7, 3, 10]}]
)
def test_damaged_plain_form_is_refused(damage):
    with pytest.raises(DataError, match="damaged"):
        CountTable.from_plain(make_table().to_plain() | damage)


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
    ],
)
def test_wrong_outcomes_are_refused_with_the_reason(updates, converged, cap, message):
    with pytest.raises(UsageError, match=message):
        CountTable.from_outcomes(updates, converged, cap)
