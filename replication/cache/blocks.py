"""Blocks of outcomes in the user's cache folder: one file each, named by what it holds.

A name follows from the key (what the outcomes depend on beside the seeds) and from the first seed,
and from nothing else: neither versions nor time. A file is a checksum and the plain rows that it is
of. Whatever is wrong with a file (short, altered, of another block, unreadable), it is as if it
were not there: its outcomes are simulated again, and it is overwritten. Two writers of one block
write the same outcomes, of which the longer ones stay, and a file gets its name when it is whole.
So nothing is listed or deleted but by `clear`, and by `trim` where the cache has grown too large;
these leave temporary files alone that another writer may still need.
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
"""The environment variable that names another folder."""

NOWHERE = Path(os.devnull, "no-cache")
"""A folder in which nothing is kept."""
LARGEST_CACHE = 5_000_000_000
"""Bytes from which the oldest files are removed: the outcomes of a billion networks."""
KEPT_SHARE = 0.9
"""Share of these bytes that is left then, so that files are not listed again at once."""

ROW = np.dtype([("updates", "<i4"), ("converged", "u1")])
"""What is kept of one network, in 5 bytes."""
N_CHECKSUM = 32
LARGEST_FILE = 2**20
"""Bytes that are read: four times the largest block."""

# 8d7f...(32 digits)-000000050000.block, and .replication-0123456789abcdef.part while it is written
OURS = re.compile(r"[0-9a-f]{32}-[0-9]{12}\.block|\.replication-[0-9a-f]{16}\.part")


class Cache:
    """The cache in a folder, which need not exist yet.

    Where nothing can be written, one line says so, and nothing is tried again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._n_bytes: int | None = None  # unknown until something is written
        self._is_writable = folder != NOWHERE

    def read(self, key: str, seeds: Range) -> Outcomes | None:
        """Return the outcomes of the first seeds of a block; None where they are not there.

        `key`: any text that says what the outcomes depend on beside the seeds.
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
        found = np.frombuffer(rows, ROW, count=n)  # of a longer block, its beginning
        return Outcomes(seeds[0], found["updates"].astype(np.int32), found["converged"] != 0)

    def write(self, key: str, outcomes: Outcomes) -> None:
        """Keep outcomes from the first of a block on, unless as many of that block are there."""
        if not self._is_writable:
            return
        path = self._locate(key, outcomes.start)
        seeds = (outcomes.start, outcomes.stop)
        rows = np.empty(len(outcomes), ROW)
        rows["updates"] = outcomes.updates
        rows["converged"] = outcomes.converged
        content = _compute_checksum(path, rows.tobytes()) + rows.tobytes()
        try:
            try:
                self._keep(path, key, seeds, content)
            except OSError:
                # Once more: the folder may have been removed meanwhile, or a folder may lie where
                # the block should.
                if path.is_dir():
                    put_aside(path)
                self._n_bytes = None
                self._keep(path, key, seeds, content)
        except OSError as error:
            # Said once; what is there is still read.
            self._is_writable = False
            reason = getattr(error.__cause__ or error, "strerror", None) or error
            report_progress(
                f"outcomes are not cached: {str(path.parent)!r} cannot be written ({reason}); "
                f"the study goes on without, and {VARIABLE} may name another folder"
            )

    def _keep(self, path: Path, key: str, seeds: Range, content: bytes) -> None:
        """Write the content of a block, and remove the oldest where the cache grows too large."""
        # The first write counts what is there; from then on the size is known.
        if self._n_bytes is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            _, self._n_bytes = self.measure()
        with temporary_file(path) as temporary:
            temporary.write_bytes(content)
            # A longer study may have kept more of the last block of this one meanwhile.
            if self.read(key, seeds) is None:
                publish(temporary, path)
        self._n_bytes += len(content)
        if self._n_bytes > LARGEST_CACHE:
            self._n_bytes = self.trim(int(KEPT_SHARE * LARGEST_CACHE))

    def measure(self) -> tuple[int, int]:
        """Return how many files there are, and their size in bytes."""
        files = self._list_files()
        return len(files), sum(size for _, size, _ in files)

    def trim(self, largest: int) -> int:
        """Remove the oldest files until `largest` bytes are left at most; return how many are."""
        files = self._list_files()
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= largest:
                break
            path.unlink(missing_ok=True)
            left -= size
        return left

    def clear(self) -> tuple[int, int]:
        """Remove all files of the cache, and nothing else; return what was there."""
        before = self.measure()
        self.trim(0)
        return before

    def _list_files(self) -> list[tuple[float, int, Path]]:
        """Return when each file was written, its size, and its path, the oldest first.

        Of temporary files only those that killed runs have left: another writer may need a
        younger one.
        """
        files = []
        for name in filter(OURS.fullmatch, list_names(self.folder)):
            path = self.folder / name
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                state = path.lstat()
                is_left = time.time() - state.st_mtime > SECONDS_OF_LEFTOVERS
                if stat.S_ISDIR(state.st_mode) or (path.suffix == ".part" and not is_left):
                    continue
                files.append((state.st_mtime, state.st_size, path))
        return sorted(files)

    def _locate(self, key: str, start: int) -> Path:
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        return self.folder / f"{digest}-{start:012d}.block"


def _compute_checksum(path: Path, rows: bytes) -> bytes:
    """Return the SHA-256 of a block, in which its name enters: another one's is noticed."""
    return hashlib.sha256(path.name.encode() + rows).digest()


def find_cache() -> Cache:
    """Return the cache of this user: where the system keeps caches, or where `VARIABLE` says."""
    given = os.environ.get(VARIABLE) or f"{find_usual_folder()}/recirculation-replication"
    # ~/mine is below this user's home; ~somebody/theirs is found by the system.
    is_own = given.partition("/")[0] == "~"
    home = find_home()
    try:
        if is_own and home is not None:
            return Cache(home / given[2:])
        if not is_own:
            return Cache(Path(given).expanduser())
    except RuntimeError:  # there is no such user
        pass
    report_progress(f"outcomes are not cached: there is no home folder; {VARIABLE} names one")
    return Cache(NOWHERE)


def find_usual_folder() -> str:
    """Return where the system wants caches; the variable of Linux is honoured everywhere."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # By its specification a path that is not absolute is ignored.
    if base.startswith("/"):
        return base
    return "~/Library/Caches" if sys.platform == "darwin" else "~/.cache"


def find_home() -> Path | None:
    """Return the user's home: HOME, or what the system knows where that is empty or no path."""
    home = os.environ.get("HOME", "")
    if home.startswith("/"):
        return Path(home)
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:  # of a user whom the system does not know
        return None
