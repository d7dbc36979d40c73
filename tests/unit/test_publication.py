"""From stored outcomes to models, report and comparison, on a small study."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from replication import PAPER
from replication.errors import DataError, StorageError
from replication.publication import find_differences, publish, require_same
from replication.results import Study, analyse, read_model, read_models, write_model
from replication.store import Store
from replication.study import simulate_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    study = Study(PAPER, 7, 3000, tmp_path_factory.mktemp("results"))
    store = Store(study.results)
    for part in (study, *study.repetitions):
        simulate_study(store, PAPER, part.root_seed, part.n_seeds, show_progress=False)
    analyse(study)
    return study


def test_only_the_default_study_writes_into_the_results_folder(tmp_path: Path) -> None:
    default = Study(PAPER, 1988, 100_000, tmp_path)
    assert default.folder == tmp_path
    for other in (
        dataclasses.replace(default, n_seeds=100_001),
        dataclasses.replace(default, root_seed=7),
        dataclasses.replace(default, protocol=dataclasses.replace(PAPER, learning_rate=15.0)),
    ):
        assert other.folder.parent == tmp_path / "studies"


def test_studies_do_not_share_a_folder(tmp_path: Path) -> None:
    variant = dataclasses.replace(PAPER, learning_rate=15.0)
    studies = [Study(p, r, n, tmp_path) for p in (PAPER, variant) for r in (1, 2) for n in (10, 20)]
    assert len({study.folder for study in studies}) == len(studies)


def test_command_names_what_differs(tmp_path: Path) -> None:
    variant = dataclasses.replace(PAPER, group_sizes=(8, 3))
    command = Study(variant, 7, 20, tmp_path).command
    assert command == "replication replicate --seeds 20 --root-seed 7 --set 'group_sizes=[8, 3]'"


def test_models_agree_with_the_stored_outcomes(study: Study) -> None:
    store = Store(study.results)
    blocks = list(store.read(PAPER, 7, 0, 3000))
    updates = np.concatenate([block.updates for block in blocks])
    converged = np.concatenate([block.converged for block in blocks])
    summary = read_models(study)["summary"]
    assert summary["population"]["n_networks"] == 3000
    assert summary["population"]["n_converged"] == int(converged.sum())
    mean = updates[converged].mean()
    assert summary["rules"]["discard"]["mean"]["value"] == pytest.approx(mean, rel=1e-5)
    assert summary["study"]["digest"] == store.digest(PAPER, 7, 3000)
    assert len(summary["repetitions"]) == 5


def test_analysis_twice_gives_the_same_bytes(study: Study) -> None:
    paths = sorted(study.folder.glob("*.json"))
    before = [path.read_bytes() for path in paths]
    analyse(study)
    assert [path.read_bytes() for path in paths] == before


def test_report_twice_gives_the_same_bytes(study: Study) -> None:
    publish(study)
    paths = sorted(path for path in study.folder.rglob("*") if path.is_file())
    before = [path.read_bytes() for path in paths]
    publish(study)
    assert [path.read_bytes() for path in paths] == before
    assert (study.folder / "report.html").stat().st_size > 10_000


def test_crate_lists_the_report_with_its_hash(study: Study) -> None:
    import hashlib

    publish(study)
    crate = json.loads((study.folder / "ro-crate-metadata.json").read_text())
    entry = next(item for item in crate["@graph"] if item["@id"] == "report.md")
    assert hashlib.sha256((study.folder / "report.md").read_bytes()).hexdigest() in entry.values()


def test_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="replication analyse"):
        read_models(Study(PAPER, 7, 10, tmp_path))


def test_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text("{")
    with pytest.raises(DataError, match=r"summary\.json"):
        read_model(tmp_path, "summary")


def test_a_folder_in_the_place_of_a_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "summary.json").mkdir()
    with pytest.raises(StorageError, match=r"summary\.json' cannot be read"):
        read_model(tmp_path, "summary")


def test_models_keep_six_significant_digits(tmp_path: Path) -> None:
    write_model(tmp_path, "x", {"a": 1 / 3})
    assert read_model(tmp_path, "x") == {"a": 0.333333}


@pytest.mark.parametrize(
    ("new", "n_found"),
    [
        ({"a": [1.0, 2.0], "b": "x"}, 0),
        ({"a": [1.0, 2.000001], "b": "x"}, 0),
        ({"a": [1.0, 2.001], "b": "x"}, 1),
        ({"a": [1.0], "b": "x"}, 1),
        ({"a": [1.5, 2.5], "b": "y"}, 3),
        ({"a": [1.0, 2.0]}, 1),
    ],
)
def test_differences_are_found_where_they_are(new: object, n_found: int) -> None:
    assert len(list(find_differences({"a": [1.0, 2.0], "b": "x"}, new))) == n_found


def test_differences_end_in_an_error(tmp_path: Path) -> None:
    require_same([], tmp_path)
    with pytest.raises(DataError, match="was not reproduced: a became b"):
        require_same(["a became b"], tmp_path)
