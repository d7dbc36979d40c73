"""Clocks: contenders take turns, so that a busy moment hits all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def time_in_turns(
    tasks: Mapping[str, Callable[[], object]],
    *,
    n_rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Run all tasks once a round, every other round backwards; return seconds by task."""
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for k in range(n_rounds):
        for name in list(tasks) if k % 2 == 0 else reversed(list(tasks)):
            begun = clock()
            tasks[name]()
            seconds[name].append(clock() - begun)
    return seconds


def take_median(seconds: Mapping[str, list[float]]) -> dict[str, float]:
    """Return the median of each task's seconds."""
    return {name: statistics.median(values) for name, values in seconds.items()}
