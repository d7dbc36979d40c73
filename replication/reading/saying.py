"""What was said of both tables, side by side: whose columns were meant."""

import dataclasses
from collections.abc import Sequence

from replication.reading.headings import read_heading
from replication.reading.options import Condition, Reading, Renamed, Wide
from replication.reading.question import Cause, Question, quote
from replication.reading.reports import (
    DIFFERENCES,
)
from replication.reading.roles import SEED, OtherSide
from replication.reading.sheet import Sheet
from replication.reading.trackers import is_step
from replication.reading.typeset import fold

Groups = tuple[str, str] | None
"""Two groups of your runs whose difference was reported."""


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
