"""Small tables for other programs: CSV and Parquet with the same columns, and their dictionary."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet

from replication.store.files import make_folder, write_durably


def write_table(
    folder: Path, name: str, columns: Mapping[str, Sequence[Any]], meanings: Mapping[str, str]
) -> list[Path]:
    """Write ``<name>.csv``, ``<name>.parquet`` and ``<name>.dictionary.json``."""
    types = {column: _infer_type(values) for column, values in columns.items()}
    schema = pa.schema(
        pa.field(column, kind, metadata={"meaning": meanings[column]})
        for column, kind in types.items()
    )
    arrays = [pa.array(_convert(columns[column], kind), kind) for column, kind in types.items()]
    table = pa.table(arrays, schema=schema)
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(
        [[_write_cell(cell) for cell in row] for row in zip(*columns.values(), strict=True)]
    )
    dictionary = {
        "columns": {
            column: {"type": str(types[column]), "meaning": meanings[column]} for column in columns
        },
        "n_rows": table.num_rows,
        "missing": "empty in CSV, null in Parquet",
    }
    contents = {
        f"{name}.csv": text.getvalue().encode(),
        f"{name}.parquet": sink.getvalue().to_pybytes(),
        f"{name}.dictionary.json": (json.dumps(dictionary, indent=1) + "\n").encode(),
    }
    make_folder(folder)
    for file, content in contents.items():
        write_durably(folder / file, content)
    return [folder / file for file in contents]


def _infer_type(values: Sequence[Any]) -> pa.DataType:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    return pa.float64() if kinds <= {int, float} else pa.string()


def _convert(values: Sequence[Any], kind: pa.DataType) -> list[Any]:
    if kind != pa.string():
        return list(values)
    return [None if value is None else _write_cell(value) for value in values]


def _write_cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
