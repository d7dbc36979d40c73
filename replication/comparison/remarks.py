"""What stands beside a verdict: impossible numbers, the very runs, assumptions, cautions.

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

from replication.comparison.judging import MAX_COUNTS
from replication.comparison.numbers import Reported, describe_p
from replication.comparison.prediction import Answer
from replication.comparison.report import CI_WORDS, SPREADS, Report, describe_number
from replication.comparison.request import Request, Said
from replication.comparison.runs import Runs
from replication.statistics.means import Side, find_spread_p, find_tolerated, judge_means
from replication.statistics.sampling import UNBOUNDED, Sample

COINCIDENCE = 0.01  # numbers that two studies print alike more often do not show the same runs
UNIT_FACTORS = (100.0, 0.01, 1000.0, 0.001)
ORDER = (("min", "q1", "median", "q3", "max"), ("min", "mean", "max"))
SLACK = 1.0 + 1e-12


def find_impossible(report: Report, counts: Sequence[int], sample: Sample | None) -> Said:
    """Return why reported numbers cannot be right, by name, if values are of the kind of a sample.

    A number is possible if one of `counts`, the values that can have been summarised, allows it.
    """
    grid, bounds = (None, UNBOUNDED) if sample is None else (sample.grid, (sample.low, sample.high))
    counts = [n for n in counts[:MAX_COUNTS] if n > 0]
    numbers, faults = report.numbers, Said()
    said = {name: describe_number(name, item.text, article=True) for name, item in numbers.items()}
    # More successes than runs.
    for name, whole in (("share", 1), ("n_succeeded", report.n)):
        if name in numbers and numbers[name].low > whole:
            faults[name] = f"{said[name]} is not between none and all"
    # The order of least, quartiles and most; the bounds of values; what whole numbers allow.
    for names in ORDER:
        known = [name for name in names if name in numbers]
        for small, large in itertools.combinations(known, 2):
            if numbers[small].low > numbers[large].high:
                faults.setdefault(large, f"{said[large]} contradicts {said[small]}")
        for name in known:
            if numbers[name].low > bounds[1] or numbers[name].high < bounds[0]:
                faults.setdefault(name, f"{said[name]} lies beyond the bounds of the values")
    values = "whole numbers" if grid == 1 else f"multiples of {float(grid or 1):g}"
    steps: dict[str, Sequence[int]] = {"min": [1], "max": [1], "median": [2], "mean": counts}
    for name in steps.keys() & numbers.keys() if grid is not None else ():
        ways = [Fraction(grid or 1, way) for way in steps[name]]
        if ways and not any(has_multiple(numbers[name], way) for way in ways):
            of = f"{counts[len(counts) // 2]:,} " if name == "mean" else ""
            faults.setdefault(name, f"{of}{values} cannot have {said[name]}")
    # The largest standard deviation: half of the values at either end.
    least = max(bounds[0], float(numbers["min"].low) if "min" in numbers else -math.inf)
    most = min(bounds[1], float(numbers["max"].high) if "max" in numbers else math.inf)
    n = min((n for n in counts if n > 1), default=0)
    largest = (most - least) * math.sqrt((n * n // 4) / n / (n - 1)) * SLACK if n else math.inf
    if "sd" in numbers and numbers["sd"].low > largest:
        faults["sd"] = f"{said['sd']} is larger than {n:,} runs within their range can have"
    return faults


def has_multiple(item: Reported, step: Fraction) -> bool:
    """Say whether a whole multiple of a step prints so, however halves are rounded."""
    return item.holds(Fraction(math.ceil(item.low / step) * step))


def find_coincidence(own: Runs, sample: Sample | None, report: Report, rule: str) -> float | None:
    """Return how often two studies print the same numbers, where these runs print the reported."""
    numbers, n_used = report.on_values, report.count_middle(rule)
    if sample is None or own.minus is not None or not sample.n == n_used > 1 or report.has_error:
        return None
    # Each number as these runs would print it, and how often two studies print it alike.
    yours = sample.describe([name for name in numbers if name not in SPREADS])
    error, chance = sample.spread * math.sqrt(2.0 / sample.n), 1.0
    for name, item in numbers.items():
        factors = dataclasses.replace(report, numbers={name: item}).list_spreads(sample.n).values()
        printed = [yours[name]] if name in yours else [sample.spread * one for one in factors]
        if not any(map(item.holds, printed)):
            return None
        chance *= item.width / (2.5 * error) if error > 0 and item.width < 2.5 * error else 1.0
    return chance if chance <= COINCIDENCE else None


def list_assumptions(report: Report, sample: Sample | None, main: Answer, between: float) -> Said:
    """Return what the answer takes for granted, by the argument that changes it."""
    found, numbers, kind = {}, report.numbers.keys(), report.kind
    level = f"{100 * (kind.level or 0.95):g} %"
    if sample is not None and main.distributions:
        ends = [f"from {sample.low:g}"] * math.isfinite(sample.low)
        ends += [f"up to {sample.high:g}"] * math.isfinite(sample.high)
        grid = "real numbers" if sample.grid is None else f"multiples of {float(sample.grid):g}"
        found["bounds"] = f"values lie {' '.join(ends)}" if ends else "values have no bounds"
        found["grid"] = f"values are {grid}"
    # What stands behind ±, and how it was made.
    parts = [f"({report.bracket}), in brackets, is a spread"] if report.bracket else []
    ways = [*report.list_spreads(report.count_middle(main.rule))]
    if len(ways) > 1:
        ways += [f"intervals of {level}"] * ("interval" in " ".join(ways))
        parts.append(f"all of these are tried: {', '.join(ways)}")
        parts += ["give `n`"] * (report.n == 0)
    elif "ci" in numbers:
        parts.append(f"the {level} interval is by {CI_WORDS[kind.by or 'normal']}")
    for name, is_so, text in (
        ("plus_minus", parts, "; ".join(parts)),
        ("quartiles", numbers & {"q1", "q3", "iqr"},
         "quartiles are interpolated linearly, as NumPy and R do"),
        ("estimated", report.has_quartiles, "mean and standard deviation follow from median and "
         "quartiles as in a normal population (Luo 2018, Wan 2014), on both sides"),
        ("between", between, f"either side may be off by {between:g} SD for reasons of its own"),
        ("independence", main.p is not None, "runs are independent of each other"),
    ):  # fmt: skip
        found |= {name: text} if is_so else {}
    return found


def list_cautions(
    report: Report, sample: Sample | None, main: Answer, worst: Answer, request: Request
) -> Said:
    """Return what to know before relying on a comparison, by cause."""
    numbers, level, is_log = report.numbers, request.level, request.is_log
    found = {} if main.sides is None else _caution_of_means(*main.sides, worst, request)
    if "share" in numbers and not has_multiple(numbers["share"], Fraction(1, report.n)):
        found["share"] = (
            f"{report.n} runs cannot have a success rate of {numbers['share'].text}; the nearest, "
            f"{report.count_middle('excluded')} of {report.n}, is judged. If it is one of more "
            "trials, give these as `n`."
        )
    if worst.p is not None and abs(worst.p - level) < 2.0 * worst.p_error:
        found["near the level"] = "Another random draw could turn the verdict, so near is p."
    if report.off_centre and not is_log:
        found["off centre"] = "The reported number is not in the middle of its interval" + (
            ", but it is on the scale of logarithms: if it is a ratio, give `scale` log."
            if report.off_centre == "log" else "; half the width is used."
        )  # fmt: skip
    if sample is None or sample.n < 2:
        return found
    is_below = "min" in numbers and numbers["min"].high < sample.values[0]
    if is_below or ("max" in numbers and numbers["max"].low > sample.values[-1]):
        found["beyond"] = "The extreme lies beyond all of your runs; p assumes an exponential tail."
    # A mean that would be near yours in another unit.
    item = numbers.get("mean") or numbers.get("median")
    centre, value = sample.mean, math.nan if item is None else float(item.value)
    near = max(4.0 * sample.spread, 0.1 * abs(centre))
    is_far = abs(value - centre) > near and abs(centre) > sample.spread
    near = min(near, abs(centre))
    scale = next((one for one in UNIT_FACTORS if abs(value / one - centre) <= near), None)
    if is_far and scale is not None and not is_log:
        is_share = 0 <= sample.values[0] <= sample.values[-1] <= 1 < value <= 100 == scale
        found["per cent" if is_share and request.scale is None else "units"] = (
            f"The reported {value:g} would be near your mean of {centre:.3g} if divided by "
            f"{scale:g}: do the units differ? If so, give `scale` {scale:g}, if not 1."
        )
    return found


def _caution_of_means(one: Side, two: Side, worst: Answer, request: Request) -> Said:
    """Return what the two spreads, and labs that differ, have to do with the verdict on a mean."""
    found, level, between = {}, request.level, request.between
    by_f, gap = find_spread_p(one, two), worst.difference
    if by_f is not None and by_f <= level:
        found["spreads"] = (
            "The standard deviations differ more than those of normal runs would (F test, "
            f"{describe_p(by_f)}); the verdict is on the mean, whatever the spreads."
        )
    if gap is None or worst.sides is None or worst.p is None or worst.p != gap.p:
        return found
    one, two = worst.sides
    said = []
    if gap.p_alone is not None and gap.p <= level < gap.p_alone:
        said = [f"by the printed spreads alone {describe_p(gap.p_alone)}"]
    # Would a mean without its spread have another verdict?
    if by_f is not None:
        bare = dataclasses.replace(two, samples=((math.nan, two.n),))
        alone = judge_means(one, bare, level=level, between=between)
        if alone is not None and (alone.p <= level) != (gap.p <= level):
            said.append(f"by your spread alone, as for a mean without one, {describe_p(alone.p)}: "
                        "the reported spread turns the verdict")  # fmt: skip
    found |= {"alone": "; ".join(said)} if said else {}
    # Which spread between labs would explain the difference?
    needed = find_tolerated(one, two, level=level) if gap.p <= level and not between else None
    if needed is not None:
        found["labs"] = (
            f"Labs that differ by {needed:.2g} SD on either side explain the difference, and "
            "studies of one thing often differ as much; `between` allows for it."
        )
    return found
