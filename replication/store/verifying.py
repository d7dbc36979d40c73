"""Verify a study by its checksums and by simulating again, and repair it."""

from __future__ import annotations

import dataclasses

import numpy as np

from replication.definition.protocol import Protocol
from replication.errors import BusyError, DataError
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import LARGEST_BLOCK, Block, find_blocks, read_block
from replication.store.filling import check_disk, fill_ranges, simulate_blocks
from replication.store.store import (
    Range,
    Store,
    StudyFolder,
    count_seeds,
    lock_path,
    subtract_ranges,
)
from replication.system.files import hold_lock, put_aside

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
    blocks: list[Block]
    faults: dict[Block, DataError]
    missing: list[Range]
    lost: list[Range]

    @property
    def messages(self) -> list[str]:
        """What is wrong, a line for each bad block and for each range of missing seeds."""
        lines = [str(error) for error in self.faults.values()]
        return lines + [
            f"the seeds {start} to {stop - 1} are missing (a run was interrupted, a block was "
            "deleted, or a report here is of more networks); run `replication repair` to compute "
            "them"
            for start, stop in self.missing
        ]


def check_study(store: Store, study: StudyFolder, *, n_reported: int = 0) -> Checked:
    """Read every byte of a study and compare it with what each block says of itself.

    A report is of its first `n_reported` networks.
    """
    protocol = store.find_protocol(study.protocol_id)
    sound: list[Block] = []
    faults: dict[Block, DataError] = {}
    for block in find_blocks(study.path):
        try:
            read_block(block, protocol=protocol, root_seed=study.root_seed)
            sound.append(block)
        except DataError as error:
            faults[block] = error
    there = [(block.start, block.stop) for block in sound]
    end = max((stop for _, stop in there), default=0)
    # The name of a bad block is believed as far as a block is large and follows on others.
    bad = [
        (block.start, block.stop)
        for block in faults
        if block.stop - block.start <= LARGEST_BLOCK and block.start <= end + LARGEST_BLOCK
    ]
    end = max([end, n_reported, *(stop for _, stop in bad)])
    missing = subtract_ranges([(0, end)], [*there, *bad])
    return Checked(protocol, sound, faults, missing, subtract_ranges([*bad, *missing], there))


def verify_study(
    store: Store,
    study: StudyFolder,
    *,
    n_sample: int | None,
    n_reported: int = 0,
    jobs: int = -1,
) -> tuple[Checked, int, str | None]:
    """Check every byte of a study, then simulate a random sample of it again; None is all.

    Returns what was found, how many networks were simulated, and the first seed whose outcome is
    another one, with both outcomes.
    """
    checked = check_study(store, study, n_reported=n_reported)
    try:
        with hold_lock(lock_path(study.path, "write"), what="writing"):
            pass
    except BusyError:  # blocks are finished in any order
        checked = dataclasses.replace(checked, missing=[])
    except OSError:  # nobody can be writing here
        pass
    ranges = subtract_ranges((block.start, block.stop) for block in checked.blocks)
    if n_sample is not None:
        ranges = draw_sample(ranges, n_sample, np.random.default_rng())
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
        ranges, checked.protocol, study.root_seed, compare, jobs=jobs, show_progress=False
    )
    first = differing[min(differing)] if differing else None
    return checked, count_seeds(ranges), first


def draw_sample(ranges: list[Range], n_sample: int, rng: np.random.Generator) -> list[Range]:
    """Draw about `n_sample` seeds from half-open ranges, in short runs, without replacement."""
    length = min(RUN_OF_SEEDS, n_sample)
    ends = np.cumsum([0, *(-(-(stop - start) // length) for start, stop in ranges)])
    n_all = int(ends[-1])
    chosen = np.sort(rng.choice(n_all, size=min(n_all, -(-n_sample // length)), replace=False))
    sample = []
    for run in chosen.tolist():
        place = int(np.searchsorted(ends, run, side="right")) - 1
        start, stop = ranges[place]
        low = start + length * (run - int(ends[place]))
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


def _describe(outcomes: Outcomes, place: int) -> str:
    verb = "converged" if outcomes.converged[place] else "not converged"
    return f"{verb} after {outcomes.updates[place]} updates"


def repair_study(
    store: Store,
    study: StudyFolder,
    *,
    n_reported: int = 0,
    jobs: int = -1,
    show_progress: bool = True,
) -> Checked:
    """Compute the blocks that are bad and the seeds that are missing again, and no others.

    A bad block stands until the new one is on disk.
    """
    with store.lock(study.path):
        checked = check_study(store, study, n_reported=n_reported)
        for block in checked.faults:
            if block.path.is_dir() and not block.path.is_symlink():
                put_aside(block.path)
        check_disk(study.path, checked.lost)
        fill_ranges(
            study.path, checked.lost, checked.protocol, study.root_seed,
            jobs=jobs, show_progress=show_progress,
        )  # fmt: skip
        for block in checked.faults:
            try:
                # The new one may have the same name.
                read_block(block, protocol=checked.protocol, root_seed=study.root_seed)
            except DataError:
                block.path.unlink(missing_ok=True)
    return checked
