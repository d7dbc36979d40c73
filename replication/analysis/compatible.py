"""How many runs could lie behind a reported mean.

A study of n runs reports a rounded mean. ``p(n)`` says how far out the
reported number lies in the law of such a mean, and the largest n that is
still compatible, n*, says how large the study may have been.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from replication.analysis.intervals import Estimate
from replication.analysis.mean_law import MeanLaw, MeanLaws
from replication.analysis.prediction import widen_level
from replication.analysis.runs import RunLaw
from replication.errors import UsageError

MAX_RUNS = 5000
SIGNIFICANCE = 0.05
"""Level of p(n) and of the equivalence tests, a constant as the 95 % of intervals is."""


@dataclasses.dataclass(frozen=True)
class ReportedMean:
    """A mean as it was printed, and all means that print so.

    Parameters
    ----------
    text : str
        As reported, e.g. "48", "48.3" or "0.12".
    value : Fraction
        The number itself.
    low, high : Fraction
        The rounding cell: means from `low` up to, not including, `high`.
    decimals : int
        Digits after the point.
    """

    text: str
    value: Fraction
    low: Fraction
    high: Fraction
    decimals: int

    def scale(self, factor: Fraction | int) -> ReportedMean:
        """Return the same mean in a unit that is `factor` times smaller."""
        return ReportedMean(
            self.text, self.value * factor, self.low * factor, self.high * factor, self.decimals
        )


def read_reported_mean(text: str) -> ReportedMean:
    """Read a reported mean; its decimals say how it was rounded.

    Parameters
    ----------
    text : str
        A plain positive or zero decimal number such as "48", "48.0" or "0.12".

    Raises
    ------
    UsageError
        If it is not such a number.
    """
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    plain = text.strip().replace(".", "", 1)
    if not number.is_finite() or not (plain.isascii() and plain.isdigit()):
        raise UsageError(
            f"the reported mean {text!r} is not a plain number of at least 0; "
            "write it with the decimals that were printed, e.g. 48, 48.3 or 0.12"
        )
    decimals = max(0, -int(number.as_tuple().exponent))
    value = Fraction(number)
    half = Fraction(1, 2 * 10**decimals)
    return ReportedMean(text.strip(), value, value - half, value + half, decimals)


@dataclasses.dataclass(frozen=True)
class Confrontation:
    """The reported mean against the law of the mean of n runs.

    Parameters
    ----------
    n : int
    p : float
        ``min(1, 2 min(P(M_n >= low), P(M_n < high)))`` with the rounding cell [low, high).
    chance : float
        Probability that a study of n runs would print the reported number.
    below, above : float
        P(M_n < high) and P(M_n >= low).
    low, high : float
        95 % prediction interval of M_n, which allows for the law being estimated.
    """

    n: int
    p: float
    chance: float
    below: float
    above: float
    low: float
    high: float


def confront(
    law: MeanLaw, reported: ReportedMean, *, run: RunLaw, n_networks: int
) -> Confrontation:
    """Hold a reported mean against the law of the mean of n runs.

    `run` and `n_networks` say what the law was estimated from, for the
    prediction interval (see `widen_level`).
    """
    below = law.probability_below(reported.high)
    missed = law.probability_below(reported.low)
    above = 1.0 - missed
    low, high = law.predict(level=widen_level(run, law.n, n_networks=n_networks))
    p = min(1.0, 2.0 * min(above, below))
    return Confrontation(law.n, p, max(0.0, below - missed), below, above, low, high)


@dataclasses.dataclass(frozen=True)
class CompatibleRuns:
    """The numbers of runs with which a reported mean is compatible.

    Parameters
    ----------
    n_star : int
        Largest compatible n, 0 if none is; `MAX_RUNS` means that many or more.
    smallest : int
        Smallest compatible n on the grid, 0 if none is.
    low, high : int
        Interval of n_star.
    """

    n_star: int
    smallest: int
    low: int
    high: int

    @property
    def is_open(self) -> bool:
        """Whether n_star means "that many or more"."""
        return self.n_star >= MAX_RUNS

    @property
    def low_is_open(self) -> bool:
        """Whether the lower end means "that many or more"."""
        return self.low >= MAX_RUNS

    @property
    def high_is_open(self) -> bool:
        """Whether the upper end means "that many or more"."""
        return self.high >= MAX_RUNS


def make_run_grid(*, n_points: int = 80) -> npt.NDArray[np.int64]:
    """Return whole numbers from 1 to `MAX_RUNS`, evenly spaced on a log axis (int64[m])."""
    spaced = np.rint(np.geomspace(1, MAX_RUNS, n_points)).astype(np.int64)
    named = [10, 20, 50, 100, 200, 500, 1000, 2000]
    return np.unique(np.concatenate([spaced, named]))


def find_n_star(
    run: RunLaw, reported: ReportedMean, *, known: Sequence[Confrontation] | None = None
) -> tuple[int, int]:
    """Return the largest and the smallest n with p(n) above 5 %, 0 where there is none.

    Parameters
    ----------
    run : RunLaw
    reported : ReportedMean
    known : sequence of Confrontation, optional
        p(n) on an ascending grid that ends at `MAX_RUNS`, where it has been
        computed already.

    Notes
    -----
    p(n) is looked up on the grid from its far end, then halved down to single
    n; because rounding makes p(n) uneven, the search goes on until 12
    successive n are incompatible. Where Chernoff's bound already puts p(n)
    below 5 %, no law is computed.
    """
    laws = MeanLaws(run)
    found = {item.n: item.p for item in known or ()}
    rate = min(laws.bound_rate(reported.low), laws.bound_rate(reported.high))
    if reported.low <= run.mean <= reported.high:
        rate = 0.0
    limit = math.log(2.0 / SIGNIFICANCE) / rate if rate > 0 else math.inf

    def is_compatible(n: int) -> bool:
        if n > limit:
            return False
        if n not in found:
            law = laws.compute(n)
            above = 1.0 - law.probability_below(reported.low)
            found[n] = 2.0 * min(above, law.probability_below(reported.high))
        return found[n] > SIGNIFICANCE

    grid = sorted(found) if found else make_run_grid(n_points=40).tolist()
    largest = next((n for n in reversed(grid) if is_compatible(n)), 0)
    if largest == 0:
        return 0, 0
    smallest = next(n for n in grid if is_compatible(n))
    if largest == grid[-1]:
        return largest, smallest
    beyond = grid[grid.index(largest) + 1]
    while beyond - largest > 1:
        middle = (largest + beyond) // 2
        if is_compatible(middle):
            largest = middle
        else:
            beyond = middle
    n = largest
    while n < min(largest + 12, MAX_RUNS):
        n += 1
        if is_compatible(n):
            largest = n
    return largest, smallest


def estimate_n_star(
    run: RunLaw,
    reported: ReportedMean,
    *,
    standard_error: float | None,
    mean_interval: Estimate | None = None,
    known: Sequence[Confrontation] | None = None,
) -> CompatibleRuns:
    """Return n* with an interval.

    Parameters
    ----------
    run : RunLaw
    reported : ReportedMean
    standard_error : float or None
        Standard error of the mean of `run`; None if it is not known, which
        leaves n* anywhere.
    mean_interval : Estimate, optional
        Interval of the mean of `run`, the mean -/+ 1.96 standard errors unless given.
    known : sequence of Confrontation, optional
        See `find_n_star`.

    Notes
    -----
    The interval recomputes n* on the law tilted exponentially to either end of
    the interval of its mean. Where the rounding cell lies between the two
    ends, some law between them has its mean in the cell, and the upper end
    is open. Where a tilt cannot reach an end, because the study saw no outcome
    so far out, the law there is unknown, and is taken to be a single point.
    In trials the skew-corrected interval of `estimate_mean` covered better
    than the symmetric one, at no further cost.
    """
    n_star, smallest = find_n_star(run, reported, known=known)
    if standard_error is None or not math.isfinite(standard_error):
        return CompatibleRuns(n_star, smallest, 0, MAX_RUNS)
    if standard_error == 0 and (mean_interval is None or mean_interval.low == mean_interval.high):
        return CompatibleRuns(n_star, smallest, n_star, n_star)
    low_mean = run.mean - 1.96 * standard_error
    high_mean = run.mean + 1.96 * standard_error
    if mean_interval is not None:
        low_mean = 0.0 if mean_interval.low is None else mean_interval.low
        high_mean = math.inf if mean_interval.high is None else mean_interval.high
    ends = [n_star] + [_find_n_star_at(run, reported, target) for target in (low_mean, high_mean)]
    high = MAX_RUNS if low_mean < reported.high and high_mean >= reported.low else max(ends)
    return CompatibleRuns(n_star, smallest, min(ends), high)


def _find_n_star_at(run: RunLaw, reported: ReportedMean, target: float) -> int:
    """Return n* of the law tilted to the mean `target`, or of a point where no tilt gets there."""
    furthest = math.inf if run.failure else float(run.values[-1])
    if target == run.mean or run.values[0] < target < furthest:
        return find_n_star(run.tilt_to_mean(target), reported)[0]
    return MAX_RUNS if reported.low <= target < reported.high else 0
