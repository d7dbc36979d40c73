"""Samples are drawn from what is stored, and the first difference is named."""

from __future__ import annotations

import dataclasses
import errno
import itertools

import numpy as np
import pytest

from replication.errors import DataError, StorageError, WorkerError
from replication.protocol import PAPER
from replication.simulator.ensemble import LostWorker
from replication.simulator.outcomes import Outcomes
from replication.store import Store
from replication.study import (
    choose_block_size,
    count_workers,
    cut_blocks,
    simulate_blocks,
    simulate_study,
)
from replication.verification import draw_sample, find_difference, repair_study, verify_study


def invent(start, stop) -> Outcomes:
    seeds = np.arange(start, stop)
    return Outcomes(start, (seeds % 90).astype(np.int32), np.ones(stop - start, dtype=bool))


def simulate(protocol, root_seed, ranges, **_):
    for start, stop in ranges:
        yield invent(start, stop)


def fill(tmp_path):
    store = Store(tmp_path)
    simulate_study(store, PAPER, 5, 1000, block_size=300, show_progress=False, simulate=simulate)
    return store, store.studies()[0]


@pytest.mark.parametrize("n_sample", [1, 7, 50, 51, 120, 5000])
def test_a_sample_lies_in_the_ranges_without_repetition(n_sample):
    ranges = [(0, 130), (200, 203), (1000, 1900)]
    for seed in range(20):
        sample = draw_sample(ranges, n_sample, np.random.default_rng(seed))
        seeds = [s for start, stop in sample for s in range(start, stop)]
        assert len(set(seeds)) == len(seeds)
        assert seeds == sorted(seeds)
        assert all(any(a <= low < high <= b for a, b in ranges) for low, high in sample)
        assert len(seeds) <= min(n_sample + 49, 130 + 3 + 900)
    if n_sample == 5000:
        assert len(seeds) == 1033


def test_every_seed_can_be_drawn():
    drawn = set()
    for seed in range(200):
        for start, stop in draw_sample([(3, 10), (20, 22)], 1, np.random.default_rng(seed)):
            drawn |= set(range(start, stop))
    assert drawn == {*range(3, 10), 20, 21}


def test_a_sample_of_nothing_is_nothing():
    assert draw_sample([], 10, np.random.default_rng(1)) == []


def test_the_first_difference_is_named():
    stored = invent(10, 20)
    updates = stored.updates.copy()
    updates[4] = 2000
    converged = stored.converged.copy()
    converged[[4, 7]] = False
    found = find_difference(stored, Outcomes(10, updates, converged))
    assert found == {
        14: "seed 14 is stored as converged after 14 updates "
        "and comes out as not converged after 2000 updates"
    }
    assert find_difference(stored, stored) == {}


def test_a_sound_study_is_verified(tmp_path):
    _, study = fill(tmp_path)
    verified = verify_study(study, n_sample=None, jobs=1, simulate=simulate)
    assert verified.is_sound
    assert (verified.n_simulated, verified.difference) == (1000, None)
    assert verify_study(study, n_sample=100, simulate=simulate).n_simulated >= 50


def test_the_first_of_several_differences_is_reported_whatever_the_order(tmp_path):
    _, study = fill(tmp_path)

    def simulate_otherwise(protocol, root_seed, ranges, **_):
        for start, stop in reversed(list(ranges)):
            outcomes = invent(start, stop)
            changed = outcomes.updates.copy()
            for seed in (350, 351, 950):
                if start <= seed < stop:
                    changed[seed - start] += 1
            yield dataclasses.replace(outcomes, updates=changed)

    verified = verify_study(study, n_sample=None, simulate=simulate_otherwise)
    assert not verified.is_sound
    assert verified.checked.faults == ()
    assert verified.difference.startswith("seed 350 is stored as converged after 80 updates")


def test_repair_simulates_the_bad_blocks_and_no_others(tmp_path):
    store, study = fill(tmp_path)
    (study.path / "000000000300-000000000600.parquet").unlink()
    asked = []

    def remember(protocol, root_seed, ranges, **options):
        ranges = list(ranges)
        asked.extend(ranges)
        return simulate(protocol, root_seed, ranges, **options)

    checked = repair_study(store, study, show_progress=False, simulate=remember)
    assert asked == [(300, 600)]
    assert [fault.block.start for fault in checked.faults] == [300]
    assert verify_study(study, n_sample=None, simulate=simulate).is_sound
    repair_study(store, study, show_progress=False, simulate=remember)
    assert asked == [(300, 600)]


