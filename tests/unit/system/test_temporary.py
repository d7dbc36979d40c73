"""A temporary folder is gone afterwards, and one that cannot be made is one line."""

import os
import subprocess
import sys
import tempfile

import pytest

from replication.errors import StorageError
from replication.system.temporary import NAME, make_temporary_folder


def test_the_folder_is_gone_afterwards(monkeypatch, tmp_path):
    """And so are those of killed runs, and no others."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    left, linked, running, mine = (
        tmp_path / name
        for name in (
            f".replication-{ended.pid}-abcd_123.part",
            f".replication-{ended.pid}-efgh_456.part",
            f".replication-{os.getpid()}-abcd_123.part",
            f"replication-{ended.pid}-mine",
        )
    )
    (left / "figures").mkdir(parents=True)
    for path in (running, mine):
        path.mkdir()
    linked.symlink_to(mine)
    with make_temporary_folder() as folder:
        (folder / "x").write_text("x")
        assert folder.parent == tmp_path
        assert NAME.fullmatch(folder.name)
    assert set(tmp_path.iterdir()) == {linked, running, mine}


def test_a_folder_that_cannot_be_made_is_one_line(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    unusable = pytest.raises(StorageError, match="a temporary folder cannot be used")
    with unusable, make_temporary_folder():
        pass
