"""The compare and calibrate commands, as a user types them."""

import json

import numpy as np
import pandas as pd
import pytest

from replication.cli import main
from replication.cli.comparison_text import format_calibration
from replication.cli.foreign_tables import read_flags, read_frame, read_outcomes


@pytest.fixture
def frame():
    generator = np.random.default_rng(16)
    updates = np.minimum(np.rint(15 + generator.lognormal(3, 0.8, 500)).astype(int), 200)
    return pd.DataFrame(
        {"updates": updates, "stopped": (updates == 200).astype(int), "done": updates < 200}
    )


def write(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    return str(path)


def compare(*arguments):
    return main(["compare", *map(str, arguments)])


@pytest.mark.parametrize("name", ["outcomes.csv", "outcomes.parquet", "MÄRZ 2.CSV"])
def test_compare_prints_the_verdict_and_the_numbers_behind_it(frame, tmp_path, capsys, name):
    path = tmp_path / name
    if name.lower().endswith(".csv"):
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
    code = compare("--reported", "48", "--column", "updates", "--censored", "stopped", path)
    text = capsys.readouterr().out
    assert code == 0
    assert "at least 47.5 and below 48.5" in text
    assert "Verdict: " in text
    assert "covered in trials" in text
    assert "What would change the verdict" in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_converged_is_the_opposite_of_censored(frame, tmp_path, capsys):
    path = write(frame, tmp_path / "o.csv")
    shared = ("--reported", "48", "--column", "updates", "--json", path)
    assert compare("--censored", "stopped", *shared) == 0
    first = json.loads(capsys.readouterr().out)
    assert compare("--converged", "done", *shared) == 0
    assert json.loads(capsys.readouterr().out) == first
    assert first["data"]["n_censored"] == int(frame["stopped"].sum())


def test_margin_and_cap_and_restart_reach_the_analysis(frame, tmp_path, capsys):
    path = write(frame, tmp_path / "o.csv")
    options = ("--margin", "50", "--cap", "100", "--restart-after", "60", "--json")
    assert compare("--reported", "48", "--column", "updates", *options, path) == 0
    model = json.loads(capsys.readouterr().out)
    assert (model["data"]["cap"], model["data"]["restart_after"]) == (100, 60)
    assert model["rules"]["cap"]["equivalence"]["margin"] == 24
    assert model["verdict"]["verdict"] == "replicated"


def test_decimal_outcomes_and_means_are_understood(tmp_path, capsys):
    times = np.random.default_rng(17).lognormal(-2.2, 0.5, 300).round(3)
    path = write(pd.DataFrame({"seconds": times}), tmp_path / "t.csv")
    assert compare("--reported", "0.12", "--column", "seconds", path) == 0
    assert "at least 0.115 and below 0.125" in capsys.readouterr().out


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
    path = tmp_path / "o.csv"
    path.write_bytes(content.encode())
    frame = read_frame(path)
    assert read_outcomes(frame, "updates").tolist() == [48.5, 50]
    assert read_flags(frame, "stopped").tolist() == [False, True]


def test_an_index_of_pandas_is_a_column_of_a_parquet_file(frame, tmp_path):
    path = tmp_path / "o.parquet"
    frame.set_index("updates").to_parquet(path)
    assert read_outcomes(read_frame(path), "updates").tolist() == frame["updates"].tolist()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pd.to_datetime(["2020-01-01", "2021-01-01"]), "holds dates"),
        (pd.to_timedelta([48, 50], unit="s"), "holds durations"),
        ([[1], [2]], "holds '[1]' in row 1"),
        ([None, 3.0], "is empty in row 1"),
    ],
)
def test_columns_of_a_parquet_file_that_are_no_numbers_are_refused(
    tmp_path, capsys, values, message
):
    path = write(pd.DataFrame({"updates": values}), tmp_path / "o.parquet")
    assert compare("--reported", "48", "--column", "updates", path) == 65
    assert message in capsys.readouterr().err


