"""Many small tasks in threads: the simulator lets go of the interpreter's lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


def map_in_threads(
    function: Callable[[Task], Result], tasks: Iterable[Task], *, jobs: int = -1
) -> list[Result]:
    """Return what a function returns for each task, in their order.

    Parameters
    ----------
    function : callable
    tasks : iterable
    jobs : int
        Threads, -1 for one a core.

    Examples
    --------
    >>> map_in_threads(abs, [-1, 2], jobs=2)
    [1, 2]
    """
    pool = ThreadPoolExecutor(jobs if jobs > 0 else os.cpu_count())
    try:
        return [future.result() for future in [pool.submit(function, task) for task in tasks]]
    finally:
        # After Ctrl-C what has not begun never does.
        pool.shutdown(cancel_futures=True)
