"""Outcomes for other programs: CSV or Parquet, with a data dictionary beside."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from replication.definition.protocol import as_plain
from replication.definition.study import Study
from replication.errors import UsageError
from replication.simulator.outcomes import Outcomes
from replication.system.files import publish, temporary_file

COLUMNS = {
    "seed": (pa.int64(), "number of the network, from 0; with the root seed it fixes its weights"),
    "updates": (
        pa.int32(), "weight updates before the criterion was first met; the cap where it was not"
    ),
    "converged": (
        pa.bool_(), "false: right-censored, the criterion was not met within the cap"
    ),
}  # fmt: skip
SCHEMA = pa.schema([pa.field(name, kind, nullable=False) for name, (kind, _) in COLUMNS.items()])


def export_outcomes(
    blocks: Iterable[Outcomes], path: Path, study: Study, *, force: bool = False
) -> list[Path]:
    """Write outcomes block by block, and a data dictionary as ``<file>.dictionary.json``.

    No dictionary ever stands beside a table that it does not describe.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise UsageError(
            f"the file {str(path)!r} was given; allowed are names that end in .csv or .parquet"
        )
    # What may not be replaced is named before anything is simulated.
    dictionary = path.with_name(f"{path.name}.dictionary.json")
    for file in (path, dictionary):
        if file.is_dir() or (not force and os.path.lexists(file)):
            raise UsageError(
                f"{str(file)!r} exists; give --force to replace a file, or another name"
            )
    # Table and dictionary are complete before either gets its name.
    columns = {name: {"type": str(kind), "meaning": text} for name, (kind, text) in COLUMNS.items()}
    about: dict[str, Any] = {"n_rows": study.n_seeds, "root_seed": study.root_seed}
    about |= {"protocol": as_plain(study.protocol), "columns": columns}
    with temporary_file(path) as table:
        with table.open("wb") as stream:
            write_outcomes(blocks, stream, is_text=path.suffix == ".csv")
        with temporary_file(dictionary) as words:
            words.write_text(json.dumps(about, indent=1) + "\n")
            dictionary.unlink(missing_ok=True)
            publish(table, path)
            publish(words, dictionary)
    return [path, dictionary]


def write_outcomes(blocks: Iterable[Outcomes], file: BinaryIO, *, is_text: bool) -> None:
    """Write outcomes into an open file, as CSV or as Parquet."""
    write = pa.csv.CSVWriter if is_text else pa.parquet.ParquetWriter
    with write(file, SCHEMA) as writer:
        for block in blocks:
            columns = np.arange(block.start, block.stop), block.updates, block.converged
            writer.write_table(pa.table([*map(pa.array, columns)], schema=SCHEMA))
