"""Holding a report against runs of one's own, or against another report, reading by reading.

What a report leaves open (what it did with failures, what stands behind its ±) is read in every
way that it can be, and each reading has an answer of its own. An answer has up to three parts:

- the mean, by the spreads of both sides (`means`), where a spread is known for either of them;
- other statistics, and means that are not judged so, by studies drawn from the runs (`prediction`);
- successes, and means of a column of 0 and 1, as shares (`means`).

*p* of several parts is the smallest, multiplied by their number (Bonferroni).
"""

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from replication.comparison.numbers import Numbers
from replication.comparison.prediction import Answer, Finding, predict
from replication.comparison.report import MIN_RUNS, SPREADS, SUCCESSES, Report
from replication.comparison.request import FAILURE_WORDS
from replication.comparison.runs import Runs, get_sample
from replication.statistics import means
from replication.statistics.means import Difference, Side, summarise_quartiles
from replication.statistics.sampling import SEED, Effort, Sample, reduce_studies
from replication.wording import plural

MANY_RUNS = 30  # with more, a mean alone is judged by drawn studies, which hold their skewness
MAX_COUNTS = 100  # most numbers of successes that are tried for one share
N_RESAMPLES = 2000  # of runs, for the standard error of a statistic that is no mean
MISSED = 0.05
ALIKE = "the report's runs vary as yours do"
UNSEEN = "no other outcome is missing from"


def list_rules(own: Runs, report: Report) -> list[str]:
    """Return what the report may have done with failures, most usual first."""
    if own.report is not None or own.minus is not None:
        return ["excluded"]
    if report.failures is not None:
        return [report.failures]
    return [*FAILURE_WORDS] if own.n_failed and report.on_values else ["excluded"]


def list_sides(own: Runs, sample: Sample | None, report: Report) -> dict[str, Side]:
    """Return one's own mean, spread and number of runs, by words for the reading of a summary."""
    if own.report is not None:
        return summarise(own.report, own.report.count_middle("excluded"))
    if sample is None:
        return {}
    n, name = sample.n, report.centre
    if report.has_quartiles:
        if not MIN_RUNS <= n <= MANY_RUNS:
            return {}
        return {"": _summarise_quartiles(sample.describe(report.numbers), n)}
    # Their standard error is bootstrapped from at most 1,000 runs, and scaled to one run.
    if name in {"median", "iqm"}:
        if n < MIN_RUNS:
            return {}
        drawn = np.random.default_rng(SEED).choice(sample.runs, (N_RESAMPLES, min(n, 1000)))
        error = float(reduce_studies(drawn, [name])[name].std()) * math.sqrt(min(n, 1000))
        return {"": Side(sample.describe([name])[name], ((error, n),))}
    # A mean, or a difference of two, each with its spread.
    spreads = tuple((one.spread, one.n) for one in (sample, own.minus) if one)
    return {"": Side(sample.mean - (own.minus.mean if own.minus else 0.0), spreads)}


def _summarise_quartiles(numbers: Mapping[str, float], n: int, width: float = 0.0) -> Side:
    mean, sd = summarise_quartiles(numbers["median"], numbers["q1"], numbers["q3"], n)
    return Side(mean, ((sd, n),), width, is_by_quartiles=True)


def summarise(report: Report, n_used: int) -> dict[str, Side]:
    """Return mean, spread and number of runs of a report by words for each reading of it."""
    numbers, centre, name = report.numbers, report.centre, report.spread
    if centre is None:
        return {}
    value, width = float(numbers[centre].value), numbers[centre].width
    if centre == "constant":
        return {"": Side(value)}
    if report.has_quartiles:
        quartiles = {key: float(item.value) for key, item in numbers.items()}
        return {"": _summarise_quartiles(quartiles, n_used, width)}
    # Of a spread that was rounded to 0, the largest that is.
    spread = math.nan if name is None else float(numbers[name].value or numbers[name].high)
    return {
        words: Side(value, (), width, spread / factor) if report.has_error
        else Side(value, ((spread / factor, n_used),), width)
        for words, factor in report.list_spreads(n_used).items()
    }  # fmt: skip