def test_only_what_is_missing_is_simulated(tmp_path):
    store = Store(tmp_path)
    asked = []

    def remember(protocol, root_seed, ranges, **options):
        ranges = list(ranges)
        asked.append(ranges)
        return simulate(protocol, root_seed, ranges, **options)

    def extend(n_seeds, **options):
        return simulate_study(
            store, PAPER, 5, n_seeds, show_progress=False, simulate=remember, **options
        )

    done = extend(1000, block_size=600)
    assert (done.n_present, done.n_simulated) == (0, 1000)
    done = extend(1700, block_size=600)
    assert (done.n_present, done.n_simulated) == (1000, 700)
    done = extend(1200)
    assert (done.n_present, done.n_simulated) == (1200, 0)
    assert asked == [[(0, 600), (600, 1000)], [(1000, 1600), (1600, 1700)]]


def test_blocks_are_cut_in_order():
    assert cut_blocks([(0, 5), (7, 8)], 2) == [(0, 2), (2, 4), (4, 5), (7, 8)]


@pytest.mark.parametrize(
    ("n_missing", "jobs", "size"),
    [(1, 1, 1000), (10_000, 1, 2500), (10_001, 1, 2501), (10_000, 2, 1250), (10**8, 4, 50_000)],
)
def test_blocks_keep_all_workers_busy_and_are_small_enough_to_lose(n_missing, jobs, size):
    assert choose_block_size(n_missing, jobs) == size


def test_workers_are_counted_as_joblib_does(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert [count_workers(jobs) for jobs in (3, -1, -2, -100)] == [3, 8, 7, 1]
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert count_workers(-1) == 1


def test_a_bad_block_stands_until_the_one_computed_again_agrees_with_the_record(tmp_path):
    store, study = fill(tmp_path)
    sidecar = study.path / "000000000300-000000000600.json"
    sidecar.write_text("{}")
    before = {path.name: path.read_bytes() for path in study.path.iterdir()}

    def simulate_otherwise(protocol, root_seed, ranges, **_):
        for start, stop in ranges:
            outcomes = invent(start, stop)
            yield dataclasses.replace(outcomes, updates=outcomes.updates + 1)

    with pytest.raises(DataError, match="this machine or version computes other outcomes"):
        repair_study(store, study, show_progress=False, simulate=simulate_otherwise)
    assert {path.name: path.read_bytes() for path in study.path.iterdir()} == before
    repair_study(store, study, show_progress=False, simulate=simulate)
    assert verify_study(study, n_sample=None, simulate=simulate).is_sound


def test_a_bad_block_stands_where_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    store, study = fill(tmp_path)
    (study.path / "000000000300-000000000600.json").write_text("{}")
    before = {path.name: path.read_bytes() for path in study.path.iterdir()}

    def fail(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", fail)
        with pytest.raises(StorageError, match="No space left"):
            repair_study(store, study, show_progress=False, simulate=simulate)
    assert {path.name: path.read_bytes() for path in study.path.iterdir()} == before


def test_only_what_two_losses_have_in_common_is_blamed(tmp_path):
    blocks = [(start, start + 1000) for start in range(0, 6000, 1000)]
    rounds = []

    def lose(protocol, root_seed, ranges, **_):
        """Take three blocks at a time and lose them with the worker, but for the first."""
        taken = list(itertools.islice(ranges, 3))
        rounds.append(taken)
        yield invent(*taken[0])
        raise LostWorker("a worker died")

    written = []
    with pytest.raises(WorkerError) as caught:
        simulate_blocks(
            blocks, protocol=PAPER, root_seed=5, write=written.append, show_progress=False,
            simulate=lose,
        )  # fmt: skip
    assert rounds == [blocks[:3], blocks[1:4]]
    assert [outcomes.start for outcomes in written] == [0, 1000]
    assert str(caught.value).startswith("a worker died (twice, among the networks 2000 to 2999;")
