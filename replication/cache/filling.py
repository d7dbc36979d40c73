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
"""Bytes that the initial weights of a block may take."""
SECONDS_PER_CHANGE = 2e-9
"""What one core takes to change a single weight; an order of magnitude."""
LONGEST_SECONDS = 6.0
"""What one core may take for a block in which no network converges."""


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
    """Yield the outcomes of the first seeds, block by block, and whether a block was simulated.

    What the cache lacks is simulated and kept there. `name`: what progress calls the networks; by
    default, their root seed.
    """
    # The key says all that outcomes depend on beside the seeds.
    rule = fingerprint_protocol(find_network(protocol), protocol)
    key = f"outcomes {OUTCOME_VERSION}, rule {rule}, protocol {protocol.id}, root seed {root_seed}"
    size = choose_block_size(protocol)
    grid = [(start, min(start + size, n_seeds)) for start in range(0, n_seeds, size)]
    # Blocks up to the first that is missing are read once, and handed on at once.
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
    """Yield the outcomes of blocks in their order; simulate those that are missing.

    Blocks are simulated side by side and finished in any order.
    """
    # Each block is looked for again when its turn comes: another process may have kept it.
    simulated = simulate(block for block in missing if cache.read(key, block) is None)
    ready: dict[Range, tuple[Outcomes, bool]] = {}  # blocks that may be finished before their turn
    with contextlib.closing(simulated):
        for block in blocks:
            while block not in ready:
                kept = cache.read(key, block)
                if kept is not None:
                    ready[block] = kept, False
                    continue
                # A block that was kept before, but is gone now, is simulated alone.
                outcomes = next(simulated, None) or next(simulate([block]))
                # It is kept at once, so that a kill loses only what is being simulated.
                cache.write(key, outcomes)
                ready[outcomes.start, outcomes.stop] = outcomes, True
                progress.advance(len(outcomes))
            yield ready.pop(block)


def choose_block_size(protocol: Protocol) -> int:
    """Return how many networks of a protocol are a block: seconds of work and little memory."""
    # It must not depend on this machine: where blocks begin is part of the names of their files.
    longest = SECONDS_PER_CHANGE * protocol.max_updates * protocol.n_weights  # of one network
    n_by_work = max(SMALLEST_BLOCK, int(LONGEST_SECONDS / longest))
    n_by_memory = max(1, LARGEST_MEMORY // (8 * protocol.n_weights))
    return min(LARGEST_BLOCK, n_by_work, n_by_memory)


def check_size(protocol: Protocol, *, jobs: int) -> None:
    """Refuse networks that do not fit in the memory."""
    from replication.simulator.running.engine import N_LANES, Engine  # which loads the compiler

    # A worker holds its strip of networks, and the initial weights of a block.
    n_bytes_of_strip = 8 * Engine(protocol).program.n_rows * N_LANES
    n_workers = count_workers(jobs)
    check_memory(
        n_workers * (n_bytes_of_strip + LARGEST_MEMORY),
        f"networks of group_sizes = {list(protocol.group_sizes)} on {n_workers} workers",
        "give fewer --jobs or smaller groups",
    )
