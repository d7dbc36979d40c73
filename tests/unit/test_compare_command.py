"""The compare command, as a user types it."""

import gzip
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from replication.cli.compare_rates import load_rates
from replication.cli.external_tables import read_flags, read_table, read_values, take_column

from replication.cli import main

REPORT = ("--runs", "20", "--mean", "48")


@pytest.fixture(autouse=True, scope="module")
def few_resamples():
    """Resample less than for a user: what is held here hangs on no last digit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("replication.comparison.sampling.N_RESAMPLES_OF_FEW", 200)
        patch.setattr("replication.comparison.sampling.N_STUDIES", 20_000)
        yield


@pytest.fixture
def frame():
    generator = np.random.default_rng(16)
    updates = np.minimum(np.rint(15 + generator.lognormal(3, 0.8, 500)).astype(int), 200)
    return pd.DataFrame(
        {
            "updates": updates,
            "done": updates < 200,
            "algorithm": np.where(np.arange(500) % 2 == 0, "new", "old"),
        }
    )


def compare(*arguments):
    return main(["compare", *map(str, arguments)])


def run(capsys, *arguments):
    """Return what the command prints where all goes well."""
    code = compare(*arguments)
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    return captured.out


def refuse(capsys, *arguments):
    """Return the exit code and the one line of a refusal."""
    code = compare(*arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.isprintable() or captured.err[:-1].isprintable()
    return code, captured.err


def test_the_answer_comes_first_and_then_the_numbers_behind_it(frame, tmp_path, capsys):
    frame.to_csv(tmp_path / "runs.csv", index=False)
    text = run(capsys, tmp_path / "runs.csv", "--column", "updates", *REPORT)
    assert text.startswith("Consistent: a mean of 48 over 20 runs")
    assert "95 % of studies of 20" in text
    assert all(len(line) <= 120 for line in text.splitlines())
    for word in ("network", "ledger", "reading", "protocol"):
        assert word not in text.lower()


def write_formats(frame, folder):
    frame.to_csv(folder / "a.csv", index=False)
    frame.to_csv(folder / "b.tsv", index=False, sep="\t")
    frame.to_csv(folder / "c.txt", index=False, sep=";", decimal=",")
    frame.to_csv(folder / "d.csv.gz", index=False)
    frame.to_parquet(folder / "e.parquet")
    frame.to_feather(folder / "f.feather")
    (folder / "g").write_bytes(gzip.compress((folder / "e.parquet").read_bytes()))
    return sorted(folder.iterdir())


def test_a_table_is_known_by_its_content_whatever_its_name(frame, tmp_path):
    frame["updates"] = frame["updates"] / 4
    paths = write_formats(frame, tmp_path)
    assert len(paths) == 7
    for path in paths:
        table = read_table(str(path))
        assert read_values(take_column(table, "updates")).tolist() == frame["updates"].tolist()
        assert read_flags(take_column(table, "done")).tolist() == frame["done"].tolist()
        assert take_column(table, "algorithm").tolist() == frame["algorithm"].tolist()


def test_runs_come_from_standard_input(frame, monkeypatch, capsys):
    class Input:
        buffer = io.BytesIO(frame[["updates"]].to_csv(index=False).encode())

    monkeypatch.setattr("sys.stdin", Input)
    assert json.loads(run(capsys, "-", *REPORT, "--json"))["n"] == 500


def test_a_share_alone_needs_no_column_and_no_value(frame, tmp_path, capsys):
    frame["reward"] = frame["updates"].where(frame["done"])
    frame.to_csv(tmp_path / "runs.csv", index=False)
    arguments = (tmp_path / "runs.csv", "--succeeded", "done", "--runs", "50", "--share", "94%")
    model = json.loads(run(capsys, *arguments, "--json"))
    assert (model["n"], model["n_failed"]) == (500, int((~frame["done"]).sum()))
    assert model["mean"]["value"] is None


def test_rows_without_a_value_are_counted_and_left_out(tmp_path, capsys):
    path = tmp_path / "runs.csv"
    path.write_text("updates,done\n" + "40,1\n52,1\n" * 20 + ",1\n60,\n")
    arguments = (path, "--column", "updates", "--succeeded", "done", *REPORT)
    assert "2 rows lack a value and were left out." in run(capsys, *arguments)
    model = json.loads(run(capsys, *arguments, "--json"))
    assert (model["n"], model["n_missing"]) == (40, 2)


def test_groups_are_compared_each_with_its_own_report(frame, tmp_path, capsys):
    frame.loc[frame["algorithm"] == "new", "updates"] += 100
    frame.to_csv(tmp_path / "runs.csv", index=False)
    (tmp_path / "paper.csv").write_text("algorithm,runs,mean,sd\nnew,20,148,\nold,10,148,9.0\n")
    arguments = (tmp_path / "runs.csv", "--column", "updates", "--by", "algorithm")
    text = run(capsys, *arguments, "--reported", tmp_path / "paper.csv")
    table = text.split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in table[1:]] == ["new", "old"]
    assert table[1].endswith("  consistent")
    assert table[2].endswith("not consistent")
    assert "If all 2 groups were consistent, 0.1 of them would be expected" in text
    model = json.loads(run(capsys, *arguments, *REPORT, "--json"))
    assert {name: item["n"] for name, item in model["groups"].items()} == {"new": 250, "old": 250}


def test_decimal_commas_hold_in_the_table_of_reports_too(frame, tmp_path, capsys):
    frame.to_csv(tmp_path / "runs.csv", index=False)
    (tmp_path / "paper.csv").write_text("algorithm;runs;mean\nnew;20;48,5\n")
    text = run(capsys, tmp_path / "runs.csv", "--column", "updates", "--by", "algorithm",
               "--reported", tmp_path / "paper.csv")  # fmt: skip
    assert "mean 48.5" in text


@pytest.mark.parametrize("name", ["picture.png", "picture.svg", "picture.pdf"])
def test_the_sampling_distribution_is_drawn(frame, tmp_path, capsys, name):
    frame.to_csv(tmp_path / "runs.csv", index=False)
    run(capsys, tmp_path / "runs.csv", "--column", "updates", *REPORT, "--max", "120",
        "--plot", tmp_path / name)  # fmt: skip
    assert (tmp_path / name).stat().st_size > 2000


def test_panels_mark_the_reported_value_and_hold_the_whole_distribution(frame):
    from replication.cli.compare_figure import draw_comparison, make_bars

    from replication.comparison.comparison import compare as compare_values

    comparison = compare_values(frame["updates"], runs=20, mean="48", max="120")
    figure = draw_comparison(comparison)
    marks = [panel.lines[0].get_xdata()[0] for panel in figure.axes]
    assert marks == [48.0, 120.0, 48.0]
    assert [panel.get_xlabel() for panel in figure.axes] == [
        "mean of 20 runs (grey: 95 % of studies)",
        "maximum of 20 runs (grey: 95 % of studies)",
        "mean of 20 runs, given the maximum (grey: 95 % of studies)",
    ]
    for law in comparison.laws.values():
        _, heights = make_bars(law)
        assert heights.sum() == pytest.approx(1, abs=0.003)


SPELLINGS = {
    "commas": "updates,stopped\n48.5,0\n50,yes\n",
    "semicolons and decimal commas": "updates;stopped\r\n48,5;F\r\n50;T\r\n",
    "semicolons and decimal points": "updates;stopped\n48.5;n\n50;y\n",
    "tabs": "updates\tstopped\n48.5\tFALSE\n50\tTRUE\n",
    "quotes": '"updates","stopped"\n"48.5","0.0"\n"50","1.0"\n',
    "spaces": " updates , stopped\n 48.5, 0\n 50 , 1 \n",
    "a byte order mark": "\ufeffupdates,stopped\n48.5,No\n50,Yes\n",
    "blank lines": "\n\nupdates,stopped\n\n48.5,false\n50,true\n\n",
    "columns beside": 'a;"b,c",updates,stopped\n1,2,48.5,0\n3,4,50,1\n',
}


@pytest.mark.parametrize("content", SPELLINGS.values(), ids=SPELLINGS)
def test_a_table_is_the_same_however_it_is_spelt(tmp_path, content):
    path = tmp_path / "runs.csv"
    path.write_bytes(content.encode())
    frame = read_table(str(path))
    assert read_values(take_column(frame, "updates")).tolist() == [48.5, 50]
    assert read_flags(take_column(frame, "stopped")).tolist() == [False, True]


@pytest.mark.parametrize("note", [b"{not json", b'{"columns": 7}', b"\xff\xfe"])
def test_notes_of_pandas_in_a_parquet_file_are_ignored(frame, tmp_path, capsys, note):
    table = pa.Table.from_pandas(frame).replace_schema_metadata({b"pandas": note})
    pq.write_table(table, tmp_path / "runs.parquet")
    run(capsys, tmp_path / "runs.parquet", "--column", "updates", *REPORT)


def test_an_index_of_pandas_is_a_column_like_others(frame, tmp_path):
    path = tmp_path / "runs.parquet"
    frame.set_index("updates").to_parquet(path)
    column = take_column(read_table(str(path)), "updates")
    assert read_values(column).tolist() == frame["updates"].tolist()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), "holds dates"),
        (pd.to_timedelta([48, 50], unit="s"), "holds durations"),
        ([[1], [2]], "holds '[1]' in row 1"),
        ([True, False], "holds true and false"),
    ],
)
def test_columns_that_are_no_numbers_are_refused(tmp_path, capsys, values, message):
    pd.DataFrame({"updates": values}).to_parquet(tmp_path / "runs.parquet")
    code, line = refuse(capsys, tmp_path / "runs.parquet", "--column", "updates", *REPORT)
    assert code == 65
    assert message in line


@pytest.mark.parametrize(
    ("content", "extra", "code", "message"),
    [
        # One column of numbers with decimal commas is not two columns.
        (b"u\n48,5\n50,25\n", [], 65, "more cells than its header"),
        (b"u,b\n1,2\n1,2,3\n", [], 65, "saw 3); write it as UTF-8"),
        (b'u\n"1,000"\n2\n', [], 65, "holds '1,000' in row 1"),
        (b"u\n1\n2\n", ["--column", "x"], 2, "no column 'x'; the columns are 'u'"),
        (b"updates\n1\n", ["--column", "update"], 2, "did you mean 'updates'"),
        (b"u\n1\n2\n", ["--succeeded", "x"], 2, "no column 'x'"),
        (b"u,v\n1,2\n", [], 2, "no --column was given; name the one"),
        (b"u,u\n1,2\n3,4\n", ["--column", "u"], 65, "2 columns are called 'u'"),
        (b"u\n1\nmany\n", [], 65, "holds 'many' in row 2"),
        (b"u\n1\ninf\n", [], 65, "finite"),
        (b"1\n2\n3\n", [], 65, "holds numbers only ('1'); put a header"),
        (b"u\n", [], 65, "no rows"),
        (b"", [], 65, "is empty"),
        (b"a,u\n1,\n2,\n", ["--column", "u"], 65, "every row lacks a value"),
        (b"u,c\n9,1\n8,maybe\n", ["--column", "u", "--succeeded", "c"], 65, "'maybe' in row 2"),
        (b"u,c\n9,0\n9,0\n", ["--column", "u", "--succeeded", "c"], 65, "all 2 runs failed"),
        (b"u,c\n9,0\n8,0\n7,1\n", ["--column", "u", "--succeeded", "c"], 65, "one common cap"),
        (b"PAR1 and no more", [], 65, "not a readable Parquet file"),
        (b"ARROW1 and no more", [], 65, "not a readable Feather file"),
        (b"\x1f\x8b and no more", [], 65, "not readable as gzip"),
        (b"PK\x03\x04 a spreadsheet", [], 65, "allowed are CSV"),
        (b"u\n\xe9\n", [], 65, "not UTF-8"),
        (b"u\n1\n2\n", ["--by", "x"], 2, "no column 'x'"),
        (b"\x1b[31mu,v\n1,2\n", ["--column", "x"], 2, "'\\x1b[31mu'"),
        (b"\x1b[31mu\nlots\x1b[0m\n", [], 65, "\\x1b"),
    ],
)
def test_bad_tables_get_one_clear_line(tmp_path, capsys, content, extra, code, message):
    path = tmp_path / "runs.csv"
    path.write_bytes(content)
    found, line = refuse(capsys, path, *REPORT, *extra)
    assert found == code
    assert message in line


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nowhere.csv", *REPORT], 74, "not a file"),
        ([".", *REPORT], 74, "is a folder"),
        (["one.csv"], 2, "nothing was reported"),
        (REPORT, 2, "FILE"),
        (["one.csv", "--mean", "ca. 48"], 2, "plain decimal number"),
        (["one.csv", "--mean", "4" * 5000], 2, "plain decimal number"),
        (["one.csv", "--mean", "48", "--runs", "9" * 5000], 2, "allowed is a whole number"),
        (["runs.csv", "--mean", "48", "--runs", "0"], 2, "allowed is a whole number"),
        (["one.csv", "--mean", "48", "--margin", "-1"], 2, "a number above 0"),
        (["runs.csv", "--mean", "48", "--cap", "nan"], 2, "a plain number"),
        (["runs.csv", "--mean", "48", "--cap", "1e308"], 2, "a plain number"),
        (["one.csv", "--mean", "48", "--level", "1"], 2, "below 0.5"),
        (["runs.csv", "--mean", "48", "--reported", "x.csv"], 2, "without --by"),
        (["runs.csv", *REPORT, "--plot", "p.gif"], 2, ".png, .svg or .pdf"),
        (["runs.csv", *REPORT, "--plot", "nowhere/p.png"], 74, "does not exist"),
        (["runs.csv", *REPORT, "--plot", "p.png", "--by", "g"], 2, "draws one comparison"),
        (["runs.csv", "--mean", "48", "--plot", "p.png", "--column", "u"], 2, "needs --runs"),
        (["runs.csv", "--column", "u", "--by", "g", "--reported", "odd.csv"], 2, "'colour'"),
        (["runs.csv", "--column", "u", "--by", "g", "--reported", "who.csv"], 2, "group 'c'"),
        (["runs.csv", "--column", "u", "--by", "g", "--reported", "none.csv"], 2, "cannot be read"),
    ],
)  # fmt: skip
def test_bad_arguments_get_one_clear_line(tmp_path, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs.csv").write_text("u,g\n" + "1,a\n2,b\n4,a\n3,b\n" * 5)
    (tmp_path / "one.csv").write_text("u\n" + "1\n2\n4\n3\n" * 5)
    (tmp_path / "odd.csv").write_text("g,mean,colour\na,2,red\n")
    (tmp_path / "who.csv").write_text("g,mean\nc,2\n")
    found, line = refuse(capsys, *arguments)
    assert found == code
    assert message in line
    assert len(line) < 400


def test_escape_codes_in_names_of_groups_are_shown(tmp_path, capsys):
    path = tmp_path / "runs.csv"
    path.write_text("u,g\n" + "1,\x1b[31ma\n2,\x1b[31ma\n4,b\n3,b\n" * 5)
    text = run(capsys, path, "--column", "u", "--by", "g", "--runs", "5", "--mean", "2")
    assert "\x1b" not in text
    assert "\\x1b[31ma" in text


def find_numbers(rates):
    for rows in rates["cells"].values():
        for row in rows.values():
            for cell in row.values():
                yield from cell["rejected"].values()
    for shifts in rates["power"].values():
        for row in shifts.values():
            yield from row.values()


def test_the_help_shows_the_measured_rates(capsys):
    assert compare("--help") == 0
    text = capsys.readouterr().out
    assert "lognormal" in text
    assert "mean   sd  max  both" in text
    for number in (f"{100 * rate:.1f}" for rate in find_numbers(load_rates())):
        assert number in text
