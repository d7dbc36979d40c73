"""A results folder: which study stands where, its models, and its report made twice."""

import dataclasses
import math
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from replication import PAPER, Protocol, experiments
from replication.errors import DataError, StorageError
from replication.experiments import EXPERIMENTS, find_version, list_measurements
from replication.paper.claims import load_claims
from replication.paper.study import DEFAULT_ROOT_SEED, DEFAULT_SEEDS, Study
from replication.publication import publishing
from replication.publication.models import read_model, round_numbers, write_model
from replication.publication.placing import find_damaged
from replication.simulator.rule.recirculation import RecirculationNetwork
from tests.reliability import faults

ROOT = Path(__file__).parents[3]


UNDECIDED = {"value": None, "interval": None, "outcome": "undecided"}


def make_current(name):
    """Return a model of the version of now that has measured nothing."""
    claims = {
        statement: {"verdict": "open", "operationalisations": dict.fromkeys(ways, UNDECIDED)}
        for statement, ways in list_measurements(name).items()
    }
    return {"version": find_version(name), "claims": claims}


def test_verdicts_are_counted_over_all_models():
    models = {
        "codes": {"claims": {"good-codes": {"verdict": "holds"}}},
        "sizes": {"claims": {"loops": {"verdict": "holds only if"}, "one": {"verdict": "holds"}}},
        "live": {"networks": {}},
    }
    assert publishing.count_verdicts(models) == {"holds": 2, "holds only if": 1}


def test_only_the_default_study_writes_into_the_results_folder(tmp_path):
    default = Study(PAPER, 1988, 1_000_000, tmp_path)
    assert default.folder == tmp_path
    for name, value in (("n_seeds", 7), ("root_seed", 7), ("protocol", Protocol(momentum=0.5))):
        other = dataclasses.replace(default, **{name: value})
        assert other.folder.parent == tmp_path / "studies"


def test_a_study_is_replicated_and_what_is_damaged_made_again(tmp_path, capsys):
    study = Study(PAPER, 7, 1000, tmp_path / "with space" / "résultats")
    done = faults.call("replicate", *study.options.split(), "--results", study.results)
    assert (done.returncode, done.stderr.count("replication: ")) == (0, 0)
    *lines, last = done.stdout.splitlines()
    assert "of 1,000 networks within 2,000 updates" in lines[0]
    assert {"converged", "mean", "p", "verdict"} <= {line.split()[0] for line in lines}
    assert last.endswith(str(study.folder / "report.html"))

    # All that was made is damaged or removed, and made again.
    before = faults.read_files(study.folder)
    assert {path.suffix for path in before} >= {".html", ".md", ".pdf", ".svg", ".json"}
    path = study.folder / "models" / "headline.json"
    path.write_bytes(path.read_bytes()[:-9])
    (study.folder / "report.pdf").write_bytes(b"")
    figure, *figures = (study.folder / "figures").iterdir()
    for path in [study.folder / "report.md", figure, *figures]:
        path.unlink()
    figure.symlink_to(study.folder / "report.html")
    assert {"report.md", "report.pdf"} < {*find_damaged(study.folder)}
    done = faults.call("report", *study.options.split(), "--results", study.results)
    assert done.returncode == 0
    assert faults.read_files(study.folder) == before


def test_missing_experiments_are_announced_at_first_or_left_out(monkeypatch, tmp_path):
    done = []
    monkeypatch.setattr(publishing, "count_parts", lambda *_, **__: done.append("networks"))
    monkeypatch.setattr(publishing, "keep_counts", lambda *_: None)
    monkeypatch.setattr(publishing, "write_report", lambda *_, **__: {})
    monkeypatch.setattr(publishing, "run_experiments", lambda names, *_, **__: done.extend(names))
    study = Study(PAPER, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, tmp_path)
    run = partial(publishing.replicate_study, study, report_progress=done.append)
    write_model(tmp_path, "codes", make_current("codes"))
    run(experiments=False)
    assert done == ["networks"]
    write_model(tmp_path, "rule", {"version": "of before"})
    with pytest.raises(DataError, match="models of rule .* run `replication replicate`"):
        publishing.read_current(tmp_path)
    (tmp_path / "models" / "speed.json").write_text("{}")
    done.clear()
    run(experiments=True)
    said, *rest = done
    assert said.startswith(
        f"{len(EXPERIMENTS) - 1} experiments will run after the networks: about "
    )
    assert rest == ["networks", *(name for name in EXPERIMENTS if name != "codes")]


