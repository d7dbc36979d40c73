"""How many runs may lie behind a report that does not say."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

SEARCHED = (2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
"""Numbers of runs that are tried where the report does not say how many."""


@dataclasses.dataclass(frozen=True)
class RunSearch:
    """How many runs may lie behind a report that does not say.

    `runs`: numbers tried. `p`: p-value at each. `smallest`, `largest`: smallest and largest of the
    numbers tried that is compatible; None if none is.
    """

    runs: tuple[int, ...]
    p: tuple[float, ...]
    smallest: int | None
    largest: int | None

    @property
    def is_open(self) -> bool:
        """Whether the largest number tried is still compatible."""
        return self.largest == self.runs[-1]


def search_runs(find_p: Callable[[int], float], *, level: float) -> RunSearch:
    """Try numbers of runs; `find_p` returns p at each."""
    p_values = tuple(find_p(runs) for runs in SEARCHED)
    compatible = [runs for runs, p in zip(SEARCHED, p_values, strict=True) if p > level]
    smallest, largest = (compatible[0], compatible[-1]) if compatible else (None, None)
    return RunSearch(SEARCHED, p_values, smallest, largest)
