"""Which of the options are about your table, and which about the report."""

import dataclasses
from collections.abc import Sequence

from replication.reading.headings import read_heading
from replication.reading.options import Condition, Reading, Renamed, Wide
from replication.reading.question import Cause, Question, quote
from replication.reading.result_columns import DIFFERENCES
from replication.reading.roles import SEED, OtherSide
from replication.reading.sheet import Sheet
from replication.reading.trackers import is_step
from replication.reading.typeset import fold

Groups = tuple[str, str] | None
"""Two groups of your runs whose difference was reported."""


def rename_theirs(theirs: Sheet, reading: Reading) -> Sheet:
    """Return the report, whose keys are called as yours are: task=Dataset."""
    names = {}
    for key in reading.by:
        if key.theirs is not None:
            (heading,) = theirs.choose([key.theirs])
            names[heading] = key.own
    return theirs.rename(names)


def split_reading(own: Sheet, theirs: Sheet, reading: Reading) -> tuple[Reading, Reading]:
    """Return the options that are about your table, and those that are about the report."""
    for name in [*reading.ignore, *(condition.name for condition in reading.where)]:
        if own.find(name) is None and theirs.find(name) is None:
            raise own.refuse_name(name)
    is_own_wide = reading.wide is not None and is_wide_of_own(own, theirs, reading.wide)
    mine = dataclasses.replace(
        reading,
        by=tuple(map(Renamed, reading.keys)),
        value=tuple(map(Renamed, reading.values)),
        where=select_conditions(own, reading.where),
        ignore=select_names(own, reading.ignore),
        wide=reading.wide if is_own_wide else None,
    )
    their_values = [value.theirs for value in reading.value if value.theirs is not None]
    other = dataclasses.replace(
        reading,
        by=(),
        value=tuple(map(Renamed, their_values)),
        where=select_conditions(theirs, reading.where),
        ignore=select_names(theirs, reading.ignore),
        wide=None if is_own_wide else reading.wide,
    )
    return mine, other


def select_names(sheet: Sheet, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names of columns that a table has."""
    return tuple(name for name in names if sheet.find(name) is not None)


def select_conditions(sheet: Sheet, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions on columns that a table has."""
    return tuple(condition for condition in conditions if sheet.find(condition.name) is not None)


def is_wide_of_own(own: Sheet, theirs: Sheet, wide: Wide) -> bool:
    """Say whether `wide` is said of your table: your headings are the key, and not the report's."""
    if wide.columns:
        return all(own.find(name) is not None for name in wide.columns)
    if SEED.fullmatch(fold(wide.key)) or is_step(wide.key):
        return True
    return theirs.find(wide.key) is not None


def add_key(reading: Reading, key: str | None) -> Reading:
    """Return options with one more key, if they name keys at all."""
    if key is None or not reading.by or key in reading.keys:
        return reading
    return dataclasses.replace(reading, by=(*reading.by, Renamed(key)))


def add_shown_key(shown: OtherSide, key: str | None, reading: Reading) -> OtherSide:
    """Return what the report names, with one more key, if the options name none."""
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
    """Return your column of the two groups whose difference was reported; a key, if it can be."""
    if groups is None:
        return None
    wanted = set(groups)
    keys = [name for name in map(own.find, reading.keys) if name is not None]
    names = [*keys, *own.names]
    if len(wanted) == 2:
        for name in names:
            if wanted <= set(own[name].known):
                return name
    raise _ask_groups(own, groups, names)


def _ask_groups(own: Sheet, groups: tuple[str, str], names: Sequence[str]) -> Question:
    """Return the question which groups are meant; columns that have one of them are shown."""
    message = f"`difference` was given as {quote(groups)}; allowed are two groups of one column"
    for name in names:
        cells = set(own[name].known)
        if cells & {*groups} and len(cells) < own.n_rows:
            message += f"; {quote([name])} has {quote(sorted(cells))}"
    return Question(Cause.GROUP, message)
