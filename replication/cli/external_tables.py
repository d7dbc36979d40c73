"""Tables of other people's runs: read strictly, whatever their format, by their content."""

from __future__ import annotations

import csv
import difflib
import gzip
import io
import itertools
import sys
import warnings
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.errors import DataError, StorageError, UsageError
from replication.wording import show

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

YES, NO = ("1", "true", "t", "yes", "y"), ("0", "false", "f", "no", "n")
ANSWERS = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
SEPARATORS = ",;\t"
FORMATS = "CSV (commas, semicolons or tabs), Parquet and Feather, gzipped or not"
ADVICE = "write it as UTF-8 text, a header first, with commas, semicolons or tabs between columns"
STANDARD_INPUT = "-"
EXAMPLE = Path(__file__).parents[1] / "comparison" / "example.csv"


def read_table(path: str) -> pd.DataFrame:
    """Read a table; what it is shows in its content, not in its name.

    Columns of text may be separated by commas, semicolons or tabs, and with
    semicolons numbers may have a decimal comma. What pandas has written into a
    Parquet or Feather file beside the columns is ignored.

    Parameters
    ----------
    path : str
        A file, "-" for standard input, or "example" for the table that comes with the
        package, unless there is a file of that name.

    Raises
    ------
    StorageError
        If the file is missing or cannot be read.
    DataError
        If its content is no such table, or there is no row.
    """
    name = "standard input" if path == STANDARD_INPUT else show(path)
    content = _unpack(_read_bytes(path, name), name)
    if content[:4] == b"PAR1":
        frame = _read_arrow(content, name, "Parquet")
    elif content[:6] == b"ARROW1" or content[:4] == b"FEA1":
        frame = _read_arrow(content, name, "Feather")
    elif content[:4] == b"PK\x03\x04" or b"\0" in content[:1000]:
        raise DataError(f"{name} is no table that can be read; allowed are {FORMATS}")
    else:
        frame = _read_text(content, name)
    if frame.empty:
        raise DataError(f"{name} has no rows; give at least two runs")
    return frame


def _read_bytes(path: str, name: str) -> bytes:
    try:
        if path == STANDARD_INPUT:
            return sys.stdin.buffer.read()
        if path == "example" and not Path(path).exists():
            return EXAMPLE.read_bytes()
        if Path(path).is_dir():
            raise StorageError(f"{name} is a folder; give a file: {FORMATS}")
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise StorageError(f"{name} is not a file; give an existing file, or - for standard "
                           "input") from None  # fmt: skip
    except (OSError, ValueError) as error:
        if isinstance(error, StorageError):
            raise
        reason = getattr(error, "strerror", None) or show(str(error))
        raise StorageError(f"{name} cannot be read ({reason}); check it") from None


def _unpack(content: bytes, name: str) -> bytes:
    if content[:2] != b"\x1f\x8b":
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{name} is damaged: not readable as gzip ({show(str(error))}); copy it "
                        "again") from None  # fmt: skip


def _read_arrow(content: bytes, name: str, kind: str) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import feather, parquet

    try:
        buffer = pa.BufferReader(content)
        table = parquet.read_table(buffer) if kind == "Parquet" else feather.read_table(buffer)
        # Only the columns: notes of pandas may be missing or malformed.
        frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{name} is not a readable {kind} file ({_shorten(error)}); write it again"
        ) from None
    return frame


def _read_text(content: bytes, name: str) -> pd.DataFrame:
    import pandas as pd

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{name} is not UTF-8 text; {ADVICE}") from None
    names, separator = _read_header(text)
    # pandas calls columns without a name 0, 1, 2, ...
    if all(map(_is_number, names)) and names != [str(place) for place in range(len(names))]:
        raise DataError(
            f"the first line of {name} holds numbers only ({_list_names(names)}); put a header "
            "with the names of the columns above it"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                io.StringIO(text),
                sep=separator,
                decimal="," if separator == ";" else ".",
                skipinitialspace=True,
                index_col=False,
            )
    except pd.errors.ParserWarning:
        raise DataError(
            f"{name} has rows with more cells than its header; name every column, and put "
            "semicolons between columns if numbers have a decimal comma"
        ) from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{name} is empty; give a table with a header and rows") from None
    except (ValueError, csv.Error, OverflowError) as error:
        raise DataError(f"{name} is not a readable table ({_shorten(error)}); {ADVICE}") from None
    if len(names) == len(frame.columns):
        frame.columns = pd.Index(names)
    return frame


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "."))
    except ValueError:
        return False
    return True


def _read_header(text: str) -> tuple[list[str], str]:
    """Return the names of the columns and the separator that gives most of them."""
    line = next((line for line in io.StringIO(text) if line.strip()), "")
    found = {}
    for separator in SEPARATORS:
        try:
            cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
        except csv.Error:
            cells = []
        found[separator] = [cell.strip() for cell in cells]
    separator = max(found, key=lambda name: len(found[name]))
    return found[separator], separator


