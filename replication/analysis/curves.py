"""Means as curves: restricted at a cap, and with restarts after c updates."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt

from replication.analysis.counts import CountTable
from replication.analysis.intervals import Estimate
from replication.analysis.means import estimate_mean
from replication.analysis.runs import MIN_RESTART_SUCCESS
from replication.errors import UsageError

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class MeanCurve:
    """A mean against a cap or a restart time.

    Parameters
    ----------
    updates : int64[m]
        The caps or restart times, ascending.
    mean, low, high : float64[m]
        The mean and its pointwise 95 % interval; infinite where unbounded.
    """

    updates: IntArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray


def _collect(times: IntArray, estimates: list[Estimate]) -> MeanCurve:
    return MeanCurve(
        times,
        np.array([np.nan if e.value is None else e.value for e in estimates]),
        np.array([-np.inf if e.low is None else e.low for e in estimates]),
        np.array([np.inf if e.high is None else e.high for e in estimates]),
    )


def estimate_restricted_mean(table: CountTable, caps: npt.ArrayLike) -> MeanCurve:
    """Return E[min(T, tau)] for each tau.

    Parameters
    ----------
    table : CountTable
    caps : array_like of int, shape (m,)
        From 0 to the cap of the table.

    Raises
    ------
    UsageError
        If a tau lies beyond the cap at which networks were stopped.
    """
    times = np.asarray(caps, dtype=np.int64)
    estimates = []
    for cap in times:
        estimate = estimate_mean(table.censor(int(cap)), "cap")
        assert estimate is not None
        estimates.append(estimate.interval)
    return _collect(times, estimates)


def find_crossing(table: CountTable, level: float) -> float | None:
    """Return the cap at which the restricted mean equals `level`.

    Returns
    -------
    float or None
        None if the restricted mean stays below `level` up to the cap.

    Notes
    -----
    The restricted mean is the integral of the survival curve, so it is
    linear between two distinct outcomes.
    """
    knots = np.concatenate([[0], table.updates, [table.end]]).astype(np.float64)
    survival = 1.0 - table.count_within(knots[:-1]) / table.n
    heights = np.concatenate([[0.0], np.cumsum(survival * np.diff(knots))])
    if level > heights[-1]:
        return None
    place = int(np.searchsorted(heights, level, side="left"))
    if place == 0:
        return 0.0
    return float(knots[place - 1] + (level - heights[place - 1]) / survival[place - 1])


def estimate_restart_mean(table: CountTable, restart_times: npt.ArrayLike) -> MeanCurve:
    """Return E[min(T, c)] / P(T <= c) for each c, NaN where too few succeed.

    Parameters
    ----------
    table : CountTable
    restart_times : array_like of int, shape (m,)
        The c, from 0 to the cap of the table.
    """
    times = np.asarray(restart_times, dtype=np.int64)
    if times.size and times.max() > table.end:
        raise UsageError(
            f"a restart after {times.max()} was asked for, but nothing is known beyond "
            f"{table.end}; ask within the cap"
        )
    undefined = Estimate(None, None, None, "undefined")
    estimates = []
    for time in times:
        estimate = estimate_mean(table, "restart", restart_after=int(time))
        estimates.append(undefined if estimate is None else estimate.interval)
    return _collect(times, estimates)


def find_best_restart(table: CountTable) -> int | None:
    """Return the c with the smallest restart-adjusted mean, None if nothing converged.

    Notes
    -----
    Between two distinct outcomes the mean only grows with c, so only the
    distinct outcomes need to be looked at.
    """
    if table.n_converged == 0:
        return None
    within = np.cumsum(table.counts)
    spent = np.cumsum(table.updates * table.counts) + table.updates * (table.n - within)
    means = np.where(within >= MIN_RESTART_SUCCESS * table.n, spent / within, math.inf)
    return int(table.updates[int(np.argmin(means))])
