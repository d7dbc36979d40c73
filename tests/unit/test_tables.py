"""Tables for other programs: the same content in both formats, documented, and repeatable."""

import csv
import json

import pyarrow.parquet
import pytest

from replication.errors import StorageError
from replication.store.tables import write_table

COLUMNS = {
    "reading": [0, 1, 2],
    "criterion": ["whole sum", "a, b", "é"],
    "mean": [43.25, None, 1e-7],
    "likely": [True, False, None],
    "mixed": [0.5, "zero", None],
    "unknown": [None, None, None],
}
MEANINGS = {name: f"what {name} is" for name in COLUMNS}


@pytest.fixture
def files(tmp_path):
    return {path.suffix: path for path in write_table(tmp_path / "new", "t", COLUMNS, MEANINGS)}


def test_csv_holds_every_value_and_leaves_missing_ones_empty(files):
    with files[".csv"].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["criterion"] for row in rows] == COLUMNS["criterion"]
    assert [row["mean"] for row in rows] == ["43.25", "", "1e-07"]
    assert [row["likely"] for row in rows] == ["true", "false", ""]


def test_parquet_holds_the_same_with_types_and_meanings(files):
    table = pyarrow.parquet.read_table(files[".parquet"])
    assert table["reading"].to_pylist() == COLUMNS["reading"]
    assert table["mean"].to_pylist() == COLUMNS["mean"]
    assert table["mixed"].to_pylist() == ["0.5", "zero", None]
    assert table.schema.field("mean").metadata == {b"meaning": b"what mean is"}


def test_dictionary_explains_every_column(files):
    dictionary = json.loads(files[".json"].read_text(encoding="utf-8"))
    assert {name: entry["meaning"] for name, entry in dictionary["columns"].items()} == MEANINGS
    assert dictionary["columns"]["reading"]["type"] == "int64"
    assert dictionary["n_rows"] == 3


def test_same_table_gives_the_same_bytes(files, tmp_path):
    again = write_table(tmp_path / "again", "t", COLUMNS, MEANINGS)
    for path in again:
        assert path.read_bytes() == files[path.suffix].read_bytes()


def test_folder_that_is_a_file_is_a_storage_error(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError):
        write_table(tmp_path / "taken", "t", COLUMNS, MEANINGS)
