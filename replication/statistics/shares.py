"""Two shares: whether they differ, by Fisher's exact test with mid-p, doubled.

In this module k of n runs of one's own succeeded, and x of m runs of the report.

References
----------
Lancaster (1961), Significance tests in discrete distributions, J. Am. Stat. Assoc. 56, 223-234:
mid-p. Newcombe (1998), Interval estimation for the difference between independent proportions,
Stat. Med. 17, 873-890, method 10.
Cohen (1988), Statistical Power Analysis, chapter 6: shares on the scale of arcsines.
"""

import bisect
import math
from typing import NamedTuple

import numpy as np
from scipy import special

from replication.statistics.arrays import FloatArray
from replication.statistics.means import POWER, Difference, SuccessCounts

LEAST_P = 1e-9  # smallest p of a test of equivalence


class Ends(NamedTuple):
    """The two ends of an interval."""

    low: float
    high: float


def judge_shares(k: int, n: int, x: int, m: int, *, level: float) -> Difference:
    """Test by Fisher's exact test whether two shares differ."""
    mine = k / n
    ends = find_difference_ends(k, n, x, m, level=level)
    both = (k + x) / (n + m)
    return Difference(
        value=mine - x / m,
        low=ends.low,
        high=ends.high,
        p=find_p_of_shares(k, n, x, m),
        shown=find_share_shown(mine, n, m, level=level),
        spread=math.sqrt(both * (1.0 - both)) or None,
        counts=SuccessCounts(k, n, x, m),
    )


def find_difference_ends(k: int, n: int, x: int, m: int, *, level: float) -> Ends:
    """Return the interval of the difference k / n - x / m.

    Newcombe's method 10, which joins Wilson's intervals of both shares.
    """
    mine = k / n
    theirs = x / m
    quantile = float(special.ndtri(1.0 - level / 2.0))
    of_mine = find_share_ends(k, n, quantile)
    of_theirs = find_share_ends(x, m, quantile)
    # The difference is lowest where one's own share is low and the reported one is high, and
    # highest in the opposite case.
    below = math.hypot(mine - of_mine.low, of_theirs.high - theirs)
    above = math.hypot(of_mine.high - mine, theirs - of_theirs.low)
    gap = mine - theirs
    return Ends(gap - below, gap + above)


def find_share_shown(share: float, n: int, m: int, *, level: float) -> float | None:
    """Return the detectable difference from a share: a test finds it with a probability of 0.8.

    A lower and a higher share may be detectable; the difference from the farther one is returned.
    None if neither is.
    """
    # On the scale of arcsines the standard error of a share does not depend on the share. A share
    # lies from 0 to pi / 2 there.
    quantile = float(special.ndtri(1.0 - level / 2.0))
    step = (quantile + float(special.ndtri(POWER))) * math.sqrt(1.0 / n + 1.0 / m) / 2.0
    angle = math.asin(math.sqrt(share))
    ends = [end for end in (angle - step, angle + step) if 0.0 <= end <= math.pi / 2.0]
    return max((abs(math.sin(end) ** 2 - share) for end in ends), default=None)


def find_p_of_shares(k: int, n: int, x: int, m: int) -> float:
    """Return p of Fisher's exact test: twice the smaller tail, at most 1.

    The table that was seen belongs to both tails, each time with half of its probability (mid-p).
    """
    total = k + x
    lowest = max(0, total - m)
    highest = min(n, total)
    # The hypergeometric distribution of one's own successes, given those of both sides.
    mine = np.arange(lowest, highest + 1, dtype=np.float64)
    logs = _log_choose(n, mine) + _log_choose(m, total - mine)
    mass = np.exp(logs - _log_choose(n + m, np.array(float(total))))
    seen = k - lowest
    below = math.fsum(mass[:seen].tolist())
    above = math.fsum(mass[seen + 1 :].tolist())
    return min(1.0, 2.0 * min(below, above) + float(mass[seen]))


def _log_choose(n: float, k: FloatArray) -> FloatArray:
    """Return the logarithm of the binomial coefficient n over k."""
    logs = special.gammaln(n + 1.0) - special.gammaln(k + 1.0) - special.gammaln(n - k + 1.0)
    return np.asarray(logs, dtype=np.float64)


def find_shares_kept(k: int, n: int, m: int, *, level: float) -> tuple[int, int]:
    """Return the smallest and the largest number of successes in m runs that is not contradicted.

    One's own runs have k successes in n. The numbers between both, and no others, have a p above
    the level.
    """
    nearest = min(max(round(k / n * m), 0), m)

    def is_contradicted(x: int) -> bool:
        return find_p_of_shares(k, n, x, m) <= level

    # p falls on either side of the nearest number, so bisection finds both ends.
    least = bisect.bisect_left(range(nearest), True, key=lambda x: not is_contradicted(x))
    n_above = bisect.bisect_left(range(nearest + 1, m + 1), True, key=is_contradicted)
    return least, nearest + n_above


def find_share_equivalence(k: int, n: int, x: int, m: int, margin: float) -> float:
    """Return p of two one-sided tests for shares that differ by less than a margin.

    It is the p at which the interval of the difference, with coverage 1 - 2 p, just fits into the
    margin.
    """
    from scipy import optimize  # which takes long to import

    def find_room(p: float) -> float:
        """Return by how much the interval stays within the margin; it grows with p."""
        ends = find_difference_ends(k, n, x, m, level=2.0 * p)
        return margin - max(ends.high, -ends.low)

    if find_room(0.5) <= 0.0:
        return 1.0
    if find_room(LEAST_P) >= 0.0:
        return LEAST_P
    return float(optimize.brentq(find_room, LEAST_P, 0.5))


def find_share_ends(k: float, n: int, quantile: float) -> Ends:
    """Return Wilson's interval of the share k / n, where k may be half of a whole number."""
    share = k / n
    square = quantile**2
    centre = (k + square / 2.0) / (n + square)
    reach = quantile * math.sqrt(n * share * (1.0 - share) + square / 4.0) / (n + square)
    return Ends(max(centre - reach, 0.0), min(centre + reach, 1.0))
