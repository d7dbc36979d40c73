"""info, verify and cache, as a user types them."""

from unittest import mock

import pytest

from replication.cache.blocks import NOWHERE
from replication.cli import main
from replication.definition.protocol import Protocol
from replication.experiments import EXPERIMENTS
from replication.paper.study import DEFAULT_ROOT_SEED, DEFAULT_SEEDS
from replication.publication.models import read_model, write_model
from replication.publication.placing import place_files
from tests.reliability import faults
from tests.reliability.writing import render_quickly
from tests.unit.cache.invented import fill, list_blocks, replace_block_size

OTHER = Protocol(threshold=0.2)


def publish(*arguments, **options):
    return faults.publish(*arguments, **options).folder


@pytest.fixture
def quick_reports(small_reports, monkeypatch):
    """Let files of a report depend on its model alone: that these are the same is tested there."""
    monkeypatch.setattr("replication.report.build.render_report", render_quickly)


@pytest.mark.usefixtures("quick_reports")
def test_verify_makes_a_report_of_a_study_again_without_cache(tmp_path, cache_folder, run, capsys):
    results, words = tmp_path / "results", ("--seeds", 300, "--set", "threshold=0.2")
    run("replicate", *words, "--results", results)
    (folder,) = (results / "studies").iterdir()
    before = list_blocks(cache_folder)
    same = f"the report in '{folder}' comes out the same: "
    assert same in run("verify", "--results", results)
    assert list_blocks(cache_folder) == before
    # A report of outcomes that the cache made up comes out otherwise where they are simulated.
    run("cache", "--clear")
    fill(cache_folder, 300, protocol=OTHER)  # with outcomes that nobody has simulated
    run("report", *words, "--results", results)
    assert main(["verify", "--results", str(results)]) == 65
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"the report in '{folder}' was not reproduced: models/headline.json: " in said


def test_verify_sees_the_readings_that_a_report_was_made_with(tmp_path, monkeypatch):
    publish(tmp_path, 3, 10)
    write_model(tmp_path, "readings", {"paper": 1})
    seen = []

    def replicate(study, cache, **_):
        seen.append((cache.folder, read_model(study.results, "readings")))

    monkeypatch.setattr("replication.publication.verifying.replicate_study", replicate)
    assert main(["verify", "--results", str(tmp_path)]) == 65
    assert seen == [(NOWHERE, {"paper": 1})]


def test_verify_needs_a_folder_for_what_it_makes_again(tmp_path, monkeypatch, refuse):
    publish(tmp_path, DEFAULT_ROOT_SEED, DEFAULT_SEEDS, files={})
    unusable = FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")
    monkeypatch.setattr("tempfile.TemporaryDirectory", mock.Mock(side_effect=unusable))
    assert "No usable temporary directory" in refuse(74, "verify", "--results", tmp_path)


def test_outcomes_of_an_older_version_are_named_and_left_alone(tmp_path, run):
    (tmp_path / "outcomes").mkdir()
    line = f"outcomes of an older version, left alone: '{tmp_path / 'outcomes'}'"
    assert line in run("info", "--results", tmp_path)
    assert (tmp_path / "outcomes").is_dir()


def test_info_has_a_line_for_every_report_and_one_for_the_cache(tmp_path, cache_folder, run):
    folders = [publish(tmp_path, 3, 10), publish(tmp_path, 4, 1, OTHER)]
    (folders[1] / "report.html").unlink()
    with replace_block_size(20):
        fill(cache_folder, 60)
    lines = sorted(run("info", "--results", tmp_path).splitlines())
    first = f"{folders[0]}: 10 networks of root seed 3, as in the paper, 1 model, "
    assert lines[0] == first + str(folders[0] / "report.html")
    assert lines[1] == f"{folders[1]}: 1 network of root seed 4, threshold = 0.2, 1 model, no page"
    assert lines[2:] == [f"cache of outcomes: 3 files, 0.0 MB in '{cache_folder}'"]


