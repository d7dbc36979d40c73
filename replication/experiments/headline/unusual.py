"""How unusual the reported pair is, for several meanings of unusual, by drawing studies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from replication.definition.claims import load_reported
from replication.experiments.studies import SEED, draw_studies
from replication.statistics.counts import CountTable

FloatArray = NDArray[np.float64]
Density = Callable[[float | FloatArray, float | FloatArray], FloatArray]

N_STUDIES = 400_000
N_CELLS, SMOOTHING, MARGIN = 200, 3.0, 12
"""Of the grid on which the density is estimated: cells a side, and standard deviation and margin
in cells."""
TAIL = 1e-4  # share of studies beyond each side of that grid: there the density counts as 0


def measure_unusualness(counts: CountTable) -> dict[str, float | None]:
    """Return the share of studies at least as unusual, by meaning; None if they hardly differ."""
    reported = load_reported()
    mean, largest = float(reported.mean), float(reported.max)
    means, maxima = draw_studies(counts, N_STUDIES)
    if np.ptp(means) == 0.0 or np.ptp(maxima) == 0.0:
        return dict.fromkeys(("mahalanobis", "density-log", "density"))
    logs = np.log(np.stack([means, maxima]))
    centre, inverse = logs.mean(axis=1), np.linalg.inv(np.cov(logs))

    def measure_distance(points: FloatArray) -> FloatArray:
        away = points - centre[:, None]
        return np.asarray(np.einsum("ik,ij,jk->k", away, inverse, away))

    ours = measure_distance(np.log([[mean], [largest]]))
    # Largest counts are whole numbers: spread over their cells, they leave no gaps in the grid.
    spread = maxima + np.random.default_rng(SEED).uniform(-0.5, 0.5, N_STUDIES)
    find_density = estimate_density(means, np.log(spread))
    density, of_reported = find_density(means, logs[1]), find_density(mean, np.log(largest))
    return {
        "mahalanobis": float(np.mean(measure_distance(logs) >= ours)),
        "density-log": float(np.mean(density <= of_reported)),
        "density": float(np.mean(density / maxima <= of_reported / largest)),
    }


def estimate_density(x: FloatArray, y: FloatArray) -> Density:
    """Return a function that estimates the joint density of x and y on a grid; outside of it, 0."""
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
