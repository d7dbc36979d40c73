"""info, verify and repair, as a user types them."""

import dataclasses
import json
from unittest import mock

import pytest

from replication.cli import main
from replication.definition.protocol import PAPER
from replication.definition.study import DEFAULT_ROOT_SEED, Study
from replication.experiments import EXPERIMENTS
from replication.publication.models import write_model
from replication.publication.placing import place_files
from replication.publication.verifying import list_studies
from replication.store.blocks import find_blocks
from replication.store.filling import simulate_study
from replication.store.folders import StudyFolder, compute_study_digest
from tests.unit.store.invented import fill, find_digest, replace_block_size

OTHER = dataclasses.replace(PAPER, threshold=0.2)


def store(results, root_seed, n_seeds, protocol=PAPER):
    simulate_study(Study(protocol, root_seed, n_seeds, results), show_progress=False)


@pytest.fixture
def both(tmp_path):
    store(tmp_path, 3, 10)
    store(tmp_path, 4, 1, OTHER)
    return tmp_path


def test_verify_says_what_it_has_done(tmp_path, run, refuse):
    store(tmp_path, 1988, 2000)
    refuse(2, "verify", "--results", tmp_path, "--sample", 1, "--all")
    text = run("verify", "--results", tmp_path)
    assert f"study {PAPER.id}/1988: 1 block sound, 1,000 networks simulated again" in text
    assert "2,000 networks simulated again" in run("verify", "--results", tmp_path, "--all")
    assert " 1 network simulated again" in run("verify", "--results", tmp_path, "--sample", 1)


def test_verify_checks_the_published_report_also_without_a_study(
    tmp_path, monkeypatch, run, refuse
):
    words = ("--results", tmp_path)
    write_model(tmp_path, "headline", {})
    with monkeypatch.context() as patch:
        patch.setattr("replication.publication.verifying.read_current", lambda _: {})
        unusable = FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")
        patch.setattr("tempfile.TemporaryDirectory", mock.Mock(side_effect=unusable))
        assert "found in ['/tmp']); let the variable TMPDIR" in refuse(74, "verify", *words)
    monkeypatch.setattr("replication.publication.verifying.verify_published", lambda *_, **__: None)
    text = run("verify", *words)
    assert text.startswith("the published report is the same: ")


def test_info_has_a_line_for_every_study(both, run):
    report = both / "studies" / f"{PAPER.id}-3-10" / "report.html"
    write_model(report.parent, "headline", {})
    place_files(report.parent, {"report.html": b"page"})
    lines = run("info", "--results", both).splitlines()
    assert lines[0].startswith(f"study {PAPER.id}/3: as in the paper, 10 networks, 1.")
    assert lines[0].endswith(f"kB, {report}")
    assert lines[1].startswith(f"study {OTHER.id}/4: threshold = 0.2, 1 network, 1.")
    assert len(lines) == 2


def test_info_tells_the_same_to_programs(both, run):
    with replace_block_size(20):
        folder = fill(both, 60, root_seed=5).path
        find_blocks(folder)[0].path.unlink()
        (folder / f"{61:012d}-{99:012d}-{0:016d}.parquet").write_bytes(b"")  # on no grid
        printed = json.loads(run("info", "--json", "--results", both))
    entries = {entry["root_seed"]: entry for entry in printed}
    assert entries[3]["protocol"] == {}
    assert entries[4]["protocol"] == {"threshold": 0.2}
    assert entries[3]["missing"] == []
    assert entries[5]["missing"] == [[0, 20]]
    assert entries[3]["digest"] == find_digest(both, 10, root_seed=3)
    assert "digest" not in entries[5]
    assert entries[3]["folder"] == str(StudyFolder(PAPER.id, 3, both).path)
    assert {"python", "numpy", "platform"} <= set(entries[3]["made_with"][0])


def test_commands_that_read_write_nothing(tmp_path, run):
    """Once `info` moved the files of a folder that said they were ready."""
    store(tmp_path, 3, 10)
    folder = tmp_path / "studies" / f"{PAPER.id}-3-10"
    place_files(folder, {"report.html": b"page"})
    place_files(folder / ".replication-ready", {"report.html": b"planted"})
    (folder / ".replication-0123456789abcdef.part").write_bytes(b"x")
    store(tmp_path, 4, 10)
    before = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    for words in (["info"], ["info", "--json"], ["export", "--seeds", 10, "--root-seed", 3, "-"]):
        run(*words, "--results", tmp_path)
    assert main(["verify", "--results", str(tmp_path)]) == 65  # other root seeds are missing
    after = {path: path.stat().st_mtime_ns for path in [tmp_path, *tmp_path.rglob("*")]}
    assert after == before


