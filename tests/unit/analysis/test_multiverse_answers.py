"""The answers that a multiverse gives in words, from numbers made by hand."""

import numpy as np
import pytest
from scipy import stats

from replication.analysis.contrasts import Contrast
from replication.analysis.multiverse_answers import count_classes, find_largest_choice
from replication.analysis.runs import RULES
from replication.analysis.seed_blocks import STATISTICS, Blocked

CHOICES = [
    {"field": "rate", "values": [20.0, 10.0], "base": 0},
    {"field": "width", "values": [0.5, 0.1, 0.3], "base": 0},
]
N_BLOCKS = 20
PATTERN = np.tile([1.0, -1.0], N_BLOCKS // 2) / np.sqrt(N_BLOCKS - 1)
"""Deviations without each block whose jackknife error is 1."""


def make_contrast(choice, value, changes, errors):
    changes, errors = np.array(changes, dtype=float), np.array(errors, dtype=float)
    change = Blocked(changes, changes + PATTERN[:, None] * errors)
    none = Blocked(np.array(0.0), np.zeros(N_BLOCKS))
    return Contrast(choice, value, 1, change, changes, changes, none, none, none)


def find(*contrasts):
    return find_largest_choice(contrasts, CHOICES)


def test_largest_change_counts_whatever_its_sign():
    found = find(
        make_contrast(0, 1, [5.0, -50.0, 1.0, 0.0, 2.0], [0.1] * 5),
        make_contrast(1, 2, [-9.0, 8.0, 3.0, 7.0, -1.0], [0.1] * 5),
    )
    assert list(found) == list(STATISTICS)
    largest = {name: (entry[0]["field"], entry[0]["value"]) for name, entry in found.items()}
    assert largest == {
        "discard": ("width", 0.3),
        "cap": ("rate", 10.0),
        "restart": ("width", 0.3),
        "median": ("width", 0.3),
        "median_converged": ("rate", 10.0),
    }
    (entry,) = found["discard"]
    assert entry["change"] == -9.0
    assert entry["error"] == pytest.approx(0.1)
    assert entry["is_clear"] is True


def test_changes_that_the_error_cannot_tell_apart_are_all_named():
    """The sizes 5 and 4.9 move against each other; 1 is far behind."""
    found = find(
        make_contrast(0, 1, [4.9] * 5, [0.5] * 5),
        make_contrast(1, 1, [-5.0] * 5, [0.5] * 5),
        make_contrast(1, 2, [1.0] * 5, [0.0] * 5),
    )
    assert [(entry["field"], entry["value"]) for entry in found["median"]] == [
        ("width", 0.1),
        ("rate", 10.0),
    ]


@pytest.mark.parametrize(("factor", "is_clear"), [(0.97, False), (1.03, True)])
def test_change_is_clear_beyond_a_t_test_for_each_of_the_choices(factor, is_clear):
    """Two contrasts at once: Student's t at 1 - 0.025 / 2 with 19 degrees of freedom."""
    reach = stats.t.ppf(1 - 0.025 / 2, N_BLOCKS - 1)
    found = find(
        make_contrast(0, 1, [-factor * reach] * 5, [1.0] * 5),
        make_contrast(1, 1, [0.0] * 5, [0.0] * 5),
    )
    assert found["discard"][0]["field"] == "rate"
    assert found["discard"][0]["is_clear"] is is_clear


def test_statistic_that_is_missing_has_no_largest_choice():
    """The first statistic is missing, the second without one of the blocks."""
    first = make_contrast(0, 1, [np.nan, 2.0, 2.0, 2.0, 2.0], [0.0] * 5)
    first.change.without[3, 1] = np.nan
    found = find(first, make_contrast(1, 1, [1.0] * 5, [0.0] * 5))
    assert found["discard"] is None
    assert found["cap"] is None
    assert found["restart"][0]["field"] == "rate"
    assert find() == dict.fromkeys(STATISTICS)


# Six readings: n* and the ends of its interval.
N_STAR = {
    "discard": ([20, 19, 5, 4, 300, None], [20, 4, 5, 0, 10, None], [20, 25, 19, 5, 300, None]),
    "cap": ([20, 20, 20, 0, 0, 3], [20, 20, 20, 0, 0, 3], [20, 20, 20, 0, 0, 3]),
    "restart": ([20, 5, 20, 0, 4, 3], [0, 5, 20, 0, 0, 3], [5000, 19, 20, 0, 4, 3]),
}
LEVELS = np.array([[0, 0], [0, 1], [0, 0], [1, 0], [1, 1], [1, 0]])


def count():
    table = {}
    for rule, columns in N_STAR.items():
        names = [f"n_star_{rule}{end}" for end in ("", "_low", "_high")]
        table |= dict(zip(names, columns, strict=True))
        table[f"equivalent_{rule}"] = [True, False, None, True, False, False]
    return count_classes(table, LEVELS, CHOICES, min_n_star=20, smallest_study=5)


def test_readings_are_counted_by_what_they_make_of_the_number():
    """From 20 compatible runs on the number is likely, below 5 it is ruled out."""
    found = count()
    assert list(found) == ["smallest_study", "min_n_star", *RULES, "any_rule"]
    assert (found["smallest_study"], found["min_n_star"]) == (5, 20)
    names = ("likely", "ruled_out", "between", "undecided", "equivalent")
    counted = {rule: tuple(found[rule][name] for name in names) for rule in RULES}
    assert counted == {
        # Undecided: 4 to 25 crosses both bounds, 0 to 5 the lower, 10 to 300 the upper.
        "discard": (2, 2, 2, 3, 2),
        "cap": (3, 3, 0, 0, 2),
        "restart": (2, 3, 1, 1, 2),
    }


def test_likely_readings_are_counted_by_the_value_of_each_choice():
    """No reading has the third width."""
    found = count()
    assert found["discard"]["likely_by_level"] == [
        [pytest.approx(1 / 3), pytest.approx(1 / 3)],
        [pytest.approx(1 / 4), pytest.approx(1 / 2), None],
    ]


def test_readings_are_counted_over_the_rules():
    assert count()["any_rule"] == {
        "likely_under_every_rule": 1,
        "likely_under_some_rule": 4,
        "ruled_out_under_every_rule": 2,
    }
