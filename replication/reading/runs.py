"""From a table of runs to a value for each run, its keys and its seed."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from replication.errors import DataError
from replication.reading.cells import Cell, is_missing
from replication.reading.decimals import Decimals, find_decimals_of, to_float
from replication.reading.grouping import (
    combine_codes,
    filter_rows,
    find_doubled,
    find_first_rows,
    find_number_headings,
    find_seed_headings,
    melt,
)
from replication.reading.headings import read_heading
from replication.reading.keys import check_spellings
from replication.reading.logs import Log, is_log, take_from_log
from replication.reading.names import COUNTS, STATISTICS
from replication.reading.options import Reading, Wide
from replication.reading.question import Cause, Question, quote, quote_argument
from replication.reading.roles import COUNTERS, NO_OTHER, SEED, OtherSide, find_roles
from replication.reading.sheet import BoolArray, Column, FloatArray, IntArray, Sheet
from replication.reading.tidy import Key, ReadAs, Role, Roles, TidyRuns
from replication.reading.trackers import is_step, read_export
from replication.reading.typeset import fold
from replication.wording import plural

WHOLE = re.compile(r"[0-9]+(?:\.0)?")
"""A seed, as a table (12) or a data frame (12.0) has it."""
METRIC = "metric"
"""The name of the key whose cells are the headings of several columns of values."""
# Cells of a column that says which runs succeeded, in small letters.
YES = {"1", "1.0", "t", "true", "y", "yes"}
NO = {"0", "0.0", "f", "false", "n", "no"}
SUMMARIES = {*STATISTICS, *COUNTS, "ci", "spread", "ci_low", "ci_high"}
"""Statistics in headings that may sum up the columns of runs or methods beside them."""


def read_runs_of(sheet: Sheet, reading: Reading, other: OtherSide = NO_OTHER) -> TidyRuns:
    """Return the runs of a table; `other`: what the report tells about it."""
    sheet = filter_rows(read_export(sheet), reading.where)
    sheet, known = melt_headings(sheet, reading)
    roles = find_roles(sheet, reading, other, known)
    for name, role in roles.items():
        if role is Role.SEED and name not in known:
            _ask_of_last_rows(sheet, sheet[name], list_columns(sheet, roles, Role.VALUE))
    values = read_values(sheet, roles, reading)
    values = _drop_empty(values)
    values = _take(values, reading)
    return _group(values, roles)


def melt_headings(sheet: Sheet, reading: Reading) -> tuple[Sheet, dict[str, Role]]:
    """Return a table in which headings that are runs, steps or a key have become a column.

    Also return the roles of the columns that this made; there are none if no heading is.
    """
    if reading.wide is not None:
        return _melt_wide(sheet, reading, reading.wide)
    seeds = find_seed_headings(sheet)
    if seeds:
        melted = melt(sheet, seeds, "seed", "value")
        melted = melted.add_note(f"Headings are runs: {quote(seeds)}.")
        return melted, {"seed": Role.SEED, "value": Role.VALUE}
    numbers = find_number_headings(sheet)
    if numbers and not reading.value:
        message = (
            f"headings of {sheet.name} are numbers ({quote(numbers)}): if they are runs, give "
            f"`wide` seed; if steps, `wide` step; if one holds the values, `value` {numbers[0]}"
        )
        raise Question(Cause.HEADER, message)
    return sheet, {}


def _ask_of_last_rows(sheet: Sheet, seeds: Column, values: Sequence[Column]) -> None:
    """Ask what the last rows are, if seeds are whole numbers in all rows above them only.

    They may sum up the runs: their cells below the seeds are empty or hold a word such as all.
    """
    if len(seeds) == 0 or (seeds.numbers is not None and not np.isnan(seeds.numbers[-1])):
        return
    texts = [text.strip() for text in seeds.list_texts()]
    n_runs = _count_seeds(texts)
    below = texts[n_runs:]
    if n_runs <= len(below):  # too many rows for a summary
        return
    cells = [text for column in values for text in column.list_texts()[n_runs:]]
    if all(is_missing(text) for text in cells):
        return
    word = "" if is_missing(below[0]) else below[0]
    seen = f"holds {quote([word])}" if word else "is empty"
    left = quote_argument(f"{seeds.name}!={word}")
    message = (
        f"{quote([seeds.name])} of {sheet.name} {seen} below numbers: give `where` {left} if that "
        f"is no run but a summary, `ignore` {quote_argument(seeds.name)} if it is a run"
    )
    raise Question(Cause.SEED, message)


def _count_seeds(texts: Sequence[str]) -> int:
    """Return how many cells come before the last ones that are no seeds.

    A seed is a whole number. 0 if another cell that is no seed stands among the seeds.

    >>> _count_seeds(["0", "1", "2", "all"]), _count_seeds(["0", "all", "2"])
    (3, 0)
    """
    n_seeds = len(texts)
    while n_seeds > 0 and not WHOLE.fullmatch(texts[n_seeds - 1]):
        n_seeds -= 1
    is_whole = all(WHOLE.fullmatch(text) for text in texts[:n_seeds])
    return n_seeds if is_whole else 0


def _melt_wide(sheet: Sheet, reading: Reading, wide: Wide) -> tuple[Sheet, dict[str, Role]]:
    """Return a table with a row for each heading that the option `wide` means.

    Also return the roles of the two new columns. The headings become seeds, steps or a key,
    depending on the name that `wide` gives them.
    """
    columns = sheet.choose(wide.columns) if wide.columns else _find_wide(sheet, reading)
    if not columns:
        raise Question(Cause.VALUE, f"{sheet.name} has no columns of numbers for `wide` {wide.key}")
    melted = melt(sheet, columns, wide.key, "value")
    role = Role.KEY
    if SEED.fullmatch(fold(wide.key)):
        role = Role.SEED
    elif is_step(wide.key):
        role = Role.STEP
    return melted, {wide.key: role, "value": Role.VALUE}


def _find_wide(sheet: Sheet, reading: Reading) -> list[str]:
    """Return the columns of numbers whose headings may be a key: no seeds, steps or counters."""
    named = [*reading.keys, *reading.seed, *reading.ignore]
    taken = {sheet.find(name) for name in named}
    names = []
    for column in sheet.columns:
        folded = fold(column.name)
        says_run = folded in COUNTERS or SEED.fullmatch(folded) or is_step(column.name)
        if column.is_numeric and column.name not in taken and not says_run:
            names.append(column.name)
    _ask_of_summaries(sheet, names)
    return names


def _ask_of_summaries(sheet: Sheet, names: Sequence[str]) -> None:
    """Ask whether a column headed mean, or the like, sums up the columns beside it."""
    summaries = []
    for name in names:
        heading = read_heading(name)
        if heading.statistic in SUMMARIES and not heading.label:
            summaries.append(name)
    if not summaries or len(summaries) == len(names):
        return
    listed = ",".join(map(quote_argument, summaries))
    message = (
        f"{quote(summaries)} of {sheet.name} may be a summary of the columns beside: if so give "
        f"`ignore` {listed}; if not, name all columns after `wide`, as in `wide` key=A,B"
    )
    raise Question(Cause.VALUE, message)


@dataclasses.dataclass(frozen=True, eq=False)
class Values:
    """The value of each row, and the columns that tell its group, its run and its step.

    `keys`, `seeds`, `steps`: these columns. `values`: float64[n]. `succeeded`: bool[n], or None
    where it is not known. `notes`: what was left out. `n_missing`: the number of rows left out.
    """

    sheet: Sheet
    keys: tuple[Column, ...]
    seeds: tuple[Column, ...]
    steps: tuple[Column, ...]
    values: FloatArray
    succeeded: BoolArray | None
    notes: tuple[str, ...]
    is_per_cent: bool
    n_missing: int = 0

    def take(self, rows: IntArray | BoolArray, *, notes: Sequence[str] = ()) -> "Values":
        """Return some of the rows, with more notes."""
        return dataclasses.replace(
            self,
            keys=tuple(column.take(rows) for column in self.keys),
            seeds=tuple(column.take(rows) for column in self.seeds),
            steps=tuple(column.take(rows) for column in self.steps),
            values=self.values[rows],
            succeeded=None if self.succeeded is None else self.succeeded[rows],
            notes=(*self.notes, *notes),
        )

    def combine(self, columns: Sequence[Column]) -> IntArray:
        """Return a code for each row, int64[n], equal where the cells of some columns are equal."""
        return combine_codes([column.codes for column in columns], self.values.size)


def read_values(sheet: Sheet, roles: Roles, reading: Reading) -> Values:
    """Return the values of a table; several columns of values stand one below the other."""
    names = [name for name, role in roles.items() if role is Role.VALUE]
    if not names and reading.succeeded is not None:
        names = [reading.succeeded]
    columns = [sheet[name] for name in names]
    decimals = _find_decimals(sheet, columns, reading)
    # For that, the rows of all other columns are repeated.
    rows = np.tile(np.arange(sheet.n_rows), len(columns))
    keys = [column.take(rows) for column in list_columns(sheet, roles, Role.KEY)]
    if len(columns) > 1:
        keys.append(Column(METRIC, [name for name in names for _ in range(sheet.n_rows)]))
    values = Values(
        sheet=sheet,
        keys=tuple(keys),
        seeds=tuple(column.take(rows) for column in list_columns(sheet, roles, Role.SEED)),
        steps=tuple(column.take(rows) for column in list_columns(sheet, roles, Role.STEP)),
        values=np.concatenate([to_values(column, decimals) for column in columns]),
        succeeded=None,
        notes=(*sheet.notes, *_note_units(columns), *_note_decimals(decimals, reading)),
        is_per_cent=all(_is_per_cent(column) for column in columns),
    )
    if reading.succeeded is None:
        return values
    (succeeded,) = sheet.choose([reading.succeeded])
    return add_flags(values, to_flags(sheet[succeeded])[rows])


def add_flags(values: Values, flags: FloatArray) -> Values:
    """Return the rows with `succeeded`; rows of which it is not known are left out.

    `flags`: float64[n], 1 where a run succeeded, 0 where not, NaN where it is not known.
    """
    with_flags = dataclasses.replace(values, succeeded=flags == 1.0)
    return drop_unknown(with_flags, np.isnan(flags))


def drop_unknown(values: Values, is_unknown: BoolArray) -> Values:
    """Return the rows of which it is known whether they succeeded; a note counts the others.

    `is_unknown`: bool[n], True for these others.
    """
    n_unknown = int(is_unknown.sum())
    if n_unknown == 0:
        return values
    note = f"Left out, since nothing says whether they succeeded: {plural(n_unknown, 'row')}."
    known = values.take(~is_unknown, notes=[note])
    return dataclasses.replace(known, n_missing=n_unknown)


def list_columns(sheet: Sheet, roles: Roles, role: Role) -> list[Column]:
    """Return the columns that have a role."""
    return [sheet[name] for name, its_role in roles.items() if its_role is role]


def _find_decimals(sheet: Sheet, columns: Sequence[Column], reading: Reading) -> Decimals:
    """Return the decimal sign of the columns of values."""
    return find_decimals_of(
        [cell for column in columns for cell in column.list_cells()],
        where=sheet.name,
        wanted=reading.decimal,
        is_decimal_point_sure=sheet.is_decimal_point_sure,
    )


def _note_units(columns: Sequence[Column]) -> list[str]:
    """Return a note for each column whose cells have a unit."""
    with_unit = [column for column in columns if column.unit]
    return [f"Unit of {quote([column.name])}: {column.unit}." for column in with_unit]


def _note_decimals(decimals: Decimals, reading: Reading) -> list[str]:
    """Return a note on the decimal sign, unless it is the usual point and nobody asked."""
    if decimals.sign == "." and reading.decimal is None:
        return []
    seen = "" if decimals.witness is None else f", as in {decimals.witness}"
    return [f"Decimal sign: {quote([decimals.sign])}{seen}."]


def to_values(column: Column, decimals: Decimals) -> FloatArray:
    """Return a column of values as floats, NaN for empty cells; ask about texts among them."""
    if column.numbers is not None:
        return column.numbers
    _check_per_cent(column)
    values = np.empty(len(column.levels))
    for code, text in enumerate(column.levels):
        if is_missing(text):
            values[code] = np.nan
            continue
        cell = column.split(text)
        if cell is None or not cell.is_number:
            raise _refuse_text(column, text, cell)
        values[code] = to_float(decimals.plain(cell.value or ""))
        if np.isinf(values[code]):  # 1e400 is more than a float can hold
            raise _refuse_text(column, text, None)
    return np.asarray(values[column.codes])


def _is_per_cent(column: Column) -> bool:
    """Say whether any cell has a per cent sign."""
    return column.numbers is None and any("%" in text for text in column.distinct_texts)


def _check_per_cent(column: Column) -> None:
    """Refuse a column with a per cent sign behind some numbers and not behind others."""
    if len({"%" in text for text in column.distinct_texts}) > 1:
        message = f"{quote([column.name])} has a per cent sign in some cells only; write all alike"
        raise Question(Cause.UNIT, message)


def _refuse_text(column: Column, text: str, cell: Cell | None) -> Question:
    """Return the error for a text in a column of values: in which row, and what to do.

    `cell`: the numbers of the text, as of "0.83 ± 0.04", which sums up several runs; None if it has
    none.
    """
    row = column.list_texts().index(text) + 1
    what = f"{quote([column.name])} holds {quote([text])} in row {row} of the data"
    if cell is not None:
        message = f"{what}, which is no run: give one number for each run, or another `value`"
        return Question(Cause.CELL, message)
    condition = quote_argument(f"{column.name}!={text}")
    message = (
        f"{what}, which is no number: give `where` {condition} to leave it out, or count such runs "
        "as failures with `succeeded`"
    )
    return Question(Cause.CELL, message)


def to_flags(column: Column) -> FloatArray:
    """Return a column of yes and no as 1 and 0, float64[n], with NaN for empty cells."""
    if column.numbers is not None:
        known = column.numbers[~np.isnan(column.numbers)]
        if not np.isin(known, (0.0, 1.0)).all():
            raise _refuse_flags(column)
        return column.numbers
    flags = np.empty(len(column.levels))
    for code, text in enumerate(column.levels):
        word = text.strip().lower()
        if word in YES:
            flags[code] = 1.0
        elif word in NO:
            flags[code] = 0.0
        elif is_missing(text):
            flags[code] = np.nan
        else:
            raise _refuse_flags(column)
    return np.asarray(flags[column.codes])


def _refuse_flags(column: Column) -> DataError:
    """Return the error for a column with other cells than yes and no."""
    allowed = "allowed are 1 and 0, true and false, yes and no"
    return DataError(f"{quote([column.name])} holds {quote(column.distinct_texts)}; {allowed}")


def _drop_empty(values: Values) -> Values:
    """Return the rows that have a value and all keys; the others are counted and noted.

    In a log, a step without a value is usual, and neither counted nor noted.
    """
    is_empty = np.isnan(values.values)
    lacks_key = np.zeros(values.values.size, dtype=np.bool_)
    for column in values.keys:
        is_blank = np.array([not text for text in column.levels], dtype=np.bool_)
        lacks_key |= is_blank[column.codes]
    kept = ~is_empty & ~lacks_key
    if kept.all():
        return values
    if not kept.any():
        raise DataError(f"{values.sheet.name} holds no values; give one for each run")
    notes = []
    n_empty = int(is_empty.sum())
    n_lacking = int((lacks_key & ~is_empty).sum())
    if n_empty and not values.steps:
        notes.append(f"Left out, since empty: {plural(n_empty, 'value')}.")
    if n_lacking:
        notes.append(f"Left out, without a key: {plural(n_lacking, 'row')}.")
    n_missing = values.n_missing
    if not values.steps:
        n_missing += int((~kept).sum())
    return dataclasses.replace(values.take(kept, notes=notes), n_missing=n_missing)


def _take(values: Values, reading: Reading) -> Values:
    """Return one row for each run; that of a log is chosen or computed as `take` says."""
    runs = values.combine([*values.keys, *values.seeds])
    has_several_rows = is_log(runs)
    if values.steps and has_several_rows and (values.seeds or _has_steps(values)):
        return _take_steps(values, runs, reading)
    if reading.take is not None:
        message = (
            f"`take` was given, but no run of {values.sheet.name} has several rows; leave it out"
        )
        raise Question(Cause.TAKE, message)
    if values.seeds and has_several_rows:
        raise _ask_seed(values, runs)
    return values


def _has_steps(values: Values) -> bool:
    """Say whether any column of steps holds different steps."""
    return any(column.varies for column in values.steps)


def _take_steps(values: Values, runs: IntArray, reading: Reading) -> Values:
    """Return one row for each run of a log; `runs`: the run of each row, int64[n]."""
    step = max(
        values.steps, key=lambda column: column.n_distinct
    )  # the finer one of epoch and step
    log = Log(
        name=values.sheet.name,
        step=step.name,
        runs=runs,
        groups=values.combine(values.keys),
        steps=to_values(step, Decimals(".")),
        values=values.values,
        has_seeds=bool(values.seeds),
    )
    if np.isnan(log.steps).any():
        kept = ~np.isnan(log.steps)
        n_left = int((~kept).sum())
        note = f"Left out, without a {step.name}: {n_left:,} rows."
        return _take(values.take(kept, notes=[note]), reading)
    which = None if reading.take is None else reading.take.which
    taken = take_from_log(log, which)
    runs_of_log = values.take(taken.rows, notes=taken.notes)
    return dataclasses.replace(runs_of_log, values=taken.values)


def _ask_seed(values: Values, runs: IntArray) -> Question:
    """Return the question what tells apart the rows of a seed that occurs twice."""
    row = find_doubled(runs)
    assert row is not None  # the caller has found that one occurs twice
    names = [column.name for column in values.seeds]
    cells = [column.list_texts()[row] for column in values.seeds]
    key = [column.list_texts()[row] for column in values.keys]
    where = f" in {quote(key)}" if key else ""
    arguments = quote_argument(",".join(names))
    message = (
        f"{quote(names)} {quote(cells)} occurs twice{where}: name what tells the rows apart with "
        f"`by`, or, if each row is a run, give `ignore` {arguments}"
    )
    return Question(Cause.SEED, message)


def _group(values: Values, roles: Roles) -> TidyRuns:
    """Return the runs in groups of equal keys."""
    group_codes = values.combine(values.keys)
    first_rows = find_first_rows(group_codes)
    cells = []
    for column in values.keys:
        check_spellings(column.name, column.distinct_texts)
        cells.append([column.levels[code] for code in column.codes[first_rows]])
    groups: list[Key] = list(zip(*cells, strict=True)) if cells else [()]
    return TidyRuns(
        keys=tuple(column.name for column in values.keys),
        groups=groups,
        group_codes=group_codes,
        values=values.values,
        succeeded=values.succeeded,
        seed_columns=values.seeds,
        read_as=ReadAs(roles, values.notes),
        n_missing=values.n_missing,
        is_per_cent=values.is_per_cent,
    )
