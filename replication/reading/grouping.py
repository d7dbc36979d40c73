"""Rows of a sheet: kept by a condition, stacked by their headings, grouped by cells."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from replication.reading.options import Condition
from replication.reading.question import Cause, Question, quote
from replication.reading.sheet import BoolArray, Column, IntArray, Sheet
from replication.reading.typeset import fold

MOST_CODES = 1_000_000  # for which a place is kept, however few of them occur
SEED_HEADING = re.compile(r"(?:seed|run|trial|rep|replicate|replica|fold)_?#?_?(\d+)")
"""seed_0, Run 1, trial-2"""


def filter_rows(sheet: Sheet, conditions: Sequence[Condition]) -> Sheet:
    """Return the rows that all conditions keep."""
    for condition in conditions:
        sheet = _filter(sheet, condition)
    return sheet


def _filter(sheet: Sheet, condition: Condition) -> Sheet:
    (name,) = sheet.choose([condition.name])
    column = sheet[name]
    wanted = {fold(cell) for cell in condition.cells}
    is_wanted = np.array([_is_cell(level, wanted) for level in column.levels], dtype=np.bool_)
    kept = is_wanted[column.codes]
    if not condition.keeps:
        kept = ~kept
    if not kept.any():
        message = f"no row of {sheet.name} has {condition.text}; {quote([name])} holds "
        raise Question(Cause.GROUP, message + quote(column.known))
    if kept.all():
        return sheet
    note = f"Left out, by {condition.text}: {(~kept).sum():,} of {sheet.n_rows:,} rows."
    return sheet.take(kept).add_note(note)


def _is_cell(level: str, wanted: set[str]) -> bool:
    """Say whether a cell is one of those wanted, as a text or as a number."""
    if fold(level) in wanted:
        return True
    try:
        return float(level) in {float(text) for text in wanted}
    except ValueError:
        return False


def melt(sheet: Sheet, columns: Sequence[str], key: str, value: str) -> Sheet:
    """Return a sheet with a row for each of some columns, whose headings become a key."""
    rest = [column for column in sheet.columns if column.name not in columns]
    rows = np.tile(np.arange(sheet.n_rows), len(columns))
    repeated = [column.take(rows) for column in rest]
    headings = [name for name in columns for _ in range(sheet.n_rows)]
    values = _stack([sheet[name] for name in columns], value)
    return dataclasses.replace(sheet, columns=(*repeated, Column(key, headings), values))


def _stack(columns: Sequence[Column], name: str) -> Column:
    """Return one column that holds the cells of several, one below the other."""
    numbers = [column.numbers for column in columns if column.numbers is not None]
    if len(numbers) == len(columns):
        return Column(name, numbers=np.concatenate(numbers))
    return Column(name, [text for column in columns for text in column.list_texts()])


def find_seed_headings(sheet: Sheet) -> list[str]:
    """Return headings that are runs: seed_0, seed_1; none if there is only one."""
    names = [name for name in sheet.names if SEED_HEADING.fullmatch(fold(name))]
    return _keep_numeric(sheet, names)


def find_number_headings(sheet: Sheet) -> list[str]:
    """Return headings that are whole numbers: 1, 2, 3; none if there is only one."""
    names = [name for name in sheet.names if re.fullmatch(r"\d{1,7}", name)]
    return _keep_numeric(sheet, names)


def _keep_numeric(sheet: Sheet, names: Sequence[str]) -> list[str]:
    """Return the headings above columns of numbers; none if there is only one."""
    numeric = [name for name in names if sheet[name].is_numeric]
    return numeric if len(numeric) > 1 else []


def group_rows(sheet: Sheet, names: Sequence[str]) -> IntArray:
    """Return the group of each row, by the cells of some columns, int64[n], from 0 on."""
    return combine_codes([sheet[name].codes for name in names], sheet.n_rows)


def combine_codes(codes: Sequence[IntArray], n: int) -> IntArray:
    """Return one code for each combination of several, in the order of first appearance.

    `codes`: those of several columns, int64[n] each.
    """
    combined = np.zeros(n, dtype=np.int64)
    for column in codes:
        if column.size > 0:
            n_codes = int(column.max()) + 1
            combined = order_codes(combined * n_codes + column)
    return combined


def order_codes(codes: IntArray) -> IntArray:
    """Return codes from 0 on, in the order in which they appear first."""
    if codes.size == 0:
        return codes
    is_sparse = int(codes.max()) > MOST_CODES + 4 * codes.size
    if is_sparse:
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    first_rows = find_first_rows(codes)
    used = np.flatnonzero(first_rows < codes.size)
    in_order = used[np.argsort(first_rows[used])]
    new_codes = np.empty(first_rows.size, dtype=np.int64)
    new_codes[in_order] = np.arange(in_order.size)
    return np.asarray(new_codes[codes])


def find_first_rows(codes: IntArray) -> IntArray:
    """Return the first row of each code from 0 on; for a code that no row has, codes.size."""
    first_rows = np.full(int(codes.max()) + 1, codes.size, dtype=np.int64)
    # From the last row to the first, since what is written last stays.
    first_rows[codes[::-1]] = np.arange(codes.size - 1, -1, -1)
    return first_rows


def differs_within(codes: IntArray, groups: IntArray) -> bool:
    """Say whether cells differ within any group; both are codes, int64[n]."""
    if codes.size == 0:
        return False
    n_codes = int(codes.max()) + 1
    pairs = groups * n_codes + codes
    return np.unique(pairs).size > np.unique(groups).size


def find_doubled(codes: IntArray) -> int | None:
    """Return the place of the first row whose code occurred before; None if there is none."""
    first_rows = np.unique(codes, return_index=True)[1]
    if first_rows.size == codes.size:
        return None
    is_doubled: BoolArray = np.ones(codes.size, dtype=np.bool_)
    is_doubled[first_rows] = False
    return int(np.flatnonzero(is_doubled)[0])
