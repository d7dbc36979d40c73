"""Reported numbers that cannot be right; bounds are checked against extreme samples."""

import math
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from replication.comparison.numbers import read_number
from replication.comparison.plausibility import find_impossible
from replication.comparison.report import Report

ONE = Fraction(1)


def find(runs=None, grid=None, bounds=(-math.inf, math.inf), counts=None, **reported):
    read = {name: read_number(text, name) for name, text in reported.items()}
    counts = ([] if runs is None else [runs]) if counts is None else counts
    report = Report(read, runs)
    values = SimpleNamespace(grid=grid, low=bounds[0], high=bounds[1])
    return find_impossible(report, counts, values)


def test_a_mean_of_twenty_whole_numbers_cannot_round_to_48_37():
    why = "20 whole numbers cannot have a mean of 48.37"
    assert find(runs=20, grid=ONE, mean="48.37") == {"mean": why}
    # Brown & Heathers (2017): 145 / 28 = 5.18, 146 / 28 = 5.21.
    assert list(find(runs=28, grid=ONE, mean="5.19")) == ["mean"]
    assert find(runs=28, grid=ONE, mean="5.18") == find(runs=28, grid=ONE, mean="5.21") == {}
    assert find(runs=20, grid=ONE, mean="48.35") == {}
    assert find(runs=20, mean="48.37") == {}
    assert find(grid=ONE, mean="48.37") == {}
    # 194 / 8 = 24.25 prints as 24.2 or as 24.3.
    assert find(runs=8, grid=ONE, mean="24.2") == find(runs=8, grid=ONE, mean="24.3") == {}


@pytest.mark.parametrize(("reported", "expected"), [
    ({"mean": "50", "max": "40"}, "a maximum of 40 contradicts a mean of 50"),
    ({"mean": "50", "min": "60"}, "a mean of 50 contradicts a minimum of 60"),
    ({"mean": "50.2", "max": "50"}, None),
    ({"max": "20.5"}, "whole numbers cannot have a maximum of 20.5"),
    ({"median": "20.5"}, None),
    ({"median": "20.25"}, "whole numbers cannot have a median of 20.25"),
    ({"share": "1.2"}, "a success rate of 1.2 is not between none and all"),
    ({"share": "0.51"}, None),
    ({"share": "55 %"}, None),
    ({"n_succeeded": "21"}, "a number of successes of 21 is not between none and all"),
    ({"mean": "70"}, "a mean of 70 lies beyond the bounds of the values"),
    ({"sd": "4.0", "se": "0.89"}, None),
])  # fmt: skip
def test_contradictions_are_named(reported, expected):
    found = find(runs=20, grid=ONE, bounds=(0.0, 60.0), **reported)
    assert list(found.values()) == ([] if expected is None else [expected])


@pytest.mark.parametrize("n", [2, 3, 4, 7, 20])
def test_bounds_of_the_spread_are_reached_and_not_passed(n):
    """Half of the runs at either end spread most."""
    largest = np.repeat([0.0, 10.0], [n // 2, n - n // 2]).std(ddof=1)
    shown = {"min": "0.000", "max": "10.000"}
    assert find(runs=n, sd=f"{largest:.3f}", **shown) == {}
    too_large = find(runs=n, sd=f"{largest + 0.01:.3f}", **shown)["sd"]
    assert f"is larger than {n} runs within their range" in too_large


def test_no_real_study_is_called_impossible():
    generator = np.random.default_rng(11)
    for n in (2, 3, 5, 28, 100):
        for place in range(20):
            # Half of the studies meet a cap, where the spread is smallest and largest.
            largest = 12 if place % 2 else 1000
            study = np.minimum(generator.geometric(0.05, size=n), largest)
            spread = study.std(ddof=1)
            assert not find(
                runs=n, grid=ONE, mean=f"{study.mean():.2f}", sd=f"{spread:.2f}",
                se=f"{spread / np.sqrt(n):.2f}", median=f"{np.median(study):.1f}",
                min=str(study.min()), max=str(study.max()),
            )  # fmt: skip


def test_a_mean_is_possible_if_one_of_the_numbers_of_runs_allows_it():
    """Of 30 runs 95 % succeeded, 28 or 29 of them: 23.79 is 690 / 29, and no mean of 28."""
    assert list(find(runs=30, grid=ONE, counts=[28], mean="23.793")) == ["mean"]
    assert find(runs=30, grid=ONE, counts=[29, 28], mean="23.793") == {}
