"""Files that are written whole or not at all, and a lock that frees itself."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from replication.errors import BusyError, DataError, StorageError
from replication.protocol import canonical_json

TEMPORARY_SUFFIX = ".part"


class ForeignError(DataError):
    """A file is no damage, but of another version of this package, or of another study."""


class NewerSchemaError(ForeignError):
    """A file was written by a newer version of this package."""


def write_durably(path: Path, content: bytes) -> None:
    """Write a file so that a crash leaves either the old file or the new one.

    A temporary file in the same folder is written, forced to disk and renamed,
    and then the folder is forced to disk.

    Parameters
    ----------
    path : Path
        In a folder that exists.
    content : bytes

    Raises
    ------
    StorageError
        If any of these steps fails; no temporary file is left behind.
    """
    try:
        write_temporary(path, content)
        publish(path)
    except BaseException:
        discard_temporaries([path])
        raise
    sync_folder(path.parent)


def write_temporary(path: Path, content: bytes) -> None:
    """Write `content` to the temporary name that belongs to `path` and force it to disk."""
    try:
        with _temporary_name(path).open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _storage_error(path, error, "written") from error


def publish(path: Path) -> None:
    """Rename the temporary file that belongs to `path` to `path` itself."""
    try:
        _temporary_name(path).replace(path)
    except OSError as error:
        raise _storage_error(path, error, "written") from error


def discard_temporaries(paths: Iterable[Path]) -> None:
    """Delete the temporary files that belong to `paths` as far as the system lets us."""
    for path in paths:
        with contextlib.suppress(OSError):
            _temporary_name(path).unlink()


def withdraw(paths: Sequence[Path]) -> None:
    """Delete files and their temporary forms as far as the system lets us."""
    discard_temporaries(paths)
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to disk.

    Raises
    ------
    StorageError
        If the system refuses.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _storage_error(folder, error, "forced to disk") from error


def make_folder(folder: Path) -> None:
    """Make a folder and its missing parents, each forced to disk in its parent.

    Raises
    ------
    StorageError
        If it cannot be made, for instance because a file stands in its place.
    """
    if folder.is_dir():
        return
    if folder.parent != folder:
        make_folder(folder.parent)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise _storage_error(folder, error, "made a folder") from error
    sync_folder(folder.parent)


def remove_files(paths: list[Path]) -> None:
    """Delete files that may be gone already.

    Raises
    ------
    StorageError
        If one of them cannot be deleted.
    """
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise _storage_error(path, error, "deleted") from error


def read_content(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises
    ------
    DataError
        If it does not exist.
    StorageError
        If it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{str(path)!r} is missing; run `replication repair`") from None
    except OSError as error:
        raise _storage_error(path, error, "read") from error


def render_record(body: Mapping[str, Any]) -> bytes:
    """Return JSON with one top-level key a line, the last one a checksum of the others."""
    checksum = hashlib.sha256(canonical_json(dict(body)).encode()).hexdigest()
    lines = [f"{json.dumps(key)}: {canonical_json(value)}" for key, value in sorted(body.items())]
    lines.append(f'"sha256": "{checksum}"')
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def parse_record(
    path: Path, content: bytes, *, kind: str, newest_schema: int, believe_schema: bool = False
) -> dict[str, Any]:
    """Return what `render_record` was given, and nothing that differs in a single bit.

    Parameters
    ----------
    path : Path
        Named in messages.
    content : bytes
    kind : str
        What the record must say that it is: one put in the place of another is damage too.
    newest_schema : int
        The newest value of the key ``schema`` that this program understands.
    believe_schema : bool
        Whether a newer schema counts even where the checksum is wrong, which a
        newer version may compute in another way.

    Raises
    ------
    NewerSchemaError
        If the record is of a newer schema.
    DataError
        If it is damaged, or of another kind.
    """
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise damaged_record(path) from None
    if not isinstance(body, dict):
        raise damaged_record(path)
    body.pop("sha256", None)
    try:
        is_intact = render_record(body) == content
    except (ValueError, RecursionError):  # a number that JSON does not allow
        is_intact = False
    if is_intact or believe_schema:
        check_schema(path, body.get("schema"), newest_schema=newest_schema)
    if not is_intact or body.get("kind") != kind:
        raise damaged_record(path)
    return body


def damaged_record(path: Path) -> DataError:
    """Return the error that says that a record is damaged, and what to do."""
    return DataError(f"{str(path)!r} is damaged; run `replication repair`")


def check_schema(path: Path, schema: Any, *, newest_schema: int) -> None:
    """Refuse a file of a newer schema.

    Raises
    ------
    NewerSchemaError
        If `schema` is a whole number above `newest_schema`.
    """
    if isinstance(schema, int) and schema > newest_schema:
        raise NewerSchemaError(
            f"{str(path)!r} has schema {schema}, and this version reads schemas up to "
            f"{newest_schema}; nothing was touched. Install the newer version, or give another "
            "results folder"
        )


@contextlib.contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock that the system frees when its holder dies.

    Raises
    ------
    BusyError
        If another process holds it.
    StorageError
        If the file cannot be opened for writing.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _storage_error(path, error, "opened for writing") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise _storage_error(path, error, "locked") from error
            raise BusyError(
                f"another process is working on {str(path.parent)!r}; "
                "wait until it has ended, or give another results folder"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _temporary_name(path: Path) -> Path:
    return path.with_name(f".{path.name}{TEMPORARY_SUFFIX}")


def _storage_error(path: Path, error: OSError, what: str) -> StorageError:
    return StorageError(
        f"{str(path)!r} cannot be {what} ({error.strerror or error}); "
        "what was written before is intact: mend the folder or the disk, or give another results "
        "folder"
    )
