"""The outcomes of networks, block by block: from the cache, or else simulated and kept there."""

import contextlib
from collections.abc import Callable, Generator, Iterable, Sequence

from replication.cache.blocks import Cache
from replication.definition.protocol import Protocol
from replication.simulator.compiler.fingerprint import fingerprint_protocol
from replication.simulator.rule.recirculation import find_network
from replication.simulator.running.ensemble import Range, simulate_ranges
from replication.simulator.running.outcomes import OUTCOME_VERSION, Outcomes
from replication.system.progress import Progress
from replication.system.threads import check_memory, count_workers

LARGEST_BLOCK = 50_000
"""Networks in a block at most: a small file, but one that is worth opening."""
SMALLEST_BLOCK = 1_000
"""Networks in a block at least, if their weights fit into `LARGEST_MEMORY`."""
LARGEST_MEMORY = 2**25
"""Bytes that the initial weights of a block take at most."""
SECONDS_PER_CHANGE = 2e-9
"""The time in which one core changes a single weight once; an order of magnitude."""
LONGEST_SECONDS = 6.0
"""The time that one core takes at most for a block in which no network converges."""


def iterate_outcomes(
    protocol: Protocol,
    root_seed: int,
    n_seeds: int,
    cache: Cache,
    *,
    jobs: int = -1,
    name: str = "",
    show_progress: bool = True,
    scheduler: str | None = None,
) -> Generator[tuple[Outcomes, bool]]:
    """Yield the outcomes of the first seeds, block by block, and whether each block was simulated.

    Blocks that the cache lacks are simulated and kept in it. `name`: what the progress line calls
    the networks; by default, their root seed.
    """
    # The key says what outcomes depend on apart from the seeds.
    rule = fingerprint_protocol(find_network(protocol), protocol)
    key = f"outcomes {OUTCOME_VERSION}, rule {rule}, protocol {protocol.id}, root seed {root_seed}"
    size = choose_block_size(protocol)
    grid = [(start, min(start + size, n_seeds)) for start in range(0, n_seeds, size)]
    # Blocks before the first missing one are read only once, and handed on immediately.
    n_kept = 0
    for block in grid:
        kept = cache.read(key, block)
        if kept is None:
            break
        yield kept, False
        n_kept += 1
    rest = grid[n_kept:]
    missing = [block for block in rest if cache.read(key, block) is None]
    if missing:
        check_size(protocol, jobs=jobs)

    def simulate(blocks: Iterable[Range]) -> Generator[Outcomes]:
        """Simulate blocks side by side; yield their outcomes in the order in which they finish."""
        return simulate_ranges(protocol, root_seed, blocks, jobs=jobs, scheduler=scheduler)

    n_missing = sum(stop - start for start, stop in missing)
    bar = Progress(n_missing, is_shown=show_progress, name=name or f"root seed {root_seed}")
    with bar as progress:
        yield from _fill(cache, key, rest, missing, simulate=simulate, progress=progress)


def _fill(
    cache: Cache,
    key: str,
    blocks: Sequence[Range],
    missing: Sequence[Range],
    *,
    simulate: Callable[[Iterable[Range]], Generator[Outcomes]],
    progress: Progress,
) -> Generator[tuple[Outcomes, bool]]:
    """Yield the outcomes of blocks in order, and whether each was simulated.

    Those in `missing` are simulated side by side by `simulate`, and may finish in any order.
    """
    # Before a block is simulated, it is looked for again: another process may have kept it.
    simulated = simulate(block for block in missing if cache.read(key, block) is None)
    ready: dict[Range, tuple[Outcomes, bool]] = {}  # blocks that finished before their turn
    with contextlib.closing(simulated):
        for block in blocks:
            while block not in ready:
                kept = cache.read(key, block)
                if kept is not None:
                    ready[block] = kept, False
                    continue
                # When `simulated` has ended, the block was in the cache before and is gone now.
                outcomes = next(simulated, None) or next(simulate([block]))
                # Kept immediately, so that a kill loses only blocks that are being simulated.
                cache.write(key, outcomes)
                ready[outcomes.start, outcomes.stop] = outcomes, True
                progress.advance(len(outcomes))
            yield ready.pop(block)


def choose_block_size(protocol: Protocol) -> int:
    """Return the number of networks in a block, so that it takes seconds and little memory."""
    # It must not depend on the machine, because the first seed is part of a file's name.
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