def test_the_cache_says_what_it_is_and_is_emptied(cache_folder, run):
    assert run("cache").startswith(f"0 files, 0.0 MB in '{cache_folder}'; at most 5 GB")
    assert not cache_folder.exists()
    run("simulate", "--seeds", 10)
    assert len(list_blocks(cache_folder)) == 8
    (cache_folder / "mine").write_text("")
    assert run("cache", "--clear").startswith("removed 8 files")
    assert [path.name for path in cache_folder.iterdir()] == ["mine"]


@pytest.mark.usefixtures("quick_reports")
def test_commands_that_read_write_nothing(tmp_path, run):
    """Once `info` moved the files of a folder that said they were ready."""
    folder = publish(tmp_path, 3, 10)
    place_files(folder / ".replication-ready", {"report.html": b"planted"})
    (folder / ".replication-0123456789abcdef.part").write_bytes(b"x")
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    run("info", "--results", tmp_path)
    assert main(["verify", "--results", str(tmp_path)]) == 65  # whose report is made up
    after = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    assert after == before


def test_an_empty_folder_has_no_report_and_a_missing_one_is_named(tmp_path, run, refuse):
    assert run("info", "--results", tmp_path).startswith("no report in ")
    assert "none'" in refuse(74, "verify", "--results", tmp_path / "none")


def test_info_where_no_results_are_still_says_where_the_cache_is(tmp_path, cache_folder, capsys):
    assert main(["info", "--results", str(tmp_path / "none")]) == 74
    said = capsys.readouterr()
    assert said.out == f"cache of outcomes: 0 files, 0.0 MB in '{cache_folder}'\n"
    assert said.err.startswith("replication: there is no folder ")


def test_damaged_models_and_reports_are_named_and_the_others_served(tmp_path, capsys):
    folder, other = (publish(tmp_path, root_seed, 20) for root_seed in (3, 4))
    # One study with three files damaged or missing, and one without its page.
    (folder / "models" / "headline.json").write_text("{}")
    place_files(folder, {"report.html": b"page", "figures/a.csv": b"1"})
    (folder / "report.html").write_text("<script>")
    (folder / "figures/a.csv").unlink()
    (other / "report.html").unlink()
    assert main(["verify", "--results", str(tmp_path)]) == 65
    said = capsys.readouterr().err
    names = ("models/headline.json", "figures/a.csv", "report.html")
    for path in (*(folder / name for name in names), other / "report.html"):
        assert repr(str(path)) in said
    assert said.count("`replication replicate` makes them again") == 2
    assert said.count("with the --seeds and other options of this study") == 2
    assert main(["info", "--results", str(tmp_path)]) == 65
    said = capsys.readouterr()
    assert "headline.json' is damaged" in said.err
    assert f"{other}: 20 networks" in said.out


@pytest.mark.parametrize("changed", [
    {"study": {"root_seed": 3, "n": 10**9}}, {"study": {"root_seed": 3, "n": "10"}},
    {"study": {"root_seed": 2**63, "n": 10}}, {"study": [1]},
    {"provenance": {"protocol": {"threshold": "0.2"}}}, {"provenance": None},
], ids=str)  # fmt: skip
def test_a_model_is_believed_only_of_the_study_whose_folder_it_is_in(tmp_path, capsys, changed):
    """Or the folder of somebody else could keep `verify` busy, or end it with a traceback."""
    folder = publish(tmp_path, 3, 10, **changed)
    for command in ("info", "verify"):
        assert main([command, "--results", str(tmp_path)]) == 65
        said = capsys.readouterr().err
        assert f"the model of the headline in '{folder}' is not of the study there" in said


def test_models_that_a_report_was_made_of_are_missed_where_they_were_deleted(tmp_path, capsys):
    place_files(tmp_path, {"report.html": b"page", "statements.csv": b"all models are here"})
    for model in EXPERIMENTS:
        write_model(tmp_path, model, {})
    (tmp_path / "models" / "codes.json").unlink()
    assert main(["verify", "--results", str(tmp_path)]) == 65
    messages = capsys.readouterr().err
    for name in ("headline", "codes"):
        path = tmp_path / "models" / f"{name}.json"
        assert repr(str(path)) in messages.partition("missing or damaged: ")[2]
