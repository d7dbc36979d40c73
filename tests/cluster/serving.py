"""Processes of a Dask cluster, forked from one that has imported everything."""

import os
import sys
import threading

import dask
from distributed.cli import dask_scheduler, dask_worker

from replication.simulator.running import backends
from tests.reliability.writing import redirect

SECONDS_TO_DIE = 0.002
"""After a task: time to say that it is done, and too little to hand on what came out."""

MAIN = {"scheduler": dask_scheduler.main, "worker": dask_worker.main}


def die_of_work(*, with_its_result):
    """Let this worker die at its first task, or once that is done and nobody has the result."""
    work = backends.work

    def die(*arguments):
        if not with_its_result:
            os._exit(1)
        result = work(*arguments)
        threading.Timer(SECONDS_TO_DIE, os._exit, [1]).start()
        return result

    backends.work = die


def serve(kind, words, log, package, dies=None):
    """Be a scheduler or a worker that logs into a file and believes its sources in a folder."""
    redirect(os.devnull, log)
    if dies is not None:
        die_of_work(with_its_result=dies == "with its result")
    os.chdir(log.parent)
    backends.__file__ = str(package / "simulator" / "running" / "backends.py")
    # A worker that is dead is asked for its results no longer than a run waits for them.
    dask.config.set({"distributed.comm.timeouts.connect": "5s"})
    sys.argv[1:] = ["--no-dashboard", *words]
    MAIN[kind]()
