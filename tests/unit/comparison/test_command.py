"""The compare command, as a user types it."""

import contextlib
import io
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import replication
from replication.errors import DataError, ReplicationError, UsageError
from replication.system.tables import read_flags, read_keys, read_table, read_values
from tests.unit.comparison.asking import ask, refuse, run

REPORT = ("--n", "20", "--mean", "48")
GROUPED = ("runs.csv", "--column", "u", "--by", "g")
DIFFERENCE = (*GROUPED, "--difference", "a")
UPDATES = np.minimum(np.rint(15 + np.random.default_rng(16).lognormal(3, 0.8, 500)), 200)


def test_rows_without_a_value_are_counted_and_left_out(tmp_path, capsys):
    (tmp_path / "runs.csv").write_text("updates,done\n" + "40,1\n52,1\n" * 20 + ",1\n60,\n")
    arguments = (tmp_path / "runs.csv", "--column", "updates", "--succeeded", "done", *REPORT)
    assert "; 2 missing values left out" in run(capsys, *arguments)
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


def test_the_exit_code_says_the_verdict_on_request(tmp_path):
    pd.DataFrame({"updates": UPDATES}).to_csv(tmp_path / "runs.csv", index=False)
    arguments = (tmp_path / "runs.csv", "--column", "updates", "--runs", "20", "--mean")
    assert ask(*arguments, "48", "--exit-code") == 0
    assert ask(*arguments, "480", "--exit-code") == 1
    assert ask(*arguments, "480") == 0
    (tmp_path / "few.csv").write_text("u\n3\n")
    assert ask(tmp_path / "few.csv", "--mean", "4", "--runs", "3", "--exit-code") == 3


def test_runs_are_drawn_with_the_reported_values(tmp_path, capsys):
    run(capsys, "example", "--column", "reward", *REPORT, "--plot", tmp_path / "picture.svg")
    assert "not contradicted at 5" in (tmp_path / "picture.svg").read_text()
    comparison = replication.compare(UPDATES, runs=20, mean="48", max="120")
    for panel, value in zip(comparison.plot().axes, (48.0, 120.0, 48.0), strict=True):
        assert value in [line.get_xdata()[0] for line in panel.lines]
        assert panel.lines[0].get_xdata().size == 500


