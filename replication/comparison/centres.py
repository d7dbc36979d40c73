"""A mean, or another centre, judged by the spreads of both sides.

A *centre* is a mean, a constant, a median or an interquartile mean. A *reading* of a spread is one
of the things that a printed number may be, such as a standard deviation or a standard error.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from replication.comparison.numbers import Reported
from replication.comparison.prediction import Answer, Finding
from replication.comparison.report import MIN_RUNS, SPREADS, Report
from replication.comparison.runs import Runs
from replication.comparison.sides import OwnRuns
from replication.comparison.units import take_plain_values
from replication.errors import DataError
from replication.statistics import means
from replication.statistics.arrays import FloatArray
from replication.statistics.means import Difference, Side, summarise_quartiles
from replication.statistics.sampling import SEED, Sample, reduce_studies
from replication.wording import plural

MANY_RUNS = 30  # with more, a mean alone is judged by drawn studies, which are skewed as runs are
N_RESAMPLES = 2000  # resamples for the standard error of a median or interquartile mean
MAX_RESAMPLED = 1000  # runs of a resample at most
MAX_RESAMPLED_VALUES = 4_000_000  # values of all resamples, where runs are resampled within tasks
# conditions of an answer, behind "if"
ALIKE = "the report's runs vary as yours do"
ALIKE_YOURS = "your runs vary as the report's do"
FEW_ARE_NORMAL = "the mean of so few runs is about normal"
UNSEEN = "no other outcome is missing from"  # "... your 5 equal runs"


def list_sides(own: Runs, sample: Sample | None, report: Report) -> dict[str, Side]:
    """Return one's own centre with its spread and runs, by words for each reading of the spread.

    Runs have one reading, called "", because their spread is known. Another report in their place
    may have several. The result is empty where runs are too few, or too many, to be judged by
    spreads.
    """
    if own.report is not None:
        return summarise(own.report, own.report.count_middle("excluded"))
    if sample is None:
        return {}
    if report.has_quartiles:
        if not MIN_RUNS <= sample.n <= MANY_RUNS:
            return {}
        return {"": _summarise_quartiles(sample.describe(report.numbers), sample.n)}
    if report.centre in {"median", "iqm"}:
        if sample.n < MIN_RUNS:
            return {}
        return {"": resample_centre(own, sample, report.centre)}
    if own.minus is None:
        return {"": Side(sample.mean, ((sample.spread, sample.n),))}
    spreads = ((sample.spread, sample.n), (own.minus.spread, own.minus.n))
    return {"": Side(sample.mean - own.minus.mean, spreads)}


def resample_centre(own: Runs, sample: Sample, name: str) -> Side:
    """Return a median, or an interquartile mean, with its standard error by resampling.

    A side holds a spread, so the standard error is stored as one: times the root of the number of
    runs.

    Where runs belong to tasks, they are resampled within each task, since the same tasks would be
    run again. The interval that such a report prints is too narrow where tasks have few runs: over
    26 tasks with three runs each, on either side, 8.5 % of equal populations are contradicted and
    not 5 % (docs/compare_rates.md).
    """
    value = sample.describe([name])[name]
    if own.tasks and all(task.size > 1 for task in own.tasks):
        # Each task has a centre of its own, which takes one degree of freedom.
        n_known = sample.n - len(own.tasks) + 1
        error = find_error_within_tasks(own.tasks, name)
        return Side(value, ((error * math.sqrt(n_known), n_known),))
    # A resample has at most 1,000 runs. Times the root of their number, its error is that of a run.
    n_drawn = min(sample.n, MAX_RESAMPLED)
    drawn = np.random.default_rng(SEED).choice(sample.runs, (N_RESAMPLES, n_drawn))
    spread = float(reduce_studies(drawn, [name])[name].std()) * math.sqrt(n_drawn)
    return Side(value, ((spread, sample.n),))


def split_by_task(own: OwnRuns, *, is_log: bool) -> tuple[FloatArray, ...]:
    """Return the successful runs of each task; refuse names that do not fit the runs."""
    values = take_plain_values(own)
    if values is None or len(own.tasks) != values.size:
        n_runs = 0 if values is None else values.size
        given = f"{len(own.tasks)} names for {n_runs} values that are numbers"
        raise DataError(f"`tasks` was given as {given}; give one for each run")
    is_kept = ~np.isnan(values)
    if own.succeeded is not None:
        is_kept &= np.asarray(own.succeeded, dtype=bool)
    if is_log:
        values = np.log(values)
    names = np.array(own.tasks, dtype=str)
    return tuple(values[is_kept & (names == name)] for name in dict.fromkeys(own.tasks))


def find_error_within_tasks(tasks: Sequence[FloatArray], name: str) -> float:
    """Return the standard error of a statistic over all runs of all tasks.

    Runs are resampled within each task. Resamples of n runs have (n - 1) / n of the variance that
    new runs would have, so the error is multiplied by the root of n / (n - 1), with the mean number
    of runs of a task as n.
    """
    generator = np.random.default_rng(SEED)
    n_runs = sum(task.size for task in tasks)
    n_resamples = min(N_RESAMPLES, max(200, MAX_RESAMPLED_VALUES // n_runs))
    drawn = [generator.choice(task, (n_resamples, task.size)) for task in tasks]
    values = reduce_studies(np.concatenate(drawn, axis=1), [name])[name]  # (n_resamples,)
    n_mean = n_runs / len(tasks)
    return float(values.std()) * math.sqrt(n_mean / (n_mean - 1.0))


def _summarise_quartiles(numbers: Mapping[str, float], n: int, width: float = 0.0) -> Side:
    """Return the side with the mean and sd that median and quartiles of n runs imply."""
    mean, sd = summarise_quartiles(numbers["median"], numbers["q1"], numbers["q3"], n)
    return Side(mean, ((sd, n),), width, is_by_quartiles=True)


def summarise(report: Report, n_used: int) -> dict[str, Side]:
    """Return the reported centre with its spread and runs, by words for each reading of the spread.

    The result is empty where no centre was reported.
    """
    if report.centre is None:
        return {}
    centre = report.numbers[report.centre]
    value = float(centre.value)
    if report.centre == "constant":
        return {"": Side(value)}
    if report.has_quartiles:
        quartiles = {name: float(item.value) for name, item in report.numbers.items()}
        return {"": _summarise_quartiles(quartiles, n_used, centre.width)}
    spread = math.nan
    if report.spread is not None:
        item = report.numbers[report.spread]
        spread = float(item.value or item.high)  # if it was rounded to 0, the largest such number
    sides: dict[str, Side] = {}
    for words, factor in report.list_spreads(n_used).items():
        if report.has_error:
            sides[words] = Side(value, width=centre.width, error=spread / factor)
        else:
            sides[words] = Side(value, ((spread / factor, n_used),), centre.width)
    return sides


def judge_centre(
    yours: Side,
    reported: Side,
    own: Runs,
    report: Report,
    sample: Sample | None,
    *,
    factor: float,
    level: float,
    between: float,
) -> Answer:
    """Judge a mean, a constant or another centre by the spreads that are known.

    `yours`, `reported`: both sides in one reading. `own`, `sample`: your runs, as given and as they
    are compared. `factor`: what the reported spread is as a multiple of the standard deviation, in
    the most usual reading; your spread is multiplied by it, to stand beside the reported one.
    """
    name = str(report.centre)
    # Whether it is a mean without quartiles, whose spread, if any, is that of runs.
    is_plain = not report.has_quartiles and not report.has_error
    gap = means.judge_means(yours, reported, level=level, between=between, is_conditional=is_plain)
    p = _find_p(yours, report.numbers[name], gap)
    # A reported centre is not contradicted if it is less far than `reach` from yours.
    reach = math.nan
    if gap is not None and is_plain:
        reach = gap.kept or 0.0
    findings = _list_centre_findings(yours, report, sample, reach=reach, p=p)
    your_spread = math.nan
    if len(yours.samples) == 1 and is_plain:
        your_spread = yours.samples[0][0] * factor
    findings |= _list_spread_findings(own, report, your_spread)
    if math.isnan(p):
        return Answer(findings)
    conditions = tuple(_list_conditions(yours, reported, name))
    if gap is None:
        return Answer(findings, p, shown={name: None}, conditions=conditions)
    # Contradicted by Student's test, but not by the printed spreads alone.
    if gap.p_alone is not None and p <= level < gap.p_alone:
        conditions += (ALIKE,)
    return Answer(
        findings,
        p,
        difference=gap,
        shown={name: gap.shown},
        conditions=conditions,
        p_alone=gap.p_alone,
    )


def _list_centre_findings(
    yours: Side, report: Report, sample: Sample | None, *, reach: float, p: float
) -> dict[str, Finding]:
    """Return the centre with its p, and the quartiles that it was judged by, if there are any.

    `reach`: a reported centre is not contradicted if it is less far from yours.
    """
    centre = str(report.centre)
    own_values = {centre: yours.mean}
    if report.has_quartiles and sample is not None:
        own_values = sample.describe(["median", "q1", "q3"])
    findings = {
        name: Finding.of(name, report.numbers[name], value) for name, value in own_values.items()
    }
    interval = report.numbers[centre].print_within(yours.mean - reach, yours.mean + reach)
    findings[centre] = dataclasses.replace(findings[centre], interval=interval, p=p)
    return findings


def _find_p(yours: Side, item: Reported, gap: Difference | None) -> float:
    """Return p of a centre; NaN where nothing says how runs vary."""
    if gap is not None:
        return gap.p
    if yours.n > 1 and item.holds(yours.mean):
        return 1.0  # all runs are equal, and their value prints as the reported one
    return math.nan


def _list_spread_findings(own: Runs, report: Report, your_spread: float) -> dict[str, Finding]:
    """Return the reported spreads, each with your own beside it where that is known.

    Your runs have one spread, `your_spread`, which stands beside the first of the reported spreads.
    Another report in their place has spreads by name.
    """
    findings: dict[str, Finding] = {}
    for name in SPREADS:
        if name not in report.numbers:
            continue
        mine = math.nan
        if own.report is None:
            if not findings:
                mine = your_spread
        elif name in own.report.numbers:
            mine = float(own.report.numbers[name].value)
        findings[name] = Finding.of(name, report.numbers[name], mine)
    return findings


def _list_conditions(yours: Side, reported: Side, name: str) -> Iterator[str]:
    """Yield the conditions under which a centre is judged; none where both spreads are known."""
    if name == "constant":
        if yours.n < MANY_RUNS:
            yield FEW_ARE_NORMAL
        return
    if not reported.has_spread:
        yield ALIKE
        return
    if not yours.has_spread:
        yield ALIKE_YOURS
        return
    # A spread of 0 may come from an outcome that equal runs have missed.
    for side, whose in ((yours, "your"), (reported, "the report's")):
        if side.samples and not any(sd for sd, _ in side.samples):
            yield f"{UNSEEN} {whose} {plural(side.n, 'equal run')}"
