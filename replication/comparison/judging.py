"""Holding a report against runs of one's own, or against another report, reading by reading.

What a report leaves open (what it did with failures, what stands behind its ±) is read in every
way that it can be, and each reading has an answer of its own. An answer has up to three parts:

- the mean, by the spreads of both sides (`means`), where a spread is known for either of them;
- other statistics, and means that are not judged so, by studies drawn from the runs (`prediction`);
- successes, and means of a column of 0 and 1, as shares (`means`).

*p* of several parts is the smallest, multiplied by their number (Bonferroni).
"""

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from scipy import special

from replication.comparison import means
from replication.comparison.means import Difference, Side
from replication.comparison.numbers import Numbers
from replication.comparison.prediction import Answer, Finding, describe_runs, predict
from replication.comparison.report import FAILURE_WORDS, SPREADS, SUCCESSES, Report
from replication.comparison.runs import Own, Runs, get_sample
from replication.comparison.sampling import Effort, Sample
from replication.wording import plural

MIN_RUNS = 5  # with fewer nothing but a mean is judged
MANY_RUNS = 30  # with more, a mean alone is judged by drawn studies, which hold their skewness
MAX_COUNTS = 100  # most numbers of successes that are tried for one share
MISSED = 0.05


def list_rules(own: Own, report: Report) -> list[str]:
    """Return what the report may have done with failures, most usual first."""
    if isinstance(own, Report) or own.minus is not None:
        return ["excluded"]
    if report.failures is not None:
        return [report.failures]
    return [*FAILURE_WORDS] if own.n_failed and report.on_values else ["excluded"]


def list_sides(own: Own, sample: Sample | None) -> dict[str, Side]:
    """Return one's own mean, spread and number of runs, by words for the reading of a summary."""
    if isinstance(own, Report):
        return summarise(own, own.count_middle("excluded"))
    if sample is None:
        return {}
    spreads = tuple((one.spread, one.n) for one in (sample, own.minus) if one)
    return {"": Side(sample.mean - (own.minus.mean if own.minus else 0.0), spreads)}


def summarise(report: Report, n_used: int) -> dict[str, Side]:
    """Return mean, spread and number of runs of a report by words for each reading of it."""
    numbers = report.numbers
    if "constant" in numbers:
        return {"": Side(float(numbers["constant"].value))}
    if "mean" not in numbers:
        return {}
    mean, width, name = float(numbers["mean"].value), numbers["mean"].width, report.spread
    # Of a spread that was rounded to 0, the largest that is.
    spread = math.nan if name is None else float(numbers[name].value or numbers[name].high)
    return {
        words: Side(mean, ((spread / factor, n_used),), width)
        for words, factor in report.list_spreads(n_used).items()
    }


def judge_all(own: Own, report: Report, *, level: float, effort: Effort) -> dict[str, Answer]:
    """Return the answer to each reading of a report, by words for it, most usual first."""
    rules = list_rules(own, report)
    return {
        ", ".join(filter(None, (f"failures {FAILURE_WORDS[rule]}" * (len(rules) > 1), words))): one
        for rule in rules
        for words, one in _judge_rule(own, report, rule, level=level, effort=effort)
    }


def _judge_rule(
    own: Own, report: Report, rule: str, *, level: float, effort: Effort
) -> Iterator[tuple[str, Answer]]:
    """Yield words and answer for each reading of the spreads."""
    sample, n_used = get_sample(own, rule), report.count_middle(rule)
    shares = _judge_shares(own, sample, report, level=level)
    done = {*shares.findings, *(SPREADS if "mean" in shares.findings else ())}
    rest = {name: item for name, item in report.on_values.items() if name not in done}
    theirs, mine = summarise(report, n_used), list_sides(own, sample)
    spreads = report.list_spreads(n_used)
    predict_rest = functools.partial(_predict, sample, n_used=n_used, level=level, effort=effort)
    if mine and _is_by_spread(own, rest, sample):
        aside = {"mean", "constant", *SPREADS}
        (drawn,) = predict_rest({key: one for key, one in rest.items() if key not in aside}, [1.0])
        factor = next(iter(spreads.values()))
        for (words, one), (others, two) in itertools.product(mine.items(), theirs.items()):
            both = ", ".join(filter(None, (f"yours {words}" * bool(words), others)))
            mean = _judge_mean(one, two, rest, factor=factor, level=level)
            yield both, _combine([mean, drawn, shares], rule, (one, two))
        return
    if rest.keys().isdisjoint(SPREADS):
        spreads = {"": 1.0}
    rest = {key: one for key, one in rest.items() if key not in SPREADS or key == report.spread}
    pair = (next(iter(mine.values())), next(iter(theirs.values()))) if mine and theirs else None
    parts = predict_rest(rest, list(spreads.values()))
    for words, part in zip(spreads, parts, strict=True):
        yield words, _combine([part, shares], rule, pair)


