"""Put a report into a folder: whole or not at all, and over nobody else's files.

The files that this package has put there are listed in ``report.sha256``, as the command
``sha256sum`` writes and checks lists. Only those are ever replaced or removed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from replication.errors import DataError, StorageError
from replication.system.files import (
    TEMPORARY_NAME,
    list_names,
    make_folder,
    put_aside,
    read_content,
    remove_temporaries,
    sync_folder,
    write_durably,
)

LIST = "report.sha256"
READY = ".replication-ready"
"""Folder of files that are complete and on disk, on their way to their places."""

LARGEST_FILE = 2**28
LINE = re.compile(
    r"([0-9a-f]{64})  (report\.(?:md|html|pdf)|learning\.html|statements\.csv|"
    r"figures/[A-Za-z0-9_-]+\.(?:svg|png|csv))"
)


def place_files(folder: Path, files: Mapping[str, bytes], *, set_aside: bool = False) -> None:
    """Put files into a folder in place of those of its list; to be called with its lock held.

    A kill before all files are on disk leaves the old ones; after a later one, `finish_placing`
    leads to the new ones. What is in the place of a file and not ours is refused, or given another
    name (`set_aside`).
    """
    for name in files:
        if LINE.fullmatch(f"{'0' * 64}  {name}") is None:
            raise ValueError(f"{name!r} is no name of a file of a report")
    make_folder(folder)
    finish_placing(folder)
    for name in list_names(folder):
        if TEMPORARY_NAME.fullmatch(name) and _is_folder(folder / name):
            shutil.rmtree(folder / name)
    remove_temporaries(folder)
    new = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    old = read_list(folder) or {}
    if old == new and not find_damaged(folder):
        return
    for place in _find_foreign(folder, old, new):
        if not set_aside:
            raise StorageError(
                f"{str(place)!r} is in the place of a file of the report, but was not written by "
                f"this program (it is not in {LIST}, or it is a link); move it away, or give "
                "another results folder"
            )
        put_aside(place)
    stage = folder / f".replication-{secrets.token_hex(8)}.part"
    try:
        make_folder(stage / "figures")
        for name, content in files.items():
            write_durably(stage / name, content)
        lines = [f"{digest}  {name}\n" for name, digest in sorted(new.items())]
        write_durably(stage / LIST, "".join(lines).encode())
        stage.replace(folder / READY)
    except BaseException:
        shutil.rmtree(stage, ignore_errors=True)
        raise
    sync_folder(folder)
    finish_placing(folder)


def finish_placing(folder: Path) -> None:
    """Bring files to their places that a killed run has made ready; most often there are none.

    Where they are damaged or something of somebody else is in their way, they get another name.
    """
    ready = folder / READY
    if not os.path.lexists(ready):
        return
    old, new = read_list(folder) or {}, _read_stage(folder)
    if new is not None and not _find_foreign(folder, old, new):
        make_folder(folder / "figures")
        for name in new:
            if (ready / name).is_file():
                (ready / name).replace(folder / name)
        for name in old.keys() - new.keys():
            if (folder / name).is_file():
                (folder / name).unlink()
        for place in (folder / "figures", folder):
            sync_folder(place)
        if (folder / LIST).is_dir():
            put_aside(folder / LIST)
        (ready / LIST).replace(folder / LIST)
        sync_folder(folder)
    for place in (ready / "figures", ready):
        with contextlib.suppress(OSError):
            place.rmdir()
    put_aside(ready)


def _read_stage(folder: Path) -> dict[str, str] | None:
    """Return what is ready to be moved, or has been moved; None unless all of it is whole."""
    ready = folder / READY
    listed = read_list(ready) if _is_folder(ready) and _is_folder(ready / "figures") else None
    for name, digest in (listed or {}).items():
        waits = os.path.lexists(ready / name)
        place = ready / name if waits else folder / name
        if place.is_symlink() or _compute_digest(place) != digest:
            return None
    return listed


def _find_foreign(folder: Path, old: Mapping[str, str], new: Mapping[str, str]) -> list[Path]:
    """Return what is in the place of a new file and was not written by us."""
    places = {name: folder / name for name in ("figures", *new)}
    return [
        place
        for name, place in places.items()
        if os.path.lexists(place) and not _is_ours(place, name, old, new)
    ]


def _is_ours(place: Path, name: str, old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Return whether a file may be replaced: it is listed, or has the content that it gets."""
    if place.is_symlink() or not place.is_file():
        return name == "figures" and _is_folder(place)
    return name in old or (name in new and _compute_digest(place) == new[name])


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


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
    listed, there = read_list(folder), set(list_names(folder))
    if listed is None:
        return [LIST] if {LIST, "report.html"} & there else []
    damaged = [name for name, digest in listed.items() if _compute_digest(folder / name) != digest]
    is_cut = ({"report.html", "report.md", "report.pdf"} & there) - listed.keys()
    return [*damaged, LIST] if is_cut else damaged


def _compute_digest(path: Path) -> str | None:
    with contextlib.suppress(DataError):
        return hashlib.sha256(read_content(path, largest=LARGEST_FILE)).hexdigest()
    return None
