"""Logs, whose rows are steps of runs, and the one value that stands for each run."""

import dataclasses

import numpy as np

from replication.reading.grouping import find_doubled
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.sheet import BoolArray, FloatArray, IntArray, format_float
from replication.reading.trackers import is_step
from replication.wording import plural


@dataclasses.dataclass(frozen=True, eq=False)
class Log:
    """The rows of a log: the run and the group of each row, its step and its value.

    `name`: the table, in messages. `step`: the heading of the steps. `has_seeds`: whether a column
    says to which run a row belongs.
    """

    name: str
    step: str
    runs: IntArray
    groups: IntArray
    steps: FloatArray
    values: FloatArray
    has_seeds: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Taken:
    """One value for each run, the row of the log that it belongs to, and notes on both."""

    rows: IntArray
    values: FloatArray
    notes: tuple[str, ...]


def is_log(runs: IntArray) -> bool:
    """Say whether any run has several rows; `runs`: the run of each row."""
    return runs.size > 0 and int(np.bincount(runs).max()) > 1


def take_from_log(log: Log, take: str | None) -> Taken:
    """Return one value for each run of a log, as the option `take` says; ask if it is missing."""
    notes: list[str] = []
    # Without seeds, a step that goes back shows that there are several runs in a group.
    if not log.has_seeds and _goes_back(log):
        starts = _find_starts(log)
        if starts is None or take is None:
            raise _ask_runs(log, starts)
        first = format_float(float(log.steps[starts[0]]))
        notes.append(
            f"No column says which run is which: one begins wherever {log.step} is {first} again."
        )
        log = _number_runs(log, starts)
    if take is None:
        raise _ask_take(log)
    taken = _take(log, take)
    return dataclasses.replace(taken, notes=(*notes, *taken.notes))


def _take(log: Log, take: str) -> Taken:
    """Return the value of each run of a log in which the run of every row is known."""
    order = np.lexsort((log.steps, log.runs))
    _check_steps(log)
    if take in ("last", "last-each"):
        return _take_last(log, order, is_each=take == "last-each")
    if take in ("max", "min", "mean"):
        return _take_summary(log, order, take)
    return _take_at(log, float(take))


def _goes_back(log: Log) -> bool:
    """Say whether a step is not larger than the step of the row before, in the same run."""
    is_same_run = np.diff(log.runs) == 0
    goes_back = np.diff(log.steps) <= 0
    return bool((is_same_run & goes_back).any())


def _find_starts(log: Log) -> IntArray | None:
    """Return the rows in which runs begin, if these are written one below the other.

    None unless all begin at the same step, since a step that goes back may also be a run that went
    on from where it had been saved.
    """
    is_first: BoolArray = np.ones(log.runs.size, dtype=np.bool_)
    is_first[1:] = (np.diff(log.runs) != 0) | (np.diff(log.steps) <= 0)
    starts = np.flatnonzero(is_first)
    if np.unique(log.steps[starts]).size > 1:
        return None
    return starts


def _number_runs(log: Log, starts: IntArray) -> Log:
    """Return a log whose runs are numbered: one begins at each row in `starts`."""
    lengths = np.diff(np.append(starts, log.runs.size))
    return dataclasses.replace(log, runs=np.repeat(np.arange(starts.size), lengths))


def _ask_runs(log: Log, starts: IntArray | None) -> Question:
    """Return the question to which run each row belongs, where steps go back and no column says it.

    `starts`: the rows in which runs may begin.
    """
    step = quote_argument(log.step)
    answers = [f"if each row is a run, give `ignore` {step}"]
    if starts is not None:
        n_runs = plural(starts.size, "run")
        answers.append(f"if these are {n_runs}, one below the other, give `take` last, max or mean")
    answers.append("else add a column that names the run, or name it with `seed`")
    message = (
        f"{quote([log.step])} of {log.name} goes back, and no column says which run is which: "
    )
    return Question(Cause.SEED, message + "; ".join(answers))


def _ask_take(log: Log) -> Question:
    """Return the question which value of its log stands for a run."""
    runs = plural(int(log.runs.max()) + 1, "run")
    last = format_float(float(log.steps.max()))
    message = (
        f"{log.name} is a log of {runs} by {quote([log.step])}: what is a run's value? give `take` "
        f"last, max, min, mean or a step such as {last}"
    )
    return Question(Cause.TAKE, message)


