"""Work in threads, which compiled code lets run side by side, and which a signal can end.

Python delivers a signal to the main thread only between two of its own instructions, so
compiled code there would hold it up: the main thread waits, others work, and a flag that the
compiled code looks at tells them to stop.
"""

from __future__ import annotations

import contextvars
import functools
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Task = TypeVar("Task")
Result = TypeVar("Result")
Flag = NDArray[np.bool_]

_flag: contextvars.ContextVar[Flag | None] = contextvars.ContextVar("flag", default=None)


class Stopped(Exception):
    """The flag was set before the work was complete."""


def find_flag() -> Flag:
    """Return the flag (1,) of the task that this thread works on, or one that nobody sets."""
    flag = _flag.get()
    return np.zeros(1, dtype=np.bool_) if flag is None else flag


def bind(flag: Flag, function: Callable[..., Result], *arguments: object) -> Callable[[], Result]:
    """Return a call of a function, for any thread, in which `find_flag` returns this flag."""
    context = contextvars.copy_context()
    context.run(_flag.set, flag)
    return functools.partial(context.run, function, *arguments)


def map_in_threads(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int = -1
) -> list[Result]:
    """Return what a function returns for each task, in their order.

    An exception, Ctrl-C included, sets the flag of all tasks and of the task that they are part
    of; what has not begun never does. A function that takes long looks at `find_flag` now and
    then.

    >>> map_in_threads(abs, [-1, 2], jobs=2)
    [1, 2]
    """
    flag = find_flag()
    calls = [bind(flag, function, task) for task in tasks]
    if jobs == 1 and threading.current_thread() is not threading.main_thread():
        return [call() for call in calls]
    with ThreadPoolExecutor(count_workers(jobs)) as pool:
        futures = [pool.submit(call) for call in calls]
        try:
            for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                future.result()  # raises what ended the waiting
            return [future.result() for future in futures]
        except BaseException:
            flag[0] = True  # before the pool waits for tasks that are running
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def count_workers(jobs: int) -> int:
    """Return how many threads `jobs` means: -1 is one for each core that this process may use."""
    if jobs > 0:
        return jobs
    affinity = getattr(os, "sched_getaffinity", None)  # which Windows and macOS lack
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1
