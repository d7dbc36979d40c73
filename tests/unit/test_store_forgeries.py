"""What is wrong behind a right checksum of the file: every inner check by itself."""

from __future__ import annotations

import hashlib
import json
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from replication.analysis.counts import CountTable
from replication.errors import DataError
from replication.protocol import PAPER, as_plain, canonical_json
from replication.simulator.outcomes import OUTCOME_VERSION, Outcomes, compute_digest
from replication.store import Store, check_study, read_block, read_manifest
from replication.store.blocks import COLUMNS
from replication.store.files import NewerSchemaError, render_record
from replication.store.provenance import collect_versions

START, STOP = 3, 40


def make_columns() -> dict[str, np.ndarray]:
    seeds = np.arange(START, STOP)
    return {
        "seed": seeds,
        "updates": (seeds * 3).astype(np.int32),
        "converged": np.ones(STOP - START, dtype=bool),
    }


@pytest.fixture
def block(tmp_path):
    columns = make_columns()
    store = Store(tmp_path)
    outcomes = Outcomes(START, columns["updates"], columns["converged"])
    store.write(PAPER, 5, outcomes)
    store.record(PAPER, 5)
    (block,) = read_manifest(store.study_folder(PAPER, 5)).blocks
    return block


def sign(block, content: bytes, **changes) -> None:
    """Put other bytes in a block's place and make its side-car vouch for them."""
    record = json.loads(block.sidecar_path.read_text())
    record.pop("sha256")
    record |= {"file_bytes": len(content), "file_sha256": hashlib.sha256(content).hexdigest()}
    block.path.write_bytes(content)
    block.sidecar_path.write_bytes(render_record(record | changes))


def forge(block, *, columns=None, header=None, schema=COLUMNS, **changes) -> None:
    """Write a block with other columns or another header."""
    parts = make_columns() | (columns or {})
    head = json.loads(pq.read_metadata(block.path).metadata[b"replication"]) | (header or {})
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, schema, write_page_checksum=True, store_schema=False) as writer:
        writer.add_key_value_metadata({"replication": canonical_json(head)})
        writer.write_table(pa.table([parts[name] for name in schema.names], schema=schema))
    sign(block, sink.getvalue().to_pybytes(), **changes)


def assert_bad(block, reason: str) -> None:
    message = (
        rf"^block '{re.escape(str(block.path))}' is bad \({reason}\); "
        r"run `replication repair` to recompute it$"
    )
    with pytest.raises(DataError, match=message):
        read_block(block, protocol=PAPER, root_seed=5)
    (fault,) = check_study(block.folder).faults
    assert fault.block == block
    assert re.match(message, fault.message)


def test_an_honest_copy_is_read(block):
    forge(block)
    outcomes = read_block(block, protocol=PAPER, root_seed=5)
    assert (outcomes.start, outcomes.stop) == (START, STOP)
    np.testing.assert_array_equal(outcomes.updates, make_columns()["updates"])
    assert check_study(block.folder).faults == ()


@pytest.mark.parametrize(
    ("key", "value", "right"),
    [
        ("outcome_version", OUTCOME_VERSION + 1, str(OUTCOME_VERSION)),
        ("protocol_id", "f" * 16, repr(PAPER.id)),
        ("root_seed", 6, "5"),
        ("start", 2, "3"),
        ("stop", 41, "40"),
        ("digest", "0" * 64, "'[0-9a-f]{64}'"),
        ("schema", 0, "1"),
    ],
)
def test_a_header_of_another_block_is_refused(block, key, value, right):
    forge(block, header={key: value})
    assert_bad(block, f"{key} is {value!r} instead of {right}")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("outcome_version", 9),
        ("protocol_id", "f" * 16),
        ("root_seed", 6),
        ("start", 2),
        ("stop", 41),
    ],
)
def test_a_side_car_of_another_block_is_refused(block, key, value):
    sign(block, block.path.read_bytes(), **{key: value})
    assert_bad(block, f"{key} is {value!r} instead of .* in its side-car")


def test_other_versions_are_provenance_and_no_fault(block):
    forge(block, header={"versions": {"numpy": "1.0"}}, versions={"numpy": "0.1"})
    assert check_study(block.folder).faults == ()


def test_a_header_of_a_newer_schema_is_refused(block):
    forge(block, header={"schema": 2})
    for action in (
        lambda: read_block(block, protocol=PAPER, root_seed=5),
        lambda: check_study(block.folder),
    ):
        with pytest.raises(NewerSchemaError, match=re.escape(str(block.path)) + "' has schema 2"):
            action()


