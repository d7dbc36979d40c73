"""How many runs may lie behind a report that does not say."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from replication.comparison.prediction import Prediction, predict_all
from replication.comparison.printed import Printed
from replication.comparison.sampling import Effort, Sample

FloatArray = npt.NDArray[np.float64]

SEARCHED = (2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000)
"""Numbers of runs that are tried where the report does not say how many."""
SEARCH_EFFORT = Effort(200, 5_000, max_draws=2_000_000)


@dataclasses.dataclass(frozen=True)
class RunSearch:
    """How many runs may lie behind a report that does not say.

    Parameters
    ----------
    runs : tuple of int
        Numbers tried.
    p : tuple of float
        p-value at each.
    smallest, largest : int or None
        Smallest of the numbers tried, and largest number, that is compatible; None if none is.
    largest_range : (int, int)
        Middle 95 % of the same over the resamples; 0 where none is.
    is_open : bool
        Whether the largest number tried is still compatible.
    """

    runs: tuple[int, ...]
    p: tuple[float, ...]
    smallest: int | None
    largest: int | None
    largest_range: tuple[int, int]
    is_open: bool


def search_runs(
    run: Sample | None,
    n_done: int,
    n: int,
    reported: Mapping[str, Printed],
    *,
    level: float,
) -> RunSearch:
    """Return p for many numbers of runs, and the largest that is compatible.

    Parameters
    ----------
    run : Sample or None
        The runs that were seen; None if only successes were reported.
    n_done, n : int
        Those that succeeded, and all.
    reported : mapping of str to Printed
    level : float
        Of the test.
    """
    grid = SEARCHED
    found: dict[int, Prediction] = {}

    def find(k: int) -> Prediction:
        if k not in found:
            found[k] = predict_all(
                run, n_done, n, reported, k, n_used=k, level=level, effort=SEARCH_EFFORT
            )
        return found[k]

    p_values = [find(k).p for k in grid]
    compatible = [i for i, p in enumerate(p_values) if p > level]
    rows = np.array([found[k].p_by_resample for k in grid])
    places = [np.flatnonzero(row > level) for row in rows.T]
    ends = np.array(
        [_cross(grid, row, place, level) for row, place in zip(rows.T, places, strict=True)]
    )
    low, high = np.quantile(ends, [0.025, 0.975])
    if not compatible:
        return RunSearch(grid, tuple(p_values), None, None, (round(low), round(high)), False)
    last = compatible[-1]
    is_open = last == len(grid) - 1
    largest = grid[last]
    if not is_open:
        beyond = grid[last + 1]
        is_exact = all(item.is_exact for item in find(largest).findings)
        step = largest // (100 if is_exact else 10)
        while beyond - largest > max(step, 1):
            middle = (largest + beyond) // 2
            if find(middle).p > level:
                largest = middle
            else:
                beyond = middle
    return RunSearch(
        grid,
        tuple(p_values),
        grid[compatible[0]],
        largest,
        (round(float(low)), round(float(high))),
        is_open,
    )


def _cross(
    grid: tuple[int, ...], row: FloatArray, places: npt.NDArray[np.intp], level: float
) -> float:
    """Return where a row of p-values last falls below the level, between two numbers of runs."""
    if places.size == 0:
        return 0.0
    last = int(places[-1])
    if last == len(grid) - 1:
        return float(grid[-1])
    step = (row[last] - level) / max(row[last] - row[last + 1], 1e-12)
    return float(grid[last] + step * (grid[last + 1] - grid[last]))
