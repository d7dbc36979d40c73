"""Whether a population mean is equivalent to a reported one: two one-sided tests."""

from __future__ import annotations

import dataclasses
import math

from scipy import special


@dataclasses.dataclass(frozen=True)
class Equivalence:
    """Two one-sided t-tests of |mean - reported| < margin.

    Parameters
    ----------
    margin : float
        In the unit of the values.
    p : float or None
        The larger of the two one-sided p-values; None for a single run.
    low, high : float or None
        The interval at 1 - 2 level of the mean, which must lie within the margin.
    is_equivalent : bool
    """

    margin: float
    p: float | None
    low: float | None
    high: float | None
    is_equivalent: bool


def assess_equivalence(
    mean: float, spread: float, n: int, reported: float, *, margin: float, level: float = 0.05
) -> Equivalence:
    """Test whether the mean of a population lies within a margin of a reported one.

    Parameters
    ----------
    mean, spread : float
        Mean and standard deviation (n - 1 in its denominator) of n runs.
    n : int
        At least 1.
    reported, margin : float
        The margin is positive.
    level : float
        Of each one-sided test.

    References
    ----------
    Schuirmann (1987), J. Pharmacokinetics and Biopharmaceutics 15, 657-680.

    Examples
    --------
    >>> assess_equivalence(47.0, 10.0, 400, 48.0, margin=4.8).is_equivalent
    True
    """
    if n < 2:
        return Equivalence(margin, None, None, None, False)
    error = spread / math.sqrt(n)
    reach = float(special.stdtrit(n - 1, 1.0 - level)) * error
    low, high = mean - reach, mean + reach
    gap = margin - abs(mean - reported)
    p = 0.0 if gap > 0 else 1.0
    if error > 0:
        p = float(special.stdtr(n - 1, -gap / error))
    return Equivalence(margin, p, low, high, p < level)