def test_an_empty_folder_has_no_studies_and_a_missing_one_is_named(tmp_path, run, refuse):
    assert run("info", "--results", tmp_path).startswith("no studies in ")
    for command in ("info", "verify", "repair"):
        message = refuse(74, command, "--results", tmp_path / "none")
        assert "none'" in message


def test_a_study_that_has_only_begun_is_sound(tmp_path, run):
    StudyFolder("0123456789abcdef", 5, tmp_path).path.mkdir(parents=True)
    for command in ("info", "verify", "repair"):
        line = run(command, "--results", tmp_path)
        assert line == "study 0123456789abcdef/5: nothing stored yet\n"


def test_a_repair_of_seconds_needs_no_word_and_says_what_it_does(both, capsys):
    words = ["repair", "--results", str(both)]
    assert main(words) == 0
    assert capsys.readouterr().out.count("nothing to repair") == 2
    (block,) = find_blocks(StudyFolder(PAPER.id, 3, both).path)
    block.path.write_bytes(b"")
    assert main(words) == 0
    said = capsys.readouterr()
    assert "/3: 10 networks will be simulated: under 1 s of one core" in said.err
    assert f"computed {block.path.name} again" in said.out


def test_verify_names_the_first_seed_that_comes_out_otherwise(tmp_path, run, capsys):
    """Here outcomes are invented, and every checksum with them, as another program could."""
    folder = fill(tmp_path, 60).path
    assert main(["verify", "--all", "--results", str(tmp_path)]) == 65
    assert "/1988: seed 0 comes out otherwise than it is stored" in capsys.readouterr().err
    older = folder.parents[2] / "2.9" / "1988"
    older.mkdir(parents=True)
    (older / "manifest.json").write_text("{}")
    words = f"outcomes of another version, left alone: '{older.parent}'"
    assert words in run("info", "--results", tmp_path)
    run("repair", "--results", tmp_path)
    assert (older / "manifest.json").read_text() == "{}"


def test_a_study_beyond_repair_is_named_and_the_others_are_served(both, capsys):
    for path in StudyFolder(OTHER.id, 4, both).path.iterdir():
        path.write_text("")
    for command in ("verify", "repair", "info"):
        assert main([command, "--results", str(both)]) == 65
        output = capsys.readouterr()
        assert f"{OTHER.id}" in output.out + output.err
        assert f"study {PAPER.id}/3" in output.out


def test_damaged_models_and_reports_are_named_and_what_cannot_be_made_is_said(both, refuse, capsys):
    folder = both / "studies" / f"{16 * '0'}-3-20"
    write_model(folder, "headline", {"a": 1})
    (folder / "models" / "headline.json").write_text("{}")
    place_files(folder, {"report.html": b"page", "figures/a.csv": b"1"})
    (folder / "report.html").write_text("<script>")
    (folder / "figures" / "a.csv").unlink()
    (folder / "figures").rmdir()
    (folder / "figures").write_text("own")
    assert main(["verify", "--results", str(both)]) == 65
    messages = capsys.readouterr().err
    for name in ("models/headline.json", "report.html", "figures/a.csv"):
        assert f"{str(folder / name)!r} is missing or damaged; run `replication repair`" in messages
    assert main(["repair", "--results", str(both)]) == 65
    assert "/studies/000" in (said := capsys.readouterr().err)
    assert "-3-20': the protocol of the networks in" in said


