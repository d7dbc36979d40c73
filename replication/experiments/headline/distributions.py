"""The histogram of a population, and how the mean and the maximum of its studies vary.

A study is a random sample of the population, of the size that the paper reports.
"""

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

# The joint figure.
REGION_LEVELS = (0.95, 0.5)  # shares of studies that the outlined regions hold
N_STUDIES = 300  # random studies, which are drawn as dots
STUDY_SEED = 1988
N_BARS_OF_MAX = 40  # of the histogram of largest counts
SHOWN_MAX = (0.001, 0.998)  # quantiles of the largest count between which the figure shows it
MAX_SPAN = 20_000  # updates; a population that spreads further has no such figure
# The grid of means and largest counts, in cells.
N_MEAN_CELLS = 300
N_MAX_CELLS = 120
SMOOTHING = 3.0  # standard deviation of the Gaussian that smooths the density
MARGIN = 12  # empty cells at each side, into which the Gaussian can spread

N_BARS = 60  # about how many bars the histograms of updates and of means have


def make_histogram(counts: CountTable) -> dict[str, Any] | None:
    """Return the share of all networks in each bar of a histogram of their updates.

    ``share_beyond`` is the share that no bar holds: the slowest networks, and those that failed.
    None if no network has converged.
    """
    if counts.n_converged == 0:
        return None
    # To a fifth beyond the 99th percentile or the reported largest, in about `N_BARS` bars.
    index = np.searchsorted(np.cumsum(counts.counts), 0.99 * counts.n_converged)
    p99 = int(counts.updates[index])
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
    """The exact joint sampling distribution of mean and largest count, on a grid.

    The grid has equal steps of the mean and of the logarithm of the largest count, and an empty
    margin.
    """

    mean: SamplingDistribution
    largest: SamplingDistribution
    means: FloatArray  # (a,), middles of cells
    logs: FloatArray  # (b,), middles of cells: logarithms of the largest count
    mass: FloatArray  # (a, b), probabilities
    density: FloatArray  # (a, b), the mass, smoothed since a finite population is uneven


def map_studies(counts: CountTable) -> Plane | None:
    """Return the joint sampling distribution of mean and largest count of a population's studies.

    None if the population spreads too far, or if the studies hardly differ.
    """
    if counts.updates[-1] - counts.updates[0] > MAX_SPAN:
        return None
    # The distribution of each by itself, and where nearly all of its mass lies.
    runs = load_reported().runs
    largest = SamplingDistribution(*convolution.compute_max_mass(counts, runs))
    least_shown, most_shown = (largest.find_quantile(share) for share in SHOWN_MAX)
    if not 1 <= least_shown < most_shown:
        return None
    mean = SamplingDistribution(*convolution.compute_mean_mass(counts, runs))
    least_mean = mean.find_quantile(1e-7)
    most_mean = mean.find_quantile(1.0 - 1e-7)
    least = largest.find_quantile(1e-5)
    most = largest.find_quantile(1.0 - 1e-5)
    # Edges of the cells in both directions, and the mass in each of them.
    mean_edges = np.linspace(least_mean - 0.5 / runs, most_mean + 0.5 / runs, N_MEAN_CELLS + 1)
    log_edges = np.linspace(np.log(least - 0.5), np.log(most + 0.5), N_MAX_CELLS + 1)
    cells = convolution.compute_joint_mass(
        counts, runs, mean_edges=mean_edges, max_edges=np.exp(log_edges)
    )
    # A margin of empty cells closes every outline.
    mass = np.pad(cells / cells.sum(), MARGIN)
    density = gaussian_filter(mass, SMOOTHING, mode="constant")
    return Plane(
        mean=mean,
        largest=largest,
        means=_find_middles(mean_edges),
        logs=_find_middles(log_edges),
        mass=mass,
        density=density,
    )


def _find_middles(edges: FloatArray) -> FloatArray:
    """Return the middles of equal cells between `edges`, and of the cells of both margins."""
    n_cells = edges.size - 1
    # Distances from the first edge, in cells.
    distances = np.arange(n_cells + 2 * MARGIN) - MARGIN + 0.5
    return np.asarray(edges[0] + (edges[1] - edges[0]) * distances)


