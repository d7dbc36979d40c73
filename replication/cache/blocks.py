"""Blocks of outcomes in the user's cache folder: a file for each block, named after its content.

The name of a file depends on two things only: its first seed, and its key, a text that says what
the outcomes depend on apart from the seeds. A file is a checksum, followed by plain rows.

If anything is wrong with a file (it is short, altered, of another block, or unreadable), it counts
as missing: its outcomes are simulated again, and it is overwritten. Two processes may write the
same block, because they write the same outcomes; the longer block stays. A file gets its name only
when it is whole. So nothing has to be locked. Files are only deleted by `clear`, and by `trim` when
the cache has grown too large; both leave alone temporary files that another process may need.
"""

import contextlib
import hashlib
import os
import pwd
import re
import stat
import sys
import time
from pathlib import Path

import numpy as np

from replication.errors import DataError
from replication.simulator.running.ensemble import Range
from replication.simulator.running.outcomes import Outcomes
from replication.system.files import (
    SECONDS_OF_LEFTOVERS,
    list_names,
    publish,
    put_aside,
    read_content,
    temporary_file,
)
from replication.system.progress import report_progress

VARIABLE = "REPLICATION_CACHE"
"""The environment variable that names another cache folder."""

NOWHERE = Path(os.devnull, "no-cache")
"""A path at which no folder can be, so that nothing is kept."""
LARGEST_CACHE = 5_000_000_000
"""Bytes, enough for a billion networks; when there are more, the oldest files are removed."""
KEPT_SHARE = 0.9
"""Share of `LARGEST_CACHE` that then stays, so that the cache is not full again at once."""

ROW = np.dtype([("updates", "<i4"), ("converged", "u1")])
"""The outcome of one network, in 5 bytes."""
N_CHECKSUM = 32  # bytes, before the rows
LARGEST_FILE = 2**20
"""Bytes; a larger file is not read. The largest block has a quarter of this."""

# 8d7f...(32 digits)-000000050000.block, and .replication-0123456789abcdef.part while it is written
OURS = re.compile(r"[0-9a-f]{32}-[0-9]{12}\.block|\.replication-[0-9a-f]{16}\.part")


