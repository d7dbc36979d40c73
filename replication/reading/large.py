"""Large tables with separators, by pandas: columns of numbers are never texts."""

import io

import numpy as np

from replication.reading.cells import MISSING, PLAIN, is_missing
from replication.reading.decimals import list_signs
from replication.reading.sheet import Column, Sheet

LARGE = 2_000_000  # bytes
WORDS = sorted({one for word in MISSING for one in (word, word.upper(), word.title(), "NaN")})


def read_large(content: bytes, sample: Sheet, separator: str) -> Sheet | None:
    """Return a large table whose first rows are a sample; None if it is no plain one."""
    import pandas as pd

    if b'"' in content or b"#" in content[:2] or not _are_names_plain(sample):
        return None
    numeric = [column.name for column in sample.columns if _is_plain(column, sample)]
    others = [name for name in sample.names if name not in numeric]
    try:
        frame = pd.read_csv(
            io.BytesIO(content),
            sep=separator,
            dtype={**dict.fromkeys(numeric, "float64"), **dict.fromkeys(others, "category")},
            keep_default_na=False,
            na_values=dict.fromkeys(numeric, WORDS),
            index_col=False,
            skipinitialspace=True,
            encoding="utf-8-sig",
        )
    except (ValueError, pd.errors.ParserError, UnicodeDecodeError):
        return None
    if content.count(separator.encode()) != (len(frame) + 1) * (len(sample.names) - 1):
        return None  # rows of different lengths
    columns = []
    for name in sample.names:
        if name in numeric:
            numbers = frame[name].to_numpy(np.float64)
            if np.isinf(numbers).any():
                return None
            columns.append(Column(name, numbers=numbers))
        else:
            levels = [str(level).strip() for level in frame[name].cat.categories]
            codes = np.asarray(frame[name].cat.codes, dtype=np.int64)
            if len(set(levels)) < len(levels):
                return None  # texts that differ in spaces
            columns.append(Column(name, coded=(levels, codes)))
    return Sheet(sample.name, tuple(columns), is_point_sure=sample.is_point_sure)


def _are_names_plain(sample: Sheet) -> bool:
    return all(sample.names) and len(set(sample.names)) == len(sample.names)


def _is_plain(column: Column, sample: Sheet) -> bool:
    """Say whether a column holds nothing but plain numbers, whose decimal sign is sure."""
    known = [text for text in column.levels if not is_missing(text)]
    if not known or not all(PLAIN.fullmatch(text) for text in known):
        return False
    if sample.is_point_sure:
        return True
    return any(list_signs(text) == {"."} for text in known) or not any("." in one for one in known)
