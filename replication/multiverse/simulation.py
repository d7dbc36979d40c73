"""Simulate many protocols one after the other, under one progress bar and one lock."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from replication.interruption import GO_ON, Interruption
from replication.progress import Progress
from replication.protocol import Protocol
from replication.store import Store
from replication.study import count_workers, simulate_study

NEVER = np.iinfo(np.int32).max
"""Stands for the outcome of a network that did not converge by its cap."""


def simulate_protocols(
    store: Store,
    protocols: Sequence[Protocol],
    root_seed: int,
    n_seeds: int,
    *,
    jobs: int = -1,
    backend: str = "threading",
    scheduler: str | None = None,
    show_progress: bool = True,
) -> int:
    """Simulate what the store does not hold of the first `n_seeds` networks of each protocol.

    Parameters
    ----------
    store : Store
    protocols : sequence of Protocol
    root_seed, n_seeds : int
    jobs, backend, scheduler
        As in `simulate_study`.
    show_progress : bool
        Whether one bar over all protocols appears on standard error.

    Returns
    -------
    int
        Networks simulated now.

    Raises
    ------
    BusyError, DataError, StorageError, WorkerError, Interrupted
        As `simulate_study`. What is finished is kept, and the same call goes on
        from there.
    """
    # A reading is a fraction of a second of work, so a block a worker is little to lose.
    block_size = max(1000, -(-n_seeds // count_workers(jobs)))
    n_simulated = 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(store.lock())
        missing = [_count_missing(store, protocol, root_seed, n_seeds) for protocol in protocols]
        stack.enter_context(Interruption(GO_ON))
        progress = None
        n_missing_in_all = sum(missing)
        if show_progress and n_missing_in_all > 0:
            progress = stack.enter_context(Progress(n_missing_in_all))
        for protocol, n_missing in zip(protocols, missing, strict=True):
            if n_missing == 0:
                continue
            done = simulate_study(
                store,
                protocol,
                root_seed,
                n_seeds,
                jobs=jobs,
                backend=backend,
                scheduler=scheduler,
                block_size=block_size,
                show_progress=False,
            )
            n_simulated += done.n_simulated
            if progress is not None:
                progress.advance(n_missing)
    return n_simulated


def _count_missing(store: Store, protocol: Protocol, root_seed: int, n_seeds: int) -> int:
    return sum(stop - start for start, stop in store.missing(protocol, root_seed, n_seeds))


def read_outcomes(
    store: Store, protocols: Sequence[Protocol], root_seed: int, *, start: int = 0, stop: int
) -> npt.NDArray[np.int32]:
    """Return the outcomes of the same seeds under each protocol.

    Returns
    -------
    int32 array, shape (n_protocols, stop - start)
        Updates, or `NEVER` for a network that did not converge by its cap.

    Raises
    ------
    DataError
        If a block is damaged, or a seed is not stored.
    """
    outcomes = np.empty((len(protocols), stop - start), dtype=np.int32)
    for row, protocol in zip(outcomes, protocols, strict=True):
        for part in store.read(protocol, root_seed, start, stop):
            place = row[part.start - start : part.stop - start]
            place[...] = np.where(part.converged, part.updates, NEVER)
    return outcomes
