"""Reported numbers that cannot be right, whatever the runs were.

References
----------
Brown & Heathers (2017), The GRIM test, Soc. Psychol. Personal. Sci. 8, 363-369: means of whole
numbers. A standard deviation is largest with half of the runs at either end of their range.
"""

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction

from replication.comparison.numbers import Reported
from replication.comparison.report import Report, describe_number
from replication.statistics.sampling import Bounds

ORDER = (("min", "q1", "median", "q3", "max"), ("min", "mean", "max"))
SLACK = 1.0 + 1e-12


def find_impossible(
    report: Report, *, counts: Sequence[int], grid: Fraction | None, bounds: Bounds
) -> dict[str, str]:
    """Return why reported numbers cannot be right, by name.

    A number is possible if one of `counts`, the values that can have been summarised, allows it.
    """
    numbers, faults = report.numbers, dict[str, str]()

    def say(name: str) -> str:
        return describe_number(name, numbers[name].text, article=True)

    for name, whole in (("share", 1), ("n_succeeded", report.n)):
        if name in numbers and numbers[name].low > whole:
            faults[name] = f"{say(name)} is not between none and all"
    # The order of least, quartiles and most; the bounds of values; what whole numbers allow.
    for names in ORDER:
        known = [name for name in names if name in numbers]
        for small, large in itertools.combinations(known, 2):
            if numbers[small].low > numbers[large].high:
                faults.setdefault(large, f"{say(large)} contradicts {say(small)}")
        for name in known:
            if numbers[name].low > bounds[1] or numbers[name].high < bounds[0]:
                faults.setdefault(name, f"{say(name)} lies beyond the bounds of the values")
    values = "whole numbers" if grid == 1 else f"multiples of {float(grid or 1):g}"
    steps: dict[str, Sequence[int]] = {"min": [1], "max": [1], "median": [2], "mean": counts}
    for name in steps.keys() & numbers.keys() if grid is not None else ():
        ways = [Fraction(grid or 1, way) for way in steps[name]]
        if ways and not any(has_multiple(numbers[name], way) for way in ways):
            of = f"{counts[len(counts) // 2]:,} " if name == "mean" else ""
            faults.setdefault(name, f"{of}{values} cannot have {say(name)}")
    # The largest standard deviation: half of the values at either end.
    least = max(bounds[0], float(numbers["min"].low) if "min" in numbers else -math.inf)
    most = min(bounds[1], float(numbers["max"].high) if "max" in numbers else math.inf)
    n = min((n for n in counts if n > 1), default=0)
    largest = (most - least) * math.sqrt((n * n // 4) / n / (n - 1)) * SLACK if n else math.inf
    if "sd" in numbers and numbers["sd"].low > largest:
        faults["sd"] = f"{say('sd')} is larger than {n:,} runs within their range can have"
    return faults


def has_multiple(item: Reported, step: Fraction) -> bool:
    """Say whether a whole multiple of a step prints so, however halves are rounded."""
    return item.holds(Fraction(math.ceil(item.low / step) * step))
