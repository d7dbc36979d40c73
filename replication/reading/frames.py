"""Data frames, and mappings of columns, as a table of texts."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeGuard

import numpy as np

from replication.errors import DataError
from replication.reading.headers import check_names
from replication.reading.question import Cause, Question
from replication.reading.sheet import Column, Sheet, print_float
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
    """Say whether something is a table, and not one report."""
    if isinstance(given, Mapping):
        cells = list(given.values())
        return not cells or any(np.iterable(one) and not isinstance(one, str) for one in cells)
    return isinstance(given, Sheet) or hasattr(given, "columns")


def read_frame(given: object, name: str) -> Sheet:
    """Return a data frame, a table of Polars or Arrow, or a mapping of columns, as texts."""
    if isinstance(given, Sheet):
        return given
    import pandas as pd

    quoted = f"`{name}`"
    frame = given.to_pandas() if hasattr(given, "to_pandas") else given
    if isinstance(given, Mapping):
        advice = "give a list with a cell for each row"
        with refuse_unreadable(quoted, advice, kind="mapping of columns"):
            # By place, whatever index a column brings along.
            cells = {str(key): pd.Series(x, dtype=object).tolist() for key, x in given.items()}
            columns = [Column(key, [_print(cell) for cell in each]) for key, each in cells.items()]
            if len({len(column) for column in columns}) > 1:
                raise ValueError("columns differ in length")
        return Sheet(quoted, tuple(columns), is_point_sure=True)
    if not isinstance(frame, pd.DataFrame):
        advice = "give a data frame, such as pandas.read_csv returns, or a mapping of columns"
        raise DataError(f"{quoted} was given as {show(given)}; {advice}")
    if any(one is not None for one in frame.index.names):
        frame = frame.reset_index()
    names = [_join_name(one) for one in frame.columns]
    check_doubled(quoted, names)
    columns = [_take_series(names[place], frame.iloc[:, place]) for place in range(len(names))]
    return Sheet(quoted, tuple(columns), is_point_sure=True)


def check_doubled(name: str, names: list[str]) -> None:
    """Refuse a frame with two columns of one name; a name that is a number is one here."""
    if len(set(names)) < len(names):
        check_names(name, [*names, "a name"])
        raise Question(Cause.HEADER, f"several columns of {name} have no name; give them one")


def _join_name(name: object) -> str:
    """Return the name of a column; one of several levels, ("acc", "mean"), is joined."""
    if isinstance(name, tuple):
        return "_".join(str(part) for part in name if str(part))
    return str(name)


def _take_series(name: str, series: "pd.Series") -> Column:
    if series.dtype.kind in "iuf":
        return Column(name, numbers=np.asarray(series.to_numpy(np.float64, na_value=np.nan)))
    return Column(name, [_print(cell) for cell in series.tolist()])


def _print(cell: object) -> str:
    """Return a cell as text; nothing where it is None, NaN or NA."""
    if isinstance(cell, str):
        return cell.strip()
    if cell is None or type(cell).__name__ in {"NAType", "NaTType"}:
        return ""
    if isinstance(cell, (bool, np.bool_)):
        return "true" if cell else "false"
    if isinstance(cell, (float, np.floating)):
        return print_float(float(cell))
    if isinstance(cell, Decimal) and cell.is_nan():
        return ""
    return str(cell)
