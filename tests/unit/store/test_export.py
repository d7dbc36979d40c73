"""Outcomes exported for other programs: every row, both formats, and never half a file."""

import contextlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pytest

from replication.errors import StorageError, UsageError
from replication.simulator.outcomes import Outcomes
from replication.store.export import export_outcomes

# Two blocks; the third network is censored at a cap of 2,000.
BLOCKS = [
    Outcomes(5, np.array([12, 0], dtype=np.int32), np.array([True, True])),
    Outcomes(7, np.array([2000], dtype=np.int32), np.array([False])),
]
SEEDS, UPDATES, CONVERGED = [5, 6, 7], [12, 0, 2000], [True, True, False]
DESCRIPTION = {"root_seed": 1988, "protocol": {"learning_rate": 20.0}}


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["outcomes.csv", "outcomes.parquet", "two.dots.csv"])
def test_export_gives_the_rows_of_all_blocks_in_order(tmp_path, name):
    file = tmp_path / name
    files = export_outcomes(iter(BLOCKS), file, description=DESCRIPTION)
    assert files == [file, tmp_path / f"{name}.dictionary.json"]
    assert list_names(tmp_path) == sorted(path.name for path in files)
    table = pd.read_csv(file) if file.suffix == ".csv" else pd.read_parquet(file)
    assert list(table.columns) == ["seed", "updates", "converged"]
    assert table["seed"].tolist() == SEEDS
    assert table["updates"].tolist() == UPDATES
    assert table["converged"].tolist() == CONVERGED


def test_csv_is_plain_text_that_any_program_reads(tmp_path):
    export_outcomes(BLOCKS, tmp_path / "x.csv", description={})
    text = (tmp_path / "x.csv").read_bytes().decode("ascii")
    assert text.replace('"', "") == "seed,updates,converged\n5,12,true\n6,0,true\n7,2000,false\n"


def test_parquet_has_the_narrow_types_of_the_store(tmp_path):
    export_outcomes(BLOCKS, tmp_path / "x.parquet", description={})
    schema = pyarrow.parquet.read_schema(tmp_path / "x.parquet")
    assert schema.types == [pa.int64(), pa.int32(), pa.bool_()]


def test_dictionary_says_what_each_column_holds_and_what_is_described(tmp_path):
    export_outcomes(BLOCKS, tmp_path / "x.csv", description=DESCRIPTION)
    text = (tmp_path / "x.csv.dictionary.json").read_text(encoding="ascii")
    dictionary = json.loads(text)
    columns = dictionary.pop("columns")
    assert dictionary == DESCRIPTION
    assert {name: column["type"] for name, column in columns.items()} == {
        "seed": "int64",
        "updates": "int32",
        "converged": "bool",
    }
    assert all(set(column) == {"type", "meaning"} for column in columns.values())
    assert "root seed" in columns["seed"]["meaning"]
    assert "criterion was first met" in columns["updates"]["meaning"]
    assert "right-censored" in columns["converged"]["meaning"]
    # One entry a line, so that it reads and compares well; a text file ends with a line break.
    assert text.startswith('{\n "columns": {\n  "seed": {\n   "type": "int64",\n')
    assert text.endswith("}\n")


@pytest.mark.parametrize("name", ["x.xlsx", "x", "x.CSV", "x.csv.gz"])
def test_another_format_is_refused_and_nothing_is_written(tmp_path, name):
    with pytest.raises(UsageError) as refused:
        export_outcomes(BLOCKS, tmp_path / name, description={})
    assert str(refused.value) == (
        f"the file '{tmp_path / name}' was given; allowed are names that end in .csv or .parquet"
    )
    assert list_names(tmp_path) == []


