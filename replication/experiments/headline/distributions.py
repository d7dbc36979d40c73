"""What the figures show of a population: its histogram, and mean and maximum of its studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from replication.claims import load_reported
from replication.statistics.convolution import (
    compute_joint_mass,
    compute_max_mass,
    compute_mean_mass,
)
from replication.statistics.counts import CountTable

FloatArray = NDArray[np.float64]

REGION_LEVELS = (0.95, 0.5)
"""Shares of studies that the outlined regions of the joint figure hold."""
N_STUDIES = 300
"""Studies that are drawn at random for that figure."""
STUDY_SEED = 1988
N_MAX_CELLS = 40
N_MEAN_CELLS = 2_000
MAX_SPAN = 20_000
"""A population that spreads over more updates than this has no joint figure."""
N_BARS = 60


def make_histogram(counts: CountTable) -> dict[str, Any] | None:
    """Return shares of all networks by number of updates, up to a little beyond the reported 202.

    Returns
    -------
    dict or None
        ``edges``, ``shares`` and ``share_beyond``; None where nothing converged.
    """
    if counts.n_converged == 0:
        return None
    p99 = int(counts.updates[np.searchsorted(np.cumsum(counts.counts), 0.99 * counts.n_converged)])
    end = max(p99, int(load_reported().max)) * 1.2
    start = min(0.0, float(counts.updates[0]))
    width = max(1, math.ceil((end - start) / N_BARS))
    edges = np.arange(start, end + width, width)
    within = np.histogram(counts.updates, bins=edges, weights=counts.counts)[0]
    shares = within / counts.n
    return {
        "edges": edges.tolist(),
        "shares": shares.tolist(),
        "share_beyond": float(1.0 - shares.sum()),
    }


def describe_joint(counts: CountTable) -> dict[str, Any] | None:
    """Return the joint sampling distribution of mean and maximum, for its figure.

    Parameters
    ----------
    counts : CountTable
        Of which some converged.

    Returns
    -------
    dict or None
        ``mean_edges``, ``mean_share``, ``max_edges``, ``max_share``: the two margins;
        ``regions``: for each of `REGION_LEVELS` the means ``low`` and ``high`` at every
        ``max``; ``studies``: means and maxima of studies drawn at random. None where
        networks hardly differ, or spread over more than `MAX_SPAN` updates.

    Notes
    -----
    A region holds the studies whose p of both is above 1 - level: the largest lies
    between two of its quantiles, and the mean between the same quantiles of its
    distribution given the largest.
    """
    runs = load_reported().runs
    if counts.updates[-1] - counts.updates[0] > MAX_SPAN:
        return None
    largest, chances = compute_max_mass(counts, runs)
    low, high = find_quantiles(largest, chances, [0.001, 0.998])
    if not 1 <= low < high:
        return None
    means, mass = compute_mean_mass(counts, runs)
    left, right = find_quantiles(means, mass, [1e-7, 1.0 - 1e-7])
    fine = np.linspace(left, right, N_MEAN_CELLS + 1)
    regions = [
        {"level": level} | find_region(counts, level, of_max=(largest, chances), mean_edges=fine)
        for level in REGION_LEVELS
    ]
    mean, top = float(load_reported().mean), int(load_reported().max)
    mean_edges = _cut(min(*regions[0]["low"], mean), max(*regions[0]["high"], mean))
    max_edges = np.geomspace(0.92 * min(low, top), 1.08 * max(high, top), N_MAX_CELLS + 1)
    rng = np.random.default_rng(STUDY_SEED)
    drawn = rng.choice(counts.updates, size=(N_STUDIES, runs), p=counts.counts / counts.n_converged)
    return {
        "mean_edges": mean_edges.tolist(),
        "mean_share": _sum_cells(means, mass, mean_edges),
        "max_edges": max_edges.tolist(),
        "max_share": _sum_cells(largest, chances, max_edges),
        "regions": regions,
        "studies": {"mean": drawn.mean(axis=1).tolist(), "max": drawn.max(axis=1).tolist()},
    }


def find_region(
    counts: CountTable,
    level: float,
    *,
    of_max: tuple[FloatArray, FloatArray],
    mean_edges: FloatArray,
) -> dict[str, Any]:
    """Return the outline of the studies whose p of both is above 1 - level.

    Parameters
    ----------
    counts : CountTable
    level : float
        Share of the studies within, but for rounding to whole updates.
    of_max : tuple of float64[k]
        Values and chances of the largest.
    mean_edges : float64[m]
        Cells of the mean, fine ones.

    Returns
    -------
    dict
        ``max``, ``low``, ``high``: for rising values of the largest the two means between
        which a study lies within.
    """
    tail = (1.0 - math.sqrt(level)) / 2.0
    first, last = find_quantiles(*of_max, [tail, 1.0 - tail])
    edges = np.unique(np.round(np.geomspace(first, last + 1.0, N_MAX_CELLS // 2 + 1))) - 0.5
    runs = load_reported().runs
    cells = compute_joint_mass(counts, runs, mean_edges=mean_edges, max_edges=edges)
    kept = cells.sum(axis=0) > 0.0
    centres = (mean_edges[1:] + mean_edges[:-1]) / 2.0
    ends = [find_quantiles(centres, column, [tail, 1.0 - tail]) for column in cells.T[kept]]
    middles = np.sqrt(edges[1:] * edges[:-1])[kept]
    middles[0], middles[-1] = first, last
    return {
        "max": middles.tolist(),
        "low": [float(end[0]) for end in ends],
        "high": [float(end[1]) for end in ends],
    }


def find_share_as_far_out(counts: CountTable) -> float | None:
    """Return the share of studies in which a number lies as far out as in the paper.

    A study's numbers lie as far out if the smaller of two p-values is at most that of the
    reported numbers: of its largest count, and of its mean, printed to a whole number,
    given the largest. Each p is twice the smaller tail, at most 1.

    Parameters
    ----------
    counts : CountTable
        Of which some converged.

    Returns
    -------
    float or None
        None where the reported largest count cannot occur.

    Notes
    -----
    Exact for the population of `counts`. For continuous numbers it would be
    ``1 - (1 - smaller)^2``; that is an upper bound where numbers are rounded, since p
    then takes fewer values.
    """
    reported = load_reported()
    runs, top, mean = reported.runs, int(reported.max), int(reported.mean)
    largest, chances = compute_max_mass(counts, runs)
    of_max = np.minimum(1.0, 2.0 * np.minimum(np.cumsum(chances), np.cumsum(chances[::-1])[::-1]))
    if top not in largest:
        return None
    printed = np.arange(math.floor(largest[0]), math.ceil(largest[-1]) + 1)
    edges = np.append(printed - 0.5, printed[-1] + 0.5)

    def find_cells(maxima: FloatArray) -> FloatArray:
        """Chance of every printed mean, (means, maxima), for outcomes that follow each other."""
        ends = np.append(maxima, maxima[-1] + 1)
        return compute_joint_mass(counts, runs, mean_edges=edges, max_edges=ends)

    def find_p(cells: FloatArray) -> FloatArray:
        up_to, from_on = cells.cumsum(axis=0), cells[::-1].cumsum(axis=0)[::-1]
        return cast("FloatArray", np.minimum(1.0, 2.0 * np.minimum(up_to, from_on) / up_to[-1]))

    of_reported = find_p(find_cells(largest[largest == top]))[printed == mean]
    smaller = min(float(of_max[largest == top][0]), float(of_reported.item()))
    near = of_max > smaller  # in one piece, since p of the largest rises and falls once
    cells = find_cells(largest[near])
    return float(chances[~near].sum() + cells[find_p(cells) <= smaller].sum())


def find_quantiles(values: FloatArray, mass: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Return the smallest values whose cumulated mass reaches each level of the total.

    Examples
    --------
    >>> find_quantiles(np.array([1.0, 2.0, 5.0]), np.array([0.5, 0.25, 0.25]), [0.4, 0.9]).tolist()
    [1.0, 5.0]
    """
    running = np.cumsum(mass)
    places = np.searchsorted(running, np.asarray(levels) * running[-1] - 1e-12)
    return cast("FloatArray", values[np.minimum(places, values.size - 1)])


def _cut(low: float, high: float) -> FloatArray:
    """Return about 60 cells of a round width that hold both ends."""
    step = (high - low) / N_BARS
    width = 10.0 ** math.floor(math.log10(step)) if step > 0 else 1.0
    width *= next(factor for factor in (1, 2, 5, 10) if factor * width >= step)
    first = math.floor(low / width) - 1
    return np.arange(first, math.ceil(high / width) + 2, dtype=np.float64) * width


def _sum_cells(values: FloatArray, mass: FloatArray, edges: FloatArray) -> list[float]:
    return cast("list[float]", np.histogram(values, bins=edges, weights=mass)[0].tolist())
