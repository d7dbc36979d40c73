"""How unusual the reported pair is, for several meanings of unusual, by drawing studies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from replication.claims import load_reported
from replication.statistics.counts import CountTable

FloatArray = NDArray[np.float64]
Density = Callable[[float | FloatArray, float | FloatArray], FloatArray]

N_STUDIES = 400_000
STUDIES_AT_ONCE = 20_000
SEED = 1988
MAX_NETWORKS = 2**22
"""A larger population is represented by so many of its quantiles."""
N_CELLS, SMOOTHING, MARGIN = 200, 3.0, 12
"""Of the grid on which the density is estimated: cells a side, and standard deviation and margin
in cells."""
TAIL = 1e-4
"""Share of studies beyond each side of that grid: there the density counts as 0."""


def draw_studies(counts: CountTable, n_studies: int = N_STUDIES) -> tuple[FloatArray, FloatArray]:
    """Return mean and largest count of studies drawn from the converged of a population."""
    runs = load_reported().runs
    n = min(counts.n_converged, MAX_NETWORKS)
    ranks = (np.arange(n) + 0.5) / n * counts.n_converged
    networks = counts.updates[np.searchsorted(np.cumsum(counts.counts), ranks)].astype(np.int32)
    generator = np.random.default_rng(SEED)
    means, maxima = np.empty(n_studies), np.empty(n_studies)
    for start in range(0, n_studies, STUDIES_AT_ONCE):
        part = slice(start, min(start + STUDIES_AT_ONCE, n_studies))
        drawn = networks[generator.integers(n, size=(part.stop - start, runs), dtype=np.int32)]
        means[part], maxima[part] = drawn.mean(axis=1), drawn.max(axis=1)
    return means, maxima


def measure_unusualness(counts: CountTable, n_studies: int = N_STUDIES) -> dict[str, float | None]:
    """Return the share of studies at least as unusual as the reported one, by meaning.

    Returns ``mahalanobis``: at least as far from the mean of all, logarithms of mean and largest
    count scaled by their covariance; ``density-log`` and ``density``: of a joint density at most
    as high, that of mean and logarithm of the largest count, or of mean and largest count. None
    where studies hardly differ.
    """
    reported = load_reported()
    mean, largest = float(reported.mean), float(reported.max)
    means, maxima = draw_studies(counts, n_studies)
    if np.ptp(means) == 0.0 or np.ptp(maxima) == 0.0:
        return dict.fromkeys(("mahalanobis", "density-log", "density"))
    logs = np.log(np.stack([means, maxima]))
    centre, inverse = logs.mean(axis=1), np.linalg.inv(np.cov(logs))

    def measure_distance(points: FloatArray) -> FloatArray:
        away = points - centre[:, None]
        return np.asarray(np.einsum("ik,ij,jk->k", away, inverse, away))

    ours = measure_distance(np.log([[mean], [largest]]))
    # Largest counts are whole numbers: spread over their cells, they leave no gaps in the grid.
    spread = maxima + np.random.default_rng(SEED).uniform(-0.5, 0.5, n_studies)
    find_density = estimate_density(means, np.log(spread))
    density, of_reported = find_density(means, logs[1]), find_density(mean, np.log(largest))
    return {
        "mahalanobis": float(np.mean(measure_distance(logs) >= ours)),
        "density-log": float(np.mean(density <= of_reported)),
        "density": float(np.mean(density / maxima <= of_reported / largest)),
    }


def estimate_density(x: FloatArray, y: FloatArray) -> Density:
    """Return a function of x and y that estimates their joint density, up to a factor.

    Cells of a grid that holds nearly all points, smoothed by a Gaussian; outside of it, 0.
    """
    spans = [np.quantile(values, (TAIL, 1.0 - TAIL)) for values in (x, y)]
    edges = [np.linspace(low, high, N_CELLS + 1) for low, high in spans]
    cells = np.pad(np.histogram2d(x, y, bins=edges)[0], MARGIN)
    smooth = gaussian_filter(cells, SMOOTHING, mode="constant")[MARGIN:-MARGIN, MARGIN:-MARGIN]
    bordered = np.pad(smooth, 1)

    def find_density(x: float | FloatArray, y: float | FloatArray) -> FloatArray:
        places = [
            np.searchsorted(edge, values, side="right")
            for edge, values in zip(edges, (x, y), strict=True)
        ]
        return np.asarray(bordered[tuple(places)])

    return find_density
