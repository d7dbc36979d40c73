"""Tables for other programs: the same content in both formats, documented, and repeatable."""

import csv
import json

import pyarrow.parquet
import pytest

from replication.errors import StorageError
from replication.store.tables import write_table


def test_folder_that_is_a_file_is_a_storage_error(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(StorageError):
        write_table(tmp_path / "taken", "t", {"n": [3]}, {"n": "networks"})


# Written out by hand: what the two columns must look like in each file.


def write_small(folder):
    return write_table(
        folder,
        "small",
        {"n": [3, None], "note": ["é, x", 'say "a"']},
        {"n": "networks", "note": "what was noted"},
    )


def test_three_files_in_a_fixed_order(tmp_path):
    names = ["small.csv", "small.parquet", "small.dictionary.json"]
    assert write_small(tmp_path / "a" / "b") == [tmp_path / "a" / "b" / name for name in names]
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == sorted(names)


def test_csv_byte_by_byte(tmp_path):
    expected = 'n,note\n3,"é, x"\n,"say ""a"""\n'
    assert write_small(tmp_path)[0].read_bytes() == expected.encode("utf-8")


def test_dictionary_byte_by_byte(tmp_path):
    expected = """\
{
 "columns": {
  "n": {
   "type": "int64",
   "meaning": "networks"
  },
  "note": {
   "type": "string",
   "meaning": "what was noted"
  }
 },
 "n_rows": 2,
 "missing": "empty in CSV, null in Parquet"
}
"""
    assert write_small(tmp_path)[2].read_bytes() == expected.encode("ascii")


def test_parquet_is_compressed_and_carries_the_meanings(tmp_path):
    file = pyarrow.parquet.ParquetFile(write_small(tmp_path)[1])
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    assert [field.metadata for field in file.schema_arrow] == [
        {b"meaning": b"networks"},
        {b"meaning": b"what was noted"},
    ]
    assert file.read().to_pydict() == {"n": [3, None], "note": ["é, x", 'say "a"']}


@pytest.mark.parametrize(
    ("values", "kind", "stored", "written"),
    [
        ([True, False], "bool", [True, False], ["true", "false"]),
        ([1, None, 2], "int64", [1, None, 2], ["1", "", "2"]),
        ([2**53 + 1], "int64", [2**53 + 1], ["9007199254740993"]),
        ([1, 0.5], "double", [1.0, 0.5], ["1", "0.5"]),
        ([0.1, None], "double", [0.1, None], ["0.1", ""]),
        ([None, None], "double", [None, None], ["", ""]),
        ([], "double", [], []),
        (["a", None], "string", ["a", None], ["a", ""]),
        (["a", ""], "string", ["a", ""], ["a", ""]),
        ([True, 1], "string", ["true", "1"], ["true", "1"]),
        ([None, True, 0.5], "string", [None, "true", "0.5"], ["", "true", "0.5"]),
        (["x", 1, [1, "é"]], "string", ["x", "1", '[1, "\\u00e9"]'], ["x", "1", '[1, "\\u00e9"]']),
    ],
)
def test_a_column_has_the_narrowest_type_that_holds_it(tmp_path, values, kind, stored, written):
    # A second column keeps a row with an empty cell from being an empty line.
    columns = {"value": values, "row": list(range(len(values)))}
    paths = write_table(tmp_path, "t", columns, {"value": "", "row": ""})
    table = pyarrow.parquet.read_table(paths[1])
    assert str(table.schema.field("value").type) == kind
    assert table["value"].to_pylist() == stored
    with paths[0].open(encoding="utf-8", newline="") as file:
        assert [row["value"] for row in csv.DictReader(file)] == written
    dictionary = json.loads(paths[2].read_text(encoding="utf-8"))
    assert dictionary["columns"]["value"]["type"] == kind
    assert dictionary["n_rows"] == len(values)


def test_unequal_columns_and_unexplained_ones_are_refused(tmp_path):
    with pytest.raises(ValueError, match="length"):
        write_table(tmp_path, "t", {"a": [1], "b": [1, 2]}, {"a": "", "b": ""})
    with pytest.raises(KeyError, match="b"):
        write_table(tmp_path, "t", {"a": [1], "b": [1]}, {"a": ""})
    assert list(tmp_path.iterdir()) == []
