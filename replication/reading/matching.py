"""Both sides of a comparison, read with the keys that both have."""

import dataclasses

from replication.reading.grouping import find_seed_headings
from replication.reading.headings import read_heading
from replication.reading.keys import check_keys
from replication.reading.options import Reading, Renamed
from replication.reading.reports import read_report_of
from replication.reading.roles import SEED, OtherSide
from replication.reading.runs import read_runs_of
from replication.reading.saying import (
    Groups,
    add_key,
    add_other_key,
    check_differences,
    find_group_column,
    rename_theirs,
    split_reading,
)
from replication.reading.sheet import Column, Sheet
from replication.reading.shown import describe_yours, find_other_side, is_share
from replication.reading.their_side import read_their_side
from replication.reading.tidy import TidyReport, TidyRuns
from replication.reading.trackers import is_step, read_export
from replication.reading.turned import turn_statistics
from replication.reading.typeset import fold
from replication.reading.wide import find_wide, match_labels, name_turned, name_unnamed
from replication.reading.your_side import YourSide


@dataclasses.dataclass(frozen=True, eq=False)
class BothSides:
    """Both sides as they were read, and the keys that both have, under your names.

    `grouping`: your column that tells apart the two groups whose difference was reported.
    """

    yours: TidyRuns | TidyReport
    theirs: TidyReport
    keys: tuple[str, ...]
    grouping: str | None = None


def read_with_report(
    your_table: Sheet, report: TidyReport, reading: Reading, groups: Groups = None
) -> BothSides:
    """Return both sides, where one report without keys is compared with each of your groups."""
    if is_of_reports(your_table, reading) and groups is None:
        yours = read_report_of(your_table, dataclasses.replace(reading, n=None))
        return BothSides(yours, report, yours.keys)
    your_table = read_export(your_table)
    grouping = find_group_column(your_table, groups, reading)
    reading = add_key(reading, grouping)
    statistics = {name for row in report.rows for name in row.numbers}
    is_of_shares = is_share(statistics) or (groups is not None and reading.succeeded is not None)
    other_side = add_other_key(OtherSide(is_share=is_of_shares), grouping, reading)
    runs = read_runs_of(your_table, reading, other_side)
    keys = tuple(key for key in runs.keys if key != grouping)
    return BothSides(runs, report, keys, grouping)


def read_both(
    your_table: Sheet, their_table: Sheet, reading: Reading, groups: Groups = None
) -> BothSides:
    """Return both tables as they were read, with the keys that both have; or ask what is open."""
    their_table = bring_into_form(rename_theirs(their_table, reading), your_table, reading)
    # An option is about your table, about the report, or about both.
    your_reading, their_reading = split_reading(your_table, their_table, reading)
    check_differences(their_table, groups)
    if is_of_reports(your_table, reading) and groups is None:
        return read_two_reports(your_table, their_table, your_reading, their_reading)
    your_table = read_export(your_table)
    your_reading, their_reading = find_wide(your_table, their_table, your_reading, their_reading)
    grouping = find_group_column(your_table, groups, your_reading)
    label_key = match_labels(their_table, your_table)
    # What the report names tells how to read your runs, and their columns how to read the report.
    other_side = find_other_side(your_table, their_table, your_reading, their_reading, label_key)
    other_side = add_other_key(other_side, grouping, your_reading)
    if groups is not None and your_reading.succeeded is not None:
        other_side = dataclasses.replace(other_side, is_share=True)
    runs = read_runs_of(your_table, add_key(your_reading, grouping), other_side)
    keys = tuple(key for key in runs.keys if key != grouping)
    report = read_their_side(
        their_table, their_reading, keys, describe_yours(your_table, runs), label_key
    )
    check_keys(runs, keys, report, your_table, their_table)
    return BothSides(runs, report, keys, grouping)


def bring_into_form(their_table: Sheet, your_table: Sheet, reading: Reading) -> Sheet:
    """Return a report in which each statistic is a column, and every column has a name."""
    no_statistics = {fold(name) for name in (*reading.keys, *reading.ignore)}
    no_statistics |= {fold(column.name) for column in your_table.columns if not column.is_numeric}
    turned = turn_statistics(their_table, no_statistics)
    return name_unnamed(name_turned(turned, your_table), your_table)


def is_of_reports(your_table: Sheet, reading: Reading) -> bool:
    """Say whether each row of your table is a reported result, and no run.

    A result has a mean by name (acc_mean) or a spread (0.83 ± 0.04). A table with steps or seeds is
    one of runs, even if it has a column mean_reward; so is one of which an option for runs was
    given.
    """
    if reading.take is not None or reading.seed or reading.succeeded is not None:
        return False
    if reading.wide is not None and SEED.fullmatch(fold(reading.wide.key)):
        return False
    if find_seed_headings(your_table) or any(_tells_runs(column) for column in your_table.columns):
        return False
    for column in your_table.columns:
        if not column.is_numeric:
            continue
        if read_heading(column.name).statistic in ("mean", "median", "iqm"):
            return True
        if _has_mostly_spreads(column):
            return True
    return False


def _tells_runs(column: Column) -> bool:
    """Say whether a column holds steps or seeds; n_seeds, which counts them, does not."""
    if not column.varies or read_heading(column.name).statistic is not None:
        return False
    return is_step(column.name) or SEED.fullmatch(fold(column.name)) is not None


def _has_mostly_spreads(column: Column) -> bool:
    """Say whether at least half of the distinct cells have a spread: 0.83 ± 0.04."""
    n_spreads = sum(cell.has_spread for cell in column.list_cells())
    return n_spreads > 0 and 2 * n_spreads >= len(column.distinct_texts)


def read_two_reports(
    your_table: Sheet, their_table: Sheet, your_reading: Reading, their_reading: Reading
) -> BothSides:
    """Return two reports; their keys are the columns of texts that both have."""
    keys = your_reading.by or tuple(map(Renamed, list_shared_texts(your_table, their_table)))
    # Each report is read with the headings of the other one, which tell what a column may be.
    yours = read_report_of(
        your_table, dataclasses.replace(your_reading, by=keys, n=None), show_headings(their_table)
    )
    report = read_report_of(
        their_table, dataclasses.replace(their_reading, by=keys), show_headings(your_table)
    )
    check_keys(yours, yours.keys, report, your_table, their_table)
    return BothSides(yours, report, yours.keys)


def list_shared_texts(your_table: Sheet, their_table: Sheet) -> list[str]:
    """Return your columns of texts whose headings stand in the report, too."""
    names = [column.name for column in your_table.columns if not column.is_numeric]
    return [name for name in names if their_table.find(name) is not None]


def show_headings(sheet: Sheet) -> YourSide:
    """Return the headings of a report, which tell how to read another one."""
    return YourSide(frozenset(map(fold, sheet.names)))
