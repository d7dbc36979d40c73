"""One block: the outcomes of consecutive seeds as one Parquet file that describes itself.

Its name holds its checksum, which is compared before Parquet reads a byte of it. After that, its
header need only say that it is the block that is asked for.
"""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from replication.definition.protocol import Protocol, as_plain, canonical_json, from_plain
from replication.definition.study import Study
from replication.errors import DataError
from replication.simulator.outcomes import OUTCOME_VERSION, Outcomes
from replication.store.provenance import collect_versions
from replication.system.files import list_names, put_aside, read_content, write_durably

LAYOUT = f"4.{OUTCOME_VERSION}"
"""Folder of this layout and of these outcomes; those of other versions are left alone."""

LARGEST_BLOCK = 50_000
"""Networks of a block, so many that a file is small but worth opening."""
SMALLEST_BLOCK = 1_000
LARGEST_MEMORY = 2**25
"""Bytes of initial weights of a block; this alone makes blocks smaller than the smallest."""
SECONDS_PER_CHANGE = 2e-9
"""Of a single weight, on one core; an order of magnitude."""
LONGEST_SECONDS = 6.0
"""Of work for one core in a block of which no network converges."""

LARGEST_FILE = 2**26
"""Bytes that are read: a block with its protocol is far smaller."""

Range = tuple[int, int]
"""The seeds from the first to one before the second."""

METADATA_KEY = b"replication"
BLOCK_NAME = re.compile(r"([0-9]{12})-([0-9]{12})-([0-9a-f]{16})\.parquet")
COLUMNS = pa.schema(
    [
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("updates", pa.int32(), nullable=False),
        pa.field("converged", pa.bool_(), nullable=False),
    ]
)


class Block(NamedTuple):
    """The seeds [start, stop) of one study, as the name of their file has it."""

    start: int
    stop: int
    path: Path


