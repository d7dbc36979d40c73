"""Rows of a sheet: kept by a condition, melted from several columns, grouped by cells."""

import dataclasses
import re
from collections.abc import Sequence

import numpy as np

from replication.reading.options import Condition
from replication.reading.question import Cause, Question, quote
from replication.reading.sheet import BoolArray, Column, IntArray, Sheet
from replication.reading.typeset import fold

MOST_CODES = 1_000_000  # up to here, an array with an entry for each code is small enough
SEED_HEADING = re.compile(r"(?:seed|run|trial|rep|replicate|replica|fold)_?#?_?(\d+)")
"""seed_0, Run 1, trial-2"""


def filter_rows(sheet: Sheet, conditions: Sequence[Condition]) -> Sheet:
    """Return the rows of a sheet that fulfil all conditions."""
    for condition in conditions:
        sheet = _filter(sheet, condition)
    return sheet


def _filter(sheet: Sheet, condition: Condition) -> Sheet:
    """Return the rows that fulfil a condition; refuse one that no row fulfils."""
    (name,) = sheet.choose([condition.name])
    column = sheet[name]
    wanted = {fold(cell) for cell in condition.cells}
    is_wanted = np.array([_is_cell(level, wanted) for level in column.levels], dtype=np.bool_)
    kept = is_wanted[column.codes]
    if not condition.keeps:
        kept = ~kept
    if not kept.any():
        message = f"no row of {sheet.name} has {condition.text}; {quote([name])} holds "
        raise Question(Cause.GROUP, message + quote(column.distinct_texts))
    if kept.all():
        return sheet
    note = f"Left out, by {condition.text}: {(~kept).sum():,} of {sheet.n_rows:,} rows."
    return sheet.take(kept).add_note(note)


def _is_cell(level: str, wanted: set[str]) -> bool:
    """Say whether a cell is a wanted one, compared as text, or as a number: 0.10 is 0.1."""
    if fold(level) in wanted:
        return True
    try:
        return float(level) in {float(text) for text in wanted}
    except ValueError:
        return False


def melt(sheet: Sheet, columns: Sequence[str], key: str, value: str) -> Sheet:
    """Return a sheet with a row for each of some columns and each row, as `melt` of pandas.

    Their headings become the cells of a column `key`, their cells those of a column `value`; other
    columns are repeated.
    """
    rest = [column for column in sheet.columns if column.name not in columns]
    rows = np.tile(np.arange(sheet.n_rows), len(columns))
    repeated = [column.take(rows) for column in rest]
    headings = [name for name in columns for _ in range(sheet.n_rows)]
    values = _concatenate([sheet[name] for name in columns], value)
    return dataclasses.replace(sheet, columns=(*repeated, Column(key, headings), values))


def _concatenate(columns: Sequence[Column], name: str) -> Column:
    """Return one column that holds the cells of several, one below the other."""
    numbers = [column.numbers for column in columns if column.numbers is not None]
    if len(numbers) == len(columns):
        return Column(name, numbers=np.concatenate(numbers))
    return Column(name, [text for column in columns for text in column.list_texts()])


def find_seed_headings(sheet: Sheet) -> list[str]:
    """Return headings that name runs (seed_0, seed_1) above numbers; none if there is only one."""
    names = [name for name in sheet.names if SEED_HEADING.fullmatch(fold(name))]
    return _keep_numeric(sheet, names)


def find_number_headings(sheet: Sheet) -> list[str]:
    """Return headings that are whole numbers (1, 2) above numbers; none if there is only one."""
    names = [name for name in sheet.names if re.fullmatch(r"\d{1,7}", name)]
    return _keep_numeric(sheet, names)


def _keep_numeric(sheet: Sheet, names: Sequence[str]) -> list[str]:
    """Return those of some headings that stand above numbers; none if there is only one."""
    numeric = [name for name in names if sheet[name].is_numeric]
    return numeric if len(numeric) > 1 else []


def group_rows(sheet: Sheet, names: Sequence[str]) -> IntArray:
    """Return the group of each row, int64[n] from 0 on: rows with equal cells in some columns."""
    return combine_codes([sheet[name].codes for name in names], sheet.n_rows)


def combine_codes(codes: Sequence[IntArray], n: int) -> IntArray:
    """Return one code for each combination of codes, int64[n], in order of first appearance.

    `codes`: the codes of several columns, int64[n] each.
    """
    combined = np.zeros(n, dtype=np.int64)
    for column in codes:
        if column.size > 0:
            n_codes = int(column.max()) + 1
            combined = order_codes(combined * n_codes + column)
    return combined


def order_codes(codes: IntArray) -> IntArray:
    """Return new codes, 0 for the code that appears first, 1 for the next one, and so on."""
    if codes.size == 0:
        return codes
    # Codes much larger than their number are made smaller first, so that arrays by code fit.
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
    """Return the first row of each code from 0 on; `codes.size` for a code that no row has."""
    first_rows = np.full(int(codes.max()) + 1, codes.size, dtype=np.int64)
    # From the last row to the first, since what is written last stays.
    first_rows[codes[::-1]] = np.arange(codes.size - 1, -1, -1)
    return first_rows


def differs_within(codes: IntArray, groups: IntArray) -> bool:
    """Say whether any group holds several codes; both arrays are int64[n], a number a row."""
    if codes.size == 0:
        return False
    n_codes = int(codes.max()) + 1
    pairs = groups * n_codes + codes
    return np.unique(pairs).size > np.unique(groups).size


def find_doubled(codes: IntArray) -> int | None:
    """Return the first row whose code occurred in a row above; None if there is none."""
    first_rows = np.unique(codes, return_index=True)[1]
    if first_rows.size == codes.size:
        return None
    is_doubled: BoolArray = np.ones(codes.size, dtype=np.bool_)
    is_doubled[first_rows] = False
    return int(np.flatnonzero(is_doubled)[0])
