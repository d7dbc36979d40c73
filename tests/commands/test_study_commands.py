"""The commands on one study, as a user types them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from replication import PAPER
from replication.cli import main
from replication.cli.study_commands import describe_verdict
from replication.errors import UsageError
from replication.simulator.ensemble import simulate


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    """Run a command that must succeed; return what it wrote."""
    assert main(words) == 0
    captured = capsys.readouterr()
    return captured.out, captured.err


def read_digest(text: str) -> str:
    found = re.search(r"^digest: ([0-9a-f]{64})$", text, re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("with space") / "résultats"
    command = [sys.executable, "-m", "replication", "replicate", "--seeds", "2000"]
    done = subprocess.run(
        [*command, "--root-seed", "7", "--results", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    # The last two lines say where the report is and its verdict in one sentence.
    report = Path(lines[-2].removeprefix("report: "))
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    summary = json.loads((report.parent / "summary.json").read_text())
    assert lines[-1].startswith(summary["verdict"]["settled"])
    return folder


def test_output_that_is_no_terminal_gets_plain_lines(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "replication", "simulate", "--seeds", "500", "--results", tmp_path],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "500 of 500 networks" in done.stderr
    assert not set(done.stdout + done.stderr) & {"\r", "\x1b", "\b"}


def test_second_run_simulates_nothing(results, capsys) -> None:
    words = ("--root-seed", "7", "--results", str(results))
    out, _ = run(capsys, "simulate", "--seeds", "2000", *words)
    assert "2,000 stored before, 0 simulated now" in out
    out, _ = run(capsys, "simulate", "--seeds", "1500", *words)
    assert "0 simulated now" in out


def test_more_seeds_simulate_only_the_missing_ones(tmp_path, capsys) -> None:
    steps, once = str(tmp_path / "steps"), str(tmp_path / "once")
    run(capsys, "simulate", "--seeds", "700", "--results", steps)
    out, _ = run(capsys, "simulate", "--seeds", "3000", "--results", steps)
    assert "700 stored before, 2,300 simulated now" in out
    fresh, _ = run(capsys, "simulate", "--seeds", "3000", "--results", once, "--jobs", "1")
    assert read_digest(out) == read_digest(fresh)


def test_root_seed_protocol_and_set_give_other_outcomes(tmp_path, capsys) -> None:
    file = tmp_path / "gentle.toml"
    file.write_text("learning_rate = 15\n")
    common = ("simulate", "--seeds", "300", "--results", str(tmp_path / "r"))
    digests = [
        read_digest(run(capsys, *common, *words)[0])
        for words in (
            (),
            ("--root-seed", "7"),
            ("--protocol", str(file)),
            ("--set", "learning_rate=15"),
            ("--protocol", str(file), "--set", "learning_rate=20"),
        )
    ]
    assert digests[2] == digests[3]  # the file and --set say the same
    assert digests[4] == digests[0]  # --set comes last
    assert len(set(digests)) == 3


def test_steps_make_what_replicate_makes(results, tmp_path, capsys) -> None:
    words = ("--seeds", "2000", "--root-seed", "7", "--results", str(tmp_path))
    for command in ("simulate", "analyse", "report"):
        run(capsys, command, *words)
    made = sorted(p.relative_to(tmp_path) for p in (tmp_path / "studies").rglob("*") if p.is_file())
    assert "report.html" in {path.name for path in made}
    for name in made:
        assert (tmp_path / name).read_bytes() == (results / name).read_bytes(), name


def test_trace_ends_at_the_outcome(capsys) -> None:
    outcomes = simulate(PAPER, n_seeds=4)
    for seed in range(4):
        out, err = run(capsys, "trace", str(seed))
        rows = list(csv.DictReader(io.StringIO(out)))
        assert int(rows[-1]["update"]) == outcomes.updates[seed] == len(rows) - 1
        assert float(rows[-1]["error"]) < PAPER.threshold <= float(rows[-2]["error"])
        assert f"seed {seed} met the criterion after {outcomes.updates[seed]} updates" in err


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_export_gives_every_outcome_and_a_dictionary(results, tmp_path, capsys, suffix) -> None:
    file = tmp_path / f"outcomes.{suffix}"
    words = ("--seeds", "1500", "--root-seed", "7", "--results", str(results))
    run(capsys, "export", *words, str(file))
    table = pd.read_csv(file) if suffix == "csv" else pd.read_parquet(file)
    expected = simulate(PAPER, n_seeds=1500, root_seed=7)
    assert table["seed"].tolist() == list(range(1500))
    assert table["updates"].tolist() == expected.updates.tolist()
    assert table["converged"].tolist() == expected.converged.tolist()
    dictionary = json.loads((tmp_path / f"outcomes.{suffix}.dictionary.json").read_text())
    assert set(dictionary["columns"]) == set(table.columns)


def test_export_refuses_another_format(results, tmp_path, capsys) -> None:
    words = ("--seeds", "10", "--root-seed", "7", "--results", str(results))
    assert main(["export", *words, str(tmp_path / "x.xlsx")]) == 2
    assert "allowed are names that end in .csv or .parquet" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_export_of_what_is_not_stored_says_what_to_do(tmp_path, capsys) -> None:
    code = main(["export", "--seeds", "10", "--results", str(tmp_path), str(tmp_path / "x.csv")])
    assert code in (65, 74)
    assert "replication simulate" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.csv"))


def test_report_before_analysis_says_what_to_do(tmp_path, capsys) -> None:
    assert main(["report", "--seeds", "10", "--results", str(tmp_path / "none")]) == 65
    assert "replication analyse" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_reproduce_of_another_folder_says_what_is_missing(tmp_path, capsys) -> None:
    assert main(["reproduce", "--results", str(tmp_path)]) == 65
    assert "replication analyse" in capsys.readouterr().err


def test_help_lists_every_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "replication", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("replicate", "simulate", "analyse", "report", "reproduce", "trace", "export"):
        assert re.search(rf"^    {command}\b", done.stdout, re.MULTILINE)


def test_no_command_is_one_line_and_code_2(capsys) -> None:
    assert main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--backend", "foo"),
        ("--backend", "multiprocessing"),
        ("--backend", "dask"),
        ("--scheduler", "tcp://127.0.0.1:1"),
    ],
)
def test_backend_that_cannot_be_used_is_refused_before_anything_is_written(
    tmp_path, capsys, words
) -> None:
    folder = tmp_path / "r"
    assert main(["simulate", "--seeds", "20", "--results", str(folder), *words]) == 2
    assert "allowed are threading, loky, and dask" in capsys.readouterr().err
    assert not folder.exists()


@pytest.mark.parametrize(
    "arguments",
    [{"n_seeds": 0}, {"n_seeds": 2.5}, {"n_seeds": 5, "jobs": 0}, {"n_seeds": 5, "root_seed": -1}],
)
def test_simulate_refuses_numbers_out_of_range(arguments) -> None:
    with pytest.raises(UsageError, match="allowed"):
        simulate(PAPER, **arguments)


def test_verdict_line_says_that_other_root_seeds_disagree() -> None:
    summary = {
        "verdict": {"verdict": "replicated", "settled": "unsettled", "reason": "It lies within."},
        "repetitions": [{"verdict": name} for name in ("replicated", *["not replicated"] * 2)],
    }
    text = describe_verdict(summary)
    assert text == (
        "unsettled: It lies within. That alone would be replicated, but of 3 other root seeds "
        "2 gave another verdict (2 not replicated)."
    )
    summary["verdict"]["settled"] = "replicated"
    summary["repetitions"] = summary["repetitions"][:1]
    assert describe_verdict(summary) == "replicated: It lies within."


def test_study_with_other_than_the_reported_settings_is_not_testable(tmp_path, capsys) -> None:
    words = ("--seeds", "30", "--set", "learning_rate=15", "--results", str(tmp_path))
    run(capsys, "simulate", *words)
    out, _ = run(capsys, "analyse", *words)
    assert "not testable: This study has other settings than those reported" in out
    assert "learning_rate = 15.0" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("simulate", "--seed", "5"), "'--seed' was given, .* (did you mean --seeds?)"),
        (("simulate", "--root-sed=5"), "'--root-sed=5' was given, .* (did you mean --root-seed?)"),
        (("trace", "5", "--seeds", "3"), "'--seeds' was given, which 'replication trace' does not"),
        (("simulate", "5"), "'5' was given, which 'replication simulate' does not know"),
        (("report", "--jobs", "3"), "'--jobs' was given, which 'replication report' does not know"),
        (("analyse", "--backend", "x"), "'--backend' was given, which 'replication analyse' does"),
        (("reproduce", "--backend", "x"), "'--backend' was given, which 'replication reproduce'"),
    ],
)
def test_option_that_a_command_does_not_know_is_named_with_a_near_one(
    words, message, capsys
) -> None:
    assert main(words) == 2
    found = capsys.readouterr().err
    assert re.match(rf"replication: {re.escape(message).replace(re.escape('.*'), '.*')}", found)
    assert found.endswith(f"; see 'replication {words[0]} --help'\n")
    assert ("did you mean" in message) == ("did you mean" in found)


ALL_WITH_RESULTS = (
    "replicate", "simulate", "analyse", "report", "reproduce", "multiverse", "map", "claims",
    "calibrate", "verify", "repair", "info",
)  # fmt: skip


@pytest.mark.parametrize("command", ALL_WITH_RESULTS)
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("file", "it is a file"),
        ("file/below", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_results_that_cannot_be_a_folder_end_with_74(
    tmp_path, monkeypatch, capsys, command, given, reason
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert main([command, "--results", given]) == 74
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == (
        f"replication: --results {given!r} cannot be used ({reason}); give another folder\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_results_without_a_name_are_refused(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", "--seeds", "5", "--results", ""]) == 2
    assert "allowed is a folder" in capsys.readouterr().err
    assert not any(tmp_path.iterdir())


def test_help_lists_every_field_with_its_value(capsys) -> None:
    assert main(["trace", "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for name in PAPER.__dataclass_fields__:
        assert f" {name}=" in text
    assert "regression=0.75" in text


def test_study_of_networks_that_burst_has_its_report(tmp_path, capsys) -> None:
    words = ("--seeds", "20", "--set", "visible_units=linear", "--results", str(tmp_path))
    out, _ = run(capsys, "replicate", *words)
    assert "not testable" in out
    (report,) = tmp_path.glob("studies/*/report.md")
    # What stands for infinity is drawn, not told.
    assert "1 000 000 000" not in report.read_text(encoding="utf-8").replace("\u202f", " ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_full_stderr_stops_no_study(tmp_path) -> None:
    words = ("simulate", "--seeds", "20", "--results", str(tmp_path))
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "replication", *words],
            stdout=subprocess.PIPE,
            stderr=full,
            text=True,
            check=False,
        )
    assert done.returncode == 0
    assert len(list(tmp_path.glob("outcomes/*/*"))) == 6


def test_pdf_of_an_earlier_report_is_pointed_out(tmp_path, capsys) -> None:
    words = ("replicate", "--seeds", "20", "--root-seed", "7", "--results", str(tmp_path))
    run(capsys, *words)
    (folder,) = tmp_path.glob("studies/*")
    (folder / "report.pdf").write_bytes(b"%PDF")
    assert "earlier report" not in run(capsys, *words)[1], "the report is the same"
    (folder / "report.html").write_text("another")
    assert f"{folder / 'report.pdf'} is of an earlier report" in run(capsys, *words)[1]


@pytest.mark.parametrize("command", ["replicate", "report"])
def test_pdf_without_its_package_is_refused_before_any_work(
    tmp_path, monkeypatch, capsys, command
) -> None:
    monkeypatch.setattr("replication.publication.importlib.util.find_spec", lambda _: None)
    words = (command, "--seeds", "20", "--pdf", "--results", str(tmp_path / "r"))
    assert main(words) == 2
    assert "pip install 'replication[article]'" in capsys.readouterr().err
    assert not (tmp_path / "r").exists()
