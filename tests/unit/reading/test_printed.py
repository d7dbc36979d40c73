"""Tables as pandas and R print them: read, or refused with what to write in their place."""

import numpy as np
import pandas as pd
import pytest

from replication.errors import ReplicationError
from replication.reading.files import read_content_of
from replication.reading.question import Cause, Question
from replication.reading.reader import read_report, read_runs
from replication.reading.sheet import Column

RUNS = pd.DataFrame(
    {"task": ["Ant"] * 4 + ["Hopper"] * 4, "algo": ["PPO", "PPO", "SAC", "SAC"] * 2,
     "acc": [0.80, 0.82, 0.84, 0.86, 0.70, 0.72, 0.74, 0.76], "loss": np.arange(8.0)}
)  # fmt: skip
BY_TASK = RUNS.groupby("task")[["acc", "loss"]].agg(["mean", "count"])
PIVOT = RUNS.pivot_table(index="task", columns="algo", values="acc", aggfunc=["mean", "count"])
PIVOT_OF_ONE = RUNS.pivot_table(index="task", columns="algo", values=["acc"], aggfunc=["mean"])


def read(text, **options):
    return read_report(read_content_of(text.encode(), "table"), **options)


def list_means(report):
    """Return mean and number of runs by key."""
    numbers = {row.key: row.numbers for row in report.rows}
    return {key: (float(one["mean"]), float(one["runs"])) for key, one in numbers.items()}


BY_LABEL = {("Ant", "acc"): (0.83, 4), ("Ant", "loss"): (1.5, 4),
            ("Hopper", "acc"): (0.73, 4), ("Hopper", "loss"): (5.5, 4)}  # fmt: skip
BY_ALGO = {("Ant", "ppo"): (0.81, 2), ("Ant", "sac"): (0.85, 2),
           ("Hopper", "ppo"): (0.71, 2), ("Hopper", "sac"): (0.75, 2)}  # fmt: skip


@pytest.mark.parametrize(("frame", "means"), [(BY_TASK, BY_LABEL), (PIVOT, BY_ALGO)])
def test_two_lines_of_headings_are_one_in_a_file_of_pandas(frame, means):
    """Headings of which the upper ones are statistics, as of a pivot table, were refused."""
    report = read(frame.to_csv())
    assert report.keys == ("task", "metric")
    found = list_means(report)
    assert found.keys() == means.keys()
    for key, mean_and_runs in means.items():
        assert found[key] == pytest.approx(mean_and_runs)


def test_headings_that_are_pairs_are_read_in_markdown():
    """"('acc', 'mean')" was one more method or task."""  # fmt: skip
    rows = ["| task | ('acc', 'mean') | ('acc', 'std') |", "|:--|--:|--:|", "| Ant | 0.8 | 0.1 |"]
    (row,) = read("\n".join(rows)).rows
    assert (row.key, dict(row.numbers)) == (("Ant",), {"mean": "0.8", "sd": "0.1"})


def test_three_lines_of_headings_are_one():
    (first, *_) = read(PIVOT_OF_ONE.to_csv()).rows
    assert (first.key, float(first.numbers["mean"])) == (("Ant", "acc_ppo"), pytest.approx(0.81))


@pytest.mark.parametrize("frame", [BY_TASK, PIVOT, RUNS.groupby(["task", "algo"])[["acc"]].mean()])
def test_what_is_printed_with_gaps_on_several_lines_is_refused_plainly(frame):
    """It had 'no mean, median or share, only 'acc        loss''."""
    with pytest.raises(Question, match=r"parted by spaces, .* as to_csv\(\) of pandas") as refused:
        read(frame.to_string())
    assert refused.value.cause is Cause.FORMAT


