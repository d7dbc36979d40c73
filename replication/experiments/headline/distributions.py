"""A population: its histogram, and how mean and maximum of its studies vary."""

import math
from typing import Any, NamedTuple

import contourpy
import numpy as np
from scipy.ndimage import gaussian_filter

from replication.paper.claims import load_reported
from replication.statistics import convolution
from replication.statistics.arrays import FloatArray
from replication.statistics.counts import CountTable
from replication.statistics.sampling import SamplingDistribution

REGION_LEVELS = (0.95, 0.5)  # shares of studies that the outlined regions of the joint figure hold
N_STUDIES = 300  # studies that are drawn at random for that figure
STUDY_SEED = 1988
N_BARS_OF_MAX = 40
SHOWN_MAX = (0.001, 0.998)  # quantiles of the largest that the figure shows
N_MEAN_CELLS = 300
N_MAX_CELLS = 120
SMOOTHING = 3.0
MARGIN = 12
"""Cells: the standard deviation of the Gaussian, and what it may spill over at each side."""
MAX_SPAN = 20_000  # a population that spreads over more updates than this has no joint figure
N_BARS = 60


def make_histogram(counts: CountTable) -> dict[str, Any] | None:
    """Return shares of all networks by number of updates, to a little beyond the reported 202."""
    if counts.n_converged == 0:
        return None
    # To a fifth beyond the 99th percentile or the reported 202, in about `N_BARS` bars.
    p99 = int(counts.updates[np.searchsorted(np.cumsum(counts.counts), 0.99 * counts.n_converged)])
    end = max(p99, int(load_reported().max)) * 1.2
    width = max(1, math.ceil(end / N_BARS))
    edges = np.arange(0.0, end + width, width)
    within = np.histogram(counts.updates, bins=edges, weights=counts.counts)[0]
    shares = within / counts.n
    beyond = float(1.0 - (within / counts.n).sum())
    return {"edges": edges.tolist(), "shares": shares.tolist(), "share_beyond": beyond}


class Plane(NamedTuple):
    """The joint sampling distribution of mean and largest, exact, on a grid with an empty margin.

    The grid has equal steps of the mean, and of the logarithm of the largest.
    """

    mean: SamplingDistribution
    largest: SamplingDistribution
    means: FloatArray  # (a,), middles of cells
    logs: FloatArray  # (b,), of the largest
    mass: FloatArray  # (a, b)
    density: FloatArray  # (a, b), the mass with a Gaussian, against a finite population's noise


def map_studies(counts: CountTable) -> Plane | None:
    """Return the plane of the studies of a population; None where they hardly differ."""
    if counts.updates[-1] - counts.updates[0] > MAX_SPAN:
        return None
    # Both margins, and where nearly all of their mass lies.
    runs = load_reported().runs
    largest = SamplingDistribution(*convolution.compute_max_mass(counts, runs))
    if not 1 <= largest.find_quantile(SHOWN_MAX[0]) < largest.find_quantile(SHOWN_MAX[1]):
        return None
    mean = SamplingDistribution(*convolution.compute_mean_mass(counts, runs))
    left, right = (mean.find_quantile(q) for q in (1e-7, 1.0 - 1e-7))
    first, last = (largest.find_quantile(q) for q in (1e-5, 1.0 - 1e-5))
    # Edges of the cells in both directions, and the mass in each of them.
    edges = np.linspace(left - 0.5 / runs, right + 0.5 / runs, N_MEAN_CELLS + 1)
    steps = np.linspace(np.log(first - 0.5), np.log(last + 0.5), N_MAX_CELLS + 1)
    cells = convolution.compute_joint_mass(counts, runs, mean_edges=edges, max_edges=np.exp(steps))
    # A margin of empty cells closes every outline.
    mass = np.pad(cells / cells.sum(), MARGIN)
    means, logs = (
        ends[0] + (ends[1] - ends[0]) * (np.arange(ends.size - 1 + 2 * MARGIN) - MARGIN + 0.5)
        for ends in (edges, steps)
    )
    density = gaussian_filter(mass, SMOOTHING, mode="constant")
    return Plane(mean, largest, means, logs, mass, density)


