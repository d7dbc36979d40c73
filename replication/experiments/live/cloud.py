"""The table of updates from which the page on studies draws its networks.

The page cannot hold the outcomes of all networks. It holds a table of quantiles, which are closer
to each other for the rare, large numbers, because the largest number of a study counts.
"""

import numpy as np
from numpy.typing import NDArray

from replication.definition.fields import Criterion
from replication.definition.protocol import Protocol
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample

MEANINGS: tuple[Criterion, ...] = (
    "every-unit",
    "every-unit-squared",
    "every-unit-half-squared",
    "half-squared-error",
    "worst-pattern",
)
"""The meanings that "error" may have in the paper."""
STEP = 0.1
"""Entry k of a table is the number of updates that a share exp(-k STEP) of all networks reaches."""


def tabulate_studies(sample: Sample) -> list[Model]:
    """Return the table of the converged networks' updates, for each meaning of error."""
    rows = []
    for name in MEANINGS:
        outcomes = sample.simulate(Protocol(criterion=name))
        updates = outcomes.updates[outcomes.converged]
        rows.append({"criterion": name, "updates": tabulate(updates)})
    return rows


def tabulate(updates: NDArray[np.integer]) -> list[int]:
    """Return the numbers of updates that shares exp(-k STEP) of the networks reach or exceed.

    The first is the smallest of all numbers, and the last one is the largest.

    >>> tabulate(np.array([30, 40, 50]))
    [30, 30, 30, 30, 30, 40, 40, 40, 40, 40, 40, 50]
    """
    # How many networks take at least so long: all of them, 90.5 %, 81.9 %, ..., and at last one.
    n = len(updates)
    n_levels = np.floor(np.log(n) / STEP) + 2
    levels = n * np.exp(-STEP * np.arange(n_levels))
    n_shorter = n - np.ceil(levels).astype(int)  # how many take less
    longest = np.sort(updates)[n_shorter]
    return [int(each) for each in longest]
