"""Reported numbers that cannot be right; bounds are checked against extreme samples."""

from fractions import Fraction

import numpy as np
import pytest
from replication.comparison.printed import read_printed

from replication.comparison.plausibility import Fault, find_impossible

ONE = Fraction(1)


def find(runs=None, unit=None, cap=None, n_done=None, **reported):
    printed = {
        name: read_printed(text, name, allow_percent=name == "share")
        for name, text in reported.items()
    }
    found = find_impossible(
        printed, runs=runs, n_done=runs if n_done is None else n_done, unit=unit, cap=cap
    )
    return [(item.name, item.fault) for item in found]


def test_a_mean_of_twenty_whole_numbers_cannot_round_to_48_37():
    assert find(runs=20, unit=ONE, mean="48.37") == [("mean", Fault.NOT_A_MEAN)]
    assert find(runs=20, unit=ONE, mean="48.35") == []
    assert find(runs=20, mean="48.37") == []
    assert find(unit=ONE, mean="48.37") == []


def test_halves_may_be_rounded_either_way():
    """194 / 8 = 24.25 prints as 24.2 or as 24.3."""
    assert find(runs=8, unit=ONE, mean="24.2") == []
    assert find(runs=8, unit=ONE, mean="24.3") == []


@pytest.mark.parametrize(
    ("reported", "expected"),
    [
        ({"mean": "50", "max": "40"}, [("max", Fault.OUT_OF_ORDER)]),
        ({"mean": "50", "min": "60"}, [("min", Fault.OUT_OF_ORDER)]),
        ({"median": "50", "min": "60"}, [("min", Fault.OUT_OF_ORDER)]),
        ({"mean": "50.2", "max": "50"}, []),
        ({"sd": "-1"}, [("sd", Fault.NEGATIVE_SPREAD)]),
        ({"max": "20.5"}, [("max", Fault.NOT_A_VALUE)]),
        ({"median": "20.5"}, []),
        ({"median": "20.25"}, [("median", Fault.NOT_A_VALUE)]),
        ({"share": "1.2"}, [("share", Fault.OUTSIDE_SHARE)]),
        ({"share": "0.51"}, [("share", Fault.NOT_A_SHARE)]),
        ({"share": "55 %"}, []),
        ({"n_succeeded": "21"}, [("n_succeeded", Fault.OUTSIDE_SHARE)]),
        ({"n_succeeded": "3.5"}, [("n_succeeded", Fault.NOT_A_VALUE)]),
        ({"mean": "70"}, [("mean", Fault.BEYOND_CAP)]),
        ({"sd": "4.0", "se": "0.89"}, []),
        ({"sd": "4.0", "se": "1.5"}, [("se", Fault.SPREADS_DISAGREE)]),
    ],
)
def test_contradictions_are_named(reported, expected):
    assert find(runs=20, unit=ONE, cap=60.0, **reported) == expected


def test_median_of_an_odd_number_is_one_of_the_values():
    assert find(runs=21, unit=ONE, median="20.5") == [("median", Fault.NOT_A_VALUE)]


@pytest.mark.parametrize("n", [2, 3, 4, 7, 20])
def test_bounds_of_the_spread_are_reached_and_not_passed(n):
    """Half of the runs at either end spread most; all but one at one value, least."""
    half = np.repeat([0.0, 10.0], [n // 2, n - n // 2])
    largest = half.std(ddof=1)
    shown = {"min": "0.000", "max": "10.000"}
    assert find(runs=n, sd=f"{largest:.3f}", **shown) == []
    assert find(runs=n, sd=f"{largest + 0.01:.3f}", **shown) == [("sd", Fault.SPREAD_TOO_LARGE)]
    single = np.append(np.zeros(n - 1), 10.0)
    shown = {"mean": f"{single.mean():.3f}", "max": "10.000"}
    least = single.std(ddof=1)
    assert find(runs=n, sd=f"{least:.3f}", **shown) == []
    assert find(runs=n, sd=f"{least - 0.02:.3f}", **shown) == [("sd", Fault.SPREAD_TOO_SMALL)]


def test_a_mean_near_an_end_leaves_little_room_to_spread():
    shown = {"min": "0.00", "max": "10.00", "mean": "1.00"}
    assert find(runs=10, sd="3.16", **shown) == []
    assert find(runs=10, sd="3.40", **shown) == [("sd", Fault.SPREAD_TOO_LARGE)]


def test_no_real_study_is_called_impossible():
    generator = np.random.default_rng(11)
    for n in (2, 3, 5, 20, 100):
        for _ in range(50):
            study = generator.geometric(0.05, size=n)
            spread = study.std(ddof=1)
            assert not find(
                runs=n, unit=ONE, mean=f"{study.mean():.2f}", sd=f"{spread:.2f}",
                se=f"{spread / np.sqrt(n):.2f}", median=f"{np.median(study):.1f}",
                min=str(study.min()), max=str(study.max()),
            )  # fmt: skip
