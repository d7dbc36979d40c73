"""Only what is missing is simulated, in any order, and kept at once."""

import itertools
import os

import pytest

from replication.cache import filling
from replication.cache.blocks import NOWHERE, Cache
from replication.cache.filling import iterate_outcomes
from replication.definition.protocol import PAPER, Protocol
from replication.errors import UsageError, WorkerError
from replication.experiments.counting import count_outcomes
from replication.paper.study import Study
from replication.simulator.rule.recirculation import RecirculationNetwork
from tests.unit.cache import invented
from tests.unit.cache.invented import compute_reference, fill, invent, list_blocks

choose_block_size = filling.choose_block_size


def test_only_blocks_that_are_missing_or_shorter_are_simulated(tmp_path):
    asked = []
    for n_seeds, n_simulated in ((50, 50), (30, 0), (85, 45), (85, 0)):
        counted = fill(tmp_path, n_seeds, simulation=invented.remember(asked))
        assert (counted.digest, counted.n_simulated) == (compute_reference(n_seeds), n_simulated)
        assert counted.table.n == n_seeds
    assert asked == [(0, 20), (20, 40), (40, 50), (40, 60), (60, 80), (80, 85)]
    assert len(list_blocks(tmp_path)) == 5, "one file a block"
    for name, other in {"protocol": Protocol(threshold=0.2), "root_seed": 7}.items():
        assert fill(tmp_path, 30, **{name: other}).n_simulated == 30


def test_a_rule_that_is_edited_is_simulated_anew_and_found_again_as_it_was(tmp_path, monkeypatch):
    def learn_less(self, v0):
        return self._name([0.5 * change for change in before(self, v0)])

    def count(protocol=PAPER):
        study = Study(protocol, 1988, 30)
        return count_outcomes(study, Cache(tmp_path), show_progress=False)

    first, before = count(), RecirculationNetwork.weight_changes
    with monkeypatch.context() as patch:
        patch.setattr(RecirculationNetwork, "weight_changes", learn_less)
        edited = count()
        assert (edited.n_simulated, count().n_simulated) == (30, 0)
    assert edited.digest == count(Protocol(learning_rate=10.0)).digest != first.digest
    assert (count().digest, count().n_simulated) == (first.digest, 0)


@pytest.mark.parametrize("has_cache", [True, False])
def test_outcomes_come_in_order_of_seeds_whatever_is_there_or_finished_first(tmp_path, has_cache):
    def simulate_backwards(protocol, root_seed, ranges, **_):
        return (invent(start, stop) for start, stop in reversed(list(ranges)))

    fill(tmp_path, 100)
    # Blocks 1 and 3 are missing, and what is now the second, block 2, is damaged.
    for path in list_blocks(tmp_path)[1::2]:
        path.unlink()
    list_blocks(tmp_path)[1].write_bytes(b"x" * 500)  # which is noticed when its turn comes
    cache = Cache(tmp_path if has_cache else NOWHERE)
    with invented.replace_simulation(simulate_backwards):
        found = list(iterate_outcomes(PAPER, 1988, 100, cache, show_progress=False))
    starts, is_new = zip(*((outcomes.start, is_new) for outcomes, is_new in found), strict=True)
    assert starts == (0, 20, 40, 60, 80)
    assert is_new == tuple(not has_cache or i in (1, 2, 3) for i in range(5))
    assert fill(tmp_path, 100).n_simulated == (0 if has_cache else 60)


@pytest.mark.parametrize(
    ("ours", "when", "asked"), [(45, 0, [(0, 20), (40, 45)]), (35, 20, [(0, 20), (20, 35)])]
)
def test_what_another_process_keeps_meanwhile_is_not_simulated(tmp_path, ours, when, asked):
    begun = []

    def simulate_beside(protocol, root_seed, ranges, **_):
        for pair in ranges:
            begun.append(pair)
            if pair[0] == when:
                fill(tmp_path, 40)
            yield invent(*pair)

    assert fill(tmp_path, ours, simulation=simulate_beside).digest == compute_reference(ours)
    assert begun == asked
    # Once our shorter block took the place of the longer one.
    assert invented.find_digest(tmp_path, 40) == compute_reference(40)


def test_a_cache_that_is_deleted_during_a_run_is_made_again(tmp_path, capsys):
    def delete(protocol, root_seed, ranges, **_):
        for i, pair in enumerate(ranges):
            if i == 1:
                (tmp_path / "cache").rename(tmp_path / "gone")
            yield invent(*pair)

    assert fill(tmp_path / "cache", 60, simulation=delete).digest == compute_reference(60)
    assert capsys.readouterr().err.count("outcomes are not cached") == 0
    assert len(list_blocks(tmp_path / "cache")) == 2


def test_blocks_follow_from_the_protocol_are_seconds_of_work_and_fit_in_the_memory():
    assert choose_block_size(PAPER) == 50_000
    assert choose_block_size(Protocol(max_updates=20_000)) == 6_818
    assert choose_block_size(Protocol(max_updates=10_000_000)) == 1_000
    large = Protocol(group_sizes=(256, 256))
    assert 1 < choose_block_size(large) < 1_000
    assert 8 * large.n_weights * choose_block_size(large) <= 2**25


def test_a_run_that_ends_keeps_what_was_finished(tmp_path):
    def lose(protocol, root_seed, ranges, **_):
        for pair in itertools.islice(ranges, 2):
            yield invent(*pair)
        raise WorkerError("a worker died")

    with pytest.raises(WorkerError, match="a worker died"):
        fill(tmp_path, 120, simulation=lose)
    assert [int(path.stem[-12:]) for path in list_blocks(tmp_path)] == [0, 20]
    assert fill(tmp_path, 120).n_simulated == 80


def test_networks_that_the_memory_cannot_hold_are_refused(tmp_path, monkeypatch):
    given = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 10**3}
    monkeypatch.setattr(os, "sysconf", given.__getitem__)
    with pytest.raises(UsageError, match=r"on 1 workers need about 0\.0 GB, and this"):
        fill(tmp_path, 1, jobs=1)
    given["SC_PHYS_PAGES"] = 10**6
    fill(tmp_path, 1, jobs=1)


def test_what_is_kept_is_read_once(tmp_path, monkeypatch):
    fill(tmp_path, 50)
    read, asked = Cache.read, []
    monkeypatch.setattr(Cache, "read", lambda *given: asked.append(given[2]) or read(*given))
    assert fill(tmp_path, 50).n_simulated == 0
    assert asked == sorted(set(asked))
