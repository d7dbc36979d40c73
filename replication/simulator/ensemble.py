"""Many networks: blocks of seeds in, outcomes out, in any order.

The kernel releases the GIL, so threads use all cores of one machine without copying. An
existing Dask cluster runs the same blocks.
"""

import contextlib
import functools
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Never

import numpy as np
from numpy.typing import NDArray

from replication.definition.fields import take_flag, take_whole
from replication.definition.protocol import PAPER, Protocol, find_protocol
from replication.errors import ReplicationError, WorkerError
from replication.simulator.backends import SECONDS_OF_PATIENCE, open_cluster
from replication.simulator.outcomes import Outcomes
from replication.simulator.recirculation import RecirculationNetwork, check_network
from replication.simulator.weights import draw_weights
from replication.system.progress import Progress
from replication.system.threads import count_workers, iterate_in_threads, map_in_threads

Range = tuple[int, int]

SEEDS_AT_ONCE = 20_000
"""Few enough to share out and for their weights to stay near the processor; the last
networks keep the lanes waiting."""

BYTES_AT_ONCE = 2**25
"""Memory of initial weights at a time, for large networks."""

LEAST_WEIGHTS, LEAST_SEEDS = 2**17, 8
"""Of a piece that is worth a task of its own; the kernel has so many networks side by side."""

MOST_JOBS = 10_000
MOST_IN_MEMORY = 10**9
"""Networks that `simulate` returns at once, 5 GB."""


class LostWorker(WorkerError):
    """A worker died or fell silent; what it was simulating can be tried once more."""


