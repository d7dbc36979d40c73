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
    kept = is_wanted[column.codes] if condition.keeps else ~is_wanted[column.codes]
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
        return float(level) in {float(one) for one in wanted}
    except ValueError:
        return False


def melt(sheet: Sheet, columns: Sequence[str], key: str, value: str) -> Sheet:
    """Return a sheet with a row for each of some columns, whose headings become a key."""
    rest = [column for column in sheet.columns if column.name not in columns]
    n = sheet.n_rows
    places = np.tile(np.arange(n), len(columns))
    headings = [name for name in columns for _ in range(n)]
    stacked = _stack([sheet[name] for name in columns], value)
    repeated = [column.take(places) for column in rest]
    whole = (*repeated, Column(key, headings), stacked)
    return dataclasses.replace(sheet, columns=whole)


def _stack(columns: Sequence[Column], name: str) -> Column:
    numbers = [column.numbers for column in columns if column.numbers is not None]
    if len(numbers) == len(columns):
        return Column(name, numbers=np.concatenate(numbers))
    return Column(name, [text for column in columns for text in column.list_texts()])


def find_seed_headings(sheet: Sheet) -> list[str]:
    """Return headings that are runs: seed_0, seed_1; none if there is only one."""
    found = [name for name in sheet.names if SEED_HEADING.fullmatch(fold(name))]
    found = [name for name in found if sheet[name].is_numeric]
    return found if len(found) > 1 else []


def find_number_headings(sheet: Sheet) -> list[str]:
    """Return headings that are whole numbers above columns of numbers: 1, 2, 3."""
    found = [name for name in sheet.names if re.fullmatch(r"\d{1,7}", name)]
    found = [name for name in found if sheet[name].is_numeric]
    return found if len(found) > 1 else []


def group_rows(sheet: Sheet, names: Sequence[str]) -> IntArray:
    """Return the group of each row, by the cells of some columns, int64[n], from 0 on."""
    return combine_codes([sheet[name].codes for name in names], sheet.n_rows)


def combine_codes(codes: Sequence[IntArray], n: int) -> IntArray:
    """Return one code for each combination of several, in the order of first appearance."""
    combined = np.zeros(n, dtype=np.int64)
    for one in codes:
        if one.size > 0:
            combined = order_codes(combined * (int(one.max()) + 1) + one)
    return combined


def order_codes(codes: IntArray) -> IntArray:
    """Return codes from 0 on, in the order in which they appear first."""
    if codes.size == 0:
        return codes
    if int(codes.max()) > MOST_CODES + 4 * codes.size:
        codes = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    first = find_first_rows(codes)
    used = np.flatnonzero(first < codes.size)
    rank = np.empty(first.size, dtype=np.int64)
    rank[used[np.argsort(first[used])]] = np.arange(used.size)
    return np.asarray(rank[codes])


def find_first_rows(codes: IntArray) -> IntArray:
    """Return the first row of each code, and the number of rows where it has none."""
    first = np.full(int(codes.max()) + 1, codes.size, dtype=np.int64)
    first[codes[::-1]] = np.arange(codes.size - 1, -1, -1)  # what is written last stays
    return first


def differs_within(codes: IntArray, groups: IntArray) -> bool:
    """Say whether cells differ within any group."""
    if codes.size == 0:
        return False
    pairs = groups * (int(codes.max()) + 1) + codes
    return np.unique(pairs).size > np.unique(groups).size


def find_doubled(codes: IntArray) -> int | None:
    """Return the place of the first row whose code occurred before; None if there is none."""
    first = np.unique(codes, return_index=True)[1]
    if first.size == codes.size:
        return None
    is_first: BoolArray = np.zeros(codes.size, dtype=np.bool_)
    is_first[first] = True
    return int(np.flatnonzero(~is_first)[0])
