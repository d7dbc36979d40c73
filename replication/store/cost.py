"""What a run will cost in disk and memory, and the refusal of what cannot fit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from replication.errors import StorageError, UsageError
from replication.protocol import Protocol
from replication.simulator.engine import N_LANES
from replication.simulator.memory import arrange
from replication.simulator.step import Rule
from replication.threads import count_workers

LARGEST_SHARE = 100_000
"""Networks of a block: a fraction of a second of work, so that little is ever lost."""

SMALLEST_SHARE = 1_000
BLOCKS_PER_WORKER = 4
BLOCK_MEMORY = 2**25
"""Bytes of initial weights that a block of larger networks may hold."""

BYTES_PER_NETWORK = 1.5
BYTES_PER_BLOCK = 10_000


def choose_block_size(protocol: Protocol, n_missing: int, jobs: int) -> int:
    """Return a block size that keeps `jobs` busy and loses little of `n_missing` when stopped."""
    share = -(-n_missing // (BLOCKS_PER_WORKER * count_workers(jobs)))
    largest = min(LARGEST_SHARE, max(1, BLOCK_MEMORY // (8 * protocol.n_weights)))
    return min(largest, max(SMALLEST_SHARE, share))


def check_memory(protocol: Protocol, jobs: int) -> None:
    """Refuse networks that do not fit in the memory of this machine."""
    _, n_rows = arrange(Rule.of(protocol))
    needed = count_workers(jobs) * (8 * n_rows * N_LANES + BLOCK_MEMORY)
    if not hasattr(os, "sysconf"):  # on Windows, which does not say
        return
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > present:
        raise UsageError(
            f"networks of group_sizes = {list(protocol.group_sizes)} on {count_workers(jobs)} "
            f"workers need about {needed / 1e9:,.1f} GB of memory, and this machine has "
            f"{present / 1e9:,.1f} GB; give fewer --jobs or smaller groups"
        )


def estimate_bytes(n_networks: int, n_blocks: int) -> float:
    """Return how many bytes of disk `n_networks` in `n_blocks` need."""
    return BYTES_PER_NETWORK * n_networks + BYTES_PER_BLOCK * n_blocks


def check_disk(folder: Path, n_networks: int, *, n_blocks: int) -> None:
    """Refuse a run of `n_networks` in `n_blocks` that the disk of `folder` cannot hold."""
    place = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
    needed, free = estimate_bytes(n_networks, n_blocks), shutil.disk_usage(place).free
    if needed > free:
        raise StorageError(
            f"{n_networks:,} networks need about {needed / 1e6:,.2f} MB, and the disk of "
            f"{str(folder)!r} has {free / 1e6:,.2f} MB free; give fewer --seeds, "
            "or a --results folder on another disk"
        )
