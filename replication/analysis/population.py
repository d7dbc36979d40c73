"""Describing a population: convergence, survival and quantiles."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.analysis.counts import CountTable
from replication.analysis.intervals import Estimate, bound_proportion, estimate_proportion
from replication.analysis.runs import RESTART_AFTER, make_run_law
from replication.errors import UsageError

FloatArray = npt.NDArray[np.float64]
PROBABILITIES = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


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


def estimate_convergence(table: CountTable, *, level: float = 0.95) -> Estimate:
    """Return the proportion of networks that converge by the cap (Clopper-Pearson)."""
    return estimate_proportion(table.n_converged, table.n, level=level)


def estimate_convergence_within(
    table: CountTable, updates: int, *, level: float = 0.95
) -> Estimate:
    """Return the proportion of networks that converge within `updates`.

    Raises
    ------
    UsageError
        If some networks were stopped before `updates`.
    """
    if table.n_censored and updates > table.end:
        raise UsageError(
            f"convergence within {updates} was asked for, but networks were stopped at "
            f"{table.end}; ask within the cap"
        )
    return estimate_proportion(int(table.count_within(updates)), table.n, level=level)


def estimate_survival(
    table: CountTable, updates: npt.ArrayLike | None = None, *, level: float = 0.95
) -> SurvivalCurve:
    """Return the survival curve with its pointwise band.

    Parameters
    ----------
    table : CountTable
    updates : array_like of int, optional
        Times up to the cap; every distinct outcome unless given.

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


def find_order_statistics(n: int, probability: float, *, level: float = 0.95) -> tuple[int, int]:
    """Return the ranks whose order statistics enclose a quantile.

    Parameters
    ----------
    n : int
        Sample size, at least 1.
    probability : float
        Of the quantile, between 0 and 1.

    Returns
    -------
    low, high : int
        Ranks from 1 to n; 0 and n + 1 mean that the sample cannot bound that end.

    References
    ----------
    Conover (1999), Practical Nonparametric Statistics, section 3.2.
    """
    half = (1.0 - level) / 2.0
    return (
        _find_binomial_quantile(half, n, probability),
        _find_binomial_quantile(1.0 - half, n, probability) + 1,
    )


def _find_binomial_quantile(target: float, n: int, probability: float) -> int:
    """Return the smallest k with P(Binomial(n, probability) <= k) >= target."""
    low, high = -1, n
    while high - low > 1:
        middle = (low + high) // 2
        if special.bdtr(middle, n, probability) >= target:
            high = middle
        else:
            low = middle
    return high


def estimate_quantile(table: CountTable, probability: float, *, level: float = 0.95) -> Estimate:
    """Return a quantile over all networks with its order-statistic interval.

    Parameters
    ----------
    table : CountTable
    probability : float
        Between 0 and 1, both excluded.

    Returns
    -------
    Estimate
        `value` or `high` is None where it lies beyond the cap; `low` is None
        where it lies beyond the cap too or the sample is too small to bound
        that end; `method` then says so.

    Raises
    ------
    UsageError
        If `probability` is not between 0 and 1.
    """
    if not 0.0 < probability < 1.0:
        raise UsageError(f"the quantile {probability} was asked for; give one between 0 and 1")
    running = np.cumsum(table.counts)

    def look_up(rank: int) -> float | None:
        if not 1 <= rank <= table.n_converged:
            return None
        return float(table.updates[np.searchsorted(running, rank)])

    low, high = find_order_statistics(table.n, probability, level=level)
    rank = max(1, int(np.ceil(probability * table.n - 1e-9)))
    method = "order statistics"
    if low == 0 or high > table.n:
        method += "; an end is unbounded at this sample size"
    if table.n_converged < min(high, table.n):
        method += "; an end lies beyond the cap"
    return Estimate(look_up(rank), look_up(low), look_up(high), method, level)


def estimate_rule_quantile(
    table: CountTable,
    rule: str,
    probability: float,
    *,
    restart_after: int = RESTART_AFTER,
    level: float = 0.95,
) -> Estimate | None:
    """Return a quantile of one run under a rule, or None where the rule has none.

    Parameters
    ----------
    table : CountTable
    rule : {"discard", "cap", "restart"}
    probability : float
        Between 0 and 1, both excluded.
    restart_after : int
        The c of the restart rule.

    Notes
    -----
    *discard*: order statistics over the converged. *cap*: over all networks,
    the censored ones at the cap. *restart*: with S the survival curve, a run
    needs more than j c + s updates with probability S(c)^j S(s); the band of S
    is inverted, with both factors at half the error rate where j > 0.
    """
    run = make_run_law(table, rule, restart_after=restart_after)
    if run is None:
        return None
    if rule == "discard":
        converged = CountTable(table.updates, table.counts, 0, None)
        return estimate_quantile(converged, probability, level=level)
    if rule == "cap":
        found = estimate_quantile(table, probability, level=level)
        if table.n_censored == 0 or table.cap is None:
            return found
        low, high = find_order_statistics(table.n, probability, level=level)
        cap = float(table.cap)
        return Estimate(
            cap if found.value is None else found.value,
            cap if low > table.n_converged else found.low,
            cap if table.n_converged < high <= table.n else found.high,
            "order statistics, networks that do not converge at the cap",
            level,
        )
    if run.failure == 0:
        return estimate_quantile(table, probability, level=level)
    cut = run.restart_after
    curve = estimate_survival(table, run.values, level=level)
    wide = estimate_survival(table, run.values, level=1.0 - (1.0 - level) / 2.0)
    at_cut = estimate_survival(table, [cut], level=1.0 - (1.0 - level) / 2.0)
    goal = 1.0 - probability

    def invert(first: FloatArray, later: FloatArray, failing: float) -> float:
        within = np.flatnonzero(first <= goal + 1e-12)
        if within.size:
            return float(run.values[within[0]])
        # After j failures `later` ends at `failing`, so that j + 1 = log(goal) / log(failing) will
        # do; the start is one lower where that is whole but for rounding.
        start = max(1, math.ceil(math.log(goal) / math.log(failing) - 1e-9) - 1)
        for j in itertools.count(start):
            within = np.flatnonzero(failing**j * later <= goal + 1e-12)
            if within.size:
                break
        return float(j * cut + run.values[within[0]])

    # Before the first outcome the band is that of all networks beyond.
    is_bounded = bound_proportion(table.n, table.n, level=level)[0] > goal
    return Estimate(
        invert(curve.survival, curve.survival, float(at_cut.survival[0])),
        invert(curve.low, wide.low, float(at_cut.low[0])) if is_bounded else None,
        invert(curve.high, wide.high, float(at_cut.high[0])),
        "inverted Clopper-Pearson band",
        level,
    )
