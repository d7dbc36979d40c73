"""Whatever happens to a file of a study is found, named, never read as a number, and repaired."""

import dataclasses
import errno
import hashlib
import os
import shutil
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.errors import DataError, StorageError
from replication.simulator.outcomes import compute_digest
from replication.store.blocks import LAYOUT, find_blocks, read_block
from replication.store.folders import StudyFolder, compute_study_digest
from replication.store.verifying import check_study
from tests.unit.store.invented import fill, invent, read_files, repair

OTHER = dataclasses.replace(PAPER, regression=0.7)


@pytest.fixture
def study(tmp_path):
    return Study(OTHER, 1988, 60, tmp_path / "results")


@pytest.fixture
def folder(study):
    return fill(study.results, 60, protocol=OTHER)


@pytest.fixture
def block(folder):
    return find_blocks(folder.path)[1]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1])


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


DAMAGES = [truncate, swap, rename_to_other_seeds, put_folder, put_pipe, put_endless_link]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("way", ["repair", "next run"])
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_damage_is_found_named_and_repaired_and_no_more_simulated(
    study, folder, block, damage, way
):
    before, asked = read_files(folder.path), []

    def remember(protocol, root_seed, ranges, **_):
        for pair in ranges:
            asked.append(pair)
            yield invent(*pair)

    damage(block.path)
    checked = check_study(folder)
    assert len(checked.faults) == (2 if damage is swap else 1)
    assert checked.missing == ([(20, 40)] if damage is rename_to_other_seeds else [])
    for bad, error in checked.faults.items():
        assert f"block '{bad.path}' is bad (" in str(error)
        assert "`replication repair`" in str(error)
    with pytest.raises(DataError, match="repair|simulate"):
        compute_study_digest(study)

    if way == "next run":
        fill(study.results, 30, protocol=OTHER, simulation=remember)
        part = Study(OTHER, 1988, 30, study.results)
        assert compute_study_digest(part) == compute_digest([invent(0, 30)])
    repair(folder, remember)
    is_missing = damage is rename_to_other_seeds and way == "next run"
    first = [(0, 20)] if damage is swap else [(20, 30)] if is_missing else []
    assert asked == [*first, (20, 40)]
    assert check_study(folder).messages == []
    aside = [path for path in folder.path.iterdir() if ".set-aside-" in path.name]
    assert len(aside) == (damage is put_folder)
    for path in aside:
        assert (path / "mine.txt").read_text() == "mine"
        shutil.rmtree(path)
    assert compute_study_digest(study) == compute_digest([invent(0, 60)])
    assert read_files(folder.path) == before


def test_the_protocol_is_told_by_any_block_that_is_sound(study, folder, block):
    empty = hashlib.sha256(b"").hexdigest()[:16]
    for one, checksum in zip(find_blocks(folder.path)[:2], (empty, "0" * 16), strict=True):
        one.path.write_bytes(b"")
        one.path.rename(one.path.with_name(f"{one.path.name[:26]}{checksum}.parquet"))
    assert check_study(folder).study == study
    repair(folder)
    assert compute_study_digest(study) == compute_digest([invent(0, 60)])


def test_a_study_in_the_folder_of_another_protocol_is_given_up_with_advice(study, folder):
    folder.path.parent.rename(folder.path.parents[1] / ("0" * 16))
    moved = StudyFolder("0" * 16, 1988, study.results)
    with pytest.raises(DataError, match="is unknown: .*delete the folder and simulate again"):
        check_study(moved)


@pytest.mark.parametrize(("start", "stop"), [(60, 10**11), (10**10, 10**10 + 5), (61, 70)])
def test_a_bad_name_that_no_block_of_the_study_has_is_not_believed(study, folder, start, stop):
    """Or `repair` would simulate for days."""
    (folder.path / f"{start:012d}-{stop:012d}-0123456789abcdef.parquet").write_bytes(b"x")
    checked = check_study(folder)
    (error,) = checked.faults.values()
    is_odd = "its name is not that of a block of at most 20 seeds" in str(error)
    assert is_odd == (stop != 10**10 + 5)
    assert (checked.study.n_seeds, checked.missing, checked.n_lacking) == (60, [], 0)
    repair(folder)
    assert [(block.start, block.stop) for block in find_blocks(folder.path)] == [
        (0, 20), (20, 40), (40, 60),
    ]  # fmt: skip


