"""Files that are written whole or not at all, read with care, and locks that free themselves."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from replication.errors import BusyError, DataError, StorageError

TEMPORARY_NAME = re.compile(r"\.replication-[0-9a-f]{16}\.part")
SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
SECONDS_BETWEEN_TRIES = 0.2


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old file or the new one."""
    with temporary_file(path) as temporary:
        temporary.write_bytes(content)
        publish(temporary, path)


@contextlib.contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """Make an empty file with a new name beside `path`; remove it if it is still there at the end.

    Errors of the system within the block become a `StorageError` about `path`.
    """
    temporary = path.with_name(f".replication-{secrets.token_hex(8)}.part")
    try:
        temporary.open("xb").close()  # no file or link that is there already is written to
        try:
            yield temporary
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except StorageError:
        raise
    except OSError as error:
        advice = (
            "what was written before is intact: make room, correct the permissions, or give "
            "another folder"
        )
        if error.errno in SHORTAGES:
            advice = "the system is short of it: close other programs, or raise the limit (ulimit)"
        elif not path.parent.is_dir():
            advice = f"there is no folder {str(path.parent)!r}: give another, or run this again"
        raise StorageError(
            f"{str(path)!r} cannot be written ({error.strerror or error}); {advice}"
        ) from error


def publish(temporary: Path, path: Path) -> None:
    """Force a temporary file to disk, rename it, and force its folder to disk."""
    with temporary.open("r+b") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, each forced to disk in its parent."""
    for place in reversed([folder, *folder.parents]):
        if not place.is_dir():
            place.mkdir(exist_ok=True)
            sync_folder(place.parent)


def list_names(folder: Path) -> list[str]:
    """Return the sorted names in a folder; none where there is no folder."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def remove_temporaries(folder: Path) -> None:
    """Remove the temporary files that killed runs have left in a folder."""
    for name in list_names(folder):
        if TEMPORARY_NAME.fullmatch(name) and (folder / name).is_file():
            (folder / name).unlink()


def put_aside(path: Path) -> None:
    """Give what is in the place of a file another name, if there is anything."""
    with contextlib.suppress(FileNotFoundError):
        path.replace(path.with_name(f"{path.name}.set-aside-{secrets.token_hex(4)}"))


def read_content(path: Path, *, largest: int) -> bytes:
    """Return the bytes of a regular file of at most `largest`, looked at before it is read.

    `DataError` says what is wrong with the file; other errors of the system (permission, too few
    descriptors) are no damage.
    """
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):  # a pipe may never have a writer
            raise DataError("it is no file")
        if state.st_size > largest:
            raise DataError(f"it has {state.st_size:,} bytes, more than {largest:,}")
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError("it is missing") from None
    except OSError as error:
        if error.errno in (errno.EIO, errno.ELOOP):
            raise DataError(f"it cannot be read: {error.strerror}") from None
        raise


@contextlib.contextmanager
def hold_lock(
    path: Path, *, what: str, announce: Callable[[str], object] | None = None
) -> Iterator[None]:
    """Hold an exclusive lock that the system frees when its holder dies.

    Where another process holds it, which is doing `what`, `BusyError` is raised; or, given
    `announce`, it is waited for after a line that says so.
    """
    mask = os.umask(0)
    os.umask(mask)
    lock = FileLock(path, mode=0o666 & ~mask)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if announce is None:
            raise BusyError(
                f"another process is {what}; wait until it has ended, or give another results "
                "folder"
            ) from None
        announce(f"another process is {what}: waiting until it has ended")
        lock.acquire(poll_interval=SECONDS_BETWEEN_TRIES)
    try:
        yield
    finally:
        lock.release()
