"""Whatever happens to a file of a study is found, named, never read as a number, and repaired."""

import dataclasses
import errno
import hashlib
import json
import os
import shutil
from pathlib import Path
from unittest import mock

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replication.definition.protocol import PAPER
from replication.errors import DataError, StorageError
from replication.simulator.outcomes import Outcomes, compute_digest
from replication.store import Store, find_blocks
from replication.store.blocks import COLUMNS, Block, read_block, write_block
from tests.unit.store.invented import check, fill, invent, repair

OTHER = dataclasses.replace(PAPER, regression=0.7)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "results")


@pytest.fixture
def folder(store):
    return fill(store, 60, protocol=OTHER)


@pytest.fixture
def block(folder):
    return find_blocks(folder)[1]


def read_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(bytes(content))


def swap(path):
    neighbour = find_blocks(path.parent)[0].path
    content = neighbour.read_bytes()
    neighbour.write_bytes(path.read_bytes())
    path.write_bytes(content)


def rename_to_other_seeds(path):
    path.rename(path.with_name(path.name.replace("000000000020-", "000000000021-")))


def put_folder(path):
    path.unlink()
    path.mkdir()
    (path / "mine.txt").write_text("mine")


def put_pipe(path):
    path.unlink()
    os.mkfifo(path)


def put_endless_link(path):
    path.unlink()
    path.symlink_to("/dev/zero")


DAMAGES = [
    truncate, flip, swap, rename_to_other_seeds, put_folder, put_pipe, put_endless_link,
]  # fmt: skip


@pytest.mark.timeout(60)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_found_named_and_repaired(store, folder, block, damage):
    before = read_files(folder)
    damage(block.path)
    checked = check(store, folder)
    assert len(checked.faults) == (2 if damage is swap else 1)
    assert checked.missing == ([(20, 21)] if damage is rename_to_other_seeds else [])
    for bad, error in checked.faults.items():
        assert f"block '{bad.path}' is bad (" in str(error)
        assert "`replication repair`" in str(error)
    with pytest.raises(DataError, match="repair|simulate"):
        store.digest(OTHER, 1988, 60)

    repair(store, folder)
    assert check(store, folder).messages == []
    aside = [path for path in folder.iterdir() if ".set-aside-" in path.name]
    assert len(aside) == (damage is put_folder)
    for path in aside:
        assert (path / "mine.txt").read_text() == "mine"
        shutil.rmtree(path)
    assert store.digest(OTHER, 1988, 60) == compute_digest([invent(0, 60)])
    if damage not in (swap, rename_to_other_seeds):  # which are more seeds in a row
        assert read_files(folder) == before


def test_the_protocol_is_told_by_any_block_that_is_sound(store, folder, block):
    for one in find_blocks(folder)[:2]:
        one.path.write_bytes(b"")
    assert check(store, folder).protocol == OTHER
    repair(store, folder)
    assert store.digest(OTHER, 1988, 60) == compute_digest([invent(0, 60)])


def test_a_study_in_the_folder_of_another_protocol_is_given_up_with_advice(store, folder):
    moved = folder.parent.rename(folder.parents[1] / ("0" * 16)) / folder.name
    with pytest.raises(DataError, match="is not known: .*delete the folder and simulate again"):
        check(store, moved)


@pytest.mark.parametrize(("start", "stop"), [(60, 10**11), (10**10, 10**10 + 5)])
def test_a_bad_name_that_no_block_of_the_study_has_is_not_believed(store, folder, start, stop):
    """Or `repair` would simulate for days."""
    (folder / f"{start:012d}-{stop:012d}-0123456789abcdef.parquet").write_bytes(b"x")
    checked = check(store, folder)
    (error,) = checked.faults.values()
    assert ("its name holds more than 1,000,000 seeds" in str(error)) == (stop == 10**11)
    assert checked.lost == []
    repair(store, folder)
    assert store.ranges(OTHER, 1988) == [(0, 60)]


def fail_to_read(number, name):
    """Let the system fail to read files of this name."""
    read = Path.read_bytes

    def fail(path):
        if path.name.endswith(name):
            raise OSError(number, os.strerror(number), str(path))
        return read(path)

    return mock.patch.object(Path, "read_bytes", fail)


def test_an_error_of_the_disk_is_damage_and_a_lack_of_rights_is_none(store, folder, block):
    """Once the first block that could not be read ended `verify`, and none was repaired."""
    before = read_files(folder)
    for number in (errno.EACCES, errno.EMFILE):
        for act in (check, repair):
            with (
                fail_to_read(number, ".parquet"),
                pytest.raises(OSError, match=os.strerror(number)),
            ):
                act(store, folder)
    assert read_files(folder) == before
    with fail_to_read(errno.EIO, block.path.name):
        checked = check(store, folder)
    assert list(checked.faults) == [block]
    assert "Input/output error" in checked.messages[0]


