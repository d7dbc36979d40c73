"""Fill a study: simulate the networks that the store does not hold, and lose none on the way."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Generator, Iterable, Iterator

from replication.errors import WorkerError
from replication.interruption import GO_ON, Interruption
from replication.progress import Progress, format_duration
from replication.protocol import Protocol
from replication.simulator.backends import LOCAL_BACKENDS, check_backend
from replication.simulator.ensemble import LostWorker, simulate_ranges
from replication.simulator.outcomes import Outcomes
from replication.store.cost import (
    check_disk,
    check_memory,
    choose_block_size,
    count_workers,
    estimate_bytes,
    is_large,
    measure_pace,
)
from replication.store.store import Range, Store

Simulate = Callable[..., Iterable[Outcomes]]


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
        "threading", "loky" for processes, or "dask" for a cluster.
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
    UsageError
        If the networks are larger than the memory, or the backend is not known.
    WorkerError
        If a block was lost with its worker twice, or a cluster does not answer.
    Interrupted
        On Ctrl-C and SIGTERM; finished blocks are kept.
    """
    check_backend(backend, scheduler)
    check_memory(protocol, jobs)
    # Before anything is written; what is missing can only have become less under the lock.
    ranges = store.missing(protocol, root_seed, n_seeds)
    check_disk(store.folder, sum(stop - start for start, stop in ranges), n_blocks=len(ranges))
    with store.lock():
        store.begin(protocol, root_seed)
        ranges = store.missing(protocol, root_seed, n_seeds)
        n_missing = sum(stop - start for start, stop in ranges)
        blocks = cut_blocks(ranges, block_size or choose_block_size(protocol, n_missing, jobs))
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
        interruption = stack.enter_context(Interruption(GO_ON))
        progress = None
        if show_progress:
            progress = stack.enter_context(Progress(n_networks, name=f"root seed {root_seed}"))
            if is_large(protocol, n_networks):
                disk = estimate_bytes(n_networks, len(blocks)) / 1e6
                size = f"{n_networks:,} networks to simulate"
                progress.announce(f"{size}: about {disk:,.1f} MB of disk")
                if backend in LOCAL_BACKENDS:
                    seconds = _estimate_time(protocol, root_seed, n_networks, jobs=jobs)
                    progress.announce(f"{size}: {seconds}")
        run = _Run(simulate, protocol, root_seed, jobs, backend, scheduler, progress)
        finished = stack.enter_context(contextlib.closing(run.simulate(blocks)))
        for outcomes in finished:
            with interruption.shield():
                write(outcomes)
            if progress is not None:
                progress.advance(len(outcomes.updates))


def _estimate_time(protocol: Protocol, root_seed: int, n_networks: int, *, jobs: int) -> str:
    pace = measure_pace(protocol, root_seed)
    duration = format_duration(pace.seconds * n_networks / count_workers(jobs))
    duration = duration if pace.is_complete else f"more than {duration}"
    return f"{duration} on this machine"


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """The arguments of the simulation, and what to do when workers die."""

    call: Simulate
    protocol: Protocol
    root_seed: int
    jobs: int
    backend: str
    scheduler: str | None
    progress: Progress | None

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
                if self.progress is not None:
                    n_lost = len(lost)
                    noun = "block" if n_lost == 1 else "blocks"
                    self.progress.announce(f"{error}; {n_lost} {noun} will be simulated again")

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
