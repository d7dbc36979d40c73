"""Work in threads, which compiled code lets run side by side and a signal can end.

Python delivers a signal to the main thread only between two of its own instructions, so
compiled code there would hold it up: the main thread waits, others work, and a flag that the
compiled code looks at tells them to stop.
"""

import contextlib
import contextvars
import math
import os
import threading
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Task = TypeVar("Task")
Result = TypeVar("Result")
Flag = NDArray[np.bool_]

CONTROL_GROUP = Path("/sys/fs/cgroup")
CORE_LIMIT = CONTROL_GROUP / "cpu.max"
MEMORY_LIMITS = CONTROL_GROUP / "memory.max", CONTROL_GROUP / "memory" / "memory.limit_in_bytes"
"""Where Linux says what a container may use; of memory by its version 2 and 1."""

_flag: contextvars.ContextVar[Flag | None] = contextvars.ContextVar("flag", default=None)


class Stopped(Exception):
    """The flag was set before the work was complete."""


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

    def work(numbered: tuple[int, Task]) -> tuple[int, Result]:
        return numbered[0], function(numbered[1])

    found = dict(iterate_in_threads(work, enumerate(tasks), jobs=jobs))
    return [found[k] for k in range(len(found))]


def iterate_in_threads(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int = -1
) -> Generator[Result]:
    """Yield what a function returns for each task, as soon as it is there.

    Tasks are taken one by one, not long before they are started. An exception (also Ctrl-C, and
    a caller that stops iterating) sets the flag of all tasks and of the task that they are part
    of, and what has not begun never does; so a function that takes long looks at `find_flag`.
    """
    if jobs == 1 and threading.current_thread() is not threading.main_thread():
        yield from map(function, tasks)
        return
    flag, left, n_workers = find_flag(), iter(tasks), count_workers(jobs)

    def work(task: Task) -> Result:
        _flag.set(flag)
        return function(task)

    pool = ThreadPoolExecutor(n_workers)
    try:
        # One waits for each that runs, so that no worker has to wait for the caller.
        running = {pool.submit(work, task) for task in islice(left, 2 * n_workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                running |= {pool.submit(work, task) for task in islice(left, 1)}
                yield future.result()
    except BaseException:
        flag[0] = True
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def count_workers(jobs: int) -> int:
    """Return how many threads `jobs` means: -1 is one for each core that this process may use."""
    if jobs > 0:
        return jobs
    has_affinity = hasattr(os, "sched_getaffinity")  # on Linux
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    # "150000 100000": microseconds of all cores in each period; "max 100000" is no limit.
    with contextlib.suppress(OSError, ValueError):
        quota, period = map(int, CORE_LIMIT.read_text("ascii").split())
        cores = min(cores, math.ceil(quota / period))
    return cores


def measure_memory() -> float:
    """Return the bytes of memory of this machine, or of the container in which it runs."""
    found = math.inf
    if hasattr(os, "sysconf"):  # not on Windows
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in MEMORY_LIMITS:
        with contextlib.suppress(OSError, ValueError):  # "max" is no limit
            found = min(found, int(limit.read_text("ascii")))
    return found
