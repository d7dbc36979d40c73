"""Trial studies: drawn from a law whose true values are known, to count what intervals hold."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from replication.analysis.counts import CountTable

MIN_COVERAGE = 0.94
MEAN_COVERAGE = (0.93, 0.97)
MEAN_FROM = 10_000
PROPORTION_RULE = "at least 94 %"
MEAN_RULE = "93 to 97 % from 10,000 networks on"


def draw_studies(
    law: CountTable, n_networks: int, *, n_studies: int, generator: np.random.Generator
) -> Iterator[CountTable]:
    """Draw the count tables of studies from the law of a large run."""
    weights = np.append(law.counts, law.n_censored) / law.n
    for _ in range(n_studies):
        counts = generator.multinomial(n_networks, weights)
        kept = np.flatnonzero(counts[:-1])
        yield CountTable(law.updates[kept], counts[kept], int(counts[-1]), law.cap)


def count_hits(
    ends: npt.NDArray[np.float64],
    truth: float,
    *,
    n_networks: int,
    requirement: str | None,
    n_errors: float,
) -> dict[str, Any]:
    """Count how often intervals hold the truth.

    Returns
    -------
    dict
        Plain JSON data.

    Parameters
    ----------
    ends : float64[n_studies, 2]
        Ends of the intervals, infinite where unbounded.
    truth : float
    n_networks : int
        Size of each study.
    requirement : str or None
        `PROPORTION_RULE`, `MEAN_RULE` or None.
    n_errors : float
        Standard errors by which the measured coverage may miss it.
    """
    tolerance = 1e-9 * max(1.0, abs(truth))
    too_low = float(np.mean(ends[:, 1] < truth - tolerance))
    too_high = float(np.mean(ends[:, 0] > truth + tolerance))
    coverage = 1.0 - too_low - too_high
    error = math.sqrt(max(coverage * (1 - coverage), 0.0) / ends.shape[0])
    slack = n_errors * error
    meets: bool | None = None
    if requirement == PROPORTION_RULE:
        meets = coverage >= MIN_COVERAGE - slack
    elif requirement == MEAN_RULE and n_networks >= MEAN_FROM:
        meets = MEAN_COVERAGE[0] - slack <= coverage <= MEAN_COVERAGE[1] + slack
    return {
        "n_networks": n_networks,
        "n_studies": int(ends.shape[0]),
        "coverage": coverage,
        "error": error,
        "too_low": too_low,
        "too_high": too_high,
        "median_width": float(np.median(ends[:, 1] - ends[:, 0])),
        "meets": meets,
    }
