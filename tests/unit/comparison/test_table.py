"""A whole table of reported results against runs of one's own."""

import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from replication.comparison.command import name_options
from replication.comparison.comparison import compare
from replication.comparison.tables import compare_table
from replication.errors import DataError, UsageError
from tests.unit.comparison.asking import NO, YES, read, run


def make_runs(names, n=5, seed=1, **columns):
    generator = np.random.default_rng(seed)
    return pd.DataFrame({
        "task": np.repeat(names, n), "seed": np.tile(np.arange(n), len(names)),
        "score": generator.normal(10, 1, size=n * len(names)), **columns,
    })  # fmt: skip


def test_each_row_is_what_compare_says_of_it_and_the_whole_comes_first():
    runs = make_runs(["a", "b", "c"])
    report = pd.DataFrame({
        "task": ["c", "a", "b"], "Mean": ["10.2", "15.0", "9.7"], "std": ["1.0", "1.2", "0.9"],
        "N": [5, 4, 6], "colour": ["red"] * 3,
    })  # fmt: skip
    found = compare_table(runs, report, by="task", value="score")
    one = compare(runs.loc[runs["task"] == "a", "score"], runs=4, mean="15.0", sd="1.2")
    assert found.rows["a",] == one
    assert list(found.rows) == [("c",), ("a",), ("b",)]
    assert found.verdicts["a",] is found.verdict is NO
    assert "ignored: 'colour'" in read(found)
    line = next(line for line in found.render().splitlines() if line.startswith("a "))
    for part in ("15.0 ± 1.2", " 4 ", " 5 ", f"{one.difference.d[0]:.2f} (", "contradicted"):
        assert part in line
    assert all(len(line) <= 120 for line in found.render().splitlines())


def test_a_row_that_only_stands_out_alone_is_marked_and_not_called_contradicted():
    runs = make_runs(["a", "b", "c", "d", "e", "f"])
    own = runs.groupby("task")["score"].mean()
    means = [f"{own[name] + (1.9 if name == 'a' else 0):.2f}" for name in own.index]
    report = {"task": list(own.index), "mean": means, "sd": ["1.00"] * 6, "n": [5] * 6}
    found = compare_table(runs, report, by="task", value="score", plus_minus="sd n-1")
    assert found.p_values["a",] <= 0.05 < found.p
    assert found.rows["a",].verdict is NO
    assert found.verdicts["a",] is YES, "by Holm, as the page says"
    assert found.verdict is YES
    assert "* contradicted at 0.05 alone, but not among so many rows" in read(found)


def test_several_keys_and_metrics_make_a_row_each():
    runs = make_runs(["a", "b"], method=["new", "old"] * 5, steps=np.arange(10.0))
    report = {
        "task": ["a", "a", "b"], "method": ["new", "old", "new"],
        "metric": ["score", "steps", "steps"], "mean": ["10.1", "2", "7"], "n": ["5", "5", "5"],
    }  # fmt: skip
    found = compare_table(runs, report, by=["task", "method"], value=["score", "steps"])
    assert found.by == ("task", "method", "metric")
    assert set(found.rows) == {("a", "new", "score"), ("a", "old", "steps"), ("b", "new", "steps")}
    assert found.rows["b", "new", "steps"].n == 2
    assert set(found.only_yours) == {
        ("a", "new", "steps"), ("a", "old", "score"), ("b", "new", "score"),
        ("b", "old", "score"), ("b", "old", "steps"),
    }  # fmt: skip


def test_no_group_is_merged_lost_or_passed_over_in_silence():
    """Names alike in 57 characters were one; v1 and v1.0 were one; a group called NA was none."""
    long = ["x" * 60 + "1", "x" * 60 + "2"]
    names = [*long, "v1", "v1.0", "NA", "none", "Pong"]
    report = {"task": [*names[:-1], "pong-v5"], "mean": ["10.0"] * 7, "n": [5] * 7}
    runs = make_runs(names)
    runs.loc[0, "task"] = None
    found = compare_table(runs, report, by="task", value="score")
    assert (found.n_missing, found.rows[long[0],].n) == (1, 4)
    assert "Left out, without a key: 1 row." in read(found)
    assert [key for (key,) in found.rows] == names[:-1]
    assert (found.only_reported, found.only_yours) == ((("pong-v5",),), (("Pong",),))
    assert "Reported, but not among your runs: - pong-v5" in read(found)


def test_a_bad_cell_costs_its_row_which_is_named():
    report = {
        "task": ["a", "b", "c", "d", "e"], "mean": ["10.0", "about 10", "10.0", None, "#DIV/0!"],
        "ci_low": [None, None, "9.0", None, None], "n": [5] * 5,
    }  # fmt: skip
    found = compare_table(make_runs(["a", "b", "c", "d", "e"]), report, by="task", value="score")
    assert list(found.rows) == [("a",)]
    assert "`ci_low` was given without" in found.refused["c",]
    unread = "Not read, since no number: b ('about 10'); d (''); e ('#DIV/0!')."
    assert unread in read(found)
    # A single run without a value, beside per cent, warned in NumPy's words.
    empty = {"task": ["a", "b"], "score": [np.nan, 1.0]}
    found = compare_table(empty, {"task": ["a", "b"], "score (%)": ["1 ± 1"] * 2, "n": [5, 5]})
    assert list(found.only_reported) == [("a",)]
    # A margin in per cent of a mean of 0 is one.
    zero = {"task": ["a", "b"], "mean": ["10.0", "0.0"], "n": [5, 5]}
    found = compare_table(make_runs(["a", "b"]), zero, by="task", value="score", margin="10%")
    assert list(found.refused) == [("b",)]


