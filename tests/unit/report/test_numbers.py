"""How numbers are written for readers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.report import numbers as n


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (43.2198, 3, "43.2"),
        (0.00123, 2, "0.0012"),
        (0, 3, "0"),
        (99.96, 3, "100"),
        (1_234_567, 3, "1\u202f230\u202f000"),
        (-2.5, 2, "−2.5"),
        (1.23e-5, 2, "1.2 × 10⁻⁵"),
        (9.996e-3, 3, "0.0100"),
    ],
)
def test_number_has_the_digits_asked_for(value: float, digits: int, text: str) -> None:
    assert n.format_number(value, digits) == text


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf])
def test_missing_number_stops_the_report(missing: float | None) -> None:
    for write in (n.format_number, n.format_count, n.format_percent, n.format_p, n.format_odds):
        with pytest.raises(n.MissingNumber):
            write(missing)


def test_count_refuses_a_fraction() -> None:
    with pytest.raises(n.MissingNumber, match=r"0\.5"):
        n.format_count(0.5)


def test_counts_are_grouped_from_ten_thousand_on() -> None:
    assert [n.format_count(x) for x in (9999, 10_000, 100_000_000)] == [
        "9999",
        "10\u202f000",
        "100\u202f000\u202f000",
    ]


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0\u202f%"), (1, "100\u202f%"), (0.99898, "99.90\u202f%"), (0.00102, "0.10\u202f%")],
)
def test_percent_tells_nearly_all_from_all(share: float, text: str) -> None:
    assert n.format_percent(share) == text


@given(st.floats(0, 1))
def test_percent_never_rounds_to_certainty(share: float) -> None:
    text = n.format_percent(share, 2)
    assert (text == "100\u202f%") == (share > 1 - 1e-12)
    assert (text == "0\u202f%") == (share == 0.0)


@given(st.floats(0.001, 1e9), st.integers(2, 4))
def test_number_in_prose_has_few_digits_and_the_right_size(value: float, digits: int) -> None:
    text = n.format_number(value, digits)
    assert "e" not in text
    plain = float(text.replace("\u202f", ""))
    assert plain == pytest.approx(value, rel=0.5 * 10.0 ** (1 - digits) * 1.001)


def test_interval_ends_share_decimals_and_stay_apart() -> None:
    assert n.format_interval(42.936, 43.371) == "42.9 to 43.4"
    assert n.format_interval(42.01, 42.04, 2) == "42.01 to 42.04"
    assert n.format_interval(4291.0, 6757.0, 2) == "4300 to 6800"
    assert n.format_interval(None, 3.0) == "unbounded to 3.00"


@pytest.mark.parametrize(
    ("estimate", "percent", "text"),
    [
        ((42.9326, 42.6882, 43.1892), False, "42.9 (42.7 to 43.2)"),
        ((35.0, 35.0, 35.0), False, "35 (35 to 35)"),
        ((0.99898, 0.998762, 0.999168), True, "99.90\u202f% (99.88 to 99.92\u202f%)"),
        ((None, 12.0, None), False, "beyond the cap"),
        ((7.0, None, None), False, "7 (unbounded)"),
        ((72.0, 53.0, None), False, "72 (53 to unbounded)"),
        ((46.25, 0.0, None), False, "46.2 (0.0 to unbounded)"),
    ],
)
def test_estimate_shows_no_digit_that_its_interval_leaves_open(
    estimate: tuple[float | None, ...], percent: bool, text: str
) -> None:
    parts = dict(zip(("value", "low", "high"), estimate, strict=True))
    assert n.format_estimate(parts, percent=percent) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.17, "about 1 in 6"),
        (0.03, "about 1 in 33"),
        (0.93, "about 9 in 10"),
        (0.99, "nearly all"),
        (1.0, "all"),
        (0.0, "fewer than 1 in 1000"),
    ],
)
def test_odds_are_words_a_reader_can_picture(p: float, text: str) -> None:
    assert n.format_odds(p) == text


def test_p_is_compared_with_the_level_not_printed_to_the_last_digit() -> None:
    assert [n.format_p(p) for p in (0.0, 0.0004, 0.0412, 0.998, 1.0)] == [
        "below 0.001",
        "below 0.001",
        "0.041",
        "above 0.99",
        "1.0",
    ]


def test_words_are_joined_as_in_a_sentence() -> None:
    assert [n.join_words(list("abc")[:k]) for k in range(4)] == ["", "a", "a and b", "a, b and c"]