def _check_steps(log: Log) -> None:
    """Refuse a run that has several values at one step."""
    step_codes = np.unique(log.steps, return_inverse=True)[1].astype(np.int64)
    # One code for each run and step.
    doubled = find_doubled(log.runs * (int(step_codes.max()) + 1) + step_codes)
    if doubled is not None:
        step = format_float(float(log.steps[doubled]))
        message = (
            f"a run of {log.name} has several values at {log.step} {step}: name what tells them "
            "apart with `by` or `seed`, or keep some with `where`"
        )
        raise Question(Cause.STEP, message)


def _find_last_rows(log: Log, order: IntArray) -> IntArray:
    """Return the last row of each run, in the order of runs; `order`: rows by run and step."""
    runs = log.runs[order]
    is_last: BoolArray = np.append(runs[1:] != runs[:-1], True)
    return np.asarray(order[is_last])


def _take_last(log: Log, order: IntArray, *, is_each: bool) -> Taken:
    """Return the last value of each run; ask if runs of a group end at different steps.

    `order`: rows by run and step. `is_each`: each run counts at its own end, so nothing is asked.
    """
    rows = _find_last_rows(log, order)
    ends = log.steps[rows]
    if not is_each:
        _check_ends(log, rows)
    note = f"Of each run the last value by {log.step} is taken ({_describe_ends(ends)})."
    return Taken(rows, log.values[rows], (note,))


def _check_ends(log: Log, rows: IntArray) -> None:
    """Ask what to take where runs of one group end at different steps.

    `rows`: the last row of each run.
    """
    ends = log.steps[rows]
    groups = log.groups[rows]
    for group in range(int(groups.max()) + 1):
        ends_of_group = np.unique(ends[groups == group])
        if ends_of_group.size > 1:
            first = format_float(float(ends_of_group[0]))
            last = format_float(float(ends_of_group[-1]))
            takes = [_name_take(log, which) for which in (last, first, "last-each")]
            message = (
                f"runs of {log.name} end at {log.step} {first} to {last}: give `take` {takes[0]} "
                f"(leaves the others out), {takes[1]} or {takes[2]}"
            )
            raise Question(Cause.TAKE, message)


def _name_take(log: Log, which: str) -> str:
    """Return the argument of `take`: last, or t=last if t is no usual name of steps."""
    if is_step(log.step):
        return which
    return quote_argument(f"{log.step}={which}")


def _take_summary(log: Log, order: IntArray, take: str) -> Taken:
    """Return the largest, the smallest or the mean value of each run, as `take` says."""
    rows = _find_last_rows(log, order)
    starts = np.flatnonzero(np.diff(log.runs[order], prepend=-1))
    values = log.values[order]
    if take == "max":
        summaries = np.maximum.reduceat(values, starts)
    elif take == "min":
        summaries = np.minimum.reduceat(values, starts)
    else:
        lengths = np.diff(np.append(starts, values.size))
        summaries = np.add.reduceat(values, starts) / lengths
    note = f"Of each run the {take} of its values by {log.step} is taken."
    return Taken(rows, np.asarray(summaries), (note,))


def _take_at(log: Log, step: float) -> Taken:
    """Return the value of each run at a step; runs without one are left out."""
    rows = np.flatnonzero(log.steps == step)
    text = format_float(step)
    if rows.size == 0:
        ends = _describe_ends(np.unique(log.steps))
        message = f"no run of {log.name} has a value at {log.step} {text}; {log.step} is {ends}"
        raise Question(Cause.TAKE, message)
    notes = [f"Of each run the value at {log.step} {text} is taken."]
    n_without = int(log.runs.max()) + 1 - rows.size
    if n_without:
        notes.append(f"Left out, without a value at {log.step} {text}: {plural(n_without, 'run')}.")
    rows = rows[np.argsort(log.runs[rows], kind="stable")]
    return Taken(rows, log.values[rows], tuple(notes))


def _describe_ends(ends: FloatArray) -> str:
    """Return the range of some steps in words: at 10, or from 1 to 10."""
    distinct = np.unique(ends)
    if distinct.size == 1:
        return f"at {format_float(float(distinct[0]))}"
    return f"from {format_float(float(distinct[0]))} to {format_float(float(distinct[-1]))}"
