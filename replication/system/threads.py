"""Work in joblib's threads, which compiled code lets run side by side and a signal can end.

Python delivers a signal to the main thread only between two of its own instructions, so
compiled code there would hold it up: the main thread waits, others work, and a flag that the
compiled code looks at tells them to stop.
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
"""Where Linux says how much memory a container may use, by its version 2 and 1."""

_flag: contextvars.ContextVar[Flag | None] = contextvars.ContextVar("flag", default=None)


class Stopped(Exception):
    """The flag was set before the work was complete."""


class Threads(ThreadingBackend):  # type: ignore[misc]
    """joblib's pool of threads, also for one job, which joblib would do in the main thread."""

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Make the pool and keep what joblib's own method keeps; return at least two."""
        self.parallel = parallel
        self._n_jobs = count_workers(n_jobs)
        self._pool = ThreadPool(self._n_jobs)  # joblib makes none where processes cannot be
        return max(2, self._n_jobs)  # with one, joblib would work in the main thread


def find_flag() -> Flag:
    """Return the flag (1,) of the task that this thread works on, or one that nobody sets."""
    flag = _flag.get()
    return np.zeros(1, dtype=np.bool_) if flag is None else flag


def map_in_threads(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int = -1
) -> list[Result]:
    """Return what a function returns for each task, in their order.

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
    """Yield what a function returns for each task, as soon as it is there.

    Tasks are taken one by one, shortly before they are started. An exception (also Ctrl-C, and a
    caller that stops iterating) sets the flag of all tasks, and of the task that they are part of;
    tasks that have not begun never do. So a function that takes long looks at `find_flag`.
    """
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
        for result in results:  # noqa: UP028  # closed below, where it may not warn
            yield result
    except BaseException:
        flag[0] = True
        raise
    finally:
        with warnings.catch_warnings():  # joblib warns of results that nobody has taken
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def count_workers(jobs: int) -> int:
    """Return how many threads `jobs` means: -1 is one for each core that this process may use."""
    if jobs > 0:
        return jobs
    try:
        return int(cpu_count())
    except ValueError:  # joblib takes any text of a user for a number
        given = show(os.environ.get("LOKY_MAX_CPU_COUNT"))
        raise UsageError(
            f"LOKY_MAX_CPU_COUNT={given} is set; allowed is a whole number of cores; correct it or "
            "unset it"
        ) from None


def check_memory(n_bytes: float, what: str, advice: str) -> None:
    """Refuse what needs more bytes than this machine has, or the container in which it runs.

    `what`: needs them, in the plural. `advice`: what to do instead.
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
