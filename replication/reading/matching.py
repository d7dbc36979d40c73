"""Both sides of a comparison, read with the keys that both have."""

import dataclasses
import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from replication.reading.grouping import find_seed_headings
from replication.reading.headings import read_heading
from replication.reading.names import CENTRES, SUCCESSES
from replication.reading.options import Condition, Reading, Renamed, Wide
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.reports import (
    DIFFERENCES,
    TURNED,
    Measured,
    YourSide,
    drop_average,
    find_wide_columns,
    measure,
    read_report_of,
    turn_statistics,
)
from replication.reading.roles import COUNTERS, SEED, OtherSide
from replication.reading.runs import METRIC, read_runs_of
from replication.reading.sheet import Column, FloatArray, Sheet, print_float
from replication.reading.tidy import Key, ReadAs, ReportRow, Role, TidyReport, TidyRuns
from replication.reading.trackers import is_step, unstack_runs
from replication.reading.typeset import fold

MIN_MATCHES = 2  # headings of one side that are cells of the other
N_DIGITS = 12  # of means and standard deviations that are computed here
Groups = tuple[str, str] | None
"""Two groups of your runs whose difference was reported."""


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
    """Return a table of runs, beside one report that holds for all of their groups."""
    if is_of_reports(own) and groups is None and reading.succeeded is None:
        mine = read_report_of(own, dataclasses.replace(reading, n=None))
        return BothSides(mine, report, mine.keys)
    own = unstack_runs(own)
    grouping = find_group_column(own, groups, reading)
    reading = add_key(reading, grouping)
    names = {name for row in report.rows for name in row.numbers}
    is_of_shares = is_share(names) or (groups is not None and reading.succeeded is not None)
    shown = add_shown_key(OtherSide(is_share=is_of_shares), grouping, reading)
    runs = read_runs_of(own, reading, shown)
    return BothSides(runs, report, tuple(key for key in runs.keys if key != grouping), grouping)


def read_both(own: Sheet, theirs: Sheet, reading: Reading, groups: Groups = None) -> BothSides:
    """Return two tables, with the keys that both have; or ask."""
    theirs = name_turned(turn_statistics(rename_theirs(theirs, reading)), own)
    mine, other = split_reading(own, theirs, reading)
    check_differences(theirs, groups)
    if is_of_reports(own) and groups is None and reading.succeeded is None:
        return read_two_reports(own, theirs, mine, other)
    own = unstack_runs(own)
    mine, other = find_wide(own, theirs, mine, other)
    grouping = find_group_column(own, groups, mine)
    label_key = match_labels(theirs, own)
    shown = find_shown(own, theirs, mine, other, label_key)
    shown = add_shown_key(shown, grouping, mine)
    if groups is not None and mine.succeeded is not None:
        shown = dataclasses.replace(shown, is_share=True)
    runs = read_runs_of(own, add_key(mine, grouping), shown)
    keys = tuple(key for key in runs.keys if key != grouping)
    yours = describe_yours(own, runs)
    report = read_their_side(theirs, other, keys, yours, label_key)
    check_keys(runs, keys, report, own, theirs)
    return BothSides(runs, report, keys, grouping)


# -- what was said of which side -------------------------------------------------------------------


def rename_theirs(theirs: Sheet, reading: Reading) -> Sheet:
    """Return the report, whose keys are called as yours are: task=Dataset."""
    names = {}
    for one in reading.by:
        if one.theirs is not None:
            (heading,) = theirs.choose([one.theirs])
            names[heading] = one.own
    return theirs.rename(names)


