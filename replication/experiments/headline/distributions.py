"""What the figures show of a population: its histogram, and mean and maximum of its studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, cast

import contourpy
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from replication.definition.claims import load_reported
from replication.statistics.convolution import (
    compute_joint_mass,
    compute_max_mass,
    compute_mean_mass,
)
from replication.statistics.counts import CountTable

FloatArray = NDArray[np.float64]
Outline = dict[str, Any]

REGION_LEVELS = (0.95, 0.5)  # shares of studies that the outlined regions of the joint figure hold
N_STUDIES = 300  # studies that are drawn at random for that figure
STUDY_SEED = 1988
N_BARS_OF_MAX = 40
N_MEAN_CELLS, N_MAX_CELLS = 300, 120
SMOOTHING, MARGIN = 3.0, 12
"""Cells: the standard deviation of the Gaussian, and what it may spill over at each side."""
MAX_SPAN = 20_000  # a population that spreads over more updates than this has no joint figure
N_BARS = 60


def make_histogram(counts: CountTable) -> dict[str, Any] | None:
    """Return shares of all networks by number of updates, to a little beyond the reported 202."""
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
    """Return the joint sampling distribution of mean and maximum; None where it has no figure."""
    runs = load_reported().runs
    if counts.updates[-1] - counts.updates[0] > MAX_SPAN:
        return None
    largest, chances = compute_max_mass(counts, runs)
    low, high = find_quantiles(largest, chances, [0.001, 0.998])
    if not 1 <= low < high:
        return None
    means, mass = compute_mean_mass(counts, runs)
    left, right = find_quantiles(means, mass, [1e-7, 1.0 - 1e-7])
    first, last = find_quantiles(largest, chances, [1e-5, 1.0 - 1e-5])
    ends = (left - 0.5 / runs, right + 0.5 / runs), (first - 0.5, last + 0.5)
    regions = find_regions(counts, *ends)
    mean, top = float(load_reported().mean), int(load_reported().max)
    shown = [*(x for line in regions[0] for x in line["mean"]), mean]
    mean_edges = _cut(min(shown), max(shown))
    max_edges = np.geomspace(0.92 * min(low, top), 1.08 * max(high, top), N_BARS_OF_MAX + 1)
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


def find_regions(
    counts: CountTable, means: Sequence[float], maxima: Sequence[float]
) -> list[list[Outline]]:
    """Return the outlines of regions that hold the shares `REGION_LEVELS` of all studies.

    A region, which may have several parts and holes, is where the density of the mean and the
    logarithm of the largest is highest. The density is exact but for a Gaussian of 3 cells, which
    takes out the noise of a finite population; the share in the region is exact.
    """
    mean_edges = np.linspace(means[0], means[1], N_MEAN_CELLS + 1)
    steps = np.linspace(np.log(maxima[0]), np.log(maxima[1]), N_MAX_CELLS + 1)
    cells = compute_joint_mass(
        counts, load_reported().runs, mean_edges=mean_edges, max_edges=np.exp(steps)
    )
    # A margin of empty cells closes every outline.
    exact = np.pad(cells, MARGIN)
    density = gaussian_filter(exact, SMOOTHING, mode="constant")
    middles = [
        edges[0] + (edges[1] - edges[0]) * (np.arange(edges.size - 1 + 2 * MARGIN) - MARGIN + 0.5)
        for edges in (mean_edges, steps)
    ]
    order = np.argsort(-density, axis=None, kind="stable")
    ordered, within = density.ravel()[order], np.cumsum(exact.ravel()[order]) / exact.sum()
    contours = contourpy.contour_generator(x=middles[0], y=middles[1], z=density.T)
    return [
        [
            {"mean": line[:, 0].tolist(), "max": np.exp(line[:, 1]).tolist()}
            for line in cast("list[FloatArray]", contours.lines(float(ordered[within >= level][0])))
        ]
        for level in REGION_LEVELS
    ]


def find_quantiles(values: FloatArray, mass: FloatArray, levels: Sequence[float]) -> FloatArray:
    """Return the smallest values whose cumulated mass reaches each level of the total."""
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
