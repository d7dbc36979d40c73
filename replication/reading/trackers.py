"""Exports of programs that keep records of runs, brought into the form of a table of runs.

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
"""Headings of steps."""
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
"""Headings of clocks, which say nothing of a result."""
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
"""Headings of columns that say where and by whom a run was made."""
STATUS = {"status", "state", "run_status", "run_state"}
"""Headings of columns that say whether a run finished."""
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
"""What spreadsheets call the summary rows below the runs; names of statistics are others."""
STEP_NAMES = {fold(name) for name in STEPS}
# "lucky-fog-1 - acc", and beside it the lower and upper end of a line, "lucky-fog-1 - acc__MIN"
LINE = re.compile(r"(?P<run>.+?) - (?P<metric>.+?)(?P<bound>__MIN|__MAX)?")
MONITOR = {"r", "l", "t"}  # reward, length and time of an episode
MONITOR_NAMES = {"r": "reward", "t": "step"}


def is_step(name: str) -> bool:
    """Say whether a heading names steps, as a whole or by its last part: time/total_timesteps."""
    return fold(name) in STEP_NAMES or fold(name.rpartition("/")[2]) in STEP_NAMES


def is_aside(name: str) -> bool:
    """Say whether a heading names a clock, or where and by whom a run was made."""
    folded = fold(name)
    return folded in CLOCKS or folded in LABELS or folded.startswith("tags_mlflow")


def read_export(sheet: Sheet) -> Sheet:
    """Return a table of runs in the usual form: a row for each run, or for each run and step.

    Unfinished runs and rows that sum up the others are left out, with a note.
    """
    sheet = leave_out_unfinished(sheet)
    refuse_statistics(sheet)
    sheet = leave_out_summaries(sheet)
    if {fold(name) for name in sheet.names} >= MONITOR and sheet.n_rows > 1:
        return read_monitor(sheet)
    return melt_lines(sheet)


def leave_out_unfinished(sheet: Sheet) -> Sheet:
    """Return the runs that a column of states calls finished; a note counts the others.

    All rows are kept if the column has other words too, or does not have both kinds.
    """
    for column in sheet.columns:
        if fold(column.name) not in STATUS:
            continue
        states = {text.strip().lower() for text in column.distinct_texts}
        if not states <= FINISHED | UNFINISHED:
            continue
        if not states & UNFINISHED or not states & FINISHED:
            return sheet
        unfinished = [text for text in column.distinct_texts if text.strip().lower() in UNFINISHED]
        kept = np.array([text not in unfinished for text in column.list_texts()], dtype=np.bool_)
        n_left_out = plural(int((~kept).sum()), "run")
        words = quote(sorted(unfinished))
        note = f"Left out, by {quote([column.name])}: {n_left_out} ({words})."
        return sheet.take(kept).add_note(note)
    return sheet


def refuse_statistics(sheet: Sheet) -> None:
    """Refuse a table whose rows are statistics of runs, as `describe` of pandas gives.

    Rows called mean and max may be two ways of pooling, and are runs; a count or a spread among
    them makes sure that they are statistics.
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
    """Return a table without the summary rows (mean, total) that spreadsheets have at the end."""
    for column in sheet.columns:
        summaries = _list_summaries(column)
        if not summaries or len(summaries) == sheet.n_rows:
            continue
        n_named = sum(_is_summary(text) for text in column.list_texts())
        if n_named > len(summaries):  # such a word stands among the runs, too: it names runs
            continue
        kept = np.arange(sheet.n_rows) < sheet.n_rows - len(summaries)
        note = f"Left out, as a summary of the rows above: {quote(summaries)}."
        return sheet.take(kept).add_note(note)
    return sheet


def _list_summaries(column: Column) -> list[str]:
    """Return the names of statistics and sums that stand in the last cells of a column."""
    if column.numbers is not None:
        return []
    summaries: list[str] = []
    for row in range(len(column) - 1, -1, -1):
        text = column.get_text(row)
        if not _is_summary(text) or len(summaries) > len(NAMES):
            break
        summaries.insert(0, text)
    return summaries


def _is_summary(text: str) -> bool:
    """Say whether a cell names a sum or a statistic, other than a number of runs."""
    folded = fold(text)
    return folded in SUMS or NAMES.get(folded, "runs") != "runs"


def read_monitor(sheet: Sheet) -> Sheet:
    """Return a monitor of Stable-Baselines3 with r as reward and t as step, and without l."""
    letters = [name for name in sheet.names if fold(name) in MONITOR_NAMES]
    names = {name: MONITOR_NAMES[fold(name)] for name in letters}
    kept = tuple(column for column in sheet.columns if fold(column.name) != "l")
    note = (
        "Read as a monitor of episodes: r is the reward, t the time; l, their length, is left out."
    )
    return dataclasses.replace(sheet, columns=kept).rename(names).add_note(note)


def melt_lines(sheet: Sheet) -> Sheet:
    """Return the export of a plot of W&B with a row for each run and step.

    Its columns are a step, and one for each run, called "run - metric". Any other sheet is returned
    as it is.
    """
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
    # Columns of lower and upper ends are no runs.
    lines = {name: match for name, match in matches.items() if not match["bound"]}
    metrics = list(dict.fromkeys(match["metric"] for match in lines.values()))
    if len(metrics) > 1:
        message = f"{sheet.name} holds several metrics ({quote(metrics)}); export one"
        raise Question(Cause.FORMAT, message)
    runs = {name: match["run"] for name, match in lines.items()}
    return _lay_out_lines(sheet, first, runs, metrics[0])


def _check_lines(sheet: Sheet, matches: dict[str, re.Match[str]]) -> None:
    """Refuse lines that are means of several runs: their lower or upper end differs from them."""
    for name, match in matches.items():
        line = f"{match['run']} - {match['metric']}"
        if not match["bound"] or line not in sheet.names:
            continue
        if sheet[name].list_texts() != sheet[line].list_texts():
            what = "is the mean of a group of runs, or of a bin of steps"
            advice = "export the runs ungrouped and unsmoothed"
            message = (
                f"{quote([line])} of {sheet.name} {what}, and no run ({quote([name])} differs)"
            )
            raise Question(Cause.FORMAT, f"{message}; {advice}")


def _lay_out_lines(sheet: Sheet, step: Column, runs: dict[str, str], metric: str) -> Sheet:
    """Return a sheet with a row for each run and step that has a value.

    `runs`: the name of the run of each column.
    """
    steps = step.list_texts()
    rows: list[Sequence[str]] = []
    for name, run in runs.items():
        for step_text, cell in zip(steps, sheet[name].list_texts(), strict=True):
            if not is_missing(cell):
                rows.append((run, step_text, cell))
    melted = Sheet.of_rows(
        sheet.name,
        ["run", step.name, metric],
        rows,
        is_decimal_point_sure=sheet.is_decimal_point_sure,
    )
    return dataclasses.replace(melted, notes=sheet.notes)
