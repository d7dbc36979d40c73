"""What one change does, network by network: the same initial weights under two readings."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from replication.analysis.intervals import Estimate, estimate_mean, estimate_proportion
from replication.errors import UsageError

IntArray = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Contrast:
    """A second condition against a first one, on the same networks.

    Parameters
    ----------
    n : int
        Networks.
    change : Estimate
        Mean of second minus first, in updates, with its paired interval (Student's t).
    slower, faster, same : Estimate
        Shares of the networks for which the second is larger, smaller, equal
        (Clopper-Pearson).
    """

    n: int
    change: Estimate
    slower: Estimate
    faster: Estimate
    same: Estimate


def compare_paired(first: npt.ArrayLike, second: npt.ArrayLike, *, level: float = 0.95) -> Contrast:
    """Compare two conditions network by network.

    Parameters
    ----------
    first, second : array_like of float, shape (n,)
        Updates of the same networks, failures counted at the common cap.
    level : float
        Coverage of the intervals.

    Raises
    ------
    UsageError
        If the two differ in length, or there are fewer than two networks.

    Examples
    --------
    >>> contrast = compare_paired([40, 50, 60, 45], [44, 55, 60, 47])
    >>> contrast.change.value, contrast.slower.value
    (2.75, 0.75)
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.ndim != 1 or one.shape != other.shape or one.size < 2:
        raise UsageError(
            f"outcomes of shapes {one.shape} and {other.shape} were given; a paired contrast "
            "needs two equally long rows of at least two networks"
        )
    n = one.size
    slower, faster = int((other > one).sum()), int((other < one).sum())
    return Contrast(
        n,
        estimate_mean(other - one, level=level),
        estimate_proportion(slower, n, level=level),
        estimate_proportion(faster, n, level=level),
        estimate_proportion(n - slower - faster, n, level=level),
    )


@dataclasses.dataclass(frozen=True)
class AverageContrast:
    """One value of a choice against its base value, averaged over all else.

    Parameters
    ----------
    n_pairs : int
        Pairs of readings that differ in this choice alone.
    change : Estimate
        Mean change, in updates; its interval is Student's t over networks, each
        averaged over the pairs first, so that what they share is allowed for.
    smallest, largest : float
        Mean change in single pairs.
    """

    n_pairs: int
    change: Estimate
    smallest: float
    largest: float


def average_contrasts(
    outcomes: npt.NDArray[np.number], pairs: IntArray, *, level: float = 0.95
) -> AverageContrast:
    """Average the contrasts of pairs of readings.

    Parameters
    ----------
    outcomes : array, shape (n_readings, n_networks)
        Updates of the same networks under each reading, failures at the cap.
    pairs : int64[n_pairs, 2]
        From `find_pairs`; at least one.
    level : float
    """
    changes = np.zeros(outcomes.shape[1])
    means = []
    for one, other in pairs:
        change = outcomes[other].astype(np.float64) - outcomes[one]
        means.append(float(change.mean()))
        changes += change
    return AverageContrast(
        len(pairs), estimate_mean(changes / len(pairs), level=level), min(means), max(means)
    )


def find_pairs(levels: IntArray, *, choice: int, base_value: int, value: int) -> IntArray:
    """Return the pairs of readings that differ in one choice alone, int64[n_pairs, 2].

    Parameters
    ----------
    levels : int64[n_readings, n_choices]
        Which value of each choice a reading has.
    choice, base_value, value : int
        The first of a pair has `base_value`, the second `value`.
    """
    places = {tuple(row): i for i, row in enumerate(levels.tolist())}
    pairs = []
    for row, i in places.items():
        if row[choice] != base_value:
            continue
        other = places.get((*row[:choice], value, *row[choice + 1 :]))
        if other is not None:
            pairs.append((i, other))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)
