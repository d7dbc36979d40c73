"""The forms of cells, the decimal sign of a table, and headings."""

import pytest

from replication.reading.cells import FORMS, split_cell
from replication.reading.decimals import find_decimals, to_float
from replication.reading.headings import read_heading
from replication.reading.question import Cause, Question
from replication.reading.reader import read_report
from replication.reading.signs import list_signs


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.printed)
def test_each_form_is_read_as_its_example_says(form):
    cell = split_cell(form.example)
    assert cell is not None
    assert set(cell.get_numbers()) == set(form.parts.split())


@pytest.mark.parametrize(("text", "numbers"), [
    (r"$0.83_{\pm 0.04}$", {"value": "0.83", "spread": "0.04"}),
    (r"\textbf{\underline{0.83}} $\pm$ 0.04$^\dagger$", {"value": "0.83", "spread": "0.04"}),
    ("(8.3 ± 0.2) × 10⁻¹", {"value": "8.3e-1", "spread": "0.2e-1"}),
    ("−3.1 ± 1", {"value": "-3.1", "spread": "1"}),
    ("0.830(4)", {"value": "0.830", "bracket": "0.004"}),
    ("-.83(4)", {"value": "-.83", "bracket": "0.04"}),
    (r"0.83^{+0.02}_{-0.03}", {"value": "0.83", "up": "0.02", "down": "0.03"}),
    ("-3.1 (-4.0, -2.2)", {"value": "-3.1", "low": "-4.0", "high": "-2.2"}),
    ("10·0", {"value": "10.0"}), ("12\u2009345", {"value": "12'345"}),
    ("47 of 50", {"successes": "47", "of": "50"}),
])  # fmt: skip
def test_what_typesetting_puts_round_numbers_is_taken_off(text, numbers):
    cell = split_cell(text)
    expected = {"8.3e-1": "8.3e-1", "0.2e-1": "0.2e-1"}
    found = {name: expected.get(part, part) for name, part in cell.get_numbers().items()}
    assert found == numbers


@pytest.mark.parametrize("text", ["", "about 48", "nan", "1.2.3", "٤٨", "0.83 (best)", "v2.0 (x)",
                                  "<0.001", "2024-01-01", "0.8 0.9"])  # fmt: skip
def test_nothing_else_is_a_number(text):
    cell = split_cell(text)
    assert cell is None or list_signs(cell.value or "1") == set()


@pytest.mark.parametrize(("numbers", "sign"), [
    (["0,831"], ","), (["1,234.5"], "."), (["12.345,6"], ","), (["12,345", "1,5"], ","),
    (["12,345", "0.5"], "."), (["48"], "."), (["1'234.5"], "."),
])  # fmt: skip
def test_a_table_has_one_decimal_sign(numbers, sign):
    assert find_decimals(numbers, where="t", wanted=None, is_decimal_point_sure=False).sign == sign


def test_signs_that_do_not_go_together_are_refused():
    with pytest.raises(Question, match="cannot have the same decimal sign") as refused:
        find_decimals(["0,831", "0.9"], where="t", wanted=None, is_decimal_point_sure=True)
    assert refused.value.cause is Cause.DECIMAL
    assert to_float("1.2k") == 1200.0


@pytest.mark.parametrize(("heading", "label", "statistic", "unit", "kind", "runs"), [
    ("acc (%)", "acc", None, "%", None, None), ("acc_mean", "acc", "mean", "", None, None),
    ("acc_n", "acc", "runs", "", None, None), ("ours n", "ours", "runs", "", None, None),
    ("Return (mean ± std)", "return", None, "", "std", None),
    ("Return ± S.D., n=5", "return", None, "", "S.D.", "5"),
    ("± s.e.m. (12 seeds)", "", "spread", "", "s.e.m.", "12"),
    ("mean (sd)", "", "mean", "", "sd", None), ("max_steps", "steps", "max", "", None, None),
    ("Mean ± 95% CI", "", "mean", "", "95% CI", None), ("F1 ↑", "f1", None, "", None, None),
    (r"\textbf{Acc.} (\%)", "acc", None, "%", None, None),
    ("PPO (n = 5)", "ppo", None, "", None, "5"), ("95% CI", "", "ci", "", "95% ci", None),
    ("90% CI low", "", "ci_low", "", "90% ci", None), ("n (%)", "", "n_succeeded", "%", None, None),
    # A name that begins as a percentile does, and is none: the smallest is above 0.
    ("p0", "p0", None, "", None, None), ("p0 (%)", "p0", None, "%", None, None),
    ("25%", "", "q1", "", None, None), ("P99.5", "", "p99.5", "", None, None),
])  # fmt: skip
def test_headings_say_whose_statistic_in_what_unit_and_what_is_behind_it(
    heading, label, statistic, unit, kind, runs
):
    found = read_heading(heading)
    expected = (label, statistic, unit, kind, runs)
    assert (found.label, found.statistic, found.unit, found.kind, found.runs) == expected


@pytest.mark.parametrize("one", ["1.2k ± 0.1", "1.2 ± 0.1k", "1.2k (0.1)"])
def test_a_unit_behind_one_of_two_numbers_is_asked(one):
    """1.2k ± 0.1 was read as 1,200 ± 0.1."""
    with pytest.raises(Question, match="unit behind one of them; repeat it"):
        read_report(f"{one}, n = 5", plus_minus="sd")


@pytest.mark.parametrize("text", ["0.83 ± 0.04, n = 5", "0.83 (90% CI 0.81 to 0.85)", "47/50",
                                  "median=4.9 q1=4.5 q3=5.4 n=20", "83.0 ± 2.0 %"])  # fmt: skip
def test_a_tidy_report_is_read_as_it_was_written(tmp_path, text):
    first = read_report(text, n=5, plus_minus="2sd" if "±" in text else None)
    (tmp_path / "r.csv").write_text(first.to_csv())
    again = read_report(str(tmp_path / "r.csv"))
    assert dict(again.rows[0].numbers) == dict(first.rows[0].numbers)
    assert (again.rows[0].kind or "").lower() == (first.rows[0].kind or "").lower()
