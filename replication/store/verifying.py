"""Verify a study by its checksums and by simulating again, and repair it."""

import dataclasses

import numpy as np

from replication.definition.study import Study
from replication.errors import DataError
from replication.store.blocks import (
    Block,
    Range,
    choose_block_size,
    find_blocks,
    find_faults,
    is_on_grid,
    read_block,
    remove_block,
)
from replication.store.filling import simulate_blocks, simulate_study
from replication.store.folders import StudyFolder, count_seeds, find_gaps, find_study

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

    @property
    def n_lacking(self) -> int:
        """About how many networks a repair simulates."""
        damaged = (block[:2] for block in self.faults if block.stop <= self.study.n_seeds)
        return count_seeds([*self.missing, *damaged])


def check_study(folder: StudyFolder, *, n_reported: int = 0) -> Checked:
    """Read every byte of a study and compare it with what each block says of itself.

    A report covers its first `n_reported` networks. The study that is returned reaches as far as
    the sound blocks and the report, and as the damaged blocks that lie close behind these.
    """
    study, stored = find_study(folder, n_reported), find_blocks(folder.path)
    faults = find_faults(stored, study)
    sound = [block for block in stored if block not in faults]
    end = max([n_reported, *(block.stop for block in sound)])
    near = []
    for block in faults:  # by their seeds
        furthest = end + NEAR * choose_block_size(study.protocol)
        if is_on_grid(block, study.protocol) and block.start <= furthest:
            near.append(block)
            end = max(end, block.stop)
    missing = find_gaps(sorted([*sound, *near]), end)
    return Checked(dataclasses.replace(study, n_seeds=end), sound, faults, missing)


def verify_study(
    checked: Checked, *, n_sample: int | None, jobs: int = -1
) -> tuple[int, int | None]:
    """Simulate a random sample of the sound blocks of a study again; None is all.

    Returns how many networks were simulated, and the first seed with another outcome, if any.
    """
    ranges = [block[:2] for block in checked.blocks]
    if n_sample is not None:
        ranges = draw_sample(ranges, n_sample, np.random.default_rng())
    differing: list[int] = []
    for again in simulate_blocks(ranges, checked.study, jobs=jobs, show_progress=False):
        for block in checked.blocks:
            if block.start <= again.start < block.stop:
                part = read_block(block, checked.study).slice(again.start, again.stop)
                differs = (part.updates != again.updates) | (part.converged != again.converged)
                differing.extend((part.start + np.flatnonzero(differs)[:1]).tolist())
    return count_seeds(ranges), min(differing, default=None)


def draw_sample(ranges: list[Range], n_sample: int, rng: np.random.Generator) -> list[Range]:
    """Draw about `n_sample` seeds from half-open ranges, in short runs, without replacement."""
    length = min(RUN_OF_SEEDS, n_sample)

    def draw(pairs: list[Range]) -> list[Range]:
        n_runs = min(len(pairs), -(-n_sample // length))
        chosen = rng.choice(len(pairs), size=n_runs, replace=False)
        return [pairs[i] for i in sorted(chosen)]

    some = draw(ranges)  # before they are cut: there may be very many
    return draw(
        [(i, min(i + length, stop)) for start, stop in some for i in range(start, stop, length)]
    )


def repair_study(checked: Checked, *, jobs: int = -1, show_progress: bool = True) -> None:
    """Simulate the blocks that are damaged or missing again, and no others.

    A damaged block stands until the new one is on disk.
    """
    simulate_study(checked.study, jobs=jobs, show_progress=show_progress)
    for block in find_faults(checked.faults, checked.study):  # a new one may have the same name
        remove_block(block)
