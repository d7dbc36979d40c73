"""Whether a population mean is equivalent to a reported one, and failures would have been seen."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.analysis.counts import CountTable
from replication.analysis.intervals import bound_proportion
from replication.analysis.means import MeanEstimate

SIGNIFICANCE = 0.05


@dataclasses.dataclass(frozen=True)
class Equivalence:
    """Two one-sided tests of ``|mean - reported| < margin``.

    Parameters
    ----------
    margin : float
        In updates, positive.
    p_value : float or None
        The larger of the two one-sided p-values; None for a single network.
    is_equivalent : bool
        Whether the p-value is below 5 %.
    """

    margin: float
    p_value: float | None
    is_equivalent: bool


def assess_equivalence(mean: MeanEstimate, reported: float, *, margin: float) -> Equivalence:
    """Test whether a mean lies within `margin` of the reported one.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.
    """
    value, error = mean.interval.value, mean.standard_error
    if value is None or error is None:
        return Equivalence(margin, None, False)
    difference = value - reported
    if error == 0:
        p_value = 0.0 if abs(difference) < margin else 1.0
    else:
        reach = (margin - abs(difference)) / error
        p_value = float(special.stdtr(mean.n - 1, -reach))
    return Equivalence(margin, p_value, p_value < SIGNIFICANCE)


def find_smallest_margin(mean: MeanEstimate, reported: float) -> float | None:
    """Return the margin above which `assess_equivalence` passes, None for a single network."""
    value, error = mean.interval.value, mean.standard_error
    if value is None or error is None:
        return None
    return abs(value - reported) + error * float(special.stdtrit(mean.n - 1, 1.0 - SIGNIFICANCE))


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
        np.power(1.0 - share, n, dtype=np.float64),
        np.power(1.0 - float(high), n, dtype=np.float64),
        np.power(1.0 - float(low), n, dtype=np.float64),
    )


def find_median_runs_to_failure(table: CountTable) -> int | None:
    """Return the number of runs after which a failure is as likely as not, None without any."""
    share = table.n_censored / table.n
    if share == 0:
        return None
    return 1 if share >= 0.5 else math.ceil(math.log(0.5) / math.log1p(-share))
