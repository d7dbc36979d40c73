"""Messages of the store: what happened, to which file, and what to do next."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from pathlib import Path

import numpy as np
import pytest

from replication.errors import BusyError, DataError, StorageError
from replication.protocol import PAPER
from replication.simulator.outcomes import OUTCOME_VERSION, Outcomes
from replication.store import Store, check_study, mend_manifest, read_manifest
from replication.store.files import (
    NewerSchemaError,
    check_schema,
    hold_lock,
    make_folder,
    parse_record,
    publish,
    read_content,
    remove_files,
    render_record,
    sync_folder,
    withdraw,
    write_durably,
    write_temporary,
)
from replication.store.provenance import collect_versions, find_commit

ADVICE = (
    "what was written before is intact: mend the folder or the disk, or give another results folder"
)


def invent(start, stop) -> Outcomes:
    seeds = np.arange(start, stop)
    return Outcomes(start, (seeds % 90).astype(np.int32), np.ones(stop - start, dtype=bool))


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "results")
    store.write(PAPER, 5, invent(0, 10))
    store.write(PAPER, 5, invent(10, 30))
    store.record(PAPER, 5)
    return store


@pytest.fixture
def folder(store):
    return store.study_folder(PAPER, 5)


def assert_says(kind, action, message: str) -> None:
    with pytest.raises(kind) as caught:
        action()
    assert str(caught.value) == message


def test_system_errors_name_the_file_the_step_and_the_reason(tmp_path):
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").write_text("")
    missing, below = tmp_path / "missing" / "file", taken / "file" / "x"
    steps = [
        (lambda: read_content(taken), taken, "read", "Is a directory"),
        (lambda: remove_files([below]), below, "deleted", "Not a directory"),
        (lambda: sync_folder(missing), missing, "forced to disk", "No such file or directory"),
        (lambda: write_temporary(missing, b""), missing, "written", "No such file or directory"),
        (lambda: publish(missing), missing, "written", "No such file or directory"),
        (lambda: write_durably(taken, b"x"), taken, "written", "Is a directory"),
        (lambda: make_folder(below), taken / "file", "made a folder", "File exists"),
    ]  # fmt: skip
    for action, path, what, why in steps:
        assert_says(StorageError, action, f"{str(path)!r} cannot be {what} ({why}); {ADVICE}")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["taken"]


def test_an_error_without_a_text_of_the_system_is_shown_as_it_is(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("a reason of its own")

    monkeypatch.setattr("os.fsync", fail)
    message = f"{str(tmp_path)!r} cannot be forced to disk (a reason of its own); {ADVICE}"
    assert_says(StorageError, lambda: sync_folder(tmp_path), message)


def test_files_that_are_gone_already_are_no_error(tmp_path):
    remove_files([tmp_path / "gone"])
    withdraw([tmp_path / "gone"])


def test_withdrawing_removes_the_file_and_its_temporary_form(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    write_temporary(path, b"new")
    assert len(list(tmp_path.iterdir())) == 2
    withdraw([path])
    assert list(tmp_path.iterdir()) == []


def test_the_lock_names_its_folder(tmp_path):
    path = tmp_path / "lock"
    with hold_lock(path):
        with pytest.raises(BusyError) as caught, hold_lock(path):
            pass
        assert str(caught.value) == (
            f"another process is working on {str(tmp_path)!r}; "
            "wait until it has ended, or give another results folder"
        )
    with pytest.raises(StorageError, match=r"cannot be opened for writing \(No such file"):
        hold_lock(tmp_path / "missing" / "lock").__enter__()


def test_the_lock_file_is_open_to_others_under_the_usual_mask(tmp_path):
    with hold_lock(tmp_path / "lock"):
        assert (tmp_path / "lock").stat().st_mode & 0o777 in (0o644, 0o664, 0o600, 0o666)


def test_a_lock_that_the_system_does_not_know_is_a_storage_error(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", fail)
    message = f"{str(tmp_path / 'lock')!r} cannot be locked (No locks available); {ADVICE}"
    assert_says(StorageError, hold_lock(tmp_path / "lock").__enter__, message)


@pytest.mark.parametrize("schema", [1, 0, None, "2", 1.5])
def test_other_schemas_are_not_newer_ones(tmp_path, schema):
    check_schema(tmp_path, schema, newest_schema=1)


def test_a_newer_schema_is_named(tmp_path):
    assert_says(
        NewerSchemaError,
        lambda: check_schema(tmp_path, 3, newest_schema=2),
        f"{str(tmp_path)!r} has schema 3, and this version reads schemas up to 2; nothing was "
        "touched. Install the newer version, or give another results folder",
    )


def test_records_have_a_key_a_line_in_order():
    content = render_record({"b": [1, 2], "a": {"y": 1, "x": None}})
    assert re.fullmatch(
        rb'\{\n"a": \{"x":null,"y":1\},\n"b": \[1,2\],\n"sha256": "[0-9a-f]{64}"\n\}\n', content
    )


def test_a_seed_that_is_not_stored_is_named_with_advice(store, folder):
    assert_says(
        DataError,
        lambda: store.digest(PAPER, 5, 31),
        f"the outcome of seed 30 is not in {str(folder)!r}; run `replication simulate` with as "
        "many seeds, or `replication repair` if it has been there",
    )


def test_a_block_on_record_that_is_missing_is_named_with_advice(store, folder):
    block = max(read_manifest(folder).blocks)
    block.sidecar_path.unlink()
    assert_says(
        DataError,
        lambda: store.begin(PAPER, 5),
        f"block {str(block.path)!r} or its side-car is missing; run `replication repair` to "
        "recompute it",
    )


def test_a_block_that_comes_out_otherwise_is_refused_with_advice(store, folder):
    block = max(read_manifest(folder).blocks)
    outcomes = invent(10, 30)
    other = dataclasses.replace(outcomes, updates=outcomes.updates + np.int32(1))
    before = block.path.read_bytes()
    assert_says(
        DataError,
        lambda: store.rewrite(PAPER, 5, other),
        f"block {str(block.path)!r} was computed again with another digest than is on record: "
        "this machine or version computes other outcomes. Repair with the version that "
        "`replication info` names",
    )
    assert block.path.read_bytes() == before


def test_a_block_that_is_not_on_record_can_be_rewritten(store):
    store.rewrite(PAPER, 5, invent(30, 40))
    assert store.ranges(PAPER, 5) == [(0, 40)]


def test_a_missing_manifest_is_one_fault_that_says_so(folder):
    (folder / "manifest.json").unlink()
    (fault,) = check_study(folder).faults
    message = f"{str(folder / 'manifest.json')!r} is missing; run `replication repair`"
    assert (fault.block, fault.message) == (None, message)


def test_an_empty_study_without_a_manifest_is_one_fault_that_says_so(folder):
    for path in folder.iterdir():
        path.unlink()
    (fault,) = check_study(folder).faults
    message = f"{str(folder / 'manifest.json')!r} is missing; run `replication repair`"
    assert (fault.block, fault.message) == (None, message)


def test_a_study_that_cannot_be_told_is_given_up_with_the_reason(tmp_path):
    other = dataclasses.replace(PAPER, regression=0.7)
    store = Store(tmp_path)
    store.write(other, 5, invent(0, 10))
    folder = store.study_folder(other, 5)
    for path in folder.iterdir():
        path.write_bytes(b"")
    assert_says(
        DataError,
        lambda: check_study(folder),
        f"{str(folder / 'manifest.json')!r} is damaged; run `replication repair`; no sound block "
        f"tells the protocol either: delete {str(folder)!r} and simulate again",
    )


def test_the_protocol_is_told_by_any_block_whose_header_is_sound(tmp_path):
    other = dataclasses.replace(PAPER, regression=0.7)
    store = Store(tmp_path)
    for start in (0, 10, 20):
        store.write(other, 5, invent(start, start + 10))
    folder = store.study_folder(other, 5)
    (folder / "manifest.json").write_bytes(b"")
    (folder / "000000000000-000000000010.parquet").write_bytes(b"")
    checked = check_study(folder)
    assert checked.manifest.protocol == other
    assert [block.start for block in checked.blocks] == [10, 20]
    assert list(checked.manifest.blocks) == list(checked.blocks)
    assert {fault.block.start if fault.block else None for fault in checked.faults} == {None, 0}
    mend_manifest(folder, checked)
    assert read_manifest(folder) == checked.manifest
    store.rewrite(other, 5, invent(0, 10))
    assert check_study(folder).faults == ()


def test_the_manifest_says_when_and_with_what_blocks_were_added(folder):
    manifest = read_manifest(folder)
    (run,) = manifest.runs
    assert set(run) == {"ended", "n_networks", "versions", "commit"}
    assert run["n_networks"] == 30
    assert run["versions"] == collect_versions()
    assert run["commit"] == find_commit()
    ended = dt.datetime.fromisoformat(run["ended"])
    assert ended.utcoffset() == dt.timedelta(0)
    assert abs(dt.datetime.now(dt.UTC) - ended) < dt.timedelta(minutes=5)


def test_versions_name_what_matters():
    versions = collect_versions()
    assert {"python", "platform", "numpy", "numba", "pyarrow", "joblib"} <= set(versions)
    assert versions["numpy"] == np.__version__
    assert " " in versions["platform"]


def test_a_commit_is_a_commit_or_none():
    commit = find_commit()
    assert commit is None or re.fullmatch(r"[0-9a-f]{40,64}", commit)


def test_studies_are_told_by_ascii_names(tmp_path):
    (tmp_path / "outcomes" / PAPER.id / "٥").mkdir(parents=True)
    (tmp_path / "outcomes" / PAPER.id / "5").mkdir()
    assert [study.path.name for study in Store(tmp_path).studies()] == ["5"]


def test_writing_in_one_lock_reads_the_manifest_once(tmp_path, monkeypatch):
    store = Store(tmp_path)
    begun = []
    original = Store.begin
    monkeypatch.setattr(Store, "begin", lambda *a: begun.append(1) or original(*a))
    with store.lock():
        for start in (0, 10, 20):
            store.write(PAPER, 5, invent(start, start + 10))
        store.record(PAPER, 5)
    assert len(begun) == 1
    store.write(PAPER, 5, invent(30, 40))
    assert len(begun) == 2, "what another process may have changed is looked at again"


def test_arrays_of_other_types_are_stored_as_the_types_of_the_format(tmp_path):
    store = Store(tmp_path)
    outcomes = invent(0, 10)
    store.write(
        PAPER, 5,
        Outcomes(0, outcomes.updates.astype(np.int64), outcomes.converged),  # type: ignore[arg-type]
    )  # fmt: skip
    (read,) = store.read(PAPER, 5, 0, 10)
    assert read.updates.dtype == np.int32
    np.testing.assert_array_equal(read.updates, outcomes.updates)


def edit_manifest(folder, **changes):
    path = folder / "manifest.json"
    record = json.loads(path.read_bytes())
    record.pop("sha256")
    path.write_bytes(render_record(record | changes))


def test_another_outcome_version_is_refused_with_advice(store, folder):
    edit_manifest(folder, outcome_version=OUTCOME_VERSION + 1)
    assert_says(
        DataError,
        lambda: store.digest(PAPER, 5, 10),
        f"{str(folder)!r} holds outcomes of version {OUTCOME_VERSION + 1}, and this version "
        f"computes outcomes of version {OUTCOME_VERSION}; give another results folder",
    )


def test_a_protocol_of_a_later_version_is_refused_with_advice(store, folder):
    edit_manifest(folder, protocol={"dropout": 0.5})
    with pytest.raises(DataError) as caught:
        store.digest(PAPER, 5, 10)
    message = str(caught.value)
    path = str(folder / "manifest.json")
    assert message.startswith(f"{path!r} has a protocol that this version does not understand (")
    assert message.endswith("); install the version that wrote it, or give another results folder")


def test_a_folder_in_another_place_is_refused_with_advice(store, folder):
    moved = folder.rename(folder.with_name("6"))
    assert_says(
        DataError,
        lambda: store.digest(PAPER, 6, 10),
        f"{str(moved / 'manifest.json')!r} belongs to {PAPER.id}/5; "
        "move the folder back to its place",
    )


def test_the_manifest_holds_what_its_readers_look_for(folder):
    record = json.loads((folder / "manifest.json").read_bytes())
    assert set(record) == {
        *("schema", "outcome_version", "protocol_id", "protocol", "root_seed", "blocks", "runs"),
        "sha256",
    }
    assert record["protocol_id"] == PAPER.id
    assert [[start, stop] for start, stop, _ in record["blocks"]] == [[0, 10], [10, 30]]


@pytest.mark.parametrize("content", [b'{"schema": NaN}', b'{"a": Infinity}', b'{"a": 1}', b"[]"])
def test_what_json_does_not_allow_is_damage(tmp_path, content):
    message = f"{str(tmp_path)!r} is damaged; run `replication repair`"
    assert_says(DataError, lambda: parse_record(tmp_path, content, newest_schema=1), message)


def test_a_damaged_record_is_not_believed_to_be_newer_unless_it_decides(tmp_path):
    content = b'{"schema": 2}'
    with pytest.raises(DataError) as caught:
        parse_record(tmp_path, content, newest_schema=1)
    assert not isinstance(caught.value, NewerSchemaError)
    with pytest.raises(NewerSchemaError, match=re.escape(repr(str(tmp_path)))):
        parse_record(tmp_path, content, newest_schema=1, believe_schema=True)


def test_a_block_whose_folder_cannot_be_forced_to_disk_is_withdrawn(store, folder, monkeypatch):
    fired = []

    def fail(*_):
        fired.append(1)
        raise StorageError("the disk is gone")

    monkeypatch.setattr("replication.store.blocks.sync_folder", fail)
    with pytest.raises(StorageError, match="the disk is gone"):
        store.write(PAPER, 5, invent(30, 40))
    assert fired
    assert sorted(path.name for path in folder.iterdir()) == [
        "000000000000-000000000010.json",
        "000000000000-000000000010.parquet",
        "000000000010-000000000030.json",
        "000000000010-000000000030.parquet",
        "manifest.json",
    ]


def test_a_durable_write_that_cannot_clean_up_still_says_why_it_failed(tmp_path):
    missing = tmp_path / "missing" / "file"
    with pytest.raises(StorageError, match="cannot be written"):
        write_durably(missing, b"")


def test_a_folder_that_another_process_makes_at_the_same_time_is_fine(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    look = Path.is_dir
    asked = []

    def look_too_early(path):
        asked.append(path)
        return look(path) and not (path == folder and asked.count(folder) == 1)

    monkeypatch.setattr(Path, "is_dir", look_too_early)
    make_folder(folder)
    assert asked.count(folder) == 2
