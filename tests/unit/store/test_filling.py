"""Only what is missing is simulated, and what a worker loses is tried once more."""

from __future__ import annotations

import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from replication.errors import BusyError, WorkerError
from replication.protocol import PAPER, Protocol
from replication.simulator.ensemble import LostWorker
from replication.store import Store, cost
from replication.store.cost import choose_block_size
from replication.store.filling import cut_blocks, simulate_blocks
from tests.unit.store.invented import fill, invent, replace_simulation, simulate


def test_only_what_is_missing_is_simulated(tmp_path):
    asked = []

    def remember(protocol, root_seed, ranges, **options):
        ranges = list(ranges)
        asked.append(ranges)
        return simulate(protocol, root_seed, ranges, **options)

    store = Store(tmp_path)
    for n_seeds in (1000, 1700, 1200):
        fill(store, n_seeds, block_size=600, simulation=remember)
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
    lose = replace_simulation(lose_three(rounds))
    with lose, pytest.raises(WorkerError, match="twice, among the networks 2000 to 2999"):
        simulate_blocks(
            blocks, protocol=PAPER, root_seed=5, write=written.append, show_progress=False
        )
    assert rounds == [blocks[:3], blocks[1:4]]
    assert [outcomes.start for outcomes in written] == [0, 1000]


def test_a_lost_worker_is_mentioned(capsys):
    with replace_simulation(lose_three([])), pytest.raises(WorkerError):
        simulate_blocks(
            cut_blocks([(0, 6000)], 1000), protocol=PAPER, root_seed=5, write=lambda _: None
        )
    assert "a worker died; 2 blocks will be simulated again" in capsys.readouterr().err


def test_the_same_study_is_refused_at_once_and_as_part_of_another_is_waited_for(tmp_path, capsys):
    """Two studies next to each other have root seeds in common."""
    store, other = Store(tmp_path), Store(tmp_path)
    refused = []

    def try_again(protocol, root_seed, ranges, **_):
        with pytest.raises(BusyError, match="another process is working on"):
            fill(other, 60)
        refused.append(True)
        return simulate(protocol, root_seed, ranges)

    fill(store, 60, simulation=try_again)
    assert refused == [True]

    folder = store.study_folder(PAPER, 5)
    with ThreadPoolExecutor() as pool:
        with store.lock(folder):
            waiting = pool.submit(fill, other, 60, root_seed=5, wait=True)
            end = time.monotonic() + 20
            said = ""
            while "waiting until it has ended" not in said and time.monotonic() < end:
                said += capsys.readouterr().err
            assert not waiting.done()
        assert waiting.result(timeout=20) == folder
    assert store.missing(PAPER, 5, 60) == []
