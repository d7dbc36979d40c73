"""Remarks beside a verdict: what is taken for granted, and cautions to the reader."""

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction

from replication.comparison.numbers import describe_p
from replication.comparison.plausibility import has_multiple
from replication.comparison.prediction import Answer
from replication.comparison.readings import KIND_WORDS, find_kind
from replication.comparison.report import CI_WORDS, Report, word
from replication.comparison.request import Remarks, Request
from replication.statistics.means import (
    NORMAL_KURTOSIS,
    Sides,
    find_spread_p,
    find_tolerated,
    judge_means,
)
from replication.statistics.sampling import Sample

UNIT_FACTORS = (100.0, 0.01, 1000.0, 0.001)  # per cent and shares, seconds and milliseconds
NEAR_ERRORS = 2.0  # if p is this near the level, in standard errors, another draw could turn it
NEAR_SPREADS = 4.0  # a number is near the mean of runs within so many standard deviations
NEAR_SHARE = 0.1  # or within this share of the mean
MIN_APART = 10.0  # runs have two units if some are so many times the largest share
QUARTILE_WORDS = "quartiles are interpolated linearly, as NumPy and R do"
ESTIMATED_WORDS = (
    "mean and standard deviation follow from median and quartiles as in a normal population "
    "(Luo 2018, Wan 2014), on both sides"
)


def list_assumptions(
    report: Report, sample: Sample | None, main: Answer, request: Request
) -> Remarks:
    """Return what the answer takes for granted, by the argument that changes it."""
    assumptions = Remarks()
    if sample is not None and main.distributions:
        assumptions["bounds"] = _describe_bounds(sample)
        assumptions["grid"] = _describe_grid(sample)
    behind = _describe_spread(report, main)
    if behind:
        assumptions["plus_minus"] = "; ".join(behind)
    if report.numbers.keys() & {"q1", "q3", "iqr"}:
        assumptions["quartiles"] = QUARTILE_WORDS
    if report.has_quartiles:
        assumptions["estimated"] = ESTIMATED_WORDS
    if request.between:
        labs = f"{request.between:g} SD"
        assumptions["between"] = f"either side may be off by {labs} for reasons of its own"
    if main.p is not None:
        assumptions["independence"] = "runs are independent of each other"
    return assumptions


def _describe_bounds(sample: Sample) -> str:
    """Say which bounds values are taken to have."""
    ends = []
    if math.isfinite(sample.low):
        ends.append(f"from {sample.low:g}")
    if math.isfinite(sample.high):
        ends.append(f"up to {sample.high:g}")
    return f"values lie {' '.join(ends)}" if ends else "values have no bounds"


def _describe_grid(sample: Sample) -> str:
    """Say which step values are taken to be multiples of."""
    if sample.grid is None:
        return "values are real numbers"
    return f"values are multiples of {float(sample.grid):g}"


def _describe_spread(report: Report, main: Answer) -> list[str]:
    """Say what the spread of the report is taken to be; nothing where the report says it."""
    texts = []
    level = f"{100 * (report.kind.level or 0.95):g} %"
    readings = list(report.list_spreads(report.count_middle(main.rule)))
    if len(readings) > 1:
        number = "both" if len(readings) == 2 else "all of these"
        texts.append(f"{number} are tried: {_list_readings(report, readings, level)}")
        if report.n == 0:
            texts.append("give `n`")
    elif "ci" in report.numbers:
        texts.append(f"the {level} interval is by {CI_WORDS[report.kind.by or 'normal']}")
    return texts


def _list_readings(report: Report, readings: Sequence[str], level: str) -> str:
    """Return the readings of a spread in words; each kind of ± stands there once."""
    words = []
    if report.has_error:
        words = list(readings)
    elif report.spread == "spread":
        kinds = dict.fromkeys(find_kind(reading) for reading in readings)
        words = [f"± is {KIND_WORDS[kind]}" for kind in kinds]
        words.append("of either denominator, n or n - 1")
    elif report.spread in ("sd", "se"):
        words = [f"the {word(report.spread)} has the denominator n - 1, or n"]
    if any("interval" in reading for reading in readings):
        words.append(f"intervals of {level}, by t or by the normal distribution")
    return ", ".join(words)


def list_cautions(
    report: Report, sample: Sample | None, main: Answer, weakest: Answer, request: Request
) -> Remarks:
    """Return the cautions to a reader of a comparison, by cause.

    `main`: the answer under the most usual reading. `weakest`: that with the largest p.
    """
    cautions = Remarks()
    if main.sides is not None:
        cautions |= _list_cautions_of_means(report, sample, main.sides, weakest, request)
    if "share" in report.numbers:
        cautions |= _list_cautions_of_share(report)
    if weakest.p is not None and abs(weakest.p - request.level) < NEAR_ERRORS * weakest.p_error:
        cautions["near the level"] = "Another random draw could turn the verdict, so near is p."
    if report.off_centre and not request.is_log:
        cautions["off centre"] = _describe_off_centre(report)
    if sample is not None and sample.n > 1:
        if _is_beyond(report, sample):
            beyond = "The extreme lies beyond all of your runs; p assumes an exponential tail."
            cautions["beyond"] = beyond
        if not request.is_log:
            cautions |= _find_unit(report, sample, request)
        cautions |= _find_mixed_units(sample)
    return cautions


