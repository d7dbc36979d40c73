"""Verify a store by its checksums and by simulating again, and repair it."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from replication.simulator.ensemble import simulate_ranges
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import read_block
from replication.store.checking import Checked, check_study, rebuild_manifest
from replication.store.filling import Simulate, simulate_blocks
from replication.store.store import Range, Store, StudyFolder

RUN_OF_SEEDS = 50
"""Sampled seeds come in runs of neighbours: as good a sample of blocks, and faster to draw."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verified:
    """What the verification of one study found.

    Parameters
    ----------
    checked : Checked
        Its sound blocks and its faults.
    n_simulated : int
        Networks that were simulated again.
    difference : str or None
        The first seed whose outcome is another one, and the two outcomes.
    """

    checked: Checked
    n_simulated: int
    difference: str | None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.checked.faults and self.difference is None


def verify_study(
    study: StudyFolder,
    *,
    n_sample: int | None,
    jobs: int = -1,
    show_progress: bool = False,
    simulate: Simulate = simulate_ranges,
) -> Verified:
    """Check every byte of a study, then simulate a random sample of it again.

    Parameters
    ----------
    study : StudyFolder
    n_sample : int or None
        Networks to simulate again; None for all that are in sound blocks.
    jobs : int
        Workers; -1 for one a core.
    show_progress : bool
        Whether progress appears on standard error.
    simulate : callable
        `simulate_ranges`, or what a test puts in its place.

    Returns
    -------
    Verified

    Raises
    ------
    DataError
        If the study is of a newer schema or another outcome version.
    """
    checked = check_study(study.path)
    protocol, root_seed = checked.manifest.protocol, checked.manifest.root_seed
    ranges = [(block.start, block.stop) for block in checked.blocks]
    if n_sample is not None:
        ranges = draw_sample(ranges, n_sample, np.random.default_rng())
    differing: dict[int, str] = {}

    def compare(outcomes: Outcomes) -> None:
        for block in checked.blocks:
            if block.start <= outcomes.start < outcomes.stop <= block.stop:
                stored = read_block(block, protocol=protocol, root_seed=root_seed)
                differing.update(
                    find_difference(stored.slice(outcomes.start, outcomes.stop), outcomes)
                )

    simulate_blocks(
        ranges,
        protocol=protocol,
        root_seed=root_seed,
        write=compare,
        jobs=jobs,
        show_progress=show_progress,
        simulate=simulate,
    )
    first = differing[min(differing)] if differing else None
    return Verified(checked, sum(stop - start for start, stop in ranges), first)


def draw_sample(ranges: list[Range], n_sample: int, rng: np.random.Generator) -> list[Range]:
    """Draw short runs of neighbouring seeds at random, without replacement.

    Parameters
    ----------
    ranges : list of (int, int)
        Half-open ranges of seeds to draw from.
    n_sample : int
        About how many seeds, rounded up to whole runs.
    rng : numpy.random.Generator

    Returns
    -------
    list of (int, int)
        Ascending, each within one of `ranges`.
    """
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
    jobs: int = -1,
    show_progress: bool = True,
    simulate: Simulate = simulate_ranges,
) -> Checked:
    """Compute the blocks that are missing or bad again, and no others.

    A bad block stands until the new one has been compared with the record.

    Parameters
    ----------
    store : Store
    study : StudyFolder
    jobs : int
        Workers; -1 for one a core.
    show_progress : bool
        Whether progress appears on standard error.
    simulate : callable
        `simulate_ranges`, or what a test puts in its place.

    Returns
    -------
    Checked
        What was found, and is repaired now.

    Raises
    ------
    BusyError
        If another process is writing to the store.
    DataError
        If the study cannot be repaired, and why.
    StorageError
        If a file cannot be deleted or written.
    """
    with store.lock():
        checked = check_study(study.path)
        protocol, root_seed = checked.manifest.protocol, checked.manifest.root_seed
        rebuild_manifest(study.path, checked)
        bad = {fault.block for fault in checked.faults if fault.block is not None}
        simulate_blocks(
            sorted((block.start, block.stop) for block in bad),
            protocol=protocol,
            root_seed=root_seed,
            write=functools.partial(store.rewrite, protocol, root_seed),
            jobs=jobs,
            show_progress=show_progress,
            simulate=simulate,
        )
        store.record(protocol, root_seed)
    return checked


def _describe(outcomes: Outcomes, place: int) -> str:
    verb = "converged" if outcomes.converged[place] else "not converged"
    return f"{verb} after {outcomes.updates[place]} updates"