def is_binary(sample: Sample | None, report: Report) -> bool:
    """Say whether runs are successes and failures, 1 and 0, and a report can be of such ones.

    Few counts may all be 0 or 1 by chance: the mean has to be a share of the runs, and a spread
    that of as many successes.
    """
    if sample is None or "mean" not in report.numbers or not set(sample.values) <= {0.0, 1.0}:
        return False
    m, mean, name = report.n, report.numbers["mean"], report.spread
    tried = report.count_successes()
    counts = [k for k in tried[:: 1 + len(tried) // MAX_COUNTS] if mean.holds(Fraction(k, m))]
    if name is None or m < 2:
        return bool(counts)
    item = report.numbers[name]
    spreads = [
        math.sqrt(k * (m - k) / (m * (m - 1.0))) * factor
        for k in counts
        for factor in report.list_spreads(m).values()
    ]
    return any(map(item.holds, spreads))


def _is_by_spread(own: Own, rest: Numbers, sample: Sample | None) -> bool:
    """Say whether the mean is judged by the spreads of both sides, and not by drawn studies."""
    if "mean" not in rest or isinstance(own, Report) or own.minus is not None:
        return not rest.keys().isdisjoint({"mean", "constant"})
    is_alone = rest.keys() == {"mean"} and sample is not None and sample.n <= MANY_RUNS
    return is_alone or not rest.keys().isdisjoint(SPREADS)


def _combine(parts: Sequence[Answer], rule: str, sides: tuple[Side, Side] | None) -> Answer:
    p_values = [part.p for part in parts if part.p is not None]
    return Answer(
        {name: item for part in parts for name, item in part.findings.items()},
        min(1.0, len(p_values) * min(p_values)) if p_values else None,
        math.fsum(part.p_error for part in parts) * max(len(p_values), 1),
        {name: one for part in parts for name, one in part.distributions.items()},
        next((part.difference for part in parts if part.difference), None),
        {name: one for part in parts for name, one in part.shown.items()},
        tuple(dict.fromkeys(condition for part in parts for condition in part.conditions)),
        rule, sides,
    )  # fmt: skip


def _judge_mean(one: Side, two: Side, numbers: Numbers, *, factor: float, level: float) -> Answer:
    """Judge a mean, or a constant, by the spreads that are known."""
    name = "constant" if "constant" in numbers else "mean"
    item, found = numbers[name], means.judge_means(one, two, level=level)
    p, reach = (math.nan, math.nan) if found is None else (found.p, found.high - found.value)
    if found is None and one.n > 1 and item.holds(one.mean):
        p = 1.0  # all runs are equal, and print as was reported
    interval = item.print_within(one.mean - reach, one.mean + reach)
    findings = {name: Finding.of(name, item, one.mean, interval=interval, p=p)}
    sd = one.samples[0][0] if len(one.samples) == 1 else math.nan
    for place, spread in enumerate(name for name in SPREADS if name in numbers):
        yours = math.nan if place else sd * factor
        findings[spread] = Finding.of(spread, numbers[spread], yours)
    if math.isnan(p):
        return Answer(findings)
    shown = {name: None if found is None else found.shown}
    return Answer(findings, p, 0.0, {}, found, shown, tuple(_list_conditions(one, two, name)))


def _list_conditions(one: Side, two: Side, name: str) -> Iterator[str]:
    """Yield what the judgement of a mean holds under, nothing where both spreads are known."""
    if name == "constant":
        if one.n < MANY_RUNS:
            yield "the mean of so few runs is about normal"
    elif not two.has_spread:
        yield "the report's runs vary as yours do"
    elif not one.has_spread:
        yield "your runs vary as the report's do"
    else:
        for side, whose in ((one, "your"), (two, "the report's")):
            if not any(sd for sd, _ in side.samples):
                yield f"no other outcome is missing from {whose} {plural(side.n, 'equal run')}"


def _predict(
    sample: Sample | None,
    numbers: Numbers,
    factors: list[float],
    *,
    n_used: int,
    level: float,
    effort: Effort,
) -> list[Answer]:
    """Judge statistics by drawn studies, under each reading of their spread."""
    if not numbers:
        return [Answer()] * len(factors)
    is_few = sample is None or sample.n < MIN_RUNS
    if sample is None or is_few or sample.values.size == 1:
        yours = {} if sample is None else describe_runs(sample, numbers.keys() - {*SPREADS})
        is_same = not is_few and all(one.holds(yours.get(key, 0.0)) for key, one in numbers.items())
        p = 1.0 if is_same else None
        found = {key: Finding.of(key, one, yours.get(key, math.nan), p=p or math.nan)
                 for key, one in numbers.items()}  # fmt: skip
        return [Answer(found, p)] * len(factors)
    is_enough = sample.n * math.log1p(-MISSED) < n_used * math.log(MISSED)
    conditions = () if is_enough else ("the report's runs vary as yours do",)
    predictions = predict(sample, numbers, n_used, factors, level=level, effort=effort)
    return [
        dataclasses.replace(_add_differences(one, sample, numbers, level), conditions=conditions)
        for one in predictions
    ]


def _add_differences(drawn: Answer, sample: Sample, numbers: Numbers, level: float) -> Answer:
    """Add the shifts that are found four times in five, and the difference of means or medians."""
    shown, found = {}, {}
    for name, one in drawn.distributions.items():
        low, high = (one.find_quantile(share) for share in (level / 2.0, 1.0 - level / 2.0))
        shown[name] = max(high - one.find_quantile(0.2), one.find_quantile(0.8) - low)
        if name in {"mean", "median", "iqm"}:
            item, half = drawn.findings[name], numbers[name].width / 2.0  # of the rounding cell
            ends = low - half - item.value, high + half - item.value
            found[name] = Difference(item.yours - item.value, *ends, item.p, None, sample.spread)
    first = found.get("mean") or found.get("median") or found.get("iqm")
    return dataclasses.replace(drawn, shown=shown, difference=first)


def _judge_shares(own: Own, sample: Sample | None, report: Report, *, level: float) -> Answer:
    """Judge a share or number of successes, or the mean of a column of 0 and 1."""
    name = next((name for name in SUCCESSES if name in report.numbers), "mean")
    m = report.n
    if name == "mean":
        if sample is None or own.minus is not None or not is_binary(sample, report):
            return Answer()
        k, n = round(sample.mean * sample.n), sample.n
    elif isinstance(own, Runs):
        k, n = own.n - own.n_failed, own.n
    elif set(SUCCESSES) & own.numbers.keys():
        k, n = own.count_middle("excluded"), own.n
    else:
        return Answer()
    counts = report.count_successes()
    nearest = min(max(round(k / n * m), counts[0]), counts[-1])
    tried = {counts[0], nearest, counts[-1]}
    found = {x: means.judge_shares(k, n, x, m, level=level) for x in tried}
    best = found[nearest]
    unit = 1 if name == "n_succeeded" else m
    value = k / n - report.numbers[name].value * unit / m
    ends = {"low": found[counts[-1]].low, "high": found[counts[0]].high}
    difference = dataclasses.replace(best, value=value, **ends)
    low, high = means.find_shares_kept(k, n, m, level=level)
    kept = (low / unit, high / unit)
    finding = Finding.of(name, report.numbers[name], k / n * m / unit, interval=kept, p=best.p)
    shown = None if best.shown is None else best.shown * m / unit
    return Answer({name: finding}, best.p, 0.0, {}, difference, {name: shown})


def find_spread_p(one: Side, two: Side) -> float | None:
    """Return p of the F test of two standard deviations, None where one of them is not known."""
    known = [side.samples[0] for side in (one, two) if len(side.samples) == 1 and side.has_spread]
    if len(known) < 2 or not all(sd for sd, _ in known):
        return None
    (first, n), (second, m) = known
    below = float(special.fdtr(n - 1, m - 1, (first / second) ** 2))
    return 2.0 * min(below, 1.0 - below)
