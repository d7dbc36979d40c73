"""Reported numbers that cannot be right, whatever the runs were.

References
----------
Brown & Heathers (2017), The GRIM test, Soc. Psychol. Personal. Sci. 8, 363-369: means of
whole numbers. Anaya (2016), The GRIMMER test, PeerJ Preprints 4, e2400v1: their standard
deviations. Samuelson (1968), How deviant can you be?, J. Am. Stat. Assoc. 63, 1522-1525: the
largest value. Bhatia & Davis (2000), A better bound on the variance, Am. Math. Mon. 107,
353-357: the standard deviation for mean and range.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np

from replication.comparison.reported import Reported

MAX_ENUMERATION = 100_000_000
"""Steps of an enumeration; for more only the parity of the sum of squares is checked."""
MAX_SUMS = 50
SLACK = 1.0 + 1e-12
ORDER = (
    ("min", "q1"), ("min", "mean"), ("min", "median"), ("min", "max"), ("q1", "median"),
    ("q1", "q3"), ("median", "q3"), ("median", "max"), ("mean", "max"), ("q3", "max"),
)  # fmt: skip


class Fault(enum.StrEnum):
    """Why a reported number cannot be right, in words.

    `number` is the number with its name, `other` what it contradicts, `runs` how many there are and
    `grid` what values are.
    """

    NOT_A_MEAN = "{runs} {grid} cannot have {number}"
    NOT_A_SPREAD = "{runs} {grid} with {other} cannot have {number}"
    NOT_A_VALUE = "{grid} cannot have {number}"
    NOT_A_SHARE = "no number of {runs} runs is {number}"
    OUT_OF_ORDER = "{number} contradicts {other}"
    NEGATIVE_SPREAD = "{number} is below 0"
    SPREAD_TOO_LARGE = (
        "{number} is larger than {runs} runs between the smallest and the largest possible value "
        "can have"
    )
    SPREAD_TOO_SMALL = "{number} is smaller than {runs} runs with {other} can have"
    SPREADS_DISAGREE = "{number} contradicts {other} of as many runs"
    OUTSIDE_SHARE = "{number} is not between none and all"
    BEYOND_BOUNDS = "{number} lies beyond the bounds of the values"


@dataclasses.dataclass(frozen=True)
class Impossible:
    """A reported number that cannot be right: `other` is what it contradicts."""

    name: str
    fault: Fault
    other: str | None = None
    runs: int | None = None


def find_impossible(
    reported: Mapping[str, Reported],
    *,
    runs: int | None,
    counts: Sequence[int] = (),
    grid: Fraction | None = None,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    sd_kinds: Sequence[str] = ("n-1", "n"),
) -> tuple[Impossible, ...]:
    """Return reported numbers that cannot be right.

    A number is possible if one of `counts`, the values that can have been summarised, and one of
    the denominators in `sd_kinds` allow it. `runs` are those started.

    >>> from replication.comparison.reported import read_reported
    >>> mean = read_reported("48.37", "mean")
    >>> [item.fault.name for item in find_impossible({"mean": mean}, runs=20, counts=[20], grid=1)]
    ['NOT_A_MEAN']
    """
    found = list(_check_shares(reported, runs))
    found += _check_order(reported, bounds)
    if grid is not None:
        step_of_median = 1 if counts and all(n % 2 for n in counts) else 2
        for name, step in (("min", 1), ("max", 1), ("median", step_of_median)):
            if name in reported and not _has_multiple(reported[name], Fraction(grid) / step):
                found.append(Impossible(name, Fault.NOT_A_VALUE))
    of_each = [
        list(_check_values(reported, n, grid=grid, bounds=bounds, sd_kinds=sd_kinds))
        for n in counts
    ]
    if of_each and all(of_each):
        found += of_each[len(of_each) // 2]
    return tuple(found)


def _check_shares(reported: Mapping[str, Reported], runs: int | None) -> Iterator[Impossible]:
    for name in ("share", "n_succeeded"):
        if name not in reported:
            continue
        item = reported[name]
        whole = Fraction(1) if name == "share" else runs
        if item.high < 0 or (whole is not None and item.low > whole):
            yield Impossible(name, Fault.OUTSIDE_SHARE, runs=runs)
        elif name == "n_succeeded" and item.value.denominator != 1:
            yield Impossible(name, Fault.NOT_A_VALUE, runs=runs)
        elif name == "share" and runs is not None and not _has_multiple(item, Fraction(1, runs)):
            yield Impossible(name, Fault.NOT_A_SHARE, runs=runs)


def _check_order(
    reported: Mapping[str, Reported], bounds: tuple[float, float]
) -> Iterator[Impossible]:
    for name in ("sd", "se", "iqr"):
        if name in reported and reported[name].high < 0:
            yield Impossible(name, Fault.NEGATIVE_SPREAD)
    for small, large in ORDER:
        if small in reported and large in reported and reported[small].low > reported[large].high:
            pair = (large, small) if large == "max" else (small, large)
            yield Impossible(pair[0], Fault.OUT_OF_ORDER, pair[1])
    for name in ("mean", "median", "q1", "q3", "iqm", "min", "max"):
        if name in reported and (reported[name].low > bounds[1] or reported[name].high < bounds[0]):
            yield Impossible(name, Fault.BEYOND_BOUNDS)


def _check_values(
    reported: Mapping[str, Reported],
    n: int,
    *,
    grid: Fraction | None,
    bounds: tuple[float, float],
    sd_kinds: Sequence[str],
) -> Iterator[Impossible]:
    """Yield what n values cannot have."""
    mean = reported.get("mean")
    if mean is not None and grid is not None and not _has_multiple(mean, Fraction(grid) / n):
        yield Impossible("mean", Fault.NOT_A_MEAN, runs=n)
    name = "sd" if "sd" in reported else "se"
    if n < 2 or name not in reported or reported[name].high < 0:
        return
    faults = [_check_spread(reported, name, n, kind, grid=grid, bounds=bounds) for kind in sd_kinds]
    if all(faults):
        yield next(item for item in faults if item is not None)


def _check_spread(
    reported: Mapping[str, Reported],
    name: str,
    n: int,
    kind: str,
    *,
    grid: Fraction | None,
    bounds: tuple[float, float],
) -> Impossible | None:
    """Return why a spread is impossible if its denominator is n or n - 1, None if it is not."""
    root = math.sqrt(n)
    low, high = 0.0, math.inf  # of the standard deviation, as reported
    if "sd" in reported:
        low, high = max(float(reported["sd"].low), 0.0), float(reported["sd"].high)
    if "se" in reported:
        of_error = float(reported["se"].low) * root, float(reported["se"].high) * root
        if of_error[0] > high * SLACK or of_error[1] * SLACK < low:
            return Impossible("se", Fault.SPREADS_DISAGREE, "sd", n)
        low, high = max(low, of_error[0]), min(high, of_error[1])
    factor = n - 1 if kind == "n-1" else n
    squares = low**2 * factor, high**2 * factor  # sum of squared deviations
    least = max(float(reported["min"].low) if "min" in reported else -math.inf, bounds[0])
    most = min(float(reported["max"].high) if "max" in reported else math.inf, bounds[1])
    mean = reported.get("mean")
    if math.isfinite(most - least):
        largest = (most - least) ** 2 * (n * n // 4) / n
        if mean is not None:
            # (max - mean)(mean - min) is largest nearest to the middle of the range.
            middle = min(max((least + most) / 2.0, float(mean.low)), float(mean.high))
            largest = min(largest, max((most - middle) * (middle - least), 0.0) * n)
        if squares[0] > largest * SLACK:
            return Impossible(name, Fault.SPREAD_TOO_LARGE, runs=n)
    if mean is not None:
        for end in ("max", "min"):
            if end in reported:
                item = reported[end]
                reach = item.low - mean.high if end == "max" else mean.low - item.high
                # One value so far from the mean leaves at least reach^2 n / (n - 1).
                if float(reach) > 0 and float(reach) ** 2 * n / (n - 1) > squares[1] * SLACK:
                    return Impossible(name, Fault.SPREAD_TOO_SMALL, end, n)
        if grid is not None and not _has_spread(mean, squares, n, float(grid), (least, most)):
            return Impossible(name, Fault.NOT_A_SPREAD, "mean", n)
    return None


def _has_spread(
    mean: Reported,
    squares: tuple[float, float],
    n: int,
    grid: float,
    ends: tuple[float, float],
) -> bool:
    """Say whether n values on a grid can have such a mean and sum of squared deviations.

    In steps of the grid, from the whole number c at or below the mean: n deviations d whose sum is
    r, from 0 to n - 1, and whose sum of squares q is that about the mean plus r^2 / n. All pairs
    (r, q) that n such deviations reach are enumerated one deviation after the other.
    """
    first, last = (
        math.ceil(float(mean.low) * n / grid - 1e-9),
        math.floor(float(mean.high) * n / grid + 1e-9),
    )
    if last - first >= MAX_SUMS:
        return True
    for total in range(first, last + 1):
        centre, rest = divmod(total, n)
        low, high = (end / grid**2 + rest**2 / n for end in squares)
        wanted = [q for q in range(math.ceil(low - 1e-9), math.floor(high + 1e-9) + 1)
                  if (q - rest) % 2 == 0] if high - low < 1e5 else None  # fmt: skip
        if wanted is None:
            return True
        if not wanted:
            continue
        reach = math.isqrt(wanted[-1])
        span = math.isqrt(n * wanted[-1]) + 1
        if n * (2 * reach + 1) * (2 * span + 1) * (wanted[-1] + 1) > MAX_ENUMERATION:
            return True
        lowest = max(-reach, math.ceil(ends[0] / grid - centre - 1e-9)) if math.isfinite(
            ends[0]) else -reach  # fmt: skip
        highest = min(reach, math.floor(ends[1] / grid - centre + 1e-9)) if math.isfinite(
            ends[1]) else reach  # fmt: skip
        reached = np.zeros((2 * span + 1, wanted[-1] + 1), dtype=np.bool_)
        reached[span, 0] = True
        for _ in range(n):
            following = np.zeros_like(reached)
            for d in range(lowest, highest + 1):
                rows = slice(max(0, d), reached.shape[0] + min(0, d))
                source = slice(max(0, -d), reached.shape[0] - max(0, d))
                following[rows, d * d :] |= reached[source, : reached.shape[1] - d * d]
            reached = following
        if reached[span + rest, wanted].any():
            return True
    return False


def _has_multiple(item: Reported, step: Fraction) -> bool:
    """Say whether a whole multiple of a step prints so, however halves are rounded."""
    return item.holds(math.ceil(item.low / step) * step)
