"""Reported numbers that cannot be right, whatever the runs were.

References
----------
Brown & Heathers (2017), The GRIM test, Soc. Psychol. Personal. Sci. 8, 363-369: means of
whole numbers. Samuelson (1968), How deviant can you be?, J. Am. Stat. Assoc. 63, 1522-1525:
the largest value. Bhatia & Davis (2000), A better bound on the variance, Am. Math. Mon. 107,
353-357: the standard deviation for mean and range.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Mapping
from fractions import Fraction

from replication.comparison.printed import Printed


class Fault(enum.StrEnum):
    """Why a reported number cannot be right."""

    NOT_A_MEAN = "no sum of n values on the grid divides to it"
    NOT_A_VALUE = "not a value on the grid"
    NOT_A_SHARE = "no whole number of n runs is that share"
    OUT_OF_ORDER = "smallest, median or mean, and largest are out of order"
    NEGATIVE_SPREAD = "a negative standard deviation or error"
    SPREAD_TOO_LARGE = "no n values in this range spread so far"
    SPREAD_TOO_SMALL = "no n values reach so far with this spread"
    SPREADS_DISAGREE = "standard error times square root of n is not the standard deviation"
    OUTSIDE_SHARE = "not between none and all"
    BEYOND_CAP = "larger than the value at which runs were stopped"


@dataclasses.dataclass(frozen=True)
class Impossible:
    """A reported number that cannot be right.

    Parameters
    ----------
    name : str
        The statistic.
    fault : Fault
    other : str or None
        The statistic that it contradicts.
    runs : int or None
        Runs that it is said to summarise.
    """

    name: str
    fault: Fault
    other: str | None = None
    runs: int | None = None


def find_impossible(
    reported: Mapping[str, Printed],
    *,
    runs: int | None,
    n_done: int | None,
    unit: Fraction | None,
    cap: float | None = None,
) -> tuple[Impossible, ...]:
    """Return reported numbers that cannot be right.

    Parameters
    ----------
    reported : mapping of str to Printed
        Keys as in `compare`.
    runs, n_done : int or None
        Runs started, and runs whose values were summarised; None if not known.
    unit : Fraction or None
        Grid that every value lies on; None for real values.
    cap : float, optional
        Where runs were stopped.

    Examples
    --------
    >>> from replication.comparison.printed import read_printed
    >>> mean = read_printed("48.37", "mean")
    >>> [item.fault.name for item in find_impossible({"mean": mean}, runs=20, n_done=20, unit=1)]
    ['NOT_A_MEAN']
    """
    found = []

    def note(name: str, fault: Fault, other: str | None = None) -> None:
        is_share = name in {"share", "n_succeeded"}
        found.append(Impossible(name, fault, other, runs if is_share else n_done))

    for name in ("share", "n_succeeded"):
        if name not in reported:
            continue
        printed = reported[name]
        whole = Fraction(1) if name == "share" else runs
        if printed.high < 0 or (whole is not None and printed.low > whole):
            note(name, Fault.OUTSIDE_SHARE)
        elif name == "n_succeeded" and printed.value.denominator != 1:
            note(name, Fault.NOT_A_VALUE)
        elif name == "share" and runs is not None and not _has_multiple(printed, Fraction(1, runs)):
            note(name, Fault.NOT_A_SHARE)
    if "mean" in reported and unit is not None and n_done:
        is_mean = _has_multiple(reported["mean"], unit / n_done)
        if not is_mean:
            note("mean", Fault.NOT_A_MEAN)
    for name, step in (("min", 1), ("max", 1), ("median", 2)):
        if name in reported and unit is not None:
            odd = name == "median" and n_done is not None and n_done % 2 == 1
            if not _has_multiple(reported[name], unit / (1 if odd else step)):
                note(name, Fault.NOT_A_VALUE)
    for small, large in (("min", "mean"), ("mean", "max"), ("min", "median"), ("median", "max"),
                         ("min", "max")):  # fmt: skip
        if small in reported and large in reported and reported[small].low > reported[large].high:
            note(large if large == "max" else small, Fault.OUT_OF_ORDER,
                 small if large == "max" else large)  # fmt: skip
    if cap is not None:
        for name in ("mean", "median", "min", "max"):
            if name in reported and reported[name].low > cap:
                note(name, Fault.BEYOND_CAP)
    _check_spread(reported, n_done, note)
    return tuple(found)


def _check_spread(reported: Mapping[str, Printed], n: int | None, note: object) -> None:
    assert callable(note)
    for name in ("sd", "se"):
        if name in reported and reported[name].high < 0:
            note(name, Fault.NEGATIVE_SPREAD)
            return
    if n is None:
        return
    root = math.sqrt(n)
    low, high = -math.inf, math.inf
    if "sd" in reported:
        low, high = float(reported["sd"].low), float(reported["sd"].high)
    if "se" in reported:
        from_error = float(reported["se"].low) * root, float(reported["se"].high) * root
        if "sd" in reported and (from_error[0] > high or from_error[1] < low):
            note("se", Fault.SPREADS_DISAGREE, "sd")
            return
        low, high = max(low, from_error[0]), min(high, from_error[1])
    name = "sd" if "sd" in reported else "se"
    if n < 2 or name not in reported:
        return
    slack = 1.0 + 1e-12
    correction = n / (n - 1)
    if "min" in reported and "max" in reported:
        least, most = float(reported["min"].low), float(reported["max"].high)
        largest = (most - least) ** 2 / 4.0 * (correction if n % 2 == 0 else (n + 1) / n)
        if "mean" in reported:
            # (max - mean)(mean - min) is largest nearest to the middle of the range.
            middle = (least + most) / 2.0
            mean = min(max(middle, float(reported["mean"].low)), float(reported["mean"].high))
            largest = min(largest, max((most - mean) * (mean - least), 0.0) * correction)
        if low > math.sqrt(max(largest, 0.0)) * slack:
            note(name, Fault.SPREAD_TOO_LARGE)
    for end, sign in (("max", 1.0), ("min", -1.0)):
        if end in reported and "mean" in reported:
            ends = (
                reported[end].low - reported["mean"].high
                if sign > 0
                else reported["mean"].low - reported[end].high
            )
            if float(ends) > max(high, 0.0) * (n - 1) / root * slack:
                note(name, Fault.SPREAD_TOO_SMALL, end)


def _has_multiple(printed: Printed, step: Fraction) -> bool:
    """Say whether a whole multiple of a step prints so, however halves are rounded."""
    return printed.holds(math.ceil(printed.low / step) * step)
