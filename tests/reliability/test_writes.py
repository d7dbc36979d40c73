"""A kill or an error at any write, fsync or rename loses no finished block."""

from __future__ import annotations

import re
import shutil

import pytest

from replication.protocol import PAPER
from replication.simulator.outcomes import compute_digest
from replication.store import Store
from tests.reliability.faults import (
    Strace,
    assert_clean,
    assert_recovers,
    find_strays,
)
from tests.unit.store.invented import check, invent, simulate

N_SEEDS = 2000
REFERENCE = compute_digest([invent(0, N_SEEDS)])


@pytest.fixture(scope="module")
def points(tmp_path_factory) -> list[tuple[str, int]]:
    """Every call on the files of a small study, by its name and number."""
    folder = tmp_path_factory.mktemp("count")
    traced = Strace(folder / "results", folder / "log")
    assert_clean(traced.run(), 0)
    names = [name for name, _ in traced.read_calls()]
    # Two blocks: every file written, forced to disk and renamed, and its folder forced to disk.
    assert names.count("write") == names.count("rename") == 2
    assert names.count("fsync") >= 2 + 2
    return [(name, names[: i + 1].count(name)) for i, name in enumerate(names)]


def inject(tmp_path, fault: str, *, code: int | None) -> None:
    """Run a study into a fault, look at what is left, and run it again."""
    traced = Strace(tmp_path / "fault" / "results", tmp_path / "fault.log")
    traced.results.parent.mkdir()
    done = traced.run(fault)
    assert traced.was_injected(), f"{fault} did not happen"
    if code is None:
        assert done.returncode in (-9, 137), f"{fault}: {done.returncode} {done.stderr}"
    else:
        assert_clean(done, code)
        assert find_strays(traced.results) == []
    folder = Store(traced.results).study_folder(PAPER, 1988)
    if folder.exists():
        assert check(Store(traced.results), folder).faults == {}
    assert_recovers(traced.results, N_SEEDS, REFERENCE, simulate)
    shutil.rmtree(traced.results.parent)


def test_kill_at_every_call_loses_nothing(tmp_path, points):
    assert len(points) >= 12
    for name, k in points:
        inject(tmp_path, f"{name}:signal=KILL:when={k}", code=None)


def test_error_at_a_call_ends_with_74_and_loses_nothing(tmp_path):
    for fault in ("write:error=ENOSPC:when=2", "fsync:error=EIO:when=6", "rename:error=EIO:when=2"):
        inject(tmp_path, fault, code=74)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_every_error_at_every_call_ends_with_74_and_loses_nothing(tmp_path, points):
    for name, k in points:
        for error in ("EIO", "ENOSPC"):
            inject(tmp_path, f"{name}:error={error}:when={k}", code=74)


def test_every_file_is_written_forced_to_disk_renamed_and_its_folder_forced(tmp_path):
    traced = Strace(tmp_path / "results", tmp_path / "log")
    assert_clean(traced.run(), 0)
    waiting: dict[str, str] = {}
    renamed: list[str] = []
    finished = []
    for name, rest in traced.read_calls():
        if name == "write":
            waiting["file"] = "written"
        elif name == "fsync" and waiting.get("file") == "written":
            waiting["file"] = "synced"
        elif name == "rename":
            assert waiting["file"] == "synced", f"renamed before it was forced to disk: {rest}"
            source, target = re.findall(r'"([^"]*)"', rest)
            assert source.rpartition("/")[0] == target.rpartition("/")[0]
            renamed.append(target.rpartition("/")[2])
        elif name == "fsync" and renamed:
            finished += renamed
            renamed = []
    assert renamed == [], "renamed, but the folder was not forced to disk afterwards"
    assert sum(name.endswith(".parquet") for name in finished) == 2
