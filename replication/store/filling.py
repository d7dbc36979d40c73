"""Fill a study: simulate the networks that the store does not hold, and lose none on the way."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

from replication.errors import WorkerError
from replication.interruption import GO_ON, Interruption
from replication.progress import Progress, report_progress
from replication.protocol import Protocol
from replication.simulator.backends import check_backend
from replication.simulator.ensemble import LostWorker, simulate_ranges
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import write_block
from replication.store.cost import check_disk, check_memory, choose_block_size, estimate_bytes
from replication.store.files import hold_lock, make_folder
from replication.store.store import Range, Store, lock_path

LARGE_RUN = 5_000_000
"""From so many missing networks on, the disk that they take is said first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated:
    """How many networks `simulate_study` found stored, and how many it has simulated now."""

    n_present: int
    n_simulated: int


def simulate_study(
    store: Store,
    protocol: Protocol,
    root_seed: int,
    n_seeds: int,
    *,
    wait: bool = False,
    jobs: int = -1,
    backend: str = "threading",
    scheduler: str | None = None,
    block_size: int | None = None,
    show_progress: bool = True,
) -> Simulated:
    """Simulate those of the first `n_seeds` networks that the store does not hold.

    Another process that simulates this very study makes a run leave with `BusyError`, unless it
    may `wait`, as for a study that is but a part of another one. Outcomes do not depend on
    `block_size`; `jobs`, `backend` and `scheduler` are those of `simulate_ranges`.
    """
    check_backend(backend, scheduler)
    check_memory(protocol, jobs)
    # Before anything is written; what is missing can only have become less under the lock.
    ranges = store.missing(protocol, root_seed, n_seeds)
    check_disk(store.folder, sum(stop - start for start, stop in ranges), n_blocks=len(ranges))
    folder = store.study_folder(protocol, root_seed)
    with contextlib.ExitStack() as stack:
        if not wait:
            # Held by runs of this very study: where it is but a part of another, that one waits.
            make_folder(folder)
            what = f"working on {str(folder)!r}"
            stack.enter_context(hold_lock(lock_path(folder, "run"), what=what))
        stack.enter_context(store.lock(folder, announce=report_progress))
        ranges = store.missing(protocol, root_seed, n_seeds)
        n_missing = sum(stop - start for start, stop in ranges)
        simulate_blocks(
            cut_blocks(ranges, block_size or choose_block_size(protocol, n_missing, jobs)),
            protocol=protocol,
            root_seed=root_seed,
            write=functools.partial(write_block, folder, protocol=protocol, root_seed=root_seed),
            jobs=jobs,
            scheduler=scheduler,
            show_progress=show_progress,
        )
    return Simulated(n_seeds - n_missing, n_missing)


def simulate_blocks(
    blocks: list[Range],
    *,
    protocol: Protocol,
    root_seed: int,
    write: Callable[[Outcomes], object],
    show_progress: bool = True,
    **backend: Any,
) -> None:
    """Simulate blocks of seeds and hand each to `write` as soon as it is finished.

    `write` is called in this thread, with one block at a time, and is never interrupted.
    """
    n_networks = sum(stop - start for start, stop in blocks)
    if n_networks == 0:
        return
    with contextlib.ExitStack() as stack:
        interruption = stack.enter_context(Interruption(GO_ON))
        progress = None
        if show_progress:
            progress = stack.enter_context(Progress(n_networks, name=f"root seed {root_seed}"))
            if n_networks >= LARGE_RUN:
                disk = estimate_bytes(n_networks, len(blocks)) / 1e6
                progress.announce(f"{n_networks:,} networks to simulate: {disk:,.1f} MB of disk")
        run = functools.partial(simulate_ranges, protocol, root_seed, **backend)
        finished = stack.enter_context(contextlib.closing(_retry(run, blocks, progress)))
        for outcomes in finished:
            with interruption.shield():
                write(outcomes)
            if progress is not None:
                progress.advance(len(outcomes.updates))


def _retry(
    run: Callable[[Iterable[Range]], Iterator[Outcomes]],
    blocks: list[Range],
    progress: Progress | None,
) -> Generator[Outcomes]:
    """Yield the outcomes of all blocks, with one retry of those lost with a worker."""
    left = dict.fromkeys(blocks)
    doubtful: set[Range] = set()
    while left:
        begun: set[Range] = set()
        try:
            with contextlib.ExitStack() as stack:
                running = run(_note(list(left), begun))
                if isinstance(running, Generator):
                    stack.enter_context(contextlib.closing(running))
                for outcomes in running:
                    del left[outcomes.start, outcomes.stop]
                    yield outcomes
        except LostWorker as error:
            lost = begun & left.keys()
            if lost & doubtful:
                start, stop = min(lost & doubtful)[0], max(lost & doubtful)[1]
                raise WorkerError(
                    f"{error} (twice, among the networks {start} to {stop - 1}; finished "
                    "blocks are kept). Give fewer --jobs or more memory, then run the same "
                    "command again"
                ) from None
            doubtful |= lost
            if progress is not None:
                noun = "block" if len(lost) == 1 else "blocks"
                progress.announce(f"{error}; {len(lost)} {noun} will be simulated again")


def _note(blocks: list[Range], taken: set[Range]) -> Iterator[Range]:
    for block in blocks:
        taken.add(block)
        yield block


def cut_blocks(ranges: Iterable[Range], size: int) -> list[Range]:
    """Return `ranges` of seeds cut into blocks of at most `size` seeds, in order."""
    return [
        (low, min(low + size, stop)) for start, stop in ranges for low in range(start, stop, size)
    ]
