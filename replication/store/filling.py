"""Fill a study: simulate the blocks that are missing or damaged, and lose none on the way."""

import contextlib
import shutil
from collections.abc import Callable, Generator
from typing import Any

from replication.definition.study import Study
from replication.errors import StorageError, UsageError, WorkerError
from replication.simulator.ensemble import LostWorker, simulate_ranges
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import (
    LARGEST_MEMORY,
    Range,
    choose_block_size,
    cut_grid,
    find_faults,
    write_block,
)
from replication.store.folders import StudyFolder, count_seeds, find_longest, find_missing
from replication.system.files import open_folder
from replication.system.progress import Progress, report_progress
from replication.system.threads import count_workers, measure_memory

BYTES_PER_NETWORK = 1.5
BYTES_PER_BLOCK = 10_000


def simulate_study(study: Study, *, jobs: int = -1, **options: Any) -> int:
    """Simulate the blocks of a study that are missing or damaged; return their networks.

    `options`: `name`, `show_progress` and `scheduler` of `simulate_blocks`.
    """
    check_room(study, jobs=jobs)
    folder, there = StudyFolder.of(study).path, find_longest(study)
    bad = find_faults((block for block in there.values() if block.start < study.n_seeds), study)
    todo = []
    for start, stop in cut_grid(study.protocol, study.n_seeds):
        block = there.get(start)
        if block is None or block.stop < stop:
            todo.append((start, stop))
        elif block in bad:  # in full where it is longer, or it would stay
            todo.append((start, block.stop))
    if todo:
        open_folder(folder, below=study.results)

    def has_appeared(pair: Range) -> bool:
        with contextlib.suppress(OSError):  # which the write will report
            block = find_longest(study).get(pair[0])
            return block is not None and block.stop >= pair[1] and block not in bad
        return False

    finished = simulate_blocks(todo, study, is_done=has_appeared, jobs=jobs, **options)
    n_simulated = 0
    with contextlib.closing(finished):
        for outcomes in finished:
            write_block(folder, outcomes, study)
            n_simulated += min(outcomes.stop, study.n_seeds) - outcomes.start
    return n_simulated


def check_room(study: Study, *, jobs: int) -> None:
    """Refuse missing networks that the disk cannot hold, or that do not fit in memory."""
    n_networks = count_seeds(find_missing(study))
    if not n_networks:
        return
    from replication.simulator.engine import N_LANES, Engine  # which loads the compiler

    results, n_blocks = study.results, -(-n_networks // choose_block_size(study.protocol))
    place = next(parent for parent in (results, *results.absolute().parents) if parent.is_dir())
    needed = BYTES_PER_NETWORK * n_networks + BYTES_PER_BLOCK * n_blocks
    free = shutil.disk_usage(place).free
    if needed > free:
        raise StorageError(
            f"{n_networks:,} networks need about {needed / 1e6:,.2f} MB, and the disk of "
            f"{str(results)!r} has {free / 1e6:,.2f} MB free; give fewer --seeds, "
            "or a --results folder on another disk"
        )
    n_rows = Engine(study.protocol).program.n_rows
    needed = count_workers(jobs) * (8 * n_rows * N_LANES + LARGEST_MEMORY)
    present = measure_memory()
    if needed > present:
        raise UsageError(
            f"networks of group_sizes = {list(study.protocol.group_sizes)} on "
            f"{count_workers(jobs)} workers need about {needed / 1e9:,.1f} GB of memory, and this "
            f"machine or container has {present / 1e9:,.1f} GB; give fewer --jobs or smaller groups"
        )


def simulate_blocks(
    ranges: list[Range],
    study: Study,
    *,
    is_done: Callable[[Range], bool] = lambda _: False,
    name: str = "",
    show_progress: bool = True,
    **options: Any,
) -> Generator[Outcomes]:
    """Simulate ranges of seeds and yield the outcomes of each as soon as it is finished.

    A range that `is_done` when its turn comes is left out. What is lost with a worker is simulated
    again, unless nothing was finished since the last loss.
    `name`: what progress calls them; by default, their root seed.
    `options`: `jobs` and `scheduler` of `simulate_ranges`.
    """
    left = dict.fromkeys(ranges)
    n_lost = None
    name = name or f"root seed {study.root_seed}"
    with Progress(count_seeds(ranges), name=name, is_shown=show_progress) as progress:
        while left:
            waiting = (pair for pair in list(left) if not is_done(pair))
            finished = simulate_ranges(study.protocol, study.root_seed, waiting, **options)
            try:
                with contextlib.closing(finished):
                    for outcomes in finished:
                        yield outcomes
                        del left[outcomes.start, outcomes.stop]
                        progress.advance(len(outcomes))
                return
            except LostWorker as error:
                if len(left) == n_lost:
                    raise WorkerError(
                        f"{error} (twice, and nothing was finished in between; finished blocks "
                        "are kept). Give fewer --jobs or more memory, then run the same command "
                        "again"
                    ) from None
                n_lost = len(left)
                report_progress(f"{error}; what was lost will be simulated again")
