"""Many networks over joblib: blocks of seeds in, outcomes out, in any order.

The kernel releases the GIL, so threads use all cores of one machine without
copying. Processes and an existing Dask cluster run the same blocks.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any

import numpy as np
from joblib import Parallel, delayed, parallel_config
from numpy.typing import NDArray

from replication.errors import UsageError, WorkerError
from replication.protocol import PAPER, Protocol
from replication.simulator.backends import (
    CLUSTER_PATIENCE,
    LOCAL_BACKENDS,
    PROCESSES,
    THREADS,
    configure_backend,
    start_workers,
)
from replication.simulator.interruptible import run_interruptibly
from replication.simulator.outcomes import Outcomes
from replication.simulator.weights import draw_scattered_weights, draw_weights, is_whole

SEEDS_AT_ONCE = 10_000
"""Few enough to share out and for their weights to stay near the processor; the last
networks keep the lanes waiting."""

BYTES_AT_ONCE = 2**25
"""Memory of initial weights at a time, for large networks."""


class LostWorker(WorkerError):
    """A worker died or fell silent; what it was simulating can be tried once more."""


class Stopped(Exception):
    """The stop flag was set before a block was complete."""


def cut_range(protocol: Protocol, start: int, end: int) -> list[tuple[int, int]]:
    """Cut [start, end) into pieces of which one is simulated at a time."""
    size = min(SEEDS_AT_ONCE, max(1, BYTES_AT_ONCE // (8 * protocol.n_weights)))
    return [(first, min(first + size, end)) for first in range(start, end, size)]


def simulate_range(
    protocol: Protocol,
    root_seed: int,
    start: int,
    end: int,
    stop: NDArray[np.bool_] | None = None,
) -> Outcomes:
    """Simulate the networks with seeds in [start, end).

    Parameters
    ----------
    protocol : Protocol
    root_seed, start, end : int
    stop : bool array, shape (1,), optional
        Set to true from another thread to give up.

    Raises
    ------
    Stopped
        If `stop` was set before all networks were finished.
    """
    from replication.simulator.engine import run_networks

    flag = np.zeros(1, dtype=np.bool_) if stop is None else stop

    def run() -> Outcomes:
        updates = np.empty(end - start, dtype=np.int32)
        converged = np.empty(end - start, dtype=np.bool_)
        for part in cut_range(protocol, start, end):
            if flag[0]:
                break
            weights = draw_weights(protocol, root_seed, *part)
            here = slice(part[0] - start, part[1] - start)
            updates[here], converged[here], _ = run_networks(protocol, weights, stop=flag)
        return Outcomes(start, updates, converged)

    outcomes = run_interruptibly(run, flag)
    if flag[0]:
        raise Stopped
    return outcomes


def simulate(
    protocol: Protocol = PAPER,
    *,
    n_seeds: int,
    root_seed: int = 1988,
    jobs: int = -1,
) -> Outcomes:
    """Simulate the first networks of a root seed, in memory.

    Parameters
    ----------
    protocol : Protocol
        The base reading of the paper unless given.
    n_seeds : int
        Networks, at least 1, with the seeds 0 to n_seeds - 1.
    root_seed : int
    jobs : int
        Threads; -1 for one a core. Outcomes do not depend on it.

    Returns
    -------
    Outcomes

    Raises
    ------
    UsageError
        If a number is out of its range.

    Examples
    --------
    >>> simulate(n_seeds=3).updates
    array([ 48, 103,  30], dtype=int32)
    """
    if not (is_whole(n_seeds) and is_whole(jobs)) or n_seeds < 1 or (jobs < 1 and jobs != -1):
        raise UsageError(
            f"{n_seeds=} and {jobs=} were given; allowed are whole numbers of at least 1, "
            "or jobs -1 for one a core"
        )

    def run(part: tuple[int, int], stop: NDArray[np.bool_]) -> Outcomes:
        return simulate_range(protocol, root_seed, *part, stop)

    parts = _run_in_threads(run, cut_range(protocol, 0, int(n_seeds)), jobs)
    return Outcomes(
        0,
        np.concatenate([part.updates for part in parts]),
        np.concatenate([part.converged for part in parts]),
    )


def _run_in_threads(
    run: Callable[[Any, NDArray[np.bool_]], Any], parts: Sequence[Any], jobs: int
) -> list[Any]:
    """Call ``run(part, stop)`` for all parts; an exception stops those that are running."""
    stop = np.zeros(1, dtype=np.bool_)
    try:
        with parallel_config(backend=THREADS, n_jobs=jobs):
            return list(Parallel()(delayed(run)(part, stop) for part in parts))
    except BaseException:
        stop[0] = True
        raise


def simulate_ranges(
    protocol: Protocol,
    root_seed: int,
    ranges: Iterable[tuple[int, int]],
    *,
    jobs: int = 1,
    backend: str = THREADS,
    scheduler: str | None = None,
    patience: float | None = None,
) -> Iterator[Outcomes]:
    """Simulate ranges of seeds in parallel; yield each as soon as it is finished.

    Parameters
    ----------
    protocol : Protocol
    root_seed : int
    ranges : iterable of (start, stop)
        Taken one by one, not long before they are started.
    jobs : int
        Workers; -1 for as many as the backend has.
    backend : str
        "threading", "loky" for processes, or "dask" for a cluster.
    patience : float, optional
        Seconds without a finished block after which to give up. Unless given,
        backends of this machine never do, and clusters do after ten minutes.
    scheduler : str, optional
        Address of a Dask cluster, with the backend "dask".

    Yields
    ------
    Outcomes
        One for each range, in no particular order.

    Raises
    ------
    LostWorker
        If a worker died, ran out of memory, or nothing was heard of any for too long.
    WorkerError
        If a cluster does not answer.
    UsageError
        If there is no such backend.

    Notes
    -----
    When the caller stops iterating, by an exception or by closing the
    iterator, running blocks are told to stop and are thrown away.
    """
    # A flag can only be shared with threads; other backends end their workers themselves.
    stop = np.zeros(1, dtype=np.bool_) if backend == THREADS else None
    tasks = (delayed(simulate_range)(protocol, root_seed, *pair, stop) for pair in ranges)
    if patience is None and backend not in LOCAL_BACKENDS:
        patience = CLUSTER_PATIENCE
    with configure_backend(backend, jobs=jobs, scheduler=scheduler):
        parallel = Parallel(
            return_as="generator_unordered", pre_dispatch="2 * n_jobs", timeout=patience
        )
        results: Any = iter(())
        try:
            results = start_workers(parallel, tasks) if backend == PROCESSES else parallel(tasks)
            yield from results
        except BrokenExecutor:
            raise LostWorker("a worker process died, perhaps for lack of memory") from None
        except MemoryError:
            raise LostWorker("a worker ran out of memory") from None
        except (multiprocessing.TimeoutError, TimeoutError):
            seconds = "too long" if patience is None else f"{patience:g} s"
            raise LostWorker(f"no worker has finished anything for {seconds}") from None
        finally:
            if stop is not None:
                stop[0] = True
            if isinstance(results, Generator):
                results.close()


def simulate_seeds(
    protocol: Protocol,
    root_seed: int,
    seeds: NDArray[np.int64],
    *,
    jobs: int = 1,
    final_weights: bool = False,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.float64] | None]:
    """Simulate scattered seeds, for instance the censored ones under a higher cap.

    Parameters
    ----------
    protocol : Protocol
    root_seed : int
    seeds : int64 array, shape (n,)
    jobs : int
    final_weights : bool
        Whether to return the weights at the end too.

    Returns
    -------
    updates : int32 array, shape (n,)
    converged : bool array, shape (n,)
    final : float64 array, shape (n, n_weights), or None
    """
    if len(seeds) == 0:
        final = np.zeros((0, protocol.n_weights)) if final_weights else None
        return np.zeros(0, np.int32), np.zeros(0, np.bool_), final
    weights = draw_scattered_weights(protocol, root_seed, seeds)
    return simulate_weights(protocol, weights, jobs=jobs, final_weights=final_weights)


def simulate_weights(
    protocol: Protocol,
    weights: NDArray[np.float64],
    *,
    jobs: int = 1,
    final_weights: bool = False,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.float64] | None]:
    """Simulate networks from given initial `weights`, shape (n, n_weights), in parallel.

    Returns
    -------
    updates, converged, final
        As `simulate_seeds`; `final` only with `final_weights`.
    """
    from replication.simulator.engine import run_networks

    def run(part: tuple[int, int], stop: NDArray[np.bool_]) -> Any:
        def work() -> Any:
            here = weights[slice(*part)]
            return run_networks(protocol, here, final_weights=final_weights, stop=stop)

        return run_interruptibly(work, stop)

    # At least one part, so that there are arrays to return.
    parts = _run_in_threads(run, cut_range(protocol, 0, len(weights)) or [(0, 0)], jobs)
    updates, converged, final = zip(*parts, strict=True)
    return (
        np.concatenate(updates),
        np.concatenate(converged),
        np.concatenate(final) if final_weights else None,
    )
