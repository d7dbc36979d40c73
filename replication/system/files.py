"""Files that are written whole or not at all, and read with care."""

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
SECONDS_OF_LEFTOVERS = 86_400.0
"""Age from which a temporary file is what a killed run has left: no write takes so long."""
LARGEST_TOML = 2**20


def check_target(path: Path | None, endings: Sequence[str]) -> None:
    """Refuse a file that cannot be written, or is something else, before its content is computed.

    `endings`: those that its name may have.
    """
    if path is None:
        return
    name = show(path)
    if path.suffix.lower() not in endings:
        raise UsageError(f"{name} was given; allowed are files that end in {' or '.join(endings)}")
    # As far as can be known without a trace; what cannot is said when it is written.
    if not path.parent.is_dir():
        raise StorageError(f"{name} cannot be written (there is no such folder); give another")
    refusal = f"{name} is a folder or a link, and nothing is written there"
    if path.is_dir():
        raise UsageError(refusal)
    if path.is_symlink():
        raise StorageError(refusal)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old file or the new one."""
    with temporary_file(path) as temporary:
        temporary.write_bytes(content)
        publish(temporary, path)


@contextlib.contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """Make a file beside `path` to be filled and published; it is gone at the end of the block."""
    # .replication-0123456789abcdef.part, which nobody can foresee and put a link there
    temporary = path.with_name(f".replication-{secrets.token_hex(8)}.part")
    try:
        temporary.open("xb").close()  # no file or link that is there already is written to
        try:
            yield temporary
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as error:
        if isinstance(error, StorageError) or error.errno in SHORTAGES:
            raise  # of a file within or of what fills it, or not the fault of the disk
        # What the file system refused, and what to do about it.
        advice = (
            "what was written before is intact: make room, correct the permissions, or give "
            "another folder"
        )
        if not path.parent.is_dir():
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
    """Force the names in a folder to disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_folder(folder: Path, *, below: Path) -> None:
    """Make a folder that can be written into, through no link below `below`, and tidy it up.

    Each new folder is forced to disk in its parent. Temporary files that are older than a day,
    which killed runs have left, are removed.
    """
    for place in reversed([folder, *folder.parents]):  # from the root down
        if below in place.parents:
            _refuse_in_place(place)
        if not place.is_dir():
            place.mkdir(exist_ok=True)
            sync_folder(place.parent)
    if not os.access(folder, os.W_OK | os.X_OK):
        reason = "Read-only file system, or no permission"
        raise StorageError(f"{str(folder)!r} cannot be written ({reason}); give another folder")
    _remove_leftovers(folder)


def _refuse_in_place(place: Path) -> None:
    """Refuse a link, or a file, in the place of a folder that is ours to make."""
    if place.is_dir() and not place.is_symlink():
        return
    if place.is_symlink() or place.exists():
        kind = "a link" if place.is_dir() else "no folder"
        advice = "put a folder in its place, or give another results folder"
        raise StorageError(f"{str(place)!r} is {kind}, and nothing is written there; {advice}")


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files that killed runs have left in a folder."""
    for path in folder.glob(f".replication-{'[0-9a-f]' * 16}.part"):
        with contextlib.suppress(FileNotFoundError):
            age = time.time() - path.lstat().st_mtime
            if age > SECONDS_OF_LEFTOVERS and not path.is_dir():
                path.unlink()


def list_names(folder: Path) -> list[str]:
    """Return the sorted names in a folder; none where there is no folder."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def put_aside(path: Path) -> None:
    """Give what is in the place of a file another name, if there is anything."""
    with contextlib.suppress(FileNotFoundError):
        path.replace(path.with_name(f"{path.name}.set-aside-{secrets.token_hex(4)}"))


def read_content(path: Path, *, largest: int) -> bytes:
    """Return the bytes of a regular file of at most `largest`; kind and size are checked first.

    `DataError` says what is wrong with the file; other errors of the system (permission, too few
    descriptors) are no damage.
    """
    try:
        state = path.stat()
        if not stat.S_ISREG(state.st_mode):  # a pipe may never have a writer
            raise DataError("it is not a file")
        if state.st_size > largest:
            raise DataError(f"it has {state.st_size:,} bytes, more than {largest:,}")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise DataError("it is missing") from None
    except OSError as error:
        # A broken disk and a link to itself are damage, which is made again.
        if error.errno in (errno.EIO, errno.ELOOP):
            raise DataError(f"it cannot be read: {error.strerror}") from None
        raise


@contextlib.contextmanager
def refuse_unreadable(name: str, advice: str, *, kind: str = "") -> Iterator[None]:
    """Name the file that a user has given where it cannot be read, and what to do.

    `kind`: what it should hold, where its content is taken apart, and not its bytes read.
    """
    try:
        yield
    except Exception as error:  # whatever a library meets
        reason = getattr(error, "strerror", None) or show(str(error), length=200)[1:-1]
        if kind:
            raise DataError(f"{name} is not a readable {kind} ({reason}); {advice}") from None
        raise StorageError(f"{name} cannot be read ({reason}); {advice}") from None


def read_toml(path: Path, *, what: str) -> dict[str, Any]:
    """Read a TOML file; `what` names its kind in messages."""
    given = f"{what} {str(path)!r}"
    with refuse_unreadable(given, "give an existing TOML file"):
        content = read_content(path, largest=LARGEST_TOML)
    try:
        # Some editors put a byte order mark before UTF-8 text.
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        advice = "write one FIELD = VALUE a line, each field once, in UTF-8"
        raise UsageError(f"{given} is not TOML that can be read ({error}); {advice}") from None
