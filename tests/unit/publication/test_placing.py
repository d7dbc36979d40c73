"""A report is put in its place whole, over nobody else's files, and out of no folder by a link."""

import contextlib
import subprocess

import pytest

from replication.errors import StorageError
from replication.publication import placing
from replication.system.files import write_durably

OLD = {"report.html": b"old page", "figures/a.svg": b"old a", "figures/b.svg": b"old b"}
NEWEST = {"report.html": b"newest page", "report.md": b"newest text"}
NEW = {"report.html": b"new page", "report.md": b"new text", "figures/a.svg": b"new a"}


def read_all(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != placing.LIST and ".replication" not in str(path)
    }


@pytest.fixture
def folder(tmp_path):
    placing.place_files(tmp_path / "study", OLD)
    return tmp_path / "study"


def test_new_files_replace_the_old_ones_and_what_is_no_longer_shown_goes(folder):
    assert read_all(folder) == OLD
    placing.place_files(folder, NEW)
    assert read_all(folder) == NEW
    assert placing.find_damaged(folder) == []


def test_files_of_somebody_else_are_neither_removed_nor_replaced(folder):
    """Once every picture in figures/ went that was none of the report's."""
    (folder / "figures" / "mine.png").write_bytes(b"mine")
    placing.place_files(folder, NEW)
    assert (folder / "figures" / "mine.png").read_bytes() == b"mine"
    (folder / "report.pdf").write_bytes(b"mine")
    for content in (b"ours", b"ours again"):
        placing.place_files(folder, {**NEW, "report.pdf": content})
        assert (folder / "report.pdf").read_bytes() == content
    (kept,) = folder.glob("report.pdf.set-aside-*")
    assert kept.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["figures", "figures/a.svg", "report.html"])
def test_no_link_is_followed_out_of_the_folder(folder, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    (folder / name).rename(elsewhere)
    (folder / name).symlink_to(elsewhere)
    before = read_all(elsewhere) if elsewhere.is_dir() else elsewhere.read_bytes()
    refused = pytest.raises(StorageError, match="is a link")
    with refused if name == "figures" else contextlib.nullcontext():
        placing.place_files(folder, NEW)
        assert read_all(folder).items() >= NEW.items()
    assert (read_all(elsewhere) if elsewhere.is_dir() else elsewhere.read_bytes()) == before


def test_a_list_that_names_other_files_is_none(folder, tmp_path):
    (tmp_path / "mine.svg").write_bytes(b"mine")
    for name in ("../mine.svg", "figures/../../mine.svg", "/etc/hosts", "benchmark.json"):
        (folder / placing.LIST).write_text(f"{'0' * 64}  {name}\n")
        assert placing.read_list(folder) is None
        assert placing.find_damaged(folder) == [placing.LIST]
        with pytest.raises(ValueError, match="is not the name of a file of a report"):
            placing.place_files(folder, {**NEW, name: b""})


@pytest.mark.parametrize("name", [*OLD, placing.LIST])
def test_damage_of_any_file_is_named(folder, name):
    content = (folder / name).read_bytes()
    for damaged in (
        b"",
        content[:-1],
        content.swapcase(),
        content[: content[:-1].rfind(b"\n") + 1],
    ):
        (folder / name).write_bytes(damaged)
        assert placing.find_damaged(folder), damaged
    (folder / name).write_bytes(content)
    assert placing.find_damaged(folder) == []


def test_sha256sum_checks_the_list_and_what_has_not_changed_is_not_written(folder):
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", placing.LIST], cwd=folder, check=False
    )
    assert done.returncode == 0
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    placing.place_files(folder, OLD)
    assert {path: path.stat().st_ino for path in folder.rglob("*")} == before


@pytest.mark.parametrize("after", range(5))
def test_after_a_kill_between_two_files_the_next_report_overwrites(folder, monkeypatch, after):
    written = []

    def stop(path, content):
        if len(written) == after:
            raise KeyboardInterrupt
        written.append(path)
        write_durably(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(placing, "write_durably", stop)
        with pytest.raises(KeyboardInterrupt):
            placing.place_files(folder, NEW)
    assert all(
        read_all(folder)[name] in (OLD.get(name), NEW.get(name)) for name in read_all(folder)
    )
    assert bool(placing.find_damaged(folder)) == (after > 0), "verify names what is not there"
    placing.place_files(folder, NEWEST)
    assert read_all(folder) == NEWEST
    assert placing.find_damaged(folder) == []


def test_a_folder_in_the_way_gets_another_name(folder):
    (folder / "report.md").mkdir()
    (folder / "report.md" / "mine").write_bytes(b"mine")
    (folder / placing.LIST).unlink()
    (folder / placing.LIST).mkdir()
    placing.place_files(folder, NEW)
    assert placing.find_damaged(folder) == []
    (kept,) = folder.glob("report.md.set-aside-*/mine")
    assert kept.read_bytes() == b"mine"
