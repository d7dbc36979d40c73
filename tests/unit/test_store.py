"""The store keeps what it was given, says what is missing, and notices every change."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest

from replication.analysis.counts import CountTable
from replication.errors import BusyError, DataError, StorageError
from replication.protocol import PAPER
from replication.simulator.outcomes import Outcomes, compute_digest
from replication.store import Store, check_study, mend_manifest, read_manifest
from replication.store.files import (
    NewerSchemaError,
    hold_lock,
    make_folder,
    parse_record,
    render_record,
    write_durably,
)

OTHER = dataclasses.replace(PAPER, regression=0.7)


def make_outcomes(start: int, stop: int) -> Outcomes:
    """Return invented outcomes that depend on the seed alone; one in seven is censored."""
    seeds = np.arange(start, stop, dtype=np.int64)
    converged = seeds % 7 != 3
    updates = np.where(converged, 20 + seeds * 37 % 90, PAPER.max_updates)
    return Outcomes(start, updates.astype(np.int32), converged)


def fill(store: Store, *ranges: tuple[int, int]) -> None:
    for start, stop in ranges:
        store.write(PAPER, 1988, make_outcomes(start, stop))
    store.record(PAPER, 1988)


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "results")


def list_files(folder) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_read_returns_what_was_written_however_it_was_cut(store):
    fill(store, (0, 10), (10, 11), (11, 300))
    read = list(store.read(PAPER, 1988, 0, 300))
    assert compute_digest(read) == compute_digest([make_outcomes(0, 300)])
    assert [(part.start, part.stop) for part in read] == [(0, 10), (10, 11), (11, 300)]
    assert all(part.updates.dtype == np.int32 for part in read)
    assert all(part.converged.dtype == np.bool_ for part in read)


def test_read_of_a_part_cuts_blocks(store):
    fill(store, (0, 10), (10, 30))
    parts = list(store.read(PAPER, 1988, 7, 12))
    assert [(part.start, part.stop) for part in parts] == [(7, 10), (10, 12)]
    assert compute_digest(parts) == compute_digest([make_outcomes(7, 12)])


def test_digest_of_fewer_seeds_is_that_of_the_first_ones(store):
    fill(store, (0, 100))
    assert store.digest(PAPER, 1988, 42) == compute_digest([make_outcomes(0, 42)])


def test_counts_equal_those_of_the_outcomes(store):
    fill(store, (0, 100), (100, 250))
    for n_seeds in (1, 99, 100, 101, 250):
        outcomes = make_outcomes(0, n_seeds)
        expected = CountTable.from_outcomes(outcomes.updates, outcomes.converged, 2000)
        assert store.counts(PAPER, 1988, n_seeds) == expected


def test_counts_of_whole_blocks_read_no_block(store):
    fill(store, (0, 100), (100, 250))
    for block in read_manifest(store.study_folder(PAPER, 1988)).blocks:
        block.path.write_bytes(b"")
    assert store.counts(PAPER, 1988, 250).n == 250


def test_ranges_join_touching_and_overlapping_blocks(store):
    fill(store, (0, 10), (10, 20), (30, 40), (35, 50))
    assert store.ranges(PAPER, 1988) == [(0, 20), (30, 50)]


@pytest.mark.parametrize(
    ("n_seeds", "missing"),
    [
        (1, []),
        (20, []),
        (25, [(20, 25)]),
        (30, [(20, 30)]),
        (45, [(20, 30)]),
        (60, [(20, 30), (50, 60)]),
    ],
)
def test_missing_names_the_gaps(store, n_seeds, missing):
    fill(store, (0, 20), (30, 50))
    assert store.missing(PAPER, 1988, n_seeds) == missing


def test_missing_of_an_empty_store_is_everything_and_makes_no_folder(store):
    assert store.missing(PAPER, 1988, 5) == [(0, 5)]
    assert store.studies() == []
    assert not store.folder.exists()


def test_overlapping_blocks_count_each_seed_once(store):
    fill(store, (0, 10), (5, 20), (0, 15))
    assert store.digest(PAPER, 1988, 20) == compute_digest([make_outcomes(0, 20)])
    assert store.counts(PAPER, 1988, 20).n == 20


@pytest.mark.parametrize("method", ["digest", "counts"])
def test_a_seed_that_is_not_stored_is_named(store, method):
    fill(store, (0, 20), (30, 50))
    with pytest.raises(DataError, match="seed 20 is not in"):
        getattr(store, method)(PAPER, 1988, 40)


def test_protocols_and_root_seeds_are_kept_apart(store):
    fill(store, (0, 20))
    store.write(OTHER, 1988, make_outcomes(0, 5))
    store.write(PAPER, 7, make_outcomes(0, 6))
    assert store.ranges(PAPER, 1988) == [(0, 20)]
    assert store.ranges(OTHER, 1988) == [(0, 5)]
    assert store.ranges(PAPER, 7) == [(0, 6)]
    studies = {(study.protocol_id, study.root_seed) for study in store.studies()}
    assert studies == {(PAPER.id, 1988), (OTHER.id, 1988), (PAPER.id, 7)}


def test_studies_leave_out_foreign_folders(store):
    fill(store, (0, 20))
    for name in ("x/1", f"{PAPER.id}/x", f"{PAPER.id}/-1"):
        (store.folder / name).mkdir(parents=True)
    assert [study.root_seed for study in store.studies()] == [1988]


def test_block_says_what_it_is_and_how_it_was_made(store):
    fill(store, (0, 20))
    (block,) = read_manifest(store.study_folder(PAPER, 1988)).blocks
    header = json.loads(pq.read_metadata(block.path).metadata[b"replication"])
    assert header["schema"] == 1
    assert header["protocol"]["regression"] == 0.75
    assert (header["protocol_id"], header["root_seed"]) == (PAPER.id, 1988)
    assert header["digest"] == compute_digest([make_outcomes(0, 20)])
    assert {"python", "numpy", "pyarrow", "platform"} <= set(header["versions"])
    table = pq.read_table(block.path)
    assert table.schema.names == ["seed", "updates", "converged"]


def test_manifest_lists_protocol_blocks_and_runs(store):
    fill(store, (0, 20))
    fill(store, (20, 30))
    manifest = read_manifest(store.study_folder(PAPER, 1988))
    assert (manifest.protocol, manifest.root_seed) == (PAPER, 1988)
    assert [(block.start, block.stop) for block in manifest.blocks] == [(0, 20), (20, 30)]
    assert [run["n_networks"] for run in manifest.runs] == [20, 10]


def test_record_with_nothing_new_leaves_the_manifest_alone(store):
    fill(store, (0, 20))
    path = store.study_folder(PAPER, 1988) / "manifest.json"
    before = path.stat().st_mtime_ns, path.read_bytes()
    store.record(PAPER, 1988)
    assert (path.stat().st_mtime_ns, path.read_bytes()) == before


def test_a_sound_study_has_no_faults(store):
    fill(store, (0, 20), (20, 30))
    checked = check_study(store.study_folder(PAPER, 1988))
    assert checked.faults == ()
    assert [(block.start, block.stop) for block in checked.blocks] == [(0, 20), (20, 30)]


def damage_truncate(folder, block):
    block.path.write_bytes(block.path.read_bytes()[:-1])


def damage_empty(folder, block):
    block.path.write_bytes(b"")


def damage_flip(folder, block):
    content = bytearray(block.path.read_bytes())
    content[len(content) // 2] ^= 16
    block.path.write_bytes(bytes(content))


def damage_missing(folder, block):
    block.path.unlink()


def damage_missing_sidecar(folder, block):
    block.sidecar_path.unlink()


def damage_sidecar(folder, block):
    text = block.sidecar_path.read_text()
    block.sidecar_path.write_text(text.replace('"start": 20', '"start": 21'))


def damage_sidecar_is_no_json(folder, block):
    block.sidecar_path.write_text("[1, 2")


def damage_sidecar_is_a_list(folder, block):
    block.sidecar_path.write_text("[1, 2]\n")


def damage_sidecar_holds_nan(folder, block):
    block.sidecar_path.write_text('{\n"start": NaN\n}\n')


def damage_renamed_from_other_study(folder, block):
    other = Store(folder.parents[2])
    other.write(PAPER, 1989, make_outcomes(block.start, block.stop))
    for path in (block.path, block.sidecar_path):
        shutil.copy(other.study_folder(PAPER, 1989) / path.name, path)


def damage_other_seeds(folder, block):
    other = Store(folder.parents[2] / "other")
    other.write(PAPER, 1988, make_outcomes(block.start + 1, block.stop + 1))
    (source,) = other.study_folder(PAPER, 1988).glob("*.parquet")
    for path in (block.path, block.sidecar_path):
        shutil.copy(source.with_suffix(path.suffix), path)


def damage_other_outcomes(folder, block):
    """Replace a block by one that is sound in itself."""
    other = Store(folder.parents[2] / "other")
    outcomes = make_outcomes(block.start, block.stop)
    other.write(PAPER, 1988, dataclasses.replace(outcomes, updates=outcomes.updates // 2 * 2))
    for path in (block.path, block.sidecar_path):
        shutil.copy(other.study_folder(PAPER, 1988) / path.name, path)


def damage_swap_with_neighbour(folder, block):
    first, second = sorted(folder.glob("*.parquet"))[:2]
    for suffix in (".parquet", ".json"):
        a, b = first.with_suffix(suffix), second.with_suffix(suffix)
        content = a.read_bytes()
        a.write_bytes(b.read_bytes())
        b.write_bytes(content)


DAMAGES = [value for name, value in sorted(globals().items()) if name.startswith("damage_")]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_found_and_the_bad_block_alone_replaced(store, damage):
    fill(store, (0, 20), (20, 50), (50, 60))
    folder = store.study_folder(PAPER, 1988)
    block = sorted(read_manifest(folder).blocks)[1]
    before = list_files(folder)
    damage(folder, block)
    assert list_files(folder) != before, "the fault did not happen"

    checked = check_study(folder)
    bad = [(0, 20), (20, 50)] if damage is damage_swap_with_neighbour else [(20, 50)]
    assert [(fault.block.start, fault.block.stop) for fault in checked.faults] == bad
    assert all(fault.block.path.name[:12] in fault.message for fault in checked.faults)

    mend_manifest(folder, checked)
    for start, stop in bad:
        store.rewrite(PAPER, 1988, make_outcomes(start, stop))
    assert check_study(folder).faults == ()
    after = list_files(folder)
    assert after == before


@pytest.mark.parametrize(
    "damage",
    [damage for damage in DAMAGES if damage not in (damage_other_outcomes,)],
    ids=lambda damage: damage.__name__,
)
def test_damaged_outcomes_are_never_read_as_numbers(store, damage):
    fill(store, (0, 20), (20, 50), (50, 60))
    folder = store.study_folder(PAPER, 1988)
    damage(folder, sorted(read_manifest(folder).blocks)[1])
    with pytest.raises(DataError, match="repair"):
        store.digest(PAPER, 1988, 60)


def test_a_missing_block_on_record_is_not_simulated_again_in_silence(store):
    fill(store, (0, 20), (20, 50))
    damage_missing(None, sorted(read_manifest(store.study_folder(PAPER, 1988)).blocks)[1])
    with pytest.raises(DataError, match=r"000000000020-000000000050.*is missing.*repair"):
        store.begin(PAPER, 1988)


def test_rewriting_with_other_outcomes_is_refused(store):
    fill(store, (0, 20))
    outcomes = make_outcomes(0, 20)
    with pytest.raises(DataError, match="another digest than is on record"):
        store.rewrite(PAPER, 1988, dataclasses.replace(outcomes, updates=outcomes.updates // 2 * 2))


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"schema": 1}\n'])
def test_damaged_manifest_is_found_and_rebuilt_from_the_blocks(store, content):
    store.write(OTHER, 1988, make_outcomes(0, 20))
    store.write(OTHER, 1988, make_outcomes(20, 30))
    store.record(OTHER, 1988)
    folder = store.study_folder(OTHER, 1988)
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(DataError, match="manifest"):
        store.digest(OTHER, 1988, 30)
    checked = check_study(folder)
    assert [fault.block for fault in checked.faults] == [None]
    mend_manifest(folder, checked)
    assert check_study(folder).faults == ()
    assert list(read_manifest(folder).blocks) == list(checked.blocks)
    assert store.digest(OTHER, 1988, 30) == compute_digest([make_outcomes(0, 30)])


def test_missing_manifest_beside_blocks_is_a_fault(store):
    fill(store, (0, 20))
    folder = store.study_folder(PAPER, 1988)
    (folder / "manifest.json").unlink()
    with pytest.raises(DataError, match=r"manifest.json.*is missing"):
        store.begin(PAPER, 1988)
    assert len(check_study(folder).faults) == 1


def test_a_study_whose_protocol_cannot_be_told_is_given_up_with_advice(store):
    store.write(OTHER, 1988, make_outcomes(0, 20))
    folder = store.study_folder(OTHER, 1988)
    for path in folder.iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match="delete .* and simulate again"):
        check_study(folder)


def edit_record(path, **changes):
    record = json.loads(path.read_bytes())
    record.pop("sha256")
    path.write_bytes(render_record({**record, **changes}))


@pytest.mark.parametrize("keeps_checksum", [True, False])
def test_newer_schema_is_refused_untouched(store, keeps_checksum):
    fill(store, (0, 20))
    folder = store.study_folder(PAPER, 1988)
    (folder / ".stray.part").write_bytes(b"")
    path = folder / "manifest.json"
    if keeps_checksum:
        edit_record(path, schema=2)
    else:
        path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    before = list_files(folder)
    actions = [
        lambda: store.write(PAPER, 1988, make_outcomes(20, 30)),
        lambda: store.rewrite(PAPER, 1988, make_outcomes(0, 20)),
        lambda: store.begin(PAPER, 1988),
        lambda: store.record(PAPER, 1988),
        lambda: store.digest(PAPER, 1988, 20),
        lambda: store.counts(PAPER, 1988, 20),
        lambda: check_study(folder),
    ]
    for action in actions:
        with pytest.raises(NewerSchemaError, match="schema 2"):
            action()
    assert list_files(folder) == before


def test_a_side_car_of_a_newer_schema_is_refused(store):
    fill(store, (0, 20))
    folder = store.study_folder(PAPER, 1988)
    edit_record(next(iter(read_manifest(folder).blocks)).sidecar_path, schema=2)
    with pytest.raises(NewerSchemaError):
        check_study(folder)


def test_another_outcome_version_is_refused(store):
    fill(store, (0, 20))
    edit_record(store.study_folder(PAPER, 1988) / "manifest.json", outcome_version=99)
    with pytest.raises(DataError, match="outcomes of version 99"):
        store.digest(PAPER, 1988, 20)


def test_a_study_moved_to_another_root_seed_is_refused(store):
    fill(store, (0, 20))
    folder = store.study_folder(PAPER, 1988)
    folder.rename(folder.with_name("1989"))
    with pytest.raises(DataError, match="belongs to"):
        store.digest(PAPER, 1989, 20)


def test_a_field_of_a_later_version_is_refused(store):
    fill(store, (0, 20))
    path = store.study_folder(PAPER, 1988) / "manifest.json"
    edit_record(path, protocol={"dropout": 0.5})
    with pytest.raises(DataError, match="does not understand"):
        store.digest(PAPER, 1988, 20)


def test_stray_files_are_swept_and_foreign_ones_kept(store):
    fill(store, (0, 20))
    folder = store.study_folder(PAPER, 1988)
    strays = [
        ".000000000020-000000000030.parquet.part",
        ".manifest.json.part",
        "000000000020-000000000030.parquet",
        "000000000030-000000000040.json",
    ]
    for name in [*strays, "notes.txt"]:
        (folder / name).write_bytes(b"x")
    with store.lock():
        store.begin(PAPER, 1988)
    names = {path.name for path in folder.iterdir()}
    assert not names & set(strays)
    assert "notes.txt" in names
    assert store.ranges(PAPER, 1988) == [(0, 20)]


def test_the_lock_keeps_others_out_and_frees_itself(store):
    with store.lock():
        with pytest.raises(BusyError, match="another process"):
            Store(store.folder.parent).write(PAPER, 1988, make_outcomes(0, 5))
        store.write(PAPER, 1988, make_outcomes(0, 5))
    Store(store.folder.parent).write(PAPER, 1988, make_outcomes(5, 6))


def test_the_lock_is_freed_after_an_error(store):
    with pytest.raises(RuntimeError), store.lock():
        raise RuntimeError
    with store.lock():
        pass


def test_lock_on_a_folder_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError, match="opened for writing"), hold_lock(tmp_path):
        pass


def test_a_results_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(StorageError, match="cannot be made a folder"):
        Store(tmp_path / "results").write(PAPER, 1988, make_outcomes(0, 5))


def test_make_folder_makes_parents(tmp_path):
    make_folder(tmp_path / "a" / "b" / "c")
    assert (tmp_path / "a" / "b" / "c").is_dir()


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_keeps_the_old_file_and_leaves_no_stray(tmp_path, monkeypatch, step):
    path = tmp_path / "file"
    write_durably(path, b"old")
    fired = []

    def fail(*_):
        fired.append(step)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(*{"fsync": (os, "fsync"), "replace": ("pathlib.Path.replace",)}[step], fail)
    with pytest.raises(StorageError, match="No space left"):
        write_durably(path, b"new")
    assert fired
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def test_blocks_are_readable_by_others_under_the_usual_mask(store):
    previous = os.umask(0o022)
    try:
        fill(store, (0, 20))
    finally:
        os.umask(previous)
    for path in store.study_folder(PAPER, 1988).iterdir():
        assert path.stat().st_mode & 0o777 == 0o644


def test_record_survives_the_round_trip_and_no_flipped_bit(tmp_path):
    content = render_record({"schema": 1, "b": [1, 2.5, None], "a": {"ü": "λ"}})
    body = parse_record(tmp_path, content, newest_schema=1)
    assert body == {"schema": 1, "b": [1, 2.5, None], "a": {"ü": "λ"}}
    for position in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(DataError):
            parse_record(tmp_path, bytes(flipped), newest_schema=1)


def test_size_counts_all_files(store):
    fill(store, (0, 20))
    (study,) = store.studies()
    assert study.size == sum(path.stat().st_size for path in study.path.iterdir())
