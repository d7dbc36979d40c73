"""Numbers as readers see them: rounded as asked, never false by rounding, never missing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.report import numbers
from replication.report.numbers import MissingNumber

FINITE = st.floats(min_value=1e-12, max_value=1e9, allow_nan=False)


def plain(text: str) -> str:
    for space in (numbers.NARROW_SPACE, numbers.NO_BREAK):
        text = text.replace(space, " ")
    return text.replace(numbers.MINUS, "-").replace(",", "")


@given(st.floats(min_value=1e-4, max_value=1e9), st.integers(min_value=1, max_value=6))
def test_number_keeps_its_significant_digits(value: float, digits: int) -> None:
    assert math.isclose(
        float(plain(numbers.number(value, digits))), value, rel_tol=5.1 / 10**digits
    )


@given(st.floats(min_value=-1e6, max_value=1e6), st.integers(min_value=0, max_value=4))
def test_fixed_rounds_to_its_decimals(value: float, decimals: int) -> None:
    text = plain(numbers.fixed(value, decimals))
    assert abs(float(text) - value) <= 0.5001 * 10.0**-decimals
    assert len(text.partition(".")[2]) == decimals
    assert not text.startswith("-") or float(text) < 0


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_share_between_none_and_all_is_never_called_none_or_all(share: float) -> None:
    text = plain(numbers.percent(share, 1))
    assert text not in ("0 %", "0.0 %", "100 %", "100.0 %")


@given(st.lists(st.floats(min_value=-1e3, max_value=1e3), min_size=2, max_size=2, unique=True))
def test_ends_of_an_interval_look_different_when_they_are(ends: list[float]) -> None:
    low, high = sorted(ends)
    first, _, last = plain(numbers.interval([low, high])).partition(" to ")
    assert float(first) <= float(last)
    assert first != last or high - low < 1e-8


@given(st.floats(min_value=0, max_value=1))
def test_p_value_keeps_its_side_of_five_per_cent(p: float) -> None:
    text = plain(numbers.pvalue(p)).replace("< ", "").replace("> ", "")
    if abs(p - 0.05) > 0.0005:
        assert (float(text) > 0.05) == (p > 0.05)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, True, "48", [1.0], {}])
@pytest.mark.parametrize(
    "write", [numbers.number, numbers.fixed, numbers.exact, numbers.count, numbers.percent]
)
def test_what_is_no_number_is_refused(write, value: object) -> None:
    with pytest.raises(MissingNumber, match="number was expected"):
        write(value)


@pytest.mark.parametrize("ends", [[2, 1], [1], 3.0, "ab", None, [1, math.nan]])
def test_what_is_no_interval_is_refused(ends: object) -> None:
    with pytest.raises(MissingNumber):
        numbers.interval(ends)


def test_count_refuses_a_fraction() -> None:
    with pytest.raises(MissingNumber, match="whole number"):
        numbers.count(1.5)


def test_data_for_a_script_cannot_end_it() -> None:
    assert numbers.as_json(["</script>", 1]) == '["\\u003c/script>",1]'