def test_a_file_without_a_header_is_refused(block):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"seed": [1]}), sink)
    sign(block, sink.getvalue().to_pybytes())
    assert_bad(block, "its header cannot be read: .*replication.*")


def test_a_file_that_is_not_parquet_is_refused(block):
    sign(block, b"PAR1 nothing of the kind PAR1")
    assert_bad(block, "its header cannot be read: .+")


def test_a_flipped_bit_in_a_page_is_found_by_the_page_checksum(block):
    content = bytearray(block.path.read_bytes())
    chunk = pq.read_metadata(block.path).row_group(0).column(1)
    content[chunk.dictionary_page_offset + chunk.total_compressed_size - 2] ^= 4
    sign(block, bytes(content))
    assert_bad(block, "it cannot be read: .*(checksum|CRC).*")


def test_other_columns_are_refused(block):
    schema = COLUMNS.set(1, pa.field("updates", pa.int64()))
    forge(block, schema=schema)
    assert_bad(block, r"its columns are \['seed', 'updates', 'converged'\]")


def test_other_seeds_are_refused(block):
    forge(block, columns={"seed": np.arange(START + 1, STOP + 1)})
    assert_bad(block, "its seeds are not those of its name")


def test_other_outcomes_are_refused(block):
    forge(block, columns={"updates": make_columns()["updates"] + np.int32(1)})
    assert_bad(block, "its content has another digest")


def test_another_length_is_named(block):
    size = block.path.stat().st_size
    block.path.write_bytes(block.path.read_bytes() + b"x")
    assert_bad(block, f"it has {size + 1} bytes instead of {size}")


def test_another_checksum_is_named(block):
    content = block.path.read_bytes()
    block.path.write_bytes(content[:-9] + b"x" + content[-8:])
    assert_bad(block, "its checksum is wrong")


def fault_of(block) -> str:
    (fault,) = check_study(block.folder).faults
    assert fault.block == block
    return fault.message


def test_counts_that_are_not_those_of_the_outcomes_are_found(block):
    columns = make_columns()
    counts = CountTable.from_outcomes(columns["updates"], columns["converged"], PAPER.max_updates)
    plain = counts.to_plain()
    plain["counts"][0] += 1
    sign(block, block.path.read_bytes(), counts=plain)
    assert fault_of(block) == (f"block {str(block.path)!r} has other counts than its side-car says")


def test_outcomes_that_no_network_has_are_found(block):
    columns = make_columns()
    columns["converged"] = columns["converged"].copy()
    columns["converged"][0] = False  # censored, but not at the cap
    digest = compute_digest([Outcomes(START, columns["updates"], columns["converged"])])
    forge(block, columns=columns, header={"digest": digest}, digest=digest)
    message = fault_of(block)
    assert message.startswith(f"block {str(block.path)!r} holds what no network does (censored ")


def test_a_block_that_the_manifest_does_not_list_as_it_is_is_found(block):
    columns = make_columns()
    columns["updates"] = columns["updates"] + np.int32(1)
    outcomes = Outcomes(START, columns["updates"], columns["converged"])
    counts = CountTable.from_outcomes(outcomes.updates, outcomes.converged, PAPER.max_updates)
    digest = compute_digest([outcomes])
    forge(
        block, columns=columns, header={"digest": digest}, digest=digest, counts=counts.to_plain()
    )
    assert fault_of(block) == (f"block {str(block.path)!r} is not the one that the manifest lists")


def test_headers_say_what_made_them(block):
    header = json.loads(pq.read_metadata(block.path).metadata[b"replication"])
    sidecar = json.loads(block.sidecar_path.read_text())
    assert header["versions"] == sidecar["versions"] == collect_versions()
    assert header["protocol"] == as_plain(PAPER)
    common = ("schema", "outcome_version", "protocol_id", "root_seed", "start", "stop", "digest")
    assert {key: header[key] for key in common} == {key: sidecar[key] for key in common}
    assert sidecar["file_bytes"] == block.path.stat().st_size
    assert set(sidecar) == {*common, "versions", "file_bytes", "file_sha256", "counts", "sha256"}


def test_blocks_are_written_with_page_checksums_and_small(block):
    """Without the checksums a flipped bit in a page would read back as another number."""
    metadata = pq.read_metadata(block.path)
    encodings = {
        metadata.row_group(0).column(i).path_in_schema: metadata.row_group(0).column(i)
        for i in range(3)
    }
    assert "DELTA_BINARY_PACKED" in encodings["seed"].encodings
    assert encodings["updates"].has_dictionary_page
    assert {column.compression for column in encodings.values()} == {"ZSTD"}
    assert metadata.schema.to_arrow_schema().remove_metadata() == COLUMNS
