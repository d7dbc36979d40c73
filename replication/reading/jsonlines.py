"""JSON lines, an object for each row; one list of objects; or an object of columns."""

import json
from collections.abc import Mapping

from replication.errors import DataError
from replication.reading.headers import check_names
from replication.reading.sheet import Column, Sheet, print_float
from replication.system.files import refuse_unreadable

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Flat = dict[str, str]
DEEPEST = 5  # objects in objects whose names are joined by points


def read_json(text: str, name: str) -> Sheet:
    """Read objects; names of objects within them are joined by points: metrics.acc."""
    with refuse_unreadable(name, "give an object with plain values a line", kind="table of JSON"):
        given = _parse(text)
        rows = [] if isinstance(given, dict) else [_flatten(row) for row in given]
    if isinstance(given, dict):
        return _read_columns(given, name)
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    check_names(name, headings)
    columns = [Column(head, [row.get(head, "") for row in rows]) for head in headings]
    return Sheet(name, tuple(columns), is_point_sure=True)


def _parse(text: str) -> list[Json] | dict[str, Json]:
    if text.lstrip()[0] == "[":
        rows = json.loads(text)
        return rows if isinstance(rows, list) else [rows]
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        rows = [json.loads(line) for line in lines]
    except ValueError:
        return dict(json.loads(text))  # an object over several lines
    is_columns = len(rows) == 1 and _holds_columns(rows[0])
    return dict(rows[0]) if is_columns else rows


def _holds_columns(row: Json) -> bool:
    return (
        isinstance(row, dict)
        and bool(row)
        and all(isinstance(cells, (list, dict)) for cells in row.values())
    )


def _read_columns(given: Mapping[str, Json], name: str) -> Sheet:
    """Read an object of columns, each a list, or an object by row as pandas writes it."""
    columns = []
    index = _find_index(given)
    if index:
        columns.append(Column("", index))
    for heading, cells in given.items():
        values = list(cells.values()) if isinstance(cells, dict) else cells
        if not isinstance(values, list):
            raise DataError(f"{name} is one object; give one for each row, a line each")
        columns.append(Column(heading, [_print(cell) for cell in values]))
    if len({len(column) for column in columns}) > 1:
        raise DataError(f"columns of {name} are not equally long; give a cell for each row")
    check_names(name, [column.name for column in columns])
    return Sheet(name, tuple(columns), is_point_sure=True)


def _find_index(given: Mapping[str, Json]) -> list[str]:
    """Return the names of rows where all columns have the same, and these do not count them."""
    names = [list(cells) for cells in given.values() if isinstance(cells, dict)]
    if not names or any(one != names[0] for one in names) or len(names) < len(given):
        return []
    return [] if all(name.isdigit() for name in names[0]) else names[0]


def _flatten(row: Json, before: str = "", depth: int = 0) -> Flat:
    if not isinstance(row, dict):
        raise ValueError("a row is no object")
    flat: Flat = {}
    for key, cell in row.items():
        heading = f"{before}{key}"
        if isinstance(cell, dict) and cell and depth < DEEPEST:
            flat |= _flatten(cell, f"{heading}.", depth + 1)
        else:
            flat[heading] = _print(cell)
    return flat


def _print(cell: Json) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return print_float(cell)
    return cell if isinstance(cell, str) else str(cell)
