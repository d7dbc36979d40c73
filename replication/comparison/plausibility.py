"""Reported numbers that cannot be right, and runs that may be the very runs of the report.

References
----------
Brown & Heathers (2017), The GRIM test, Soc. Psychol. Personal. Sci. 8, 363-369: means of whole
numbers. A standard deviation is largest with half of the runs at either end of their range.
"""

import dataclasses
import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

from replication.comparison.numbers import Reported
from replication.comparison.report import SPREADS, Report, describe_number
from replication.comparison.request import Remarks
from replication.comparison.runs import Runs
from replication.comparison.successes import MAX_COUNTS
from replication.statistics.sampling import UNBOUNDED, Bounds, Sample

COINCIDENCE = 0.01  # if two studies print equal numbers more often, that says nothing on the runs
ORDERS = (("min", "q1", "median", "q3", "max"), ("min", "mean", "max"))
"""Statistics that stand in this order in every sample, the smallest first."""
SLACK = 1.0 + 1e-12  # factor of the largest possible spread, against rounding errors
NORMAL_WIDTH = 2.5  # sd: width of a rectangle as high as a normal density and of the same area


def find_impossible(report: Report, counts: Sequence[int], sample: Sample | None) -> Remarks:
    """Return why reported numbers cannot be right, by name; possible numbers are left out.

    `counts`: possible numbers of values behind the statistics; a reported number is possible if any
    of them allows it. `sample`: one's own runs, whose bounds and grid the report is taken to share.
    """
    possible = [n for n in counts[:MAX_COUNTS] if n > 0]
    bounds = UNBOUNDED
    grid = None
    if sample is not None:
        bounds = (sample.low, sample.high)
        grid = sample.grid
    faults = _find_impossible_counts(report)
    for name, why in _find_disorder(report, bounds).items():
        faults.setdefault(name, why)
    if grid is not None:
        for name, why in _find_off_grid(report, possible, grid).items():
            faults.setdefault(name, why)
    return faults | _find_wide_spread(report, possible, bounds)


def _describe(report: Report, name: str) -> str:
    """Return a reported number in words: "a mean of 48"."""
    return describe_number(name, report.numbers[name].text)


def _find_impossible_counts(report: Report) -> Remarks:
    """Find a share above 1, or more successes than runs."""
    faults = Remarks()
    for name, whole in (("share", 1), ("n_succeeded", report.n)):
        if name in report.numbers and report.numbers[name].low > whole:
            faults[name] = f"{_describe(report, name)} is not between none and all"
    return faults


def _find_disorder(report: Report, bounds: Bounds) -> Remarks:
    """Find a minimum above a maximum and the like, and what lies beyond the bounds of values."""
    faults = Remarks()
    numbers = report.numbers
    for order in ORDERS:
        known = [name for name in order if name in numbers]
        for small, large in itertools.combinations(known, 2):
            if numbers[small].low > numbers[large].high:
                why = f"{_describe(report, large)} contradicts {_describe(report, small)}"
                faults.setdefault(large, why)
        for name in known:
            if numbers[name].low > bounds[1] or numbers[name].high < bounds[0]:
                why = f"{_describe(report, name)} lies beyond the bounds of the values"
                faults.setdefault(name, why)
    return faults


def _find_off_grid(report: Report, counts: Sequence[int], grid: Fraction) -> Remarks:
    """Find numbers that no runs on a grid have: a mean of 20 whole numbers is no 48.37."""
    faults = Remarks()
    values = "whole numbers" if grid == 1 else f"multiples of {float(grid):g}"
    # A minimum or maximum is one run, a median the mean of at most two, a mean that of all. The
    # mean of k runs is a multiple of the grid divided by k.
    possible_k: dict[str, Sequence[int]] = {"min": [1], "max": [1], "median": [2], "mean": counts}
    for name, k_values in possible_k.items():
        if name not in report.numbers or not k_values:
            continue
        item = report.numbers[name]
        if any(has_multiple(item, Fraction(grid, k)) for k in k_values):
            continue
        of = f"{counts[len(counts) // 2]:,} " if name == "mean" else ""
        faults[name] = f"{of}{values} cannot have {_describe(report, name)}"
    return faults


def _find_wide_spread(report: Report, counts: Sequence[int], bounds: Bounds) -> Remarks:
    """Find a standard deviation larger than any sample in this range has.

    It is largest with half of the runs at either end of their range.
    """
    numbers = report.numbers
    n = min((n for n in counts if n > 1), default=0)
    if "sd" not in numbers or n == 0:
        return Remarks()
    least, most = bounds
    if "min" in numbers:
        least = max(least, float(numbers["min"].low))
    if "max" in numbers:
        most = min(most, float(numbers["max"].high))
    largest = (most - least) * math.sqrt((n * n // 4) / n / (n - 1)) * SLACK
    if numbers["sd"].low <= largest:
        return Remarks()
    why = f"{_describe(report, 'sd')} is larger than {n:,} runs within their range can have"
    return {"sd": why}


def has_multiple(item: Reported, step: Fraction) -> bool:
    """Say whether a multiple of `step` prints as the reported number, up or down from halves."""
    return item.holds(Fraction(math.ceil(item.low / step) * step))


def find_coincidence(own: Runs, sample: Sample | None, report: Report, rule: str) -> float | None:
    """Return how often two studies print the same numbers, if your runs print the reported ones.

    None if your runs print other numbers, or if two studies often print the same.
    """
    if sample is None or own.minus is not None or report.has_error:
        return None
    if sample.n < 2 or sample.n != report.count_middle(rule):
        return None
    # Standard error of the difference of two studies. Both print the same number with about the
    # probability of the difference being within one rounding cell.
    error = sample.spread * math.sqrt(2.0 / sample.n)
    chance = 1.0
    for name, item in report.on_values.items():
        printed = _list_own_values(sample, report, name)
        if not any(item.holds(value) for value in printed):
            return None
        if error > 0 and item.width < NORMAL_WIDTH * error:
            chance *= item.width / (NORMAL_WIDTH * error)
    return chance if chance <= COINCIDENCE else None


def _list_own_values(sample: Sample, report: Report, name: str) -> list[float]:
    """Return a statistic of one's own runs; for a spread, all that the reported one may be."""
    if name not in SPREADS:
        return [sample.describe([name])[name]]
    alone = dataclasses.replace(report, numbers={name: report.numbers[name]})
    return [sample.spread * factor for factor in alone.list_spreads(sample.n).values()]
