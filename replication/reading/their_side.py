"""The report by the keys of your side; a report may hold runs itself."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from replication.reading.grouping import find_seed_headings, melt
from replication.reading.headings import read_heading
from replication.reading.options import Reading, Renamed
from replication.reading.reported_columns import ReportedColumn
from replication.reading.reports import read_report_of
from replication.reading.roles import SEED, OtherSide
from replication.reading.runs import read_runs_of
from replication.reading.sheet import FloatArray, Sheet, format_float
from replication.reading.tidy import ReadAs, ReportRow, TidyReport
from replication.reading.typeset import fold
from replication.reading.your_side import YourSide

N_DIGITS = 12  # of means and standard deviations that are computed here


def read_their_side(
    theirs: Sheet, other: Reading, keys: Sequence[str], yours: YourSide, label_key: str
) -> TidyReport:
    """Return the report by the keys of your side.

    `other`: the options of the report. `label_key`: the name of the key whose cells are labels in
    headings, as acc in acc_mean.
    """
    reading = dataclasses.replace(other, by=_list_their_keys(theirs, other, keys))
    seed_headings = find_seed_headings(theirs)
    if seed_headings and yours.value is not None:
        theirs = melt(theirs, seed_headings, "seed", yours.value)
    if yours.value is not None and is_of_runs(theirs, yours.value):
        return summarise_runs(theirs, reading, yours.value)
    report = read_report_of(theirs, reading, yours, label_key)
    return drop_constant_keys(report, keys)


def _list_their_keys(theirs: Sheet, other: Reading, keys: Sequence[str]) -> tuple[Renamed, ...]:
    """Return your keys as the report spells them, and at last the one that its headings are."""
    wide = None if other.wide is None else other.wide.key
    names = []
    for key in keys:
        heading = theirs.find(key)
        if heading is not None and (wide is None or fold(key) != fold(wide)):
            names.append(heading)
    if wide is not None:
        names.append(wide)
    return tuple(Renamed(name) for name in names)


def drop_constant_keys(report: TidyReport, keys: Sequence[str]) -> TidyReport:
    """Return a report without keys that your side lacks, where all rows have the same."""
    folded = {fold(key) for key in keys}
    kept = []
    for place, name in enumerate(report.keys):
        cells = {row.key[place] for row in report.rows}
        if fold(name) in folded or len(cells) > 1:
            kept.append(place)
    if len(kept) == len(report.keys):
        return report
    rows = []
    for row in report.rows:
        key = tuple(row.key[place] for place in kept)
        rows.append(dataclasses.replace(row, key=key))
    names = tuple(report.keys[place] for place in kept)
    return dataclasses.replace(report, keys=names, rows=tuple(rows))


def is_of_runs(theirs: Sheet, value: str) -> bool:
    """Say whether a report holds runs: a column of seeds, your values, and no statistic.

    `value`: what you call your values.
    """
    heading = theirs.find(value)
    if heading is None:
        return False
    has_seeds = False
    for column in theirs.columns:
        if SEED.fullmatch(fold(column.name)) and column.varies:
            has_seeds = True
        elif read_heading(column.name).statistic is not None:
            return False
    values = ReportedColumn(theirs[heading], read_heading(value))
    return has_seeds and not values.has_spread


def summarise_runs(theirs: Sheet, reading: Reading, value: str) -> TidyReport:
    """Return the runs of a report by their means and standard deviations; `value`: their column."""
    keys = tuple(key for key in reading.by if theirs.find(key.own) is not None)
    reading = dataclasses.replace(reading, value=(Renamed(value),), by=keys)
    runs = read_runs_of(theirs, reading, OtherSide())
    rows = []
    for code, key in enumerate(runs.groups):
        values = runs.values[runs.group_codes == code]
        rows.append(ReportRow(key, describe_values(values), "sd n-1"))
    notes = (
        *runs.read_as.notes,
        "The report holds runs: their means and standard deviations are compared.",
    )
    return TidyReport(runs.keys, tuple(rows), ReadAs(runs.read_as.roles, notes))


def describe_values(values: FloatArray) -> dict[str, str]:
    """Return mean, standard deviation and number of runs, as if they had been printed."""
    numbers = {"mean": f"{values.mean():.{N_DIGITS}g}", "runs": str(values.size)}
    if values.size > 1:
        sd = float(np.std(values, ddof=1))
        numbers["spread"] = format_float(float(f"{sd:.{N_DIGITS}g}"))
    return numbers
