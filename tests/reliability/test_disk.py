"""A disk that is read-only: 74 for a results folder, and no cache, but a result."""

import os
import shutil

import pytest

from replication.simulator.running.ensemble import simulate_ranges
from tests.reliability import faults
from tests.unit.cache.invented import fill, find_digest, list_blocks, replace_block_size

N_SEEDS = 3000


@pytest.fixture
def small_disk(tmp_path):
    """A file system that can be made read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount") or "false"  # no user but root may, and only on Linux
    if faults.run(mount, "-t", "tmpfs", "-o", "size=32k", "tmpfs", folder).returncode:
        pytest.skip("this machine does not let this user mount a small file system")
    with replace_block_size(1000):
        yield folder
    assert faults.run("umount", "-l", folder).returncode == 0


def test_a_read_only_cache_is_read(small_disk, capsys):
    cache = small_disk / "cache"
    fill(cache, 1000, simulation=simulate_ranges)
    assert faults.run("mount", "-o", "remount,ro", small_disk).returncode == 0
    with pytest.raises(OSError, match="Read-only"):
        (cache / "probe").write_text("")
    assert find_digest(cache, 1000) == faults.compute_reference(1000)
    assert capsys.readouterr().err == ""
    # What is not in it is simulated, with one line that it cannot be kept.
    counted = fill(cache, N_SEEDS, simulation=simulate_ranges)
    assert counted.digest == faults.compute_reference(N_SEEDS)
    assert capsys.readouterr().err.count("(Read-only file system); the study goes on") == 1


def test_a_full_cache_folder_costs_one_line_and_holds_no_stray_file(small_disk, capsys):
    with pytest.raises(OSError, match="No space left"):
        (small_disk / "mine").write_bytes(bytes(2**20))
    counted = fill(small_disk / "cache", N_SEEDS, simulation=simulate_ranges)
    assert counted.digest == faults.compute_reference(N_SEEDS)
    assert capsys.readouterr().err.count("(No space left on device); the study goes on") == 1
    assert [path.name for path in faults.list_files(small_disk)] == ["mine"]


def test_a_read_only_results_folder_is_refused_before_any_simulation(small_disk):
    results = small_disk / "results"
    results.mkdir()
    assert faults.run("mount", "-o", "remount,ro", small_disk).returncode == 0
    faults.assert_clean(faults.call("info", "--results", results), 0)
    commands = ["replicate --seeds 2000", "report", "experiments codes"]
    for words in commands:
        done = faults.call(*words.split(), "--results", results)
        faults.assert_clean(done, 74)
        assert "Read-only file system" in done.stderr
        assert len(done.stderr.splitlines()) == 1, "it has begun first"


def test_files_obey_the_permission_mask(cache_folder):
    mask = os.umask(0o027)
    try:
        faults.assert_clean(faults.call("simulate", "--seeds", N_SEEDS), 0)
    finally:
        os.umask(mask)
    (block,) = list_blocks(cache_folder)
    assert [path.stat().st_mode & 0o777 for path in (block, cache_folder)] == [0o640, 0o750]
