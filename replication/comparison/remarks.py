"""What stands beside a verdict: assumptions and cautions."""

import dataclasses
import math
from fractions import Fraction

from replication.comparison.numbers import describe_p
from replication.comparison.prediction import Answer
from replication.comparison.report import CI_WORDS, Options, Report
from replication.statistics.means import Side, find_spread_p, find_tolerated, judge_means
from replication.statistics.sampling import Sample

UNIT_FACTORS = (100.0, 0.01, 1000.0, 0.001)

Said = dict[str, str]
"""Sentences by what they are of."""


def list_assumptions(report: Report, sample: Sample | None, main: Answer, between: float) -> Said:
    """Return what the answer takes for granted, by the argument that changes it."""
    found, numbers, kind = {}, report.numbers.keys(), report.kind
    level = f"{100 * (kind.level or 0.95):g} %"
    if sample is not None and main.distributions:
        grid = "real numbers" if sample.grid is None else f"multiples of {float(sample.grid):g}"
        most = f", at most {sample.high:g}" if math.isfinite(sample.high) else ""
        found["grid"] = f"values are {grid}{most}"
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
    report: Report, sample: Sample | None, main: Answer, worst: Answer, options: Options
) -> Said:
    """Return what to know before relying on a comparison, by cause."""
    numbers, level, is_log = report.numbers, options["level"], options["scale"] == "log"
    found = {} if main.sides is None else _caution_of_means(*main.sides, worst, options)
    if "share" in numbers and not any(
        numbers["share"].holds(Fraction(k, report.n)) for k in report.count_successes()
    ):
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
        found["per cent" if is_share and options["scale"] is None else "units"] = (
            f"The reported {value:g} would be near your mean of {centre:.3g} if divided by "
            f"{scale:g}: do the units differ? If so, give `scale` {scale:g}, if not 1."
        )
    return found


def _caution_of_means(one: Side, two: Side, worst: Answer, options: Options) -> Said:
    """Return what the two spreads, and labs that differ, have to do with the verdict on a mean."""
    found, level, between = {}, options["level"], options["between"]
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
