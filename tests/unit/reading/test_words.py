"""Words, units, and cells that are read by a list: each says what it stands for."""

import pandas as pd
import pytest

from replication.errors import ReplicationError
from replication.reading.decimals import to_float
from replication.reading.files import read_content_of
from replication.reading.headings import read_heading
from replication.reading.options import Reading, Wide
from replication.reading.question import Cause, Question
from replication.reading.reader import read_report
from replication.reading.runs import to_flags
from replication.reading.saying import find_group_column, is_about_yours
from replication.reading.sheet import Sheet


def read(text, name="table"):
    return read_content_of(text.encode(), name)


@pytest.mark.parametrize(("flag", "words"), [
    (1.0, ["yes", "Y", "true", "T", "1", "1.0"]), (0.0, ["no", "N", "false", "F", "0", "0.0"]),
])  # fmt: skip
def test_each_word_for_yes_and_for_no_is_one_or_the_other(flag, words):
    for word in words:
        column = read(f"solved,task\n{word},a\n{word},b\n")["solved"]
        assert to_flags(column).tolist() == [flag, flag], word


@pytest.mark.parametrize(("text", "power"), [
    ("1.5k", 3), ("1.5K", 3), ("1.5M", 6), ("1.5G", 9), ("1.5B", 9),
])  # fmt: skip
def test_a_unit_behind_a_number_is_its_power_of_ten(text, power):
    """Prefixes of the SI, and B for a billion."""
    assert to_float(text) == 1.5 * 10**power


@pytest.mark.parametrize("letter", ["m", "k", "σ"])
def test_a_single_letter_in_a_heading_is_part_of_its_name_unless_it_is_n(letter):
    found = read_heading(f"acc_{letter}")
    assert (found.label, found.statistic) == (f"acc_{letter}", None)
    assert read_heading("acc_n").statistic == "runs"


def test_a_cell_of_latex_that_spans_columns_stands_in_each_of_them():
    sheet = read(
        "\\begin{tabular}{lrr}\ntask & ours & theirs \\\\ \\hline\n"
        "ant & \\multicolumn{2}{c}{48.5} \\\\\nhop & 50 & 51 \\\\\n\\end{tabular}"
    )
    for name, texts in (("ours", ["48.5", "50"]), ("theirs", ["48.5", "51"])):
        assert list(sheet[name].list_texts()) == texts


def test_a_frame_whose_columns_have_one_name_is_refused_by_that_name():
    frame = pd.DataFrame([[1.0, 2.0]], columns=["acc", "acc"])
    with pytest.raises(ReplicationError, match="are called 'acc'; rename"):
        read_report(frame)


def test_a_table_of_a_header_and_empty_cells_has_no_rows():
    with pytest.raises(ReplicationError, match="no rows"):
        read("updates,solved\n,\n")


def test_a_tidy_report_as_a_frame_has_the_names_and_cells_of_its_csv():
    table = pd.DataFrame({"task": ["ant"], "acc": ["0.83 ± 0.04"]})
    report = read_report(table, n=5, plus_minus="sd")
    frame = report.to_frame()
    header, row = (line.split(",") for line in report.to_csv().strip().split("\n"))
    assert list(frame.columns) == header
    assert [str(cell) for cell in frame.iloc[0]] == row


def test_two_groups_are_looked_for_and_only_columns_that_have_one_of_them_are_named():
    own = Sheet.of_rows("own", ["task", "arm", "acc"], [
        ["ant", "a", "1"], ["ant", "b", "2"], ["hop", "a", "3"],
    ])  # fmt: skip
    reading = Reading()
    assert find_group_column(own, ("a", "b"), reading) == "arm"
    with pytest.raises(Question) as refused:
        find_group_column(own, ("a", "c"), reading)
    assert refused.value.cause is Cause.GROUP
    assert "'arm' has 'a', 'b'" in str(refused.value)
    assert "task" not in str(refused.value)


def test_headings_that_are_seeds_or_steps_are_those_of_ones_own_runs():
    own, theirs = (Sheet.of_rows(name, ["task", "seed"], [["ant", "0"]]) for name in "ab")
    for key in ("seed", "step", "epoch"):
        assert is_about_yours(own, theirs, Wide(key))
    # Another key belongs to the side whose report has it.
    assert is_about_yours(own, theirs, Wide("task"))
    assert not is_about_yours(own, theirs, Wide("rule"))
    assert is_about_yours(own, theirs, Wide("rule", ("task",)))
    assert not is_about_yours(own, theirs, Wide("rule", ("arm",)))
