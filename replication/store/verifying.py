"""Verify a study by its checksums and by simulating again, and repair it."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np

from replication.errors import DataError, ReplicationError, StorageError
from replication.protocol import Protocol
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import LARGEST_BLOCK, Block, find_blocks, read_block, write_block
from replication.store.cost import check_disk, choose_block_size
from replication.store.files import is_folder, is_locked, remove
from replication.store.filling import cut_blocks, simulate_blocks
from replication.store.store import (
    Range,
    Store,
    StudyFolder,
    join_ranges,
    lock_path,
    subtract_ranges,
)

RUN_OF_SEEDS = 50
"""Sampled seeds come in runs of neighbours: as good a sample of blocks, and faster to draw."""


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """The state of a study: its sound blocks, what is wrong with others, which seeds are missing.

    Seeds are missing where others with larger numbers are there, or where a report is of more:
    after an interruption, or where a block was deleted. Those of bad blocks are lost, too, as far
    as no sound one has them.
    """

    protocol: Protocol
    blocks: tuple[Block, ...]
    faults: dict[Block, ReplicationError]
    missing: list[Range]
    lost: list[Range]

    @property
    def messages(self) -> list[str]:
        """What is wrong, a line for each bad block and for each range of missing seeds."""
        lines = [str(error) for error in self.faults.values()]
        for start, stop in self.missing:
            lines.append(
                f"the seeds {start} to {stop - 1} are missing (a run was interrupted, a block was "
                "deleted, or a report here is of more networks); run `replication repair` to "
                "compute them"
            )
        return lines

    @property
    def exit_code(self) -> int:
        """Of a command that finds this: 0 where all is well."""
        codes = [error.exit_code for error in self.faults.values()]
        return max([*codes, DataError.exit_code if self.missing else 0])


def check_study(store: Store, study: StudyFolder, *, n_published: int = 0) -> Checked:
    """Read every byte of a study and compare it with what each block says of itself.

    A report is of its first `n_published` networks.
    """
    blocks = find_blocks(study.path)
    protocol = store.find_protocol(study.protocol_id)
    sound: list[Block] = []
    faults: dict[Block, ReplicationError] = {}
    for block in blocks:
        try:
            read_block(block, protocol=protocol, root_seed=study.root_seed)
            sound.append(block)
        except (DataError, StorageError) as error:
            faults[block] = error
    end = max((block.stop for block in sound), default=0)
    # The name of a bad block is believed as far as a block is large and follows on others.
    bad = [
        (block.start, block.stop)
        for block in faults
        if block.stop - block.start <= LARGEST_BLOCK and block.start <= end + LARGEST_BLOCK
    ]
    end = max([end, n_published, *(stop for _, stop in bad)])
    there = [(block.start, block.stop) for block in sound]
    missing = subtract_ranges([(0, end)], [*there, *bad])
    lost = subtract_ranges([*bad, *missing], there)
    return Checked(protocol, tuple(sound), faults, missing, lost)


@dataclasses.dataclass(frozen=True, slots=True)
class Verified:
    """What the verification of one study found.

    `difference` names the first seed whose outcome is another one, and the two outcomes.
    """

    checked: Checked
    n_simulated: int
    difference: str | None


def verify_study(
    store: Store,
    study: StudyFolder,
    *,
    n_sample: int | None,
    n_published: int = 0,
    jobs: int = -1,
) -> Verified:
    """Check every byte of a study, then simulate a random sample of it again; None is all."""
    checked = check_study(store, study, n_published=n_published)
    if is_locked(lock_path(study.path, "write")):  # blocks are finished in any order
        checked = dataclasses.replace(checked, missing=[])
    ranges = [(block.start, block.stop) for block in checked.blocks]
    if n_sample is not None:
        ranges = draw_sample(join_ranges(ranges), n_sample, np.random.default_rng())
    differing: dict[int, str] = {}

    def compare(outcomes: Outcomes) -> None:
        for block in checked.blocks:
            low, high = max(block.start, outcomes.start), min(block.stop, outcomes.stop)
            if low < high:
                stored = read_block(block, protocol=checked.protocol, root_seed=study.root_seed)
                differing.update(
                    find_difference(stored.slice(low, high), outcomes.slice(low, high))
                )

    simulate_blocks(
        ranges,
        protocol=checked.protocol,
        root_seed=study.root_seed,
        write=compare,
        jobs=jobs,
        show_progress=False,
    )
    first = differing[min(differing)] if differing else None
    return Verified(checked, sum(stop - start for start, stop in ranges), first)


def draw_sample(ranges: list[Range], n_sample: int, rng: np.random.Generator) -> list[Range]:
    """Draw about `n_sample` seeds from half-open ranges, in short runs, without replacement."""
    length = min(RUN_OF_SEEDS, n_sample)
    n_runs = [-(-(stop - start) // length) for start, stop in ranges]
    ends = np.cumsum(n_runs, dtype=np.int64)
    n_all = int(ends[-1]) if len(ends) else 0
    chosen = np.sort(rng.choice(n_all, size=min(n_all, -(-n_sample // length)), replace=False))
    sample = []
    for run in chosen.tolist():
        place = int(np.searchsorted(ends, run, side="right"))
        start, stop = ranges[place]
        low = start + length * (run - int(ends[place]) + n_runs[place])
        sample.append((low, min(low + length, stop)))
    return sample


def find_difference(stored: Outcomes, computed: Outcomes) -> dict[int, str]:
    """Return the first seed with another outcome and what differs; empty if none does."""
    differs = (stored.updates != computed.updates) | (stored.converged != computed.converged)
    if not differs.any():
        return {}
    place = int(np.argmax(differs))
    seed = stored.start + place
    return {
        seed: f"seed {seed} is stored as {_describe(stored, place)} "
        f"and comes out as {_describe(computed, place)}"
    }


def repair_study(
    store: Store,
    study: StudyFolder,
    *,
    n_published: int = 0,
    jobs: int = -1,
    show_progress: bool = True,
) -> Checked:
    """Compute the blocks that are bad and the seeds that are missing again, and no others.

    A bad block stands until the new one is on disk.
    """
    with store.lock(study.path):
        checked = check_study(store, study, n_published=n_published)
        for block, error in checked.faults.items():
            if isinstance(error, StorageError):  # no damage, and not to be helped by computing
                raise error
            if is_folder(block.path):
                remove(block.path)
        n_lost = sum(stop - start for start, stop in checked.lost)
        check_disk(study.path, n_lost, n_blocks=len(checked.lost))
        size = choose_block_size(checked.protocol, n_lost, jobs)
        options: Any = {"protocol": checked.protocol, "root_seed": study.root_seed}
        simulate_blocks(
            cut_blocks(checked.lost, size),
            **options,
            write=functools.partial(write_block, study.path, **options),
            jobs=jobs,
            show_progress=show_progress,
        )
        for block in checked.faults:
            try:
                read_block(block, **options)  # the new one may have the same name
            except DataError:
                remove(block.path)
    return checked


def _describe(outcomes: Outcomes, place: int) -> str:
    verb = "converged" if outcomes.converged[place] else "not converged"
    return f"{verb} after {outcomes.updates[place]} updates"
