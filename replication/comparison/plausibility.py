"""Reported numbers that cannot be right, whatever the runs were.

References
----------
Brown & Heathers (2017), The GRIM test, Soc. Psychol. Personal. Sci. 8, 363-369: means of
whole numbers. Anaya (2016), The GRIMMER test, PeerJ Preprints 4, e2400v1: their standard
deviations. Samuelson (1968), How deviant can you be?, J. Am. Stat. Assoc. 63, 1522-1525: the
largest value. Bhatia & Davis (2000), A better bound on the variance, Am. Math. Mon. 107,
353-357: the standard deviation for mean and range.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from replication.comparison.numbers import Numbers, Reported
from replication.comparison.report import Report, describe_number
from replication.comparison.sampling import Bounds

SLACK = 1.0 + 1e-12
Fault = tuple[str, str]  # the name of a number, and why it cannot be right
ORDER = (
    ("min", "q1"), ("min", "mean"), ("min", "median"), ("min", "max"), ("q1", "median"),
    ("q1", "q3"), ("median", "q3"), ("median", "max"), ("mean", "max"), ("q3", "max"),
)  # fmt: skip


def find_impossible(
    report: Report, *, counts: Sequence[int], grid: Fraction | None, bounds: Bounds
) -> dict[str, str]:
    """Return why reported numbers cannot be right, by name.

    A number is possible if one of `counts`, the values that can have been summarised, and one of
    the denominators that the report may mean allow it.
    """
    numbers = report.numbers
    faults = [*_check_shares(numbers, report.n), *_check_order(numbers, bounds)]
    if grid is not None:
        step_of_median = 1 if counts and all(n % 2 for n in counts) else 2
        for name, step in (("min", 1), ("max", 1), ("median", step_of_median)):
            if name in numbers and not has_multiple(numbers[name], Fraction(grid) / step):
                faults.append((name, f"{_name_values(grid)} cannot have {_say(numbers, name)}"))
    of_each = [[*_check_values(report, n, grid, bounds)] for n in counts]
    if of_each and all(of_each):
        faults += of_each[len(of_each) // 2]
    return {name: next(why for other, why in faults if other == name) for name, _ in faults}


def _say(reported: Numbers, name: str) -> str:
    return describe_number(name, reported[name].text, article=True)


def _name_values(grid: Fraction) -> str:
    return "whole numbers" if grid == 1 else f"multiples of {float(grid):g}"


def _check_shares(reported: Numbers, runs: int) -> Iterator[Fault]:
    for name, whole in (("share", 1), ("n_succeeded", runs)):
        if (item := reported.get(name)) is None:
            continue
        if item.low > whole:
            yield name, f"{_say(reported, name)} is not between none and all"
        elif name == "n_succeeded" and item.value.denominator != 1:
            yield name, f"{_say(reported, name)} is no whole number"


def _check_order(reported: Numbers, bounds: Bounds) -> Iterator[Fault]:
    for small, large in ORDER:
        if small in reported and large in reported and reported[small].low > reported[large].high:
            name, other = (large, small) if large == "max" else (small, large)
            yield name, f"{_say(reported, name)} contradicts {_say(reported, other)}"
    for name in ("mean", "median", "q1", "q3", "iqm", "min", "max"):
        if name in reported and (reported[name].low > bounds[1] or reported[name].high < bounds[0]):
            yield name, f"{_say(reported, name)} lies beyond the bounds of the values"


def _check_values(report: Report, n: int, grid: Fraction | None, bounds: Bounds) -> Iterator[Fault]:
    reported = report.numbers
    mean = reported.get("mean")
    if mean is not None and grid and not has_multiple(mean, Fraction(grid) / n):
        yield "mean", f"{n:,} {_name_values(grid)} cannot have {_say(reported, 'mean')}"
    if n >= 2 and not reported.keys().isdisjoint({"sd", "se"}):
        free = {"n-1": [n - 1], "n": [n]}.get(report.kind.free or "", [n - 1, n])
        first, *others = (_check_spread(reported, n, one, grid, bounds) for one in free)
        if first is not None and None not in others:
            yield first


def _check_spread(
    reported: Numbers, n: int, denominator: int, grid: Fraction | None, ends: Bounds
) -> Fault | None:
    """Return why a spread is impossible with that denominator, None if it is not."""
    name, mean = "sd" if "sd" in reported else "se", reported.get("mean")
    low, high = 0.0, math.inf  # of the standard deviation, as reported
    for key, factor in (("sd", 1.0), ("se", math.sqrt(n))):
        if key in reported:
            low = max(low, float(reported[key].low) * factor)
            high = min(high, float(reported[key].high) * factor)
    if low > high * SLACK:
        return "se", f"{_say(reported, 'se')} contradicts {_say(reported, 'sd')} of as many runs"
    squares = low**2 * denominator, high**2 * denominator  # sum of squared deviations
    least = max(ends[0], float(reported["min"].low) if "min" in reported else -math.inf)
    most = min(ends[1], float(reported["max"].high) if "max" in reported else math.inf)
    largest = (most - least) ** 2 * (n * n // 4) / n
    if mean is not None and math.isfinite(most - least):
        # (max - mean)(mean - min) is largest nearest to the middle of the range.
        middle = min(max((least + most) / 2.0, float(mean.low)), float(mean.high))
        largest = min(largest, max((most - middle) * (middle - least), 0.0) * n)
    if squares[0] > largest * SLACK:
        between = "between the smallest and the largest possible value"
        return name, f"{_say(reported, name)} is larger than {n:,} runs {between} can have"
    if mean is None:
        return None
    for end in [name for name in ("max", "min") if name in reported]:
        item = reported[end]
        reach = float(item.low - mean.high if end == "max" else mean.low - item.high)
        # One value so far from the mean leaves at least reach^2 n / (n - 1).
        if reach > 0 and reach**2 * n / (n - 1) > squares[1] * SLACK:
            with_end = f"{n:,} runs with {_say(reported, end)}"
            return name, f"{_say(reported, name)} is smaller than {with_end} can have"
    return None


def has_multiple(item: Reported, step: Fraction) -> bool:
    """Say whether a whole multiple of a step prints so, however halves are rounded."""
    return item.holds(Fraction(math.ceil(item.low / step) * step))
