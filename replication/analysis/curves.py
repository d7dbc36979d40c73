"""Curves over the number of updates: survival, and means restricted at a cap."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

from replication.analysis.counts import CountTable
from replication.analysis.intervals import bound_proportion
from replication.errors import UsageError

FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """Proportion of networks that need more than t updates.

    Parameters
    ----------
    updates : int64[m]
        The times t.
    survival, low, high : float64[m]
        P(T > t) and its pointwise 95 % band.
    """

    updates: npt.NDArray[np.int64]
    survival: FloatArray
    low: FloatArray
    high: FloatArray


def estimate_survival(
    table: CountTable, updates: npt.ArrayLike | None = None, *, level: float = 0.95
) -> SurvivalCurve:
    """Return the survival curve with its pointwise band.

    Parameters
    ----------
    table : CountTable
    updates : array_like of int, optional
        Times up to the cap; every distinct outcome unless given.
    level : float

    Notes
    -----
    With one common cap the number of networks beyond t is binomial at every
    t up to the cap, so the band is Clopper-Pearson and the curve is the
    Kaplan-Meier curve.
    """
    times = table.updates if updates is None else np.asarray(updates, dtype=np.int64)
    beyond = table.n - table.count_within(times)
    low, high = bound_proportion(beyond, table.n, level=level)
    return SurvivalCurve(times, beyond / table.n, low, high)


def compute_restricted_mean(table: CountTable, caps: npt.ArrayLike) -> FloatArray:
    """Return E[min(T, tau)] for each tau, the mean with failures counted at tau.

    Parameters
    ----------
    table : CountTable
    caps : array_like of int, shape (m,)
        From 0 to the cap of the table.

    Returns
    -------
    float64[m]
        In updates.

    Raises
    ------
    UsageError
        If a tau lies beyond the cap at which networks were stopped.
    """
    times = np.asarray(caps, dtype=np.float64)
    if times.size and (times.min() < 0 or times.max() > table.end):
        raise UsageError(
            f"restricted means at {times.min():g} to {times.max():g} were asked for; networks "
            f"were stopped at {table.end}; ask for 0 to {table.end}"
        )
    # The restricted mean is the integral of the survival curve: linear between two outcomes.
    knots = np.concatenate([[0], table.updates, [table.end]]).astype(np.float64)
    survival = 1.0 - table.count_within(knots[:-1].astype(np.int64)) / table.n
    heights = np.concatenate([[0.0], np.cumsum(survival * np.diff(knots))])
    return np.asarray(np.interp(times, knots, heights))
