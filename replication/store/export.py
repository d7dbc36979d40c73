"""Outcomes for other programs: CSV or Parquet, with a data dictionary beside."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from replication.errors import StorageError, UsageError
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import COLUMNS
from replication.store.files import write_durably

MEANINGS = {
    "seed": "number of the network, from 0; with the root seed it fixes its weights",
    "updates": "weight updates before the criterion was first met; the cap where it was not",
    "converged": "false: right-censored, the criterion was not met within the cap",
}


def export_outcomes(
    blocks: Iterable[Outcomes], path: Path, *, description: Mapping[str, Any]
) -> list[Path]:
    """Write outcomes block by block, and a data dictionary as ``<file>.dictionary.json``.

    Parameters
    ----------
    blocks : iterable of Outcomes
        In seed order.
    path : Path
        Ends in ``.csv`` or ``.parquet``.
    description : mapping
        What the data dictionary says besides the columns.

    Returns
    -------
    list of Path
        Both files.

    Raises
    ------
    UsageError
        If the file name ends otherwise.
    StorageError
        If a file cannot be written, or whatever reading the blocks raises.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise UsageError(
            f"the file {str(path)!r} was given; allowed are names that end in .csv or .parquet"
        )
    write = pa.csv.CSVWriter if path.suffix == ".csv" else pa.parquet.ParquetWriter
    temporary = path.with_name(f".{path.name}.tmp")
    dictionary = path.with_name(f"{path.name}.dictionary.json")
    columns = {
        field.name: {"type": str(field.type), "meaning": MEANINGS[field.name]} for field in COLUMNS
    }
    text = json.dumps({"columns": columns, **description}, indent=1) + "\n"
    try:
        with write(str(temporary), COLUMNS) as writer:
            for block in blocks:
                seeds = np.arange(block.start, block.stop)
                arrays = [pa.array(a) for a in (seeds, block.updates, block.converged)]
                writer.write_table(pa.Table.from_arrays(arrays, schema=COLUMNS))
        temporary.replace(path)
    except StorageError:  # from the store that is read: it says so itself
        raise
    except OSError as error:
        raise StorageError(
            f"{str(path)!r} cannot be written ({error.strerror or error}); "
            "give a file in a folder that can be written"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)
    write_durably(dictionary, text.encode())
    return [path, dictionary]
