"""Damaged, newer and mixed stores are noticed, named, and repaired block by block."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from replication.protocol import PAPER
from replication.store import SCHEMA, Store, check_study, manifest_path, read_manifest
from replication.store.filling import simulate_study
from replication.store.verifying import verify_study
from tests.reliability.faults import assert_clean, call, compute_reference, tree

N_SEEDS = 3000


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    results = tmp_path_factory.mktemp("pristine") / "results"
    simulate_study(Store(results), PAPER, 1988, N_SEEDS, block_size=1000, show_progress=False)
    return results


@pytest.fixture
def results(pristine, tmp_path):
    shutil.copytree(pristine, tmp_path / "results")
    return tmp_path / "results"


def study_folder(results):
    return Store(results).study_folder(PAPER, 1988)


def second_block(results):
    return sorted(read_manifest(study_folder(results)).blocks)[1]


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def flip(path):
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(bytes(content))


def remove(path):
    path.unlink()


def swap(path):
    neighbour = path.with_name("000000000000-000000001000.parquet")
    content = neighbour.read_bytes()
    neighbour.write_bytes(path.read_bytes())
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [truncate, flip, remove, swap])
def test_verify_names_the_block_and_repair_computes_it_alone(results, damage):
    folder = study_folder(results)
    block = second_block(results)
    before = tree(results)
    files = [*folder.iterdir(), *manifest_path(folder).parent.iterdir()]
    times = {path: path.stat().st_mtime_ns for path in files}
    damage(block.path)
    assert tree(results) != before, "the fault did not happen"

    done = call("verify", "--results", results)
    assert done.returncode == 65
    assert block.path.name in done.stderr
    assert "replication repair" in done.stderr
    assert "Traceback" not in done.stderr

    again = call("simulate", "--seeds", "3000", "--results", results)
    if damage is remove:
        assert_clean(again, 65)
        assert block.path.name in again.stderr

    repaired = call("repair", "--results", results)
    assert_clean(repaired, 0)
    assert block.path.name in repaired.stdout
    assert tree(results) == before
    assert_clean(call("verify", "--results", results, "--all"), 0)
    touched = {path.stem for path, time in times.items() if path.stat().st_mtime_ns != time}
    expected = {block.path.stem} | ({"000000000000-000000001000"} if damage is swap else set())
    assert touched == expected


@pytest.mark.parametrize("words", [["export"], ["report"]], ids=lambda words: words[0])
def test_what_reads_a_damaged_store_ends_with_65(results, tmp_path, words):
    flip(second_block(results).path)
    words = [*words, tmp_path / "x.csv"] if words == ["export"] else words
    done = call(*words, "--seeds", "3000", "--results", results)
    assert_clean(done, 65)
    assert second_block(results).path.name in done.stderr


def test_verify_names_the_first_seed_that_comes_out_otherwise(results):
    """Alter two outcomes and every checksum with them, as another program would."""
    store = Store(results)
    block = second_block(results)
    (outcomes,) = store.read(PAPER, 1988, block.start, block.stop)
    updates = outcomes.updates.copy()
    updates[[17, 400]] += 1
    shutil.rmtree(study_folder(results).parent)
    store.write(PAPER, 1988, dataclasses.replace(outcomes, updates=updates))
    store.record(PAPER, 1988)
    (study,) = store.studies()
    assert check_study(study.path).faults == ()

    verified = verify_study(study, n_sample=None)
    assert not verified.is_sound
    assert verified.difference.startswith(f"seed {block.start + 17} is stored as converged after ")
    done = call("verify", "--results", results, "--all")
    assert done.returncode == 65
    assert f"seed {block.start + 17} is stored" in done.stderr


@pytest.mark.parametrize("command", ["info", "verify", "export", "simulate", "report"])
def test_a_record_put_in_the_place_of_another_is_named_with_what_to_do(results, tmp_path, command):
    """Both are sound in themselves: a copy that went wrong."""
    path = manifest_path(study_folder(results))
    shutil.copy(second_block(results).sidecar_path, path)
    options = [] if command in ("info", "verify") else ["--seeds", "3000"]
    options += [tmp_path / "x.csv"] if command == "export" else []
    done = call(command, *options, "--results", results)
    assert done.returncode == 65, done.stderr
    assert "Traceback" not in done.stderr
    assert "manifest.json' is damaged; run `replication repair`" in done.stdout + done.stderr
    assert_clean(call("repair", "--results", results), 0)
    assert_clean(call("verify", "--results", results), 0)


def edit_manifest(results, old, new):
    path = manifest_path(study_folder(results))
    text = path.read_text()
    assert old in text, "the fault did not happen"
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("command", ["simulate", "report", "verify", "repair", "info"])
def test_a_store_of_a_newer_schema_is_refused_untouched(results, command):
    edit_manifest(results, f'"schema": {SCHEMA}', '"schema": 99')
    before = tree(results)
    options = ["--seeds", "3000"] if command in ("simulate", "report") else []
    done = call(command, *options, "--results", results)
    assert done.returncode == 65
    assert "Traceback" not in done.stderr
    assert "schema 99" in done.stdout + done.stderr
    assert {k: v for k, v in tree(results).items() if not k.endswith("lock")} == {
        k: v for k, v in before.items() if not k.endswith("lock")
    }


def test_other_versions_and_protocols_are_kept_apart_and_listed(results):
    other = dataclasses.replace(PAPER, regression=0.7)
    simulate_study(Store(results), other, 1988, 100, show_progress=False)
    # The next block of the first study is made by a later version of NumPy.
    folder = study_folder(results)
    simulate_study(Store(results), PAPER, 1988, 4000, show_progress=False)
    path = manifest_path(folder)
    record = json.loads(path.read_text())
    assert len(record["runs"]) == 2
    record["runs"][1]["versions"]["numpy"] = "99.0"
    record.pop("sha256")
    from replication.store.files import render_record

    path.write_bytes(render_record(record))

    done = call("info", "--results", results)
    assert_clean(done, 0)
    assert f"study {PAPER.id}/1988" in done.stdout
    assert f"study {other.id}/1988" in done.stdout
    assert "regression = 0.7" in done.stdout
    assert "numpy 99.0" in done.stdout
    assert compute_reference(4000) in done.stdout
    assert compute_reference(100, protocol=other) in done.stdout
