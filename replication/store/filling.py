"""Fill a study: simulate the networks that the store does not hold, and lose none on the way."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from replication.definition.protocol import Protocol
from replication.errors import StorageError, UsageError, WorkerError
from replication.simulator.backends import check_backend
from replication.simulator.ensemble import LostWorker, simulate_ranges
from replication.simulator.memory import arrange
from replication.simulator.outcomes import Outcomes
from replication.simulator.step import Rule
from replication.store.blocks import write_block
from replication.store.store import Range, Store, count_seeds, lock_path
from replication.system.files import hold_lock, make_folder
from replication.system.interruption import GO_ON, Interruption
from replication.system.progress import Progress, report_progress
from replication.system.threads import count_workers

SMALLEST_SHARE, LARGEST_SHARE = 1_000, 100_000
"""Networks of a block: a fraction of a second of work, so that little is ever lost."""

BLOCKS_PER_WORKER = 4
BLOCK_MEMORY = 2**25
"""Bytes of initial weights that a block of larger networks may hold."""

BYTES_PER_NETWORK = 1.5
BYTES_PER_BLOCK = 10_000


def simulate_study(
    store: Store,
    protocol: Protocol,
    root_seed: int,
    n_seeds: int,
    *,
    wait: bool = False,
    jobs: int = -1,
    block_size: int | None = None,
    backend: str = "threading",
    scheduler: str | None = None,
    **options: Any,
) -> int:
    """Simulate those of the first `n_seeds` networks that are not stored; return their number.

    Another process that simulates this very study makes a run leave with `BusyError`, unless it
    may `wait`, as for a study that is but a part of another one. Outcomes do not depend on
    `block_size`; `options` are those of `simulate_blocks`.
    """
    check_backend(backend, scheduler)
    # Before anything is written; what is missing can only have become less under the lock.
    missing = store.missing(protocol, root_seed, n_seeds)
    check_disk(store.folder, missing)
    if missing:
        check_memory(protocol, jobs)
    folder = store.study_folder(protocol, root_seed)
    with contextlib.ExitStack() as stack:
        if not wait:
            # Held by runs of this very study: where it is but a part of another, that one waits.
            make_folder(folder)
            what = f"working on {str(folder)!r}"
            stack.enter_context(hold_lock(lock_path(folder, "run"), what=what))
        stack.enter_context(store.lock(folder, announce=report_progress))
        missing = store.missing(protocol, root_seed, n_seeds)
        fill_ranges(
            folder, missing, protocol, root_seed,
            jobs=jobs, block_size=block_size, scheduler=scheduler, **options,
        )  # fmt: skip
    return count_seeds(missing)


def check_disk(folder: Path, ranges: list[Range]) -> None:
    """Refuse a run that the disk of `folder` cannot hold."""
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    n_networks = count_seeds(ranges)
    needed = BYTES_PER_NETWORK * n_networks + BYTES_PER_BLOCK * len(ranges)
    free = shutil.disk_usage(place).free
    if needed > free:
        raise StorageError(
            f"{n_networks:,} networks need about {needed / 1e6:,.2f} MB, and the disk of "
            f"{str(folder)!r} has {free / 1e6:,.2f} MB free; give fewer --seeds, "
            "or a --results folder on another disk"
        )


def check_memory(protocol: Protocol, jobs: int) -> None:
    """Refuse networks that do not fit in the memory of this machine."""
    from replication.simulator.engine import N_LANES  # which loads the compiler

    _, n_rows = arrange(Rule.of(protocol))
    needed = count_workers(jobs) * (8 * n_rows * N_LANES + BLOCK_MEMORY)
    if not hasattr(os, "sysconf"):  # as on Windows
        return
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > present:
        raise UsageError(
            f"networks of group_sizes = {list(protocol.group_sizes)} on {count_workers(jobs)} "
            f"workers need about {needed / 1e9:,.1f} GB of memory, and this machine has "
            f"{present / 1e9:,.1f} GB; give fewer --jobs or smaller groups"
        )


def fill_ranges(
    folder: Path,
    ranges: list[Range],
    protocol: Protocol,
    root_seed: int,
    *,
    block_size: int | None = None,
    jobs: int = -1,
    **options: Any,
) -> None:
    """Simulate ranges of seeds and write them into the folder of their study, block by block."""
    size = block_size or choose_block_size(protocol, count_seeds(ranges), jobs)
    write = functools.partial(write_block, folder, protocol=protocol, root_seed=root_seed)
    simulate_blocks(cut_blocks(ranges, size), protocol, root_seed, write, jobs=jobs, **options)


def choose_block_size(protocol: Protocol, n_missing: int, jobs: int) -> int:
    """Return a block size that keeps `jobs` busy and loses little of `n_missing` when stopped."""
    share = -(-n_missing // (BLOCKS_PER_WORKER * count_workers(jobs)))
    largest = min(LARGEST_SHARE, max(1, BLOCK_MEMORY // (8 * protocol.n_weights)))
    return min(largest, max(SMALLEST_SHARE, share))


def simulate_blocks(
    blocks: list[Range],
    protocol: Protocol,
    root_seed: int,
    write: Callable[[Outcomes], object],
    *,
    show_progress: bool = True,
    **options: Any,
) -> None:
    """Simulate blocks of seeds and hand each to `write` as soon as it is finished.

    `write` is called in this thread, with one block at a time, and is never interrupted.
    `options`: `jobs` and `scheduler` of `simulate_ranges`.
    """
    if not blocks:
        return
    with contextlib.ExitStack() as stack:
        interruption = stack.enter_context(Interruption(GO_ON))
        progress = None
        if show_progress:
            name = f"root seed {root_seed}"
            progress = stack.enter_context(Progress(count_seeds(blocks), name=name))
        run: Any = functools.partial(simulate_ranges, protocol, root_seed, **options)
        finished = stack.enter_context(contextlib.closing(_retry(run, blocks)))
        for outcomes in finished:
            with interruption.shield():
                write(outcomes)
            if progress is not None:
                progress.advance(len(outcomes.updates))


def _retry(
    run: Callable[[Iterable[Range]], Generator[Outcomes]], blocks: list[Range]
) -> Generator[Outcomes]:
    """Yield the outcomes of all blocks, with one retry of those lost with a worker."""
    left = dict.fromkeys(blocks)
    doubtful: set[Range] = set()
    while left:
        begun: set[Range] = set()
        try:
            with contextlib.closing(run(_note(list(left), begun))) as running:
                for outcomes in running:
                    del left[outcomes.start, outcomes.stop]
                    yield outcomes
        except LostWorker as error:
            lost = begun & left.keys() or set(left)
            if lost & doubtful:
                start, stop = min(lost & doubtful)[0], max(lost & doubtful)[1]
                raise WorkerError(
                    f"{error} (twice, among the networks {start} to {stop - 1}; finished blocks "
                    "are kept). Give fewer --jobs or more memory, then run the same command again"
                ) from None
            doubtful |= lost
            report_progress(f"{error}; what was lost will be simulated again")


def _note(blocks: list[Range], begun: set[Range]) -> Iterator[Range]:
    for block in blocks:
        begun.add(block)
        yield block


def cut_blocks(ranges: Iterable[Range], size: int) -> list[Range]:
    """Return `ranges` of seeds cut into blocks of at most `size` seeds, in order."""
    return [
        (low, min(low + size, stop)) for start, stop in ranges for low in range(start, stop, size)
    ]
