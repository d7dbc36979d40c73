"""Large tables with separators, read by pandas: columns of numbers never become texts."""

import io
from typing import TYPE_CHECKING

import numpy as np

from replication.reading.cells import MISSING, PLAIN
from replication.reading.sheet import Column, Sheet
from replication.reading.signs import list_signs

if TYPE_CHECKING:
    import pandas as pd

LARGE = 2_000_000  # bytes, from which it pays off
MISSING_TEXTS = sorted({"NaN", *MISSING, *map(str.upper, MISSING), *map(str.title, MISSING)})
"""Texts of cells that hold nothing, in small and capital letters."""


def read_large(content: bytes, sample: Sheet, separator: str) -> Sheet | None:
    """Return a large table; None if it is not plain, so that it has to be read the usual way.

    `sample`: its first rows, which show what its columns hold.
    """
    import pandas as pd

    has_quotes_or_remarks = b'"' in content or b"#" in content[:2]
    if has_quotes_or_remarks or not _are_names_plain(sample):
        return None
    numeric = [column.name for column in sample.columns if _is_plain(column, sample)]
    others = [name for name in sample.names if name not in numeric]
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            sep=separator,
            dtype={**dict.fromkeys(numeric, "float64"), **dict.fromkeys(others, "category")},
            keep_default_na=False,
            na_values=dict.fromkeys(numeric, MISSING_TEXTS),
            index_col=False,
            skipinitialspace=True,
            encoding="utf-8-sig",
        )
    except (ValueError, pd.errors.ParserError, UnicodeDecodeError):
        return None
    n_separators = (len(frame) + 1) * (len(sample.names) - 1)
    if content.count(separator.encode()) != n_separators:
        return None  # rows of different lengths
    columns = []
    for name in sample.names:
        column = _take_numbers(frame[name]) if name in numeric else _take_texts(frame[name])
        if column is None:
            return None
        columns.append(column)
    return Sheet(sample.name, tuple(columns), is_decimal_point_sure=sample.is_decimal_point_sure)


def _take_numbers(series: "pd.Series") -> Column | None:
    """Return a column of numbers; None if one is infinite, which the usual way refuses."""
    numbers = series.to_numpy(np.float64)
    if np.isinf(numbers).any():
        return None
    return Column(str(series.name), numbers=numbers)


def _take_texts(series: "pd.Series") -> Column | None:
    """Return a column of texts; None if some texts differ only in spaces around them."""
    levels = [str(level).strip() for level in series.cat.categories]
    if len(set(levels)) < len(levels):
        return None
    codes = np.asarray(series.cat.codes, dtype=np.int64)
    return Column(str(series.name), coded=(levels, codes))


def _are_names_plain(sample: Sheet) -> bool:
    """Say whether every column has a name, and no two have the same."""
    return all(sample.names) and len(set(sample.names)) == len(sample.names)


def _is_plain(column: Column, sample: Sheet) -> bool:
    """Say whether a column holds nothing but plain numbers, whose decimal sign is sure."""
    texts = column.distinct_texts
    if not texts or not all(PLAIN.fullmatch(text) for text in texts):
        return False
    if sample.is_decimal_point_sure or not any("." in text for text in texts):
        return True
    # 0.83 can only have a decimal point; 12.345 may be 12345.
    return any(list_signs(text) == {"."} for text in texts)
