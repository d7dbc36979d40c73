"""Temporary folders of killed runs are removed by the next run, and no others."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from replication.errors import StorageError
from replication.temporary import NAME, make_temporary_folder


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def find_dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_the_folder_is_gone_afterwards(place: Path) -> None:
    with make_temporary_folder() as folder:
        (folder / "x").write_text("x")
        assert folder.parent == place
        assert NAME.fullmatch(folder.name)
    assert list(place.iterdir()) == []


def test_what_a_kill_left_is_swept(place: Path) -> None:
    dead = find_dead_process()
    left = place / f".replication-{dead}-abcd_123.part"
    (left / "figures").mkdir(parents=True)
    mine = place / "mine"
    mine.mkdir()
    kept = [place / f".replication-{os.getpid()}-abcd_123.part", place / f"replication-{dead}-mine"]
    for path in kept:
        path.mkdir()
    linked = place / f".replication-{dead}-efgh_456.part"
    linked.symlink_to(mine)
    with make_temporary_folder():
        assert not left.exists()
    assert mine.exists()
    assert linked.is_symlink()
    assert all(path.exists() for path in kept)


def test_a_folder_that_cannot_be_made_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    unusable = pytest.raises(StorageError, match="a temporary folder cannot be used")
    with unusable, make_temporary_folder():
        pass
