"""Files: written completely or not at all, and read with clear refusals."""

import contextlib
import errno
import os
import secrets
import stat
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from replication.errors import DataError, StorageError, UsageError
from replication.wording import show

SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN)
"""Errors for too few descriptors or too little memory, which are no fault of the disk."""
SECONDS_OF_LEFTOVERS = 86_400.0
"""A temporary file older than this was left by a killed run, since no write takes so long."""
LARGEST_TOML = 2**20  # bytes


def check_target(path: Path | None, endings: Sequence[str]) -> None:
    """Refuse an output file that cannot be written, before time is spent on its content.

    `path`: None if no file was asked for. `endings`: those that its name may have.
    """
    if path is None:
        return
    name = show(path)
    if path.suffix.lower() not in endings:
        raise UsageError(f"{name} was given; allowed are files that end in {' or '.join(endings)}")
    # Only what can be known without writing; other faults are reported when it is written.
    if not path.parent.is_dir():
        raise StorageError(f"{name} cannot be written (there is no such folder); give another")
    refusal = f"{name} is a folder or a link, and nothing is written there"
    if path.is_dir():
        raise UsageError(refusal)  # the name is wrong
    if path.is_symlink():
        raise StorageError(refusal)  # the name may be right; what is on the disk is not


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old file or the new one."""
    with temporary_file(path) as temporary:
        temporary.write_bytes(content)
        publish(temporary, path)


@contextlib.contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """Make a temporary file beside `path`, to be filled and then published in the block.

    If it was not published, it is removed at the end of the block. If the file system refuses
    anything in the block, `StorageError` says what to do.
    """
    # .replication-0123456789abcdef.part: random, so that nobody can put a link there beforehand.
    temporary = path.with_name(f".replication-{secrets.token_hex(8)}.part")
    try:
        temporary.open("xb").close()  # fails if a file or link is there already
        try:
            yield temporary
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as error:
        if isinstance(error, StorageError):  # which says already what to do
            raise
        if error.errno in SHORTAGES:  # another folder would not help
            raise
        if path.parent.is_dir():
            advice = (
                "what was written before is intact: make room, correct the permissions, or give "
                "another folder"
            )
        else:
            advice = f"there is no folder {str(path.parent)!r}: give another, or run this again"
        raise StorageError(
            f"{str(path)!r} cannot be written ({error.strerror or error}); {advice}"
        ) from error


def publish(temporary: Path, path: Path) -> None:
    """Give a temporary file its final name; the file and its name are forced to disk."""
    with temporary.open("r+b") as file:
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force a folder, that is the names in it, to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_folder(folder: Path, *, below: Path) -> None:
    """Make a folder and its parents, and remove temporary files that killed runs left in it.

    `below`: the results folder. It may be a link itself, but links below it are refused. Each new
    folder is forced to disk. Raises `StorageError` if nothing can be written in the folder.
    """
    for ancestor in reversed([folder, *folder.parents]):  # from the root down
        if below in ancestor.parents:
            _refuse_link_or_file(ancestor)
        if not ancestor.is_dir():
            ancestor.mkdir(exist_ok=True)
            sync_folder(ancestor.parent)
    if not os.access(folder, os.W_OK | os.X_OK):
        reason = "Read-only file system, or no permission"
        raise StorageError(f"{str(folder)!r} cannot be written ({reason}); give another folder")
    _remove_leftovers(folder)


def _refuse_link_or_file(path: Path) -> None:
    """Refuse a path at which a folder should be, but a link or a file is."""
    if path.is_dir() and not path.is_symlink():
        return
    if path.is_symlink() or path.exists():
        kind = "a link" if path.is_dir() else "no folder"
        advice = "put a folder in its place, or give another results folder"
        raise StorageError(f"{str(path)!r} is {kind}, and nothing is written there; {advice}")


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files in a folder that killed runs left there."""
    for path in folder.glob(f".replication-{'[0-9a-f]' * 16}.part"):
        with contextlib.suppress(FileNotFoundError):
            age = time.time() - path.lstat().st_mtime
            if age > SECONDS_OF_LEFTOVERS and not path.is_dir():
                path.unlink()


def list_names(folder: Path) -> list[str]:
    """Return the sorted names in a folder; an empty list if there is no folder."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def put_aside(path: Path) -> None:
    """Rename what is at a path, if anything is, so that a file of ours can be written there."""
    with contextlib.suppress(FileNotFoundError):
        path.replace(path.with_name(f"{path.name}.set-aside-{secrets.token_hex(4)}"))


def read_content(path: Path, *, largest: int) -> bytes:
    """Return the bytes of a regular file of at most `largest` bytes.

    Raises `DataError` if something is wrong with the file itself. Other errors of the system (no
    permission, too few descriptors) say nothing about the file, and are raised as they are.
    """
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):  # reading a pipe may never end
            raise DataError("it is not a file")
        if state.st_size > largest:
            raise DataError(f"it has {state.st_size:,} bytes, more than {largest:,}")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError("it is missing") from None
    except OSError as error:
        # A broken disk, or a link to itself: as with a damaged file, making it again helps.
        if error.errno in (errno.EIO, errno.ELOOP):
            raise DataError(f"it cannot be read: {error.strerror}") from None
        raise


@contextlib.contextmanager
def refuse_unreadable(name: str, advice: str, *, kind: str = "") -> Iterator[None]:
    """Turn any error of the block into a refusal of the file that a user has given.

    `name`: the file, in the message. `kind`: what the file should hold; given if the block parses
    its content, and then the refusal is a `DataError`. Otherwise the block reads the bytes, and the
    refusal is a `StorageError`.
    """
    try:
        yield
    except Exception as error:  # a library that parses may raise anything
        reason = getattr(error, "strerror", None) or show(str(error), length=200)[1:-1]
        if kind:
            raise DataError(f"{name} is not a readable {kind} ({reason}); {advice}") from None
        raise StorageError(f"{name} cannot be read ({reason}); {advice}") from None


def read_toml(path: Path, *, what: str) -> dict[str, Any]:
    """Return the content of a TOML file that a user has given; `what`: its kind, in messages."""
    name = f"{what} {str(path)!r}"
    with refuse_unreadable(name, "give an existing TOML file"):
        content = read_content(path, largest=LARGEST_TOML)
    try:
        # Some editors put a byte order mark before UTF-8 text.
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        advice = "write one FIELD = VALUE a line, each field once, in UTF-8"
        raise UsageError(f"{name} is not TOML that can be read ({error}); {advice}") from None
