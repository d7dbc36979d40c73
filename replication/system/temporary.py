"""Temporary folders whose names say whose they are, so that those of killed runs are removed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from replication.errors import StorageError

NAME = re.compile(r"\.replication-([0-9]{1,10})-[a-z0-9_]{8}\.part")
"""Hidden and odd, since a folder with a name like it is removed: nobody's own is called so."""


@contextlib.contextmanager
def make_temporary_folder() -> Iterator[Path]:
    """Make a folder for the time of a block, after removing those that killed runs have left."""
    try:
        with contextlib.suppress(OSError):
            _sweep(Path(tempfile.gettempdir()))
        with tempfile.TemporaryDirectory(
            prefix=f".replication-{os.getpid()}-", suffix=".part", ignore_cleanup_errors=True
        ) as name:
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


def _sweep(place: Path) -> None:
    """Remove our folders in `place` whose process has ended."""
    if os.name == "nt":  # no harmless way to ask whether a process runs
        return
    for path in place.iterdir():
        match = NAME.fullmatch(path.name)
        if match is None:
            continue
        try:
            os.kill(int(match[1]), 0)
        except (ProcessLookupError, OverflowError):
            shutil.rmtree(path, ignore_errors=True)
        except PermissionError:  # it runs, and is of somebody else
            continue
