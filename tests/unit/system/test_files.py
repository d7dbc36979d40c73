"""A temporary folder is gone afterwards, and one that cannot be made is one line."""

import tempfile

import pytest

from replication.errors import StorageError
from replication.system.files import make_temporary_folder


def test_the_folder_is_gone_afterwards_and_nothing_of_others_is_swept(monkeypatch, tmp_path):
    """Once the folder of a run in another container that shares TMPDIR went."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in (".replication-2-abcd_123.part", "replication-abcd_123"):
        (tmp_path / name / "figures").mkdir(parents=True)
    before = set(tmp_path.rglob("*"))
    with make_temporary_folder() as folder:
        (folder / "x").write_text("x")
        assert folder.parent == tmp_path
    assert set(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_made_is_one_line(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    unusable = pytest.raises(StorageError, match="a temporary folder cannot be used")
    with unusable, make_temporary_folder():
        pass
