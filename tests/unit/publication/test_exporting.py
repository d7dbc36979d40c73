"""Outcomes exported for other programs: every row, both formats, and never half a file."""

import io
import json
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest

from replication import PAPER, Outcomes, StorageError, UsageError
from replication.definition.protocol import as_plain
from replication.definition.study import Study
from replication.publication.exporting import export_outcomes
from tests.unit.cache.invented import read_files

# Two blocks; the third network is censored at a cap of 2,000.
BLOCKS = [
    Outcomes(5, np.array([12, 0], dtype=np.int32), np.array([True, True])),
    Outcomes(7, np.array([2000], dtype=np.int32), np.array([False])),
]


STUDY = Study(PAPER, 1988, 3)


@pytest.mark.parametrize("name", ["two.dots.csv", "x\udcff.parquet", "~x.csv"])
def test_export_gives_the_rows_of_all_blocks_in_order(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    files = export_outcomes(iter(BLOCKS), Path(name), STUDY)
    assert set(files) == {Path(name), Path(f"{name}.dictionary.json")}
    assert len(list(tmp_path.iterdir())) == 2
    with Path(name).open("rb") as file:
        table = pd.read_csv(file) if name.endswith("csv") else pd.read_parquet(file)
    assert table.columns.tolist() == ["seed", "updates", "converged"]
    assert table.T.to_numpy().tolist() == [[5, 6, 7], [12, 0, 2000], [True, True, False]]
    dictionary = json.loads(Path(f"{name}.dictionary.json").read_text(encoding="ascii"))
    columns = dictionary.pop("columns")
    types = {name: column["type"] for name, column in columns.items()}
    assert types == {"seed": "int64", "updates": "int32", "converged": "bool"}
    assert "right-censored" in columns["converged"]["meaning"]
    assert dictionary == {"n_rows": 3, "root_seed": 1988, "protocol": as_plain(PAPER)}


@pytest.mark.parametrize(("error", "says"), [
    (StorageError("a block is damaged"), "^a block is damaged$"),
    (OSError(28, "No space left on device"), r"x.csv' cannot be written \(No space left"),
])  # fmt: skip
def test_a_fault_half_way_leaves_the_old_file_and_nothing_else(tmp_path, error, says):
    def give_blocks():
        yield BLOCKS[0]
        raise error

    export_outcomes(BLOCKS[:1], tmp_path / "x.csv", STUDY)
    before = read_files(tmp_path)
    with pytest.raises(StorageError, match=says):
        export_outcomes(give_blocks(), tmp_path / "x.csv", STUDY, force=True)
    assert read_files(tmp_path) == before


@pytest.mark.parametrize(
    "step", ["pathlib.Path.write_text", "replication.publication.exporting.publish"]
)
def test_no_dictionary_stands_beside_a_table_that_it_does_not_describe(tmp_path, step):
    """And no table without one: both are complete before either gets its name."""
    export_outcomes(BLOCKS[:1], tmp_path / "x.csv", STUDY)
    before = read_files(tmp_path)
    with mock.patch(step, side_effect=OSError(28, "full")), pytest.raises(StorageError):
        export_outcomes(BLOCKS, tmp_path / "x.csv", STUDY, force=True)
    assert read_files(tmp_path).items() <= before.items()
    assert (step[:7] == "pathlib") == (read_files(tmp_path) == before)


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_two_exports_to_one_file_at_once_do_not_mix(tmp_path, name):
    """Once they shared a temporary file: zeros in two of eight runs, more rows in three."""
    seen = []

    def give_blocks():
        yield BLOCKS[0]
        export_outcomes(BLOCKS[:1], tmp_path / name, STUDY, force=True)
        seen.append((tmp_path / name).read_bytes())
        yield BLOCKS[1]

    # The second export begins and ends while the first is half done.
    export_outcomes(give_blocks(), tmp_path / name, STUDY, force=True)
    assert set(read_files(tmp_path)) == {name, f"{name}.dictionary.json"}
    for content, n_rows in ((seen[0], 2), (read_files(tmp_path)[name], 3)):
        read = pd.read_csv if name.endswith("csv") else pd.read_parquet
        assert read(io.BytesIO(content))["seed"].tolist() == [5, 6, 7][:n_rows]


@pytest.mark.parametrize("name", ["x.csv", "x.csv.dictionary.json"])
def test_a_file_that_exists_is_replaced_only_where_that_is_said(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="exists; give --force to replace"):
        export_outcomes(BLOCKS, tmp_path / "x.csv", STUDY)
    assert read_files(tmp_path) == {name: b"mine"}
    export_outcomes(BLOCKS, tmp_path / "x.csv", STUDY, force=True)
    assert len(pd.read_csv(tmp_path / "x.csv")) == 3


def test_a_folder_in_its_place_is_left_alone_and_one_that_is_missing_is_named(tmp_path):
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(UsageError, match="allowed are names that end in .csv or .parquet"):
        export_outcomes(BLOCKS, tmp_path / "x.csv.gz", STUDY)
    with pytest.raises(UsageError, match="x.csv' exists"):
        export_outcomes(BLOCKS, tmp_path / "x.csv", STUDY, force=True)
    with pytest.raises(StorageError, match="x.csv' cannot be written .* there is no folder"):
        export_outcomes(BLOCKS, tmp_path / "none" / "x.csv", STUDY)
    assert list(tmp_path.iterdir()) == [tmp_path / "x.csv"]