def test_two_columns_of_one_name_are_refused(tmp_path, capsys):
    (tmp_path / "o.csv").write_text("updates,updates\n1,2\n3,4\n")
    assert compare("--reported", "48", "--column", "updates", tmp_path / "o.csv") == 65
    assert "2 columns are called 'updates'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("48.30", "48.295", "48.305"),
        ("48", "47.5", "48.5"),
        ("0.12", "0.115", "0.125"),
        ("1234567", "1234566.5", "1234567.5"),
    ],
)
def test_what_prints_so_is_said_to_the_last_digit(frame, tmp_path, capsys, text, low, high):
    path = write(frame, tmp_path / "o.csv")
    assert compare("--reported", text, "--column", "updates", path) == 0
    assert f"at least {low} and below {high} prints so" in capsys.readouterr().out


def test_a_per_cent_sign_stays_with_its_number(frame, tmp_path, capsys):
    path = write(frame, tmp_path / "o.csv")
    assert compare("--reported", "48", "--column", "updates", path) == 0
    assert not any(line.lstrip().startswith("%") for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    ("content", "extra", "code", "message"),
    [
        # One column of numbers with decimal commas is not two columns.
        ("updates\n48,5\n50,25\n", ["--column", "updates"], 65, "more cells than its header"),
        ("updates,b\n1,2\n1,2,3\n", ["--column", "updates"], 65, "saw 3); write it as UTF-8"),
        ('updates\n"1,000"\n2\n', ["--column", "updates"], 65, "holds '1,000' in row 1"),
        ("updates,c\n9,\n8,1\n", ["--column", "updates", "--censored", "c"], 65, "is empty in"),
        ("updates\n1\n2\n", ["--column", "x"], 2, "no column 'x'; the columns are 'updates'"),
        ("updates\n1\n2\n", ["--column", "update"], 2, "did you mean 'updates'"),
        ("updates\n1\n2\n", ["--column", "updates", "--censored", "x"], 2, "no column 'x'"),
        ("updates\n1\nmany\n", ["--column", "updates"], 65, "holds 'many' in row 2"),
        ("a,updates\n1,2\n2,\n", ["--column", "updates"], 65, "is empty in row 2"),
        ("updates\n1\n-3\n", ["--column", "updates"], 65, "holds '-3' in row 2"),
        ("updates\n1\ninf\n", ["--column", "updates"], 65, "finite"),
        ("updates\nTrue\nFalse\n", ["--column", "updates"], 65, "true and false"),
        ("updates\n", ["--column", "updates"], 65, "no rows"),
        ("", ["--column", "updates"], 65, "is empty"),
        ("updates\n48\n", ["--column", "updates"], 65, "single outcome"),
        (
            "updates,c\n9,1\n9,1\n",
            ["--column", "updates", "--censored", "c"],
            65,
            "all 2 outcomes are censored",
        ),
        (
            "updates,c\n9,1\n8,maybe\n",
            ["--column", "updates", "--censored", "c"],
            65,
            "'maybe' in row 2",
        ),
        (
            "updates,c\n9,1\n8,1\n7,0\n",
            ["--column", "updates", "--censored", "c"],
            65,
            "give --cap 8",
        ),
    ],
)
def test_bad_tables_get_one_clear_line(tmp_path, capsys, content, extra, code, message):
    path = tmp_path / "o.csv"
    path.write_text(content)
    assert compare("--reported", "48", *extra, path) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert message in captured.err
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--reported", "48", "--column", "updates", "nowhere.csv"], 74, "not a file"),
        (["--reported", "48", "--column", "updates", "outcomes.xlsx"], 2, ".csv or .parquet"),
        (["--reported", "48", "--column", "updates"], 2, "FILE"),
        (["--column", "updates", "o.csv"], 2, "--reported"),
        (["--reported", "48", "--column", "u", "--margin", "-1", "o.csv"], 2, "above 0"),
        (["--reported", "48", "--column", "u", "--cap", "nan", "o.csv"], 2, "above 0"),
    ],
)
def test_bad_arguments_get_one_clear_line(tmp_path, monkeypatch, capsys, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    assert compare(*arguments) == code
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_reported_mean_that_is_no_number_is_refused(frame, tmp_path, capsys):
    path = write(frame, tmp_path / "o.csv")
    assert compare("--reported", "ca. 48", "--column", "updates", path) == 2
    assert "plain number" in capsys.readouterr().err


def test_file_that_is_no_parquet_is_bad_data(tmp_path, capsys):
    path = tmp_path / "o.parquet"
    path.write_bytes(b"not parquet at all")
    assert compare("--reported", "48", "--column", "updates", path) == 65
    assert "not a readable parquet file" in capsys.readouterr().err


def test_calibration_text_marks_what_is_missed():
    entry = {"n_networks": 50, "coverage": 0.9, "meets": False}
    model = {
        "sizes": [50],
        "coverage": [{"label": "mean", "requirement": "at least 94 %", "by_size": [entry]}],
        "prediction": [
            {"rule": "cap", "n_networks": 50, "n_runs": 2, "coverage": 0.95, "meets": True}
        ],
        "checks": [{"words": "exact against drawn", "value": 0.1, "limit": 0.2, "meets": True}],
        "meets": False,
    }
    text = format_calibration(model)
    assert "90.0*" in text
    assert "95.0*" not in text
    assert text.endswith("a requirement is missed (*)")


def test_compare_says_how_far_the_interval_of_n_star_is_to_be_trusted(frame, tmp_path, capsys):
    path = write(frame, tmp_path / "o.csv")
    assert compare("--reported", "48", "--column", "updates", "--censored", "stopped", path) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "The interval of n* under discard held the true value in" in text
    assert "too small for it to be trusted" in text


def test_three_outcomes_are_too_few_to_judge(tmp_path, capsys):
    path = write(pd.DataFrame({"updates": [40, 60, 48]}), tmp_path / "o.csv")
    assert compare("--reported", "48", "--column", "updates", path) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Verdict: not testable" in text
    assert "does not lie within" not in text


def test_equal_outcomes_say_what_could_be_unseen(tmp_path, capsys):
    path = write(pd.DataFrame({"updates": [48] * 3}), tmp_path / "o.csv")
    assert compare("--reported", "48", "--column", "updates", path) == 0
    assert "could be up to 71 % of all" in " ".join(capsys.readouterr().out.split())


@pytest.fixture
def quick_calibration(monkeypatch):
    """Let `calibrate` find its table at once; return how often it was asked."""
    import replication.analysis.calibration
    import replication.simulator.ensemble

    asked = []
    model = {"sizes": [], "coverage": [], "prediction": [], "checks": [], "meets": True}
    small = replication.simulator.ensemble.simulate

    def simulate(protocol, **options):
        asked.append(options["n_seeds"])
        return small(protocol, **(options | {"n_seeds": 10}))

    monkeypatch.setattr(replication.simulator.ensemble, "simulate", simulate)
    monkeypatch.setattr(replication.analysis.calibration, "calibrate", lambda *_, **__: model)
    return asked


@pytest.mark.parametrize("ship", [False, True])
def test_calibration_is_written_into_the_package_only_if_asked(
    quick_calibration, monkeypatch, tmp_path, ship
):
    import replication.analysis

    package = tmp_path / "source" / "replication" / "analysis"
    package.mkdir(parents=True)
    (tmp_path / "source" / "pyproject.toml").touch()
    monkeypatch.setattr(replication.analysis, "__file__", str(package / "__init__.py"))
    results = tmp_path / "results"
    assert main(["calibrate", "--results", str(results), *(["--ship"] if ship else [])]) == 0
    assert json.loads((results / "calibration.json").read_text())["meets"]
    assert (package / "calibration.json").exists() == ship
    assert len(quick_calibration) == 1


def test_calibration_for_an_installed_package_is_refused_before_it_is_computed(
    quick_calibration, monkeypatch, tmp_path, capsys
):
    import replication.analysis

    installed = tmp_path / "site-packages" / "replication" / "analysis" / "__init__.py"
    monkeypatch.setattr(replication.analysis, "__file__", str(installed))
    assert main(["calibrate", "--ship", "--results", str(tmp_path)]) == 2
    assert "--ship" in capsys.readouterr().err
    assert quick_calibration == []


def test_folder_that_takes_no_file_is_noticed_before_the_calibration(
    quick_calibration, tmp_path, capsys
):
    (tmp_path / "results").touch()
    assert main(["calibrate", "--results", str(tmp_path / "results")]) == 74
    assert quick_calibration == []
    assert capsys.readouterr().err.count("\n") == 1
