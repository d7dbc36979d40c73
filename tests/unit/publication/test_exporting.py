"""Outcomes exported for other programs: every row, both formats, and never half a file."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from replication import Outcomes, StorageError, UsageError
from replication.cli.study_commands import export_outcomes
from tests.reliability.faults import read_files

# Two blocks; the third network is censored at a cap of 2,000.
BLOCKS = [
    Outcomes(5, np.array([12, 0], dtype=np.int32), np.array([True, True])),
    Outcomes(7, np.array([2000], dtype=np.int32), np.array([False])),
]


@pytest.mark.parametrize("name", ["two.dots.csv", "x\udcff.parquet", "~x.csv"])
def test_export_gives_the_rows_of_all_blocks_in_order(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    export_outcomes(iter(BLOCKS), Path(name))
    assert len(list(tmp_path.iterdir())) == 1
    with Path(name).open("rb") as file:
        table = pd.read_csv(file) if name.endswith("csv") else pd.read_parquet(file)
    assert table.columns.tolist() == ["seed", "updates", "converged"]
    assert table.T.to_numpy().tolist() == [[5, 6, 7], [12, 0, 2000], [True, True, False]]


@pytest.mark.parametrize(("error", "says"), [
    (StorageError("a block is damaged"), "^a block is damaged$"),
    (OSError(28, "No space left on device"), r"x.csv' cannot be written \(No space left"),
])  # fmt: skip
def test_a_fault_half_way_leaves_the_old_file_and_nothing_else(tmp_path, error, says):
    def give_blocks():
        yield BLOCKS[0]
        raise error

    export_outcomes(BLOCKS[:1], tmp_path / "x.csv")
    before = read_files(tmp_path)
    with pytest.raises(StorageError, match=says):
        export_outcomes(give_blocks(), tmp_path / "x.csv", force=True)
    assert read_files(tmp_path) == before


@pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
def test_two_exports_to_one_file_at_once_do_not_mix(tmp_path, name):
    """Once they shared a temporary file: zeros in two of eight runs, more rows in three."""
    seen = []

    def give_blocks():
        yield BLOCKS[0]
        export_outcomes(BLOCKS[:1], tmp_path / name, force=True)
        seen.append((tmp_path / name).read_bytes())
        yield BLOCKS[1]

    # The second export begins and ends while the first is half done.
    export_outcomes(give_blocks(), tmp_path / name, force=True)
    assert {*read_files(tmp_path)} == {Path(name)}
    for content, n_rows in ((seen[0], 2), (read_files(tmp_path)[Path(name)], 3)):
        read = pd.read_csv if name.endswith("csv") else pd.read_parquet
        assert read(io.BytesIO(content))["seed"].tolist() == [5, 6, 7][:n_rows]


def test_a_file_that_exists_is_replaced_only_where_that_is_said_and_a_folder_never(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists; give --force to replace"):
        export_outcomes(BLOCKS, path)
    assert read_files(tmp_path) == {Path("x.csv"): b"mine"}
    export_outcomes(BLOCKS, path, force=True)
    assert len(pd.read_csv(path)) == 3
    path.unlink()
    path.mkdir()
    with pytest.raises(UsageError, match="x.csv' is a folder"):
        export_outcomes(BLOCKS, path, force=True)
    with pytest.raises(UsageError, match="allowed are files that end in .csv or .parquet"):
        export_outcomes(BLOCKS, tmp_path / "x.csv.gz")
    with pytest.raises(StorageError, match="x.csv' cannot be written .there is no such folder"):
        export_outcomes(BLOCKS, tmp_path / "none" / "x.csv")


def test_parquet_without_its_package_is_refused_with_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr("replication.cli.study_commands.find_spec", lambda _: None)
    with pytest.raises(UsageError, match="needs the package pyarrow.*install it with pip install"):
        export_outcomes(BLOCKS, tmp_path / "x.parquet")
    assert read_files(tmp_path) == {}