def test_a_fault_half_way_leaves_the_old_file_and_nothing_else(tmp_path):
    def give_blocks():
        yield BLOCKS[0]
        raise StorageError("a block is damaged")

    (tmp_path / "x.csv").write_text("old")
    with pytest.raises(StorageError, match="^a block is damaged$"):
        export_outcomes(give_blocks(), tmp_path / "x.csv", description={}, force=True)
    assert list_names(tmp_path) == ["x.csv"]
    assert (tmp_path / "x.csv").read_text() == "old"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(28, "No space left on device"), "No space left on device"),
        (OSError("the disk has gone"), "the disk has gone"),
    ],
)
def test_a_full_disk_is_a_storage_error_that_names_file_and_reason(tmp_path, error, reason):
    def give_blocks():
        yield BLOCKS[0]
        raise error

    with pytest.raises(StorageError) as failed:
        export_outcomes(give_blocks(), tmp_path / "x.parquet", description={})
    assert str(failed.value) == (
        f"'{tmp_path / 'x.parquet'}' cannot be written ({reason}); "
        "give a file in a folder that can be written"
    )
    assert failed.value.__suppress_context__
    assert list_names(tmp_path) == []


def test_a_folder_in_the_place_of_the_file_is_left_alone(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(UsageError, match="x.csv' exists"):
        export_outcomes(BLOCKS, tmp_path / "x.csv", description={}, force=True)
    assert list_names(tmp_path) == ["x.csv"]


@pytest.mark.parametrize("name", ["x.csv", "x.csv.dictionary.json"])
def test_a_file_that_exists_is_replaced_only_where_that_is_said(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="exists; give --force to replace"):
        export_outcomes(BLOCKS, tmp_path / "x.csv", description={})
    assert list_names(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "mine"
    export_outcomes(BLOCKS, tmp_path / "x.csv", description={}, force=True)
    assert len(pd.read_csv(tmp_path / "x.csv")) == 3


def test_a_dictionary_that_cannot_be_written_leaves_the_old_table(tmp_path, monkeypatch):
    """Once the table was written, and then its dictionary failed."""
    export_outcomes(BLOCKS[:1], tmp_path / "x.csv", description={})
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def fail(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(StorageError, match="No space left on device"):
        export_outcomes(BLOCKS, tmp_path / "x.csv", description={}, force=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_exports_to_one_file_at_once_do_not_mix(tmp_path):
    """Once they shared a temporary file: zeros in two of eight runs, more rows in three."""
    updates, converged = np.full(1000, 9, dtype=np.int32), np.ones(1000, dtype=np.bool_)
    blocks = [Outcomes(1000 * i, updates, converged) for i in range(200)]

    def export(n):
        with contextlib.suppress(StorageError):  # a dictionary that another one has moved away
            export_outcomes(blocks[:n], tmp_path / "x.parquet", description={}, force=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(export, [50, 100, 150, 200]))
    n_rows = pyarrow.parquet.read_metadata(tmp_path / "x.parquet").num_rows
    assert n_rows in (50_000, 100_000, 150_000, 200_000)
    assert set(list_names(tmp_path)) <= {"x.parquet", "x.parquet.dictionary.json"}


def test_what_a_killed_export_left_an_hour_ago_is_swept(tmp_path):
    old, new = (tmp_path / f".replication-{16 * digit}.part" for digit in "01")
    for path in (old, new):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    export_outcomes(BLOCKS, tmp_path / "x.csv", description={})
    assert not old.exists()
    assert new.exists()


@pytest.mark.parametrize("name", ["~x.csv", "x\udcff.parquet"])
def test_names_that_other_libraries_stumble_over_work(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    files = export_outcomes(BLOCKS, Path(name), description={})
    assert list_names(tmp_path) == sorted(path.name for path in files)
    assert Path(name).stat().st_size > 0


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_folder_that_does_not_exist_is_a_storage_error(tmp_path, suffix):
    with pytest.raises(StorageError, match=f"x.{suffix}' cannot be written"):
        export_outcomes(BLOCKS, tmp_path / "none" / f"x.{suffix}", description={})
    assert list_names(tmp_path) == []
