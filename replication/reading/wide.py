"""Headings of one table that are cells of the other: PPO is a column here, a *method* there."""

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

MIN_MATCHES = 2  # so many headings must be cells of the other table, since one may be by chance


def find_wide(
    your_table: Sheet, their_table: Sheet, your_reading: Reading, their_reading: Reading
) -> tuple[Reading, Reading]:
    """Return the options of your table and those of the report, with `wide` where it is inferred.

    It is inferred for a side whose headings are cells of the other side, unless the user gave it.
    """
    if your_reading.wide is not None or their_reading.wide is not None:
        return your_reading, their_reading
    their_headings = find_wide_columns(their_table, their_table.choose(their_reading.ignore))
    key = match_headings(their_table, their_headings, your_table)
    if key is not None and not their_reading.value:
        return your_reading, dataclasses.replace(their_reading, wide=Wide(key))
    your_headings = list_your_headings(your_table, your_reading)
    key = match_headings(your_table, your_headings, their_table)
    if key is None:
        return your_reading, their_reading
    cells = fold_cells(their_table[key])
    columns = tuple(name for name in your_headings if fold_heading(name) in cells)
    return dataclasses.replace(your_reading, wide=Wide(key, columns), value=()), their_reading


def list_your_headings(your_table: Sheet, your_reading: Reading) -> list[str]:
    """Return the headings of your columns of numbers, which may together be a key."""
    if find_seed_headings(your_table) or len(your_reading.value) == 1:
        return []
    if your_reading.value:
        return your_table.choose(your_reading.values)
    taken = {
        your_table.find(name)
        for name in [*your_reading.keys, *your_reading.seed, *your_reading.ignore]
    }
    names = []
    for column in your_table.columns:
        folded = fold(column.name)
        says_run = folded in COUNTERS or SEED.fullmatch(folded)
        if column.is_numeric and column.name not in taken and not says_run:
            names.append(column.name)
    return names


def match_headings(wide: Sheet, names: Sequence[str], long: Sheet) -> str | None:
    """Return the column of `long` that has most of some headings of `wide` as cells.

    None if no column of texts has `MIN_MATCHES` of them.
    """
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


def match_labels(their_table: Sheet, your_table: Sheet) -> str:
    """Return your column whose cells are labels in the report: PPO and SAC, of PPO_mean, SAC_mean.

    `METRIC` if you have no such column.
    """
    headings = [read_heading(column.name) for column in their_table.columns if column.is_numeric]
    centres = [heading for heading in headings if heading.statistic in CENTRES]
    labels = {heading.label for heading in centres if heading.label}
    for column in your_table.columns:
        if not column.is_numeric and len(labels & fold_cells(column)) >= MIN_MATCHES:
            return column.name
    return METRIC


def fold_cells(column: Column) -> set[str]:
    """Return the distinct cells of a column in the form in which names are compared."""
    return {fold(text) for text in column.distinct_texts}


def fold_heading(name: str) -> str:
    """Return a heading in the form in which names are compared: ppo, of PPO (n = 5)."""
    heading = read_heading(name)
    return heading.label if heading.statistic is None else fold(name)


def name_turned(their_table: Sheet, your_table: Sheet) -> Sheet:
    """Return a report in which the column `TURNED` has the name of your column of the same cells.

    Its cells were headings beside rows of statistics, so that the report has no name for them.
    """
    if TURNED not in their_table.names or TURNED in your_table.names:
        return their_table
    cells = fold_cells(their_table[TURNED])
    for column in your_table.columns:
        if not column.is_numeric and len(cells & fold_cells(column)) >= MIN_MATCHES:
            return their_table.rename({TURNED: column.name})
    return their_table


def name_unnamed(their_table: Sheet, your_table: Sheet) -> Sheet:
    """Return a report whose column without a name is called as yours with most of its cells."""
    if "" not in their_table.names or their_table[""].is_numeric:
        return their_table
    cells = fold_cells(their_table[""])
    best = ""
    most = 0
    for column in your_table.columns:
        n_hits = 0 if column.is_numeric else len(cells & fold_cells(column))
        if n_hits > most and their_table.find(column.name) is None:
            best = column.name
            most = n_hits
    if not best:
        return their_table
    named = their_table.rename({"": best})
    return named.add_note(f"Its column without a name is {quote([best])}, by its cells.")
