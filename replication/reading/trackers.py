"""Tables as programs that keep records of runs export them, brought into the usual form.

W&B: a column for each run, "run - metric", beside a step; or a row for each run, with its state.
MLflow: a row for each run, with its status. Stable-Baselines3: a monitor of episodes.
TensorBoard: wall time, step and value.
"""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from replication.reading.cells import is_missing
from replication.reading.names import NAMES
from replication.reading.question import Cause, Question, quote
from replication.reading.sheet import Column, Sheet
from replication.reading.typeset import fold
from replication.wording import plural

STEPS = {
    "step",
    "steps",
    "_step",
    "global_step",
    "env_step",
    "env_steps",
    "environment_steps",
    "total_steps",
    "timestep",
    "timesteps",
    "total_timesteps",
    "num_timesteps",
    "epoch",
    "epochs",
    "iteration",
    "iterations",
    "iter",
    "frame",
    "frames",
    "training_iteration",
    "global_steps",
    "n_updates",
    "time_steps",
    "num_env_steps",
}
"""What columns of steps are called."""
CLOCKS = {
    "wall_time",
    "walltime",
    "relative_time_(wall)",
    "relative_time_(process)",
    "timestamp",
    "created",
    "updated",
    "start_time",
    "end_time",
    "runtime",
    "duration",
    "date",
    "time",
    "datetime",
    "created_at",
    "heartbeat_at",
    "_timestamp",
    "_runtime",
    "_wandb",
    "elapsed",
}
"""What clocks are called, which say nothing of a result."""
LABELS = {
    "artifact_uri",
    "experiment_id",
    "user",
    "user_id",
    "notes",
    "sweep",
    "source_type",
    "source_name",
    "run_name",
    "hostname",
    "host",
    "pid",
    "commit",
    "git_commit",
    "gitcommit",
    "url",
    "uri",
    "lifecycle_stage",
    "description",
}
"""Columns in which programs say where and by whom a run was made."""
STATUS = {"status", "state", "run_status", "run_state"}
FINISHED = {"finished", "completed", "complete", "success", "succeeded", "done", "ok"}
UNFINISHED = {
    "failed",
    "fail",
    "failure",
    "crashed",
    "crash",
    "killed",
    "error",
    "errored",
    "running",
    "pending",
    "scheduled",
    "aborted",
    "preempted",
    "preempting",
    "cancelled",
    "canceled",
    "timeout",
}
SUMS = {
    "sum",
    "total",
    "variance",
    "var",
    "summe",
    "gesamt",
    "durchschnitt",
    "mw",
    "stabw",
    "stdabw",
    "varianz",
    "total_général",
}
"""What spreadsheets call rows below the runs, beside the names of statistics."""
STEP_NAMES = {fold(one) for one in STEPS}
LINE = re.compile(r"(.+?) - (.+?)(__MIN|__MAX)?")
MONITOR = {"r", "l", "t"}
MONITOR_NAMES = {"r": "reward", "t": "step"}


def is_step(name: str) -> bool:
    """Say whether a heading is one of steps; of time/total_timesteps the last part counts."""
    return fold(name) in STEP_NAMES or fold(name.rpartition("/")[2]) in STEP_NAMES


def is_aside(name: str) -> bool:
    """Say whether a heading is that of a clock, or of where a run was made."""
    folded = fold(name)
    return folded in CLOCKS or folded in LABELS or folded.startswith("tags_mlflow")


def unstack_runs(sheet: Sheet) -> Sheet:
    """Return a table with a row for each run and step, or each run, in place of an export."""
    sheet = leave_out_unfinished(sheet)
    refuse_statistics(sheet)
    sheet = leave_out_summaries(sheet)
    if {fold(name) for name in sheet.names} >= MONITOR and sheet.n_rows > 1:
        return read_monitor(sheet)
    return unstack_lines(sheet)


def leave_out_unfinished(sheet: Sheet) -> Sheet:
    """Return the runs that finished, where a column says so; the others are named."""
    for column in sheet.columns:
        if fold(column.name) not in STATUS:
            continue
        states = {text.strip().lower() for text in column.known}
        if not states <= FINISHED | UNFINISHED:
            continue
        if not states & UNFINISHED or not states & FINISHED:
            return sheet
        unfinished = [text for text in column.known if text.strip().lower() in UNFINISHED]
        kept = np.array([text not in unfinished for text in column.list_texts()], dtype=np.bool_)
        n_left_out = plural(int((~kept).sum()), "run")
        words = quote(sorted(unfinished))
        note = f"Left out, by {quote([column.name])}: {n_left_out} ({words})."
        return sheet.take(kept).add_note(note)
    return sheet


