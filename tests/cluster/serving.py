"""Processes of a Dask cluster, forked from one that has imported everything."""

import os
import sys

import dask
from distributed.cli import dask_scheduler, dask_worker

from replication.simulator.running import backends
from tests.reliability.writing import redirect

MAIN = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}


def serve(kind, words, log, package):
    """Be a scheduler or a worker that logs into a file and believes its sources in a folder."""
    redirect(os.devnull, log)
    os.chdir(log.parent)
    backends.__file__ = str(package / "simulator" / "running" / "backends.py")
    # A worker that is dead is asked for its results no longer than a run waits for them.
    dask.config.set({"distributed.comm.timeouts.connect": "5s"})
    sys.argv[1:] = ["--no-dashboard", *words]
    MAIN[kind]()
