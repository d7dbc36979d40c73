"""The compare command, as a user types it."""

import dataclasses
import inspect
import json

import numpy as np
import pytest

import replication
from replication.comparison.comparison import compare
from replication.comparison.options import CompareOptions, Judging, TableOptions
from replication.comparison.request import Request, make_request
from replication.comparison.tables import compare_table
from replication.reading.options import (
    Reading,
    ReadingOptions,
    ReportOptions,
    RunsOptions,
    list_options,
    make_reading,
)
from replication.reading.reader import read_report, read_runs
from tests.unit.comparison.asking import refuse, run

REPORT = ("--reported", "mean=48 n=20")
GROUPED = ("runs.csv", "--value", "u", "--by", "g")
DIFFERENCE = (*GROUPED, "--difference", "a")
UPDATES = np.minimum(np.rint(15 + np.random.default_rng(16).lognormal(3, 0.8, 500)), 200)


def test_rows_without_a_value_are_counted_and_left_out(tmp_path, capsys):
    (tmp_path / "runs.csv").write_text("updates,done\n" + "40,1\n52,1\n" * 20 + ",1\n60,\n")
    arguments = (tmp_path / "runs.csv", "--value", "updates", "--succeeded", "done", *REPORT)
    out = run(capsys, *arguments)
    assert "Left out, since empty: 1 value." in out
    assert "Left out, since nothing says whether they succeeded: 1 row." in out
    model = json.loads(run(capsys, *arguments, "--format", "json"))
    assert (model["n"], model["n_missing"]) == (40, 2)


def test_a_table_of_differences_is_compared_task_by_task(tmp_path, capsys):
    """It was refused, and without the option taken as one of means."""
    runs = [f"{task},{name},{seed},{base + gap * (name == 'new') + (seed + base) % 5 + seed / 9}"
            for task, base, gap in (("ant", 10, 2), ("hopper", 20, 9), ("walker", 33, 1))
            for name in ("new", "old") for seed in range(5)]  # fmt: skip
    (tmp_path / "runs.csv").write_text("task,method,seed,score\n" + "\n".join(runs) + "\n")
    (tmp_path / "gaps.csv").write_text(
        "task,difference,sd,n\nant,2.0,1.0,5\nhopper,2.0,1.0,5\nwalker,1.0,1.0,5\n"
    )
    arguments = (tmp_path / "runs.csv", "--reported", tmp_path / "gaps.csv")
    groups = ("--difference", "new", "old")
    apart, paired = (json.loads(run(capsys, *arguments, *groups, *pair, "--format", "json"))
                     for pair in ((), ("--pair", "seed", "--by", "task")))  # fmt: skip
    for model in (apart, paired):
        rows = [row["difference"] for row in model["rows"]]
        assert [row["value"] for row in rows] == pytest.approx([0, 7, 0], abs=1e-9)
        assert [row["verdict_in_table"] for row in model["rows"]].count("contradicted") == 1
        assert model["reason"] == "rows"
    # Seeds recur in all rows, and of pairs that do not vary the error of their mean is not known.
    assert (paired["pooled"], paired["dependence"]) == (None, "unknown")
    assert apart["pooled"]["value"] == pytest.approx(
        apart["rows"][1]["difference"]["d"][0] / 3, abs=0.05
    )
    widths = [model["rows"][1]["difference"]["high"] for model in (apart, paired)]
    assert widths[1] < widths[0], "the runs of a seed are alike"
    assert "reported is new less old" in run(capsys, *arguments, *groups)
    code, line = refuse(capsys, *arguments)
    assert (code, "give --difference" in line) == (2, True)


def test_a_report_is_compared_with_another_without_any_table(capsys):
    arguments = ("91.2, n = 1", "--reported", "92.0 ± 0.3, n = 5", "--plus-minus", "sd n-1")
    assert "(p = 0.073)" in run(capsys, *arguments)
    assert "| mean | 92.0 |" in run(capsys, *arguments, "--format", "markdown")


