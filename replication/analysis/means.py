"""The mean number of updates under three rules, with intervals chosen by measured coverage.

Under every rule the mean is a sum of two parts that are estimated
independently: the mean m over the networks that succeed, and a cost of
failure that depends on the proportion q of failures alone:

* discard: m
* cap:     m + q (cap - m)
* restart: m + c q / (1 - q)

m gets, at each end, the further of Student's t interval and Hall's
skew-corrected one; q gets the Clopper-Pearson interval; the two are joined by
the method of variance estimates recovery. So a study too small to have seen a
failure still allows for one. The coverage of these intervals is measured by
`replication.analysis.calibration`.

References
----------
Hall (1992), On the removal of skewness by transformation, J. R. Stat. Soc. B 54, 221-228.
Zou & Donner (2008), Construction of confidence limits about effect measures,
Statistics in Medicine 27, 1693-1702.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.analysis.counts import CountTable
from replication.analysis.intervals import Estimate, bound_proportion
from replication.analysis.runs import RESTART_AFTER, make_run_law

METHOD = "further of Student t and Hall's transformation"
METHOD_WITH_FAILURES = METHOD + ", joined with Clopper-Pearson for failures"


@dataclasses.dataclass(frozen=True)
class MeanEstimate:
    """The mean of one run under a rule.

    Parameters
    ----------
    interval : Estimate
        The mean and its 95 % interval, within 0 and, under *cap*, the cap. The
        upper end is None where the data cannot bound it (a single network, or
        restarts that may never succeed).
    standard_error : float or None
        None for a single network.
    standard_deviation : float
        Of one run, in updates.
    n : int
        Networks that the estimate rests on.
    """

    interval: Estimate
    standard_error: float | None
    standard_deviation: float
    n: int


def bound_mean(
    values: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], *, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of the mean of a sample given as values and counts.

    Parameters
    ----------
    values, counts : int64[k]
        Distinct values and how often each occurs; sum of counts at least 1.

    Returns
    -------
    low, high : float
        -inf and inf for a sample of one.
    """
    n = int(counts.sum())
    if n < 2:
        return -math.inf, math.inf
    mean = float(values @ counts) / n
    deviation = values - mean
    variance = float(deviation**2 @ counts) / (n - 1)
    if variance == 0:
        return mean, mean
    error = math.sqrt(variance / n)
    third = float(deviation**3 @ counts) / n
    skewness = third / variance**1.5 / math.sqrt(n)
    reach = float(special.stdtrit(n - 1, 0.5 + level / 2.0))
    return (
        mean - error * max(reach, _invert_hall(reach, skewness)),
        mean - error * min(-reach, _invert_hall(-reach, skewness)),
    )


def _invert_hall(reach: float, skewness: float) -> float:
    """Return the studentised mean whose Hall transform is `reach`.

    `skewness` is that of a single value divided by the square root of n.
    """
    if abs(skewness) < 1e-9:
        return reach
    return 3.0 / skewness * (float(np.cbrt(1.0 + skewness * (reach - skewness / 6.0))) - 1.0)


def estimate_mean(
    table: CountTable, rule: str, *, restart_after: int = RESTART_AFTER, level: float = 0.95
) -> MeanEstimate | None:
    """Return the mean under a rule, or None where the rule has none (see `make_run_law`)."""
    run = make_run_law(table, rule, restart_after=restart_after)
    if run is None:
        return None
    if table.cap is None and (rule == "cap" or restart_after >= table.end):
        rule = "discard"  # nothing is known to fail
    n_kept = table.updates.size if rule != "restart" else run.values.size
    values, counts = table.updates[:n_kept], table.counts[:n_kept]
    # Without any success the mean of successes has no weight; it could have been nothing.
    low, high = bound_mean(values, counts, level=level) if n_kept else (0.0, 0.0)
    successes = int(counts.sum())
    if rule == "discard":
        return MeanEstimate(
            Estimate(run.mean, max(low, 0.0), _finite(high), METHOD, level),
            run.standard_deviation / math.sqrt(successes - 1) if successes > 1 else None,
            run.standard_deviation,
            successes,
        )
    share = (table.n - successes) / table.n
    mean = float(values @ counts) / successes if successes else 0.0
    shares = [float(end) for end in bound_proportion(table.n - successes, table.n, level=level)]
    length = min(restart_after, table.end)
    if rule == "cap":
        weight = 1.0 - share
        cost = [s * (table.end - mean) for s in (shares[0], share, shares[1])]
    else:
        weight = 1.0
        cost = [length * s / (1 - s) for s in (shares[0], share, shares[1])]
    down = math.hypot(weight * (mean - low), cost[1] - cost[0])
    up = math.hypot(weight * (high - mean), cost[2] - cost[1])
    error = None
    if table.n > 1 and rule == "cap":
        error = run.standard_deviation / math.sqrt(table.n - 1)
    elif table.n > 1:
        inner = _spread(values, counts) ** 2 / max(successes - 1, 1)
        odds_variance = share / (1 - share) ** 3 / table.n
        error = math.sqrt(inner + length**2 * odds_variance)
    return MeanEstimate(
        Estimate(
            run.mean,
            max(run.mean - down, 0.0),
            min(run.mean + up, table.end) if rule == "cap" else _finite(run.mean + up),
            METHOD_WITH_FAILURES,
            level,
        ),
        error,
        run.standard_deviation,
        table.n,
    )


def _spread(values: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> float:
    """Return the standard deviation of values with counts, at least one."""
    n = int(counts.sum())
    mean = float(values @ counts) / n
    return math.sqrt(float((values - mean) ** 2 @ counts) / n)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
