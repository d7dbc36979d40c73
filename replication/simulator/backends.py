"""Where blocks of networks are simulated: in threads, or on an existing Dask cluster."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import logging
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from joblib import parallel_config
from joblib.parallel import ParallelBackendBase

from replication.errors import UsageError, WorkerError

THREADS = "threading"
CLUSTER = "dask"

CLUSTER_PATIENCE = 600.0
"""Seconds without a finished block after which a cluster counts as dead: it may never say so."""

SECONDS_TO_ANSWER = 20.0
"""How long the scheduler of a cluster may take to answer before the run gives up."""

SECONDS_FOR_WORKERS = 30.0
"""How long a cluster may be without a worker before the first block."""

ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")

PROBE = """(
    __import__("importlib").import_module("replication.simulator.engine"),
    *(
        name + " " + __import__("importlib.metadata").metadata.version(name)
        for name in ("recirculation-replication", "distributed")
    ),
    "Python {}.{}".format(*__import__("sys").version_info),
)[1:]"""
"""Evaluated by workers, which need nothing but Python to say what they lack."""


def check_backend(backend: str, scheduler: str | None) -> None:
    """Refuse a backend that cannot run blocks of seeds, before anything is written."""
    reason = ""
    if backend not in (THREADS, CLUSTER):
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
            f"--backend {backend!r} cannot be used ({reason}); allowed are threading, and dask "
            "with the --scheduler of a running cluster"
        )
    if scheduler is not None and ADDRESS.fullmatch(scheduler) is None:
        raise UsageError(
            f"--scheduler {scheduler!r} was given; allowed is the address of a Dask scheduler, "
            "e.g. tcp://127.0.0.1:8786"
        )


@contextlib.contextmanager
def configure_backend(backend: str, *, jobs: int, scheduler: str | None) -> Iterator[None]:
    """Make joblib use a backend; a cluster's scheduler and workers are checked first."""
    check_backend(backend, scheduler)
    if scheduler is None:
        with parallel_config(backend, n_jobs=jobs):
            yield
        return
    check_scheduler(scheduler)
    with _silence_distributed(), _connect(scheduler) as client:
        check_workers(client, scheduler)
        with parallel_config(ClusterBackend(client), n_jobs=jobs):
            yield


class ClusterBackend(ParallelBackendBase):  # type: ignore[misc]
    """Blocks as tasks of a Dask cluster, also where it has one worker only."""

    supports_retrieve_callback = True
    default_n_jobs = -1

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(**options)
        self._client = client

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return two at least: joblib computes by itself what one worker would compute."""
        n_threads = sum(self._client.nthreads().values())
        return max(2, n_threads if n_jobs < 1 else n_jobs)

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Keep the `Parallel` that asks, as joblib expects, and return the number of workers."""
        self.parallel = parallel
        return self.effective_n_jobs(n_jobs)

    def submit(self, func: Any, callback: Callable[[Any], None] | None = None) -> Any:
        """Send one task; `callback` gets its future when it is over, however it ended."""
        future = self._client.submit(func, pure=False)
        if callback is not None:
            future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, out: Any) -> Any:
        """Return the result of a future that is over, or raise what it ended with."""
        return out.result(timeout=SECONDS_TO_ANSWER)

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Leave tasks to the closing of the client, which cancels them."""


def check_scheduler(scheduler: str) -> None:
    """Refuse a scheduler that does not answer in time, or is of another version than this."""
    from distributed.core import rpc

    here = importlib.metadata.version("distributed")
    answers: list[Any] = []

    async def ask() -> None:
        async with rpc(scheduler) as remote:  # type: ignore[no-untyped-call]
            answers.append(await remote.versions())

    def run() -> None:
        try:
            asyncio.run(asyncio.wait_for(ask(), SECONDS_TO_ANSWER))
        except BaseException as error:
            answers.append(error)

    # A thread of its own, since a loop may run in this one (as in a notebook).
    thread = threading.Thread(target=run, daemon=True)
    with _silence_distributed():
        thread.start()
        thread.join(2 * SECONDS_TO_ANSWER)
    answer: Any = answers[0] if answers else TimeoutError()
    try:
        theirs = answer["packages"]["distributed"]
    except (KeyError, TypeError):
        reason = type(answer).__name__
        raise WorkerError(
            f"no Dask scheduler answers at {scheduler!r} within {SECONDS_TO_ANSWER:.0f} s "
            f"({reason}); start one or correct the address, or leave out --backend to use "
            "this machine"
        ) from None
    if theirs != here:
        raise WorkerError(
            f"the Dask scheduler at {scheduler!r} is distributed {theirs}, and here is "
            f"{here}; install one version in both places"
        )


def check_workers(client: Any, scheduler: str) -> None:
    """Wait for a worker, and refuse those that lack this package in this version."""
    try:
        client.wait_for_workers(1, timeout=SECONDS_FOR_WORKERS)
    except TimeoutError:
        raise WorkerError(
            f"the Dask scheduler at {scheduler!r} had no worker for {SECONDS_FOR_WORKERS:.0f} s; "
            f"start one: dask worker {scheduler}"
        ) from None
    here = eval(PROBE)
    for address, there in sorted(client.run(eval, PROBE, on_error="return").items()):
        if isinstance(there, BaseException):
            what = f"cannot load this package ({type(there).__name__}: {there})"
        elif there != here:
            what = f"has {', '.join(there)}"
        else:
            continue
        raise WorkerError(
            f"the Dask worker at {address} {what}; it needs {', '.join(here)}, as on this "
            "machine: install them there, or stop that worker"
        )


@contextlib.contextmanager
def _connect(scheduler: str) -> Iterator[Any]:
    """Yield a client of the cluster; closing it cancels what it has asked for."""
    from distributed import Client

    try:
        client = Client(scheduler, timeout=SECONDS_TO_ANSWER, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError) as error:
        raise WorkerError(
            f"the Dask scheduler at {scheduler!r} takes no client ({type(error).__name__}); "
            "start it again, or leave out --backend to use this machine"
        ) from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):  # a scheduler that is gone
            client.close(timeout=2.0)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def _silence_distributed() -> Iterator[None]:
    """Silence the tracebacks and tables of the library; what matters is raised as one line."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    loggers = [logging.getLogger(name) for name in names]
    enabled = [logger for logger in loggers if not logger.disabled]
    for logger in enabled:
        logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for logger in enabled:
            logger.disabled = False
