"""The store keeps what it was given, says what is missing, and lets other programs read it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from replication.errors import BusyError, DataError, StorageError
from replication.protocol import PAPER
from replication.simulator.outcomes import Outcomes, compute_digest
from replication.statistics.counts import CountTable
from replication.store import Store, check_study, manifest_path, read_manifest
from replication.store.files import hold_lock, make_folder, write_durably
from tests.unit.store.invented import fill, invent

OTHER = dataclasses.replace(PAPER, regression=0.7)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "results")


def write(store, *ranges, protocol=PAPER, root_seed=1988):
    for start, stop in ranges:
        store.write(protocol, root_seed, invent(start, stop))
    store.record(protocol, root_seed)


def test_an_empty_store_misses_everything_and_makes_no_folder(store):
    assert store.studies() == []
    assert store.missing(PAPER, 1988, 100) == [(0, 100)]
    assert not store.folder.exists()


def test_what_was_written_is_read_in_seed_order_whatever_the_order_of_writing(store):
    write(store, (20, 50), (0, 20), (50, 60))
    blocks = list(store.read(PAPER, 1988, 10, 55))
    assert [(block.start, block.stop) for block in blocks] == [(10, 20), (20, 50), (50, 55)]
    updates = np.concatenate([block.updates for block in blocks])
    np.testing.assert_array_equal(updates, invent(10, 55).updates)


def test_the_digest_does_not_depend_on_how_seeds_are_cut_into_blocks(tmp_path):
    one, many = Store(tmp_path / "one"), Store(tmp_path / "many")
    write(one, (0, 60))
    write(many, (0, 7), (7, 31), (31, 60))
    digest = compute_digest([invent(0, 60)])
    assert one.digest(PAPER, 1988, 60) == many.digest(PAPER, 1988, 60) == digest


def test_missing_seeds_are_the_gaps_between_blocks(store):
    write(store, (0, 20), (30, 40))
    assert store.ranges(PAPER, 1988) == [(0, 20), (30, 40)]
    assert store.missing(PAPER, 1988, 15) == []
    assert store.missing(PAPER, 1988, 50) == [(20, 30), (40, 50)]


def test_a_seed_that_is_not_stored_is_named(store):
    write(store, (0, 20))
    with pytest.raises(DataError, match="outcome of seed 20 is not in .*`replication simulate`"):
        store.digest(PAPER, 1988, 21)


def test_counts_come_from_side_cars_alone_unless_a_block_is_cut(store, monkeypatch):
    write(store, (0, 20), (20, 50))
    expected = invent(0, 50)
    table = CountTable.from_outcomes(expected.updates, expected.converged, PAPER.max_updates)
    part = CountTable.from_outcomes(
        expected.updates[:30], expected.converged[:30], PAPER.max_updates
    )
    assert store.counts(PAPER, 1988, 30) == part
    for path in store.study_folder(PAPER, 1988).iterdir():
        path.write_bytes(b"")
    assert store.counts(PAPER, 1988, 50) == table


def test_protocols_and_root_seeds_are_kept_apart(store):
    write(store, (0, 20))
    write(store, (0, 30), root_seed=1989)
    write(store, (0, 40), protocol=OTHER)
    found = [(study.protocol_id, study.root_seed) for study in store.studies()]
    assert sorted(found) == sorted([(PAPER.id, 1988), (PAPER.id, 1989), (OTHER.id, 1988)])
    assert store.missing(PAPER, 1988, 40) == [(20, 40)]


def test_other_programs_read_the_folder_of_a_study_as_it_is(store):
    folder = fill(store)
    table = pd.read_parquet(folder)
    assert table["seed"].tolist() == list(range(60))
    assert table["updates"].tolist() == invent(0, 60).updates.tolist()
    assert table["converged"].tolist() == invent(0, 60).converged.tolist()
    assert {path.suffix for path in folder.rglob("*")} == {".parquet"}, "what some stumble over"


def test_a_block_says_what_it_is_and_how_it_was_made(store):
    (block,) = read_manifest(fill(store, 20)).blocks
    header = json.loads(pq.read_metadata(block.path).metadata[b"replication"])
    assert header["protocol"]["regression"] == 0.75
    assert (header["protocol_id"], header["root_seed"]) == (PAPER.id, 1988)
    assert header["digest"] == compute_digest([invent(0, 20)])
    assert {"python", "numpy", "pyarrow", "platform"} <= set(header["versions"])


def test_the_manifest_lists_protocol_blocks_and_runs(store):
    fill(store, 20)
    manifest = read_manifest(fill(store, 30))
    assert (manifest.protocol, manifest.root_seed) == (PAPER, 1988)
    assert [(block.start, block.stop) for block in manifest.blocks] == [(0, 20), (20, 30)]
    assert [run["n_networks"] for run in manifest.runs] == [20, 10]


def test_where_nothing_is_missing_nothing_is_written(store):
    path = manifest_path(fill(store))
    before = path.stat().st_mtime_ns
    fill(store)
    assert path.stat().st_mtime_ns == before


def test_what_a_crash_left_is_swept_and_foreign_files_are_kept(store):
    folder = fill(store, 20)
    records = manifest_path(folder).parent
    strays = [
        folder / ".000000000020-000000000030.parquet.part",
        folder / "000000000020-000000000030.parquet",
        records / ".manifest.json.part",
        records / "000000000030-000000000040.json",
    ]
    for path in [*strays, folder / "notes.txt"]:
        path.write_bytes(b"x")
    fill(store, 21)
    assert not any(path.exists() for path in strays)
    assert (folder / "notes.txt").exists()
    assert store.ranges(PAPER, 1988) == [(0, 21)]


def test_a_folder_that_is_no_study_is_not_listed(store):
    for name in ("notes", "٥", "5x"):
        (store.folder / PAPER.id / name).mkdir(parents=True)
    (store.folder / "notes" / "5").mkdir(parents=True)
    assert store.studies() == []


def test_the_lock_keeps_others_out_and_frees_itself_after_an_error(store):
    other = Store(store.folder.parent)
    with pytest.raises(BusyError, match="another process"), store.lock():
        other.write(PAPER, 1988, invent(0, 5))
    other.write(PAPER, 1988, invent(0, 5))


def test_what_cannot_be_locked_or_made_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="opened for writing"), hold_lock(tmp_path):
        pass
    (tmp_path / "results").write_text("")
    with pytest.raises(StorageError, match="cannot be made a folder"):
        Store(tmp_path / "results").write(PAPER, 1988, invent(0, 5))


def test_folders_are_made_with_their_parents(tmp_path):
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
def test_a_failed_write_keeps_the_old_file_and_leaves_no_stray(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    write_durably(path, b"old")
    fired = []

    def fail(*_):
        fired.append(step)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(step, fail)
    with pytest.raises(StorageError, match=r"cannot be written \(No space left on device\)"):
        write_durably(path, b"new")
    assert fired
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def test_arrays_of_wider_types_are_stored_as_the_types_of_the_format(store):
    outcomes = invent(0, 10)
    wide = Outcomes(0, outcomes.updates.astype(np.int64), outcomes.converged)
    store.write(PAPER, 1988, wide)
    (read,) = store.read(PAPER, 1988, 0, 10)
    assert read.updates.dtype == np.int32
    assert check_study(store.study_folder(PAPER, 1988)).faults == ()
