"""Numbers as papers print them."""

import math

import numpy as np
import pytest

from replication.comparison.numbers import read_number
from replication.comparison.table_sentences import MAX_LISTED, cut
from replication.errors import UsageError


@pytest.mark.parametrize(("given", "low", "high"), [
    ("48", 47.5, 48.5), (48.3, 48.25, 48.35), ("-0.5", -0.55, -0.45), ("−0.5", -0.55, -0.45),
    (" +3. ", 2.5, 3.5), ("3.2e-4", 3.15e-4, 3.25e-4), ("12,345", 12344.5, 12345.5),
    (np.float64(0.83), 0.825, 0.835), (np.float32(14.1), 14.05, 14.15),
    (np.array(14.0, dtype=np.float16), 13.5, 14.5),
    ("1.2k", 1150, 1250), ("12.3M", 12.25e6, 12.35e6), ("12\u2009345", 12344.5, 12345.5),
    ("1{,}234", 1233.5, 1234.5), ("8.3 × 10⁻¹", 0.825, 0.835), ("$0.83$", 0.825, 0.835),
    (r"$8.3\times10^{-1}$", 0.825, 0.835), (r"\mathbf{48}", 47.5, 48.5), ("**48**", 47.5, 48.5),
    ("48*", 47.5, 48.5), (np.array(["48.0"])[0], 47.95, 48.05),
])  # fmt: skip
def test_decimals_say_how_a_number_was_rounded(given, low, high):
    found = read_number(given, "mean")
    assert (float(found.low), float(found.high)) == pytest.approx((low, high), rel=1e-12)
    assert found.holds(found.low)
    assert found.holds(found.high), "halves are rounded up or to even"


def test_per_cent_is_a_hundredth_of_a_share_and_asked_about_elsewhere():
    share = read_number("95 %", "share")
    assert (float(share.low), float(share.high)) == pytest.approx((0.945, 0.955))
    with pytest.raises(UsageError, match="with `scale` 100 if yours are shares"):
        read_number("97.3%", "mean")
    assert float(read_number("97.3%", "mean", scale=100).value) == pytest.approx(0.973)
    assert float(read_number("97.3%", "mean", scale=1).value) == pytest.approx(97.3)


@pytest.mark.parametrize(
    "given",
    ["", "about 48", "1e999", "nan", math.inf, True, "48,3", "1,23,456", "٤٨", "9" * 5000, "1.2.3",
     "e5", "--3", "\x1b[31m48", "12 345"],
)  # fmt: skip
def test_anything_else_is_refused_in_one_short_line(given):
    with pytest.raises(UsageError, match="allowed is a plain decimal number") as error:
        read_number(given, "mean")
    assert len(str(error.value)) < 260
    assert str(error.value).isprintable()


def test_of_many_names_the_first_are_listed_and_the_others_counted():
    names = [f"task {place}" for place in range(MAX_LISTED + 5)]
    assert cut(names[:MAX_LISTED]) == names[:MAX_LISTED]
    assert cut(names) == [*names[:MAX_LISTED], "5 more"]
