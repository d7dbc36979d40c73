"""Tables of strangers: a column of outcomes and one of yes and no, read strictly."""

from __future__ import annotations

import csv
import itertools
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from replication.errors import DataError, StorageError, UsageError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

YES, NO = ("1", "true", "t", "yes", "y"), ("0", "false", "f", "no", "n")
ANSWERS = dict.fromkeys(YES, True) | dict.fromkeys(NO, False)
SEPARATORS = ",;\t"
ADVICE = "write it as UTF-8 text, a header first, with commas, semicolons or tabs between columns"


def read_frame(path: Path) -> pd.DataFrame:
    """Read a table by the ending of its name.

    Columns of a CSV file may be separated by commas, semicolons or tabs, and
    with semicolons numbers may have a decimal comma.

    Raises
    ------
    UsageError
        If the ending is neither .csv nor .parquet.
    StorageError
        If the file is missing or cannot be read.
    DataError
        If its content is not such a table, or there is no row.
    """
    kind = path.suffix.lower()
    if kind not in {".csv", ".parquet"}:
        raise UsageError(f"FILE was given as {str(path)!r}; it must end in .csv or .parquet")
    if not path.is_file():
        raise StorageError(f"{str(path)!r} is not a file; give an existing .csv or .parquet file")
    frame = _read_csv(path) if kind == ".csv" else _read_parquet(path)
    if frame.empty:
        raise DataError(f"{str(path)!r} has no rows; give at least two outcomes")
    return frame


def _read_csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        names, separator = _read_header(path)
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                path,
                sep=separator,
                decimal="," if separator == ";" else ".",
                skipinitialspace=True,
                index_col=False,
            )
    except pd.errors.ParserWarning:
        raise DataError(
            f"{str(path)!r} has rows with more cells than its header; name every column, and put "
            "semicolons between columns if numbers have a decimal comma"
        ) from None
    except pd.errors.EmptyDataError:
        raise DataError(f"{str(path)!r} is empty; give a table with a header and rows") from None
    except OSError as error:
        raise StorageError(f"{str(path)!r} cannot be read ({error.strerror}); check it") from None
    except (ValueError, csv.Error) as error:
        reason = str(error).strip().splitlines()[0].rpartition("C error: ")[2]
        raise DataError(f"{str(path)!r} is not a readable csv file ({reason}); {ADVICE}") from None
    if len(names) == len(frame.columns):
        frame.columns = pd.Index(names)
    return frame


def _read_header(path: Path) -> tuple[list[str], str]:
    """Return the names of the columns and the separator that gives most of them."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        line = next((line for line in file if line.strip()), "")
    found = {}
    for separator in SEPARATORS:
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [])
        found[separator] = [cell.strip() for cell in cells]
    separator = max(found, key=lambda name: len(found[name]))
    return found[separator], separator


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        frame = pd.read_parquet(str(path))
        # What pandas has stored as an index is a column like others.
        return frame.reset_index() if frame.index.names != [None] else frame
    except (OSError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            reason = error.strerror
            raise StorageError(f"{str(path)!r} cannot be read ({reason}); check it") from None
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise DataError(f"{str(path)!r} is not a readable parquet file ({reason})") from None


def _take_column(frame: pd.DataFrame, name: str) -> pd.Series[Any]:
    import difflib

    names = [str(column) for column in frame.columns]
    if name not in names:
        nearest = difflib.get_close_matches(name, names, n=1)
        answer = f"did you mean {nearest[0]!r}? The" if nearest else "the"
        shown = ", ".join(map(repr, itertools.islice(names, 12)))
        more = ", ..." if len(names) > 12 else ""
        raise UsageError(f"there is no column {name!r}; {answer} columns are {shown}{more}")
    if names.count(name) > 1:
        raise DataError(f"{names.count(name)} columns are called {name!r}; rename all but one")
    return frame.iloc[:, names.index(name)]


def read_outcomes(frame: pd.DataFrame, name: str) -> npt.NDArray[np.float64]:
    """Return a column of outcomes (float64[n]).

    Raises
    ------
    UsageError
        If there is no such column.
    DataError
        If a value is missing, not a number, not finite or negative.
    """
    import numpy as np
    import pandas as pd

    column = _take_column(frame, name)
    for holds, is_of_kind in (
        ("true and false", pd.api.types.is_bool_dtype),
        ("dates", pd.api.types.is_datetime64_any_dtype),
        ("durations with a unit", pd.api.types.is_timedelta64_dtype),
    ):
        if is_of_kind(column):
            raise DataError(f"column {name!r} holds {holds}; give a column of numbers")
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    for words, wrong in (
        ("allowed are numbers", np.isnan(numbers)),
        ("allowed are finite numbers", np.isinf(numbers)),
        ("allowed are numbers of at least 0", numbers < 0),
    ):
        if wrong.any():
            raise _refuse(column, name, wrong, words=words)
    return numbers


def read_flags(frame: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    """Return a column of yes and no (bool[n]).

    Raises
    ------
    UsageError
        If there is no such column.
    DataError
        If a value is anything but 1/0, true/false, yes/no or their first letters.
    """
    import numpy as np

    column = _take_column(frame, name)
    words = column.astype(str).str.strip().str.lower().str.removesuffix(".0")
    flags = words.map(ANSWERS)
    wrong = flags.isna().to_numpy()
    if wrong.any():
        allowed = "allowed are 1 and 0, true and false, yes and no"
        raise _refuse(column, name, wrong, words=allowed)
    return flags.to_numpy(dtype=np.bool_)


def _refuse(
    column: pd.Series[Any], name: str, wrong: npt.NDArray[np.bool_], *, words: str
) -> DataError:
    """Return the error that names the first wrong row, and how many there are."""
    import pandas as pd

    row, n_wrong = int(wrong.argmax()), int(wrong.sum())
    value = column.iloc[row]
    is_missing = pd.api.types.is_scalar(value) and pd.isna(value)
    shown = "is empty" if is_missing else f"holds {str(value)[:40]!r}"
    rows = "1 such row" if n_wrong == 1 else f"{n_wrong} such rows"
    return DataError(
        f"column {name!r} {shown} in row {row + 1} of the data ({rows}); {words}; correct or "
        "remove these rows"
    )
