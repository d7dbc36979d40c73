"""replicate, simulate, report, trace, export and multiverse, as a user types them."""

from __future__ import annotations

import csv
import io
import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from replication import PAPER, publication
from replication.cli import main
from replication.experiments import EXPERIMENTS
from replication.simulator.ensemble import simulate
from tests.reliability.faults import assert_clean, call

COMMANDS = (
    "replicate", "simulate", "report", "experiments", "multiverse", "compare", "trace", "export",
    "info", "verify", "repair",
)  # fmt: skip
STUDY = ("--seeds", 2000, "--root-seed", 7)


def read_digest(text):
    return re.search(r"^digest: ([0-9a-f]{64})$", text, re.MULTILINE)[1]


@pytest.fixture(scope="module")
def replicated(tmp_path_factory):
    """A folder with a study and its report, and what the command has said."""
    folder = tmp_path_factory.mktemp("with space") / "résultats"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publication, "FORMATS", ("html", "md"))
        done = call("replicate", *STUDY, "--results", folder)
    assert_clean(done, 0)
    return folder, done.stdout


@pytest.fixture
def results(replicated):
    return replicated[0]


def list_files(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_last_lines_say_what_a_person_wants_to_know(replicated):
    results, text = replicated
    lines = text.splitlines()
    assert "2,000 networks" in text
    assert re.search(r"48\b", text)
    assert re.search(r"202\b", text)
    assert any(line.startswith("verdict") for line in lines)
    (report,) = results.glob("studies/*/report.html")
    assert lines[-1].endswith(str(report))
    assert report.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (("--seeds", 1000, "--set", "max_updates=202"),
         "not testable: networks are stopped after 202 updates, and the paper's largest count"),
        (("--seeds", 20), "too few to tell: give at least 1,000 with --seeds"),
        (("--seeds", 1000, "--set", "learning_rate=40"), "not testable: other settings than the"),
    ],
)  # fmt: skip
def test_study_that_cannot_judge_the_paper_says_why(tmp_path, monkeypatch, run, words, verdict):
    monkeypatch.setattr(publication, "FORMATS", ("html", "md"))
    monkeypatch.setattr(publication, "N_REPETITIONS", 0)
    text = run("replicate", *words, "--results", tmp_path)
    (line,) = [line for line in text.splitlines() if line.startswith("verdict")]
    assert line.split(maxsplit=1)[1].startswith(verdict)
    if "not testable" in verdict:
        assert re.search("^p ", text, re.MULTILINE) is None, "a p that judges nothing"
    if "learning_rate=40" in words:
        assert "if all converge (probability" in text


def test_more_seeds_simulate_only_the_missing_ones(tmp_path, run):
    run("simulate", "--seeds", 700, "--results", tmp_path / "steps")
    extended = run("simulate", "--seeds", 3000, "--results", tmp_path / "steps")
    assert "700 stored before, 2,300 simulated now" in extended
    fresh = run("simulate", "--seeds", 3000, "--results", tmp_path / "once", "--jobs", 1)
    assert read_digest(extended) == read_digest(fresh)
    again = run("simulate", "--seeds", 1500, "--results", tmp_path / "once")
    assert "1,500 stored before, 0 simulated now" in again


def test_root_seed_protocol_and_set_give_other_outcomes(tmp_path, run):
    file = tmp_path / "gentle.toml"
    file.write_text("learning_rate = 15\n")
    common = ("simulate", "--seeds", 300, "--results", tmp_path / "r")
    base, other_seed, from_file, from_set, both, named = (
        read_digest(run(*common, *words))
        for words in (
            (),
            ("--root-seed", 7),
            ("--protocol", file),
            ("--set", "learning_rate=15"),
            ("--protocol", file, "--set", "learning_rate=20"),
            ("--protocol", "notebook"),
        )
    )
    assert from_file == from_set
    assert both == base, "--set comes last"
    assert len({base, other_seed, from_file, named}) == 4


def test_trace_ends_at_the_outcome(run):
    outcomes = simulate(PAPER, n_seeds=4)
    for seed in range(4):
        rows = list(csv.DictReader(io.StringIO(run("trace", seed))))
        assert int(rows[-1]["update"]) == outcomes.updates[seed] == len(rows) - 1
        assert float(rows[-1]["error"]) < PAPER.threshold <= float(rows[-2]["error"])


def test_export_gives_every_outcome_and_a_dictionary(results, tmp_path, run):
    file = tmp_path / "outcomes.csv"
    study = ("--seeds", 1500, "--root-seed", 7, "--results", results)
    run("export", *study, file)
    table = pd.read_csv(file)
    expected = simulate(PAPER, n_seeds=1500, root_seed=7)
    assert table["seed"].tolist() == list(range(1500))
    assert table["updates"].tolist() == expected.updates.tolist()
    assert table["converged"].tolist() == expected.converged.tolist()
    dictionary = json.loads((tmp_path / "outcomes.csv.dictionary.json").read_text())
    assert dictionary["root_seed"] == 7
    assert dictionary["protocol"]["regression"] == 0.75


def test_export_of_what_is_not_stored_gives_the_command_that_makes_it(tmp_path, refuse, run):
    words = ("--seeds", 10, "--set", "initial_biases=zero", "--set", "group_sizes=[3, 2]")
    where = ("--results", tmp_path / "results")
    message = refuse(74, "export", *words, *where, tmp_path / "x.csv")
    assert not list(tmp_path.glob("*.csv"))
    command = re.search(r"`replication (.*)`", message)[1]
    run(*shlex.split(command), *where)
    run("export", *words, *where, tmp_path / "x.csv")