def test_holm_takes_the_largest_p_of_what_a_row_leaves_open():
    runs = make_runs(["a", "b"])
    report = {"task": ["a", "b"], "mean": ["11.4 ± 1.0", "10 ± 1"], "n": [5, 5]}
    found = compare_table(runs, report, by="task", value="score")
    readings = found.rows["a",].p_by_assumption
    assert found.p_values["a",] == max(readings.values()) > min(readings.values())


def test_a_table_is_the_same_in_every_form(tmp_path, capsys):
    asked = ["example-tasks", "--value", "reward", "--by", "task", "--reported", "example-report"]
    text = run(capsys, *asked)
    model = json.loads(run(capsys, *asked, "--format", "json"))
    assert (model["schema"], len(model["rows"])) == (4, 5)
    assert model["verdict"].capitalize() in text
    assert model["only_reported"] == [{"key": ["swimmer"]}]
    # CSV has the rows of JSON.
    frame = pd.read_csv(io.StringIO(run(capsys, *asked, "--format", "csv")))
    p_adjusted = [row["p_adjusted"] for row in model["rows"]]
    assert frame["p_adjusted"].tolist()[:-1] == pytest.approx(p_adjusted, 1e-4)
    # The whole is the last row.
    whole, pooled = frame.iloc[-1], model["pooled"]
    assert (whole["task"], whole["verdict"]) == ("all rows", model["verdict"])
    assert (whole["p"], whole["g"]) == pytest.approx((model["p"], pooled["value"]), 1e-4)
    assert frame["g"][:-1].mean() == pytest.approx(pooled["value"], 1e-3), "n is equal"
    picture = tmp_path / "a.png"
    assert "| ant | 4.3 ± 0.6 | 5 |" in run(capsys, *asked, "--format", "markdown")
    assert r"ant & 4.3 $\pm$ 0.6 & 5" in run(capsys, *asked, "--format", "latex", "--plot", picture)
    assert picture.stat().st_size > 5000


def test_a_table_of_reports_is_held_against_another_in_the_same_words(tmp_path, capsys):
    reported = {"task": ["a", "b", "c"], "mean": ["10.0 ± 1.0", "12.0 ± 1.0", "3"], "n": ["5"] * 3}
    own = {"task": ["b", "a", "d"], "mean": ["9.0", "10.2", "1"], "SD": ["0.8", "1.1", "1"],
           "n": ["4", "6", "2"]}  # fmt: skip
    found = compare_table(own, reported, by="task", plus_minus="sd")
    one = compare("mean=9.0 sd=0.8 n=4", "12.0 ± 1.0, n = 5", plus_minus="sd")
    assert list(found.rows) == [("a",), ("b",)]
    assert found.rows["b",] == one
    assert found.verdict is found.verdicts["b",] is NO
    assert (found.only_reported, found.only_yours) == ((("c",),), (("d",),))
    for name, table in (("reported", reported), ("own", own)):
        pd.DataFrame(table).to_csv(tmp_path / f"{name}.csv", index=False)
    asked = tmp_path / "own.csv", "--by", "task", "--plus-minus", "sd", "--reported"
    printed = run(capsys, *asked, tmp_path / "reported.csv")
    assert printed == name_options(found.render()) + "\n"


def test_rows_are_drawn_and_one_far_off_is_an_arrow_that_squashes_none():
    runs = make_runs(["a", "b", "c"])
    report = {"task": ["a", "b", "c"], "mean": ["10.0", "10.2", "900"], "sd": ["1.0"] * 3,
              "n": [5] * 3}  # fmt: skip
    axes = compare_table(runs, report, by="task", value="score").plot().axes[0]
    marks = {line.get_marker(): line.get_xdata()[0] for line in axes.lines}
    assert marks["<"] == -8.0
    assert axes.get_xlim()[1] < 3, "the other side is as wide as its intervals"
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "b", "c", "all rows"]
    (diamond,) = axes.patches
    assert diamond.get_xy()[:, 0].min() >= -8.0, "the mean of all rows, cut at the edge"
    single = compare_table(make_runs(["a"], n=1), by="task", value="score", mean="10", runs=5)
    with pytest.raises(UsageError, match="a picture needs more runs"):
        single.plot()


@pytest.mark.parametrize(("given", "why"), [
    ({"table": {}}, "`table` has no rows"),
    ({"reported": {}}, "`reported` has no rows"),
    ({"table": {"k": "ab", "v": [1, 2]}}, "`table` is not a readable mapping of columns .*length"),
    ({"table": {"k": ["a"], "v": np.ones((2, 2))}}, "give a list with a cell for each row"),
    ({"by": 5}, "`by` was given as 5"),
    ({"minus": [1, 2]}, "there is no option 'minus'"),
])  # fmt: skip
def test_odd_tables_and_names_get_one_clear_line(given, why):
    """They ended in an IndexError or a TypeError; a text was a column of its letters."""
    good = {"table": {"k": ["a"] * 3, "v": [1, 2, 3]}, "by": "k",
            "reported": {"k": ["a"], "mean": ["3"], "n": [5]}}  # fmt: skip
    arrow = compare_table(**good | {"table": pa.table(good["table"])})
    assert compare_table(**good).p_values == arrow.p_values
    with pytest.raises((DataError, UsageError), match=why):
        compare_table(**good | given)


def test_tasks_with_a_bracket_make_no_table_of_reports():
    """Of runs of "v2.0 (x)" it said that they name v2.0 twice."""
    runs = {"task": ["v2.0 (x)"] * 4 + ["b (y)"] * 2, "score": [1.0, 2, 3, 2, 5, 6]}
    found = compare_table(runs, {"task": ["v2.0 (x)", "b (y)"], "mean": ["2", "5"], "n": [4, 4]})
    assert [one.n for one in found.rows.values()] == [4, 2]
