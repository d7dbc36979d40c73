"""The store: which outcomes are there, writing more, and reading them back."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import operator
import re
from collections.abc import Iterator
from pathlib import Path

from replication.errors import DataError
from replication.protocol import Protocol
from replication.simulator.outcomes import Outcomes, compute_digest
from replication.statistics.counts import CountTable
from replication.store.blocks import (
    BLOCK_NAME,
    Block,
    find_blocks,
    read_block,
    read_counts,
    records_folder,
    write_block,
)
from replication.store.files import TEMPORARY_SUFFIX, hold_lock, make_folder, remove_files
from replication.store.manifest import Manifest, read_manifest, update_manifest, write_manifest
from replication.store.older import OlderStudy, describe_older_study, find_older_manifest

Range = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class StudyFolder:
    """Where the outcomes of one protocol under one root seed are.

    Parameters
    ----------
    protocol_id : str
    root_seed : int
    path : Path
        Holds the Parquet files and nothing else; the records lie in a folder beside it.
    """

    protocol_id: str
    root_seed: int
    path: Path

    @property
    def size(self) -> int:
        """Bytes of all files, records included."""
        return sum(path.stat().st_size for path in _list_files(self.path))


class Store:
    """All outcomes below one results folder.

    Parameters
    ----------
    results_folder : Path or str
        Nothing is made on disk until the first write.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from replication import PAPER, simulate
    >>> with TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     store.write(PAPER, 1988, simulate(n_seeds=100))
    ...     store.missing(PAPER, 1988, 150)
    [(100, 150)]
    """

    def __init__(self, results_folder: Path | str) -> None:
        self.folder = Path(results_folder) / "outcomes"
        self._lock_depth = 0
        self._manifests: dict[Path, Manifest] = {}

    def studies(self) -> list[StudyFolder]:
        """Return the folders of all studies of this version, by protocol id and root seed."""
        return [study for study in self._find() if find_older_manifest(study.path) is None]

    def older_studies(self) -> list[OlderStudy]:
        """Return what earlier versions have left in this folder, which is never touched."""
        manifests = ((study.path, find_older_manifest(study.path)) for study in self._find())
        return [describe_older_study(path, found) for path, found in manifests if found]

    def _find(self) -> list[StudyFolder]:
        if not self.folder.is_dir():
            return []
        names = (path.with_name(path.name.removesuffix(".records")) for path in self._folders())
        return sorted({StudyFolder(path.parent.name, int(path.name), path) for path in names})

    def _folders(self) -> Iterator[Path]:
        for path in self.folder.glob("*/*"):
            if (
                path.is_dir()
                and re.fullmatch("[0-9a-f]{16}", path.parent.name)
                and re.fullmatch(r"[0-9]+(\.records)?", path.name, re.ASCII)
            ):
                yield path

    def study_folder(self, protocol: Protocol, root_seed: int) -> Path:
        """Return the folder of a study, whether it exists or not."""
        return self.folder / protocol.id / str(root_seed)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Be the only process that writes here; the system frees the lock of a dead process.

        Raises
        ------
        BusyError
            If another process is writing.
        StorageError
            If the folder cannot be made or written.
        """
        with contextlib.ExitStack() as stack:
            if self._lock_depth == 0:
                make_folder(self.folder)
                stack.enter_context(hold_lock(self.folder / "lock"))
            self._lock_depth += 1
            try:
                yield
            finally:
                self._lock_depth -= 1
                if self._lock_depth == 0:
                    self._manifests.clear()

    def begin(self, protocol: Protocol, root_seed: int) -> None:
        """Make a study ready for writing: check its record, sweep what a crash left.

        To be called with the lock held; `write` does it by itself.

        Raises
        ------
        DataError
            If the study is of a newer schema or another outcome version, or if
            a block on record is missing.
        StorageError
            If the folder cannot be written.
        """
        folder = self.study_folder(protocol, root_seed)
        manifest = read_manifest(folder)
        make_folder(folder)
        make_folder(records_folder(folder))
        if manifest is None:
            manifest = Manifest(protocol, root_seed, {})
            write_manifest(folder, manifest)
        present = set(find_blocks(folder))
        for block in sorted(manifest.blocks):
            if block not in present:
                raise DataError(
                    f"block {str(block.path)!r} or its side-car is missing; "
                    "run `replication repair` to recompute it"
                )
        keep = {path for block in present for path in (block.path, block.sidecar_path)}
        remove_files(
            [
                path
                for path in _list_files(folder)
                if path.name.endswith(TEMPORARY_SUFFIX)
                or (_is_half_block(path) and path not in keep)
            ]
        )
        self._manifests[folder] = manifest

    def write(self, protocol: Protocol, root_seed: int, outcomes: Outcomes) -> None:
        """Add a block; it is on disk, whole and durable, when this returns.

        Raises
        ------
        BusyError
            If another process is writing.
        DataError
            If the study cannot be extended.
        StorageError
            If a file cannot be written; blocks written before are intact.
        """
        folder = self.study_folder(protocol, root_seed)
        with self.lock():
            if folder not in self._manifests:
                self.begin(protocol, root_seed)
            block = Block(outcomes.start, outcomes.stop, folder)
            write_block(block, protocol=protocol, root_seed=root_seed, outcomes=outcomes)

    def rewrite(self, protocol: Protocol, root_seed: int, outcomes: Outcomes) -> None:
        """Write a block in place of a bad or missing one, also while others are missing.

        Raises
        ------
        DataError
            If the block differs from the one on record.
        StorageError
            If a file cannot be written.
        """
        folder = self.study_folder(protocol, root_seed)
        with self.lock():
            manifest = read_manifest(folder)
            block = Block(outcomes.start, outcomes.stop, folder)
            digest = compute_digest([outcomes])
            if manifest is not None and manifest.blocks.get(block, digest) != digest:
                raise DataError(
                    f"block {str(block.path)!r} was computed again with another digest than is "
                    "on record: this machine or version computes other outcomes. Repair with "
                    "the version that `replication info` names"
                )
            make_folder(folder)
            make_folder(records_folder(folder))
            write_block(block, protocol=protocol, root_seed=root_seed, outcomes=outcomes)

    def record(self, protocol: Protocol, root_seed: int) -> None:
        """Put the blocks written since on the study's record, the manifest."""
        folder = self.study_folder(protocol, root_seed)
        with self.lock():
            manifest = self._manifests.get(folder) or read_manifest(folder)
            if manifest is not None:
                self._manifests[folder] = update_manifest(folder, manifest)

    def ranges(self, protocol: Protocol, root_seed: int) -> list[Range]:
        """Return the stored seeds as ascending half-open ranges that do not touch."""
        ranges: list[Range] = []
        for block in find_blocks(self.study_folder(protocol, root_seed)):
            if ranges and block.start <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(ranges[-1][1], block.stop))
            else:
                ranges.append((block.start, block.stop))
        return ranges

    def missing(self, protocol: Protocol, root_seed: int, n_seeds: int) -> list[Range]:
        """Return the ranges of the seeds 0 to `n_seeds` - 1 that are not stored."""
        missing: list[Range] = []
        position = 0
        for start, stop in [*self.ranges(protocol, root_seed), (n_seeds, n_seeds)]:
            if position < min(start, n_seeds):
                missing.append((position, min(start, n_seeds)))
            position = max(position, stop)
        return missing

    def read(self, protocol: Protocol, root_seed: int, start: int, stop: int) -> Iterator[Outcomes]:
        """Yield the outcomes of the seeds in [start, stop) in seed order, block by block.

        Parameters
        ----------
        protocol : Protocol
        root_seed : int
        start, stop : int
            Seeds; all of them must be stored.

        Raises
        ------
        DataError
            If a block is damaged, or a seed is not stored.
        """
        for block, low, high in self._cover(protocol, root_seed, start, stop):
            yield read_block(block, protocol=protocol, root_seed=root_seed).slice(low, high)

    def counts(self, protocol: Protocol, root_seed: int, n_seeds: int) -> CountTable:
        """Return how many of the first `n_seeds` networks took how many updates.

        Only side-cars are read, and the one block that `n_seeds` may cut.

        Raises
        ------
        DataError
            If a side-car is damaged, or a seed is not stored.
        """
        tables = []
        for block, low, high in self._cover(protocol, root_seed, 0, n_seeds):
            if (low, high) == (block.start, block.stop):
                tables.append(read_counts(block, protocol=protocol, root_seed=root_seed))
            else:
                part = read_block(block, protocol=protocol, root_seed=root_seed).slice(low, high)
                tables.append(
                    CountTable.from_outcomes(part.updates, part.converged, protocol.max_updates)
                )
        return functools.reduce(operator.add, tables)

    def digest(self, protocol: Protocol, root_seed: int, n_seeds: int) -> str:
        """Return the digest of the first `n_seeds` outcomes.

        Raises
        ------
        DataError
            If a block is damaged, or a seed is not stored.
        """
        return compute_digest(self.read(protocol, root_seed, 0, n_seeds))

    def _cover(
        self, protocol: Protocol, root_seed: int, start: int, stop: int
    ) -> Iterator[tuple[Block, int, int]]:
        folder = self.study_folder(protocol, root_seed)
        read_manifest(folder)  # refuses a newer schema and another outcome version
        position = start
        for block in find_blocks(folder):
            if block.start <= position < min(block.stop, stop):
                high = min(block.stop, stop)
                yield block, position, high
                position = high
        if position < stop:
            raise DataError(
                f"the outcome of seed {position} is not in {str(folder)!r}; run "
                "`replication simulate` with as many seeds, or `replication repair` "
                "if it has been there"
            )


def _list_files(folder: Path) -> list[Path]:
    folders = [place for place in (folder, records_folder(folder)) if place.is_dir()]
    return sorted(path for place in folders for path in place.iterdir())


def _is_half_block(path: Path) -> bool:
    name = path.with_suffix(".parquet").name
    return path.suffix in (".parquet", ".json") and BLOCK_NAME.fullmatch(name) is not None
