"""The commands ``multiverse`` and ``map`` as a user types them."""

import json

import pytest

from replication.cli import main
from replication.multiverse import readings as readings_module
from replication.multiverse import survey
from replication.protocol import PAPER
from replication.store import Store

OWN = "[factors]\nlearning_rate = [20, 25]\nupdate_schedule = ['batch', 'per-pattern']\n"


@pytest.fixture
def own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


def run(*arguments):
    return main([str(argument) for argument in arguments])


def find_outputs(results):
    return {path.name: path for path in results.glob("studies/multiverse-*/*") if path.is_file()}


def test_own_file_gives_all_outputs_beside_the_main_study(own, tmp_path, capsys):
    results = tmp_path / "results"
    assert run("multiverse", "--file", own, "--seeds", 60, "--results", results) == 0
    outputs = find_outputs(results)
    assert {
        "multiverse.json", "multiverse.csv", "multiverse.parquet", "multiverse.dictionary.json",
        "report.html", "report.md",
    } <= set(outputs)  # fmt: skip
    assert not (results / "multiverse.json").exists()
    model = json.loads(outputs["multiverse.json"].read_text(encoding="utf-8"))
    assert (model["n_readings"], model["n_seeds"], model["name"]) == (4, 60, "own")
    assert model["protocol_ids"][0] == PAPER.id
    assert len(outputs["multiverse.csv"].read_text(encoding="utf-8").splitlines()) == 5
    printed = capsys.readouterr().out
    assert "4 readings of 60 networks" in printed
    assert "readings make 48 likely" in printed


@pytest.mark.parametrize(
    "text",
    [
        # One reading makes a mean of 100 runs near 48 impossible in some tenths of the seeds.
        "[[readings]]\n[[readings]]\nlearning_rate = 3.0\n",
        "[factors]\nthreshold = [100, 50]\n",
        "[factors]\nmax_updates = [1, 2]\n",
        "[factors]\nvisible_units = ['linear', 'logistic']\n",
        "[factors]\npatterns = [[[1, 0, 0, 0], [0, 1, 0, 0]], [[1, 0, 0, 0], [0, 1, 1, 0]]]\n",
    ],
)
def test_readings_at_the_edge_have_their_report(tmp_path, text):
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    words = ("--file", tmp_path / "own.toml", "--seeds", 40, "--results", tmp_path / "results")
    assert run("multiverse", *words) == 0
    assert find_outputs(tmp_path / "results")["report.html"].stat().st_size > 10_000


def test_second_run_simulates_nothing_and_writes_the_same_bytes(own, tmp_path, capsys):
    results = tmp_path / "results"
    arguments = ("multiverse", "--file", own, "--seeds", 60, "--results", results)
    assert run(*arguments) == 0
    first = {name: path.read_bytes() for name, path in find_outputs(results).items()}
    capsys.readouterr()
    assert run(*arguments) == 0
    assert "0 networks simulated" in capsys.readouterr().out
    assert {name: path.read_bytes() for name, path in find_outputs(results).items()} == first


def test_jobs_change_nothing(own, tmp_path):
    models = []
    for jobs in (1, 2):
        results = tmp_path / str(jobs)
        assert (
            run("multiverse", "--file", own, "--seeds", 60, "--jobs", jobs, "--results", results)
            == 0
        )
        models.append(find_outputs(results)["multiverse.json"].read_bytes())
    assert models[0] == models[1]


def test_default_grid_of_another_size_leaves_the_committed_results_alone(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(readings_module, "OPEN_CHOICES", {"initial_biases": ("drawn", "zero")})
    assert run("multiverse", "--seeds", 40, "--results", tmp_path) == 0
    assert (tmp_path / "studies" / "multiverse-1988-40" / "multiverse.json").exists()
    assert not (tmp_path / "multiverse.json").exists()


def test_networks_of_the_main_study_are_used_again(own, tmp_path, capsys):
    assert run("simulate", "--seeds", 60, "--results", tmp_path) == 0
    capsys.readouterr()
    assert run("multiverse", "--file", own, "--seeds", 60, "--results", tmp_path) == 0
    assert "180 networks simulated" in capsys.readouterr().out
    assert Store(tmp_path).missing(PAPER, 1988, 60) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[factors]\nlearning_rat = [1]", "did you mean 'learning_rate'"),
        ("[factors]\nlearning_rate = []", "empty list"),
        (f"[factors]\nmax_updates = {list(range(1, 1002))}", "1001 readings"),
    ],
)
def test_wrong_file_ends_with_code_2_and_one_line(text, message, tmp_path, capsys):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    assert run("multiverse", "--file", path, "--results", tmp_path / "results") == 2
    error = capsys.readouterr().err
    assert message in error
    assert len(error.splitlines()) == 1
    assert not (tmp_path / "results").exists()


def test_missing_file_ends_with_code_74(tmp_path):
    assert run("multiverse", "--file", tmp_path / "none.toml") == 74


@pytest.mark.parametrize("seeds", ["0", "39", "ten", "99999999999"])
def test_wrong_number_of_seeds_is_refused(seeds, tmp_path, capsys):
    assert run("multiverse", "--seeds", seeds, "--results", tmp_path) == 2
    assert "--seeds" in capsys.readouterr().err


def test_too_many_networks_for_the_memory_are_refused_before_they_are_simulated(tmp_path, capsys):
    assert run("multiverse", "--seeds", 10_000_000, "--results", tmp_path / "results") == 2
    assert "give fewer --seeds" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_map_writes_its_model_and_says_what_is_fastest(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(survey, "LEARNING_RATES", (10.0, 20.0))
    monkeypatch.setattr(survey, "REGRESSIONS", (0.5, 0.75))
    monkeypatch.setattr(
        survey, "CURVES", {"learning_rate": (10.0, 20.0), "half_width": (0.1, 0.5, 1.0)}
    )
    arguments = ("map", "--seeds", 60, "--results", tmp_path)
    assert run(*arguments) == 0
    path = tmp_path / "studies" / "map-1988-60" / "map.json"
    first = path.read_bytes()
    assert run(*arguments) == 0
    assert path.read_bytes() == first
    assert (path.parent / "report.html").exists()
    printed = capsys.readouterr().out
    assert "fastest with restarts: learning rate" in printed
    assert "the paper's 20 and 0.75" in printed
