"""A random sample of networks is simulated again, and the first difference is named."""

import dataclasses

import numpy as np
import pytest

from replication.definition.protocol import PAPER
from replication.simulator.outcomes import Outcomes
from replication.store import Store, find_blocks
from replication.store.verifying import draw_sample, find_difference, verify_study
from tests.unit.store.invented import fill, invent, repair, replace_simulation, simulate


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path)
    fill(store, 1000, block_size=300)
    return store


@pytest.fixture
def study(store):
    return store.studies()[0]


@pytest.mark.parametrize("n_sample", [1, 7, 50, 51, 120])
def test_a_sample_lies_in_the_ranges_without_repetition(n_sample):
    ranges = [(0, 130), (200, 203), (1000, 1900)]
    for seed in range(20):
        sample = draw_sample(ranges, n_sample, np.random.default_rng(seed))
        seeds = [s for start, stop in sample for s in range(start, stop)]
        assert seeds == sorted(set(seeds))
        assert all(any(a <= low < high <= b for a, b in ranges) for low, high in sample)
        assert min(n_sample, 3) <= len(seeds) <= n_sample + 49


def test_every_seed_can_be_drawn_and_a_sample_of_all_is_all():
    drawn = set()
    for seed in range(200):
        for start, stop in draw_sample([(3, 10), (20, 22)], 1, np.random.default_rng(seed)):
            drawn |= set(range(start, stop))
    assert drawn == {*range(3, 10), 20, 21}
    for ranges in ([(3, 10), (20, 22)], []):
        assert draw_sample(ranges, 90, np.random.default_rng(1)) == ranges


def test_the_first_difference_is_named():
    stored = invent(11, 20)
    updates, converged = stored.updates.copy(), stored.converged.copy()
    updates[3], converged[[3, 7]] = 2000, False
    assert find_difference(stored, Outcomes(11, updates, converged)) == {
        14: f"seed 14 is stored as converged after {stored.updates[3]} updates "
        "and comes out as not converged after 2000 updates"
    }
    assert find_difference(stored, stored) == {}
    censored = dataclasses.replace(stored, converged=converged)
    assert list(find_difference(stored, censored)) == [14]


def verify(store, study, *, simulation=simulate, **options):
    with replace_simulation(simulation):
        return verify_study(store, study, **options)


def test_a_sound_study_is_verified(store, study):
    checked, n_simulated, difference = verify(store, study, n_sample=None, jobs=1)
    assert (checked.messages, n_simulated, difference) == ([], 1000, None)
    assert 50 <= verify(store, study, n_sample=100)[1] <= 100


def test_the_first_of_several_differences_is_reported_whatever_the_order(store, study):
    def simulate_otherwise(protocol, root_seed, ranges, **_):
        for start, stop in reversed(list(ranges)):
            outcomes = invent(start, stop)
            changed = outcomes.updates.copy()
            for seed in (351, 352, 950):
                if start <= seed < stop:
                    changed[seed - start] += 1
            yield dataclasses.replace(outcomes, updates=changed)

    checked, _, difference = verify(store, study, n_sample=None, simulation=simulate_otherwise)
    assert checked.messages == []
    assert difference.startswith("seed 351 is stored as ")
    sampled = verify(store, study, n_sample=999, simulation=simulate_otherwise)[2]
    assert sampled.startswith(("seed 351 ", "seed 950 "))


def test_seeds_are_not_missing_while_another_process_may_be_simulating_them(store, study):
    (block,) = (block for block in find_blocks(study.path) if block.start == 300)
    block.path.unlink()
    assert verify(store, study, n_sample=50)[0].missing == [(300, 600)]
    with Store(store.folder.parents[1]).lock(study.path):
        assert verify(store, study, n_sample=50)[0].messages == []


def test_a_bad_block_whose_seeds_are_in_sound_ones_is_removed_and_not_computed(store, study):
    """As a kill leaves it between the new block and the end of the old one."""
    before = store.digest(PAPER, 1988, 1000)
    (study.path / f"{300:012d}-{600:012d}-0123456789abcdef.parquet").write_bytes(b"x")
    assert len(repair(store, study.path, None).faults) == 1
    assert verify(store, study, n_sample=None)[0].messages == []
    assert store.digest(PAPER, 1988, 1000) == before
