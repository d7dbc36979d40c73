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
    add_shown_key,
    check_differences,
    find_group_column,
    rename_theirs,
    split_reading,
)
from replication.reading.sheet import Column, Sheet
from replication.reading.shown import describe_yours, find_shown, is_share
from replication.reading.their_side import read_their_side
from replication.reading.tidy import TidyReport, TidyRuns
from replication.reading.trackers import is_step, unstack_runs
from replication.reading.turned import turn_statistics
from replication.reading.typeset import fold
from replication.reading.wide import find_wide, match_labels, name_turned, name_unnamed
from replication.reading.your_side import YourSide


@dataclasses.dataclass(frozen=True, eq=False)
class BothSides:
    """Both sides as they were read, and the keys that both have, by the names of yours.

    `grouping`: your column of the groups whose difference was reported.
    """

    yours: TidyRuns | TidyReport
    theirs: TidyReport
    keys: tuple[str, ...]
    grouping: str | None = None


def read_with_report(
    own: Sheet, report: TidyReport, reading: Reading, groups: Groups = None
) -> BothSides:
    """Return your table, beside one report that holds for all of its groups."""
    if is_of_reports(own, reading) and groups is None:
        mine = read_report_of(own, dataclasses.replace(reading, n=None))
        return BothSides(mine, report, mine.keys)
    own = unstack_runs(own)
    grouping = find_group_column(own, groups, reading)
    reading = add_key(reading, grouping)
    names = {name for row in report.rows for name in row.numbers}
    is_of_shares = is_share(names) or (groups is not None and reading.succeeded is not None)
    shown = add_shown_key(OtherSide(is_share=is_of_shares), grouping, reading)
    runs = read_runs_of(own, reading, shown)
    keys = tuple(key for key in runs.keys if key != grouping)
    return BothSides(runs, report, keys, grouping)


def read_both(own: Sheet, theirs: Sheet, reading: Reading, groups: Groups = None) -> BothSides:
    """Return two tables, with the keys that both have; or ask."""
    theirs = bring_into_form(rename_theirs(theirs, reading), own, reading)
    # The options of your table, and those of the report.
    mine, other = split_reading(own, theirs, reading)
    check_differences(theirs, groups)
    if is_of_reports(own, reading) and groups is None:
        return read_two_reports(own, theirs, mine, other)
    own = unstack_runs(own)
    mine, other = find_wide(own, theirs, mine, other)
    grouping = find_group_column(own, groups, mine)
    label_key = match_labels(theirs, own)
    # Your runs are read by what the report names, and then the report by your columns.
    shown = find_shown(own, theirs, mine, other, label_key)
    shown = add_shown_key(shown, grouping, mine)
    if groups is not None and mine.succeeded is not None:
        shown = dataclasses.replace(shown, is_share=True)
    runs = read_runs_of(own, add_key(mine, grouping), shown)
    keys = tuple(key for key in runs.keys if key != grouping)
    report = read_their_side(theirs, other, keys, describe_yours(own, runs), label_key)
    check_keys(runs, keys, report, own, theirs)
    return BothSides(runs, report, keys, grouping)


def bring_into_form(theirs: Sheet, own: Sheet, reading: Reading) -> Sheet:
    """Return a report with a column for each statistic, whose columns have names."""
    known = {fold(name) for name in (*reading.keys, *reading.ignore)}
    known |= {fold(column.name) for column in own.columns if not column.is_numeric}
    turned = turn_statistics(theirs, known)
    return name_unnamed(name_turned(turned, own), own)


def is_of_reports(own: Sheet, reading: Reading) -> bool:
    """Say whether a table holds a report in each row: a mean by name, or with its spread.

    Steps, seeds, and what is said of runs alone make it one of runs: mean_reward by step is a log.
    """
    if reading.take is not None or reading.seed or reading.succeeded is not None:
        return False
    if reading.wide is not None and SEED.fullmatch(fold(reading.wide.key)):
        return False
    if find_seed_headings(own) or any(_tells_runs(column) for column in own.columns):
        return False
    for column in own.columns:
        if not column.is_numeric:
            continue
        if read_heading(column.name).statistic in ("mean", "median", "iqm"):
            return True
        if _has_mostly_spreads(column):
            return True
    return False


def _tells_runs(column: Column) -> bool:
    """Say whether a column holds steps or seeds, and no number of them."""
    if not column.varies or read_heading(column.name).statistic is not None:
        return False
    return is_step(column.name) or SEED.fullmatch(fold(column.name)) is not None


def _has_mostly_spreads(column: Column) -> bool:
    """Say whether at least half of what is not empty says how results vary: 0.83 ± 0.04."""
    n_spreads = sum(cell.has_spread for cell in column.list_cells())
    return n_spreads > 0 and 2 * n_spreads >= len(column.known)


def read_two_reports(own: Sheet, theirs: Sheet, mine: Reading, other: Reading) -> BothSides:
    """Return two reports, by the columns of texts that both have."""
    keys = mine.by or tuple(map(Renamed, list_shared_texts(own, theirs)))
    # Each is read beside the headings of the other.
    yours = read_report_of(own, dataclasses.replace(mine, by=keys, n=None), show_headings(theirs))
    report = read_report_of(theirs, dataclasses.replace(other, by=keys), show_headings(own))
    check_keys(yours, yours.keys, report, own, theirs)
    return BothSides(yours, report, yours.keys)


def list_shared_texts(own: Sheet, theirs: Sheet) -> list[str]:
    """Return the columns of texts of one table whose headings the other has, too."""
    names = [column.name for column in own.columns if not column.is_numeric]
    return [name for name in names if theirs.find(name) is not None]


def show_headings(sheet: Sheet) -> YourSide:
    """Return what a report shows of another one: its headings."""
    return YourSide(frozenset(map(fold, sheet.names)))
