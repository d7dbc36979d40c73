"""Tables in JSON: an object a line, a list of objects, or one object of columns."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from replication.errors import DataError
from replication.reading.headers import check_names
from replication.reading.sheet import Column, Sheet, format_float
from replication.system.files import refuse_unreadable
from replication.wording import show

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
"""Any value that JSON can hold."""
Flat = dict[str, str]
"""A row: its cells as texts, by their headings."""
DEEPEST = 5
"""How many objects within one another are taken apart, their names joined by points."""


def read_json(text: str, name: str) -> Sheet:
    """Read a row for each object, or one object of columns.

    Names of objects within a row are joined by points: metrics.acc.
    """
    rows: list[Flat] = []
    with refuse_unreadable(name, "give an object with plain values a line", kind="table of JSON"):
        given = _parse(text)
        if not isinstance(given, dict):
            rows = [_flatten(row) for row in given]
    if isinstance(given, dict):
        return _read_columns(given, name)
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    check_names(name, headings)
    columns = [Column(head, [row.get(head, "") for row in rows]) for head in headings]
    return Sheet(name, tuple(columns), is_decimal_point_sure=True)


def _parse(text: str) -> list[Json] | dict[str, Json]:
    """Return the rows of a text as a list, or an object of columns as a dictionary."""
    if text.lstrip()[0] == "[":
        rows = _load(text)
        return rows if isinstance(rows, list) else [rows]
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        rows = [_load(line) for line in lines]
    except json.JSONDecodeError:
        return dict(_load(text))  # an object over several lines
    is_columns = len(rows) == 1 and _holds_columns(rows[0])
    return dict(rows[0]) if is_columns else rows


def _load(text: str) -> Any:
    """Return the value of a text of JSON; refuse an object that has a name twice."""
    return json.loads(text, object_pairs_hook=_take_pairs)


def _take_pairs(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    """Return an object; refuse a name that it has twice, since either value may be meant."""
    cells: dict[str, Json] = {}
    for name, cell in pairs:
        if name in cells:
            raise ValueError(f"an object has {show(name)} twice")
        cells[name] = cell
    return cells


def _holds_columns(row: Json) -> bool:
    """Say whether an object is a table of columns: each of its values holds several cells."""
    if not isinstance(row, dict) or not row:
        return False
    return all(isinstance(cells, (list, dict)) for cells in row.values())


def _read_columns(given: Mapping[str, Json], name: str) -> Sheet:
    """Read an object of columns; each is a list, or an object by row as pandas writes it."""
    columns = []
    index = _find_index(given)
    if index:
        columns.append(Column("", index))
    for heading, cells in given.items():
        values = list(cells.values()) if isinstance(cells, dict) else cells
        if not isinstance(values, list):
            raise DataError(f"{name} is one object; give one for each row, a line each")
        if any(isinstance(cell, (list, dict)) for cell in values):
            what = f"{name} holds lists or objects within {show(heading)}"
            raise DataError(f"{what}; give one object for each row, with plain values, a line each")
        columns.append(Column(heading, [_format_cell(cell) for cell in values]))
    if len({len(column) for column in columns}) > 1:
        raise DataError(f"columns of {name} are not equally long; give a cell for each row")
    check_names(name, [column.name for column in columns])
    return Sheet(name, tuple(columns), is_decimal_point_sure=True)


def _find_index(given: Mapping[str, Json]) -> list[str]:
    """Return the names of the rows, if all columns have the same; none if they count the rows."""
    names = [list(cells) for cells in given.values() if isinstance(cells, dict)]
    if not names or len(names) < len(given):
        return []
    first = names[0]
    if any(others != first for others in names):
        return []
    counts_rows = all(name.isdigit() for name in first)  # "0", "1", ...
    return [] if counts_rows else first


def _flatten(row: Json, before: str = "", depth: int = 0) -> Flat:
    """Return the cells of a row by heading; cells of objects within it have joined names.

    `before`: what each heading begins with, such as "metrics."; `depth`: how far down this object
    is.
    """
    if not isinstance(row, dict):
        raise ValueError("a row is no object")  # `read_json` turns it into a refusal
    flat: Flat = {}
    for key, cell in row.items():
        heading = f"{before}{key}"
        if isinstance(cell, dict) and cell and depth < DEEPEST:
            flat |= _flatten(cell, f"{heading}.", depth + 1)
        else:
            flat[heading] = _format_cell(cell)
    return flat


def _format_cell(cell: Json) -> str:
    """Return a cell as text; nothing where it is null."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return format_float(cell)
    return cell if isinstance(cell, str) else str(cell)
