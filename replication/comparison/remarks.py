"""What stands beside a verdict: impossible numbers, the very runs, assumptions, cautions."""

import dataclasses
import math

from replication.comparison.judging import MAX_COUNTS, find_spread_p
from replication.comparison.numbers import describe_p
from replication.comparison.plausibility import find_impossible
from replication.comparison.prediction import Answer, describe_runs
from replication.comparison.report import CI_WORDS, SPREADS, SUCCESSES, Report
from replication.comparison.runs import Own, Runs
from replication.comparison.sampling import UNBOUNDED, Sample

COINCIDENCE = 0.01  # numbers that two studies print alike more often do not show the same runs
UNIT_FACTORS = (100.0, 0.01, 1000.0, 0.001)


def list_impossible(
    own: Own, report: Report, sample: Sample | None, rule: str
) -> tuple[dict[str, str], dict[str, str], float | None]:
    """Return what cannot be right, what could not be if values lay on a grid, and that grid."""
    if own.minus is not None or "constant" in report.numbers:
        return {}, {}, None
    counts = [n for n in report.count_used(rule)[:MAX_COUNTS] if n > 0]
    if sample is None:
        return find_impossible(report, counts=counts, grid=None, bounds=UNBOUNDED), {}, None
    bounds, unit = (sample.low, sample.high), sample.find_unit()
    found = find_impossible(report, counts=counts, grid=sample.grid, bounds=bounds)
    if sample.grid is not None or found or unit is None:
        return found, {}, None
    return found, find_impossible(report, counts=counts, grid=unit, bounds=bounds), float(unit)


def find_coincidence(own: Own, sample: Sample | None, report: Report, main: Answer) -> float | None:
    """Return how often two studies print the same numbers, where these runs print the reported."""
    numbers, n_used = report.on_values, report.count_middle(main.rule)
    if sample is None or own.minus is not None or not sample.n == n_used > 1:
        return None
    yours = describe_runs(sample, [name for name in numbers if name not in SPREADS])
    error, chance = sample.spread * math.sqrt(2.0 / sample.n), 1.0
    for name, item in numbers.items():
        factors = dataclasses.replace(report, numbers={name: item}).list_spreads(sample.n).values()
        printed = [yours[name]] if name in yours else [sample.spread * one for one in factors]
        if not any(map(item.holds, printed)):
            return None
        chance *= item.width / (2.5 * error) if error > 0 and item.width < 2.5 * error else 1.0
    return chance if chance <= COINCIDENCE else None


def list_assumptions(report: Report, sample: Sample | None, main: Answer) -> dict[str, str]:
    """Return what the answer takes for granted, by the argument that changes it."""
    found, numbers = {}, report.numbers.keys()
    if sample is not None and main.distributions:
        ends = [f"from {sample.low:g}"] if math.isfinite(sample.low) else []
        ends += [f"up to {sample.high:g}"] if math.isfinite(sample.high) else []
        grid = "real numbers" if sample.grid is None else f"multiples of {float(sample.grid):g}"
        found["bounds"] = f"values lie {' '.join(ends)}" if ends else "values have no bounds"
        found["grid"] = f"values are {grid}"
    if numbers & {"sd", "se"} and len(report.sd_kinds) > 1:
        found["sd_kind"] = "the denominator of the sd is n - 1 or n; both are tried"
    if "ci" in numbers:
        kind = " or ".join(CI_WORDS[kind] for kind in report.ci_kinds)
        tried = "; both are tried" if len(report.ci_kinds) > 1 else ""
        found["ci_kind"] = f"the {100 * report.ci_level:g} % interval is by {kind}{tried}"
    if "spread" in numbers:
        found["plus_minus"] = (
            "± stands for a standard deviation, a standard error or half of a "
            f"{100 * report.ci_level:g} % interval; all three are tried"
        )
    if numbers & {"q1", "q3", "iqr"}:
        found["quartiles"] = "quartiles are interpolated linearly, as NumPy and R do"
    if main.p is not None:
        found["independence"] = "runs are independent of each other"
    return found


def list_cautions(
    own: Own, report: Report, sample: Sample | None, main: Answer, worst: Answer, level: float
) -> dict[str, str]:
    """Return what to know before relying on a comparison, by cause."""
    found: dict[str, str] = {}
    numbers = report.numbers
    by_f = None if main.sides is None else find_spread_p(*main.sides)
    if by_f is not None and by_f <= level:
        found["spreads"] = (
            "The standard deviations differ more than those of normal runs would (F test, "
            f"{describe_p(by_f)}); the verdict is on the mean, whatever the spreads."
        )
    if isinstance(own, Runs) and own.n_failed == 0 and not numbers.keys().isdisjoint(SUCCESSES):
        found["no failures"] = (
            "All your runs count as successes. Give `succeeded` or `cap` if some failed."
        )
    if worst.p is not None and abs(worst.p - level) < 2.0 * worst.p_error:
        found["near the level"] = (
            "p is so near the level that another random draw could change the verdict."
        )
    if report.off_centre:
        found["off centre"] = (
            "The reported mean is not in the middle of its interval, as it would be by Student's t "
            "or the normal distribution; half the width is used."
        )
    if sample is None or sample.n < 2:
        return found
    is_below = "min" in numbers and numbers["min"].high < sample.values[0]
    if is_below or ("max" in numbers and numbers["max"].low > sample.values[-1]):
        found["beyond"] = (
            "The reported extreme lies beyond all of your runs; its p assumes an exponential tail."
        )
    item = numbers.get("mean") or numbers.get("median")
    centre, value = sample.mean, math.nan if item is None else float(item.value)
    near = max(4.0 * sample.spread, 0.1 * abs(centre))
    is_far = abs(value - centre) > near and abs(centre) > sample.spread
    near = min(near, abs(centre))
    scale = next((one for one in UNIT_FACTORS if abs(value / one - centre) <= near), None)
    if is_far and scale is not None:
        found["units"] = (
            f"The reported {value:g} would be near your mean of {centre:.3g} if divided by "
            f"{scale:g}: do the units differ? If so, give `scale` {scale:g}."
        )
    return found