def cut_range(protocol: Protocol, start: int, end: int, *, workers: int = 1) -> list[Range]:
    """Cut [start, end) into pieces, of which each worker gets one if there is enough for all."""
    largest = min(SEEDS_AT_ONCE, max(1, BYTES_AT_ONCE // (8 * protocol.n_weights)))
    smallest = max(LEAST_SEEDS, LEAST_WEIGHTS // protocol.n_weights)
    size = min(largest, max(smallest, -(-(end - start) // workers)))
    return [(first, min(first + size, end)) for first in range(start, end, size)]


def simulate(
    protocol: Protocol | str = PAPER,
    *,
    n_seeds: int = 100,
    root_seed: int = 1988,
    jobs: int = -1,
    network: type[RecirculationNetwork] | None = None,
    progress: bool = False,
    **fields: Never,
) -> Outcomes:
    """Simulate the first networks of a root seed, in memory.

    Parameters
    ----------
    protocol : Protocol or str
        Or the name of a reading (`READINGS`); the paper's unless given.
    n_seeds : int
        Networks, at least 1, with the seeds 0 to n_seeds - 1; 100, as in the paper, unless given.
    root_seed : int
        From 0 to 2**63 - 1.
    jobs : int
        Threads; -1 for one a core. Outcomes do not depend on it.
    network : subclass of RecirculationNetwork, optional
        Learns in place of the kernel, with methods of its own: some fifty a second.
    progress : bool
        Whether to show progress on standard error.
    **fields : none
        Fields of a protocol are given in `protocol`.

    Returns
    -------
    Outcomes

    Examples
    --------
    >>> simulate(n_seeds=3).updates
    array([ 48, 103,  30], dtype=int32)
    >>> simulate("notebook", n_seeds=3).updates
    array([ 46, 102,  26], dtype=int32)
    """
    protocol = find_protocol(protocol, fields)
    n_seeds = take_whole("n_seeds", n_seeds, 1, MOST_IN_MEMORY)
    is_one_a_core = np.ndim(jobs) == 0 and jobs == -1
    allowed = ", or -1 for one a core"
    jobs = -1 if is_one_a_core else take_whole("jobs", jobs, 1, MOST_JOBS, besides=allowed)
    if network is None:
        work = functools.partial(simulate_range, protocol, root_seed)
        parts = cut_range(protocol, 0, n_seeds, workers=count_workers(jobs))
    else:
        work = functools.partial(_train_one, check_network(network), protocol, root_seed)
        parts = [(seed, seed + 1) for seed in range(n_seeds)]
    found = []
    with (
        Progress(n_seeds, is_shown=take_flag("progress", progress)) as shown,
        contextlib.closing(iterate_in_threads(work, parts, jobs=jobs)) as results,
    ):
        for outcomes in results:
            found.append(outcomes)
            shown.advance(len(outcomes))
    return _join(found)


def simulate_range(protocol: Protocol, root_seed: int, seeds: Range) -> Outcomes:
    """Simulate the networks of some seeds."""
    from replication.simulator.engine import run_networks  # which loads the compiler

    updates, converged, _ = run_networks(protocol, draw_weights(protocol, root_seed, *seeds))
    return Outcomes(seeds[0], updates, converged)


def _train_one(
    network: type[RecirculationNetwork], protocol: Protocol, root_seed: int, seeds: Range
) -> Outcomes:
    one = network.from_seed(seeds[0], root_seed=root_seed, protocol=protocol)
    updates, converged = one.train()
    return Outcomes(seeds[0], np.array([updates], dtype=np.int32), np.array([converged]))


def simulate_ranges(
    protocol: Protocol,
    root_seed: int,
    ranges: Iterable[Range],
    *,
    jobs: int = 1,
    scheduler: str | None = None,
) -> Generator[Outcomes]:
    """Simulate ranges (start, stop) of seeds in parallel; yield each as soon as it is finished.

    In threads, or on the cluster of a Dask scheduler. All workers share each range; ranges are
    taken one by one, not long before they are started, and come in no particular order. When the
    caller stops iterating, what is running is stopped and thrown away.
    Raises LostWorker if a worker died, ran out of memory, or none has finished anything for
    `SECONDS_OF_PATIENCE`. Raises WorkerError if a cluster does not answer, lacks something, or
    is lost.
    """
    work = functools.partial(simulate_range, protocol, root_seed)
    with contextlib.ExitStack() as stack:
        run: Callable[..., Generator[Outcomes]]
        if scheduler is None:
            workers, run = count_workers(jobs), functools.partial(iterate_in_threads, jobs=jobs)
        else:
            workers, run = stack.enter_context(open_cluster(scheduler, jobs))
        owners: dict[int, Range] = {}
        parts: dict[Range, list[Outcomes]] = {}

        def cut() -> Iterator[Range]:
            for pair in ranges:
                pieces = cut_range(protocol, *pair, workers=workers)
                owners.update((start, pair) for start, _ in pieces)
                yield from pieces

        results = stack.enter_context(contextlib.closing(run(work, cut())))
        try:
            for outcomes in results:
                start, stop = owners.pop(outcomes.start)
                found = parts.setdefault((start, stop), [])
                found.append(outcomes)
                if sum(map(len, found)) == stop - start:
                    yield _join(parts.pop((start, stop)))
        except MemoryError:
            raise LostWorker("a worker ran out of memory") from None
        except Exception as error:
            if scheduler is None or isinstance(error, ReplicationError):
                raise
            raise _explain_loss(error, scheduler) from None


def _join(parts: list[Outcomes]) -> Outcomes:
    parts = sorted(parts, key=lambda part: part.start)
    return Outcomes(
        parts[0].start,
        np.concatenate([part.updates for part in parts]),
        np.concatenate([part.converged for part in parts]),
    )


def _explain_loss(error: Exception, scheduler: str) -> WorkerError:
    """Return the error that describes in one line how a cluster was lost."""
    kind = type(error).__name__
    if kind == "Empty":
        return LostWorker(f"no worker has finished anything for {SECONDS_OF_PATIENCE:g} s")
    if kind == "KilledWorker":
        return LostWorker("a worker died, perhaps for lack of memory")
    return WorkerError(
        f"the Dask cluster at {scheduler!r} was lost ({kind}); finished blocks are kept: start "
        "it again, then run the same command again to go on"
    )


def simulate_weights(
    protocol: Protocol,
    weights: NDArray[np.float64],
    *,
    jobs: int = 1,
    fixed_feedback: bool = False,
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.float64]]:
    """Simulate networks from initial `weights` (n, n_weights), in parallel.

    `fixed_feedback`: as for `run_networks`, with the same further weights.
    Returns updates (n,), whether they converged (n,), and the weights at the end (n, n_weights).
    """
    from replication.simulator.engine import run_networks

    work = functools.partial(
        run_networks, protocol, fixed_feedback=fixed_feedback, final_weights=True
    )
    pieces = cut_range(protocol, 0, len(weights), workers=count_workers(jobs))
    parts = [weights[slice(*piece)] for piece in pieces] or [weights]
    updates, converged, final = zip(*map_in_threads(work, parts, jobs=jobs), strict=True)
    return np.concatenate(updates), np.concatenate(converged), np.concatenate(final)
