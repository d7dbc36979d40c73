"""The exact p of every study that a population can give: how unusual each pair of numbers is."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

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

NEGLIGIBLE = 1e-12
"""Means and largest counts less probable than this are left out."""


class Ranked(NamedTuple):
    """The p of studies by mean and largest count.

    `means` (a,): rounded to whole numbers, which follow one another. `maxima` (b,): ascending. `p`
    (a, b): share of studies whose smaller tail is at most as large: the tail of the largest count,
    or that of the mean given the largest count.
    """

    means: FloatArray
    maxima: FloatArray
    p: FloatArray


def rank_studies(counts: CountTable) -> Ranked:
    """Return the exact p of every study: its mean, rounded, and its largest count.

    `counts`: of the population that the test takes to be true.
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
    return Ranked(means, maxima, p.reshape(cells.shape))


def find_less_extreme(ranked: Ranked) -> dict[str, Any] | None:
    """Return which studies are less extreme than the reported one, and the share of all others.

    Returns ``share`` of studies at least as extreme; of the less extreme ones ``max``, every
    largest count, with the rounded means from ``low`` to ``high``. None where the reported pair
    cannot occur.
    """
    reported = load_reported()
    row = np.flatnonzero(ranked.means == int(reported.mean))
    column = np.flatnonzero(ranked.maxima == int(reported.max))
    if row.size == 0 or column.size == 0:
        return None
    share = float(ranked.p[row[0], column[0]])
    rows = [
        (int(top), int(span[0]), int(span[-1]))
        for top, flags in zip(ranked.maxima, (ranked.p > share * (1.0 + 1e-9)).T, strict=True)
        if (span := ranked.means[flags]).size
    ]
    return {
        "share": share,
        "max": [row[0] for row in rows],
        "low": [row[1] for row in rows],
        "high": [row[2] for row in rows],
    }
