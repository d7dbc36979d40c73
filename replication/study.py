"""One study from start to end: simulate what is missing, and lose nothing on the way."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import shutil
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path

from replication.errors import StorageError, WorkerError
from replication.interruption import GO_ON, Interruption
from replication.progress import Progress, format_duration
from replication.protocol import Protocol
from replication.simulator.backends import LOCAL_BACKENDS, check_backend
from replication.simulator.ensemble import LostWorker, simulate_ranges
from replication.simulator.outcomes import Outcomes
from replication.store import Store

Range = tuple[int, int]
Simulate = Callable[..., Iterable[Outcomes]]

LARGEST_BLOCK = 50_000
"""A fraction of a second of work, so that little is ever lost."""

SMALLEST_BLOCK = 1_000
BLOCKS_PER_WORKER = 4
BYTES_PER_NETWORK = 1.5
BYTES_PER_BLOCK = 10_000

LARGE_RUN = 5_000_000
"""From so many missing networks on, time and disk are estimated and shown first."""

SAMPLE_SIZE = 4_000


@dataclasses.dataclass(frozen=True, slots=True)
class Simulated:
    """What `simulate_study` did.

    Parameters
    ----------
    n_present : int
        Networks that were stored already.
    n_simulated : int
        Networks simulated now.
    """

    n_present: int
    n_simulated: int


def simulate_study(
    store: Store,
    protocol: Protocol,
    root_seed: int,
    n_seeds: int,
    *,
    jobs: int = -1,
    backend: str = "threading",
    scheduler: str | None = None,
    block_size: int | None = None,
    show_progress: bool = True,
    simulate: Simulate = simulate_ranges,
) -> Simulated:
    """Simulate those of the first `n_seeds` networks that the store does not hold.

    Parameters
    ----------
    store : Store
    protocol : Protocol
    root_seed : int
    n_seeds : int
        Networks that the store holds afterwards, at least.
    jobs : int
        Workers; -1 for one a core.
    backend : str
        Of joblib: "threading", or "loky", "dask", "ray" for processes.
    scheduler : str or None
        Address of a Dask cluster, with the backend "dask".
    block_size : int or None
        Networks a block; outcomes do not depend on it.
    show_progress : bool
        Whether progress appears on standard error.
    simulate : callable
        `simulate_ranges`, or what a test puts in its place.

    Returns
    -------
    Simulated

    Raises
    ------
    BusyError
        If another process is writing to the store.
    DataError
        If the store is damaged or of a newer schema.
    StorageError
        If the disk is too small or a file cannot be written.
    WorkerError
        If a block was lost with its worker twice.
    Interrupted
        On Ctrl-C and SIGTERM; finished blocks are kept.
    """
    check_backend(backend, scheduler)
    # Before anything is written; what is missing can only have become less under the lock.
    ranges = store.missing(protocol, root_seed, n_seeds)
    check_disk(store.folder, sum(stop - start for start, stop in ranges), n_blocks=len(ranges))
    with store.lock():
        store.begin(protocol, root_seed)
        ranges = store.missing(protocol, root_seed, n_seeds)
        n_missing = sum(stop - start for start, stop in ranges)
        blocks = cut_blocks(ranges, block_size or choose_block_size(n_missing, jobs))
        try:
            simulate_blocks(
                blocks,
                protocol=protocol,
                root_seed=root_seed,
                write=functools.partial(store.write, protocol, root_seed),
                jobs=jobs,
                backend=backend,
                scheduler=scheduler,
                show_progress=show_progress,
                simulate=simulate,
            )
        finally:
            store.record(protocol, root_seed)
    return Simulated(n_seeds - n_missing, n_missing)


def simulate_blocks(
    blocks: list[Range],
    *,
    protocol: Protocol,
    root_seed: int,
    write: Callable[[Outcomes], None],
    jobs: int = -1,
    backend: str = "threading",
    scheduler: str | None = None,
    show_progress: bool = True,
    simulate: Simulate = simulate_ranges,
) -> None:
    """Simulate blocks of seeds and hand each to `write` as soon as it is finished.

    Parameters
    ----------
    blocks : list of (int, int)
        Half-open ranges of seeds.
    protocol : Protocol
    root_seed : int
    write : callable
        Called in this thread with one finished block at a time, and never interrupted.
    jobs, backend, scheduler, show_progress, simulate
        As in `simulate_study`.

    Raises
    ------
    WorkerError
        If a block was lost with its worker twice.
    Interrupted
        On Ctrl-C and SIGTERM.
    """
    n_networks = sum(stop - start for start, stop in blocks)
    if n_networks == 0:
        return
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progress(n_networks)) if show_progress else None
        interruption = stack.enter_context(Interruption(GO_ON))
        run = _Run(simulate, protocol, root_seed, jobs, backend, scheduler)
        if progress is not None and n_networks >= LARGE_RUN:
            progress.announce(run.estimate(n_networks, len(blocks)))
        finished = stack.enter_context(contextlib.closing(run.simulate(blocks)))
        for outcomes in finished:
            with interruption.shield():
                write(outcomes)
            if progress is not None:
                progress.advance(len(outcomes.updates))


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """The arguments of the simulation, and what to do when workers die."""

    call: Simulate
    protocol: Protocol
    root_seed: int
    jobs: int
    backend: str
    scheduler: str | None

    def simulate(self, blocks: list[Range]) -> Generator[Outcomes]:
        """Yield the outcomes of all blocks, with one retry of those lost with a worker."""
        left = dict.fromkeys(blocks)
        doubtful: set[Range] = set()
        while left:
            begun: set[Range] = set()
            try:
                with contextlib.closing(self._start(_note(list(left), begun))) as running:
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

    def estimate(self, n_missing: int, n_blocks: int) -> str:
        """Return what the run will take, by the pace of a small sample on this machine."""
        megabytes = estimate_bytes(n_missing, n_blocks) / 1e6
        disk = f"{megabytes:,.0f} MB of disk"
        if self.backend not in LOCAL_BACKENDS:  # nobody knows how many workers a cluster will have
            return f"{n_missing:,} networks to simulate: about {disk}"
        pace = 0.0
        for size in (1, SAMPLE_SIZE):  # the first one loads or compiles the kernel
            begun = time.perf_counter()
            for _ in self._start([(0, size)]):
                pass
            pace = (time.perf_counter() - begun) / size
        seconds = pace * n_missing / count_workers(self.jobs)
        duration = format_duration(seconds)
        return f"{n_missing:,} networks to simulate: about {duration} and {disk}"

    def _start(self, blocks: Iterable[Range]) -> Generator[Outcomes]:
        yield from self.call(
            self.protocol,
            self.root_seed,
            blocks,
            jobs=self.jobs,
            backend=self.backend,
            scheduler=self.scheduler,
        )


def _note(blocks: list[Range], taken: set[Range]) -> Iterator[Range]:
    for block in blocks:
        taken.add(block)
        yield block


def cut_blocks(ranges: Iterable[Range], size: int) -> list[Range]:
    """Return `ranges` of seeds cut into blocks of at most `size` seeds, in order."""
    return [
        (low, min(low + size, stop)) for start, stop in ranges for low in range(start, stop, size)
    ]


def choose_block_size(n_missing: int, jobs: int) -> int:
    """Return a block size that keeps `jobs` busy and loses little of `n_missing` when stopped."""
    share = -(-n_missing // (BLOCKS_PER_WORKER * count_workers(jobs)))
    return min(LARGEST_BLOCK, max(SMALLEST_BLOCK, share))


def count_workers(jobs: int) -> int:
    """Return how many workers `jobs` means on this machine."""
    return jobs if jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + jobs)


def estimate_bytes(n_networks: int, n_blocks: int) -> float:
    """Return how many bytes of disk `n_networks` in `n_blocks` need."""
    return BYTES_PER_NETWORK * n_networks + BYTES_PER_BLOCK * n_blocks


def check_disk(folder: Path, n_networks: int, *, n_blocks: int) -> None:
    """Refuse a run of `n_networks` in `n_blocks` that the disk of `folder` cannot hold.

    Raises
    ------
    StorageError
        If less space is free than the estimate.
    """
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    needed, free = estimate_bytes(n_networks, n_blocks), shutil.disk_usage(place).free
    if needed > free:
        raise StorageError(
            f"{n_networks:,} networks need about {needed / 1e6:,.2f} MB, and the disk of "
            f"{str(folder)!r} has {free / 1e6:,.2f} MB free; give fewer --seeds, "
            "or a --results folder on another disk"
        )
