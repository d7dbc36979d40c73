"""Verify a study by its checksums and by simulating again, and repair it."""

from __future__ import annotations

import dataclasses

import numpy as np

from replication.definition.study import Study
from replication.errors import DataError
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import (
    Block,
    Range,
    choose_block_size,
    estimate_seconds,
    find_blocks,
    is_on_grid,
    read_block,
    remove_block,
)
from replication.store.filling import is_sound, simulate_blocks, simulate_study
from replication.store.folders import StudyFolder, count_seeds, find_gaps, find_protocol

RUN_OF_SEEDS = 50
"""Sampled seeds come in runs of neighbours: as good a sample of blocks, and faster to draw."""

NEAR = 20
"""Blocks after the last sound one in which the name of a damaged one is believed."""


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """The state of a study: its sound blocks, what is wrong with others, which seeds are missing.

    Seeds are missing if larger ones are there or a report covers more of them: after an
    interruption, during a run, or because a block was deleted.
    """

    study: Study
    blocks: list[Block]
    faults: dict[Block, DataError]
    missing: list[Range]

    @property
    def messages(self) -> list[str]:
        """What is wrong, a line for each bad block and for each range of missing seeds."""
        lines = [str(error) for error in self.faults.values()]
        return lines + [
            f"the seeds {start} to {stop - 1} are missing (a run was interrupted or still goes on, "
            "a block was deleted, or a report here covers more networks); run `replication repair` "
            "to compute them"
            for start, stop in self.missing
        ]


def check_study(folder: StudyFolder, *, n_reported: int = 0) -> Checked:
    """Read every byte of a study and compare it with what each block says of itself.

    A report covers its first `n_reported` networks. The study that is returned reaches as far as
    the sound blocks and the report, and as the damaged blocks that lie close behind these.
    """
    protocol = find_protocol(folder)
    sound: list[Block] = []
    faults: dict[Block, DataError] = {}
    for block in find_blocks(folder.path):
        try:
            read_block(block, protocol=protocol, root_seed=folder.root_seed)
            sound.append(block)
        except DataError as error:
            faults[block] = error
    end = max([n_reported, *(block.stop for block in sound)])
    near = []
    for block in faults:  # by their seeds
        furthest = end + NEAR * choose_block_size(protocol)
        if is_on_grid(block, protocol) and block.start <= furthest:
            near.append(block)
            end = max(end, block.stop)
    missing = find_gaps(sorted([*sound, *near]), end)
    study = Study(protocol, folder.root_seed, end, folder.results)
    return Checked(study, sound, faults, missing)


def verify_study(
    checked: Checked, *, n_sample: int | None, jobs: int = -1
) -> tuple[int, int | None]:
    """Simulate a random sample of the sound blocks of a study again; None is all.

    Returns how many networks were simulated, and the first seed with another outcome, if any.
    """
    protocol, root_seed = checked.study.protocol, checked.study.root_seed
    ranges = [(block.start, block.stop) for block in checked.blocks]
    if n_sample is not None:
        ranges = draw_sample(ranges, n_sample, np.random.default_rng())
    differing: list[int] = []

    def compare(outcomes: Outcomes) -> None:
        for block in checked.blocks:
            if block.start <= outcomes.start < block.stop:
                stored = read_block(block, protocol=protocol, root_seed=root_seed)
                part = stored.slice(outcomes.start, outcomes.stop)
                differs = part.updates != outcomes.updates
                differs |= part.converged != outcomes.converged
                differing.extend((part.start + np.flatnonzero(differs)[:1]).tolist())

    simulate_blocks(ranges, protocol, root_seed, compare, jobs=jobs, show_progress=False)
    return count_seeds(ranges), min(differing, default=None)


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


def estimate_repair(checked: Checked) -> tuple[int, float]:
    """Return about how many networks a repair simulates, and the seconds of one core at most."""
    damaged = [(block.start, block.stop) for block in checked.faults]
    n = count_seeds(checked.missing) + count_seeds(
        pair for pair in damaged if pair[1] <= checked.study.n_seeds
    )
    return n, estimate_seconds(checked.study.protocol, n)


def repair_study(checked: Checked, *, jobs: int = -1, show_progress: bool = True) -> None:
    """Simulate the blocks that are damaged or missing again, and no others.

    A damaged block stands until the new one is on disk.
    """
    simulate_study(checked.study, jobs=jobs, show_progress=show_progress)
    for block in checked.faults:
        if not is_sound(block, checked.study):  # the new one may have the same name
            remove_block(block)