class Cache:
    """The cache in a folder; the folder need not exist yet.

    If a block cannot be written, the user is told once, and no other block is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._n_bytes: int | None = None  # unknown until something is written
        self._is_writable = folder != NOWHERE

    def read(self, key: str, seeds: Range) -> Outcomes | None:
        """Return the outcomes of the first seeds of a block; None if the cache does not have them.

        `key`: a text that says what the outcomes depend on apart from the seeds. `seeds`: the first
        seed, and the one after the last.
        """
        n = seeds[1] - seeds[0]
        path = self._locate(key, seeds[0])
        try:
            content = read_content(path, largest=LARGEST_FILE)
        except (DataError, OSError):
            return None
        # A file that is too short, or of another block, fails the same check.
        checksum = content[:N_CHECKSUM]
        rows = content[N_CHECKSUM:]
        if checksum != _compute_checksum(path, rows) or len(rows) < ROW.itemsize * n:
            return None
        kept = np.frombuffer(rows, ROW, count=n)  # the block may be longer
        return Outcomes(seeds[0], kept["updates"].astype(np.int32), kept["converged"] != 0)

    def write(self, key: str, outcomes: Outcomes) -> None:
        """Keep the outcomes of a block, unless the cache has as many of that block already."""
        if not self._is_writable:
            return
        path = self._locate(key, outcomes.start)
        seeds = (outcomes.start, outcomes.stop)
        rows = np.empty(len(outcomes), ROW)
        rows["updates"] = outcomes.updates
        rows["converged"] = outcomes.converged
        content = _compute_checksum(path, rows.tobytes()) + rows.tobytes()
        try:
            self._keep_or_mend(path, key, seeds, content)
        except OSError as error:
            self._is_writable = False  # so that this is told only once; blocks can still be read
            reason = getattr(error.__cause__ or error, "strerror", None) or error
            report_progress(
                f"outcomes are not cached: {str(path.parent)!r} cannot be written ({reason}); "
                f"the study goes on without, and {VARIABLE} may name another folder"
            )

    def _keep_or_mend(self, path: Path, key: str, seeds: Range, content: bytes) -> None:
        """Write the content of a block; if that fails, mend what can be mended and try once more.

        The cache folder may have been removed in the meantime, or there may be a folder at the path
        of the block.
        """
        try:
            self._keep(path, key, seeds, content)
        except OSError:
            if path.is_dir():
                put_aside(path)
            self._n_bytes = None  # so that the folder is made again
            self._keep(path, key, seeds, content)

    def _keep(self, path: Path, key: str, seeds: Range, content: bytes) -> None:
        """Write the content of a block; remove the oldest ones if the cache is then too large."""
        # The first write makes the folder, and measures what it holds already.
        if self._n_bytes is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            _, self._n_bytes = self.measure()
        with temporary_file(path) as temporary:
            temporary.write_bytes(content)
            # Another study with more networks may have kept a longer block in the meantime.
            if self.read(key, seeds) is None:
                publish(temporary, path)
        self._n_bytes += len(content)
        if self._n_bytes > LARGEST_CACHE:
            self._n_bytes = self.trim(int(KEPT_SHARE * LARGEST_CACHE))

    def measure(self) -> tuple[int, int]:
        """Return the number of files in the cache, and their size in bytes."""
        files = self._list_files()
        return len(files), sum(size for _, size, _ in files)

    def trim(self, largest: int) -> int:
        """Remove the oldest files until at most `largest` bytes are left; return the bytes left."""
        files = self._list_files()
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= largest:
                break
            path.unlink(missing_ok=True)
            left -= size
        return left

    def clear(self) -> tuple[int, int]:
        """Remove all files of the cache, and nothing else; return their number and size."""
        before = self.measure()
        self.trim(0)
        return before

    def _list_files(self) -> list[tuple[float, int, Path]]:
        """Return for each cache file when it was written, its size and its path, the oldest first.

        Temporary files that another process may still need are left out.
        """
        files = []
        for name in list_names(self.folder):
            if OURS.fullmatch(name) is None:
                continue
            path = self.folder / name
            with contextlib.suppress(FileNotFoundError):  # another process has removed it
                state = path.lstat()
                is_young = time.time() - state.st_mtime <= SECONDS_OF_LEFTOVERS
                is_needed = path.suffix == ".part" and is_young
                if not (stat.S_ISDIR(state.st_mode) or is_needed):
                    files.append((state.st_mtime, state.st_size, path))
        return sorted(files)

    def _locate(self, key: str, start: int) -> Path:
        """Return the path of the block that has a key and begins at a seed."""
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        return self.folder / f"{digest}-{start:012d}.block"


def _compute_checksum(path: Path, rows: bytes) -> bytes:
    """Return the SHA-256 of a block's name and rows; with the name, no block passes for another."""
    return hashlib.sha256(path.name.encode() + rows).digest()


def find_cache() -> Cache:
    """Return the user's cache: in the folder that `VARIABLE` names, or in the system's one."""
    named = os.environ.get(VARIABLE) or f"{find_usual_folder()}/recirculation-replication"
    folder = expand_home(named)
    if folder is None:
        report_progress(f"outcomes are not cached: there is no home folder; {VARIABLE} names one")
        return Cache(NOWHERE)
    return Cache(folder)


def find_usual_folder() -> str:
    """Return the system's folder for caches; XDG_CACHE_HOME names it on macOS as well."""
    folder = os.environ.get("XDG_CACHE_HOME", "")
    # By the specification of this variable, a path that is not absolute is ignored.
    if folder.startswith("/"):
        return folder
    return "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"


def expand_home(name: str) -> Path | None:
    """Return the path of a name that may begin with ~; None if that home folder is not known."""
    if name == "~" or name.startswith("~/"):
        home = find_home()
        return None if home is None else home / name[2:]
    try:
        return Path(name).expanduser()  # ~somebody/theirs
    except RuntimeError:  # there is no such user
        return None


def find_home() -> Path | None:
    """Return the user's home folder; None if it is not known.

    It is HOME, or what the system knows of the user if HOME is not an absolute path.
    """
    home = os.environ.get("HOME", "")
    if home.startswith("/"):
        return Path(home)
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # the system does not know this user
        return None
