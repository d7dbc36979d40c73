"""The report by the keys of your side; a report may hold runs itself."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from replication.reading.grouping import find_seed_headings, melt
from replication.reading.headings import read_heading
from replication.reading.options import Reading, Renamed
from replication.reading.reports import (
    Measured,
    YourSide,
    read_report_of,
)
from replication.reading.roles import SEED, OtherSide
from replication.reading.runs import read_runs_of
from replication.reading.sheet import FloatArray, Sheet, print_float
from replication.reading.tidy import ReadAs, ReportRow, TidyReport
from replication.reading.typeset import fold

N_DIGITS = 12  # of means and standard deviations that are computed here


def read_their_side(
    theirs: Sheet, other: Reading, keys: Sequence[str], yours: YourSide, label_key: str
) -> TidyReport:
    """Return the report by the keys of your side."""
    wide = None if other.wide is None else fold(other.wide.key)
    found = [theirs.find(key) for key in keys if fold(key) != wide]
    by = tuple(Renamed(name) for name in found if name is not None)
    if other.wide is not None:
        by = (*by, Renamed(other.wide.key))
    if find_seed_headings(theirs) and yours.value is not None:
        theirs = melt(theirs, find_seed_headings(theirs), "seed", yours.value)
    if is_of_runs(theirs, yours):
        return summarise_runs(theirs, dataclasses.replace(other, by=by), yours)
    reading = dataclasses.replace(other, by=by)
    report = read_report_of(theirs, reading, yours, label_key)
    return drop_constant_keys(report, keys)


def drop_constant_keys(report: TidyReport, keys: Sequence[str]) -> TidyReport:
    """Return a report without keys that your side lacks, where all rows have the same."""
    folded = {fold(key) for key in keys}
    kept = [
        place
        for place, key in enumerate(report.keys)
        if fold(key) in folded or len({row.key[place] for row in report.rows}) > 1
    ]
    if len(kept) == len(report.keys):
        return report
    rows = [
        dataclasses.replace(row, key=tuple(row.key[place] for place in kept)) for row in report.rows
    ]
    names = tuple(report.keys[place] for place in kept)
    return dataclasses.replace(report, keys=names, rows=tuple(rows))


def is_of_runs(theirs: Sheet, yours: YourSide) -> bool:
    """Say whether a report holds runs: a column of seeds, your values, and no statistic."""
    seeds = [one for one in theirs.columns if SEED.fullmatch(fold(one.name)) and one.varies]
    if not seeds or yours.value is None or theirs.find(yours.value) is None:
        return False
    heads = [read_heading(one.name) for one in theirs.columns if one not in seeds]
    has_statistic = any(head.statistic is not None for head in heads)
    measured = Measured(theirs[theirs.find(yours.value) or ""], read_heading(yours.value))
    return not has_statistic and not measured.has_spread


def summarise_runs(theirs: Sheet, other: Reading, yours: YourSide) -> TidyReport:
    """Return runs that are given as a report by their means and standard deviations."""
    value = (Renamed(yours.value or ""),)
    by = tuple(one for one in other.by if theirs.find(one.own) is not None)
    runs = read_runs_of(theirs, dataclasses.replace(other, value=value, by=by), OtherSide())
    rows = []
    for place, key in enumerate(runs.groups):
        values = runs.values[runs.places == place]
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
        numbers["spread"] = print_float(float(f"{np.std(values, ddof=1):.{N_DIGITS}g}"))
    return numbers
