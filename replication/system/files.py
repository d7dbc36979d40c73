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
"""What the system may be short of: descriptors and memory, which is no fault of the disk."""
SECONDS_OF_LEFTOVERS = 86_400.0
"""Age at which a temporary file must be what a killed run has left: no write takes so long."""
LARGEST_TOML = 2**20  # bytes


def check_target(path: Path | None, endings: Sequence[str]) -> None:
    """Refuse the name of a file that could not be written, before its content is computed.

    `path`: None is no file, and all right. `endings`: those that the name may have.
    """
    if path is None:
        return
    name = show(path)
    if path.suffix.lower() not in endings:
        raise UsageError(f"{name} was given; allowed are files that end in {' or '.join(endings)}")
    # As far as can be known without writing; all else is told when it is written.
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
    """Make a file beside `path`, to be filled and published; it is gone at the end of the block.

    `StorageError` says what to do where the file system refuses anything in the block.
    """
    # .replication-0123456789abcdef.part: nobody can foresee the name and put a link there.
    temporary = path.with_name(f".replication-{secrets.token_hex(8)}.part")
    try:
        temporary.open("xb").close()  # no file or link that is there already is written to
        try:
            yield temporary
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink()
    except OSError as error:
        if isinstance(error, StorageError):  # it says already what to do
            raise
        if error.errno in SHORTAGES:
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
    """Make a folder, unless it is there, and remove temporary files that killed runs have left.

    `below`: the results folder, which may itself be a link; a link below it is refused. Each new
    folder is forced to disk in its parent. Raises `StorageError` if nothing can be written.
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
    """Refuse a place where a folder of ours should be, but a link or a file is."""
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
    """Rename what is at this path, if anything is, so that a file of ours can take its place."""
    with contextlib.suppress(FileNotFoundError):
        path.replace(path.with_name(f"{path.name}.set-aside-{secrets.token_hex(4)}"))


def read_content(path: Path, *, largest: int) -> bytes:
    """Return the bytes of a file, which must be a regular one of at most `largest` bytes.

    Raises `DataError` if something is wrong with the file itself. Other errors of the system (no
    permission, too few descriptors) say nothing about the file, and are raised as they are.
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
        # A broken disk and a link to itself are damage: such a file can be made again.
        if error.errno in (errno.EIO, errno.ELOOP):
            raise DataError(f"it cannot be read: {error.strerror}") from None
        raise


@contextlib.contextmanager
def refuse_unreadable(name: str, advice: str, *, kind: str = "") -> Iterator[None]:
    """Turn any error of the block into a refusal of the file that a user has given.

    `kind`: what the file should hold, if the block parses its content. Without it, the block reads
    the bytes, and the refusal is a `StorageError`.
    """
    try:
        yield
    except Exception as error:  # whatever a library meets
        reason = getattr(error, "strerror", None) or show(str(error), length=200)[1:-1]
        if kind:
            raise DataError(f"{name} is not a readable {kind} ({reason}); {advice}") from None
        raise StorageError(f"{name} cannot be read ({reason}); {advice}") from None


def read_toml(path: Path, *, what: str) -> dict[str, Any]:
    """Read a TOML file that a user has given; `what` names its kind in refusals."""
    name = f"{what} {str(path)!r}"
    with refuse_unreadable(name, "give an existing TOML file"):
        content = read_content(path, largest=LARGEST_TOML)
    try:
        # Some editors put a byte order mark before UTF-8 text.
        return tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        advice = "write one FIELD = VALUE a line, each field once, in UTF-8"
        raise UsageError(f"{name} is not TOML that can be read ({error}); {advice}") from None
