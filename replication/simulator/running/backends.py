"""Where blocks of networks are simulated: in threads, or on an existing Dask cluster."""

import asyncio
import contextlib
import functools
import hashlib
import importlib.util
import itertools
import logging
import os
import queue
import socket
import traceback
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

from replication.definition.fields import take_whole
from replication.errors import ReplicationError, UsageError, WorkerError
from replication.system.threads import count_workers, iterate_in_threads
from replication.wording import show

SECONDS_TO_ANSWER = 20.0
"""How long the scheduler of a cluster may take to answer before the run gives up."""

SECONDS_FOR_WORKERS = 30.0
"""How long a cluster may be without a worker before the first block."""

SECONDS_OF_PATIENCE = 600.0
"""After so long without a finished block a cluster counts as dead, since it may never say so."""

MOST_JOBS = 10_000

Run = Callable[..., Generator[Any]]
"""A function that maps another over tasks, and yields each result as soon as it is there."""


def take_jobs(given: Any) -> int:
    """Return a number of workers, or -1 for one a core; refuse anything else."""
    try:
        jobs = take_whole("jobs", given, -1, MOST_JOBS)
    except UsageError:
        jobs = 0
    if jobs == 0:
        allowed = f"allowed are 1 to {MOST_JOBS:,}, or -1 for one a core"
        raise UsageError(f"jobs = {show(given)} was given; {allowed}")
    return jobs


def check_backend(backend: str, scheduler: str | None) -> None:
    """Refuse a backend that cannot run blocks of seeds, before anything is written."""
    # Threads take no scheduler, and a cluster needs one.
    is_right = (backend, scheduler is None) in (("threading", True), ("dask", False))
    if not is_right:
        how = "without" if scheduler is None else "with"
        raise UsageError(
            f"--backend {backend!r} was given {how} a --scheduler; allowed are threading without "
            "one, and dask with that of a cluster"
        )
    if scheduler is not None and importlib.util.find_spec("distributed") is None:
        raise UsageError(
            "--backend 'dask' needs the package distributed, which is not installed; "
            "pip install 'recirculation-replication[dask]'"
        )


@contextlib.contextmanager
def open_workers(scheduler: str | None, jobs: int) -> Iterator[tuple[int, Run]]:
    """Yield how many workers there are, and a function that maps another over tasks.

    The workers are threads of this process, or those of a scheduler's cluster.
    """
    if scheduler is None:
        yield count_workers(jobs), functools.partial(iterate_in_threads, jobs=jobs)
        return
    with open_cluster(scheduler, jobs) as opened:
        yield opened


@contextlib.contextmanager
def explain_loss(scheduler: str | None, work: str, advice: str) -> Iterator[None]:
    """Turn an error of a cluster into a line that says that it was lost, and what to do.

    An error that the function named `work` has raised on a worker is no loss. It is raised again
    as it is, so that it names the line of the user's rule.
    """
    try:
        yield
    except Exception as error:
        raised_in = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
        if scheduler is None or work in raised_in or isinstance(error, ReplicationError):
            raise
        reason = f"{type(error).__name__} {show(str(error))}"
        raise WorkerError(
            f"the Dask cluster at {scheduler!r} was lost ({reason}), or finished nothing for "
            f"{SECONDS_OF_PATIENCE:g} s; {advice}"
        ) from None


@contextlib.contextmanager
def open_cluster(scheduler: str, jobs: int) -> Iterator[tuple[int, Run]]:
    """Yield the number of workers, and a function that maps another over tasks.

    Like `iterate_in_threads`, it yields each result as soon as it is there.
    """
    with contextlib.ExitStack() as stack, warnings.catch_warnings():
        # What the library writes is silenced; what matters is raised as one line.
        warnings.filterwarnings("ignore", module="distributed")
        stack.callback(logging.disable, logging.root.manager.disable)
        logging.disable()
        client = _connect(scheduler)
        try:
            wait_for_worker(client, scheduler)
            if jobs > 0:
                n_workers = n_sent = jobs
            else:
                n_workers = sum(client.nthreads().values())
                n_sent = 2 * n_workers  # so that none has to wait for its next task
            yield n_workers, functools.partial(run_tasks, client, n_sent)
        finally:
            with contextlib.suppress(Exception):  # if the scheduler is gone
                client.close(timeout=2.0)  # which cancels what was asked for


