"""Work in threads, which compiled code lets run side by side, and which a signal can end.

Python delivers a signal to the main thread only between two of its own instructions, so
compiled code there would hold it up: the main thread waits, others work, and a flag that the
compiled code looks at tells them to stop.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Task = TypeVar("Task")
Result = TypeVar("Result")


class Stop:
    """Stops tasks, and those that they have started in turn.

    Compiled code looks at `flag`, a bool array of shape (1,).
    """

    def __init__(self) -> None:
        self.flag: NDArray[np.bool_] = np.zeros(1, dtype=np.bool_)
        self._within: list[Stop] = []

    def set(self) -> None:
        """Set the flag, and that of every `Stop` within."""
        self.flag[0] = True
        for stop in self._within:
            stop.set()

    def run(self, function: Callable[[], Result]) -> Result:
        """Call a function, in which `find_flag` returns this flag."""
        token = _current.set(self)
        try:
            return function()
        finally:
            _current.reset(token)

    def add(self, stop: Stop) -> None:
        """Hand the signal on to another one, from now on."""
        self._within.append(stop)
        if self.flag[0]:
            stop.set()

    def remove(self, stop: Stop) -> None:
        """Leave another one alone, whose tasks are over."""
        self._within.remove(stop)


_current: contextvars.ContextVar[Stop | None] = contextvars.ContextVar("stop", default=None)


class Stopped(Exception):
    """The flag was set before the work was complete."""


def find_flag() -> NDArray[np.bool_]:
    """Return the flag of the task that this thread works on; nobody sets it outside of one."""
    stop = _current.get()
    return np.zeros(1, dtype=np.bool_) if stop is None else stop.flag


def map_in_threads(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int = -1
) -> list[Result]:
    """Return what a function returns for each task, in their order.

    An exception, Ctrl-C included, sets the flag of all tasks, and what has not begun never does.

    A function that takes long looks at `find_flag` now and then. Of `jobs` threads -1 are one
    for each core.

    >>> map_in_threads(abs, [-1, 2], jobs=2)
    [1, 2]
    """
    outer, stop = _current.get(), Stop()
    if outer is not None:
        outer.add(stop)
    try:
        if jobs == 1 and threading.current_thread() is not threading.main_thread():
            return stop.run(lambda: [function(task) for task in tasks])
        return _map_in_pool(function, list(tasks), stop, jobs)
    except BaseException:
        stop.set()
        raise
    finally:
        if outer is not None:
            outer.remove(stop)


def _map_in_pool(
    function: Callable[[Task], Result], tasks: list[Task], stop: Stop, jobs: int
) -> list[Result]:
    pool = ThreadPoolExecutor(count_workers(jobs))
    try:
        futures = [pool.submit(stop.run, _bind(function, task)) for task in tasks]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()  # raises what ended the waiting
        return [future.result() for future in futures]
    except BaseException:
        stop.set()  # before the pool waits for tasks that are running
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def count_workers(jobs: int) -> int:
    """Return how many threads `jobs` means: -1 is one for each core that this process may use."""
    if jobs > 0:
        return jobs
    affinity = getattr(os, "sched_getaffinity", None)  # which Windows and macOS lack
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _bind(function: Callable[[Task], Result], task: Task) -> Callable[[], Result]:
    return lambda: function(task)


def run_interruptibly(function: Callable[[], Result]) -> Result:
    """Run one function as `map_in_threads` runs many."""
    (result,) = map_in_threads(lambda _: function(), [None], jobs=1)
    return result
