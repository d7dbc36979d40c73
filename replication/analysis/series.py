"""The series that figures draw: thinned, but exact at each point that is kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.analysis.compatible import Confrontation
from replication.analysis.counts import CountTable
from replication.analysis.curves import (
    MeanCurve,
    estimate_restart_mean,
    estimate_restricted_mean,
    find_best_restart,
    find_crossing,
)
from replication.analysis.equivalence import estimate_no_failure
from replication.analysis.mean_law import MeanLaw
from replication.analysis.population import estimate_survival

IntArray = npt.NDArray[np.int64]
HISTOGRAM_SHARE = 0.995
MAX_BINS = 120


def thin_times(low: int, high: int, n_points: int) -> IntArray:
    """Return whole numbers from `low` to `high`, evenly spaced on a log axis (int64[m]).

    Parameters
    ----------
    low, high : int
        Ends, both included.
    n_points : int
        Points before rounding makes some of them equal.

    Returns
    -------
    int64 array, shape (at most n_points,)
    """
    if high <= low:
        return np.array([high], dtype=np.int64)
    start = max(low, 1)
    times = np.rint(np.geomspace(start, high, n_points)).astype(np.int64)
    return np.unique(np.concatenate([[low], times]))


def make_histogram(table: CountTable) -> dict[str, Any]:
    """Return the histogram of the converged networks.

    Returns
    -------
    dict
        ``edges`` [m + 1] and ``counts`` [m] (a bin holds ``edge <= updates <
        next edge``), ``axis_end`` (last edge), ``n_beyond`` (converged networks
        beyond it) and ``n_censored``. Empty lists if nothing converged.
    """
    if table.n_converged == 0:
        return {
            "edges": [],
            "counts": [],
            "axis_end": None,
            "n_beyond": 0,
            "n_censored": table.n_censored,
        }
    running = np.cumsum(table.counts)
    last = int(table.updates[np.searchsorted(running, HISTOGRAM_SHARE * table.n_converged)])
    first = int(table.updates[0])
    width = max(1, -(-(last - first + 1) // MAX_BINS))
    n_bins = (last - first) // width + 1
    edges = first + width * np.arange(n_bins + 1)
    inside = table.updates < edges[-1]
    counts = np.bincount(
        (table.updates[inside] - first) // width, weights=table.counts[inside], minlength=n_bins
    )
    return {
        "edges": edges.tolist(),
        "counts": counts.astype(np.int64).tolist(),
        "axis_end": int(edges[-1]),
        "n_beyond": int(table.counts[~inside].sum()),
        "n_censored": table.n_censored,
    }


def make_survival(table: CountTable, *, n_points: int = 160) -> dict[str, Any]:
    """Return the thinned survival curve: ``updates``, ``survival``, ``low``, ``high``.

    Parameters
    ----------
    table : CountTable
    n_points : int
        Points of the thinned curve.
    """
    if table.updates.size > n_points:
        times = thin_times(int(table.updates[0]), table.end, n_points)
    else:
        times = np.unique(np.append(table.updates, table.end))
    curve = estimate_survival(table, times)
    return {
        "updates": curve.updates,
        "survival": curve.survival,
        "low": curve.low,
        "high": curve.high,
    }


def _make_curve(curve: MeanCurve) -> dict[str, Any]:
    return {"updates": curve.updates, "mean": curve.mean, "low": curve.low, "high": curve.high}


def make_restricted_mean(
    table: CountTable, reported: float, *, n_points: int = 60
) -> dict[str, Any]:
    """Return the restricted mean against the cap.

    Parameters
    ----------
    table : CountTable
        With the cap of the tail study where there is one.
    reported : float

    Returns
    -------
    dict
        ``updates``, ``mean``, ``low``, ``high``; ``crossing`` (cap at which
        the mean equals the reported one), ``crossing_low`` and
        ``crossing_high`` (where the ends of the band do), each None where
        that is not reached.
    """
    end = max(table.end, 1)
    times = thin_times(min(100, end), end, n_points)
    curve = estimate_restricted_mean(table, times)

    def cross(heights: npt.NDArray[np.float64]) -> float | None:
        above = np.flatnonzero(heights >= reported)
        if above.size == 0:
            return None
        place = int(above[0])
        if place == 0:
            return float(times[0])
        part = (reported - heights[place - 1]) / (heights[place] - heights[place - 1])
        return float(times[place - 1] + part * (times[place] - times[place - 1]))

    return _make_curve(curve) | {
        "crossing": find_crossing(table, reported),
        "crossing_low": cross(curve.high),
        "crossing_high": cross(curve.low),
    }


def make_restart(table: CountTable, *, restart_after: int, n_points: int = 80) -> dict[str, Any]:
    """Return the restart-adjusted mean against c.

    Parameters
    ----------
    table : CountTable
    restart_after : int
        The c of the headline.
    n_points : int
        Points of the thinned curve.

    Returns
    -------
    dict
        ``updates``, ``mean``, ``low``, ``high``, and ``best``, ``headline``:
        dicts of ``updates``, ``mean``, ``low``, ``high`` at the best c and at
        `restart_after`, None where nothing converged.
    """
    best = find_best_restart(table)
    if best is None:
        empty: list[float] = []
        return {
            "updates": empty,
            "mean": empty,
            "low": empty,
            "high": empty,
            "best": None,
            "headline": None,
        }
    headline = min(restart_after, table.end)
    running = np.cumsum(table.counts)
    first = int(table.updates[np.searchsorted(running, 0.05 * table.n_converged)])
    times = np.union1d(thin_times(first, table.end, n_points), [best, headline])
    curve = estimate_restart_mean(table, times)

    def pick(time: int) -> dict[str, Any]:
        place = int(np.searchsorted(times, time))
        parts = {"mean": curve.mean, "low": curve.low, "high": curve.high}
        return {"updates": time} | {name: float(part[place]) for name, part in parts.items()}

    return _make_curve(curve) | {"best": pick(best), "headline": pick(headline)}


def make_run_curve(curve: tuple[Confrontation, ...]) -> dict[str, Any]:
    """Return a curve over n as lists: ``n``, ``p``, ``chance``, ``low``, ``high``."""
    names = ("n", "p", "chance", "low", "high")
    return {name: [getattr(entry, name) for entry in curve] for name in names}


def make_mean_law(law: MeanLaw, *, n_bins: int = 120) -> dict[str, Any]:
    """Return the law of a mean in bins between its 0.05 % and 99.95 % points.

    Parameters
    ----------
    law : MeanLaw
    n_bins : int
        Bins of equal width.

    Returns
    -------
    dict
        ``edges`` [m + 1] and ``density`` [m] (probability per update), and
        ``mean`` of the law.
    """
    probabilities, values = law.probabilities, law.values
    low, high = law.quantile(0.0005), law.quantile(0.9995)
    spacing = float(law.step) / law.n
    cells = round((high - low) / spacing) + 1
    per_bin = max(1, -(-cells // n_bins))
    start = round((low - values[0]) / spacing)
    stop = min(start + per_bin * -(-cells // per_bin), values.size)
    cuts = np.arange(start, stop, per_bin)
    sums = np.add.reduceat(probabilities[:stop], cuts)
    edges = values[0] + spacing * (np.append(cuts, cuts[-1] + per_bin) - 0.5)
    return {
        "edges": edges,
        "density": sums / (per_bin * spacing),
        "mean": float(values @ probabilities),
    }


def make_no_failure(table: CountTable, n_runs: IntArray) -> Mapping[str, Any]:
    """Return the chance of meeting no failure: ``n``, ``chance``, ``low``, ``high``.

    Parameters
    ----------
    table : CountTable
    n_runs : int64 array, shape (m,)
    """
    found = estimate_no_failure(table, n_runs)
    return {"n": found.n, "chance": found.chance, "low": found.low, "high": found.high}