def judge_all(
    own: Runs, report: Report, *, level: float, between: float, effort: Effort
) -> dict[str, Answer]:
    """Return the answer to each reading of a report, by words for it, most usual first."""
    rules = list_rules(own, report)
    how: dict[str, Any] = {"level": level, "between": between, "effort": effort}
    return {
        ", ".join(filter(None, (f"failures {FAILURE_WORDS[rule]}" * (len(rules) > 1), words))): one
        for rule in rules for words, one in _judge_rule(own, report, rule, **how)
    }  # fmt: skip


def _judge_rule(
    own: Runs, report: Report, rule: str, *, level: float, between: float, effort: Effort
) -> Iterator[tuple[str, Answer]]:
    """Yield words and answer for each reading of the spreads."""
    sample, n_used = get_sample(own, rule), report.count_middle(rule)
    shares = _judge_shares(own, sample, report, level=level)
    done = {*shares.findings, *(SPREADS if "mean" in shares.findings else ())}
    rest = {name: item for name, item in report.on_values.items() if name not in done}
    theirs, mine = summarise(report, n_used), list_sides(own, sample, report)
    spreads = report.list_spreads(n_used)
    how: dict[str, Any] = {"n_used": n_used, "level": level, "effort": effort}
    # A mean by the spreads of both sides, and by drawn studies what stands beside it.
    if mine and theirs and _is_by_spread(own, report, rest, sample):
        aside = {report.centre, *SPREADS, *(report.numbers if report.has_quartiles else ())}
        others = {key: one for key, one in rest.items() if key not in aside}
        (drawn,) = _predict(sample, others, [1.0], **how)
        factor = next(iter(spreads.values()))
        for (words, one), (more, two) in itertools.product(mine.items(), theirs.items()):
            centre = _judge_centre(one, two, own, report, sample, factor, level, between)
            both = ", ".join(filter(None, (f"yours {words}" * bool(words), more)))
            yield both, _combine([centre, drawn, shares], rule, (one, two))
        return
    # Or all of it by drawn studies, of several spreads only the one that is known best.
    if rest.keys().isdisjoint(SPREADS) or report.has_error:
        spreads = {"": 1.0}
    rest = {key: one for key, one in rest.items()
            if key not in SPREADS or (key == report.spread and not report.has_error)}  # fmt: skip
    is_mean = mine and theirs and report.centre in {"mean", "constant"}
    pair = (next(iter(mine.values())), next(iter(theirs.values()))) if is_mean else None
    parts = _predict(sample, rest, [*spreads.values()], **how)
    for words, part in zip(spreads, parts, strict=True):
        yield words, _combine([part, shares], rule, pair)