LARGE = pd.DataFrame({name: np.arange(100.0) for name in ("seed", "acc", "loss", "time")})
PRINTED = {
    "rows alone": (LARGE.to_string(max_rows=6), ".."),
    "columns of a frame": (LARGE.head().to_string(max_cols=2, show_dimensions=True), "[5 rows x 4"),
    "a series": (LARGE.acc.to_string(max_rows=6, length=True), "..."),
    "rows of Markdown": ("|task|mean|\n|-|-|\n|a|1|\n|...|...|\n|b|2|\n", "|...|...|"),
    "rows of LaTeX": (r"task & mean \\" "\n" r"a & 1 \\" "\n" r"$\vdots$ & $\vdots$ \\", "vdots"),
    "lines of a file": ("task,mean\na,1\n...,...\nb,2\n", "...,..."),
    "rows of a tibble": ("  task  mean\n  <chr> <dbl>\n1 Ant    3.1\n# ℹ 98 more rows", "98 more"),
    "rows of R": (
        "  seed acc\n1  0 0.8\n [ reached 'max' / getOption(\"max.print\") -- omitted 98 rows ]",
        "reached",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PRINTED)
def test_a_table_of_which_a_part_was_left_out_is_refused(name):
    """Some were odd questions; a row of dots among runs could be left out with `where`."""
    text, line = PRINTED[name]
    with pytest.raises(Question, match="with rows or columns left out") as refused:
        read_content_of(text.encode(), "table")
    assert line in str(refused.value)
    assert "write all of it" in str(refused.value)
    assert refused.value.cause is Cause.FORMAT


DOTS_OUTSIDE = {
    "prose of Markdown": "See below:\n\n...\n\n|task|mean|\n|-|-|\n|a|1|\n|b|2|\n\n...\n",
    "prose of LaTeX": "\\ldots\n\\begin{tabular}{ll}\ntask & mean \\\\\na & 1 \\\\\nb & 2 \\\\\n"
    "\\end{tabular}\n...\n",
}  # fmt: skip


@pytest.mark.parametrize("name", DOTS_OUTSIDE)
def test_dots_outside_of_a_table_are_no_part_of_it(name):
    """A complete table in a page with a line of dots was refused."""
    rows = read(DOTS_OUTSIDE[name]).rows
    assert [(row.key, row.numbers["mean"]) for row in rows] == [(("a",), "1"), (("b",), "2")]


def test_dots_between_two_parts_of_a_table_of_markdown_are_refused():
    with pytest.raises(Question, match="rows or columns left out") as refused:
        read("|task|mean|\n|-|-|\n|a|1|\n...\n|b|2|\n")
    assert refused.value.cause is Cause.FORMAT


def test_dots_in_a_single_column_are_a_value_that_is_no_number():
    """The file was said to be printed with rows left out."""
    with pytest.raises(Question, match=r"'acc' holds '..' in row 2"):
        read_runs(read_content_of(b"acc\n0.8\n..\n0.9\n", "table"))


@pytest.mark.parametrize("row", ["PPO,PPO\ncrashed,failed", "method,mean,mean\nbaseline,n/a,nan",
                                 ",mean,mean\nbaseline,n/a,nan"])  # fmt: skip
def test_a_row_below_a_doubled_heading_is_not_swallowed(row):
    """Its cells became parts of the headings: PPO_crashed."""
    numbers = ",".join(["0.8"] * (row.split("\n")[0].count(",") + 1))
    with pytest.raises(Question, match="several columns .* are called") as refused:
        read(f"{row}\n{numbers}\n{numbers}\n")
    assert refused.value.cause is Cause.HEADER


@pytest.mark.parametrize("heading", ["k", "M", "events"])
def test_a_single_letter_or_a_count_may_be_the_name_of_a_key(heading):
    """k1 and k2 were refused as no form of a number."""
    rows = read(f"{heading},score\nk1,0.8\nk2,0.9\n", value="score").rows
    assert [row.key for row in rows] == [("k1",), ("k2",)]


def test_dots_for_a_single_number_cost_their_row_alone():
    report = read("task,mean,sd\na,1,...\nb,2,0.1\n")
    assert [row.key for row in report.rows] == [("b",)]
    assert "Not read, since no number: a ('1')." in report.read_as.notes


@pytest.mark.timeout(20)
def test_long_lines_of_nothing_but_gaps_are_looked_through_in_linear_time():
    for line in (" " * 500_000, "\t" * 9_000, ", " * 9_000, "." * 500_000, "# " * 200_000):
        with pytest.raises(ReplicationError):
            read(f"a,b\n{line}x\n")


VECTOR = """   Min. 1st Qu.  Median    Mean 3rd Qu.    Max.
 0.7600  0.7925  0.8250  0.8280  0.8675  0.8900
"""
MATRIX = """       Min. 1st Qu. Median   Mean 3rd Qu. Max.
ant     2.9    2.95   3.00   3.00    3.05  3.1
hopper  1.9    1.95   2.00   2.00    2.05  2.1
"""
OF_FRAME = """     task                acc
 Length:10          Min.   :0.7600
 Class :character   1st Qu.:0.7925
 Mode  :character   Median :0.8250
"""


def test_the_summary_of_a_vector_in_r_is_read():
    (row,) = read(VECTOR).rows
    assert dict(row.numbers) == {"min": "0.7600", "q1": "0.7925", "median": "0.8250",
                                 "mean": "0.8280", "q3": "0.8675", "max": "0.8900"}  # fmt: skip
    rows = read(MATRIX).rows
    assert [(row.key, row.numbers["q3"]) for row in rows] == [(("ant",), "3.05"),
                                                            (("hopper",), "2.05")]  # fmt: skip


def test_the_summary_of_a_frame_in_r_is_refused_with_what_to_write():
    with pytest.raises(Question, match=r"is a summary\(\) of R, .* q1=0.8 q3=0.86") as refused:
        read(OF_FRAME)
    assert refused.value.cause is Cause.FORMAT


def test_numbers_with_one_space_between_them_are_several_cells():
    """ "n mean" was a column, in which "10 0.83" was the name of a result."""
    rows = read("    task  n mean   sd median\n1    Ant 10 0.83 0.04   0.83\n").rows
    assert rows[0].key == ("Ant",)
    assert dict(rows[0].numbers) == {"runs": "10", "mean": "0.83", "sd": "0.04", "median": "0.83"}


def test_the_number_of_a_single_row_is_no_result():
    """It was asked what the column without a name is."""
    for text in (",mean,std,n\n0,0.83,0.04,5\n", "   mean   std  n\n0  0.83  0.04  5\n"):
        (row,) = read(text).rows
        assert dict(row.numbers) == {"mean": "0.83", "sd": "0.04", "runs": "5"}
    assert Column("", ["1"]).is_counter
    assert not Column("", ["7"]).is_counter
    assert not Column("solved", ["1"]).is_counter
