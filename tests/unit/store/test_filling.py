"""Only what is missing is simulated, and what a worker loses is tried once more."""

import itertools
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from replication.definition.protocol import PAPER, Protocol
from replication.errors import BusyError, StorageError, WorkerError
from replication.simulator.ensemble import LostWorker
from replication.store import Store, filling
from replication.store.filling import choose_block_size, cut_blocks, simulate_blocks
from replication.system.interruption import Interrupted
from tests.reliability.faults import wait_until
from tests.unit.store.invented import fill, invent, replace_simulation, simulate


def test_only_what_is_missing_is_simulated(tmp_path):
    asked = []

    def remember(protocol, root_seed, ranges, **options):
        asked.append(list(ranges))
        return simulate(protocol, root_seed, asked[-1], **options)

    store = Store(tmp_path)
    for n_seeds in (1000, 1700, 1200):
        fill(store, n_seeds, block_size=600, simulation=remember)
    assert asked == [[(0, 600), (600, 1000)], [(1000, 1600), (1600, 1700)]]


def test_blocks_keep_all_workers_busy_and_are_small_enough_to_lose_and_for_the_memory():
    for n_missing, jobs, size in ((1, 1, 1000), (10_001, 1, 2501), (10_000, 2, 1250)):
        assert choose_block_size(PAPER, n_missing, jobs) == size
    assert choose_block_size(PAPER, 10**8, 4) == 100_000
    large = Protocol(group_sizes=(256, 256))
    assert 8 * large.n_weights * choose_block_size(large, 10**8, 4) <= filling.BLOCK_MEMORY


def test_a_folder_that_is_deleted_during_a_run_is_named(tmp_path):
    """Once the message said that what was written before is intact."""

    def delete(protocol, root_seed, ranges, **_):
        for i, pair in enumerate(ranges):
            if i == 1:
                (tmp_path / "results").rename(tmp_path / "gone")
            yield invent(*pair)

    with pytest.raises(StorageError, match="there is no folder .*/1988': .* run this") as caught:
        fill(Store(tmp_path / "results"), 60, simulation=delete)
    assert "intact" not in str(caught.value)


@pytest.mark.parametrize(
    ("n_begun", "finished", "written", "lost"),
    [
        (0, slice(0), [], "0 to 5999"),
        (3, slice(1, None), [1000, 2000, 3000, 4000], "0 to 999"),
        (3, slice(-1), [0, 1000, 2000, 3000, 4000], "5000 to 5999"),
    ],
)
def test_a_block_that_is_lost_twice_ends_the_run(capsys, n_begun, finished, written, lost):
    """Of six blocks some are begun in each round, and some of these are finished."""
    starts = []

    def lose(protocol, root_seed, ranges, **_):
        for pair in list(itertools.islice(ranges, n_begun))[finished]:
            yield invent(*pair)
        raise LostWorker("a worker died")

    with replace_simulation(lose), pytest.raises(WorkerError, match=f"networks {lost}; finished"):
        simulate_blocks(
            cut_blocks([(0, 6000)], 1000), PAPER, 5,
            lambda outcomes: starts.append(outcomes.start), show_progress=False,
        )  # fmt: skip
    assert starts == written
    assert "a worker died; what was lost will be simulated again" in capsys.readouterr().err


def test_a_block_is_written_to_its_end_before_a_signal_ends_the_run():
    written = []

    def write(outcomes):
        signal.raise_signal(signal.SIGTERM)
        written.append(outcomes.start)

    with replace_simulation(), pytest.raises(Interrupted):
        simulate_blocks([(0, 10), (10, 20)], PAPER, 5, write, show_progress=False)
    assert written == [0]


def test_the_same_study_is_refused_and_as_part_of_another_waited_for(tmp_path, monkeypatch):
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
    said = []
    monkeypatch.setattr(filling, "report_progress", said.append)
    with ThreadPoolExecutor() as pool:
        with store.lock(folder):
            waiting = pool.submit(fill, other, 60, root_seed=5, wait=True)
            assert wait_until(lambda: said)
            assert "waiting until it has ended" in said[0]
            assert not waiting.done()
        assert waiting.result(timeout=20) == folder
    assert store.missing(PAPER, 5, 60) == []