def run_tasks(
    client: Any, n_sent: int, function: Callable[[Any], Any], tasks: Iterable[Any]
) -> Generator[Any]:
    """Yield the result of each task from a cluster, which has at most `n_sent` at a time.

    Results come as they are finished, not in the order of the tasks. If nothing comes for
    `SECONDS_OF_PATIENCE`, the cluster counts as lost: the call that waits raises an error.
    """
    left = iter(tasks)
    finished = queue.SimpleQueue[Any]()  # a thread of the client puts futures into it
    expected = digest_sources()  # a worker with other sources refuses its task
    sent = set()  # held here, since a future that nobody holds is cancelled

    def send(n: int) -> None:
        for task in itertools.islice(left, n):
            future = client.submit(work, function, task, expected, pure=False)
            sent.add(future)
            future.add_done_callback(finished.put)

    send(n_sent)
    while sent:
        future = finished.get(timeout=SECONDS_OF_PATIENCE)
        sent.remove(future)
        result = future.result(timeout=SECONDS_OF_PATIENCE)  # its worker may be lost with it
        send(1)
        yield result


def work(function: Callable[[Any], Any], task: Any, expected: str) -> Any:
    """Return the result of a task, on a worker that has the same sources as the client.

    Each task asks, since a worker may join at any time, and versions do not tell two commits apart.
    """
    if digest_sources() != expected:
        raise WorkerError(
            f"the Dask worker on {socket.gethostname()} with the process id {os.getpid()} has "
            "other sources of this package, which may give other outcomes; install the "
            "same there, or stop that worker, then run the same command again"
        )
    return function(task)


@functools.cache
def digest_sources() -> str:
    """Return the SHA-256 of this package's sources, in hexadecimal."""
    # Names are hashed with contents, so that a file that moved counts as changed.
    package = Path(__file__).parents[2]
    sha = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        sha.update(f"{path.relative_to(package).as_posix()}\n".encode() + path.read_bytes())
    return sha.hexdigest()


def wait_for_worker(client: Any, scheduler: str) -> None:
    """Wait for a worker, or refuse a cluster that has none."""
    try:
        client.wait_for_workers(1, timeout=SECONDS_FOR_WORKERS)
    except OSError as error:  # also of a scheduler that is lost meanwhile
        raise WorkerError(
            f"the Dask scheduler at {scheduler!r} had no worker for {SECONDS_FOR_WORKERS:.0f} s "
            f"({type(error).__name__}); start one: dask worker {scheduler}"
        ) from None


def _connect(scheduler: str) -> Any:
    """Return a client of the cluster."""
    from distributed import Client
    from distributed.core import rpc

    async def ask() -> None:
        async with rpc(scheduler) as remote:  # type: ignore[no-untyped-call]
            await remote.identity()

    try:
        # A client would wait without end for a server that takes connections and says nothing.
        asyncio.run(asyncio.wait_for(ask(), SECONDS_TO_ANSWER))
        return Client(scheduler, timeout=SECONDS_TO_ANSWER, set_as_default=False)  # type: ignore[no-untyped-call]
    except Exception as error:  # another server, such as that of its pages, may say anything
        raise WorkerError(
            f"no Dask scheduler answers at {scheduler!r} within {SECONDS_TO_ANSWER:.0f} s "
            f"({type(error).__name__}); start one, correct the address (tcp://127.0.0.1:8786), or "
            "leave out --backend to use this machine"
        ) from None
