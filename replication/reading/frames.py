"""Data frames, and mappings of columns, as a `Sheet`."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeGuard

import numpy as np

from replication.errors import DataError
from replication.reading.headers import check_names
from replication.reading.question import Cause, Question
from replication.reading.sheet import Column, Sheet, format_float
from replication.system.files import refuse_unreadable
from replication.wording import show

if TYPE_CHECKING:
    import pandas as pd


class Convertible(Protocol):
    """A table of Polars or Arrow."""

    def to_pandas(self) -> "pd.DataFrame":
        """Return it as a data frame of pandas."""


GivenTable: TypeAlias = "pd.DataFrame | Convertible | Mapping[str, Iterable[object]] | Sheet"
"""Whatever holds a table."""


def is_table(given: object) -> TypeGuard[GivenTable]:
    """Say whether something is a table, and not a single report such as {"mean": 0.83, "n": 5}."""
    if isinstance(given, Mapping):
        if not given:
            return True
        return any(np.iterable(cells) and not isinstance(cells, str) for cells in given.values())
    return isinstance(given, Sheet) or hasattr(given, "columns")


def read_frame(given: object, name: str) -> Sheet:
    """Return a data frame, a table of Polars or Arrow, or a mapping of columns as a `Sheet`.

    `name`: the argument that it was given as.
    """
    if isinstance(given, Sheet):
        return given
    import pandas as pd

    quoted = f"`{name}`"
    if isinstance(given, Mapping):
        return _read_mapping(given, quoted)
    frame = given.to_pandas() if hasattr(given, "to_pandas") else given
    if not isinstance(frame, pd.DataFrame):
        advice = "give a data frame, such as pandas.read_csv returns, or a mapping of columns"
        raise DataError(f"{quoted} was given as {show(given)}; {advice}")
    if any(level is not None for level in frame.index.names):
        frame = frame.reset_index()
    names = [_join_name(heading) for heading in frame.columns]
    check_doubled(quoted, names)
    columns = [_take_series(names[index], frame.iloc[:, index]) for index in range(len(names))]
    return Sheet(quoted, tuple(columns), is_decimal_point_sure=True)


def _read_mapping(given: Mapping[str, Iterable[object]], name: str) -> Sheet:
    """Return a mapping of columns as a `Sheet`; the index of a series is left out."""
    import pandas as pd

    columns = []
    with refuse_unreadable(name, "give a list with a cell for each row", kind="mapping of columns"):
        for heading, cells in given.items():
            values = pd.Series(cells, dtype=object).tolist()
            columns.append(Column(str(heading), [_format_cell(value) for value in values]))
        if len({len(column) for column in columns}) > 1:
            raise ValueError("columns differ in length")
    return Sheet(name, tuple(columns), is_decimal_point_sure=True)


def check_doubled(name: str, names: list[str]) -> None:
    """Refuse a frame with two columns of the same name, or without one.

    Names that are numbers are allowed: a frame that was made of an array has them.
    """
    if len(set(names)) < len(names):
        check_names(name, [*names, "a name"])  # one that is no number, so that only doubles count
        raise Question(Cause.HEADER, f"several columns of {name} have no name; give them one")


def _join_name(name: object) -> str:
    """Return the name of a column as a text; ("acc", "mean"), of two levels, is acc_mean."""
    if isinstance(name, tuple):
        return "_".join(str(part) for part in name if str(part))
    return str(name)


def _take_series(name: str, series: "pd.Series") -> Column:
    """Return a column of a frame: numbers as they are, anything else as texts."""
    if series.dtype.kind in "iuf":
        return Column(name, numbers=np.asarray(series.to_numpy(np.float64, na_value=np.nan)))
    return Column(name, [_format_cell(cell) for cell in series.tolist()])


def _format_cell(cell: object) -> str:
    """Return a cell as text; "" where it is None, NaN or NA."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return ""
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (float, np.floating)):
        return format_float(float(cell))  # "" for NaN
    if isinstance(cell, Decimal) and cell.is_nan():
        return ""
    return str(cell)
