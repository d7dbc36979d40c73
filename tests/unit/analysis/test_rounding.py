"""What another last bit changes, on outcomes small enough to count by hand."""

import numpy as np
import pytest

from replication.analysis.rounding import compare_roundings


def make(updates, converged):
    return np.array(updates, dtype=np.int32), np.array(converged)


def test_changes_are_counted_by_hand():
    first = make([10, 20, 30, 2000, 50], [True, True, True, False, True])
    second = make([10, 25, 30, 60, 2000], [True, True, True, True, False])
    result = compare_roundings(first, second)
    assert result["n"] == 5
    assert result["changed"]["value"] == pytest.approx(3 / 5)
    assert result["largest_change"] == 5, "only networks that converge under both"
    assert result["mean"] == pytest.approx([(10 + 20 + 30 + 50) / 4, (10 + 25 + 30 + 60) / 4])
    assert result["median"] == [25.0, 27.5]
    assert result["n_flipped"] == 2


def test_the_same_outcomes_have_not_changed():
    outcomes = make([3, 2000], [True, False])
    result = compare_roundings(outcomes, outcomes)
    assert result["changed"]["value"] == 0.0
    assert result["changed"]["high"] > 0.0, "two networks say little about the share"
    assert (result["largest_change"], result["n_flipped"]) == (0, 0)


def test_where_nothing_converges_there_is_no_mean():
    nothing = make([2000, 2000], [False, False])
    result = compare_roundings(nothing, nothing)
    assert result["mean"] == [None, None]
    assert result["median"] == [None, None]
    assert result["largest_change"] is None


def test_changes_do_not_overflow_the_outcomes():
    first, second = make([2**31 - 1], [True]), make([0], [True])
    assert compare_roundings(first, second)["largest_change"] == 2**31 - 1
