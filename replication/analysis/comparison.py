"""Two procedures compared network by network, from the same initial weights."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from replication.analysis.intervals import Estimate, estimate_proportion
from replication.errors import UsageError


@dataclasses.dataclass(frozen=True)
class PairedComparison:
    """How often the first of two procedures is faster on the same network.

    Parameters
    ----------
    n : int
        Pairs.
    faster, tied, slower, no_slower : Estimate
        Shares of pairs, of the first procedure against the second; the last
        is faster or tied.
    difference : Estimate
        Mean of first minus second, in updates, counted at the cap.
    """

    n: int
    faster: Estimate
    tied: Estimate
    slower: Estimate
    no_slower: Estimate
    difference: Estimate


def compare_pairs(
    first: tuple[npt.ArrayLike, npt.ArrayLike],
    second: tuple[npt.ArrayLike, npt.ArrayLike],
    *,
    level: float = 0.95,
) -> PairedComparison:
    """Compare outcomes that belong together pair by pair.

    Parameters
    ----------
    first, second : tuple of (updates, converged), array_like of shape (n,)
        Outcomes of both procedures under one cap.
    level : float
        Nominal coverage of the intervals.

    Returns
    -------
    PairedComparison

    Raises
    ------
    UsageError
        If the arrays differ in length or hold fewer than two pairs.

    Notes
    -----
    A network that converged is faster than one that did not; two that did
    not are tied. Shares have Clopper-Pearson intervals, the mean difference
    one from the normal law.

    Examples
    --------
    >>> compared = compare_pairs(([3, 9, 9], [1, 1, 0]), ([5, 9, 2], [1, 1, 1]))
    >>> compared.faster.value, compared.tied.value, compared.slower.value
    (0.3333333333333333, 0.3333333333333333, 0.3333333333333333)
    """
    updates = [np.asarray(each[0], dtype=np.int64) for each in (first, second)]
    converged = [np.asarray(each[1], dtype=np.bool_) for each in (first, second)]
    n = len(updates[0])
    if n < 2 or any(len(array) != n for array in (*updates, *converged)):
        lengths = [len(array) for array in (*updates, *converged)]
        raise UsageError(
            f"outcomes of lengths {lengths} were given to be compared pair by pair; "
            "give two or more pairs, all arrays of one length"
        )
    # A network that never converged comes after all that did.
    times = [np.where(c, u, np.inf) for u, c in zip(updates, converged, strict=True)]
    faster = int(np.count_nonzero(times[0] < times[1]))
    slower = int(np.count_nonzero(times[0] > times[1]))
    gap = updates[0] - updates[1]
    mean, error = float(gap.mean()), float(gap.std(ddof=1)) / math.sqrt(n)
    reach = _normal_quantile(level) * error
    return PairedComparison(
        n=n,
        faster=estimate_proportion(faster, n, level=level),
        tied=estimate_proportion(n - faster - slower, n, level=level),
        slower=estimate_proportion(slower, n, level=level),
        no_slower=estimate_proportion(n - slower, n, level=level),
        difference=Estimate(mean, mean - reach, mean + reach, "normal", level),
    )


def _normal_quantile(level: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2.0))
