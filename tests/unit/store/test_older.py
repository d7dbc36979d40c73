"""A store of an earlier version is explained and left alone: never read as new, never lost.

``schema_1/`` holds a study of 30 networks as version 0.1.0 wrote it before the base
reading became the paper's: records between the blocks, and a summed error.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from replication.cli import main
from replication.protocol import NOTEBOOK, PAPER
from replication.store import Store, check_study, manifest_path
from replication.store.files import render_record
from tests.unit.store.invented import fill

OLDER = Path(__file__).parent / "schema_1"
STUDY = "44136fa355b3678a/1988"


@pytest.fixture
def results(tmp_path):
    shutil.copytree(OLDER, tmp_path / "results" / "outcomes")
    return tmp_path / "results"


def read_older(results):
    folder = results / "outcomes" / STUDY
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_is_recognised_and_no_study_of_this_version(results):
    store = Store(results)
    assert store.studies() == []
    (older,) = store.older_studies()
    assert older.path == results / "outcomes" / STUDY
    assert (older.root_seed, older.n_networks, older.versions) == (1988, 30, ("0.1.0",))
    assert older.protocol == NOTEBOOK, "what was simulated then has a name now"


@pytest.mark.parametrize("protocol", [PAPER, NOTEBOOK])
def test_it_is_never_read_as_a_study_of_this_version(results, protocol):
    store = Store(results)
    assert store.missing(protocol, 1988, 30) == [(0, 30)]
    before = read_older(results)
    fill(store, 60, protocol=protocol)
    assert read_older(results) == before
    assert check_study(store.study_folder(protocol, 1988)).faults == ()


@pytest.mark.parametrize(
    "words", [["info"], ["verify"], ["repair"], ["simulate", "--seeds", "20"]], ids=lambda w: w[0]
)
def test_commands_explain_it_and_leave_it_alone(results, capsys, words):
    before = read_older(results)
    assert main([*words, "--results", str(results)]) == 0
    output = capsys.readouterr()
    assert "of an earlier version" in output.out + output.err
    assert "left alone" in output.out + output.err
    assert read_older(results) == before


def test_info_says_what_it_holds(results, capsys):
    assert main(["info", "--results", str(results)]) == 0
    text = capsys.readouterr().out
    assert f"study {STUDY}, of an earlier version" in text
    assert 'criterion = "half-squared-error"' in text
    assert "30 networks" in text
    assert main(["info", "--json", "--results", str(results)]) == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["older"]
    assert entry["n_networks"] == 30


def test_a_study_of_an_earlier_base_reading_is_older_too(tmp_path):
    """The paper's values have been other ones before, and may have to change again."""
    store = Store(tmp_path)
    folder = fill(store, 20)
    record = json.loads(manifest_path(folder).read_bytes())
    del record["sha256"]
    manifest_path(folder).write_bytes(render_record({**record, "base": 1}))
    assert store.studies() == []
    (older,) = store.older_studies()
    assert older.n_networks == 20


def test_a_damaged_one_is_listed_all_the_same(results):
    (results / "outcomes" / STUDY / "manifest.json").write_text("[")
    (older,) = Store(results).older_studies()
    assert (older.n_networks, older.protocol, older.versions) == (None, None, ())