def split_reading(own: Sheet, theirs: Sheet, reading: Reading) -> tuple[Reading, Reading]:
    """Return what was said of your table, and of the report."""
    for name in [*reading.ignore, *(one.name for one in reading.where)]:
        if own.find(name) is None and theirs.find(name) is None:
            raise own.refuse_name(name)
    wide_is_own = reading.wide is not None and is_wide_of_own(own, theirs, reading.wide)
    mine = dataclasses.replace(
        reading,
        by=tuple(Renamed(one.own) for one in reading.by),
        value=tuple(Renamed(one.own) for one in reading.value),
        where=select_conditions(own, reading.where),
        ignore=tuple(name for name in reading.ignore if own.find(name) is not None),
        wide=reading.wide if wide_is_own else None,
    )
    other = dataclasses.replace(
        reading,
        by=(),
        value=tuple(Renamed(one.theirs) for one in reading.value if one.theirs is not None),
        where=select_conditions(theirs, reading.where),
        ignore=tuple(name for name in reading.ignore if theirs.find(name) is not None),
        wide=None if wide_is_own else reading.wide,
    )
    return mine, other


def select_conditions(sheet: Sheet, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions on columns that a table has."""
    return tuple(one for one in conditions if sheet.find(one.name) is not None)


def is_wide_of_own(own: Sheet, theirs: Sheet, wide: Wide) -> bool:
    """Say whether the headings that are a key are those of your table."""
    if wide.columns:
        return all(own.find(name) is not None for name in wide.columns)
    if SEED.fullmatch(fold(wide.key)) or is_step(wide.key):
        return True
    return theirs.find(wide.key) is not None


def add_key(reading: Reading, key: str | None) -> Reading:
    """Return what was said, with one more key where keys were said."""
    if key is None or not reading.by or key in reading.keys:
        return reading
    return dataclasses.replace(reading, by=(*reading.by, Renamed(key)))


def add_shown_key(shown: OtherSide, key: str | None, reading: Reading) -> OtherSide:
    """Return what the report shows, with one more key where none were said."""
    if key is None or reading.by or key in shown.keys:
        return shown
    return dataclasses.replace(shown, keys=(*shown.keys, key))


def check_differences(theirs: Sheet, groups: Groups) -> None:
    """Ask for the groups of a table of differences."""
    named = [name for name in theirs.names if read_heading(name).label in DIFFERENCES]
    if named and groups is None:
        message = f"{theirs.name} has {quote(named)}; give `difference`, two groups of yours"
        raise Question(Cause.VALUE, message)


def find_group_column(own: Sheet, groups: Groups, reading: Reading) -> str | None:
    """Return the column of the two groups whose difference was reported, of keys first."""
    if groups is None:
        return None
    wanted = set(groups)
    allowed = "are two groups of one column"
    keys = [name for name in map(own.find, reading.keys) if name is not None]
    for name in [*keys, *own.names]:
        cells = set(own[name].known)
        if len(wanted) == 2 and wanted <= cells:
            return name
        if wanted & cells and len(cells) < own.n_rows:
            allowed += f"; {quote([name])} has {quote(sorted(cells))}"
    message = f"`difference` was given as {quote(groups)}; allowed {allowed}"
    raise Question(Cause.GROUP, message)


# -- headings of one side that are cells of the other ----------------------------------------------


def find_wide(own: Sheet, theirs: Sheet, mine: Reading, other: Reading) -> tuple[Reading, Reading]:
    """Return what is said of both sides, with the headings of one that are cells of the other."""
    if mine.wide is not None or other.wide is not None:
        return mine, other
    theirs_wide = find_wide_columns(theirs, theirs.choose(other.ignore))
    found = match_headings(theirs, theirs_wide, own)
    if found is not None and not other.value:
        return mine, dataclasses.replace(other, wide=Wide(found))
    own_wide = list_own_headings(own, mine)
    found = match_headings(own, own_wide, theirs)
    if found is None:
        return mine, other
    cells = fold_cells(theirs[found])
    columns = tuple(name for name in own_wide if fold_heading(name) in cells)
    return dataclasses.replace(mine, wide=Wide(found, columns), value=()), other


def list_own_headings(own: Sheet, mine: Reading) -> list[str]:
    """Return columns of numbers of your table that may be a key by their headings."""
    if find_seed_headings(own) or len(mine.value) == 1:
        return []
    if mine.value:
        return own.choose(mine.values)
    said = {own.find(name) for name in [*mine.keys, *mine.seed, *mine.ignore]}
    names = [one.name for one in own.columns if one.is_numeric and one.name not in said]
    names = [name for name in names if fold(name) not in COUNTERS]
    return [name for name in names if not SEED.fullmatch(fold(name))]


def match_headings(wide: Sheet, names: Sequence[str], long: Sheet) -> str | None:
    """Return the column of texts that has headings of the other table as cells, two at least."""
    headings = {fold_heading(name) for name in names}
    best: str | None = None
    most = MIN_MATCHES - 1
    for column in long.columns:
        if column.is_numeric or column.name in wide.names:
            continue
        n_hits = len(headings & fold_cells(column))
        if n_hits > most:
            best = column.name
            most = n_hits
    return best


def match_labels(theirs: Sheet, own: Sheet) -> str:
    """Return your column whose cells are labels of the report: PPO_mean, PPO_sd, SAC_mean."""
    heads = [read_heading(column.name) for column in theirs.columns if column.is_numeric]
    labels = {head.label for head in heads if head.statistic in CENTRES and head.label}
    for column in own.columns:
        if not column.is_numeric and len(labels & fold_cells(column)) >= MIN_MATCHES:
            return column.name
    return METRIC


def fold_cells(column: Column) -> set[str]:
    """Return the cells of a column as they are compared."""
    return {fold(text) for text in column.known}


def fold_heading(name: str) -> str:
    """Return a heading as it is compared, without what stands in brackets: PPO (n = 5)."""
    heading = read_heading(name)
    return heading.label if heading.statistic is None else fold(name)


def name_turned(theirs: Sheet, own: Sheet) -> Sheet:
    """Return a report, whose headings beside rows of statistics are called as your column is."""
    if TURNED not in theirs.names or TURNED in own.names:
        return theirs
    cells = fold_cells(theirs[TURNED])
    for column in own.columns:
        if not column.is_numeric and len(cells & fold_cells(column)) >= MIN_MATCHES:
            return theirs.rename({TURNED: column.name})
    return theirs


# -- what each side shows of the other -------------------------------------------------------------


def find_shown(
    own: Sheet, theirs: Sheet, mine: Reading, other: Reading, label_key: str
) -> OtherSide:
    """Return what the report shows of your table: keys, and names of what is reported."""
    headings = {fold(name) for name in theirs.names}
    keys = [
        column.name
        for column in own.columns
        if not column.is_numeric
        and fold(column.name) in headings
        and not SEED.fullmatch(fold(column.name))
    ]
    for more in (None if other.wide is None else other.wide.key, label_key):
        heading = None if more is None else own.find(more)
        if heading is not None and heading not in keys and not own[heading].is_numeric:
            keys.append(heading)
    measured = measure(theirs, theirs.choose(other.ignore))
    statistics = {one.heading.statistic for one in measured if one.is_centre}
    counted = any(_holds_counts(one) for one in measured)
    number_keys = [] if mine.by else find_number_keys(own, theirs, measured, mine)
    keys.extend(number_keys)
    values = set() if other.wide is not None else find_values(measured)
    values -= {fold(name) for name in number_keys}
    if not keys and not mine.by:
        ask_other_names(own, theirs)
    return OtherSide(
        keys=tuple(keys),
        values=frozenset(values),
        is_share=(counted and not statistics - {*SUCCESSES}) or is_share(statistics),
    )


def ask_other_names(own: Sheet, theirs: Sheet) -> None:
    """Ask about columns of texts that are called otherwise, and have cells in common."""
    for column in own.columns:
        if column.is_numeric or column.n_distinct == 1:
            continue
        for other in theirs.columns:
            hits = set() if other.is_numeric else fold_cells(column) & fold_cells(other)
            if hits:
                both = quote_argument(f"{column.name}={other.name}")
                names = f"{quote([other.name])} of the report your {quote([column.name])}"
                raise Question(Cause.KEY, f"is {names}? if so give `by` {both}")


def _holds_counts(one: Measured) -> bool:
    cells = [one.column.split(text) for text in one.column.known[:20]]
    return any(cell is not None and cell.successes is not None for cell in cells)


def is_share(names: Collection[str | None]) -> bool:
    """Say whether nothing but a share of successes is reported."""
    known = {name for name in names if name is not None} - {"runs"}
    return bool(known) and known <= {*SUCCESSES}


def find_values(measured: Sequence[Measured]) -> set[str]:
    """Return the names, folded, of what is reported."""
    labels: set[str] = set()
    for one in drop_average(measured):
        if one.heading.statistic is None:
            labels |= {fold(one.name), one.heading.label}
        elif one.is_centre and one.heading.label:
            labels.add(one.heading.label)
    return labels


def find_number_keys(
    own: Sheet, theirs: Sheet, measured: Sequence[Measured], mine: Reading
) -> list[str]:
    """Return columns of numbers that are keys of both tables by their name.

    The report has its means elsewhere, a row for each cell, and you have several rows for each.
    What may be the result as well is asked.
    """
    said = {fold(name) for name in [*mine.keys, *mine.values, *mine.seed, *mine.ignore]}
    keys = []
    for one in measured:
        is_result = one.heading.statistic is not None or one.has_spread
        others = [other for other in measured if other is not one]
        has_centre = any(other.is_centre or other.has_spread for other in others)
        heading = own.find(one.name)
        if is_result or not has_centre or heading is None or fold(one.name) in said:
            continue
        if not own[heading].is_numeric:
            continue
        if not is_key_of_both(own[heading], theirs[one.name]):
            raise _ask_number_key(heading)
        keys.append(heading)
    return keys


def is_key_of_both(mine: Column, theirs: Column) -> bool:
    """Say whether the report has a row for each of its cells, of which you have several runs."""
    ours = {fold_cell(text) for text in mine.known}
    others = {fold_cell(text) for text in theirs.known}
    is_single = theirs.n_distinct == len(theirs)
    return is_single and others <= ours and 2 * mine.n_distinct <= len(mine)


def _ask_number_key(heading: str) -> Question:
    name = quote_argument(heading)
    message = (
        f"{quote([heading])} holds numbers in both tables: give `by` {name} if it is a key, "
        f"`value` {name} if it is the result, or `ignore` {name}"
    )
    return Question(Cause.KEY, message)


def describe_yours(own: Sheet, runs: TidyRuns) -> YourSide:
    """Return what your table shows of a report: its texts, and the columns of values."""
    texts = [column.name for column in own.columns if not column.is_numeric]
    values = [name for name, role in runs.read_as.roles.items() if role is Role.VALUE]
    last = [re.split(r"[/.]", name)[-1] for name in values]
    names = frozenset(map(fold, [*texts, *values, *last]))
    return YourSide(names, find_value_name(runs))


def find_value_name(runs: TidyRuns) -> str | None:
    """Return the column of your values, if there is one."""
    names = [name for name, role in runs.read_as.roles.items() if role is Role.VALUE]
    return names[0] if len(names) == 1 else None


# -- the report ------------------------------------------------------------------------------------


def read_their_side(
    theirs: Sheet, other: Reading, keys: Sequence[str], yours: YourSide, label_key: str
) -> TidyReport:
    """Return the report by the keys of your side."""
    wide = None if other.wide is None else fold(other.wide.key)
    found = [theirs.find(key) for key in keys if fold(key) != wide]
    by = tuple(Renamed(name) for name in found if name is not None)
    if other.wide is not None:
        by = (*by, Renamed(other.wide.key))
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
    seeds = [one for one in theirs.columns if SEED.fullmatch(fold(one.name)) and one.n_distinct > 1]
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


# -- two reports -----------------------------------------------------------------------------------


def is_of_reports(own: Sheet) -> bool:
    """Say whether a table holds a report in each row: a mean by name, or with its spread."""
    measured = [Measured(one, read_heading(one.name)) for one in own.columns if one.is_numeric]
    if any(one.heading.statistic in ("mean", "median", "iqm") for one in measured):
        return True
    return any(one.has_spread and _is_mostly_spread(one) for one in measured)


def _is_mostly_spread(one: Measured) -> bool:
    cells = [one.column.split(text) for text in one.column.known]
    n_spread = sum(cell is not None and cell.has_spread for cell in cells)
    return 2 * n_spread >= len(cells)


def read_two_reports(own: Sheet, theirs: Sheet, mine: Reading, other: Reading) -> BothSides:
    """Return two reports, by the columns of texts that both have."""
    shared = mine.by or tuple(
        Renamed(column.name)
        for column in own.columns
        if not column.is_numeric and theirs.find(column.name) is not None
    )
    ours = YourSide(frozenset(map(fold, theirs.names)))
    first = read_report_of(own, dataclasses.replace(mine, by=shared, n=None), ours)
    yours = YourSide(frozenset(map(fold, own.names)))
    second = read_report_of(theirs, dataclasses.replace(other, by=shared), yours)
    check_keys(first, first.keys, second, own, theirs)
    return BothSides(first, second, first.keys)


# -- keys ------------------------------------------------------------------------------------------


def check_keys(
    mine: TidyRuns | TidyReport, keys: Sequence[str], report: TidyReport, own: Sheet, theirs: Sheet
) -> None:
    """Refuse sides whose keys are called otherwise, or that have none in common."""
    if {fold(key) for key in keys} != {fold(key) for key in report.keys}:
        message = (
            f"keys of the report ({quote(report.keys) or 'none'}) and of yours "
            f"({quote(keys) or 'none'}) differ; its columns are {quote(theirs.names)}, yours "
            f"{quote(own.names)}: name those that are alike with `by` yours=theirs"
        )
        raise Question(Cause.KEY, message)
    if not keys:
        return
    places = [mine.keys.index(key) for key in keys]
    groups = mine.groups if isinstance(mine, TidyRuns) else [row.key for row in mine.rows]
    ours = {tuple(fold_cell(key[place]) for place in places) for key in groups}
    others = {tuple(map(fold_cell, key)) for key in order_keys(report, keys)}
    if not ours & others:
        both = f"yours are {_list_keys(ours)}, those of the report {_list_keys(others)}"
        message = (
            f"no {' and '.join(keys)} is alike: {both}; write them alike, or name keys with `by`"
        )
        raise Question(Cause.KEY, message)


def _list_keys(keys: set[Key]) -> str:
    return quote([", ".join(key) for key in sorted(keys)])


def order_keys(report: TidyReport, keys: Sequence[str]) -> list[Key]:
    """Return the keys of a report in the order of those of your side."""
    folded = [fold(key) for key in report.keys]
    places = [folded.index(fold(key)) for key in keys]
    return [tuple(row.key[place] for place in places) for row in report.rows]


def fold_cell(text: str) -> str:
    """Return a cell of a key as it is compared: 64 and 64.0 are one number."""
    try:
        return print_float(float(text))
    except ValueError:
        return fold(text)


def find_spelling(keys: Sequence[Key], others: Sequence[Key]) -> Mapping[Key, Key]:
    """Return for each key of one side how the other spells it, where that is beyond doubt."""
    spelt: dict[Key, list[Key]] = {}
    for key in others:
        spelt.setdefault(tuple(map(fold_cell, key)), []).append(key)
    found = {}
    for key in keys:
        ways = spelt.get(tuple(map(fold_cell, key)), [])
        if key in ways or not ways:
            found[key] = key
        else:
            found[key] = ways[0] if len(ways) == 1 else key
    return found