def read_reports(path: str, by: str) -> dict[str, dict[str, str]]:
    """Read a small table of reported numbers, one row for each group, as text.

    Parameters
    ----------
    path : str
    by : str
        The column that names the group.

    Returns
    -------
    dict of str to dict of str to str
        By group: the cells that are not empty, by column.

    Raises
    ------
    UsageError
        If the file cannot be read, has no such column or names a group twice.
    """
    name = show(path)
    try:
        text = Path(path).read_text("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"the reported numbers in {name} cannot be read ({reason})") from None
    names, separator = _read_header(text)
    if by not in names:
        raise UsageError(f"{name} has no column {by!r}; its columns are {_list_names(names)}")
    reports: dict[str, dict[str, str]] = {}
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        rows = list(csv.reader(lines[1:], delimiter=separator, skipinitialspace=True))
    except csv.Error as error:
        raise UsageError(f"{name} is not a readable table ({_shorten(error)})") from None
    for row in rows:
        if len(row) != len(names):
            raise UsageError(f"{name} has a row of {len(row)} cells under {len(names)} columns")
        cells = {
            column: cell.strip().replace(",", "." if separator == ";" else ",")
            for column, cell in zip(names, row, strict=True)
            if cell.strip()
        }
        group = row[names.index(by)].strip()
        cells.pop(by, None)
        if group in reports:
            raise UsageError(f"{name} names the group {group!r} twice; give one row for each")
        reports[group] = cells
    return reports


def take_column(frame: pd.DataFrame, name: str | None) -> pd.Series[Any]:
    """Return a column by name; the only one there is unless named.

    Raises
    ------
    UsageError
        If there is no such column, or none was named and there are several.
    DataError
        If several columns have that name.
    """
    names = [str(column) for column in frame.columns]
    if name is None:
        if len(names) == 1:
            return frame.iloc[:, 0]
        raise UsageError(
            f"no --column was given; name the one that holds the values, of {_list_names(names)}"
        )
    if name not in names:
        nearest = difflib.get_close_matches(name, names, n=1)
        answer = f"did you mean {nearest[0]!r}? The" if nearest else "the"
        raise UsageError(f"there is no column {name!r}; {answer} columns are {_list_names(names)}")
    if names.count(name) > 1:
        raise DataError(f"{names.count(name)} columns are called {name!r}; rename all but one")
    return frame.iloc[:, names.index(name)]


def read_values(column: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Return a column of numbers, float64[n]; NaN where a cell is empty.

    Raises
    ------
    DataError
        If a value is neither a finite number nor missing.
    """
    import numpy as np
    import pandas as pd

    for holds, is_of_kind in (
        ("true and false", pd.api.types.is_bool_dtype),
        ("dates", pd.api.types.is_datetime64_any_dtype),
        ("durations with a unit", pd.api.types.is_timedelta64_dtype),
    ):
        if is_of_kind(column):
            name = str(column.name)
            advice = "give a column of numbers"
            if holds == "true and false":
                advice += ", or name it with --succeeded and give --share"
            raise DataError(f"column {name!r} holds {holds}; {advice}")
    missing = find_missing(column)
    numbers = pd.to_numeric(column, errors="coerce")
    values = np.asarray(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
    for words, wrong in (
        ("allowed are numbers", np.isnan(values) & ~missing),
        ("allowed are finite numbers", np.isinf(values)),
    ):
        if wrong.any():
            raise _refuse(column, wrong, words=words)
    return values


def read_flags(column: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    """Return a column of yes and no, bool[n]; no where a cell is empty (see `find_missing`).

    Raises
    ------
    DataError
        If a value is anything but 1/0, true/false, yes/no or their first letters, or missing.
    """
    import numpy as np

    missing = find_missing(column)
    words = column.astype(str).str.strip().str.lower().str.removesuffix(".0")
    flags = words.map(ANSWERS)
    wrong = flags.isna().to_numpy() & ~missing
    if wrong.any():
        raise _refuse(column, wrong, words="allowed are 1 and 0, true and false, yes and no")
    return (flags.eq(True).to_numpy() & ~missing).astype(np.bool_)


def find_missing(column: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    """Return where a column is empty, bool[n]."""
    import numpy as np

    return np.asarray(column.isna().to_numpy(), dtype=np.bool_)


def _shorten(error: BaseException) -> str:
    """Return the first line of another library's message, with escape codes shown."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = lines[0].rpartition("C error: ")[2].rstrip(".")[:120]
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _list_names(names: list[str]) -> str:
    shown = ", ".join(show(name) for name in itertools.islice(names, 12))
    return shown + (", ..." if len(names) > 12 else "")


def _refuse(column: pd.Series[Any], wrong: npt.NDArray[np.bool_], *, words: str) -> DataError:
    """Return the error that names the first wrong row, and how many there are."""
    row, n_wrong = int(wrong.argmax()), int(wrong.sum())
    rows = "1 such row" if n_wrong == 1 else f"{n_wrong} such rows"
    value = show(str(column.iloc[row]), length=40)
    return DataError(
        f"column {show(str(column.name))} holds {value} in row {row + 1} of the data ({rows}); "
        f"{words}; correct or remove these rows"
    )
