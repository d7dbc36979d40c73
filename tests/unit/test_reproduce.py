"""The default study made afresh and compared, on a default study of few networks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from replication import PAPER, publication, results
from replication.cli import main
from replication.errors import DataError
from replication.publication import publish, reproduce
from replication.results import Study, analyse
from replication.store import Store
from replication.study import simulate_study


@pytest.fixture(scope="module", autouse=True)
def small_default():
    """Let the default study have 300 networks and no repetitions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "DEFAULT_SEEDS", 300)
        patch.setattr(publication, "DEFAULT_SEEDS", 300)
        patch.setattr(results, "N_REPETITIONS", 0)
        yield


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = Study(PAPER, 1988, 300, tmp_path_factory.mktemp("results"))
    assert study.folder == study.results
    simulate_study(Store(study.results), PAPER, 1988, 300, show_progress=False)
    analyse(study, jobs=1)
    publish(study)
    return study.results


def list_files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_study_as_it_was_made_is_reproduced_and_only_read(committed, capsys) -> None:
    before = list_files(committed)
    assert main(["reproduce", "--results", str(committed), "--jobs", "1"]) == 0
    n_figures = sum(name.startswith("figures/") for name in before)
    assert capsys.readouterr().out.splitlines() == [
        "compared by digest: the outcomes of 300 networks",
        "compared by value: summary.json, explorer.json, traces.json, provenance.json, "
        "rounding.json",
        f"compared byte by byte: report.html, report.md, {n_figures} files of figures",
        "compared by checksum: every file that ro-crate-metadata.json describes",
        "not compared: report.pdf: the folder holds none",
        f"{committed}: reproduced; what was compared is the same",
    ]
    assert list_files(committed) == before


def test_what_was_not_compared_is_listed_with_the_reason(committed, tmp_path, monkeypatch) -> None:
    changed = tmp_path / "results"
    shutil.copytree(committed, changed)
    (changed / "report.pdf").write_bytes(b"%PDF")
    (changed / "emulated.json").write_text("{}", encoding="utf-8")
    (changed / "ro-crate-metadata.json").unlink()
    monkeypatch.setattr(publication.importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(publication, "CHAPTER_MODELS", ())
    assert reproduce(changed, jobs=1).skipped == [
        "ro-crate-metadata.json: the folder holds none",
        "report.pdf: the package typst, which sets it, is not installed",
        "emulated.json: made by `make verify-emulated`, which was not run",
    ]


def test_a_model_that_was_changed_after_it_was_described_is_named(committed, tmp_path) -> None:
    changed = tmp_path / "results"
    shutil.copytree(committed, changed)
    (changed / "benchmark.json").write_text("{}", encoding="utf-8")
    differences = reproduce(changed, jobs=1).differences
    assert "ro-crate-metadata.json: benchmark.json is not as described" in differences
    (changed / "ro-crate-metadata.json").write_text("{", encoding="utf-8")
    assert reproduce(changed, jobs=1).differences == ["ro-crate-metadata.json: is damaged"]


def test_each_thing_that_differs_is_named(committed, tmp_path) -> None:
    changed = tmp_path / "results"
    shutil.copytree(committed, changed)
    summary = json.loads((changed / "summary.json").read_text(encoding="utf-8"))
    n_converged = summary["population"]["n_converged"]
    summary["population"]["n_converged"] = n_converged - 1
    (changed / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    (changed / "report.md").write_text("another report", encoding="utf-8")
    gone, *_ = sorted((changed / "figures").iterdir())
    gone.unlink()
    (changed / "figures" / "stray.svg").write_text("", encoding="utf-8")
    assert reproduce(changed, jobs=1).differences == [
        f"summary.json: population.n_converged: {n_converged - 1} became {n_converged}",
        f"figures/{gone.name}: is missing",
        "report.md: other bytes",
        "figures/stray.svg: belongs to no figure of the report",
        *(
            f"ro-crate-metadata.json: {name} is not as described"
            for name in (
                "./", "figures/stray.svg", "report.md", "summary.json", "#report",
                f"figures/{gone.name}",
            )
        ),
    ]


def test_a_folder_without_the_report_of_the_default_study_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match=r"holds no summary.json; run `replication analyse` first"):
        reproduce(tmp_path)
