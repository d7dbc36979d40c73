"""The store: which outcomes are there, writing more, and reading them back."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from replication.definition.protocol import READINGS, Protocol
from replication.errors import DataError
from replication.simulator.outcomes import Outcomes, compute_digest
from replication.simulator.weights import MAX_ROOT_SEED
from replication.statistics.counts import CountTable
from replication.store.blocks import LAYOUT, find_blocks, read_block, read_header
from replication.system.files import hold_lock, list_names, make_folder, remove_temporaries

Range = tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class StudyFolder:
    """Where the outcomes of one protocol under one root seed are."""

    protocol_id: str
    root_seed: int
    path: Path

    @property
    def name(self) -> str:
        """The name in messages."""
        return f"study {self.protocol_id}/{self.root_seed}"


class Store:
    """All outcomes below one results folder, of which nothing is made until the first write."""

    def __init__(self, results_folder: Path | str) -> None:
        self.folder = Path(results_folder) / "outcomes" / LAYOUT

    def studies(self) -> list[StudyFolder]:
        """Return the folders of all studies, by protocol id and root seed."""
        found = (
            StudyFolder(protocol_id, int(seed), self.folder / protocol_id / seed)
            for protocol_id in list_names(self.folder)
            if re.fullmatch("[0-9a-f]{16}", protocol_id)
            for seed in list_names(self.folder / protocol_id)
            if re.fullmatch("0|[1-9][0-9]{0,18}", seed) and int(seed) <= MAX_ROOT_SEED
            if (self.folder / protocol_id / seed).is_dir()
        )
        return sorted(found)

    def other_versions(self) -> list[Path]:
        """Return the folders of outcomes of other versions, which are left alone."""
        outcomes = self.folder.parent
        paths = [outcomes / name for name in list_names(outcomes) if name != LAYOUT]
        return [path for path in paths if path.is_dir()]

    def study_folder(self, protocol: Protocol, root_seed: int) -> Path:
        """Return the folder of a study, whether it exists or not."""
        return self.folder / protocol.id / str(root_seed)

    @contextlib.contextmanager
    def lock(
        self, folder: Path, *, announce: Callable[[str], object] | None = None
    ) -> Iterator[None]:
        """Be the only process that writes to the folder of a study; sweep what a kill left.

        As `hold_lock`: another process is waited for where `announce` is given.
        """
        make_folder(folder)
        what = f"working on {str(folder)!r}"
        with hold_lock(lock_path(folder, "write"), what=what, announce=announce):
            remove_temporaries(folder)
            yield

    def ranges(self, protocol: Protocol, root_seed: int) -> list[Range]:
        """Return the stored seeds as ascending half-open ranges that do not touch."""
        blocks = find_blocks(self.study_folder(protocol, root_seed))
        return subtract_ranges((block.start, block.stop) for block in blocks)

    def missing(self, protocol: Protocol, root_seed: int, n_seeds: int) -> list[Range]:
        """Return the ranges of the seeds 0 to `n_seeds` - 1 that are not stored."""
        return subtract_ranges([(0, n_seeds)], self.ranges(protocol, root_seed))

    def read(self, protocol: Protocol, root_seed: int, start: int, stop: int) -> Iterator[Outcomes]:
        """Yield the outcomes of the seeds in [start, stop) in seed order, block by block."""
        folder = self.study_folder(protocol, root_seed)
        position = start
        for block in find_blocks(folder):
            if block.start <= position < min(block.stop, stop):
                high = min(block.stop, stop)
                outcomes = read_block(block, protocol=protocol, root_seed=root_seed)
                yield outcomes.slice(position, high)
                position = high
        if position < stop:
            raise DataError(
                f"the outcome of seed {position} is not in {str(folder)!r}; run "
                "`replication simulate` with as many seeds"
            )

    def counts(self, protocol: Protocol, root_seed: int, n_seeds: int) -> CountTable:
        """Return how many of the first `n_seeds` networks took how many updates."""
        tables = (
            CountTable.from_outcomes(part.updates, part.converged, protocol.max_updates)
            for part in self.read(protocol, root_seed, 0, n_seeds)
        )
        return functools.reduce(operator.add, tables)

    def digest(self, protocol: Protocol, root_seed: int, n_seeds: int) -> str:
        """Return the digest of the first `n_seeds` outcomes."""
        return compute_digest(self.read(protocol, root_seed, 0, n_seeds))

    def find_protocol(self, protocol_id: str) -> Protocol:
        """Return the protocol of an id: a named reading, or what any sound block says."""
        for reading in READINGS.values():
            if reading.id == protocol_id:
                return reading
        reason = "no block says its protocol"
        studies = [study for study in self.studies() if study.protocol_id == protocol_id]
        for block in (block for study in studies for block in find_blocks(study.path)):
            try:
                protocol = read_header(block).protocol
            except DataError as error:
                reason = str(error)
            else:
                if protocol.id == protocol_id:
                    return protocol
        raise DataError(
            f"what the networks of {str(self.folder / protocol_id)!r} are is not known: {reason}. "
            "Where that cannot be helped, delete the folder and simulate again"
        )


def lock_path(folder: Path, kind: str) -> Path:
    """Return the path of a lock on a study; beside its folder, which holds blocks alone."""
    return folder.with_name(f".{folder.name}.{kind}.lock")


def subtract_ranges(ranges: Iterable[Range], taken: Iterable[Range] = ()) -> list[Range]:
    """Return the seeds of half-open ranges that are in no other ones, as ascending ranges.

    >>> subtract_ranges([(0, 4), (3, 9)], [(5, 6)])
    [(0, 5), (6, 9)]
    """
    # At each seed, how many ranges begin or end, and how many of those that are taken.
    changes = [(seed, step, 0) for pair in ranges for seed, step in zip(pair, (1, -1), strict=True)]
    changes += [(seed, 0, step) for pair in taken for seed, step in zip(pair, (1, -1), strict=True)]
    left: list[Range] = []
    n_open = n_taken = previous = 0
    for seed, opened, taken_here in sorted(changes):
        if n_open > 0 and n_taken == 0 and previous < seed:
            if left and left[-1][1] == previous:
                previous = left.pop()[0]
            left.append((previous, seed))
        n_open += opened
        n_taken += taken_here
        previous = seed
    return left


def count_seeds(ranges: Iterable[Range]) -> int:
    """Return how many seeds are in half-open ranges that do not overlap."""
    return sum(stop - start for start, stop in ranges)