def test_a_report_draws_from_the_counts_that_are_there_and_believes_no_others(
    tmp_path, monkeypatch
):
    study = Study(PAPER, 7, 50, tmp_path)
    counted = publishing.count_parts(study)
    assert publishing.read_counts(study) == {}
    publishing.keep_counts(study, counted)
    assert publishing.read_counts(study) == counted
    assert next(iter(counted)) == study
    # Of other networks, or of a rule that was edited since.
    path = tmp_path / "studies" / f"{PAPER.id}-7-50" / "models" / "counts.json"
    other = Study(PAPER, 8, 50, tmp_path)
    (other.folder / "models").mkdir(parents=True)
    shutil.copy(path, other.folder / "models")
    assert publishing.read_counts(other) == {}
    with monkeypatch.context() as patch:
        patch.setattr(RecirculationNetwork, "weight_changes", learn_less)
        assert publishing.read_counts(study) == {}
    assert publishing.read_counts(study) == counted
    path.write_text(path.read_text().replace('"n_censored": 0', '"n_censored": 1', 1))
    assert publishing.read_counts(study) == {}, "it is damaged"
    path.unlink()
    monkeypatch.setattr(publishing, "MOST_COUNTS", 10)
    publishing.keep_counts(study, counted)
    assert not path.exists()


LEARN = RecirculationNetwork.weight_changes


def learn_less(self, v0):
    return self._name([0.5 * change for change in LEARN(self, v0)])


@pytest.mark.parametrize("content", ["", "[1]", "[" * 100_000, '{"a": 0.5}', None], ids=type)
def test_damaged_model_is_named_before_it_is_used(tmp_path, content):
    """Once 60 of 110 random edits went into the report."""
    write_model(tmp_path, "codes", {"a": 0.5, "b": [1, "x"]})
    path = tmp_path / "models" / "codes.json"
    path.write_text(content or path.read_text().replace(" ", ""))
    with pytest.raises(DataError, match=r"codes\.json' is damaged; `replication replicate` ma"):
        read_model(tmp_path, "codes")


def test_what_is_none_of_our_models_is_set_aside_and_no_link_written_through(tmp_path):
    """Once `experiments` wrote over a file models/speed.json of the user's own."""
    models = tmp_path / "models"
    (models / "codes.json").mkdir(parents=True)
    (models / "codes.json" / "mine").write_text("mine")
    (models / "speed.json").write_text('{"mine": 1}')
    for name in ("codes", "speed", "speed"):
        write_model(tmp_path, name, {"a": 1})
    # A folder and a file in the way get another name; a second model of ours does not.
    (aside,) = models.glob("codes.json.set-aside-*/*")
    (kept,) = models.glob("speed.json.set-aside-*")
    assert (aside.read_text(), kept.read_text()) == ("mine", '{"mine": 1}')
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "models").symlink_to(models)
    with pytest.raises(StorageError, match="is a link, and nothing is written there; put a folder"):
        write_model(tmp_path / "linked", "codes", {"a": 2})
    assert read_model(tmp_path, "codes") == {"a": 1}


def test_no_report_is_written_through_a_link(tmp_path, monkeypatch):
    """Once a report was written, and a lock left, wherever `studies` led."""
    monkeypatch.setattr("replication.experiments.headline.run.run", lambda *_, **__: {"a": 1})
    study = Study(PAPER, 7, 3, tmp_path / "results")
    elsewhere = tmp_path / "elsewhere"
    study.folder.parent.mkdir(parents=True)
    elsewhere.mkdir()
    study.folder.symlink_to(elsewhere)
    with pytest.raises(StorageError, match=f"{study.folder}' is a link, and nothing is written"):
        publishing.replicate_study(study)
    assert list(elsewhere.iterdir()) == []


def test_the_committed_models_are_as_they_were_written():
    assert find_damaged(ROOT / "results") == []
    models = (ROOT / "results" / "models").glob("*.json")
    assert all(read_model(ROOT / "results", path.stem) for path in models)


def test_model_keeps_six_significant_digits_and_no_number_that_is_none(tmp_path):
    written = write_model(tmp_path, "x", {"a": 1 / 3, "b": [np.float64(2e6 / 3)]})
    assert written == {"a": 0.333333, "b": [666667.0]}
    assert read_model(tmp_path, "x") == written
    for value in (math.inf, [np.float64("nan")]):
        with pytest.raises(ValueError, match="Out of range float values"):
            round_numbers({"a": value})


def test_models_of_another_ledger_are_named_and_not_rendered(monkeypatch, tmp_path):
    for name in EXPERIMENTS:
        write_model(tmp_path, name, make_current(name))
    assert publishing.read_current(tmp_path).keys() == EXPERIMENTS.keys()
    before, codes = find_version("codes"), load_claims()["good-codes"]
    first, *others = codes.operationalisations
    # The words of one way to ask do not count, its threshold does.
    for changed in ({"name": "otherwise"}, {"thresholds": {"at_least": 0.9}}):
        ways = (dataclasses.replace(first, **changed), *others)
        claim = dataclasses.replace(codes, operationalisations=ways)
        claims = load_claims() | {"good-codes": claim}
        monkeypatch.setattr(experiments, "load_claims", claims.copy)
        assert (find_version("codes") == before) == ("name" in changed)
    with pytest.raises(DataError, match=r"models of codes .* run `replication replicate`"):
        publishing.read_current(tmp_path)