def test_a_bad_block_stands_where_the_new_one_cannot_be_written(store, folder, block, monkeypatch):
    truncate(block.path)
    before = read_files(folder)

    def fail(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(StorageError, match="No space left"):
            repair(store, folder)
    assert read_files(folder) == before


# What another program could write, with the checksum in the name made right again.


def forge(block, *, columns=None, schema=COLUMNS, header=None, outcomes=None, **options):
    """Write a block anew with something changed, and sign it; return its new path."""
    outcomes = invent(block.start, block.stop) if outcomes is None else outcomes
    content = {
        "seed": np.arange(block.start, block.stop, dtype=np.int64),
        "updates": outcomes.updates,
        "converged": outcomes.converged,
        **(columns or {}),
    }
    stored = json.loads(pq.read_metadata(block.path).metadata[b"replication"])
    table = pa.table(
        [pa.array(content[field.name], field.type) for field in schema],
        schema=schema.with_metadata(
            {
                "replication": header
                if isinstance(header, str)
                else json.dumps(stored | (header or {}))
            }
        ),
    )
    pq.write_table(table, block.path, **{"compression": "none", **options})
    return sign(block.path)


def sign(path):
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    return path.rename(path.with_name(f"{path.name[:26]}{checksum}.parquet"))


def find_fault(store, folder):
    (error,) = check(store, folder).faults.values()
    return str(error)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"layout": "2.1"}, 'its layout is "2.1" and not 3.1'),
        ({"root_seed": 7}, "its root_seed is 7 and not 1988"),
        ({"root_seed": 1988.0}, "its root_seed is 1988.0 and not 1988"),
        ({"stop": True}, "its stop is true and not"),
        ({"protocol": {"regression": 0.6}}, "its protocol is another one"),
        ({"protocol": {"dropout": 0.5}}, "'dropout'"),
        ({"made_with": 5}, "is bad ("),
        ({"digest": "0" * 64}, "its outcomes have another digest"),
        ("[" * 100_000, "is bad ("),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_header_that_says_something_else_is_refused(store, folder, block, header, message):
    forge(find_blocks(folder)[0], header={"made_with": {"numpy": "1.0"}})  # which is sound
    forge(block, header=header)
    assert message in find_fault(store, folder)
    repair(store, folder)
    assert check(store, folder).messages == []


def test_columns_seeds_and_outcomes_are_each_checked(store, folder, block):
    n = block.stop - block.start
    outcomes = invent(block.start, block.stop)
    wide = COLUMNS.set(1, pa.field("updates", pa.int64(), nullable=False))
    censored = outcomes.converged.copy()
    censored[censored.argmax()] = False  # but not at the cap
    digest = compute_digest([Outcomes(block.start, outcomes.updates, censored)])
    for options, message in (
        ({"schema": wide}, "its columns are"),
        ({"columns": {"seed": np.arange(1, n + 1)}}, "its seeds are not those of its name"),
        ({"columns": {"updates": outcomes.updates // 2}}, "its outcomes have another digest"),
        ({"columns": {"converged": censored}, "header": {"digest": digest}}, "censored networks"),
    ):
        path = forge(block, **options)
        assert message in find_fault(store, folder)
        path.unlink()
        write_block(folder, outcomes, protocol=OTHER, root_seed=1988)


def test_rows_and_sizes_are_looked_at_before_anything_is_unpacked(store, folder, block):
    """Once a block of some kilobytes took five gigabytes of memory."""
    n = 4_000_000
    huge = {"seed": np.zeros(n), "updates": np.zeros(n), "converged": np.zeros(n)}
    path = forge(block, columns=huge, compression="zstd")
    assert path.stat().st_size < 2**20
    unpack = mock.patch("pyarrow.parquet.ParquetFile.read", side_effect=AssertionError("unpacked"))
    with unpack, pytest.raises(DataError, match="it has 4,000,000 rows and not 20"):
        read_block(Block(20, 40, path), protocol=OTHER, root_seed=1988)
    repair(store, folder)
    (path,) = folder.glob("000000000020-*")
    schema = COLUMNS.set(1, pa.field("updates", pa.string(), nullable=False))
    texts = {"updates": ["x" * 10**6] * 20}
    forge(Block(20, 40, path), columns=texts, schema=schema, compression="zstd")
    assert "it unpacks to more than its size" in find_fault(store, folder)


def test_a_file_too_large_for_its_rows_is_not_read(store, folder, block):
    with block.path.open("r+b") as file:
        file.truncate(2**40)  # of which nothing is on the disk
    assert "it has 1,099,511,627,776 bytes, more than" in find_fault(store, folder)


def test_no_byte_of_a_signed_footer_ends_the_process_or_reads_as_other_outcomes(folder, block):
    """Once a codec that does not exist ended it without a word."""
    content = block.path.read_bytes()
    footer = int.from_bytes(content[-8:-4], "little")
    refused = 0
    for place in range(len(content) - 8 - footer, len(content)):
        changed = bytearray(content)
        changed[place] = 0x40 if content[place] != 0x40 else 0
        block.path.write_bytes(bytes(changed))
        path = sign(block.path)
        try:
            outcomes = read_block(Block(20, 40, path), protocol=OTHER, root_seed=1988)
        except DataError:
            refused += 1
        else:
            assert compute_digest([outcomes]) == compute_digest([invent(20, 40)])
        path.unlink()
    assert refused > footer / 2
