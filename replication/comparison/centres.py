"""A mean, or another centre, by the spreads of both sides."""

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

MANY_RUNS = 30  # with more, a mean alone is judged by drawn studies, which hold their skewness
N_RESAMPLES = 2000  # of runs, for the standard error of a statistic that is no mean
MAX_RESAMPLED = 1000  # runs of which these are drawn at most
MAX_RESAMPLED_VALUES = 4_000_000  # drawn in all where runs are resampled within tasks
ALIKE = "the report's runs vary as yours do"
ALIKE_YOURS = "your runs vary as the report's do"
FEW_ARE_NORMAL = "the mean of so few runs is about normal"
UNSEEN = "no other outcome is missing from"


def list_sides(own: Runs, sample: Sample | None, report: Report) -> dict[str, Side]:
    """Return one's own centre, spread and number of runs, by words for the reading of a summary."""
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
    """Return a median, or an interquartile mean, with its error by resampling, as of one run.

    Where runs belong to tasks, they are resampled within these, since the same tasks would be run
    again.
    """
    value = sample.describe([name])[name]
    if own.tasks and all(task.size > 1 for task in own.tasks):
        n_known = sample.n - len(own.tasks) + 1  # one run of each task goes to its own centre
        error = find_error_within_tasks(own.tasks, name)
        return Side(value, ((error * math.sqrt(n_known), n_known),))
    # The error is bootstrapped from at most 1,000 runs, and scaled to one run.
    n_drawn = min(sample.n, MAX_RESAMPLED)
    drawn = np.random.default_rng(SEED).choice(sample.runs, (N_RESAMPLES, n_drawn))
    error = float(reduce_studies(drawn, [name])[name].std()) * math.sqrt(n_drawn)
    return Side(value, ((error, sample.n),))


def split_by_task(own: OwnRuns, *, is_log: bool) -> tuple[FloatArray, ...]:
    """Return the runs of each task; refuse tasks that are not as many as runs."""
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

    Runs are drawn again within each task. n runs that are drawn from n vary by (n - 1) / n of the
    variance that runs have, which the factor makes up for.
    """
    generator = np.random.default_rng(SEED)
    n_runs = sum(task.size for task in tasks)
    n_resamples = min(N_RESAMPLES, max(200, MAX_RESAMPLED_VALUES // n_runs))
    drawn = [generator.choice(task, (n_resamples, task.size)) for task in tasks]
    found = reduce_studies(np.concatenate(drawn, axis=1), [name])[name]
    n_mean = n_runs / len(tasks)
    return float(found.std()) * math.sqrt(n_mean / (n_mean - 1.0))


def _summarise_quartiles(numbers: Mapping[str, float], n: int, width: float = 0.0) -> Side:
    mean, sd = summarise_quartiles(numbers["median"], numbers["q1"], numbers["q3"], n)
    return Side(mean, ((sd, n),), width, is_by_quartiles=True)


def summarise(report: Report, n_used: int) -> dict[str, Side]:
    """Return centre, spread and number of runs of a report by words for each reading of it."""
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
        spread = float(item.value or item.high)  # of one that was rounded to 0, the largest
    found: dict[str, Side] = {}
    for words, factor in report.list_spreads(n_used).items():
        if report.has_error:
            found[words] = Side(value, (), centre.width, spread / factor)
        else:
            found[words] = Side(value, ((spread / factor, n_used),), centre.width)
    return found


def judge_centre(
    one: Side,
    two: Side,
    own: Runs,
    report: Report,
    sample: Sample | None,
    *,
    factor: float,
    level: float,
    between: float,
) -> Answer:
    """Judge a mean, a constant or another centre by the spreads that are known.

    `factor`: of the reported spread to a standard deviation, in the first reading.
    """
    name = str(report.centre)
    is_aside = report.has_quartiles or report.has_error
    gap = means.judge_means(one, two, level=level, between=between, is_conditional=not is_aside)
    p = _find_p(one, report.numbers[name], gap)
    # The numbers that would not be contradicted; by estimates beside each other there are none.
    reach = math.nan
    if gap is not None and not is_aside:
        reach = gap.kept or 0.0
    findings = _find_beside(one, report, sample, reach=reach, p=p)
    known_sd = math.nan
    if len(one.samples) == 1 and not is_aside:
        known_sd = one.samples[0][0] * factor
    findings |= _list_spread_findings(own, report, known_sd)
    if math.isnan(p):
        return Answer(findings)
    conditions = tuple(_list_conditions(one, two, name))
    if gap is None:
        return Answer(findings, p, shown={name: None}, conditions=conditions)
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


def _find_beside(
    one: Side, report: Report, sample: Sample | None, *, reach: float, p: float
) -> dict[str, Finding]:
    """Return the centre with its p, and the quartiles that it was judged by, if there are any.

    `reach`: how far a number may lie from one's own centre that would not be contradicted.
    """
    name = str(report.centre)
    yours = {name: one.mean}
    if report.has_quartiles and sample is not None:
        yours = sample.describe(["median", "q1", "q3"])
    findings = {key: Finding.of(key, report.numbers[key], value) for key, value in yours.items()}
    interval = report.numbers[name].print_within(one.mean - reach, one.mean + reach)
    findings[name] = dataclasses.replace(findings[name], interval=interval, p=p)
    return findings


def _find_p(one: Side, item: Reported, gap: Difference | None) -> float:
    if gap is not None:
        return gap.p
    if one.n > 1 and item.holds(one.mean):
        return 1.0  # all runs are equal, and print as was reported
    return math.nan


def _list_spread_findings(own: Runs, report: Report, known_sd: float) -> dict[str, Finding]:
    """Return the reported spreads, with one's own beside the first, or as another report has it."""
    found: dict[str, Finding] = {}
    for name in SPREADS:
        if name not in report.numbers:
            continue
        if own.report is None:
            mine = math.nan if found else known_sd
        else:
            known = own.report.numbers.get(name)
            mine = math.nan if known is None else float(known.value)
        found[name] = Finding.of(name, report.numbers[name], mine)
    return found


def _list_conditions(one: Side, two: Side, name: str) -> Iterator[str]:
    """Yield what the judgement of a mean holds under, nothing where both spreads are known."""
    if name == "constant":
        if one.n < MANY_RUNS:
            yield FEW_ARE_NORMAL
        return
    if not two.has_spread:
        yield ALIKE
        return
    if not one.has_spread:
        yield ALIKE_YOURS
        return
    for side, whose in ((one, "your"), (two, "the report's")):
        if side.samples and not any(sd for sd, _ in side.samples):
            yield f"{UNSEEN} {whose} {plural(side.n, 'equal run')}"