def test_runs_are_drawn_with_the_reported_values(tmp_path, capsys):
    run(capsys, "example", "--value", "reward", *REPORT, "--plot", tmp_path / "picture.svg")
    assert "not contradicted at 5" in (tmp_path / "picture.svg").read_text()
    comparison = replication.compare(UPDATES, runs=20, mean="48", max="120")
    for panel, value in zip(comparison.plot().axes, (48.0, 120.0, 48.0), strict=True):
        assert value in [line.get_xdata()[0] for line in panel.lines]
        assert panel.lines[0].get_xdata().size == 500


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["nowhere.csv", *REPORT], 74, "cannot be read (it is missing); give an existing file"),
    ([".", *REPORT], 74, "cannot be read (it is not a file)"),
    (["/dev/fd/99", *REPORT], 74, "give an existing file, or - for standard input"),
    (REPORT, 2, "FILE was not given"),
    (["one.csv", *REPORT, "--cap", "nan"], 2, "--cap was given as 'nan'"),
    (["one.csv", *REPORT, "--exit-code"], 2, "no option 'exit_code'; give --format json"),
    (["one.csv", "--mean", "48", "--runs", "20"], 2, "no option 'mean'; give all reported numbers"),
    (["one.csv", "--quantile", "p90", "71"], 2, "as one text: --reported 'mean="),
    (["one.csv", *REPORT, "--tasks", "g"], 2, "no option 'tasks'; give --by"),
    (["one.csv", *REPORT, "--bounds", "0", "1"], 2, "no option 'bounds'; give --cap"),
    ([*DIFFERENCE, "a", *REPORT], 2, "allowed are two groups"),
    (["one.csv", *REPORT, "--plot", ""], 2, "allowed are files that end in"),
    (["one.csv", *REPORT, "--n", "5"], 2, "gives the runs, and"),
    (["runs.csv", *REPORT, "--plot", "nowhere/p.png"], 74, "there is no such folder"),
    (["runs.csv", *REPORT, "--pair", "g"], 2, "without --difference"),
    (["1 ± 1, n = 5", *REPORT, "--succeeded", "u"], 2, "report in place of FILE; leave it out"),
    ([*GROUPED, "--reported", "odd.csv"], 2, "no row could be compared; a: --n was not"),
    ([*GROUPED, "--reported", "twice.csv"], 2, "several results for 'a'"),
    ([*GROUPED, "--reported", "both.csv"], 2, "the sd was given twice"),
    ([*GROUPED, "--reported", "who.csv"], 2, "no g is alike"),
    (["ragged.md", "--reported", "48, n = 3"], 65, "a row of 3 cells under a header of 2"),
])  # fmt: skip
def test_bad_arguments_get_one_clear_line(tmp_path, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    files = {
        "runs.csv": "u,g\n" + "1,a\n2,b\n4,a\n3,b\n" * 5, "one.csv": "u\n" + "1\n2\n4\n3\n" * 5,
        "who.csv": "g,mean\nc,2\n", "odd.csv": "g,mean,colour\na,2,red\n",
        "twice.csv": "g,mean,n\na,2,5\na,3,5\n", "both.csv": "g,mean,n,sd,Std\na,2,5,1,2\n",
        "ragged.md": "|g|u|\n|-|-|\n|a|1 ± 2|\n|b|1 ± 2|3 ± 4|\n",
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    found, line = refuse(capsys, *arguments)
    assert (found, message in line, len(line) < 400) == (code, True, True)


def test_a_negative_number_may_be_written_in_any_way(capsys):
    """--mean -8.3e-1 was an option that there is not."""
    for number in ("-83", "-.83e2", "-8.3k", "-83 ± 2"):
        asked = "example", "--value", "reward", f"--reported={number}, n = 5"
        assert "mean" in run(capsys, *asked)


GIVEN = {
    "by": "g", "value": "u", "where": "u=1", "ignore": "x", "wide": "m", "succeeded": "ok",
    "seed": "s", "take": "last", "n": 5, "plus_minus": "se", "decimal": ",", "cap": 5,
    "failures": "excluded", "scale": 100, "grid": 1, "between": 0.3, "margin": "10%", "level": 0.1,
}  # fmt: skip


def test_an_option_that_is_declared_is_read():
    """Once a new one broke every command, or was accepted and ignored."""
    for kind, make, nothing in ((ReadingOptions, make_reading, Reading()),
                                (Judging, make_request, Request())):  # fmt: skip
        for name in list_options(kind):
            assert name in GIVEN, f"give {name} a value in GIVEN, which it may be"
            changed = dataclasses.asdict(make({name: GIVEN[name]})) != dataclasses.asdict(nothing)
            assert changed, f"{make.__name__} does not read {name}"


@pytest.mark.parametrize(("function", "kind"), [
    (compare, CompareOptions), (compare_table, TableOptions), (read_runs, RunsOptions),
    (read_report, ReportOptions),
])  # fmt: skip
def test_a_function_describes_each_of_its_options(function, kind):
    documented = " ".join(inspect.getdoc(function).split())  # sentences are wrapped there
    for name, option in list_options(kind).items():
        choices = f" : {{{', '.join(option.choices)}}}" if option.choices else ""
        sentence = option.help[0].upper() + option.help[1:]
        assert f" {name}{choices} {sentence}. " in documented
