"""Outcomes for other programs: CSV or Parquet."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from replication.errors import UsageError
from replication.simulator.outcomes import Outcomes
from replication.system.files import publish, temporary_file

SCHEMA = pa.schema(
    [
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("updates", pa.int32(), nullable=False),
        pa.field("converged", pa.bool_(), nullable=False),
    ]
)


def export_outcomes(blocks: Iterable[Outcomes], path: Path, *, force: bool = False) -> None:
    """Write outcomes into a file, block by block; `force` to replace one that exists."""
    if path.suffix not in (".csv", ".parquet"):
        raise UsageError(
            f"the file {str(path)!r} was given; allowed are names that end in .csv or .parquet"
        )
    if path.is_dir() or (not force and os.path.lexists(path)):
        raise UsageError(f"{str(path)!r} exists; give --force to replace a file, or another name")
    with temporary_file(path) as table:
        with table.open("wb") as stream:
            write_outcomes(blocks, stream, is_text=path.suffix == ".csv")
        publish(table, path)


def write_outcomes(blocks: Iterable[Outcomes], file: BinaryIO, *, is_text: bool) -> None:
    """Write outcomes into an open file, as CSV or as Parquet."""
    write = pa.csv.CSVWriter if is_text else pa.parquet.ParquetWriter
    with write(file, SCHEMA) as writer:
        for block in blocks:
            columns = np.arange(block.start, block.stop), block.updates, block.converged
            writer.write_table(pa.table([*map(pa.array, columns)], schema=SCHEMA))
