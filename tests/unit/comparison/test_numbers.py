"""Numbers as papers print them."""

import math

import numpy as np
import pytest

from replication.comparison.numbers import read_number, split_printed, split_range
from replication.comparison.report import parse_report, read_heading
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


@pytest.mark.parametrize(("given", "value", "spread", "ends"), [
    ("0.83 ± 0.04", "0.83", "0.04", None), ("97.3±0.4 %", "97.3%", "0.4%", None),
    ("72.3+-0.5", "72.3", "0.5", None),
    ("97.3% +/- 0.4%", "97.3%", "0.4%", None), ("(97.3 +- 0.4)%", "97.3%", "0.4%", None),
    ("0.83 (0.04)", "0.83", "0.04", None), (r"$0.83 \pm 0.04$", "0.83", "0.04", None),
    ("0.830(4)", "0.830", "0.004", None), ("12 (3)", "12", "3", None),
    ("1.2k ± 0.1k", "1.2k", "0.1k", None), ("-3.1 ± 1", "-3.1", "1", None),
    (r"$(8.3 \pm 0.2) \times 10^{-1}$", "8.3e-1", "0.2e-1", None),
    ("0.83 [0.81, 0.85]", "0.83", None, ("0.81", "0.85")),
    ("97.3% [96.9%, 97.6%]", "97.3%", None, ("96.9%", "97.6%")),
    ("0.83 (95% CI 0.81 to 0.85)", "0.83", None, ("0.81", "0.85")),
    ("-3.1 (-4.0, -2.2)", "-3.1", None, ("-4.0", "-2.2")),
    ("0.83^{+0.02}_{-0.03}", "0.83", "0.025", None),
    ("0.83 +0.02 -0.03", "0.83", "0.025", None),
    ("0.83", "0.83", None, None), (0.83, 0.83, None, None),
])  # fmt: skip
def test_what_stands_behind_a_number_is_its_spread_or_an_interval(given, value, spread, ends):
    found = split_printed(given)
    assert (found.value, found.spread, found.ends) == (value, spread, ends)
    assert found.is_skewed == ("+0.02" in str(given))


def test_ranges_and_whole_reports_are_read_as_they_are_printed():
    for text in ("0.81–0.85", "0.81 to 0.85", "[0.81, 0.85]", "0.81-0.85"):
        assert [float(end) for end in split_range(text)] == [0.81, 0.85]
    assert split_range("0.81") is None
    assert parse_report("0.83 ± 0.04, n = 5", "report") == {"mean": "0.83 ± 0.04", "runs": "5"}
    assert parse_report("92 (N=7)", "report") == {"mean": "92", "runs": "7"}
    expected = {"median": "0.8", "iqr": "0.1", "runs": "20", "p90": "1"}
    assert parse_report("median=0.8 IQR=0.1; n=20, p90=1", "report") == expected
    with pytest.raises(UsageError, match="'colour'"):
        parse_report("colour=3", "report")


def test_headers_are_those_of_papers_and_of_pandas():
    names = ["Mean", "std", "SD", "n", "N", "Std. Dev.", "95% CI", "25%", "count", "seed", "P99.5"]
    assert [read_heading(name).statistic for name in names] == [
        "mean", "sd", "sd", "runs", "runs", "sd", "ci", "q1", "runs", None, "p99.5",
    ]  # fmt: skip


@pytest.mark.parametrize(("heading", "label", "statistic", "unit", "kind", "runs"), [
    ("acc (%)", "acc", None, "%", None, None), ("acc_mean", "acc", "mean", "", None, None),
    ("acc_n", "acc", "runs", "", None, None), ("ours n", "ours", "runs", "", None, None),
    ("Return (mean ± std)", "return", None, "", "std", None),
    ("Return ± S.D., n=5", "return", None, "", "S.D.", "5"),
    ("± s.e.m. (12 seeds)", "", None, "", "s.e.m.", "12"),
    ("mean (sd)", "", "mean", "", "sd", None), ("max_steps", "steps", "max", "", None, None),
    ("Mean ± 95% CI", "", "mean", "", " 95% CI", None), ("F1 ↑", "f1", None, "", None, None),
    (r"\textbf{Acc.} (\%)", "acc", None, "%", None, None),
    ("PPO (n = 5)", "ppo", None, "", None, "5"), ("95% CI", "", "ci", "", "95% ci", None),
])  # fmt: skip
def test_headings_say_whose_statistic_in_what_unit_and_what_is_behind_it(
    heading, label, statistic, unit, kind, runs
):
    found = read_heading(heading)
    expected = (label, statistic, unit, runs)
    assert (found.label, found.statistic, found.unit, found.runs) == expected
    assert (found.kind and found.kind.strip()) == (kind and kind.strip())


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


@pytest.mark.parametrize("one", ["1.2k ± 0.1", "1.2 ± 0.1k", "8.3 ± 0.4 × 10⁻¹", "1.2k [1.1, 1.3]"])
def test_a_unit_behind_one_of_two_numbers_is_refused(one):
    """1.2k ± 0.1 was read as 1,200 ± 0.1."""
    with pytest.raises(UsageError, match="unit behind one of its numbers; repeat it"):
        split_printed(one)
    assert split_printed("0.83 ± 4e-2").spread == "4e-2"