def _find_mixed_units(sample: Sample) -> Remarks:
    """Return a caution if some of your runs look like shares, and the others like per cent."""
    values = sample.values
    shares = values[(values > 0.0) & (values <= 1.0)]
    others = values[values > 1.0]
    if shares.size == 0 or others.size == 0 or others[-1] > 100.0:
        return Remarks()
    is_apart = others[0] >= MIN_APART * shares[-1]
    # The shares, times 100, are about in the range of the others.
    is_alike = 0.5 * others[0] <= 100.0 * shares[0] and 100.0 * shares[-1] <= 1.5 * others[-1]
    if not (is_apart and is_alike):
        return Remarks()
    return {
        "mixed units": f"Some of your runs look like shares ({shares[0]:g}) and others like per "
        f"cent ({others[0]:g}): if so, write all alike, since the answer is of no use."
    }


def _list_cautions_of_share(report: Report) -> Remarks:
    """Return a caution if no number of successes gives the reported share."""
    share = report.numbers["share"]
    if has_multiple(share, Fraction(1, report.n)):
        return Remarks()
    nearest = report.count_middle("excluded")
    return {
        "share": f"{report.n} runs cannot have a success rate of {share.text}; the nearest, "
        f"{nearest} of {report.n}, is judged. If it is one of more trials, give these as `n`."
    }


def _describe_off_centre(report: Report) -> str:
    """Say that the reported number is not in the middle of its interval, and what follows."""
    text = "The reported number is not in the middle of its interval"
    if report.off_centre == "log":
        on_logarithms = "but it is on the scale of logarithms: if it is a ratio, give `scale` log."
        return f"{text}, {on_logarithms}"
    return f"{text}; half the width is used."


def _is_beyond(report: Report, sample: Sample) -> bool:
    """Say whether a reported minimum or maximum lies beyond all runs."""
    numbers = report.numbers
    if "min" in numbers and numbers["min"].high < sample.values[0]:
        return True
    return "max" in numbers and numbers["max"].low > sample.values[-1]


def _find_unit(report: Report, sample: Sample, request: Request) -> Remarks:
    """Return a caution if the reported mean would be near yours in another unit."""
    item = report.numbers.get("mean") or report.numbers.get("median")
    if item is None:
        return Remarks()
    value = float(item.value)
    factor = _find_factor(value, sample)
    if factor is None:
        return Remarks()
    are_shares = 0 <= sample.values[0] <= sample.values[-1] <= 1
    is_per_cent = are_shares and factor == 100 and 1 < value <= 100
    # "per cent" makes the verdict "cannot tell"; "units" is only a caution.
    cause = "per cent" if is_per_cent and request.scale is None else "units"
    return {
        cause: f"The reported {value:g} would be near your mean of {sample.mean:.3g} if divided by "
        f"{factor:g}: do the units differ? If so, give `scale` {factor:g}, if not 1."
    }


def _find_factor(value: float, sample: Sample) -> float | None:
    """Return the factor by which a number must be divided to be near the mean of a sample.

    None if it is near already, or if no factor brings it there.
    """
    centre = sample.mean
    near = max(NEAR_SPREADS * sample.spread, NEAR_SHARE * abs(centre))
    # If the mean is within a standard deviation of 0, many small numbers are near it.
    if abs(value - centre) <= near or abs(centre) <= sample.spread:
        return None
    near = min(near, abs(centre) / 2.0)  # so that 0 is never near
    return next((factor for factor in UNIT_FACTORS if abs(value / factor - centre) <= near), None)


def _list_cautions_of_means(
    report: Report, sample: Sample | None, sides: Sides, weakest: Answer, request: Request
) -> Remarks:
    """Return cautions on a mean: spreads that differ, other ways to test, labs that differ."""
    cautions = Remarks()
    kurtosis = NORMAL_KURTOSIS if sample is None else sample.kurtosis
    spread_p = find_spread_p(*sides, kurtosis=kurtosis)
    if spread_p is not None and spread_p <= request.level and _is_spread_certain(report):
        cautions["spreads"] = (
            "The standard deviations differ more than those of such runs would (F test, "
            f"{describe_p(spread_p)}); the verdict is on the mean, whatever the spreads."
        )
    gap = weakest.difference
    if gap is None or weakest.sides is None or weakest.p != gap.p:
        return cautions  # the verdict is not by the means alone
    other_p = []
    if gap.p_alone is not None and gap.p <= request.level < gap.p_alone:
        other_p.append(f"by the printed spreads alone {describe_p(gap.p_alone)}")
    if spread_p is not None:
        other_p += _say_if_spread_turns(weakest.sides, gap.p, request)
    if other_p:
        cautions["alone"] = "; ".join(other_p)
    is_mean = report.centre in {"mean", "constant"} and not report.has_error
    if gap.p <= request.level and is_mean and not request.between:
        needed = find_tolerated(*weakest.sides, level=request.level)
        if needed is not None:
            cautions["labs"] = (
                f"Labs that differ by {needed:.2g} SD on either side explain the difference, and "
                "studies of one thing often differ as much; `between` allows for it."
            )
    return cautions


def _is_spread_certain(report: Report) -> bool:
    """Say whether the report names its spread a standard deviation or a standard error."""
    return report.spread in {"sd", "se"} and not report.has_error and not report.has_quartiles


def _say_if_spread_turns(sides: Sides, p: float, request: Request) -> list[str]:
    """Return p by your spread alone, in words, if it would turn the verdict; else nothing."""
    own, other = sides
    without_spread = dataclasses.replace(other, samples=((math.nan, other.n),))
    alone = judge_means(own, without_spread, level=request.level, between=request.between)
    if alone is None or (alone.p <= request.level) == (p <= request.level):
        return []
    return [
        f"by your spread alone, as for a mean without one, {describe_p(alone.p)}: "
        "the reported spread turns the verdict"
    ]
