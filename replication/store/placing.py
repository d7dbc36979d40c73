"""Put a report into a folder: whole or not at all, and over nobody else's files.

The files that this package has put there are listed in ``report.sha256``, as the command
``sha256sum`` writes and checks lists. Only those are ever replaced or removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from replication.errors import DataError, StorageError
from replication.store.files import (
    TEMPORARY_NAME,
    list_names,
    make_folder,
    put_aside,
    read_content,
    storage_error,
    sync_folder,
    write_durably,
)

LIST = "report.sha256"
READY = ".replication-ready"
"""Folder of files that are complete and on disk, on their way to their places."""

LARGEST_FILE = 2**28
LINE = re.compile(
    r"([0-9a-f]{64})  (report\.(?:md|html|pdf)|statements\.csv|"
    r"figures/[A-Za-z0-9_-]+\.(?:svg|png|csv))"
)


def place_files(folder: Path, files: Mapping[str, bytes], *, set_aside: bool = False) -> None:
    """Put files into a folder in place of those of its list; to be called with its lock held.

    A kill before all files are on disk leaves the old ones; after a later one,
    `finish_placing` leads to the new ones. What is in the place of a file and not ours is refused,
    or given another name (`set_aside`).
    """
    for name in files:
        if LINE.fullmatch(f"{'0' * 64}  {name}") is None:
            raise ValueError(f"{name!r} is no name of a file of a report")
    make_folder(folder)
    finish_placing(folder)
    _remove_stages(folder)
    listed = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    if read_list(folder) == listed and not find_damaged(folder):
        return
    ours = read_list(folder) or {}
    for name, content in files.items():
        is_ours = name in ours or _holds(folder / name, content)
        is_file = stat.S_ISREG(_find_mode(folder / name))
        if set_aside and not (is_ours and is_file) and _is_within(folder, name):
            put_aside(folder / name)
        _check_place(folder, name, is_ours=is_ours)
    stage = folder / f".replication-{secrets.token_hex(8)}.part"
    try:
        make_folder(stage / "figures")
        for name, content in files.items():
            write_durably(stage / name, content)
        lines = [f"{digest}  {name}\n" for name, digest in sorted(listed.items())]
        write_durably(stage / LIST, "".join(lines).encode())
        try:
            stage.replace(folder / READY)
        except OSError as error:
            raise storage_error(folder, error, "written") from error
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    sync_folder(folder)
    finish_placing(folder)


def finish_placing(folder: Path) -> None:
    """Bring files to their places that a killed run has made ready; most often there are none."""
    ready = folder / READY
    if not _is_folder(ready):
        return
    old, new = read_list(folder) or {}, read_list(ready)
    if new is None and LIST not in list_names(ready):
        new = old  # all files have been moved already
    if new is None or not all(_is_within(ready, name) for name in new):
        raise StorageError(f"{str(ready)!r} is damaged; delete it and write the report again")
    try:
        for name in sorted(new):
            if stat.S_ISREG(_find_mode(ready / name)):
                content = read_content(ready / name, largest=LARGEST_FILE)
                is_ours = name in old or _holds(folder / name, content)
                _check_place(folder, name, is_ours=is_ours)
                make_folder((folder / name).parent)
                (ready / name).replace(folder / name)
        for name in sorted(set(old) - set(new)):
            if _is_within(folder, name) and stat.S_ISREG(_find_mode(folder / name)):
                (folder / name).unlink()
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISDIR(_find_mode(folder / LIST)):
                put_aside(folder / LIST)
            (ready / LIST).replace(folder / LIST)
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(folder, error, "written") from error
    for place in (folder / "figures", folder):
        if place.is_dir():
            sync_folder(place)
    shutil.rmtree(ready, ignore_errors=True)


def read_list(folder: Path) -> dict[str, str] | None:
    """Return the names and digests of the files of a folder's list; None without a sound list."""
    try:
        text = read_content(folder / LIST, largest=10**6).decode("ascii")
    except (DataError, UnicodeDecodeError):
        return None
    matches = [LINE.fullmatch(line) for line in text.splitlines()]
    if not text.endswith("\n") or not all(matches):
        return None
    return {match[2]: match[1] for match in matches if match}


def find_damaged(folder: Path) -> list[str]:
    """Return the names of listed files that are missing or not as they were written."""
    listed = read_list(folder)
    if listed is None:
        return [LIST] if {LIST, "report.html"} & set(list_names(folder)) else []
    damaged = []
    for name, digest in listed.items():
        try:
            content = read_content(folder / name, largest=LARGEST_FILE)
        except DataError:
            content = b""
        if hashlib.sha256(content).hexdigest() != digest:
            damaged.append(name)
    return damaged


def _check_place(folder: Path, name: str, *, is_ours: bool) -> None:
    """Refuse to write over a file of somebody else's, or by a link out of the folder."""
    mode = _find_mode(folder / name)
    if _is_within(folder, name) and (mode == 0 or (stat.S_ISREG(mode) and is_ours)):
        return
    raise StorageError(
        f"{str(folder / name)!r} is in the place of a file of the report, but was not written by "
        f"this program (it is not in {LIST}, or it is a link); move it away, or give another "
        "results folder"
    )


def _holds(path: Path, content: bytes) -> bool:
    """Return whether a file is there with this very content, so that nothing of it can be lost."""
    with contextlib.suppress(DataError):
        return stat.S_ISREG(_find_mode(path)) and content == read_content(
            path, largest=LARGEST_FILE
        )
    return False


def _is_within(folder: Path, name: str) -> bool:
    """Return whether no link leads from the folder to the place of a file."""
    parent = (folder / name).parent
    return parent == folder or _find_mode(parent) == 0 or _is_folder(parent)


def _is_folder(path: Path) -> bool:
    return stat.S_ISDIR(_find_mode(path))


def _find_mode(path: Path) -> int:
    """Return what a path is, links not followed; 0 if it is nothing."""
    try:
        return path.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except OSError as error:
        raise storage_error(path, error, "looked at") from error


def _remove_stages(folder: Path) -> None:
    for name in list_names(folder):
        if TEMPORARY_NAME.fullmatch(name) and _is_folder(folder / name):
            shutil.rmtree(folder / name, ignore_errors=True)
