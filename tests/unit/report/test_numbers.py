"""Numbers as readers see them: rounded as asked, never false by rounding, never missing."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.report import numbers
from replication.report.numbers import MissingNumber


@pytest.mark.parametrize(("written", "expected"), [
    (numbers.number(0.00123, 2), "0.0012"), (numbers.number(12345), "12,300"),
    (numbers.number(0.0000123, 2), "1.2 × 10⁻⁵"), (numbers.number(0), "0"),
    (numbers.fixed(-1234.56, 1), "−1,234.6"), (numbers.fixed(-0.001, 2), "0.00"),
    (numbers.fixed(2.34), "2.3"), (numbers.number(1.2345), "1.23"),
    # Powers of ten begin below 0.0001, and at 10,000,000,000.
    (numbers.number(0.000123), "0.000123"), (numbers.number(0.0000999), "9.99 × 10⁻⁵"),
    (numbers.number(9_994_000_000), "9,990,000,000"), (numbers.number(1e10), "1.00 × 10¹⁰"),
    (numbers.number(-0.5, 1), "−0.5"), (numbers.number(99.96), "100"),
    (numbers.exact(20.0), "20"), (numbers.exact(123456.789), "123,456.789"),
    (numbers.exact(1e-12), "1 × 10⁻¹²"),
    (numbers.count(1_000_000), "1,000,000"), (numbers.amount(1, "network"), "1 network"),
    (numbers.amount(2000, "run"), "2,000 runs"), (numbers.percent(0.1234), "12.3\u202f%"),
    (numbers.percent(1), "100\u202f%"), (numbers.percent(0.99996), "more than 99.9\u202f%"),
    (numbers.percent(0.0001), "less than 0.1\u202f%"),
    (numbers.percent(0), "0\u202f%"),
    # Half a step from none or all, and what rounding would take there.
    (numbers.percent(0.995, 0), "more than 99\u202f%"), (numbers.percent(0.994, 0), "99\u202f%"),
    (numbers.percent(0.9995), "more than 99.9\u202f%"),
    (numbers.percent(0.005, 0), "less than 1\u202f%"), (numbers.percent(0.006, 0), "1\u202f%"),
    (numbers.percent(0.0004), "less than 0.1\u202f%"),
    (numbers.percent(0.0004, 0), "less than 1\u202f%"),
    (numbers.percent(1.2, 0), "120\u202f%"),
    (numbers.percent(0.0006), "0.1\u202f%"), (numbers.percent(0.9994), "99.9\u202f%"),
    (numbers.interval([0.501, 0.502]), "0.501 to 0.502"),
    (numbers.interval([0.2, 1.7]), "0.2 to 1.7"), (numbers.interval([2, 2]), "2.0 to 2.0"),
    (numbers.interval([1e-12, 2e-12]), "0.000000000 to 0.000000000"),
    (numbers.interval([30, None], 0), "30 or more"), (numbers.interval([None, None]), "unbounded"),
    (numbers.digits([1234, 5678], 2), "1,200 to 5,700"),
    (numbers.digits([None, 1234]), "up to 1,230"),
    (numbers.percents([0.941, 0.958]), "94.1 to 95.8\u202f%"),
    (numbers.percents([None, 0.958], 0), "up to 96\u202f%"),
    (numbers.percents([0.98, 0.996], 0), "98.0 to 99.6\u202f%"),
    (numbers.percents([0.0004, 0.02]), "0.04 to 2.00\u202f%"),
    (numbers.percents([0, 1], 0), "0 to 100\u202f%"),
    (numbers.pvalue(0.6412), "0.64"), (numbers.pvalue(0.0012), "0.0012"),
    (numbers.pvalue(0.001), "0.0010"), (numbers.pvalue(1), "1"), (numbers.pvalue(0.995), "0.99"),
    (numbers.pvalue(1e-9), "<\u00a00.001"), (numbers.pvalue(0.9971), ">\u00a00.99"),
    # Neither can end the script, or the HTML, that it stands in.
    (numbers.as_json(["</script>", 1]), '["\\u003c/script>",1]'),
    (numbers.as_html("</p>\n`"), "&lt;/p&gt; &#96;"),
    (numbers.code("a`b"), "a'b"), (numbers.code("x" * 99, 5), "xxxx…"),
    (numbers.code("x" * 5, 5), "xxxxx"), (numbers.code([1, None]), "[1, null]"),
])  # fmt: skip
def test_numbers_are_written_as_readers_expect(written, expected):
    assert written == expected


@given(st.floats(min_value=0, max_value=1))
def test_p_value_keeps_its_side_of_five_per_cent(p):
    if abs(p - 0.05) > 0.0005:
        assert (float(numbers.pvalue(p).lstrip("<>\u00a0")) > 0.05) == (p > 0.05)


@pytest.mark.parametrize("value", [None, math.nan, math.inf, True, "48", [1.0], {}])
@pytest.mark.parametrize(
    "write", [numbers.number, numbers.fixed, numbers.exact, numbers.count, numbers.percent]
)
def test_what_is_no_number_is_refused(write, value):
    with pytest.raises(MissingNumber, match="a finite number was expected"):
        write(value)


@pytest.mark.parametrize("ends", [[2, 1], [1], 3.0, "ab", [1, math.nan]])
def test_what_is_no_interval_or_no_whole_number_is_refused(ends):
    with pytest.raises(MissingNumber):
        numbers.interval(ends)
    with pytest.raises(MissingNumber, match="whole number"):
        numbers.count(1.5)
