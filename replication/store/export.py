"""Outcomes for other programs: CSV or Parquet, with a data dictionary beside."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from replication.errors import StorageError, UsageError
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import COLUMNS, make_table
from replication.store.files import publish, remove_temporaries, temporary_file

MEANINGS = {
    "seed": "number of the network, from 0; with the root seed it fixes its weights",
    "updates": "weight updates before the criterion was first met; the cap where it was not",
    "converged": "false: right-censored, the criterion was not met within the cap",
}


def export_outcomes(
    blocks: Iterable[Outcomes], path: Path, *, description: Mapping[str, Any], force: bool = False
) -> list[Path]:
    """Write outcomes block by block, and a data dictionary as ``<file>.dictionary.json``.

    Both are complete before either is given its name, and no dictionary ever stands beside a
    table that it does not describe.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise UsageError(
            f"the file {str(path)!r} was given; allowed are names that end in .csv or .parquet"
        )
    dictionary = path.with_name(f"{path.name}.dictionary.json")
    for file in (path, dictionary):
        if file.is_dir() or (not force and (file.exists() or file.is_symlink())):
            raise UsageError(
                f"{str(file)!r} exists; give --force to replace a file, or another name"
            )
    remove_temporaries(path.parent, seconds=3600.0)
    columns = {
        field.name: {"type": str(field.type), "meaning": MEANINGS[field.name]} for field in COLUMNS
    }
    text = json.dumps({"columns": columns, **description}, indent=1) + "\n"
    try:
        with temporary_file(path) as table, temporary_file(dictionary) as words:
            with table.open("wb") as stream:
                write_outcomes(blocks, stream, is_text=path.suffix == ".csv")
            words.write_bytes(text.encode())
            with contextlib.suppress(FileNotFoundError):
                dictionary.unlink()
            publish(table, path)
            publish(words, dictionary)
    except StorageError as error:
        if not isinstance(error.__cause__, OSError):  # from the store that is read
            raise
        raise StorageError(
            f"{str(path)!r} cannot be written ({error.__cause__.strerror or error.__cause__}); "
            "give a file in a folder that can be written"
        ) from None
    return [path, dictionary]


def write_outcomes(blocks: Iterable[Outcomes], file: BinaryIO, *, is_text: bool) -> None:
    """Write outcomes into an open file, as CSV or as Parquet."""
    write = pa.csv.CSVWriter if is_text else pa.parquet.ParquetWriter
    with write(file, COLUMNS) as writer:
        for block in blocks:
            writer.write_table(make_table(block))
