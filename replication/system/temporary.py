"""A temporary folder, removed at the end of a `with` block; one line if it cannot be used."""

from __future__ import annotations

import contextlib
import errno
import tempfile
from collections.abc import Iterator
from pathlib import Path

from replication.errors import StorageError


@contextlib.contextmanager
def make_temporary_folder() -> Iterator[Path]:
    """Make a folder where TMPDIR or the system says; remove it at the end of the block."""
    try:
        with tempfile.TemporaryDirectory(prefix="replication-", ignore_cleanup_errors=True) as name:
            yield Path(name)
    except StorageError:
        raise
    except OSError as error:
        if error.errno in (errno.EMFILE, errno.ENFILE):  # not the folder's fault
            raise
        raise StorageError(
            f"a temporary folder cannot be used ({error.strerror or error}); make room there, or "
            "let the variable TMPDIR name a folder that can be written"
        ) from None