def describe_joint(counts: CountTable, plane: Plane) -> dict[str, Any]:
    """Return what the joint figure shows: regions, random studies, and both histograms."""
    regions = find_regions(plane)
    # The axis of the mean shows the outer region and the reported mean.
    means = [float(load_reported().mean)]
    for line in regions[0]:
        means.extend(line["mean"])
    mean_edges = _make_edges(min(means), max(means))
    # The other axis shows nearly all largest counts and the reported one.
    reported = int(load_reported().max)
    least = min(plane.largest.find_quantile(SHOWN_MAX[0]), reported)
    most = max(plane.largest.find_quantile(SHOWN_MAX[1]), reported)
    max_edges = np.geomspace(0.92 * least, 1.08 * most, N_BARS_OF_MAX + 1)
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
    """Return the probability between each two neighbouring edges."""
    mass, _ = np.histogram(distribution.values, bins=edges, weights=distribution.mass)
    shares: list[float] = mass.tolist()
    return shares


Outline = dict[str, list[float]]
"""A closed line: the coordinates ``mean`` and ``max`` of its points."""


def find_regions(plane: Plane) -> list[list[Outline]]:
    """Return the outlines of regions that hold the shares `REGION_LEVELS` of all studies.

    A region consists of the densest cells. How many these are is found from their exact mass, not
    from the smoothed density. A region may have several parts and holes, so it may have several
    outlines.
    """
    # Cells from the densest on: a region takes cells until their mass reaches its level.
    order = np.argsort(-plane.density, axis=None, kind="stable")
    densities = plane.density.ravel()[order]
    within = np.cumsum(plane.mass.ravel()[order])
    contours = contourpy.contour_generator(x=plane.means, y=plane.logs, z=plane.density.T)
    regions = []
    for level in REGION_LEVELS:
        threshold = float(densities[within >= level][0])
        regions.append([_name_axes(line) for line in contours.lines(threshold)])
    return regions


def _name_axes(line: Any) -> Outline:
    """Return a line of `contourpy`, (n_points, 2), as an outline."""
    means = line[:, 0]
    largest = np.exp(line[:, 1])
    return {"mean": means.tolist(), "max": largest.tolist()}


def measure_unusualness(plane: Plane) -> dict[str, float]:
    """Return the share of studies at least as unusual as that of 1988, by three measures.

    ``mahalanobis``: a study is unusual if it is far from the average study, by Mahalanobis'
    distance of the logarithms of mean and largest count. ``density-log`` and ``density``: a study
    is unusual if few studies lie near it, on a logarithmic or on a plain axis of the largest count.
    """
    mean = float(load_reported().mean)
    largest = float(load_reported().max)
    # The cell of the reported study, in which the density is compared.
    row = np.abs(plane.means - mean).argmin()
    column = np.abs(plane.logs - np.log(largest)).argmin()
    # The density per update is the density per unit of the logarithm, divided by the updates.
    plain_density = plane.density / np.exp(plane.logs)
    is_rarer = plane.density <= plane.density[row, column]
    is_rarer_on_plain_axis = plain_density <= plain_density[row, column]
    return {
        "mahalanobis": measure_far_share(plane, mean, largest),
        "density-log": float(plane.mass[is_rarer].sum()),
        "density": float(plane.mass[is_rarer_on_plain_axis].sum()),
    }


def measure_far_share(plane: Plane, mean: float, largest: float) -> float:
    """Return the share of studies at least as far from the average as a study with these numbers.

    The distance is that of Mahalanobis, of the logarithms of mean and largest count.
    """
    # Cells as points, weighted by their mass.
    rows, columns = np.nonzero(plane.mass)
    weights = plane.mass[rows, columns]
    smallest = 0.5 / load_reported().runs  # counts in place of a mean of 0, which has no logarithm
    means = np.maximum(plane.means[rows], smallest)
    points = np.stack([np.log(means), plane.logs[columns]])  # (2, n_cells)
    centre = np.average(points, axis=1, weights=weights)[:, None]
    inverse = np.linalg.inv(np.cov(points, aweights=weights))

    def square_distances(offsets: FloatArray) -> FloatArray:
        """Return squared distances (n,) of offsets (2, n) from the average."""
        return np.asarray(np.einsum("ik,ij,jk->k", offsets, inverse, offsets))

    distances = square_distances(points - centre)
    distance_of_study = square_distances(np.log([[mean], [largest]]) - centre)
    return float(weights[distances >= distance_of_study].sum())


def _make_edges(low: float, high: float) -> FloatArray:
    """Return the edges of about `N_BARS` bars of a round width, which reach beyond both ends."""
    least_width = (high - low) / N_BARS
    power = 10.0 ** math.floor(math.log10(least_width))
    # Round is 1, 2, 5 and 10 times a power of ten.
    round_widths = [factor * power for factor in (1, 2, 5, 10)]
    width = next(each for each in round_widths if each >= least_width)
    # One more bar on each side.
    first = math.floor(low / width) - 1
    last = math.ceil(high / width) + 1
    return np.arange(first, last + 1, dtype=np.float64) * width
