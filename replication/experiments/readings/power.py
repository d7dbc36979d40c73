"""How often the test of the headline would reject, if the networks of 1988 had been others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import load_reported
from replication.experiments.headline.unusual import draw_studies
from replication.statistics.convolution import (
    compute_joint_mass,
    compute_max_mass,
    compute_mean_mass,
)
from replication.statistics.counts import CountTable

FloatArray = NDArray[np.float64]

N_STUDIES = 20_000
NEGLIGIBLE = 1e-12
"""Means and largest counts less probable than this are never accepted."""


def rank_studies(counts: CountTable) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the exact p of every study: its mean, rounded, and its largest count.

    Parameters
    ----------
    counts : CountTable
        Of the population that the test takes to be true.

    Returns
    -------
    means : float64 array, shape (a,)
        Whole numbers that follow one another.
    maxima : float64 array, shape (b,)
        Ascending.
    p : float64 array, shape (a, b)
        Share of studies whose smaller tail is at most as large: the tail of the largest count, or
        that of the mean given the largest count.
    """
    runs = load_reported().runs
    maxima, chances = compute_max_mass(counts, runs)
    maxima, chances = maxima[chances > NEGLIGIBLE], chances[chances > NEGLIGIBLE]
    possible, mass = compute_mean_mass(counts, runs)
    possible = possible[mass > NEGLIGIBLE]
    means = np.arange(math.floor(possible[0]), math.ceil(possible[-1]) + 1.0)
    ends = np.append(maxima, maxima[-1] + 1.0)
    cells = compute_joint_mass(
        counts, runs, mean_edges=np.append(means - 0.5, means[-1] + 0.5), max_edges=ends
    )
    up_to, from_on = cells.cumsum(axis=0), cells[::-1].cumsum(axis=0)[::-1]
    of_mean = np.minimum(up_to, from_on) / np.maximum(up_to[-1], NEGLIGIBLE**2)
    of_max = np.minimum(np.cumsum(chances), np.cumsum(chances[::-1])[::-1])
    smaller = np.minimum(of_mean, of_max)
    order = np.argsort(smaller, axis=None)
    ascending, share = smaller.ravel()[order], np.cumsum(cells.ravel()[order])
    last = np.searchsorted(ascending, ascending * (1.0 + 1e-9), side="right") - 1
    p = np.empty(cells.size)
    p[order] = share[last]
    return means, maxima, p.reshape(cells.shape)


def measure_power(
    ranked: tuple[FloatArray, FloatArray, FloatArray], truth: CountTable, *, level: float
) -> dict[str, Any]:
    """Return how often studies of another population are rejected, `ranked` being taken as true.

    Returns
    -------
    dict
        ``share`` of `N_STUDIES` studies drawn from the converged of `truth` that are rejected, and
        its standard ``error``.
    """
    means, maxima, p = ranked
    drawn_means, drawn_maxima = draw_studies(truth, N_STUDIES)
    rows = np.floor(drawn_means + 0.5) - means[0]
    # A largest count that the population lacks is judged as the next larger one that it has.
    columns = np.minimum(np.searchsorted(maxima, drawn_maxima), len(maxima) - 1)
    is_near = (rows >= 0) & (rows < len(means))
    accepted = p[rows[is_near].astype(np.int64), columns[is_near]] > level
    share = 1.0 - int(np.count_nonzero(accepted)) / N_STUDIES
    return {"share": share, "error": math.sqrt(share * (1.0 - share) / N_STUDIES)}