def test_report_of_what_is_not_stored_says_what_to_do(tmp_path, capsys):
    assert main(["report", "--seeds", "10", "--results", str(tmp_path / "none")]) in (65, 74)
    assert "replication " in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "none").exists()


def test_readings_of_ones_own_are_compared_in_a_table(tmp_path, run):
    own = tmp_path / "own.toml"
    own.write_text("[factors]\nlearning_rate = [20, 25]\nthreshold = [0.1, 0.2]\n")
    words = ("multiverse", "--file", own, "--seeds", 1000, "--results", tmp_path / "r")
    text = run(*words, "--jobs", 1)
    assert "learning_rate = 25.0, threshold = 0.2: " in text
    assert "of 4 readings not rejected at 5 %" in text
    files = list_files(tmp_path / "r" / "studies")
    (table,) = (tmp_path / "r" / "studies").glob("*/multiverse.csv")
    assert len(pd.read_csv(table)) == 4
    assert run(*words, "--jobs", 2) == text
    assert list_files(tmp_path / "r" / "studies") == files


@pytest.mark.parametrize(
    "content", ["[factors]\nthreshold = [100, 50]\n", "[factors]\nmax_updates = [1, 2]\n"]
)
def test_readings_at_the_edge_are_compared_too(tmp_path, run, content):
    (tmp_path / "own.toml").write_text(content, encoding="utf-8")
    words = ("--file", tmp_path / "own.toml", "--seeds", 1000, "--results", tmp_path / "results")
    assert "not rejected at 5 %" in run("multiverse", *words)


def test_an_unknown_experiment_is_answered_with_the_list(tmp_path, refuse):
    message = refuse(2, "experiments", "sped", "--results", tmp_path)
    assert "'sped'" in message
    assert all(name in message for name in EXPERIMENTS)


def test_experiments_say_where_their_models_stand(tmp_path, monkeypatch, run):
    monkeypatch.setattr("replication.publication.run_experiment", lambda name, **_: {"name": name})
    text = run("experiments", "speed", "codes", "--results", tmp_path)
    models = [path for path in map(Path, text.splitlines()) if path.exists()]
    assert {path.name for path in models} == {"speed.json", "codes.json"}
    assert len(models) == len(text.splitlines())


def test_help_lists_every_command(run):
    text = run("--help")
    assert [word for word in COMMANDS if not re.search(rf"^    {word}\b", text, re.MULTILINE)] == []


def test_help_lists_every_field_with_its_value(run):
    text = " ".join(run("trace", "--help").split())
    assert [name for name in PAPER.__dataclass_fields__ if f" {name}=" not in text] == []
    assert "regression=0.75" in text


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        (("-m", "replication", "--help"), 0.25),
        (("-m", "replication", "simulate", "--set", "learning_rate=0"), 0.25),
        (("-c", "import replication"), 0.1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
@pytest.mark.alone
def test_help_and_refusals_come_at_once(tmp_path, words, seconds):
    """Time of the interpreter itself is taken off; the best of five counts."""

    def measure(*arguments):
        times = []
        for _ in range(5):
            begun = time.perf_counter()
            subprocess.run(
                [sys.executable, *arguments], capture_output=True, check=False, cwd=tmp_path
            )
            times.append(time.perf_counter() - begun)
        return min(times)

    assert measure(*words) - measure("-c", "pass") < seconds


@pytest.mark.parametrize(
    ("words", "nearest"),
    [
        (("simulate", "--seed", 5), "--seeds"),
        (("simulate", "--root-sed=5"), "--root-seed"),
        (("trace", 5, "--seeds", 3), None),
        (("simulate", 5), None),
    ],
)
def test_an_option_that_a_command_does_not_know_is_named_with_a_near_one(words, nearest, refuse):
    message = refuse(2, *words)
    assert f"which 'replication {words[0]}' does not know" in message
    assert (f"did you mean {nearest}?" in message) == (nearest is not None)
    assert message.endswith(f"see 'replication {words[0]} --help'")


@pytest.mark.parametrize(
    "words",
    [
        ("--backend", "multiprocessing"),
        ("--backend", "dask"),
        ("--scheduler", "tcp://127.0.0.1:1"),
    ],
)
def test_a_backend_that_cannot_be_used_is_refused_with_those_that_can(tmp_path, refuse, words):
    message = refuse(2, "simulate", "--seeds", 20, "--results", tmp_path / "r", *words)
    assert "allowed are threading, and dask" in message
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("command", ["simulate", "verify"])
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("file", "it is a file"),
        ("file/below", "Not a directory"),
        ("x" * 300, "File name too long"),
    ],
)
def test_results_that_cannot_be_a_folder_end_with_74(
    tmp_path, monkeypatch, refuse, command, given, reason
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    assert f"cannot be used ({reason})" in refuse(74, command, "--results", given)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_results_without_a_name_are_refused(tmp_path, monkeypatch, refuse):
    monkeypatch.chdir(tmp_path)
    assert "allowed is a folder" in refuse(2, "simulate", "--seeds", 5, "--results", "")
    assert not any(tmp_path.iterdir())