def is_binary(sample: Sample | None, report: Report) -> bool:
    """Say whether runs are successes and failures, 1 and 0, and a report can be of such ones.

    Few counts may all be 0 or 1 by chance: a reported spread has to be that of as many successes,
    and a mean between 0 and 1 without one counts as the nearest share.
    """
    if sample is None or "mean" not in report.numbers or not set(sample.values) <= {0.0, 1.0}:
        return False
    m, mean, name = report.n, report.numbers["mean"], report.spread
    if m == 0 or not 0 <= mean.value <= 1:
        return False
    if name is None or m < 2:
        return True
    # Is the spread one of k ones among m? Its square is then k (m - k) / (m (m - 1)).
    tried, item = report.count_successes(), report.numbers[name]
    counts = [k for k in tried[:: 1 + len(tried) // MAX_COUNTS] if mean.holds(Fraction(k, m))]
    factors = report.list_spreads(m).values()
    spreads = (math.sqrt(k * (m - k) / (m * (m - 1.0))) * one for k in counts for one in factors)
    return any(map(item.holds, spreads))


def _is_by_spread(own: Runs, report: Report, rest: Numbers, sample: Sample | None) -> bool:
    """Say whether the centre is judged by the spreads of both sides, and not by drawn studies."""
    if report.centre not in rest or report.has_quartiles or report.has_error:
        return report.centre in rest
    if "mean" not in rest or own.report is not None or own.minus is not None:
        return True
    is_alone = rest.keys() == {"mean"} and sample is not None and sample.n <= MANY_RUNS
    return is_alone or not rest.keys().isdisjoint(SPREADS)


def _combine(parts: Sequence[Answer], rule: str, sides: tuple[Side, Side] | None) -> Answer:
    def merge(name: str) -> dict[str, Any]:
        return {key: one for part in parts for key, one in getattr(part, name).items()}

    def take(p_values: list[float]) -> float | None:
        return min(1.0, len(p_values) * min(p_values)) if p_values else None

    # Bonferroni over the parts that have a p: the mean, what stands beside it, the share.
    known = [(part.p, part.p_alone) for part in parts if part.p is not None]
    return Answer(
        merge("findings"), take([p for p, _ in known]),
        math.fsum(part.p_error for part in parts) * max(len(known), 1), merge("distributions"),
        next((part.difference for part in parts if part.difference), None), merge("shown"),
        tuple(dict.fromkeys(condition for part in parts for condition in part.conditions)),
        rule, sides, take([p if alone is None else alone for p, alone in known]),
    )  # fmt: skip


def _judge_centre(
    one: Side, two: Side, own: Runs, report: Report, sample: Sample | None, factor: float,
    level: float, between: float,
) -> Answer:  # fmt: skip
    """Judge a mean, a constant or another centre by the spreads that are known."""
    name, numbers = str(report.centre), report.numbers
    item, aside = numbers[name], report.has_quartiles or report.has_error
    found = means.judge_means(one, two, level=level, between=between, is_conditional=not aside)
    p = reach = math.nan
    if found is not None:
        p, reach = found.p, math.nan if aside else found.kept or 0.0
    elif one.n > 1 and item.holds(one.mean):
        p = 1.0  # all runs are equal, and print as was reported
    interval = item.print_within(one.mean - reach, one.mean + reach)
    # Beside it stand the quartiles or the spreads that it was judged by.
    yours = {name: one.mean}
    if report.has_quartiles and sample is not None:
        yours = sample.describe(["median", "q1", "q3"])
    findings = {key: Finding.of(key, numbers[key], value) for key, value in yours.items()}
    findings[name] = dataclasses.replace(findings[name], interval=interval, p=p)
    sd = one.samples[0][0] if len(one.samples) == 1 and not aside else math.nan
    for place, spread in enumerate(name for name in SPREADS if name in numbers):
        mine = math.nan if place else sd * factor
        if own.report is not None:  # as it was printed
            known = own.report.numbers.get(spread)
            mine = math.nan if known is None else float(known.value)
        findings[spread] = Finding.of(spread, numbers[spread], mine)
    if math.isnan(p):
        return Answer(findings)
    conditions = [*_list_conditions(one, two, name)]
    shown, p_alone = (None, None) if found is None else (found.shown, found.p_alone)
    conditions += [ALIKE] * (p_alone is not None and p <= level < p_alone)
    return Answer(findings, p, 0.0, {}, found, {name: shown}, tuple(conditions), p_alone=p_alone)


def _list_conditions(one: Side, two: Side, name: str) -> Iterator[str]:
    """Yield what the judgement of a mean holds under, nothing where both spreads are known."""
    if name == "constant":
        if one.n < MANY_RUNS:
            yield "the mean of so few runs is about normal"
    elif not two.has_spread:
        yield ALIKE
    elif not one.has_spread:
        yield "your runs vary as the report's do"
    else:
        for side, whose in ((one, "your"), (two, "the report's")):
            if side.samples and not any(sd for sd, _ in side.samples):
                yield f"{UNSEEN} {whose} {plural(side.n, 'equal run')}"


def _predict(
    sample: Sample | None, numbers: Numbers, factors: list[float], *, n_used: int, level: float,
    effort: Effort,
) -> list[Answer]:  # fmt: skip
    """Judge statistics by drawn studies, under each reading of their spread."""
    if not numbers:
        return [Answer()] * len(factors)
    # Too few runs, or equal ones, give no distribution: nothing but what they print is possible.
    if sample is None or sample.n < MIN_RUNS or sample.values.size == 1:
        yours = {} if sample is None else sample.describe(numbers.keys() - {*SPREADS})
        is_same = all(one.holds(yours.get(key, 0.0)) for key, one in numbers.items())
        p = 1.0 if is_same and sample is not None and sample.n >= MIN_RUNS else None
        found = {key: Finding.of(key, one, yours.get(key, math.nan), p=p or math.nan)
                 for key, one in numbers.items()}  # fmt: skip
        return [Answer(found, p)] * len(factors)
    # Would an outcome that so many runs miss in 5 % of cases be in a report in at most 5 %?
    is_enough = sample.n * math.log1p(-MISSED) < n_used * math.log(MISSED)
    conditions = () if is_enough else (ALIKE,)
    drawn = predict(sample, numbers, n_used, factors, level=level, effort=effort)
    drawn = [dataclasses.replace(one, conditions=conditions) for one in drawn]
    return [_add_differences(one, sample, numbers, level) for one in drawn]


def _add_differences(drawn: Answer, sample: Sample, numbers: Numbers, level: float) -> Answer:
    """Add the shifts that are found four times in five, and the difference of means or medians."""
    shown, found = {}, {}
    for name, one in drawn.distributions.items():
        low, high = (one.find_quantile(share) for share in (level / 2.0, 1.0 - level / 2.0))
        shown[name] = max(high - one.find_quantile(0.2), one.find_quantile(0.8) - low)
        if name in {"mean", "median", "iqm"}:
            item, half = drawn.findings[name], numbers[name].width / 2.0  # of the rounding cell
            ends = low - half - item.value, high + half - item.value
            gap = item.yours - item.value
            found[name] = Difference(gap, *ends, item.p, None, sample.spread, free=sample.n - 1.0)
    first = found.get("mean") or found.get("median") or found.get("iqm")
    return dataclasses.replace(drawn, shown=shown, difference=first)


def _judge_shares(own: Runs, sample: Sample | None, report: Report, *, level: float) -> Answer:
    """Judge a share or number of successes, or the mean of a column of 0 and 1."""
    name = next((name for name in SUCCESSES if name in report.numbers), "mean")
    m = report.n
    # Successes and runs of one's own: of a column of 0 and 1, of flags, or as another reports them.
    if name == "mean":
        is_gap = own.minus is not None or own.is_of_pairs
        if sample is None or is_gap or not is_binary(sample, report):
            return Answer()
        k, n = round(sample.mean * sample.n), sample.n
    elif own.report is None:
        k, n = own.n - own.n_failed, own.n
    elif SUCCESSES.keys() & own.report.numbers.keys():
        k, n = own.report.count_middle("excluded"), own.n
    else:
        return Answer()
    # Of all counts that print as reported the nearest is judged; the interval holds those of all.
    counts = report.count_successes()
    nearest = min(max(round(k / n * m), counts[0]), counts[-1])
    tried = {counts[0], nearest, counts[-1]}
    found = {x: means.judge_shares(k, n, x, m, level=level) for x in tried}
    best = found[nearest]
    unit = 1 if name == "n_succeeded" else m
    value = k / n - report.numbers[name].value * unit / m
    low, high = found[counts[-1]].low, found[counts[0]].high
    difference = dataclasses.replace(best, value=float(value), low=low, high=high)
    first, last = means.find_shares_kept(k, n, m, level=level)
    kept = (first / unit, last / unit)
    finding = Finding.of(name, report.numbers[name], k / n * m / unit, interval=kept, p=best.p)
    shown = None if best.shown is None else best.shown * m / unit
    return Answer({name: finding}, best.p, 0.0, {}, difference, {name: shown})