def choose_block_size(protocol: Protocol) -> int:
    """Return how many networks of a protocol are a block: seconds of work and little memory."""
    work = max(SMALLEST_BLOCK, int(LONGEST_SECONDS / estimate_seconds(protocol, 1)))
    memory = max(1, LARGEST_MEMORY // (8 * protocol.n_weights))
    return min(LARGEST_BLOCK, work, memory)


def estimate_seconds(protocol: Protocol, n_networks: int) -> float:
    """Return how long networks take one core at most: if none of them converges."""
    return SECONDS_PER_CHANGE * n_networks * protocol.max_updates * protocol.n_weights


def cut_grid(protocol: Protocol, n_seeds: int) -> Iterator[Range]:
    """Yield the seeds (start, stop) of each block of the first `n_seeds` networks."""
    size = choose_block_size(protocol)
    return ((start, min(start + size, n_seeds)) for start in range(0, n_seeds, size))


def is_on_grid(block: Block, protocol: Protocol) -> bool:
    """Return whether a study of a protocol has a block of these seeds."""
    size = choose_block_size(protocol)
    return block.start % size == 0 and block.stop - block.start <= size


def find_blocks(folder: Path) -> list[Block]:
    """Return the blocks in the folder of a study, by name alone, in seed order."""
    matches = [BLOCK_NAME.fullmatch(name) for name in list_names(folder)]
    blocks = [Block(int(found[1]), int(found[2]), folder / found[0]) for found in matches if found]
    return sorted(block for block in blocks if block.start < block.stop)


def write_block(folder: Path, outcomes: Outcomes, study: Study) -> None:
    """Write a block, which is whole and durable when this returns, in place of shorter ones."""
    start, stop = outcomes.start, outcomes.stop
    header = {
        **_describe(study, start, stop),
        "protocol": as_plain(study.protocol),
        "made_with": collect_versions(),
    }
    content = _encode(outcomes, canonical_json(header))
    checksum = hashlib.sha256(content).hexdigest()[:16]
    path = folder / f"{start:012d}-{stop:012d}-{checksum}.parquet"
    if path.is_dir():
        put_aside(path)
    write_durably(path, content)
    for block in find_blocks(folder):
        if block.start == start and block.stop <= stop and block.path != path:
            remove_block(block)


def remove_block(block: Block) -> None:
    """Remove the file of a block; a folder of that name, perhaps somebody's own, is renamed."""
    if block.path.is_dir() and not block.path.is_symlink():
        put_aside(block.path)
    else:
        block.path.unlink(missing_ok=True)


def read_block(block: Block, study: Study) -> Outcomes:
    """Return the outcomes of a block, if it is the one of these seeds that its name says."""
    with _name_faults(block):
        if not is_on_grid(block, study.protocol):
            size = choose_block_size(study.protocol)
            raise DataError(f"its name is not that of a block of at most {size:,} seeds")
        file, header = _open(block)
        for name, value in _describe(study, block.start, block.stop).items():
            if header[name] != value:
                raise DataError(f"its {name} is {header[name]!r:.100} and not {value}")
        if from_plain(header["protocol"]) != study.protocol:
            raise DataError("its protocol is another one")
        table = file.read(use_threads=False).combine_chunks()
        # Its own ``to_numpy`` would import pandas, and a cast of bits ``pyarrow.compute``.
        updates: NDArray[Any] = np.from_dlpack(table["updates"].chunk(0))
        flags = table["converged"].chunk(0)
        bits = np.unpackbits(np.frombuffer(flags.buffers()[1], np.uint8), bitorder="little")
        converged = bits[flags.offset : flags.offset + len(flags)].view(np.bool_)
        return Outcomes(block.start, updates, converged)


def find_faults(blocks: Iterable[Block], study: Study) -> dict[Block, DataError]:
    """Read blocks of a study; return what is wrong with each that is not sound."""
    faults = {}
    for block in blocks:
        try:
            read_block(block, study)
        except DataError as error:
            faults[block] = error
    return faults


def read_header(block: Block) -> tuple[Protocol, dict[str, str]]:
    """Return the protocol of a block whose bytes fit its name, and what it was made with."""
    with _name_faults(block):
        _, header = _open(block)
        return from_plain(header["protocol"]), header["made_with"]


@contextlib.contextmanager
def _name_faults(block: Block) -> Iterator[None]:
    """Turn whatever is wrong with the content of a block into one error that names it."""
    try:
        yield
    except (DataError, pa.ArrowException, ValueError, LookupError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise DataError(
            f"block {str(block.path)!r} is bad ({reason}); run `replication repair` to compute it "
            "again"
        ) from None


def _open(block: Block) -> tuple[Any, dict[str, Any]]:
    """Compare a file with the checksum in its name; return it for reading, and its header."""
    content = read_content(block.path, largest=LARGEST_FILE)
    if not block.path.stem.endswith(hashlib.sha256(content).hexdigest()[:16]):
        raise DataError("its checksum is not the one in its name")
    # From memory: so the bytes that were checked are read, whatever the file is called.
    file = pq.ParquetFile(pa.BufferReader(content), pre_buffer=False)
    found = file.metadata
    groups = [found.row_group(i).total_byte_size for i in range(found.num_row_groups)]
    if found.num_rows > LARGEST_BLOCK or sum(groups) > LARGEST_FILE:
        raise DataError("it unpacks to more than a block can hold")
    return file, json.loads(found.metadata[METADATA_KEY])


def _describe(study: Study, start: int, stop: int) -> dict[str, Any]:
    return {"layout": LAYOUT, "root_seed": study.root_seed, "start": start, "stop": stop}


def make_table(outcomes: Outcomes) -> pa.Table:
    """Return outcomes as a table of `COLUMNS`."""
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
    return pa.table(arrays, schema=COLUMNS)


def _encode(outcomes: Outcomes, header: str) -> bytes:
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        COLUMNS,
        compression="none",
        use_dictionary=["updates"],
        column_encoding={"seed": "DELTA_BINARY_PACKED", "converged": "RLE"},
        data_page_version="2.0",
        store_schema=False,
    ) as writer:
        writer.add_key_value_metadata({METADATA_KEY: header})
        writer.write_table(make_table(outcomes), row_group_size=max(1, len(outcomes.updates)))
    return bytes(sink.getvalue())
