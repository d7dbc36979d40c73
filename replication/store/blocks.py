"""One block: the outcomes of consecutive seeds as a Parquet file, and its side-car.

The Parquet files stand alone in the folder of their study, so that other programs read
the folder as it is; records stand in a folder beside it. Parquet's page checksums do not
reach its footer, so the side-car holds a checksum of the whole file, which is compared
before Parquet reads a byte of it. The block holds a checksum of its content, which does
not depend on the version of the Parquet writer.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from replication.errors import DataError
from replication.protocol import Protocol, as_plain, canonical_json
from replication.simulator.outcomes import OUTCOME_VERSION, Outcomes, compute_digest
from replication.statistics.counts import CountTable
from replication.store.files import (
    check_schema,
    damaged_record,
    discard_temporaries,
    parse_record,
    publish,
    read_content,
    render_record,
    sync_folder,
    withdraw,
    write_temporary,
)
from replication.store.provenance import collect_versions

SCHEMA = 2
"""Version of the layout. A newer one is refused and left untouched; see `older` for 1."""

KIND = "block"

METADATA_KEY = "replication"
BLOCK_NAME = re.compile(r"(\d{12,})-(\d{12,})\.parquet")
COLUMNS = pa.schema([("seed", pa.int64()), ("updates", pa.int32()), ("converged", pa.bool_())])


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Block:
    """The seeds [start, stop) of one study and the names of their two files.

    Parameters
    ----------
    start, stop : int
        The first seed and one past the last.
    folder : Path
        The folder of the study.
    """

    start: int
    stop: int
    folder: Path

    @property
    def path(self) -> Path:
        """The Parquet file."""
        return self.folder / f"{self.start:012d}-{self.stop:012d}.parquet"

    @property
    def sidecar_path(self) -> Path:
        """The JSON file with count table and checksums."""
        return records_folder(self.folder) / f"{self.start:012d}-{self.stop:012d}.json"


def records_folder(folder: Path) -> Path:
    """Return the folder of the manifest and the side-cars of a study's folder."""
    return folder.with_name(f"{folder.name}.records")


def list_names(folder: Path) -> set[str]:
    """Return the names in a folder; none if there is no such folder."""
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def find_blocks(folder: Path) -> list[Block]:
    """Return the blocks whose two files both exist, by name, in seed order."""
    sidecars = list_names(records_folder(folder))
    blocks = []
    for name in list_names(folder):
        match = BLOCK_NAME.fullmatch(name)
        if match is None:
            continue
        block = Block(int(match[1]), int(match[2]), folder)
        if block.path.name == name and block.sidecar_path.name in sidecars:
            blocks.append(block)
    return sorted(blocks)


def write_block(block: Block, *, protocol: Protocol, root_seed: int, outcomes: Outcomes) -> str:
    """Write a block and its side-car, both durable when this returns.

    Returns
    -------
    str
        The digest of the content.

    Raises
    ------
    StorageError
        If a file cannot be written; then the block does not exist, or stands as it did.
    """
    digest = compute_digest([outcomes])
    header = _describe(block, protocol=protocol, root_seed=root_seed, digest=digest)
    content = _encode(outcomes, {**header, "protocol": as_plain(protocol)})
    counts = CountTable.from_outcomes(outcomes.updates, outcomes.converged, protocol.max_updates)
    sidecar = render_record(
        {
            **header,
            "file_sha256": hashlib.sha256(content).hexdigest(),
            "counts": counts.to_plain(),
        }
    )
    try:
        # Both are on disk before either replaces a file, which may be all that is left of a block.
        write_temporary(block.path, content)
        write_temporary(block.sidecar_path, sidecar)
    except BaseException:
        discard_temporaries([block.path, block.sidecar_path])
        raise
    try:
        # A crash between the two leaves half a block, which does not count as one.
        publish(block.sidecar_path)
        sync_folder(block.sidecar_path.parent)
        publish(block.path)
        sync_folder(block.folder)
    except BaseException:
        withdraw([block.path, block.sidecar_path])
        raise
    return digest


