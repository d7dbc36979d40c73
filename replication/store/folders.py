"""Which outcomes are stored in a results folder, and reading them back."""

import functools
import operator
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

from replication.definition.protocol import READINGS
from replication.definition.study import Study
from replication.errors import DataError
from replication.simulator.outcomes import Outcomes, compute_digest
from replication.simulator.weights import MAX_ROOT_SEED
from replication.statistics.counts import CountTable
from replication.store.blocks import (
    LAYOUT,
    Block,
    Range,
    cut_grid,
    find_blocks,
    is_on_grid,
    read_block,
    read_header,
)
from replication.system.files import list_names


class StudyFolder(NamedTuple):
    """Where the outcomes of one protocol under one root seed are, whether it exists or not."""

    protocol_id: str
    root_seed: int
    results: Path

    @property
    def name(self) -> str:
        """The name in messages."""
        return f"study {self.protocol_id}/{self.root_seed}"

    @property
    def path(self) -> Path:
        """The folder of the blocks."""
        return self.results / "outcomes" / LAYOUT / self.protocol_id / str(self.root_seed)

    @classmethod
    def of(cls, study: Study) -> Self:
        """Return that of a study."""
        return cls(study.protocol.id, study.root_seed, study.results)


def list_study_folders(results: Path) -> list[StudyFolder]:
    """Return the folders of all studies below a results folder, by protocol id and root seed."""
    place = results / "outcomes" / LAYOUT
    found = (
        StudyFolder(protocol_id, int(seed), results)
        for protocol_id in list_names(place)
        if re.fullmatch("[0-9a-f]{16}", protocol_id)
        for seed in list_names(place / protocol_id)
        if re.fullmatch("0|[1-9][0-9]{0,18}", seed) and int(seed) <= MAX_ROOT_SEED
        if (place / protocol_id / seed).is_dir()
    )
    return sorted(found)


def list_other_versions(results: Path) -> list[Path]:
    """Return the folders of outcomes of other versions, which are left alone."""
    outcomes = results / "outcomes"
    paths = [outcomes / name for name in list_names(outcomes) if name != LAYOUT]
    return [path for path in paths if path.is_dir()]


def find_longest(study: Study) -> dict[int, Block]:
    """Return the longest block on the grid that begins at each seed, by its name alone."""
    stored = find_blocks(StudyFolder.of(study).path)
    blocks = (block for block in stored if is_on_grid(block, study.protocol))
    return {block.start: block for block in blocks}  # the last of each is the longest


def find_missing(study: Study) -> list[Range]:
    """Return the seeds of a study that are in no block, as ascending ranges."""
    return find_gaps(find_longest(study).values(), study.n_seeds)


def read_outcomes(study: Study) -> Iterator[Outcomes]:
    """Yield the outcomes of a study in seed order, block by block."""
    there = find_longest(study)
    for start, stop in cut_grid(study.protocol, study.n_seeds):
        outcomes = None
        while outcomes is None:
            block = there.get(start)
            if block is None or block.stop < stop:
                seed, folder = start if block is None else block.stop, StudyFolder.of(study).path
                raise DataError(
                    f"the outcome of seed {seed} is not in {str(folder)!r}; run `{study.command}`"
                )
            try:
                outcomes = read_block(block, study)
            except DataError:
                there = find_longest(study)
                if there.get(start) == block:  # and no longer one has taken its place meanwhile
                    raise
        yield outcomes.slice(start, stop)


def count_outcomes(study: Study) -> CountTable:
    """Return how many networks of a study took how many updates."""
    tables = (
        CountTable.from_outcomes(part.updates, part.converged, study.protocol.max_updates)
        for part in read_outcomes(study)
    )
    return functools.reduce(operator.add, tables)


def compute_study_digest(study: Study) -> str:
    """Return the digest of the outcomes of a study."""
    return compute_digest(read_outcomes(study))


def find_study(folder: StudyFolder, n_seeds: int) -> Study:
    """Return the first networks of the study in a folder.

    Its protocol is a named reading, or what any sound block says.
    """
    for reading in READINGS.values():
        if reading.id == folder.protocol_id:
            return Study(reading, folder.root_seed, n_seeds, folder.results)
    reason, place = "no block says its protocol", folder.path.parent
    for block in [block for name in list_names(place) for block in find_blocks(place / name)]:
        try:
            protocol, _ = read_header(block)
        except DataError as error:
            reason = str(error)
        else:
            if protocol.id == folder.protocol_id:
                return Study(protocol, folder.root_seed, n_seeds, folder.results)
    raise DataError(
        f"the protocol of the networks in {str(place)!r} is unknown: {reason}. "
        "If no block can be restored, delete the folder and simulate again"
    )


def find_gaps(blocks: Iterable[Block], end: int) -> list[Range]:
    """Return the seeds before `end` that are in none of the blocks of a grid, which ascend."""
    blocks = list(blocks)
    stops = [0, *(block.stop for block in blocks)]
    starts = [*(min(block.start, end) for block in blocks), end]
    return [gap for gap in zip(stops, starts, strict=True) if gap[0] < gap[1]]


def count_seeds(ranges: Iterable[Range]) -> int:
    """Return how many seeds are in ranges that do not overlap."""
    return sum(stop - start for start, stop in ranges)
