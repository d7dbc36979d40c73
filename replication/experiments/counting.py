"""The outcomes of a study: simulated block by block, in the order of seeds, and counted."""

import contextlib
from collections.abc import Generator, Iterable, Iterator
from typing import Any, NamedTuple

from replication.definition.protocol import Protocol
from replication.paper.study import Study
from replication.simulator.running.ensemble import simulate_ranges
from replication.simulator.running.outcomes import Outcomes, compute_digest
from replication.statistics.counts import CountTable
from replication.system.progress import Progress
from replication.system.threads import check_memory, count_workers

LARGEST_BLOCK = 50_000
"""Networks in a block at most."""
SMALLEST_BLOCK = 1_000
"""Networks in a block at least, if their weights fit into `LARGEST_MEMORY`."""
LARGEST_MEMORY = 2**25
"""Bytes that the initial weights of a block take at most."""
SECONDS_PER_CHANGE = 2e-9
"""The time in which one core changes a single weight once; an order of magnitude."""
LONGEST_SECONDS = 6.0
"""The time that one core takes at most for a block in which no network converges."""


class Counted(NamedTuple):
    """The outcomes of a study's networks, counted."""

    table: CountTable
    digest: str


def count_outcomes(study: Study, **options: Any) -> Counted:
    """Simulate a study and count its outcomes; `options` are those of `iterate_outcomes`."""
    tally = Tally(study.protocol.max_updates)
    with contextlib.closing(iterate_outcomes(study, **options)) as blocks:
        digest = compute_digest(tally.pass_on(blocks))
    assert tally.table is not None  # a study has one network at least
    return Counted(tally.table, digest)


class Tally:
    """Counts blocks of outcomes as they come, so that memory does not grow with the study."""

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.table: CountTable | None = None

    def pass_on(self, blocks: Iterable[Outcomes]) -> Iterator[Outcomes]:
        """Yield the outcomes of blocks, each counted before it is handed on."""
        for outcomes in blocks:
            counts = CountTable.from_outcomes(outcomes.updates, outcomes.converged, self.cap)
            if self.table is None:
                self.table = counts
            else:
                self.table = self.table + counts
            yield outcomes


def iterate_outcomes(
    study: Study,
    *,
    jobs: int = -1,
    name: str = "",
    show_progress: bool = True,
    scheduler: str | None = None,
) -> Generator[Outcomes]:
    """Simulate a study, and yield its outcomes block by block, in the order of seeds.

    `name`: what the progress line calls the networks; by default, their root seed.
    """
    check_size(study.protocol, jobs=jobs)
    size = choose_block_size(study.protocol)
    n = study.n_seeds
    blocks = [(start, min(start + size, n)) for start in range(0, n, size)]
    simulated = simulate_ranges(
        study.protocol, study.root_seed, blocks, jobs=jobs, scheduler=scheduler
    )
    bar = Progress(n, is_shown=show_progress, name=name or f"root seed {study.root_seed}")
    ready: dict[int, Outcomes] = {}  # blocks that finished before their turn, by their first seed
    with bar as progress, contextlib.closing(simulated):
        for start, _ in blocks:
            while start not in ready:
                outcomes = next(simulated)
                ready[outcomes.start] = outcomes
                progress.advance(len(outcomes))
            yield ready.pop(start)


def choose_block_size(protocol: Protocol) -> int:
    """Return the number of networks in a block, so that it takes seconds and little memory."""
    longest = SECONDS_PER_CHANGE * protocol.max_updates * protocol.n_weights  # of one network
    n_by_work = max(SMALLEST_BLOCK, int(LONGEST_SECONDS / longest))
    n_by_memory = max(1, LARGEST_MEMORY // (8 * protocol.n_weights))
    return min(LARGEST_BLOCK, n_by_work, n_by_memory)


def check_size(protocol: Protocol, *, jobs: int) -> None:
    """Refuse a protocol whose networks need more memory than there is."""
    from replication.simulator.running.engine import N_LANES, Engine  # which loads the compiler

    # A worker holds the networks that it trains side by side, and the initial weights of a block.
    n_bytes_of_strip = 8 * Engine(protocol).program.n_rows * N_LANES
    n_workers = count_workers(jobs)
    check_memory(
        n_workers * (n_bytes_of_strip + LARGEST_MEMORY),
        f"networks of group_sizes = {list(protocol.group_sizes)} on {n_workers} workers",
        "give fewer --jobs or smaller groups",
    )