@pytest.mark.parametrize(("deleted", "place"), [(1, 2), (2, 1), (3, 0), (3, 2)])
def test_deleted_blocks_of_reports_are_seen(tmp_path, run, capsys, monkeypatch, deleted, place):
    """Once `verify` exited with 0 and `repair` had nothing to do."""
    monkeypatch.setattr("replication.definition.study.N_REPETITIONS", 1)
    monkeypatch.setattr("replication.store.blocks.choose_block_size", lambda _: 10)
    parts = list(Study(PAPER, 3, 20, tmp_path).parts.values())
    for part in parts:
        simulate_study(part, show_progress=False)
    part = parts[place]
    digest, folder = compute_study_digest(part), StudyFolder.of(part)
    for name in ("3-20", "3-5", "3-x", "3-05"):
        write_model(tmp_path / "studies" / f"{PAPER.id}-{name}", "headline", {})
    for block in find_blocks(folder.path)[-deleted:]:
        block.path.unlink()
    if deleted == 3:
        folder.path.rmdir()
    assert main(["verify", "--results", str(tmp_path)]) == 65
    first = max(0, 20 - 10 * deleted)
    assert f"{folder.name}: the seeds {first} to 19 are missing" in capsys.readouterr().err
    text = run("repair", "--results", tmp_path)
    assert f"{folder.name}: computed the missing seeds {first} to 19" in text
    assert compute_study_digest(part) == digest
    run("verify", "--results", tmp_path)


def test_the_published_report_counts_only_where_its_outcomes_were_made(tmp_path, run, monkeypatch):
    """Not in a fresh clone after `replication simulate --seeds 10`."""
    monkeypatch.setattr("replication.publication.verifying.DEFAULT_SEEDS", 20)
    write_model(tmp_path, "headline", {})
    place_files(tmp_path, {"report.html": b"page"})
    store(tmp_path, DEFAULT_ROOT_SEED, 10)
    assert list(list_studies(tmp_path).values()) == [0]
    store(tmp_path, DEFAULT_ROOT_SEED + 1, 20)
    assert list(list_studies(tmp_path).values()) == [20] * 8
    assert run("info", "--results", tmp_path).count("report.html") == 1


@pytest.mark.timeout(20)
def test_a_report_of_more_networks_than_minutes_of_work_is_made_again_only_where_that_is_said(
    both, monkeypatch, capsys
):
    """Or a folder from somebody else could keep `repair` busy until the disk is full."""
    monkeypatch.setattr("replication.definition.study.N_REPETITIONS", 0)
    write_model(both / "studies" / f"{PAPER.id}-3-{10**12 - 1}", "headline", {})
    assert main(["repair", "--results", str(both)]) == 2
    said = capsys.readouterr()
    assert "999,999,999,989 networks will be simulated: 1,019 days of one core" in said.err
    assert "--yes was not given" in said.err
    assert f"study {OTHER.id}/4: nothing to repair" in said.out
    assert main(["repair", "--yes", "--results", str(both)]) == 74
    assert "free; give fewer --seeds" in capsys.readouterr().err


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["models/headline.json", "report.sha256", "report.html"])
def test_a_study_is_believed_only_where_a_sound_model_or_report_says_so(both, run, name):
    """Once an empty file made `repair` begin 80 hours of work."""
    path = both / "studies" / f"{PAPER.id}-3-40000000000" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert set(list_studies(both).values()) == {0}
    assert main(["verify", "--results", str(both)]) == (0 if name == "report.html" else 65)
    assert main(["repair", "--results", str(both)]) == (0 if name == "report.html" else 65)
    assert [study.root_seed for study in list_studies(both)] == [3, 4]


def test_a_folder_whose_name_no_study_has_is_named_and_no_report_made_of_it(both, capsys):
    folders = [both / "studies" / f"{PAPER.id}-{name}" for name in ("03-5", f"{2**63}-5")]
    for folder in folders:
        write_model(folder, "headline", {})
        place_files(folder, {"report.html": b"page"})
        (folder / "report.html").unlink()
    assert main(["repair", "--results", str(both)]) == 65
    said = capsys.readouterr().err
    assert all(f"'{folder.name}' is not the name of a study" in said for folder in folders)


def test_models_that_a_report_was_made_of_are_missed_where_they_were_deleted(tmp_path, capsys):
    place_files(tmp_path, {"report.html": b"page", "statements.csv": b"all models are here"})
    for model in EXPERIMENTS:
        write_model(tmp_path, model, {})
    (tmp_path / "models" / "codes.json").unlink()
    assert main(["verify", "--results", str(tmp_path)]) == 65
    messages = capsys.readouterr().err
    for name in ("headline", "codes"):
        path = tmp_path / "models" / f"{name}.json"
        assert f"{str(path)!r} is missing or damaged" in messages
