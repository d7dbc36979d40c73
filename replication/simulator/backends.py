"""The backends of joblib that can run blocks of seeds, and how their workers start and end."""

from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing.resource_tracker
import os
import re
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from joblib import parallel_config
from joblib.externals.loky.backend import resource_tracker as loky_tracker

from replication.errors import UsageError, WorkerError
from replication.interruption import SIGNALS

Result = TypeVar("Result")

THREADS = "threading"
PROCESSES = "loky"
CLUSTER = "dask"
LOCAL_BACKENDS = (THREADS, PROCESSES)

CLUSTER_PATIENCE = 600.0
"""Seconds without a finished block after which a cluster counts as dead: it may never say so."""

SECONDS_TO_ANSWER = 20.0
"""How long the scheduler of a cluster may take to answer before the run gives up."""

SECONDS_BETWEEN_LOOKS = 0.5
"""How soon a worker process notices that the process it works for has died."""

ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")


def check_backend(backend: str, scheduler: str | None) -> None:
    """Refuse a backend that cannot run blocks of seeds, before anything is written.

    Parameters
    ----------
    backend : {"threading", "loky", "dask"}
        As `joblib.parallel_config` names them.
    scheduler : str or None
        Address of a Dask cluster.

    Raises
    ------
    UsageError
        If there is no such backend here, or the scheduler does not fit it.
    """
    reason = ""
    if backend not in (*LOCAL_BACKENDS, CLUSTER):
        reason = "it is not known to run blocks of networks"
    elif (backend == CLUSTER) != (scheduler is not None):
        reason = "the backend dask and a --scheduler go together"
    elif backend == CLUSTER and importlib.util.find_spec("distributed") is None:
        reason = (
            "the package distributed is not installed; "
            "pip install 'recirculation-replication[dask]'"
        )
    if reason:
        raise UsageError(
            f"--backend {backend!r} cannot be used ({reason}); allowed are threading, loky, "
            "and dask with the --scheduler of a running cluster"
        )
    if scheduler is not None and ADDRESS.fullmatch(scheduler) is None:
        raise UsageError(
            f"--scheduler {scheduler!r} was given; allowed is the address of a Dask scheduler, "
            "e.g. tcp://127.0.0.1:8786"
        )


def configure_backend(backend: str, *, jobs: int, scheduler: str | None) -> Any:
    """Return the context in which joblib uses a backend.

    Parameters
    ----------
    backend, scheduler
        As `check_backend` takes them.
    jobs : int
        Workers; -1 for as many as the backend has.

    Raises
    ------
    UsageError
        As `check_backend`.
    WorkerError
        If the scheduler of the cluster does not answer.
    """
    check_backend(backend, scheduler)
    if backend == PROCESSES:
        return parallel_config(
            backend, n_jobs=jobs, initializer=end_with_parent, initargs=(os.getpid(),)
        )
    if scheduler is None:
        return parallel_config(backend, n_jobs=jobs)
    find_cluster(scheduler)
    return parallel_config(backend, n_jobs=jobs, scheduler_host=scheduler)


def find_cluster(scheduler: str) -> None:
    """Ask the scheduler of a Dask cluster whether it is there.

    Raises
    ------
    WorkerError
        If it does not answer in time, or something else listens at its address.
    """
    from distributed.core import rpc

    async def ask() -> None:
        async with rpc(scheduler) as remote:  # type: ignore[no-untyped-call]
            await remote.identity()

    try:
        # A thread of its own, since a loop may run in this one (as in a notebook).
        failure: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(asyncio.wait_for(ask(), SECONDS_TO_ANSWER))
            except BaseException as error:
                failure.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(2 * SECONDS_TO_ANSWER)
        if failure:
            raise failure[0]
        if thread.is_alive():
            raise TimeoutError
    except Exception as error:
        reason = type(error).__name__
        raise WorkerError(
            f"no Dask scheduler answers at {scheduler!r} within {SECONDS_TO_ANSWER:.0f} s "
            f"({reason}); start one or correct the address, or leave out --backend to use "
            "this machine"
        ) from None


def end_with_parent(parent: int) -> None:
    """Let this worker process end soon after the process that started it, however that ended.

    Parameters
    ----------
    parent : int
        Identifier of the process that started the worker.
    """

    def watch() -> None:
        waiting = threading.Event()
        while os.getppid() == parent:
            waiting.wait(SECONDS_BETWEEN_LOOKS)
        os._exit(1)

    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    threading.Thread(target=watch, daemon=True).start()


def start_workers(function: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function that starts worker processes; signals wait until it returns.

    The workers inherit this, so that the Ctrl-C of a terminal, which goes to
    all processes, is heard by the one that knows how to end the others.
    """
    # Starting these two unblocks signals: they have to run before the workers start.
    multiprocessing.resource_tracker.ensure_running()
    loky_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        return function(*arguments)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
