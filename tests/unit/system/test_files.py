"""Files are written whole or not at all, and only in folders that are ours."""

import os
import time
from unittest import mock

import pytest

from replication.errors import StorageError
from replication.system.files import open_folder, write_durably


def test_opening_removes_what_a_kill_left_a_day_ago_and_nothing_else(tmp_path):
    folder = tmp_path / "folder"
    open_folder(folder, below=tmp_path)
    name = ".replication-0123456789abcdef.part"
    left, kept = folder / name, [folder / "notes.txt", folder / ".mine.part", tmp_path / name]
    for path in (left, *kept):
        path.write_bytes(b"x")
    kept.append(folder / ".replication-ffffffffffffffff.part")
    kept[-1].mkdir()
    open_folder(folder, below=tmp_path)
    assert left.exists(), "another process may be writing it"
    # A day has 86,400 seconds.
    yesterday = time.time() - 86_500
    for path in (left, *kept):
        os.utime(path, (yesterday, yesterday))
    open_folder(folder, below=tmp_path)
    assert not left.exists()
    assert all(path.exists() for path in kept)


@pytest.mark.parametrize("place", ["studies", "studies/7/models"])
@pytest.mark.parametrize("kind", ["link", "nowhere", "file"])
def test_nothing_is_written_where_no_folder_of_ours_is(tmp_path, place, kind):
    """Once a report and a lock were written through a link."""
    results, elsewhere = tmp_path / "results", tmp_path / "elsewhere"
    path = results / place
    path.parent.mkdir(parents=True)
    elsewhere.mkdir()
    if kind == "file":
        path.write_text("mine")
    else:
        path.symlink_to(elsewhere if kind == "link" else tmp_path / "nowhere")
    what = "a link" if kind == "link" else "no folder"
    with pytest.raises(StorageError, match=rf"'{path}' is {what}, and nothing is written there"):
        open_folder(results / "studies" / "7" / "models", below=results)
    assert list(elsewhere.iterdir()) == []


def test_a_results_folder_may_itself_be_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "disk")
    open_folder(tmp_path / "results" / "models", below=tmp_path / "results")
    assert (tmp_path / "disk" / "models").is_dir()


@pytest.mark.parametrize(("number", "error", "says"), [
    (28, StorageError, r"No more\); .*make room"), (24, OSError, "No more$"),
])  # fmt: skip
def test_failed_writes_keep_the_old_file_and_no_stray(tmp_path, number, error, says):
    path = tmp_path / "file"
    write_durably(path, b"old")
    for step in ("os.fsync", "pathlib.Path.replace"):
        failing = mock.patch(step, side_effect=OSError(number, "No more"))
        with failing, pytest.raises(error, match=says):
            write_durably(path, b"new")
        assert [file.name for file in tmp_path.iterdir()] == ["file"]
        assert path.read_bytes() == b"old"


def test_temporary_files_cannot_be_foreseen_and_follow_no_link(tmp_path, monkeypatch):
    """Once a link that was named like ours led to the file of somebody else."""
    mine = tmp_path / "mine"
    mine.write_bytes(b"mine")
    monkeypatch.setattr("secrets.token_hex", lambda _: "0123456789abcdef")
    (tmp_path / ".replication-0123456789abcdef.part").symlink_to(mine)
    with pytest.raises(StorageError, match="File exists"):
        write_durably(tmp_path / "file", b"new")
    assert mine.read_bytes() == b"mine"
    monkeypatch.undo()
    (tmp_path / "file").symlink_to(mine)
    write_durably(tmp_path / "file", b"new")
    assert (mine.read_bytes(), (tmp_path / "file").is_symlink()) == (b"mine", False)
