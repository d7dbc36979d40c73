"""Damaged, newer and mixed stores are noticed, named, and repaired block by block."""

from __future__ import annotations

import dataclasses
import json
import random
import shutil

import pytest

from replication.errors import DataError
from replication.protocol import PAPER
from replication.store import Store, check_study, read_manifest
from replication.study import simulate_study
from replication.verification import verify_study
from tests.reliability.faults import COMMAND, assert_clean, compute_reference, run, tree

N_SEEDS = 3000
N_FLIPS = 1000


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


def test_every_flipped_bit_is_found(results):
    folder = study_folder(results)
    files = sorted(path for path in folder.iterdir())
    assert {path.suffix for path in files} == {".json", ".parquet"}
    bits = [(path, bit) for path in files for bit in range(8 * path.stat().st_size)]
    draw = random.Random(1988)
    for path, bit in draw.sample(bits, N_FLIPS):
        content = path.read_bytes()
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(bytes(flipped))
        assert path.read_bytes() != content, "the fault did not happen"
        try:
            faults = check_study(folder).faults
        except DataError:  # a manifest that now says it is of a newer schema
            assert path.name == "manifest.json"
        else:
            assert faults, f"bit {bit} of {path.name} was not noticed"
        path.write_bytes(content)
    assert check_study(folder).faults == ()


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
    before = tree(folder)
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    damage(block.path)
    assert tree(folder) != before, "the fault did not happen"

    done = run(*COMMAND, "verify", "--results", results)
    assert done.returncode == 65
    assert block.path.name in done.stderr
    assert "replication repair" in done.stderr
    assert "Traceback" not in done.stderr

    again = run(*COMMAND, "simulate", "--seeds", "3000", "--results", results)
    if damage is remove:
        assert_clean(again, 65)
        assert block.path.name in again.stderr

    repaired = run(*COMMAND, "repair", "--results", results)
    assert_clean(repaired, 0)
    assert block.path.name in repaired.stdout
    assert tree(folder) == before
    assert_clean(run(*COMMAND, "verify", "--results", results, "--all"), 0)
    untouched = {name for name, time in times.items() if (folder / name).stat().st_mtime_ns == time}
    repaired_names = {block.path.name, block.sidecar_path.name}
    if damage is swap:
        repaired_names |= {f"000000000000-000000001000{s}" for s in (".parquet", ".json")}
    assert set(times) - untouched == repaired_names


def test_analysis_of_a_damaged_store_ends_with_65(results):
    run(*COMMAND, "simulate", "--seeds", "3000", "--results", results)
    flip(second_block(results).path)
    done = run(*COMMAND, "analyse", "--seeds", "3000", "--results", results)
    assert_clean(done, 65)
    assert second_block(results).path.name in done.stderr


def test_verify_names_the_first_seed_that_comes_out_otherwise(results):
    """Alter two outcomes and every checksum with them, as another program would."""
    store = Store(results)
    block = second_block(results)
    (outcomes,) = store.read(PAPER, 1988, block.start, block.stop)
    updates = outcomes.updates.copy()
    updates[[17, 400]] += 1
    shutil.rmtree(study_folder(results))
    store.write(PAPER, 1988, dataclasses.replace(outcomes, updates=updates))
    store.record(PAPER, 1988)
    (study,) = store.studies()
    assert check_study(study.path).faults == ()

    verified = verify_study(study, n_sample=None)
    assert not verified.is_sound
    assert verified.difference.startswith(f"seed {block.start + 17} is stored as converged after ")
    done = run(*COMMAND, "verify", "--results", results, "--all")
    assert done.returncode == 65
    assert f"seed {block.start + 17} is stored" in done.stderr


def edit_manifest(results, old, new):
    path = study_folder(results) / "manifest.json"
    text = path.read_text()
    assert old in text, "the fault did not happen"
    path.write_text(text.replace(old, new))


@pytest.mark.parametrize("command", ["simulate", "analyse", "verify", "repair", "info"])
def test_a_store_of_a_newer_schema_is_refused_untouched(results, command):
    edit_manifest(results, '"schema": 1', '"schema": 2')
    before = tree(results)
    options = ["--seeds", "4000"] if command in ("simulate", "analyse") else []
    done = run(*COMMAND, command, *options, "--results", results)
    assert done.returncode == 65
    assert "Traceback" not in done.stderr
    assert "schema 2" in done.stdout + done.stderr
    assert {k: v for k, v in tree(results).items() if not k.endswith("lock")} == {
        k: v for k, v in before.items() if not k.endswith("lock")
    }


def test_other_versions_and_protocols_are_kept_apart_and_listed(results):
    other = dataclasses.replace(PAPER, regression=0.7)
    simulate_study(Store(results), other, 1988, 100, show_progress=False)
    # The next block of the first study is made by a later version of NumPy.
    folder = study_folder(results)
    simulate_study(Store(results), PAPER, 1988, 4000, show_progress=False)
    path = folder / "manifest.json"
    record = json.loads(path.read_text())
    assert len(record["runs"]) == 2
    record["runs"][1]["versions"]["numpy"] = "99.0"
    record.pop("sha256")
    from replication.store.files import render_record

    path.write_bytes(render_record(record))

    done = run(*COMMAND, "info", "--results", results)
    assert_clean(done, 0)
    assert f"study {PAPER.id}/1988" in done.stdout
    assert f"study {other.id}/1988" in done.stdout
    assert '{"regression":0.7}' in done.stdout
    assert "numpy 99.0" in done.stdout
    assert compute_reference(4000) in done.stdout
    assert compute_reference(100, protocol=other) in done.stdout


def test_extending_gives_the_digest_of_a_fresh_study_twice_the_size(tmp_path):
    store = Store(tmp_path / "results")
    for n_seeds in (1000, 2000, 2000, 500):
        done = run(*COMMAND, "simulate", "--seeds", str(n_seeds), "--results", tmp_path / "results")
        assert_clean(done, 0)
    assert store.digest(PAPER, 1988, 2000) == compute_reference(2000)
    assert store.ranges(PAPER, 1988) == [(0, 2000)]
    assert "500 stored before, 0 simulated now" in done.stdout
