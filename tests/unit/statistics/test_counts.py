"""The count table: what it accepts, and that it loses nothing."""

import dataclasses

import numpy as np
import pytest

from replication import CountTable, UsageError


def make_table():
    return CountTable.from_outcomes([3, 7, 3, 10, 10], [True, True, True, False, True], 10)


def test_outcomes_are_counted_whatever_their_type():
    table = make_table()
    assert table.updates.tolist() == [3, 7, 10]
    assert table.counts.tolist() == [2, 1, 1]
    assert (table.n, table.n_converged, table.n_censored, table.end) == (5, 4, 1, 10)
    assert table.mean_at_cap == 33 / 5
    for flags in ([1, 1, 1, 0, 1], [1.0, 1.0, 1.0, 0.0, 1.0]):
        assert CountTable.from_outcomes([3, 7, 3, 10, 10], flags, np.int8(10)) == table


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
    with pytest.raises(UsageError, match="tables with caps 10 and 45 cannot be merged"):
        make_table() + parts[0]


def test_tables_that_differ_in_one_part_are_different():
    for changed in ({"updates": [3, 8, 10]}, {"counts": [2, 2, 1]}, {"n_censored": 2}, {"cap": 11}):
        assert dataclasses.replace(make_table(), **changed) != make_table() != "another thing"


@pytest.mark.parametrize(("changed", "message"), [
    ({"cap": 5}, "a converged outcome lies beyond the cap of 5; raise it, or "),
    ({"cap": None}, "censored networks were given without a cap; give where they stopped"),
    ({"counts": [1]}, r"updates has shape \(3,\) and counts \(1,\); both must be one-"),
    ({"counts": [1, 0, 1]}, "counts must be at least 1 and n_censored at least 0"),
    ({"updates": [3, 3, 10]}, "updates must be strictly ascending and not negative; sort"),
    ({"updates": [], "counts": [], "n_censored": 0}, "the table holds no network; give at"),
    ({"counts": [2, 1, 1.5]}, "counts has type float64; whole numbers are needed"),
])  # fmt: skip
def test_table_that_contradicts_itself_is_refused_with_the_reason(changed, message):
    with pytest.raises(UsageError, match=message):
        dataclasses.replace(make_table(), **changed)


@pytest.mark.parametrize(("updates", "converged", "cap", "message"), [
    ([1, 2], [True], 10, "equally long"),
    ([4], [False], 10, "common cap"),
    ([1, 2], ["yes", "no"], 10, r"converged is \['yes', 'no'\]; allowed are true and"),
])  # fmt: skip
def test_wrong_outcomes_are_refused_with_the_reason(updates, converged, cap, message):
    with pytest.raises(UsageError, match=message):
        CountTable.from_outcomes(updates, converged, cap)