def read_block(block: Block, *, protocol: Protocol, root_seed: int) -> Outcomes:
    """Return the outcomes of a block after every check there is.

    Raises
    ------
    DataError
        If anything differs from what was written.
    """
    sidecar = read_sidecar(block, protocol=protocol, root_seed=root_seed)
    content = read_content(block.path)
    if hashlib.sha256(content).hexdigest() != sidecar["file_sha256"]:
        raise _bad_block(block, "its checksum is wrong")
    header = read_block_header(block)
    table = _read_table(block)
    expected = _describe(block, protocol=protocol, root_seed=root_seed, digest=sidecar["digest"])
    for key, value in expected.items():
        if key != "versions" and header.get(key) != value:
            raise _bad_block(block, f"{key} is {header.get(key)!r} instead of {value!r}")
    if table.schema.remove_metadata() != COLUMNS:
        raise _bad_block(block, f"its columns are {table.schema.names}")
    outcomes = Outcomes(
        block.start,
        _to_numpy(table["updates"]),
        _to_numpy(table["converged"].cast(pa.uint8())).view(np.bool_),
    )
    seeds = np.arange(block.start, block.stop, dtype=np.int64)
    if not np.array_equal(_to_numpy(table["seed"]), seeds):
        raise _bad_block(block, "its seeds are not those of its name")
    if compute_digest([outcomes]) != sidecar["digest"]:
        raise _bad_block(block, "its content has another digest")
    return outcomes


def read_block_header(block: Block) -> dict[str, Any]:
    """Return what a Parquet file says of itself: protocol, seeds, versions, digest.

    Raises
    ------
    NewerSchemaError
        If it is of a newer schema.
    DataError
        If it cannot be read.
    """
    try:
        metadata = pq.read_metadata(str(block.path)).metadata
        header: dict[str, Any] = dict(json.loads(metadata[METADATA_KEY.encode()]))
    except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise _bad_block(block, f"its header cannot be read: {_first_line(error)}") from None
    check_schema(block.path, header.get("schema"), newest_schema=SCHEMA)
    return header


def _read_table(block: Block) -> pa.Table:
    try:
        # By path: reading from a Python file object can abort the interpreter at exit.
        with pq.ParquetFile(str(block.path), page_checksum_verification=True) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise _bad_block(block, f"it cannot be read: {_first_line(error)}") from None


def read_sidecar(block: Block, *, protocol: Protocol, root_seed: int) -> dict[str, Any]:
    """Return the record beside a block.

    Raises
    ------
    DataError
        If it is damaged, missing or belongs to another block.
    """
    path = block.sidecar_path
    record = parse_record(path, read_content(path), kind=KIND, newest_schema=SCHEMA)
    if not {"digest", "file_sha256", "counts"} <= record.keys():
        raise damaged_record(path)
    expected = _describe(block, protocol=protocol, root_seed=root_seed, digest=record["digest"])
    for key, value in expected.items():
        if key != "versions" and record.get(key) != value:
            raise _bad_block(
                block, f"{key} is {record.get(key)!r} instead of {value!r} in its side-car"
            )
    return record


def read_counts(block: Block, *, protocol: Protocol, root_seed: int) -> CountTable:
    """Return the count table of a block from its side-car alone."""
    record = read_sidecar(block, protocol=protocol, root_seed=root_seed)
    try:
        return CountTable.from_plain(record["counts"])
    except DataError:
        raise damaged_record(block.sidecar_path) from None


def _describe(block: Block, *, protocol: Protocol, root_seed: int, digest: str) -> dict[str, Any]:
    return {
        "kind": KIND,
        "schema": SCHEMA,
        "outcome_version": OUTCOME_VERSION,
        "protocol_id": protocol.id,
        "root_seed": root_seed,
        "start": block.start,
        "stop": block.stop,
        "digest": digest,
        "versions": collect_versions(),
    }


def _to_numpy(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column of whole numbers; its own ``to_numpy`` would import pandas."""
    return np.from_dlpack(column.combine_chunks())


def _encode(outcomes: Outcomes, header: dict[str, Any]) -> bytes:
    # As buffers: given arrays, pyarrow would import pandas, which takes longer than a study.
    columns = (
        np.arange(outcomes.start, outcomes.stop, dtype=np.int64),
        np.ascontiguousarray(outcomes.updates, dtype=np.int32),
        np.packbits(outcomes.converged, bitorder="little"),
    )
    arrays = [
        pa.Array.from_buffers(field.type, len(outcomes.updates), [None, pa.py_buffer(column)])
        for field, column in zip(COLUMNS, columns, strict=True)
    ]
    table = pa.table(arrays, schema=COLUMNS)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        COLUMNS,
        compression="zstd",
        use_dictionary=["updates"],
        column_encoding={"seed": "DELTA_BINARY_PACKED"},
        store_schema=False,
        write_page_checksum=True,
    ) as writer:
        writer.add_key_value_metadata({METADATA_KEY: canonical_json(header)})
        writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _bad_block(block: Block, reason: str) -> DataError:
    return DataError(
        f"block {str(block.path)!r} is bad ({reason}); run `replication repair` to recompute it"
    )
