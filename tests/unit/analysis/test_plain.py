"""Plain JSON values: rounding, and nothing that JSON cannot hold."""

import json
import math
from fractions import Fraction

import numpy as np
import pytest

from replication.analysis.intervals import Estimate
from replication.analysis.plain import make_plain, make_plain_estimate, round_number


@pytest.mark.parametrize(
    ("value", "expected"),
    [(math.pi, 3.14159), (123456789.0, 123457000.0), (1e-20 / 3, 3.33333e-21), (0.0, 0.0)],
)
def test_numbers_are_rounded_to_six_significant_digits(value, expected):
    assert round_number(value) == expected


def test_what_is_not_finite_becomes_null():
    found = make_plain({"a": math.nan, "b": [math.inf, -math.inf], "c": np.array([np.nan, 1.0])})
    assert json.loads(json.dumps(found, allow_nan=False)) == {
        "a": None,
        "b": [None, None],
        "c": [None, 1.0],
    }


def test_whole_numbers_are_kept_to_the_last_digit():
    assert make_plain({1: np.int64(123456789012)}) == {"1": 123456789012}
    assert make_plain(np.arange(3)) == [0, 1, 2]
    assert make_plain(True) is True
    assert make_plain(Fraction(95, 2)) == 47.5


def test_what_has_no_plain_form_is_refused():
    with pytest.raises(TypeError, match="object has no plain form"):
        make_plain({"a": object()})


def test_estimate_carries_its_coverage():
    plain = make_plain_estimate(Estimate(1 / 3, None, 0.5, "by hand"), {"measured": 0.95})
    assert plain == {
        "value": 0.333333,
        "low": None,
        "high": 0.5,
        "method": "by hand",
        "level": 0.95,
        "coverage": {"measured": 0.95},
    }
    assert make_plain_estimate(None) is None
