"""The report, with the keys of your side; what is called a report may hold runs itself."""

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
    their_table: Sheet, their_reading: Reading, keys: Sequence[str], yours: YourSide, label_key: str
) -> TidyReport:
    """Return the report, with the keys of your side.

    `their_reading`: the options of the report. `keys`: your keys. `label_key`: the name of the key
    whose cells are labels in headings, as acc in acc_mean.
    """
    reading = dataclasses.replace(
        their_reading, by=_list_their_keys(their_table, their_reading, keys)
    )
    seed_headings = find_seed_headings(their_table)
    if seed_headings and yours.value is not None:
        their_table = melt(their_table, seed_headings, "seed", yours.value)
    if yours.value is not None and is_of_runs(their_table, yours.value):
        return summarise_runs(their_table, reading, yours.value)
    report = read_report_of(their_table, reading, yours, label_key)
    return drop_constant_keys(report, keys)


def _list_their_keys(
    their_table: Sheet, their_reading: Reading, keys: Sequence[str]
) -> tuple[Renamed, ...]:
    """Return your keys as the report spells them; the key that its headings are comes last."""
    wide = None if their_reading.wide is None else their_reading.wide.key
    names = []
    for key in keys:
        heading = their_table.find(key)
        if heading is not None and (wide is None or fold(key) != fold(wide)):
            names.append(heading)
    if wide is not None:
        names.append(wide)
    return tuple(Renamed(name) for name in names)


def drop_constant_keys(report: TidyReport, your_keys: Sequence[str]) -> TidyReport:
    """Return a report without the keys that your side lacks and that are equal in all rows.

    Such a key tells no rows apart, so nothing is lost with it.
    """
    folded = {fold(key) for key in your_keys}
    kept = []
    for index, name in enumerate(report.keys):
        cells = {row.key[index] for row in report.rows}
        if fold(name) in folded or len(cells) > 1:
            kept.append(index)
    if len(kept) == len(report.keys):
        return report
    rows = []
    for row in report.rows:
        key = tuple(row.key[index] for index in kept)
        rows.append(dataclasses.replace(row, key=key))
    names = tuple(report.keys[index] for index in kept)
    return dataclasses.replace(report, keys=names, rows=tuple(rows))


def is_of_runs(their_table: Sheet, value: str) -> bool:
    """Say whether what is called a report holds runs instead.

    It does if it has a column of seeds and a column of your values (`value`), and no column of a
    statistic.
    """
    heading = their_table.find(value)
    if heading is None:
        return False
    has_seeds = False
    for column in their_table.columns:
        if SEED.fullmatch(fold(column.name)) and column.varies:
            has_seeds = True
        elif read_heading(column.name).statistic is not None:
            return False
    values = ReportedColumn(their_table[heading], read_heading(value))
    return has_seeds and not values.has_spread


def summarise_runs(their_table: Sheet, reading: Reading, value: str) -> TidyReport:
    """Return the mean and standard deviation of each group of runs, as a report would have them.

    `value`: the column of values.
    """
    keys = tuple(key for key in reading.by if their_table.find(key.own) is not None)
    reading = dataclasses.replace(reading, value=(Renamed(value),), by=keys)
    runs = read_runs_of(their_table, reading, OtherSide())
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
    """Return mean, standard deviation and number of runs as texts, as a report prints them.

    The standard deviation is called "spread", since the row says that it is one ("sd n-1").
    """
    numbers = {"mean": f"{values.mean():.{N_DIGITS}g}", "runs": str(values.size)}
    if values.size > 1:
        sd = float(np.std(values, ddof=1))
        numbers["spread"] = format_float(float(f"{sd:.{N_DIGITS}g}"))
    return numbers
