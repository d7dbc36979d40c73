"""What one change does, network by network: the same initial weights under two readings."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from replication.errors import UsageError
from replication.statistics.intervals import Estimate, estimate_mean, estimate_proportion


@dataclasses.dataclass(frozen=True)
class Contrast:
    """A second condition against a first one, on the same n networks.

    `change` is the mean of second minus first, in updates, with its paired t interval; `slower`,
    `faster` and `same` are the shares of the networks for which the second is larger, smaller,
    equal (Clopper-Pearson).
    """

    n: int
    change: Estimate
    slower: Estimate
    faster: Estimate
    same: Estimate


def compare_paired(first: npt.ArrayLike, second: npt.ArrayLike, *, level: float = 0.95) -> Contrast:
    """Compare two conditions network by network, failures counted at the common cap.

    >>> contrast = compare_paired([40, 50, 60, 45], [44, 55, 60, 47])
    >>> contrast.change.value, contrast.slower.value
    (2.75, 0.75)
    """
    one, other = read_pairs(first, second)
    n = one.size
    slower, faster = int((other > one).sum()), int((other < one).sum())
    return Contrast(
        n,
        estimate_mean(other - one, level=level),
        estimate_proportion(slower, n, level=level),
        estimate_proportion(faster, n, level=level),
        estimate_proportion(n - slower - faster, n, level=level),
    )


def read_pairs(first: npt.ArrayLike, second: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the outcomes of the same networks under two conditions, (2, n)."""
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.ndim != 1 or one.shape != other.shape or one.size < 2:
        raise UsageError(
            f"outcomes of shapes {one.shape} and {other.shape} were given; a paired comparison "
            "needs two equally long rows of at least two networks"
        )
    return np.stack([one, other])
