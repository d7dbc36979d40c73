"""The store keeps what it was given, says what is missing, and lets other programs read it."""

import dataclasses
import json
import os
import stat
import time
from unittest import mock

import pandas as pd
import pyarrow.parquet as pq
import pytest

from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.errors import DataError, StorageError
from replication.simulator.outcomes import compute_digest
from replication.store.blocks import find_blocks
from replication.store.folders import (
    StudyFolder,
    compute_study_digest,
    find_missing,
    list_other_versions,
    list_study_folders,
)
from replication.system.files import write_durably
from tests.unit.store.invented import fill, invent


@pytest.fixture
def study(tmp_path):
    return Study(PAPER, 1988, 60, tmp_path / "results")


def test_an_empty_store_misses_everything_and_makes_no_folder(study):
    assert list_study_folders(study.results) == list_other_versions(study.results) == []
    assert find_missing(study) == [(0, 60)]
    assert not study.results.exists()


def test_missing_seeds_are_those_of_the_study_also_where_larger_ones_are_stored(study):
    for block in find_blocks(fill(study.results, 50).path)[:2]:
        block.path.unlink()
    for n_seeds, missing in ((30, [(0, 30)]), (45, [(0, 40)]), (60, [(0, 40), (50, 60)])):
        assert find_missing(dataclasses.replace(study, n_seeds=n_seeds)) == missing


@pytest.mark.parametrize(("place", "seed"), [(0, 0), (1, 20), (2, 40)])
def test_the_first_seed_that_is_missing_is_named(study, place, seed):
    folder = fill(study.results, 50)
    with pytest.raises(DataError, match="outcome of seed 50 is not in .*`replication simulate --s"):
        compute_study_digest(study)
    find_blocks(folder.path)[place].path.unlink()
    with pytest.raises(DataError, match=f"outcome of seed {seed} is not in"):
        compute_study_digest(study)


def test_other_programs_read_the_folder_of_a_study_as_it_is(study):
    """A block says what it is and how it was made."""
    for n_seeds in (50, 60):
        folder = fill(study.results, n_seeds).path
    table = pd.read_parquet(folder)
    assert table["seed"].tolist() == list(range(60))
    assert table["updates"].tolist() == invent(0, 60).updates.tolist()
    assert table["converged"].tolist() == invent(0, 60).converged.tolist()
    assert {path.suffix for path in folder.parent.rglob("*.*")} == {".parquet"}
    metadata = pq.read_metadata(find_blocks(folder)[1].path).metadata
    header = json.loads(metadata[b"replication"])
    assert header["protocol"]["regression"] == 0.75
    assert (header["root_seed"], header["start"], header["stop"]) == (1988, 20, 40)
    assert {"python", "numpy", "pyarrow", "platform"} <= set(header["made_with"])


def test_a_writer_removes_what_a_kill_left_a_day_ago_and_nothing_else(study):
    folder = fill(study.results, 20).path
    other = fill(study.results, 20, root_seed=7).path
    name = ".replication-0123456789abcdef.part"
    left, kept = folder / name, [folder / "notes.txt", folder / ".mine.part", other / name]
    for path in (left, *kept):
        path.write_bytes(b"x")
    kept.append(folder / ".replication-ffffffffffffffff.part")
    kept[-1].mkdir()
    fill(study.results, 21)
    assert left.exists(), "another process may be writing it"
    yesterday = time.time() - 86_500
    for path in (left, *kept):
        os.utime(path, (yesterday, yesterday))
    fill(study.results, 22)
    assert not left.exists()
    assert all(path.exists() for path in kept)


def test_a_folder_that_is_no_study_is_not_listed(study):
    place = StudyFolder.of(study).path.parents[1]
    for name in ("notes", "٥", "5x", "05", f"{2**63}"):
        (place / PAPER.id / name).mkdir(parents=True)
    (place / "notes" / "5").mkdir(parents=True)
    (place / PAPER.id / "6").write_text("")
    assert list_study_folders(study.results) == []


@pytest.mark.parametrize("place", ["outcomes", "outcomes/4.1", f"outcomes/4.1/{PAPER.id}/1988"])
@pytest.mark.parametrize("kind", ["link", "nowhere", "file"])
def test_nothing_is_written_where_no_folder_of_ours_is(study, tmp_path, place, kind):
    """Once a report and a lock were written through a link."""
    path, elsewhere = study.results / place, tmp_path / "elsewhere"
    path.parent.mkdir(parents=True)
    elsewhere.mkdir()
    if kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(elsewhere if kind == "link" else tmp_path / "nowhere")
    what = "a link" if kind == "link" else "no folder"
    with pytest.raises(StorageError, match=rf"'{path}' is {what}, and nothing is written there"):
        fill(study.results, 20)
    assert list(elsewhere.iterdir()) == []
    assert list_other_versions(study.results) == []


def test_a_results_folder_may_itself_be_a_link(study, tmp_path):
    (tmp_path / "disk").mkdir()
    study.results.symlink_to(tmp_path / "disk")
    fill(study.results, 60)
    assert compute_study_digest(study) == compute_digest([invent(0, 60)])


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize(("number", "error"), [(28, StorageError), (24, OSError)])
def test_failed_writes_keep_the_old_file_and_no_stray(tmp_path, step, number, error):
    path = tmp_path / "file"
    write_durably(path, b"old")
    says = r"No more\); .*make room" if number == 28 else "No more$"
    failing = mock.patch(step, side_effect=OSError(number, "No more"))
    with failing, pytest.raises(error, match=says):
        write_durably(path, b"new")
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def test_temporary_files_cannot_be_foreseen_and_follow_no_link(tmp_path, monkeypatch):
    """Once a link that was named like ours led to the file of somebody else."""
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    monkeypatch.setattr("secrets.token_hex", lambda _: "0123456789abcdef")
    (tmp_path / ".replication-0123456789abcdef.part").symlink_to(mine)
    with pytest.raises(StorageError, match="File exists"):
        write_durably(tmp_path / "file", b"new")
    assert mine.read_bytes() == b"mine"
    monkeypatch.undo()
    (tmp_path / "file").symlink_to(mine)
    write_durably(tmp_path / "file", b"new")
    assert mine.read_bytes() == b"mine"
    assert stat.S_ISREG((tmp_path / "file").lstat().st_mode)
