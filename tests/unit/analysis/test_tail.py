"""The tail study must fit the main study, and says who was merely slow."""

import numpy as np
import pytest

from replication.analysis.counts import CountTable
from replication.analysis.tail import combine_with_tail, describe_tail
from replication.errors import DataError

MAIN = CountTable.from_outcomes([30] * 95 + [100] * 5, [True] * 95 + [False] * 5, 100)
TAIL = CountTable.from_outcomes(
    [150, 4000, 9000, 9000, 9000], [True, True, False, False, False], 9000
)


def test_combined_table_is_that_of_a_study_with_the_later_cap():
    whole = combine_with_tail(MAIN, TAIL)
    expected = [30] * 95 + [150, 4000, 9000, 9000, 9000]
    assert whole == CountTable.from_outcomes(expected, np.array(expected) < 9000, 9000)


def test_tail_says_how_many_were_merely_slow():
    found = describe_tail(MAIN, TAIL)
    assert (found.n, found.cap, found.end, found.slowest) == (5, 100, 9000, 4000)
    assert found.merely_slow.value == 0.4
    assert found.never_by_end.value == 0.03
    assert found.late_within == {3000: 1, 5000: 2}


def test_tail_in_which_nobody_converges_has_no_slowest():
    tail = CountTable.from_outcomes([9000] * 5, [False] * 5, 9000)
    assert describe_tail(MAIN, tail).slowest is None


@pytest.mark.parametrize(
    "tail",
    [
        CountTable.from_outcomes([9000] * 4, [False] * 4, 9000),
        CountTable.from_outcomes([30] + [9000] * 4, [True] + [False] * 4, 9000),
        CountTable.from_outcomes([50] * 5, [False] * 5, 50),
        CountTable.from_outcomes([100] + [9000] * 4, [True] + [False] * 4, 9000),
        CountTable.from_outcomes([150] * 5, [True] * 5, None),
    ],
)
def test_tail_of_other_networks_is_refused(tail):
    with pytest.raises(DataError, match="run (it|the tail study) again"):
        combine_with_tail(MAIN, tail)


def test_tail_that_goes_no_further_changes_nothing():
    tail = CountTable.from_outcomes([100] * 5, [False] * 5, 100)
    assert combine_with_tail(MAIN, tail) == MAIN


def test_late_ones_are_counted_from_the_main_cap_to_the_end_of_the_tail():
    """One network converges at each of the times, one just after it."""
    times = [5000, 10_000, 20_000, 50_000, 100_000]
    main = CountTable.from_outcomes([30] + [3000] * 9, [True] + [False] * 9, 3000)
    late = [*sorted([*times[:4], *(time + 1 for time in times[:4])]), 100_000]
    tail = CountTable.from_outcomes(late, [True] * 9, 100_000)
    found = describe_tail(main, tail).late_within
    assert found == dict(zip(times, [1, 3, 5, 7, 9], strict=True))
