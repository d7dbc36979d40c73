"""A temporary folder is gone afterwards, and one that cannot be made is one line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from replication.errors import StorageError
from replication.temporary import make_temporary_folder


def test_the_folder_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with make_temporary_folder() as folder:
        (folder / "x").write_text("x")
        assert folder.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    unusable = pytest.raises(StorageError, match="a temporary folder cannot be used")
    with unusable, make_temporary_folder():
        pass
