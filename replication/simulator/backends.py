"""The backends of joblib that can run blocks of seeds."""

from __future__ import annotations

import importlib.util

from joblib import Parallel

from replication.errors import UsageError

THREADS = "threading"
LOCAL_BACKENDS = (THREADS, "loky", "sequential")
CLUSTER_PATIENCE = 600.0
"""Seconds without a finished block after which a cluster counts as dead: it may never say so."""


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
