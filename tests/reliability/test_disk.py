"""A disk that is full, too small or read-only: exit code 74, and nothing is lost."""

import contextlib
import os
import shutil
import sys
from collections import namedtuple

import pytest

from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.errors import StorageError
from replication.store import filling
from replication.store.blocks import find_blocks
from replication.store.filling import simulate_study
from replication.store.folders import StudyFolder
from replication.store.verifying import check_study
from tests.reliability import faults
from tests.unit.store.invented import find_digest, replace_block_size

N_SEEDS = 3000


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 20 kB, which three blocks and the rest do not fit into."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system, and only on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = faults.run("mount", "-t", "tmpfs", "-o", "size=20k", "tmpfs", folder)
    if mounted.returncode:
        pytest.skip(f"this machine does not let root mount: {mounted.stderr.strip()}")
    with replace_block_size(1000):
        yield folder
    assert faults.run("umount", "-l", folder).returncode == 0


def fill_disk(path):
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 512)
    with pytest.raises(OSError, match="No space"):
        (path.parent / "probe").write_bytes(b"x")


def test_a_disk_that_fills_up_keeps_finished_blocks(small_disk, tmp_path, monkeypatch):
    monkeypatch.setattr("replication.store.filling.check_room", lambda *_, **__: None)
    results = small_disk / "results"
    simulate_study(Study(PAPER, 1988, 1000, results), show_progress=False)
    filler = small_disk / "filler"
    fill_disk(filler)
    with filler.open("r+b") as file:  # leave room for one more block
        file.truncate(filler.stat().st_size - os.sysconf("SC_PAGE_SIZE"))

    with pytest.raises(StorageError, match="No space left on device") as failure:
        simulate_study(Study(PAPER, 1988, N_SEEDS, results), show_progress=False)
    assert failure.value.exit_code == 74
    assert faults.find_strays(results) == []
    assert check_study(StudyFolder(PAPER.id, 1988, results)).faults == {}
    assert find_digest(results, 1000) == faults.compute_reference(1000)

    filler.unlink()
    shutil.copytree(results, tmp_path / "results")
    faults.assert_recovers(tmp_path / "results", N_SEEDS, faults.compute_reference(N_SEEDS))


def test_a_read_only_store_can_be_verified_and_nothing_is_simulated(small_disk, tmp_path):
    results = small_disk / "results"
    simulate_study(Study(PAPER, 1988, 1000, results), show_progress=False)
    assert faults.run("mount", "-o", "remount,ro", small_disk).returncode == 0
    with pytest.raises(OSError, match="Read-only"):
        (results / "probe").write_text("")
    faults.assert_clean(faults.call("verify", "--results", results), 0)
    faults.assert_clean(faults.call("info", "--results", results), 0)
    faults.assert_clean(faults.call("repair", "--results", results), 0)
    readings = tmp_path / "own.toml"
    readings.write_text("[factors]\nmomentum = [0.0, 0.5]\n")
    for words in (
        ("simulate", "--seeds", "2000"),
        ("experiments", "codes"),
        ("experiments", "codes", "--preview", "100"),
        ("multiverse", "--file", readings),
    ):
        done = faults.call(*words, "--results", results)
        faults.assert_clean(done, 74)
        assert "Read-only file system" in done.stderr
        assert len(done.stderr.splitlines()) == 1, "it has begun first"


def test_a_disk_that_is_too_small_is_refused_before_any_simulation(tmp_path, monkeypatch):
    usage = namedtuple("Usage", "total used free")(10**6, 10**6 - 10**5, 10**5)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    done = faults.call("simulate", "--seeds", "1000000", "--results", tmp_path / "results")
    faults.assert_clean(done, 74)
    assert "1,000,000 networks need about 1.70 MB" in done.stderr
    assert "0.10 MB free" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_estimate_of_disk_space_is_close_and_never_too_low(tmp_path):
    simulate_study(Study(PAPER, 1988, 100_000, tmp_path), show_progress=False)
    blocks = find_blocks(StudyFolder(PAPER.id, 1988, tmp_path).path)
    size = sum(block.path.stat().st_size for block in blocks)
    estimate = 100_000 * filling.BYTES_PER_NETWORK + 2 * filling.BYTES_PER_BLOCK
    assert size <= estimate <= 3 * size


def test_files_obey_the_permission_mask(tmp_path):
    mask = os.umask(0o027)
    try:
        faults.assert_clean(
            faults.call("simulate", "--seeds", N_SEEDS, "--results", tmp_path / "results"), 0
        )
    finally:
        os.umask(mask)
    paths = list((tmp_path / "results").rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_file()} == {0o640}
    assert {path.stat().st_mode & 0o777 for path in paths if path.is_dir()} == {0o750}
