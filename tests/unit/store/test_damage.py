"""Whatever happens to a file of a study is found, named, never read as a number, and repaired."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replication.errors import DataError, StorageError
from replication.protocol import PAPER
from replication.simulator.outcomes import Outcomes, compute_digest
from replication.statistics.counts import CountTable
from replication.store import Store, check_study, manifest_path, read_manifest
from replication.store.blocks import COLUMNS
from replication.store.files import NewerSchemaError, parse_record, render_record
from replication.store.verifying import repair_study
from tests.unit.store.invented import fill, invent, simulate

OTHER = dataclasses.replace(PAPER, regression=0.7)


@pytest.fixture
def store(tmp_path) -> Store:
    store = Store(tmp_path / "results")
    fill(store, 60, protocol=OTHER)
    return store


@pytest.fixture
def folder(store):
    return store.study_folder(OTHER, 1988)


@pytest.fixture
def block(folder):
    return sorted(read_manifest(folder).blocks)[1]


def list_files(folder):
    places = (folder, manifest_path(folder).parent)
    return {path.name: path.read_bytes() for place in places for path in place.iterdir()}


def repair(store):
    (study,) = (study for study in store.studies() if study.root_seed == 1988)
    return repair_study(store, study, show_progress=False, simulate=simulate)


def truncate(path, folder):
    path.write_bytes(path.read_bytes()[:-1])


def empty(path, folder):
    path.write_bytes(b"")


def flip(path, folder):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(bytes(content))


def remove(path, folder):
    path.unlink()


def put_of_another_study(path, folder):
    other = Store(folder.parents[2])
    twin = fill(other, 60, protocol=OTHER, root_seed=7)
    places = (twin, manifest_path(twin).parent)
    (source,) = (place / path.name for place in places if (place / path.name).exists())
    shutil.copy(source, path)


def put_side_car(path, folder):
    shutil.copy(manifest_path(folder).parent / "000000000040-000000000060.json", path)


def put_manifest(path, folder):
    shutil.copy(manifest_path(folder), path)


def put_json_nested_deep(path, folder):
    path.write_text("[" * 100_000)


def put_nan(path, folder):
    path.write_text('{\n"schema": NaN\n}\n')


def put_list(path, folder):
    path.write_text("[1, 2]\n")


DAMAGES = [
    truncate, empty, flip, remove, put_of_another_study, put_side_car, put_manifest,
    put_json_nested_deep, put_nan, put_list,
]  # fmt: skip
FILES = ("block", "side-car", "manifest")


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
@pytest.mark.parametrize("which", FILES)
def test_damage_is_found_named_and_repaired(store, folder, block, which, damage):
    path = {
        "block": block.path, "side-car": block.sidecar_path, "manifest": manifest_path(folder),
    }[which]  # fmt: skip
    if (which, damage) == ("manifest", put_manifest):
        return  # its own place
    before = list_files(folder)
    damage(path, folder)
    assert list_files(folder) != before, "the fault did not happen"

    (fault,) = check_study(folder).faults
    assert path.stem in fault.message
    assert "repair" in fault.message
    assert fault.block == (None if which == "manifest" else block)
    with pytest.raises(DataError, match="repair"):
        store.digest(OTHER, 1988, 60)

    repair(store)
    assert check_study(folder).faults == ()
    after = list_files(folder)
    if which == "manifest":  # when and by what blocks were added is not told by the blocks
        assert read_manifest(folder).protocol == OTHER
        del before["manifest.json"], after["manifest.json"]
    assert after == before


@pytest.mark.parametrize("key", ["protocol", "root_seed", "blocks", "runs", "kind"])
@pytest.mark.parametrize("value", [None, 5.5, "x", [5]])
def test_a_manifest_that_lacks_or_garbles_an_entry_is_rebuilt(store, folder, key, value):
    """As a program might write it that signs what it has garbled."""
    record = json.loads(manifest_path(folder).read_bytes())
    del record["sha256"]
    record[key] = value
    if value is None:
        del record[key]
    manifest_path(folder).write_bytes(render_record(record))
    assert [fault.block for fault in repair(store).faults] == [None]
    assert read_manifest(folder).protocol == OTHER
    assert check_study(folder).faults == ()


@pytest.mark.parametrize("key", ["digest", "file_sha256", "counts", "start", "kind"])
def test_a_side_car_that_lacks_an_entry_is_written_again(store, folder, block, key):
    record = json.loads(block.sidecar_path.read_bytes())
    before = block.sidecar_path.read_bytes()
    del record["sha256"], record[key]
    block.sidecar_path.write_bytes(render_record(record))
    with pytest.raises(DataError, match="repair"):
        store.counts(OTHER, 1988, 60)
    repair(store)
    assert block.sidecar_path.read_bytes() == before


def test_no_flipped_bit_of_a_study_goes_unnoticed(folder):
    places = [folder, manifest_path(folder).parent]
    files = sorted(path for place in places for path in place.iterdir())
    bits = [(path, bit) for path in files for bit in range(8 * path.stat().st_size)]
    for path, bit in random.Random(1988).sample(bits, 400):
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(flipped))
        try:
            assert check_study(folder).faults, f"bit {bit} of {path.name} was not noticed"
        except NewerSchemaError:
            assert path.name == "manifest.json"
        path.write_bytes(content)
    assert check_study(folder).faults == ()


def test_no_flipped_bit_of_a_record_goes_unnoticed(tmp_path):
    content = render_record({"schema": 1, "kind": "test", "a": {"ü": [1, 2.5, None]}})
    read = parse_record(tmp_path, content, kind="test", newest_schema=1)
    assert read == {"schema": 1, "kind": "test", "a": {"ü": [1, 2.5, None]}}
    for position in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(DataError):
            parse_record(tmp_path, bytes(flipped), kind="test", newest_schema=1)


def test_blocks_of_two_ranges_that_were_exchanged_are_both_computed_again(store, folder):
    first, second = sorted(read_manifest(folder).blocks)[:2]
    before = list_files(folder)
    for a, b in ((first.path, second.path), (first.sidecar_path, second.sidecar_path)):
        content = a.read_bytes()
        a.write_bytes(b.read_bytes())
        b.write_bytes(content)
    assert [fault.block for fault in check_study(folder).faults] == [first, second]
    repair(store)
    assert list_files(folder) == before


def test_the_protocol_is_told_by_any_block_that_is_sound(store, folder, block):
    manifest_path(folder).unlink()
    block.path.write_bytes(b"")
    checked = check_study(folder)
    assert checked.manifest.protocol == OTHER
    assert {fault.block for fault in checked.faults} == {None, block}
    repair(store)
    assert store.digest(OTHER, 1988, 60) == compute_digest([invent(0, 60)])


def test_a_study_whose_protocol_nothing_tells_is_given_up_with_advice(folder):
    for path in folder.iterdir():
        path.write_bytes(b"")
    manifest_path(folder).write_bytes(b"")
    with pytest.raises(DataError, match="delete .* and simulate again"):
        check_study(folder)


def test_a_missing_block_is_not_simulated_again_in_silence(store, folder, block):
    block.path.unlink()
    with pytest.raises(DataError, match=rf"{block.path.name}.*is missing.*repair"):
        fill(store, 70, protocol=OTHER)


def test_a_block_computed_again_with_other_outcomes_is_refused(store, folder, block):
    """The bad block stands until the new one agrees with the record."""
    block.sidecar_path.write_text("{}")
    before = list_files(folder)

    def simulate_otherwise(protocol, root_seed, ranges, **_):
        for outcomes in simulate(protocol, root_seed, ranges):
            yield dataclasses.replace(outcomes, updates=outcomes.updates // 2)

    (study,) = store.studies()
    with pytest.raises(DataError, match="this machine or version computes other outcomes"):
        repair_study(store, study, show_progress=False, simulate=simulate_otherwise)
    assert list_files(folder) == before


def test_a_bad_block_stands_where_the_new_one_cannot_be_written(store, folder, block, monkeypatch):
    block.sidecar_path.write_text("{}")
    before = list_files(folder)

    def fail(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(StorageError, match="No space left"):
            repair(store)
    assert list_files(folder) == before


def edit_manifest(folder, *, sign=True, **changes):
    path = manifest_path(folder)
    text = path.read_text()
    record = json.loads(text)
    checksum = record.pop("sha256")
    content = render_record({**record, **changes}).decode()
    if not sign:
        content = content[: content.index('"sha256"')] + f'"sha256": "{checksum}"\n}}\n'
    path.write_text(content)


@pytest.mark.parametrize("sign", [True, False])
def test_a_study_of_a_newer_schema_is_refused_and_not_touched(store, folder, sign):
    """Also where its checksum is one that only the newer version understands."""
    edit_manifest(folder, schema=99, sign=sign)
    (folder / ".stray.part").write_bytes(b"")
    before = list_files(folder)
    actions = [
        lambda: fill(store, 70, protocol=OTHER),
        lambda: store.rewrite(OTHER, 1988, invent(0, 20)),
        lambda: store.digest(OTHER, 1988, 20),
        lambda: store.counts(OTHER, 1988, 20),
        lambda: repair(store),
        lambda: check_study(folder),
    ]
    for action in actions:
        with pytest.raises(NewerSchemaError, match="schema 99"):
            action()
    assert list_files(folder) == before


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outcome_version": 99}, "outcomes of version 99"),
        ({"protocol": {"dropout": 0.5}}, "does not understand"),
    ],
)
def test_a_study_of_another_version_is_refused_and_not_touched(store, folder, changes, message):
    edit_manifest(folder, **changes)
    before = list_files(folder)
    for action in (lambda: store.digest(OTHER, 1988, 20), lambda: repair(store)):
        with pytest.raises(DataError, match=message):
            action()
    assert list_files(folder) == before


def test_a_study_in_the_folder_of_another_is_refused_and_not_touched(store, folder):
    records = manifest_path(folder).parent
    moved = folder.rename(folder.with_name("7"))
    records.rename(records.with_name("7.records"))
    before = list_files(moved)
    (study,) = store.studies()
    for action in (
        lambda: store.digest(OTHER, 7, 20),
        lambda: repair_study(store, study, show_progress=False, simulate=simulate),
    ):
        with pytest.raises(DataError, match="belongs to .*/1988; move the folder back"):
            action()
    assert list_files(moved) == before


# What another program could write, with the checksum of the file made right again.


def forge(block, *, columns=None, schema=COLUMNS, header=None, sidecar=None):
    """Write a block and its side-car anew with something changed, and sign them."""
    outcomes = invent(block.start, block.stop)
    content = {
        "seed": np.arange(block.start, block.stop, dtype=np.int64),
        "updates": outcomes.updates,
        "converged": outcomes.converged,
        **(columns or {}),
    }
    stored = json.loads(pq.read_metadata(block.path).metadata[b"replication"])
    metadata = {"replication": json.dumps({**stored, **(header or {})})}
    table = pa.table(
        [pa.array(content[field.name], field.type) for field in schema],
        schema=schema.with_metadata(metadata),
    )
    pq.write_table(table, block.path)
    record = json.loads(block.sidecar_path.read_bytes())
    del record["sha256"]
    record["file_sha256"] = hashlib.sha256(block.path.read_bytes()).hexdigest()
    block.sidecar_path.write_bytes(render_record({**record, **(sidecar or {})}))


def fault_of(block):
    (fault,) = check_study(block.folder).faults
    assert fault.block == block
    return fault.message


def test_a_block_written_anew_with_the_same_content_is_sound(block):
    forge(block)
    assert check_study(block.folder).faults == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [("protocol_id", "f" * 16), ("root_seed", 6), ("start", 2), ("stop", 41)],
)
def test_a_header_or_side_car_of_another_block_is_refused(block, key, value):
    forge(block, header={key: value})
    assert f"{key} is {value!r} instead of" in fault_of(block)
    forge(block, sidecar={key: value})
    assert f"{key} is" in fault_of(block)


def test_other_versions_of_packages_are_no_fault(block):
    forge(block, header={"versions": {"numpy": "1.0"}}, sidecar={"versions": {"numpy": "0.1"}})
    assert check_study(block.folder).faults == ()


def test_columns_seeds_and_outcomes_are_each_checked(block):
    n = block.stop - block.start
    forge(block, schema=COLUMNS.set(1, pa.field("updates", pa.int64())))
    assert "its columns are" in fault_of(block)
    forge(block, columns={"seed": np.arange(1, n + 1)})
    assert "its seeds are not those of its name" in fault_of(block)
    forge(block, columns={"updates": invent(block.start, block.stop).updates // 2})
    assert "its content has another digest" in fault_of(block)


def test_counts_that_are_not_those_of_the_outcomes_are_found(block):
    outcomes = invent(block.start, block.stop)
    table = CountTable.from_outcomes(outcomes.updates, outcomes.converged, PAPER.max_updates)
    plain = table.to_plain()
    plain["counts"][0] += 1
    forge(block, sidecar={"counts": plain})
    assert "other counts than its side-car says" in fault_of(block)


def test_outcomes_that_no_network_can_have_are_found(block):
    outcomes = invent(block.start, block.stop)
    outcomes.converged[outcomes.converged.argmax()] = False  # censored, but not at the cap
    digest = compute_digest([outcomes])
    forge(
        block, columns={"converged": outcomes.converged}, header={"digest": digest},
        sidecar={"digest": digest},
    )  # fmt: skip
    assert "holds what no network does" in fault_of(block)


def test_a_sound_block_that_is_not_the_one_on_record_is_found(block):
    outcomes = invent(block.start, block.stop)
    updates = np.where(outcomes.converged, outcomes.updates // 2, outcomes.updates)
    changed = Outcomes(block.start, updates.astype(np.int32), outcomes.converged)
    digest = compute_digest([changed])
    counts = CountTable.from_outcomes(changed.updates, changed.converged, PAPER.max_updates)
    forge(
        block, columns={"updates": changed.updates}, header={"digest": digest},
        sidecar={"digest": digest, "counts": counts.to_plain()},
    )  # fmt: skip
    assert "is not the one that the manifest lists" in fault_of(block)


def test_a_flipped_bit_in_a_page_is_found_even_where_the_file_was_signed_again(block):
    chunk = pq.read_metadata(block.path).row_group(0).column(1)
    content = bytearray(block.path.read_bytes())
    content[chunk.dictionary_page_offset + chunk.total_compressed_size - 2] ^= 4
    block.path.write_bytes(bytes(content))
    record = json.loads(block.sidecar_path.read_bytes())
    del record["sha256"]
    record["file_sha256"] = hashlib.sha256(bytes(content)).hexdigest()
    block.sidecar_path.write_bytes(render_record(record))
    assert "it cannot be read" in fault_of(block)
