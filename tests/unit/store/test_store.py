"""The store keeps what it was given, says what is missing, and lets other programs read it."""

import dataclasses
import itertools
import json
import stat

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.definition.protocol import PAPER
from replication.errors import BusyError, DataError, StorageError
from replication.simulator.outcomes import compute_digest
from replication.statistics.counts import CountTable
from replication.store import Store, find_blocks
from replication.store.store import subtract_ranges
from replication.system.files import make_folder, write_durably
from tests.unit.store.invented import fill, invent, write

OTHER = dataclasses.replace(PAPER, regression=0.7)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


def test_an_empty_store_misses_everything_and_makes_no_folder(store):
    assert store.studies() == store.other_versions() == []
    assert store.missing(PAPER, 1988, 100) == [(0, 100)]
    assert not store.folder.exists()


def test_what_was_written_is_read_in_seed_order_however_it_was_cut(store):
    write(store, (31, 60), (0, 7), (7, 31), (5, 40))
    expected = invent(6, 55)
    blocks = list(store.read(PAPER, 1988, 6, 55))
    for name in ("updates", "converged"):
        read = np.concatenate([getattr(block, name) for block in blocks])
        np.testing.assert_array_equal(read, getattr(expected, name))
    assert store.digest(PAPER, 1988, 60) == compute_digest([invent(0, 60)])
    first = invent(0, 33)
    assert store.counts(PAPER, 1988, 33) == CountTable.from_outcomes(
        first.updates, first.converged, PAPER.max_updates
    )


def test_missing_seeds_are_the_gaps_between_blocks_and_the_first_is_named(store):
    write(store, (0, 20), (30, 40))
    assert store.ranges(PAPER, 1988) == [(0, 20), (30, 40)]
    assert store.missing(PAPER, 1988, 15) == []
    assert store.missing(PAPER, 1988, 50) == [(20, 30), (40, 50)]
    with pytest.raises(DataError, match="outcome of seed 20 is not in .*`replication simulate`"):
        store.digest(PAPER, 1988, 40)


ranges = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted).map(tuple))


@given(ranges, ranges)
def test_ranges_are_joined_and_subtracted_as_sets_of_seeds_are(some, taken):
    def gather(ranges):
        return {seed for pair in ranges for seed in range(*pair)}

    left = subtract_ranges(some, taken)
    assert gather(left) == gather(some) - gather(taken)
    assert all(first[1] < then[0] for first, then in itertools.pairwise(left))
    assert all(start < stop for start, stop in left)


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
    (block,) = find_blocks(fill(store, 20))
    header = json.loads(pq.read_metadata(block.path).metadata[b"replication"])
    assert header["protocol"]["regression"] == 0.75
    assert (header["root_seed"], header["start"], header["stop"]) == (1988, 0, 20)
    assert {"python", "numpy", "pyarrow", "platform"} <= set(header["made_with"])


def test_what_a_kill_left_is_swept_and_nothing_else_is(store):
    folder = fill(store, 20)
    left = folder / ".replication-0123456789abcdef.part"
    notes = [folder / "notes.txt", folder / ".mine.part"]
    for path in (left, *notes):
        path.write_bytes(b"x")
    notes.append(folder / ".replication-ffffffffffffffff.part")
    notes[-1].mkdir()
    fill(store, 21)
    assert not left.exists()
    assert all(path.exists() for path in notes)
    assert store.ranges(PAPER, 1988) == [(0, 21)]


def test_a_folder_that_is_no_study_is_not_listed(store):
    for name in ("notes", "٥", "5x", "05", f"{2**63}"):
        (store.folder / PAPER.id / name).mkdir(parents=True)
    (store.folder / "notes" / "5").mkdir(parents=True)
    (store.folder / PAPER.id / "6").write_text("")
    assert store.studies() == []


def test_the_lock_of_a_study_excludes_no_other_study_and_frees_itself_after_an_error(store):
    """Once three of five studies that ran at once in one folder were refused."""
    other = Store(store.folder.parents[1])
    busy = pytest.raises(BusyError, match="another process is working on")
    with busy, store.lock(store.study_folder(PAPER, 1988)):
        write(other, (0, 20), root_seed=1989)
        write(other, (0, 20), protocol=OTHER)
        write(other, (0, 5))
    write(other, (0, 5))


def test_a_path_of_1500_parts_works(tmp_path, monkeypatch):
    """Once it was a RecursionError."""
    monkeypatch.setattr("os.fsync", lambda _: None)
    folder = tmp_path.joinpath(*["a"] * 1500)
    make_folder(folder)
    assert folder.is_dir()
    while folder != tmp_path:  # or those who tidy up recurse
        folder.rmdir()
        folder = folder.parent


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize(("number", "advice"), [(28, "make room"), (24, "close other programs")])
def test_failed_writes_keep_the_old_file_and_no_stray(tmp_path, monkeypatch, step, number, advice):
    path = tmp_path / "file"
    write_durably(path, b"old")
    fired = []

    def fail(*_):
        fired.append(step)
        raise OSError(number, "No more")

    monkeypatch.setattr(step, fail)
    with pytest.raises(StorageError, match=rf"cannot be written \(No more\); .*{advice}"):
        write_durably(path, b"new")
    assert fired
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
