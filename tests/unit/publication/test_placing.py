"""A report is put in its place whole, over nobody else's files, and out of no folder by a link."""

import contextlib

import pytest

from replication.errors import StorageError
from replication.publication import placing
from tests.reliability.faults import run

OLD = {"report.html": b"old page", "figures/a.svg": b"old a", "figures/b.svg": b"old b"}
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
    sound = (folder / placing.LIST).read_text()
    for name in ("../mine.svg", "figures/../../mine.svg", "/etc/hosts", "benchmark.json"):
        (folder / placing.LIST).write_text(f"{sound}{'0' * 64}  {name}\n")
        assert placing.read_list(folder) == {}


def test_sha256sum_checks_the_list_and_what_has_not_changed_is_not_written(folder):
    assert run("sha256sum", "--check", "--strict", placing.LIST, cwd=folder).returncode == 0
    before = {path: path.stat().st_ino for path in folder.rglob("*")}
    placing.place_files(folder, OLD)
    assert {path: path.stat().st_ino for path in folder.rglob("*")} == before


def test_a_folder_in_the_way_gets_another_name(folder):
    (folder / "report.md").mkdir()
    (folder / "report.md" / "mine").write_bytes(b"mine")
    (folder / placing.LIST).unlink()
    (folder / placing.LIST).mkdir()
    placing.place_files(folder, NEW)
    assert placing.find_damaged(folder) == []
    (kept,) = folder.glob("report.md.set-aside-*/mine")
    assert kept.read_bytes() == b"mine"
