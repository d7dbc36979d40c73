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
    place = np.searchsorted(np.cumsum(counts.counts), 0.99 * counts.n_converged)
    p99 = int(counts.updates[place])
    end = max(p99, int(load_reported().max)) * 1.2
    width = max(1, math.ceil(end / N_BARS))
    edges = np.arange(0.0, end + width, width)
    within, _ = np.histogram(counts.updates, bins=edges, weights=counts.counts)
    shares = within / counts.n
    return {
        "edges": edges.tolist(),
        "shares": shares.tolist(),
        "share_beyond": float(1.0 - shares.sum()),
    }


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
    left = mean.find_quantile(1e-7)
    right = mean.find_quantile(1.0 - 1e-7)
    first = largest.find_quantile(1e-5)
    last = largest.find_quantile(1.0 - 1e-5)
    # Edges of the cells in both directions, and the mass in each of them.
    edges = np.linspace(left - 0.5 / runs, right + 0.5 / runs, N_MEAN_CELLS + 1)
    steps = np.linspace(np.log(first - 0.5), np.log(last + 0.5), N_MAX_CELLS + 1)
    cells = convolution.compute_joint_mass(counts, runs, mean_edges=edges, max_edges=np.exp(steps))
    # A margin of empty cells closes every outline.
    mass = np.pad(cells / cells.sum(), MARGIN)
    density = gaussian_filter(mass, SMOOTHING, mode="constant")
    return Plane(
        mean=mean,
        largest=largest,
        means=_find_middles(edges),
        logs=_find_middles(steps),
        mass=mass,
        density=density,
    )


def _find_middles(edges: FloatArray) -> FloatArray:
    """Return the middles of cells with equal steps, and of those of the margins."""
    n_cells = edges.size - 1
    places = np.arange(n_cells + 2 * MARGIN) - MARGIN + 0.5
    return np.asarray(edges[0] + (edges[1] - edges[0]) * places)


def describe_joint(counts: CountTable, plane: Plane) -> dict[str, Any]:
    """Return what the figure shows of the joint sampling distribution."""
    regions = find_regions(plane)
    # Both axes show the outer region, or most of the largest counts, and the reported number.
    shown = [float(load_reported().mean)]
    for line in regions[0]:
        shown.extend(line["mean"])
    mean_edges = _cut(min(shown), max(shown))
    top = int(load_reported().max)
    low = min(plane.largest.find_quantile(SHOWN_MAX[0]), top)
    high = max(plane.largest.find_quantile(SHOWN_MAX[1]), top)
    max_edges = np.geomspace(0.92 * low, 1.08 * high, N_BARS_OF_MAX + 1)
    # Some studies, drawn at random from the population.
    shape = (N_STUDIES, load_reported().runs)
    shares = counts.counts / counts.n_converged
    drawn = np.random.default_rng(STUDY_SEED).choice(counts.updates, shape, p=shares)
    return {
        "regions": regions,
        "studies": {"mean": drawn.mean(axis=1).tolist(), "max": drawn.max(axis=1).tolist()},
        "mean_edges": mean_edges.tolist(),
        "mean_share": _sum_mass(plane.mean, mean_edges),
        "max_edges": max_edges.tolist(),
        "max_share": _sum_mass(plane.largest, max_edges),
    }


def _sum_mass(distribution: SamplingDistribution, edges: FloatArray) -> list[float]:
    """Return how much of a distribution lies between each two edges."""
    mass, _ = np.histogram(distribution.values, bins=edges, weights=distribution.mass)
    shares: list[float] = mass.tolist()
    return shares


Outline = dict[str, list[float]]
"""One closed line by its points, ``mean`` and ``max``."""


def find_regions(plane: Plane) -> list[list[Outline]]:
    """Return the outlines of regions that hold the shares `REGION_LEVELS` of all studies.

    A region, which may have several parts and holes, is where the density is highest; the share in
    it is exact.
    """
    # Cells from the densest on: a region is the first ones whose mass reaches its level.
    order = np.argsort(-plane.density, axis=None, kind="stable")
    ordered = plane.density.ravel()[order]
    within = np.cumsum(plane.mass.ravel()[order])
    contours = contourpy.contour_generator(x=plane.means, y=plane.logs, z=plane.density.T)
    regions = []
    for level in REGION_LEVELS:
        density = float(ordered[within >= level][0])
        regions.append([_name_axes(line) for line in contours.lines(density)])
    return regions


def _name_axes(line: Any) -> Outline:
    """Return a line of `contourpy`, (n_points, 2), by the axes of the plane."""
    means = line[:, 0]
    largest = np.exp(line[:, 1])
    return {"mean": means.tolist(), "max": largest.tolist()}


def measure_unusualness(plane: Plane) -> dict[str, float]:
    """Return the share of studies at least as unusual as that of 1988, for three meanings of it.

    Mahalanobis' distance of both logarithms from their average; and the density of studies, with a
    logarithmic axis of the largest or a plain one.
    """
    mean = float(load_reported().mean)
    largest = float(load_reported().max)
    # The cell of the reported study, in which the density is compared.
    row = np.abs(plane.means - mean).argmin()
    column = np.abs(plane.logs - np.log(largest)).argmin()
    plain = plane.density / np.exp(plane.logs)
    is_rarer = plane.density <= plane.density[row, column]
    is_rarer_on_plain_axis = plain <= plain[row, column]
    return {
        "mahalanobis": measure_far_share(plane, mean, largest),
        "density-log": float(plane.mass[is_rarer].sum()),
        "density": float(plane.mass[is_rarer_on_plain_axis].sum()),
    }


def measure_far_share(plane: Plane, mean: float, largest: float) -> float:
    """Return the share of studies at least as far from their average as a study.

    By Mahalanobis' distance of both logarithms.
    """
    # Cells as points, weighted by their mass.
    rows, columns = np.nonzero(plane.mass)
    weights = plane.mass[rows, columns]
    smallest = 0.5 / load_reported().runs  # to which a mean of 0 is rounded up
    means = np.maximum(plane.means[rows], smallest)
    points = np.stack([np.log(means), plane.logs[columns]])  # (2, n_cells)
    centre = np.average(points, axis=1, weights=weights)[:, None]
    inverse = np.linalg.inv(np.cov(points, aweights=weights))

    def square_distances(offsets: FloatArray) -> FloatArray:
        """Return squared distances (n,) of offsets (2, n) from the average."""
        return np.asarray(np.einsum("ik,ij,jk->k", offsets, inverse, offsets))

    away = square_distances(points - centre)
    own = square_distances(np.log([[mean], [largest]]) - centre)
    return float(weights[away >= own].sum())


def _cut(low: float, high: float) -> FloatArray:
    """Return about 60 cells of a round width that hold both ends."""
    step = (high - low) / N_BARS
    power = 10.0 ** math.floor(math.log10(step))
    # The next of 1, 2, 5 and 10 times a power of ten.
    width = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step)
    # A cell more on each side.
    first = math.floor(low / width) - 1
    last = math.ceil(high / width) + 1
    return np.arange(first, last + 1, dtype=np.float64) * width
