"""A disk that is read-only is refused in one line, and files obey the permission mask."""

import os
import shutil

import pytest

from tests.reliability import faults


@pytest.fixture
def small_disk(tmp_path):
    """A file system that can be made read-only."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount") or "false"  # no user but root may, and only on Linux
    if faults.run(mount, "-t", "tmpfs", "-o", "size=32k", "tmpfs", folder).returncode:
        pytest.skip("this machine does not let this user mount a small file system")
    yield folder
    assert faults.run("umount", "-l", folder).returncode == 0


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


def test_files_obey_the_permission_mask(tmp_path):
    mask = os.umask(0o027)
    try:
        faults.publish(tmp_path)
    finally:
        os.umask(mask)
    (model,) = tmp_path.rglob("headline.json")
    assert [path.stat().st_mode & 0o777 for path in (model, model.parent)] == [0o640, 0o750]
