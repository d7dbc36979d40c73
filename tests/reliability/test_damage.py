"""Damaged and mixed stores, models and reports are noticed, named, and repaired part by part."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from replication.protocol import PAPER
from replication.store import Store, find_blocks
from replication.store.blocks import write_block
from replication.store.filling import simulate_study
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
    return find_blocks(study_folder(results))[1]


def flip(path):
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(bytes(content))


def remove(path):
    path.unlink()


@pytest.mark.parametrize("damage", [flip, remove])
def test_verify_names_the_block_and_repair_computes_it_alone(results, damage):
    block = second_block(results)
    before = tree(results)
    times = {path: path.stat().st_mtime_ns for path in study_folder(results).iterdir()}
    damage(block.path)
    assert tree(results) != before, "the fault did not happen"
    name = "the seeds 1000 to 1999 are missing" if damage is remove else block.path.name

    done = call("verify", "--results", results)
    assert_clean(done, 65)
    assert name in done.stderr
    assert "replication repair" in done.stderr

    repaired = call("repair", "--results", results)
    assert_clean(repaired, 0)
    assert ("missing seeds 1000 to 1999" if damage is remove else name) in repaired.stdout
    assert tree(results) == before
    assert_clean(call("verify", "--results", results, "--all"), 0)
    touched = {path for path, time in times.items() if path.stat().st_mtime_ns != time}
    assert len(touched) == 1


def test_export_of_a_damaged_store_ends_with_65(results, tmp_path):
    flip(second_block(results).path)
    done = call("export", tmp_path / "x.csv", "--seeds", "3000", "--results", results)
    assert_clean(done, 65)
    assert second_block(results).path.name in done.stderr
    assert not (tmp_path / "x.csv").exists()


def test_verify_names_the_first_seed_that_comes_out_otherwise(results):
    """Alter two outcomes and every checksum with them, as another program would."""
    store = Store(results)
    block = second_block(results)
    (outcomes,) = store.read(PAPER, 1988, block.start, block.stop)
    updates = outcomes.updates.copy()
    updates[[17, 400]] += 1
    block.path.unlink()
    changed = dataclasses.replace(outcomes, updates=updates)
    write_block(study_folder(results), changed, protocol=PAPER, root_seed=1988)
    done = call("verify", "--results", results, "--all")
    assert_clean(done, 65)
    assert f"seed {block.start + 17} is stored as converged after " in done.stderr


def test_other_protocols_and_versions_are_kept_apart_and_listed(results):
    other = dataclasses.replace(PAPER, regression=0.7)
    simulate_study(Store(results), other, 1988, 100, show_progress=False)
    before = tree(results)
    older = results / "outcomes" / "44136fa355b3678a" / "1988"
    older.mkdir(parents=True)
    (older / "manifest.json").write_text("\x1b[31m")
    done = call("info", "--json", "--results", results)
    assert_clean(done, 0)
    found = {study["id"]: study["protocol"] for study in json.loads(done.stdout) if "id" in study}
    assert found == {PAPER.id: {}, other.id: {"regression": 0.7}}
    assert compute_reference(N_SEEDS) in done.stdout
    assert compute_reference(100, protocol=other) in done.stdout
    for command in ("info", "verify", "repair"):
        done = call(command, "--results", results)
        assert_clean(done, 0)
        said = f"outcomes of another version, left alone: '{older.parent}'" in done.stdout
        assert said == (command == "info")
    after = tree(results)
    assert after.pop("outcomes/44136fa355b3678a/1988/manifest.json") == b"\x1b[31m"
    assert after == before
