"""Only what is missing is simulated, and what a worker loses is tried once more."""

from __future__ import annotations

import itertools
import time

import pytest

from replication.errors import WorkerError
from replication.protocol import PAPER, Protocol
from replication.simulator.ensemble import LostWorker
from replication.store import Store, cost
from replication.store.cost import (
    choose_block_size,
    count_workers,
    is_large,
    measure_pace,
)
from replication.store.filling import cut_blocks, simulate_blocks
from tests.unit.store.invented import fill, invent, simulate


def test_only_what_is_missing_is_simulated(tmp_path):
    asked = []

    def remember(protocol, root_seed, ranges, **options):
        ranges = list(ranges)
        asked.append(ranges)
        return simulate(protocol, root_seed, ranges, **options)

    store = Store(tmp_path)
    for n_seeds in (1000, 1700, 1200):
        fill(store, n_seeds, block_size=600, simulate=remember)
    assert asked == [[(0, 600), (600, 1000)], [(1000, 1600), (1600, 1700)]]


def test_blocks_are_cut_in_order():
    assert cut_blocks([(0, 5), (7, 8)], 2) == [(0, 2), (2, 4), (4, 5), (7, 8)]


@pytest.mark.parametrize(
    ("n_missing", "jobs", "size"),
    [(1, 1, 1000), (10_000, 1, 2500), (10_001, 1, 2501), (10_000, 2, 1250), (10**8, 4, 100_000)],
)
def test_blocks_keep_all_workers_busy_and_are_small_enough_to_lose(n_missing, jobs, size):
    assert choose_block_size(PAPER, n_missing, jobs) == size


def test_blocks_of_large_networks_fit_in_memory():
    large = Protocol(group_sizes=(256, 256))
    assert 8 * large.n_weights * choose_block_size(large, 10**8, 4) <= cost.BLOCK_MEMORY


def test_workers_are_counted_as_joblib_does(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 8)
    assert [count_workers(jobs) for jobs in (3, -1, -2, -100)] == [3, 8, 7, 1]
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert count_workers(-1) == 1


def test_the_cost_is_told_first_of_many_networks_and_of_large_ones():
    assert not is_large(PAPER, 1_000_000)
    assert is_large(PAPER, 10_000_000)
    assert is_large(Protocol(group_sizes=(256, 256)), 20)


def test_a_sample_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(cost, "LONGEST_SAMPLE", 30.0)
    assert measure_pace(Protocol(max_updates=1), 1988).is_complete
    monkeypatch.setattr(cost, "LONGEST_SAMPLE", 0.3)
    endless = Protocol(learning_rate=1e-9, max_updates=10_000_000)
    begun = time.monotonic()
    assert not measure_pace(endless, 1988).is_complete
    assert time.monotonic() - begun < 5


def lose_three(rounds):
    """Return a simulation that loses all but the first of three blocks with their worker."""

    def lose(protocol, root_seed, ranges, **_):
        taken = list(itertools.islice(ranges, 3))
        rounds.append(taken)
        yield invent(*taken[0])
        raise LostWorker("a worker died")

    return lose


def test_only_what_two_losses_have_in_common_is_blamed():
    blocks = cut_blocks([(0, 6000)], 1000)
    rounds, written = [], []
    with pytest.raises(WorkerError, match="twice, among the networks 2000 to 2999"):
        simulate_blocks(
            blocks, protocol=PAPER, root_seed=5, write=written.append, show_progress=False,
            simulate=lose_three(rounds),
        )  # fmt: skip
    assert rounds == [blocks[:3], blocks[1:4]]
    assert [outcomes.start for outcomes in written] == [0, 1000]


def test_a_lost_worker_is_mentioned(capsys):
    with pytest.raises(WorkerError):
        simulate_blocks(
            cut_blocks([(0, 6000)], 1000), protocol=PAPER, root_seed=5, write=lambda _: None,
            simulate=lose_three([]),
        )  # fmt: skip
    assert "a worker died; 2 blocks will be simulated again" in capsys.readouterr().err
