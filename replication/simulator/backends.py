"""The backends of joblib that can run blocks of seeds, and how its processes start and end."""

from __future__ import annotations

import importlib.util
import multiprocessing.resource_tracker
import os
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from joblib import Parallel
from joblib.externals.loky.backend import resource_tracker as loky_tracker

from replication.errors import UsageError
from replication.interruption import SIGNALS

Result = TypeVar("Result")

THREADS = "threading"
PROCESSES = "loky"
LOCAL_BACKENDS = (THREADS, PROCESSES, "sequential")
CLUSTER_PATIENCE = 600.0
"""Seconds without a finished block after which a cluster counts as dead: it may never say so."""

SECONDS_BETWEEN_LOOKS = 0.5
"""How soon a worker process notices that the process it works for has died."""


def check_backend(backend: str, scheduler: str | None) -> None:
    """Refuse a backend that cannot run blocks of seeds, before anything is written.

    Parameters
    ----------
    backend : str
        As `joblib.parallel_config` takes it.
    scheduler : str or None
        Address of a Dask cluster.

    Raises
    ------
    UsageError
        If joblib has no such backend here, or the scheduler does not fit it.
    """
    reason = ""
    if (backend == "dask") != (scheduler is not None):
        reason = "the backend dask and a --scheduler go together"
    elif backend == "dask" and importlib.util.find_spec("distributed") is None:
        reason = "the package distributed is not installed; pip install 'replication[dask]'"
    elif backend != "dask":
        try:
            Parallel(n_jobs=2, backend=backend, return_as="generator_unordered")
        except (ValueError, ImportError) as error:
            reason = f"joblib: {error}".splitlines()[0]
    if reason:
        raise UsageError(
            f"--backend {backend!r} cannot be used ({reason}); allowed are threading, loky, "
            "and dask with the --scheduler of a running cluster"
        )


def run_in_worker(parent: int, function: Callable[..., Result], *arguments: Any) -> Result:
    """Run a function in a worker process, which ends if the process it works for dies.

    A worker would otherwise go on with a block that nobody waits for.

    Parameters
    ----------
    parent : int
        Identifier of the process that started the worker.
    function : callable
    *arguments
        Of the function.

    Returns
    -------
    object
        What the function returns.
    """
    finished = threading.Event()

    def watch() -> None:
        while not finished.wait(SECONDS_BETWEEN_LOOKS):
            if os.getppid() != parent:
                os._exit(1)

    if os.getpid() != parent:  # with a single job, joblib uses no worker
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        threading.Thread(target=watch, daemon=True).start()
    try:
        return function(*arguments)
    finally:
        finished.set()


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
