"""Whether a population mean is equivalent to a reported one, and failures would have been seen."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.analysis.compatible import SIGNIFICANCE
from replication.analysis.counts import CountTable
from replication.analysis.intervals import bound_proportion
from replication.analysis.means import estimate_mean
from replication.analysis.runs import RESTART_AFTER

MIN_P = 1e-9
"""No p-value is searched below this; a smaller one is given as this."""


@dataclasses.dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of ``|mean - reported| < margin``.

    Parameters
    ----------
    margin : float
        In updates, positive.
    p_value : float or None
        The larger of the two one-sided p-values, not below 1e-9 unless all
        outcomes are equal and nothing can fail; None for a single network.
    is_equivalent : bool
        Whether the 90 % interval of the mean lies inside the margin.
    """

    margin: float
    p_value: float | None
    is_equivalent: bool


def assess_equivalence(
    table: CountTable,
    rule: str,
    reported: float,
    *,
    margin: float,
    restart_after: int = RESTART_AFTER,
) -> Equivalence:
    """Test whether the mean under a rule lies within `margin` of the reported one.

    Parameters
    ----------
    table : CountTable
    rule : {"discard", "cap", "restart"}
    reported, margin : float
        In updates.
    restart_after : int
        The c of the restart rule.

    Notes
    -----
    The tests are the inversion of `estimate_mean`, so that they allow for skewed
    outcomes and for failures not yet seen exactly as the interval of the mean
    does: a one-sided p-value is the level at which the bound touches the
    margin. For symmetric outcomes without failures that is the t-test.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    mean = estimate_mean(table, rule, restart_after=restart_after)
    smallest = find_smallest_margin(table, rule, reported, restart_after=restart_after)
    if mean is None or mean.standard_error is None:
        return Equivalence(margin, None, False)
    is_equivalent = smallest is not None and smallest < margin
    if mean.interval.low == mean.interval.high:
        return Equivalence(margin, 0.0 if is_equivalent else 1.0, is_equivalent)

    def bound(p: float, *, upper: bool) -> float:
        # The one-sided bound at level 1 - p; beyond one half it is the other end.
        level = abs(1.0 - 2.0 * p)
        again = estimate_mean(table, rule, restart_after=restart_after, level=level)
        assert again is not None
        if upper == (p < 0.5):
            return math.inf if again.interval.high is None else again.interval.high
        return -math.inf if again.interval.low is None else again.interval.low

    p_value = max(
        _find_p(lambda p: bound(p, upper=True) - (reported + margin)),
        _find_p(lambda p: reported - margin - bound(p, upper=False)),
    )
    return Equivalence(margin, p_value, is_equivalent)


def _find_p(excess: Callable[[float], float]) -> float:
    """Return where a falling function of p turns negative, by bisection in the logit of p."""
    low, high = special.logit(MIN_P), special.logit(1.0 - MIN_P)
    if excess(MIN_P) < 0:
        return MIN_P
    if excess(1.0 - MIN_P) >= 0:
        return 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2.0
        if excess(float(special.expit(middle))) < 0:
            high = middle
        else:
            low = middle
    return float(special.expit(high))


def find_smallest_margin(
    table: CountTable, rule: str, reported: float, *, restart_after: int = RESTART_AFTER
) -> float | None:
    """Return the margin above which `assess_equivalence` passes, None where none does.

    None does for a single network, and where the mean has no upper bound.
    """
    level = 1.0 - 2.0 * SIGNIFICANCE
    mean = estimate_mean(table, rule, restart_after=restart_after, level=level)
    if mean is None or mean.standard_error is None:
        return None
    low, high = mean.interval.low, mean.interval.high
    if low is None or high is None:
        return None
    return max(high - reported, reported - low)


@dataclasses.dataclass(frozen=True, eq=False)
class NoFailure:
    """Chance that a study of n runs meets no network that fails.

    Parameters
    ----------
    n : int64[m]
    chance, low, high : float64[m]
        ``(1 - p_fail)^n`` with its 95 % interval.
    """

    n: npt.NDArray[np.int64]
    chance: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]


def estimate_no_failure(table: CountTable, n_runs: npt.ArrayLike) -> NoFailure:
    """Return the chance of seeing no failure in n runs (failure: not converged by the cap).

    Parameters
    ----------
    table : CountTable
    n_runs : array_like of int, shape (m,)
    """
    n = np.asarray(n_runs, dtype=np.int64)
    low, high = bound_proportion(table.n_censored, table.n)
    share = table.n_censored / table.n
    return NoFailure(
        n,
        np.power(1.0 - share, n),
        np.power(1.0 - float(high), n),
        np.power(1.0 - float(low), n),
    )


def find_median_runs_to_failure(table: CountTable) -> int | None:
    """Return the number of runs after which a failure is as likely as not, None without any."""
    share = table.n_censored / table.n
    if share == 0:
        return None
    return 1 if share >= 0.5 else math.ceil(math.log(0.5) / math.log1p(-share))
