"""Headings of one table that are cells of the other: PPO above a column, and below *method*."""

import dataclasses
from collections.abc import Sequence

from replication.reading.grouping import find_seed_headings
from replication.reading.headings import read_heading
from replication.reading.names import CENTRES
from replication.reading.options import Reading, Wide
from replication.reading.question import quote
from replication.reading.reported_columns import find_wide_columns
from replication.reading.roles import COUNTERS, SEED
from replication.reading.runs import METRIC
from replication.reading.sheet import Column, Sheet
from replication.reading.turned import TURNED
from replication.reading.typeset import fold

MIN_MATCHES = 2  # headings of one side that are cells of the other


def find_wide(own: Sheet, theirs: Sheet, mine: Reading, other: Reading) -> tuple[Reading, Reading]:
    """Return the options of your table (`mine`), and those of the report (`other`).

    `wide` is among them for a side whose headings are cells of the other.
    """
    if mine.wide is not None or other.wide is not None:
        return mine, other
    their_headings = find_wide_columns(theirs, theirs.choose(other.ignore))
    key = match_headings(theirs, their_headings, own)
    if key is not None and not other.value:
        return mine, dataclasses.replace(other, wide=Wide(key))
    your_headings = list_own_headings(own, mine)
    key = match_headings(own, your_headings, theirs)
    if key is None:
        return mine, other
    cells = fold_cells(theirs[key])
    columns = tuple(name for name in your_headings if fold_heading(name) in cells)
    return dataclasses.replace(mine, wide=Wide(key, columns), value=()), other


def list_own_headings(own: Sheet, mine: Reading) -> list[str]:
    """Return columns of numbers of your table that may be a key by their headings."""
    if find_seed_headings(own) or len(mine.value) == 1:
        return []
    if mine.value:
        return own.choose(mine.values)
    said = {own.find(name) for name in [*mine.keys, *mine.seed, *mine.ignore]}
    names = []
    for column in own.columns:
        folded = fold(column.name)
        says_run = folded in COUNTERS or SEED.fullmatch(folded)
        if column.is_numeric and column.name not in said and not says_run:
            names.append(column.name)
    return names


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
    headings = [read_heading(column.name) for column in theirs.columns if column.is_numeric]
    centres = [heading for heading in headings if heading.statistic in CENTRES]
    labels = {heading.label for heading in centres if heading.label}
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
    """Return a report in which headings that became a column are called as yours of those cells.

    They were headings beside rows of statistics, and have no name of their own.
    """
    if TURNED not in theirs.names or TURNED in own.names:
        return theirs
    cells = fold_cells(theirs[TURNED])
    for column in own.columns:
        if not column.is_numeric and len(cells & fold_cells(column)) >= MIN_MATCHES:
            return theirs.rename({TURNED: column.name})
    return theirs


def name_unnamed(theirs: Sheet, own: Sheet) -> Sheet:
    """Return a report whose column without a name is called as yours that has most of its cells."""
    if "" not in theirs.names or theirs[""].is_numeric:
        return theirs
    cells = fold_cells(theirs[""])
    best = ""
    most = 0
    for column in own.columns:
        n_hits = 0 if column.is_numeric else len(cells & fold_cells(column))
        if n_hits > most and theirs.find(column.name) is None:
            best = column.name
            most = n_hits
    if not best:
        return theirs
    named = theirs.rename({"": best})
    return named.add_note(f"Its column without a name is {quote([best])}, by its cells.")