def test_damaged_blocks_at_the_end_are_made_again_also_after_a_missing_one(study, folder):
    """The name of the last block is all that says how many networks there were."""
    blocks = find_blocks(folder.path)
    blocks[1].path.unlink()
    truncate(blocks[2].path)
    checked = repair(folder)
    assert (checked.study, checked.missing) == (study, [(20, 40)])
    assert compute_study_digest(study) == compute_digest([invent(0, 60)])


def fail_to_read(number, name):
    read = Path.read_bytes

    def fail(path):
        if path.name.endswith(name):
            raise OSError(number, os.strerror(number), str(path))
        return read(path)

    return mock.patch.object(Path, "read_bytes", fail)


def test_an_error_of_the_disk_is_damage_and_a_lack_of_rights_is_none(study, folder, block):
    """Once the first block that could not be read ended `verify`, and none was repaired."""
    before = read_files(folder.path)
    for number in (errno.EACCES, errno.EMFILE):
        no_damage = pytest.raises(OSError, match=os.strerror(number))
        with fail_to_read(number, ".parquet"), no_damage:
            repair(folder)
    assert read_files(folder.path) == before
    with fail_to_read(errno.EIO, block.path.name):
        checked = check_study(folder)
    assert list(checked.faults) == [block]
    assert "Input/output error" in checked.messages[0]


def test_a_bad_block_stands_where_the_new_one_cannot_be_written(folder, block):
    truncate(block.path)
    before = read_files(folder.path)
    full = mock.patch("os.fsync", side_effect=OSError(28, "No space left on device"))
    with full, pytest.raises(StorageError, match="No space left"):
        repair(folder)
    assert read_files(folder.path) == before


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"root_seed": 7}, "its root_seed is 7 and not 1988"),
        ({"protocol": PAPER}, "its protocol is another one"),
        ({"n_seeds": 20}, "its start is 0 and not 20"),
        ({"n_seeds": 35}, "its stop is 35 and not 40"),
        ({"layout": "3.1"}, "its layout is '3.1' and not 4.1"),
    ],
    ids=str,
)
def test_a_sound_block_in_the_place_of_another_is_refused(
    study, folder, block, tmp_path, monkeypatch, other, message
):
    with monkeypatch.context() as patch:
        patch.setattr("replication.store.blocks.LAYOUT", other.pop("layout", LAYOUT))
        found = find_blocks(fill(tmp_path, **{"n_seeds": 40, "protocol": OTHER} | other).path)[-1]
    block.path.unlink()
    found.path.rename(block.path.with_name(block.path.name[:26] + found.path.name[26:]))
    (error,) = check_study(folder).faults.values()
    assert message in str(error)
    repair(folder)
    assert compute_study_digest(study) == compute_digest([invent(0, 60)])


def test_a_file_too_large_for_a_block_is_not_read(folder, block):
    with block.path.open("r+b") as file:
        file.truncate(2**40)  # of which nothing is on the disk
    (error,) = check_study(folder).faults.values()
    assert "it has 1,099,511,627,776 bytes, more than" in str(error)


@pytest.mark.parametrize(("n_rows", "text"), [(50_001, ""), (20, "x" * 3_360_000)])
def test_a_block_of_somebody_else_unpacks_to_no_more_than_a_block_can_hold(
    study, block, n_rows, text
):
    """Once a block of some kilobytes took five gigabytes of memory."""
    table = pa.table({"updates": pa.repeat(text, n_rows)})
    options = {"use_dictionary": False, "write_statistics": False}
    pq.write_table(table, block.path, compression="zstd", **options)
    checksum = hashlib.sha256(block.path.read_bytes()).hexdigest()[:16]
    path = block.path.rename(block.path.with_name(f"{block.path.name[:26]}{checksum}.parquet"))
    unpack = mock.patch("pyarrow.parquet.ParquetFile.read", side_effect=AssertionError("unpacked"))
    with unpack, pytest.raises(DataError, match="it unpacks to more than a block"):
        read_block(block._replace(path=path), study)