def describe_joint(counts: CountTable, plane: Plane) -> dict[str, Any]:
    """Return what the figure shows of the joint sampling distribution."""
    regions = find_regions(plane)
    mean = float(load_reported().mean)
    top = int(load_reported().max)
    # Both axes show the outer region, or most of the largest counts, and the reported number.
    shown = [*(x for line in regions[0] for x in line["mean"]), mean]
    low, high = (plane.largest.find_quantile(q) for q in SHOWN_MAX)
    max_edges = np.geomspace(0.92 * min(low, top), 1.08 * max(high, top), N_BARS_OF_MAX + 1)
    shape = (N_STUDIES, load_reported().runs)
    shares = counts.counts / counts.n_converged
    drawn = np.random.default_rng(STUDY_SEED).choice(counts.updates, shape, p=shares)
    studies = {"mean": drawn.mean(axis=1).tolist(), "max": drawn.max(axis=1).tolist()}
    joint: dict[str, Any] = {"regions": regions, "studies": studies}
    for name, distribution, edges in (
        ("mean", plane.mean, _cut(min(shown), max(shown))),
        ("max", plane.largest, max_edges),
    ):
        share, _ = np.histogram(distribution.values, bins=edges, weights=distribution.mass)
        joint |= {f"{name}_edges": edges.tolist(), f"{name}_share": share.tolist()}
    return joint


def find_regions(plane: Plane) -> list[list[dict[str, Any]]]:
    """Return the outlines of regions that hold the shares `REGION_LEVELS` of all studies.

    A region, which may have several parts and holes, is where the density is highest; the share in
    it is exact.
    """
    # Cells from the densest on: a region is the first ones whose mass reaches its level.
    order = np.argsort(-plane.density, axis=None, kind="stable")
    ordered = plane.density.ravel()[order]
    within = np.cumsum(plane.mass.ravel()[order])
    contours = contourpy.contour_generator(x=plane.means, y=plane.logs, z=plane.density.T)
    levels = [float(ordered[within >= level][0]) for level in REGION_LEVELS]
    regions: Any = [contours.lines(level) for level in levels]  # lines are (n_points, 2) each
    return [
        [{"mean": line[:, 0].tolist(), "max": np.exp(line[:, 1]).tolist()} for line in region]
        for region in regions
    ]


def measure_unusualness(plane: Plane) -> dict[str, float]:
    """Return the share of studies at least as unusual as that of 1988, for three meanings of it.

    Mahalanobis' distance of both logarithms from their average; and the density of studies, with a
    logarithmic axis of the largest or a plain one.
    """
    mean = float(load_reported().mean)
    largest = float(load_reported().max)
    # Cells as points, weighted by their mass.
    rows, columns = np.nonzero(plane.mass)
    weights = plane.mass[rows, columns]
    smallest = 0.5 / load_reported().runs  # to which a mean of 0 is rounded up
    points = np.stack([np.log(np.maximum(plane.means[rows], smallest)), plane.logs[columns]])
    centre = np.average(points, axis=1, weights=weights)[:, None]
    inverse = np.linalg.inv(np.cov(points, aweights=weights))
    offsets = points - centre, np.log([[mean], [largest]]) - centre  # (2, n_cells), (2, 1)
    away, own = (np.einsum("ik,ij,jk->k", each, inverse, each) for each in offsets)  # squared
    # The cell of the reported study, in which the density is compared.
    at = np.abs(plane.means - mean).argmin(), np.abs(plane.logs - np.log(largest)).argmin()
    plain = plane.density / np.exp(plane.logs)
    return {
        "mahalanobis": float(weights[away >= own].sum()),
        "density-log": float(plane.mass[plane.density <= plane.density[at]].sum()),
        "density": float(plane.mass[plain <= plain[at]].sum()),
    }


def _cut(low: float, high: float) -> FloatArray:
    """Return about 60 cells of a round width that hold both ends."""
    step = (high - low) / N_BARS
    power = 10.0 ** math.floor(math.log10(step))
    width = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step)
    first = math.floor(low / width) - 1
    return np.arange(first, math.ceil(high / width) + 2, dtype=np.float64) * width
