"""A disk that is full or read-only: 74 for a results folder, and no cache, but a result."""

import contextlib
import os
import sys

import pytest

from replication.simulator.ensemble import simulate_ranges
from tests.reliability import faults
from tests.unit.cache.invented import fill, find_digest, list_blocks, replace_block_size

N_SEEDS = 3000


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 32 kB, on which three blocks fit."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system, and only on Linux")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = faults.run("mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", folder)
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


def count(cache, n_seeds):
    # One after another: with two at once, either of two blocks may take the last place.
    return fill(cache, n_seeds, simulation=simulate_ranges, jobs=1).digest


def test_a_disk_that_fills_up_keeps_finished_blocks_and_the_study_goes_on(small_disk, capsys):
    cache = small_disk / "cache"
    count(cache, 1000)
    filler = small_disk / "filler"
    fill_disk(filler)
    with filler.open("r+b") as file:  # leave room for one more block
        file.truncate(filler.stat().st_size - 2 * os.sysconf("SC_PAGE_SIZE"))
    assert count(cache, N_SEEDS) == faults.compute_reference(N_SEEDS)
    assert capsys.readouterr().err.count("No space left on device); the study goes on") == 1
    assert faults.find_strays(cache) == []
    assert find_digest(cache, 2000) == faults.compute_reference(2000)
    filler.unlink()
    assert count(cache, N_SEEDS) == find_digest(cache, N_SEEDS)


def test_a_read_only_cache_is_read(small_disk, capsys):
    cache = small_disk / "cache"
    count(cache, 1000)
    assert faults.run("mount", "-o", "remount,ro", small_disk).returncode == 0
    with pytest.raises(OSError, match="Read-only"):
        (cache / "probe").write_text("")
    assert find_digest(cache, 1000) == faults.compute_reference(1000)
    assert capsys.readouterr().err == ""
    assert count(cache, N_SEEDS) == faults.compute_reference(N_SEEDS)
    assert capsys.readouterr().err.count("(Read-only file system); the study goes on") == 1


def test_a_read_only_results_folder_is_refused_before_any_simulation(small_disk, tmp_path):
    results = small_disk / "results"
    results.mkdir()
    assert faults.run("mount", "-o", "remount,ro", small_disk).returncode == 0
    faults.assert_clean(faults.call("info", "--results", results), 0)
    readings = tmp_path / "own.toml"
    readings.write_text("[factors]\nmomentum = [0.0, 0.5]\n")
    for words in (
        ("replicate", "--seeds", "2000"),
        ("report",),
        ("experiments", "codes"),
        ("experiments", "codes", "--preview", "100"),
        ("multiverse", "--file", readings),
    ):
        done = faults.call(*words, "--results", results)
        faults.assert_clean(done, 74)
        assert "Read-only file system" in done.stderr
        assert len(done.stderr.splitlines()) == 1, "it has begun first"


def test_files_obey_the_permission_mask(cache_folder):
    mask = os.umask(0o027)
    try:
        faults.assert_clean(faults.call("simulate", "--seeds", N_SEEDS), 0)
    finally:
        os.umask(mask)
    assert {path.stat().st_mode & 0o777 for path in list_blocks(cache_folder)} == {0o640}
    assert cache_folder.stat().st_mode & 0o777 == 0o750