SPELLINGS = {
    "commas": "updates,stopped\n48.5,0\n50,yes\n",
    "semicolons and decimal commas": "updates;stopped\r\n48,5;F\r\n50;T\r\n",
    "tabs": "updates\tstopped\n48.5\tFALSE\n50\tTRUE\n",
    "spaces": " updates , stopped\n 48.5, 0\n 50 , 1 \n",
    "a byte order mark": "\ufeffupdates,stopped\n48.5,No\n50,Yes\n",
    "commas in quotes": '"a,b,c,d";updates;stopped\n1;48,5;0\n3;50;1\n',
    "columns beside": 'a;"b,c",updates,stopped\n1,2,48.5,0\n3,4,50,1\n',
    "Parquet": pd.DataFrame({"updates": [48.5, 50], "stopped": [False, True]}),
    "Parquet of texts": pd.DataFrame({"updates": [48.5, 50], "stopped": ["no", "yes"]}),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_table_is_known_by_its_content_whatever_its_name(tmp_path, monkeypatch, spelling):
    table = SPELLINGS[spelling]
    content = table.encode() if isinstance(table, str) else table.set_index("updates").to_parquet()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    for name in ("runs.csv", "runs.txt", "runs", "-"):
        (tmp_path / name).write_bytes(content)
        frame = read_table("-" if name == "-" else str(tmp_path / name))
        assert read_values(frame.take("updates"), "u").tolist() == [48.5, 50]
        assert read_flags(frame.take("stopped"), "stopped").tolist() == [False, True]


@pytest.mark.parametrize(("content", "extra", "code", "message"), [
    # One column of numbers with decimal commas is not two columns.
    (b"u\n48,5\n50,25\n", [], 65, "a row of 2 cells under a header of 1"),
    (b"updates\n1\n", ["--column", "update"], 2, "did you mean 'updates'"),
    (b"u,v\n1,2\n", [], 2, "name the --column of the values"),
    (b"u,u\n1,2\n3,4\n", ["--column", "u"], 65, "are called 'u'; rename"),
    (b"u\n1\n#DIV/0!\n", [], 65, "holds '#DIV/0!' in row 2"),
    (b"1\n2\n3\n", [], 65, "holds numbers ('1'); put a header"),
    (b"u\n", [], 65, "no rows"),
    (b"a,u\n1,\n2,\n", ["--column", "u"], 65, "there are no values"),
    (b"PAR1 and no more", [], 65, "not a readable Parquet file"),
    (b"PK\x03\x04\0 a spreadsheet", [], 65, "is no table; allowed are CSV"),
    ("u\n\u0663\u0664\n".encode(), [], 65, "allowed are numbers"),
    (b"u,v\n1,2\n3," + b"x" * 131_073, [], 65, "field limit (131072)); write it as"),
    (b"u\n\xe9\n", [], 65, "not a readable UTF-8 text"),
    (pd.DataFrame({"u": pd.to_datetime(["2020"])}).to_parquet(), [], 65, "holds timestamp"),
    (b"\x1b[31mu,v\n1,2\n", ["--column", "x"], 2, "'\\x1b[31mu'"),
])  # fmt: skip
def test_bad_tables_get_one_clear_line(tmp_path, capsys, content, extra, code, message):
    path = tmp_path / "runs.csv"
    path.write_bytes(content)
    found, line = refuse(capsys, path, *REPORT, *extra)
    assert (found, message in line) == (code, True)


@pytest.mark.parametrize(("arguments", "code", "message"), [
    (["nowhere.csv", *REPORT], 74, "cannot be read (it is missing); give an existing file"),
    ([".", *REPORT], 74, "cannot be read (it is not a file)"),
    (["/dev/fd/99", *REPORT], 74, "give an existing file, or - for standard input"),
    (REPORT, 2, "FILE was not given"),
    (["one.csv", "--mean", "48", "--cap", "nan"], 2, "--cap was given as 'nan'"),
    (["one.csv", *REPORT, "--bounds", "none", "-5"], 65, "beyond the bounds"),
    ([*DIFFERENCE, "a", "--mean", "1"], 2, "allowed are two groups"),
    (["one.csv", *REPORT, "--plot", ""], 2, "allowed are files that end in"),
    (["runs.csv", *REPORT, "--column", "u,g"], 2, "several columns were given, and one report"),
    (["one.csv", *REPORT, "--runs", "5"], 2, "gives the runs twice"),
    (["runs.csv", *REPORT, "--plot", "nowhere/p.png"], 74, "there is no such folder"),
    (["runs.csv", *REPORT, "--pair", "g"], 2, "without --difference"),
    (["1 ± 1, n = 5", *REPORT, "--succeeded", "u"], 2, "report in place of FILE; leave it out"),
    ([*GROUPED, "--reported", "odd.csv"], 2, "no row could be compared; a: --n was not"),
    ([*GROUPED, "--reported", "twice.csv"], 2, "names a twice"),
    ([*GROUPED, "--reported", "both.csv"], 2, "'sd', 'Std' are both the sd; keep one"),
    ([*GROUPED, "--reported", "who.csv"], 2, "none of your"),
    (["ragged.md", "--reported", "48, n = 3"], 2, "tell them apart in --by"),
])  # fmt: skip
def test_bad_arguments_get_one_clear_line(tmp_path, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    files = {
        "runs.csv": "u,g\n" + "1,a\n2,b\n4,a\n3,b\n" * 5, "one.csv": "u\n" + "1\n2\n4\n3\n" * 5,
        "who.csv": "g,mean\nc,2\n", "odd.csv": "g,mean,colour\na,2,red\n",
        "twice.csv": "g,mean,n\na,2,5\na,3,5\n", "both.csv": "g,mean,n,sd,Std\na,2,5,1,1\n",
        "ragged.md": "|g|u|\n|-|-|\n|a|1 ± 2|\n|b|1 ± 2|3 ± 4|\n",
    }  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    found, line = refuse(capsys, *arguments)
    assert (found, message in line, len(line) < 400) == (code, True, True)


def test_a_table_of_too_many_rows_or_columns_is_refused_by_its_header(tmp_path, monkeypatch):
    monkeypatch.setattr("replication.system.tables.MAX_ROWS", 1000)
    path = tmp_path / "runs"
    for content, message in (
        (pd.DataFrame({"u": np.zeros(1001)}).to_parquet(), "at most 1 GB, 10,000,000 rows"),
        (",".join(f"c{i}" for i in range(10_001)).encode(), "rows and 10,000 columns are read"),
        (b"u\n" * 1002, "rows and 10,000 columns are read"),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_table(str(path))


def test_a_flipped_bit_of_a_parquet_file_costs_no_rows(tmp_path):
    """A column with no rows under a header of five ended in a traceback."""
    path = tmp_path / "t.parquet"
    pd.DataFrame({"v": [1.0, 2, 3, 4, 5]}).to_parquet(path)
    whole = path.read_bytes()
    # One bit in each byte behind the mark of the file.
    for place in range(4, 300):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with contextlib.suppress(DataError, UsageError):
            assert len(read_table(str(path)).take("v")) == 5


def test_a_negative_number_may_be_written_in_any_way(capsys):
    """--mean -8.3e-1 was an option that there is not."""
    for number in ("-83", "-.83e2", "-8.3k", "-83 ± 2"):
        asked = "example", "--column", "reward", "--mean", number, "--runs", "5"
        assert "mean" in run(capsys, *asked)


def test_booleans_among_numbers_and_groups_called_none_are_what_they_are(tmp_path):
    with pytest.raises(DataError, match="holds 'True' in row 2"):
        read_values([1.0, True, 0.5], "u")
    with pytest.raises(DataError, match="holds true and false"):
        read_values([True, None, np.False_], "u")
    assert read_keys(["none", "NA", "", None, 5.0, "5.0", " v1 "]) == [
        "none", "NA", None, None, "5", "5.0", "v1",
    ]  # fmt: skip
    (tmp_path / "runs.csv").write_text("u\n1\n\n3\n\n\n")
    assert read_table(str(tmp_path / "runs.csv")).take("u") == ["1", "", "3"]


MARKS = st.sampled_from([b"PAR1", b"ARROW1", b"FEA1", b"\x1f\x8b", b"PK\x03\x04"])
LETTERS = st.text(alphabet="u,;\t\n\r\"'0123456789.-e \x00é\x1b", max_size=80)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=200) | st.builds(bytes.__add__, MARKS, st.binary(max_size=60))
       | LETTERS.map(str.encode))  # fmt: skip
def test_random_bytes_are_a_table_or_one_line(tmp_path, content):
    path = tmp_path / "runs"
    path.write_bytes(content)
    line = ""
    try:
        table = read_table(str(path))
        read_values(table.take(table.names[0]), "u")
        read_flags(table.take(table.names[0]), "u")
    except ReplicationError as error:
        line = str(error)
    assert "\n" not in line
    assert len(line) < 1200
