"""Work in joblib's threads, so that it runs side by side and a signal can end it.

Compiled code releases Python's lock, so threads run side by side. Python handles a signal in the
main thread, between two instructions of Python; compiled code there would delay it. Therefore the
main thread only waits. Other threads work, and a flag that compiled code reads tells them to stop.
"""

import contextlib
import contextvars
import os
import threading
import warnings
from collections.abc import Callable, Generator, Iterable
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from joblib import Parallel, cpu_count, delayed
from joblib.parallel import ThreadingBackend
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.wording import show

Task = TypeVar("Task")
Result = TypeVar("Result")
Flag = NDArray[np.bool_]

CONTROL_GROUP = Path("/sys/fs/cgroup")
MEMORY_LIMITS = CONTROL_GROUP / "memory.max", CONTROL_GROUP / "memory" / "memory.limit_in_bytes"
"""Files in which Linux says how much memory a container may use (control groups 2 and 1)."""

_flag: contextvars.ContextVar[Flag | None] = contextvars.ContextVar("flag", default=None)


class Stopped(Exception):
    """The flag was set before the work was complete."""


class Threads(ThreadingBackend):  # type: ignore[misc]
    """joblib's pool of threads, also for one job, which joblib would run in the main thread."""

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Make the pool, set what joblib's own method sets, and return the number of jobs.

        It is two at least, since joblib would work in the main thread with one.
        """
        self.parallel = parallel
        self._n_jobs = count_workers(n_jobs)
        # joblib itself makes no pool on systems that cannot start processes.
        self._pool = ThreadPool(self._n_jobs)
        return max(2, self._n_jobs)


def find_flag() -> Flag:
    """Return the flag, bool[1], of this thread's task; outside a task, one that stays False."""
    flag = _flag.get()
    return np.zeros(1, dtype=np.bool_) if flag is None else flag


def map_in_threads(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int = -1
) -> list[Result]:
    """Return the results of a function for some tasks, in the order of the tasks.

    >>> map_in_threads(abs, [-1, 2], jobs=2)
    [1, 2]
    """
    return list(iterate_in_threads(function, tasks, jobs=jobs, return_as="generator"))


def iterate_in_threads(
    function: Callable[[Task], Result],
    tasks: Iterable[Task],
    *,
    jobs: int = -1,
    return_as: str = "generator_unordered",
) -> Generator[Result]:
    """Yield the result of a function for each task, as soon as it is finished.

    Tasks are taken from the iterable one by one, shortly before they start. An exception sets the
    flag of all tasks, and of the task that they are part of, so that running tasks stop and the
    others never start; so does Ctrl-C, or a caller that stops iterating. Therefore a function that
    takes long must read the flag of `find_flag`.
    """
    # One job in a thread of its own can do the work itself.
    if jobs == 1 and threading.current_thread() is not threading.main_thread():
        yield from map(function, tasks)
        return
    # Tasks share the flag of the task that begins them, so that all stop together.
    flag = find_flag()

    def work(task: Task) -> Result:
        _flag.set(flag)
        return function(task)

    parallel = Parallel(count_workers(jobs), backend=Threads(), return_as=return_as, batch_size=1)
    results = parallel(delayed(work)(task) for task in tasks)
    try:
        for result in results:  # noqa: UP028  # `yield from` would close it with a warning
            yield result
    except BaseException:
        flag[0] = True
        raise
    finally:
        with warnings.catch_warnings():  # joblib warns of results that nobody has taken
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def count_workers(jobs: int) -> int:
    """Return the number of threads for `jobs`; -1 means one for each core that may be used."""
    if jobs > 0:
        return jobs
    try:
        return int(cpu_count())
    except ValueError:  # joblib reads this variable without a check
        given = show(os.environ.get("LOKY_MAX_CPU_COUNT"))
        raise UsageError(
            f"LOKY_MAX_CPU_COUNT={given} is set; allowed is a whole number of cores; correct it or "
            "unset it"
        ) from None


def check_memory(n_bytes: float, what: str, advice: str) -> None:
    """Refuse a computation that needs more memory than this machine or its container has.

    `what`: what needs the memory, in the plural. `advice`: what to do instead.
    """
    present = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in MEMORY_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no limit
            present = min(present, int(limit.read_text("ascii")))
    if n_bytes > present:
        raise UsageError(
            f"{what} need about {n_bytes / 1e9:,.1f} GB, and this machine or container has "
            f"{present / 1e9:,.1f} GB of memory; {advice}"
        )