def refuse_statistics(sheet: Sheet) -> None:
    """Ask for runs, where each row is a statistic of them: count, mean, std, as of `describe`.

    Rows called mean and max alone may be two ways of pooling: a count or a spread makes it sure.
    """
    for column in sheet.columns:
        if column.numbers is not None or len(column) > len(NAMES):
            continue
        texts = column.list_texts()
        statistics = [NAMES.get(fold(text), "") for text in texts]
        if not all(statistics) or len({*statistics}) < len(statistics):
            continue
        if {"mean", "median"} & {*statistics} and {"sd", "se", "q1", "runs"} & {*statistics}:
            message = (
                f"rows of {sheet.name} are statistics ({quote(texts)}), and no runs: give a row "
                f"for each run, or what they say as a text, as 'mean=0.83 sd=0.04 n=5'"
            )
            raise Question(Cause.FORMAT, message)


def leave_out_summaries(sheet: Sheet) -> Sheet:
    """Return a table of runs without rows of its own summary, as spreadsheets have at their end."""
    for column in sheet.columns:
        words = _list_summaries(column)
        if not words or len(words) == sheet.n_rows:
            continue
        n_named = sum(_is_summary(text) for text in column.list_texts())
        if n_named > len(words):  # it stands among the runs, too: a name of theirs
            continue
        kept = np.arange(sheet.n_rows) < sheet.n_rows - len(words)
        note = f"Left out, as a summary of the rows above: {quote(words)}."
        return sheet.take(kept).add_note(note)
    return sheet


def _list_summaries(column: Column) -> list[str]:
    """Return the names of statistics that a column of texts has at its end."""
    if column.numbers is not None:
        return []
    words: list[str] = []
    for place in range(len(column) - 1, -1, -1):
        text = column.get_text(place)
        if not _is_summary(text) or len(words) > len(NAMES):
            break
        words.insert(0, text)
    return words


def _is_summary(text: str) -> bool:
    folded = fold(text)
    return folded in SUMS or NAMES.get(folded, "runs") != "runs"


def read_monitor(sheet: Sheet) -> Sheet:
    """Return a monitor of Stable-Baselines3 with names in place of letters: r, l and t."""
    letters = [name for name in sheet.names if fold(name) in MONITOR_NAMES]
    names = {name: MONITOR_NAMES[fold(name)] for name in letters}
    kept = tuple(column for column in sheet.columns if fold(column.name) != "l")
    note = (
        "Read as a monitor of episodes: r is the reward, t the time; l, their length, is left out."
    )
    return dataclasses.replace(sheet, columns=kept).rename(names).add_note(note)


def unstack_lines(sheet: Sheet) -> Sheet:
    """Return lines of a plot, "run - metric" beside a step, with a row for each run and step."""
    first, *others = sheet.columns
    matches = {}
    for column in others:
        match = LINE.fullmatch(column.name)
        if match is None:
            return sheet
        matches[column.name] = match
    if not matches or not is_step(first.name):
        return sheet
    _check_lines(sheet, matches)
    lines = {name: match for name, match in matches.items() if not match[3]}
    metrics = list(dict.fromkeys(match[2] for match in lines.values()))
    if len(metrics) > 1:
        message = f"{sheet.name} holds several metrics ({quote(metrics)}); export one"
        raise Question(Cause.FORMAT, message)
    return _stack(sheet, first, {name: match[1] for name, match in lines.items()}, metrics[0])


def _check_lines(sheet: Sheet, matches: dict[str, re.Match[str]]) -> None:
    """Refuse lines that are means of several runs, whose ends differ."""
    for name, match in matches.items():
        line = f"{match[1]} - {match[2]}"
        if not match[3] or line not in sheet.names:
            continue
        if sheet[name].list_texts() != sheet[line].list_texts():
            what = "is the mean of a group of runs, or of a bin of steps"
            advice = "export the runs ungrouped and unsmoothed"
            message = (
                f"{quote([line])} of {sheet.name} {what}, and no run ({quote([name])} differs)"
            )
            raise Question(Cause.FORMAT, f"{message}; {advice}")


def _stack(sheet: Sheet, step: Column, runs: dict[str, str], metric: str) -> Sheet:
    """Return a row for each run and step; `runs`: the name of the run of each column."""
    steps = step.list_texts()
    rows: list[Sequence[str]] = []
    for name, run in runs.items():
        for at, cell in zip(steps, sheet[name].list_texts(), strict=True):
            if not is_missing(cell):
                rows.append((run, at, cell))
    stacked = Sheet.of_rows(
        sheet.name, ["run", step.name, metric], rows, is_point_sure=sheet.is_point_sure
    )
    return dataclasses.replace(stacked, notes=sheet.notes)
