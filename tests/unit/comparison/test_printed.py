import math

import pytest
from replication.comparison.printed import read_printed

from replication.errors import UsageError


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        ("48", 47.5, 48.5),
        ("48.30", 48.295, 48.305),
        (48.3, 48.25, 48.35),
        (48, 47.5, 48.5),
        ("-0.5", -0.55, -0.45),
        (".25", 0.245, 0.255),
        (" +3. ", 2.5, 3.5),
    ],
)
def test_decimals_say_how_a_number_was_rounded(given, low, high):
    printed = read_printed(given, "mean")
    assert (float(printed.low), float(printed.high)) == pytest.approx((low, high))
    assert printed.holds(printed.value)
    assert printed.holds(printed.high)
    assert not printed.holds(float(printed.high) + 1e-9)


def test_per_cent_is_read_where_allowed():
    printed = read_printed("95 %", "share", allow_percent=True)
    assert (float(printed.low), float(printed.high)) == pytest.approx((0.945, 0.955))
    with pytest.raises(UsageError, match="mean was given as '95 %'"):
        read_printed("95 %", "mean")


@pytest.mark.parametrize(
    "given", ["", "about 48", "1e999", "nan", math.inf, True, "48,3", "٤٨", "9" * 5000, "1.2.3"]
)
def test_anything_else_is_refused_in_one_short_line(given):
    with pytest.raises(UsageError, match="allowed is a plain decimal number") as error:
        read_printed(given, "mean")
    assert len(str(error.value)) < 250
    assert "\n" not in str(error.value)


def test_escape_codes_are_shown_and_not_sent():
    with pytest.raises(UsageError) as error:
        read_printed("\x1b[31m48", "mean")
    assert "\x1b" not in str(error.value)
