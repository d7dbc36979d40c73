"""Confidence intervals for proportions and survival, exact for any count."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
from scipy import special

from replication.errors import UsageError

FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A number with its interval.

    Parameters
    ----------
    value : float or None
        None where the data do not determine it.
    low, high : float or None
        Ends of the interval; None where an end is unbounded (or unknown).
    method : str
        How the interval was made, in words.
    level : float
        Nominal coverage.
    """

    value: float | None
    low: float | None
    high: float | None
    method: str
    level: float = 0.95


def bound_proportion(
    successes: npt.ArrayLike, n: int, *, level: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Return the Clopper-Pearson interval of a proportion.

    Parameters
    ----------
    successes : array_like of int
        From 0 to n.
    n : int
        Trials, at least 1.
    level : float
        Nominal coverage, between 0 and 1; the true coverage is never less.

    Returns
    -------
    low, high : float64, shape of `successes`

    Raises
    ------
    UsageError
        If n is below 1 or a count is outside 0 to n.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26, 404-413.
    """
    count = np.asarray(successes, dtype=np.float64)
    if n < 1 or np.any(count < 0) or np.any(count > n):
        raise UsageError(f"a proportion of {successes!r} in {n} was asked for; give 0 to n, n >= 1")
    half = (1.0 - level) / 2.0
    low = special.betaincinv(np.maximum(count, 0.5), n - count + 1.0, half)
    high = special.betaincinv(count + 1.0, np.maximum(n - count, 0.5), 1.0 - half)
    return np.where(count == 0, 0.0, low), np.where(count == n, 1.0, high)


def estimate_proportion(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """Return a proportion with its Clopper-Pearson interval (see `bound_proportion`).

    Parameters
    ----------
    successes, n : int
        Successes among n trials.
    level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Estimate
    """
    low, high = bound_proportion(successes, n, level=level)
    return Estimate(successes / n, float(low), float(high), "Clopper-Pearson", level)
