"""A random sample of networks is simulated again, and the first difference is named."""

import dataclasses

import numpy as np
import pytest

from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.store.blocks import find_blocks
from replication.store.folders import compute_study_digest
from replication.store.verifying import check_study, draw_sample, verify_study
from tests.unit.store.invented import fill, invent, repair, replace_simulation, simulate


@pytest.fixture
def folder(tmp_path):
    return fill(tmp_path, 200)


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


def verify(folder, *, simulation=simulate, **options):
    with replace_simulation(simulation):
        return verify_study(check_study(folder), **options)


@pytest.mark.parametrize("field", ["updates", "converged"])
def test_the_first_of_several_differences_is_named_whatever_the_order(folder, field):
    def simulate_otherwise(protocol, root_seed, ranges, **_):
        for start, stop in reversed(list(ranges)):
            outcomes = invent(start, stop)
            changed = getattr(outcomes, field).copy()
            for seed in (75, 76, 190):
                if start <= seed < stop:
                    changed[seed - start] ^= 1
            yield dataclasses.replace(outcomes, **{field: changed})

    assert verify(folder, n_sample=None, simulation=simulate_otherwise) == (200, 75)


def test_missing_seeds_are_joined_and_named_also_those_of_a_report_alone(folder):
    for block in find_blocks(folder.path)[3:5]:
        block.path.unlink()
    find_blocks(folder.path)[-1].path.unlink()
    assert check_study(folder).missing == [(60, 100)]
    assert check_study(folder, n_reported=190).missing == [(60, 100), (180, 190)]
    assert "the seeds 60 to 99 are missing" in check_study(folder).messages[0]


def test_a_damaged_block_is_removed_where_its_seeds_are_in_a_sound_one(folder, tmp_path):
    """As a kill leaves it between the new block and the end of the old one."""
    study = Study(PAPER, 1988, 200, tmp_path)
    before = compute_study_digest(study)
    bad = folder.path / f"{100:012d}-{111:012d}-0123456789abcdef.parquet"
    bad.write_bytes(b"x")
    assert len(repair(folder, None).faults) == 1
    assert not bad.exists()
    assert check_study(folder).messages == []
    assert compute_study_digest(study) == before
