"""Which options are about your table, and which are about the report."""

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


def rename_theirs(their_table: Sheet, reading: Reading) -> Sheet:
    """Return the report with your names for its keys: with `by` task=Dataset, Dataset is task."""
    names = {}
    for key in reading.by:
        if key.theirs is not None:
            (heading,) = their_table.choose([key.theirs])
            names[heading] = key.own
    return their_table.rename(names)


def split_reading(
    your_table: Sheet, their_table: Sheet, reading: Reading
) -> tuple[Reading, Reading]:
    """Return the options that are about your table, and those that are about the report.

    A column that neither table has is refused.
    """
    for name in [*reading.ignore, *(condition.name for condition in reading.where)]:
        if your_table.find(name) is None and their_table.find(name) is None:
            raise your_table.refuse_name(name)
    is_yours_wide = False
    if reading.wide is not None:
        is_yours_wide = is_about_yours(your_table, their_table, reading.wide)
    your_reading = dataclasses.replace(
        reading,
        by=tuple(map(Renamed, reading.keys)),
        value=tuple(map(Renamed, reading.values)),
        where=select_conditions(your_table, reading.where),
        ignore=select_names(your_table, reading.ignore),
        wide=reading.wide if is_yours_wide else None,
    )
    their_values = [value.theirs for value in reading.value if value.theirs is not None]
    their_reading = dataclasses.replace(
        reading,
        by=(),
        value=tuple(map(Renamed, their_values)),
        where=select_conditions(their_table, reading.where),
        ignore=select_names(their_table, reading.ignore),
        wide=None if is_yours_wide else reading.wide,
    )
    return your_reading, their_reading


def select_names(sheet: Sheet, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of some names that are columns of a table."""
    return tuple(name for name in names if sheet.find(name) is not None)


def select_conditions(sheet: Sheet, conditions: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return those of some conditions that are on columns of a table."""
    return tuple(condition for condition in conditions if sheet.find(condition.name) is not None)


def is_about_yours(your_table: Sheet, their_table: Sheet, wide: Wide) -> bool:
    """Say whether the option `wide` is about your headings, and not about the report's."""
    if wide.columns:
        return all(your_table.find(name) is not None for name in wide.columns)
    if SEED.fullmatch(fold(wide.key)) or is_step(wide.key):
        return True
    # If the report has the key as a column, it cannot have it as headings.
    return their_table.find(wide.key) is not None


def add_key(reading: Reading, key: str | None) -> Reading:
    """Return options with one more key in `by`, if that option was given."""
    if key is None or not reading.by or key in reading.keys:
        return reading
    return dataclasses.replace(reading, by=(*reading.by, Renamed(key)))


def add_other_key(other_side: OtherSide, key: str | None, reading: Reading) -> OtherSide:
    """Return what the report tells, with one more key, if the option `by` was not given."""
    if key is None or reading.by or key in other_side.keys:
        return other_side
    return dataclasses.replace(other_side, keys=(*other_side.keys, key))


def check_differences(their_table: Sheet, groups: Groups) -> None:
    """Ask for the two groups, if the report has a column of differences."""
    named = [name for name in their_table.names if read_heading(name).label in DIFFERENCES]
    if named and groups is None:
        message = f"{their_table.name} has {quote(named)}; give `difference`, two groups of yours"
        raise Question(Cause.VALUE, message)


def find_group_column(your_table: Sheet, groups: Groups, reading: Reading) -> str | None:
    """Return your column that holds both groups whose difference was reported.

    Keys are looked through first. None if no difference was reported.
    """
    if groups is None:
        return None
    wanted = set(groups)
    keys = [name for name in map(your_table.find, reading.keys) if name is not None]
    names = [*keys, *your_table.names]
    if len(wanted) == 2:
        for name in names:
            if wanted <= set(your_table[name].distinct_texts):
                return name
    raise _ask_groups(your_table, groups, names)


def _ask_groups(your_table: Sheet, groups: tuple[str, str], names: Sequence[str]) -> Question:
    """Return the question which groups are meant; it shows the columns that hold one of them."""
    message = f"`difference` was given as {quote(groups)}; allowed are two groups of one column"
    for name in names:
        cells = set(your_table[name].distinct_texts)
        # A column whose cells all differ, such as an id, does not name groups.
        if cells & {*groups} and len(cells) < your_table.n_rows:
            message += f"; {quote([name])} has {quote(sorted(cells))}"
    return Question(Cause.GROUP, message)
