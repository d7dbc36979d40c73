"""Files that are written whole or not at all, read with care, and locks that free themselves."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from replication.errors import BusyError, DataError, StorageError

TEMPORARY_NAME = re.compile(r"\.replication-[0-9a-f]{16}\.part")
SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR)
"""Errors that say nothing of the file that could not be read."""

SECONDS_BETWEEN_TRIES = 0.2


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old file or the new one."""
    with temporary_file(path) as temporary:
        with temporary.open("wb") as file:
            file.write(content)
        publish(temporary, path)


@contextlib.contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """Make an empty file with a new name beside `path`; remove it if it is still there at the end.

    Errors of the system within the block become a `StorageError` about `path`.
    """
    temporary = path.with_name(f".replication-{secrets.token_hex(8)}.part")
    try:
        # Exclusively, so that no file or link that is there already is written to.
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        try:
            yield temporary
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except StorageError:
        raise
    except OSError as error:
        raise storage_error(path, error, "written") from error


def publish(temporary: Path, path: Path) -> None:
    """Force a temporary file to disk, rename it, and force its folder to disk."""
    descriptor = os.open(temporary, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise storage_error(folder, error, "forced to disk") from error


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, each forced to disk in its parent."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        if folder.parent == folder:
            break
        folder = folder.parent
    for place in reversed(missing):
        try:
            place.mkdir(exist_ok=True)
        except OSError as error:
            raise storage_error(place, error, "made a folder") from error
        sync_folder(place.parent)


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; whether it may be looked into does not matter."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return False
        raise storage_error(path, error, "looked at") from error


def list_names(folder: Path) -> list[str]:
    """Return the sorted names in a folder; none where there is no folder."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise storage_error(folder, error, "read") from error


def remove_temporaries(folder: Path, *, seconds: float = 0.0) -> None:
    """Remove the temporary files of killed runs; of the last `seconds`, others may be at work."""
    for path in (folder / name for name in list_names(folder) if TEMPORARY_NAME.fullmatch(name)):
        with contextlib.suppress(FileNotFoundError):
            state = path.lstat()
            is_old = not seconds or state.st_mtime < time.time() - seconds
            if stat.S_ISREG(state.st_mode) and is_old:
                remove(path)


def remove(path: Path) -> None:
    """Remove a file; give a folder that is in its place another name."""
    if is_folder(path) and not path.is_symlink():
        put_aside(path)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(path, error, "removed") from error


def put_aside(path: Path) -> None:
    """Give what is in the place of a file another name, if there is anything."""
    try:
        path.replace(path.with_name(f"{path.name}.set-aside-{secrets.token_hex(4)}"))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise storage_error(path, error, "moved aside") from error


def read_content(path: Path, *, largest: int) -> bytes:
    """Return the bytes of a regular file of at most `largest`, looked at before it is read.

    `DataError` says what is wrong with the file; `StorageError`, that the system is short of
    something or does not permit to read it.
    """
    try:
        # Without waiting: a pipe in the place of a file may never have a writer.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            state = os.fstat(descriptor)
            if not stat.S_ISREG(state.st_mode):
                raise DataError("it is no file")
            if state.st_size > largest:
                raise DataError(f"it has {state.st_size:,} bytes, more than {largest:,}")
            parts = []
            while part := os.read(descriptor, state.st_size + 1):
                parts.append(part)
            return b"".join(parts)
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise DataError("it is missing") from None
    except OSError as error:
        if error.errno in (*SHORTAGES, errno.EACCES, errno.EPERM):
            raise storage_error(path, error, "read") from None
        raise DataError(f"it cannot be read: {error.strerror}") from None


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
    lock = FileLock(path, mode=(0o666 & ~mask) | 0o600)
    try:
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
    except OSError as error:
        raise storage_error(path, error, "locked") from error
    try:
        yield
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Return whether another process holds a lock; false where that cannot be found out."""
    try:
        if path.exists():
            with hold_lock(path, what="writing"):
                pass
    except BusyError:
        return True
    except OSError:
        return False
    return False


def storage_error(path: Path, error: OSError, what: str) -> StorageError:
    """Return the error that says what could not be done with a file, why, and what to do."""
    advice = "correct the permissions"
    if what in ("written", "forced to disk"):
        advice = "what was written before is intact: make room, or correct the permissions"
    if error.errno in SHORTAGES:
        advice = "the system is short of it: close other programs, or raise the limit (ulimit)"
    elif error.errno == errno.ENOENT and not path.parent.is_dir():
        advice = f"the folder {str(path.parent)!r} is gone: run the same command again"
    reason = error.strerror or error
    return StorageError(
        f"{str(path)!r} cannot be {what} ({reason}); {advice}, or give another results folder"
    )
