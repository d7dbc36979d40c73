"""How probable it is that a run of one kind lies above a run of another.

It is known as the probability of improvement, as the area under the ROC curve, and from the test of
Mann and Whitney. A tie counts half.

References
----------
Agarwal et al. (2021), Deep reinforcement learning at the edge of the statistical precipice, NeurIPS
34, section 4: its use, averaged over tasks.
Newcombe (2006), Confidence intervals for an effect size measure based on the Mann-Whitney
statistic, part 2, Stat. Med. 25, 559-573, method 5: the interval of two groups.
Wilson (1927), J. Am. Stat. Assoc. 22, 209-212: that of pairs.
"""

import math

import numpy as np
from scipy import special

from replication.statistics.arrays import FloatArray
from replication.statistics.intervals import Estimate
from replication.statistics.shares import find_share_ends

N_HALVINGS = 50  # steps of the bisection that finds an end of an interval


def estimate_improvement(first: FloatArray, second: FloatArray, *, level: float) -> Estimate:
    """Return the probability that a run of the first kind lies above one of the second.

    `first` (n,), `second` (m,): independent runs. `level`: coverage of the interval.

    >>> estimate_improvement(np.array([3.0, 5.0]), np.array([1.0, 4.0]), level=0.95).value
    0.75
    """
    ordered = np.sort(second)
    n_below = np.searchsorted(ordered, first, side="left")
    n_up_to = np.searchsorted(ordered, first, side="right")
    n = first.size
    m = second.size
    # The mean of both counts: a tie is in one of them, so it counts half.
    value = float((n_below + n_up_to).sum()) / (2.0 * n * m)
    quantile = float(special.ndtri(0.5 + level / 2.0))
    low = _find_end(value, n, m, quantile, 0.0)
    high = _find_end(value, n, m, quantile, 1.0)
    return Estimate(value, low, high, level)


def estimate_paired_improvement(gaps: FloatArray, *, level: float) -> Estimate:
    """Return the share of pairs in which the first run lies above the second.

    A tie counts as half. `gaps` (n,): the first run of each pair less the second. `level`: of
    confidence, the coverage of the interval.

    >>> estimate_paired_improvement(np.array([2.0, 1.0, 0.0, -1.0]), level=0.95).value
    0.625
    """
    n_above = float((gaps > 0).sum()) + 0.5 * float((gaps == 0).sum())
    ends = find_share_ends(n_above, gaps.size, float(special.ndtri(0.5 + level / 2.0)))
    return Estimate(n_above / gaps.size, ends.low, ends.high, level)


def _find_end(value: float, n: int, m: int, quantile: float, limit: float) -> float:
    """Return the end of the interval that lies between the estimate `value` and a limit, 0 or 1.

    The end is the probability farthest from the estimate that is at most `quantile` standard errors
    away, with the standard error of that probability. Bisection finds it.
    """
    inside = value
    outside = limit
    for _ in range(N_HALVINGS):
        middle = (inside + outside) / 2.0
        if abs(middle - value) <= quantile * _find_error(middle, n, m):
            inside = middle
        else:
            outside = middle
    return inside


def _find_error(probability: float, n: int, m: int) -> float:
    """Return the standard error of an estimate if this is the true probability (Newcombe, 5)."""
    half = (n + m) / 2.0 - 1.0
    terms = (1.0 - probability) / (2.0 - probability) + probability / (1.0 + probability)
    return math.sqrt(probability * (1.0 - probability) * (1.0 + half * terms) / (n * m))
