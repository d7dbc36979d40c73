"""Blocks in threads: what a failing one raises, their order, and how work is shared."""

import contextlib
import functools
import threading
import time
from concurrent.futures import CancelledError, ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest

from replication.definition.protocol import PAPER, Protocol
from replication.errors import WorkerError
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running import backends, ensemble
from replication.simulator.running.ensemble import cut_range, simulate_ranges, simulate_weights

RANGES = [(start, start + 10) for start in range(0, 100, 10)]


class KilledWorker(Exception):
    """Named as the error of Dask is."""


@pytest.mark.parametrize(("scheduler", "error", "kind", "message"), [
    (None, MemoryError(), WorkerError, "ran out of memory"),
    (None, ZeroDivisionError("a fault of ours"), ZeroDivisionError, "a fault of ours"),
    ("tcp://s:1", KilledWorker(), WorkerError, "lost .KilledWorker"),
    ("tcp://s:1", CancelledError(), WorkerError, r"at 'tcp://s:1' was lost \(Cancelled"),
    ("tcp://s:1", None, WorkerError, "finished nothing for 1 s"),
])  # fmt: skip
def test_a_failed_block_raises_after_finished_ones(monkeypatch, scheduler, error, kind, message):
    @contextlib.contextmanager
    def open_pool(*_):
        with ThreadPoolExecutor(2) as pool:

            def submit(work, *given, pure):
                return pool.submit(work, *given)

            yield 2, functools.partial(backends.run_tasks, SimpleNamespace(submit=submit), 2)

    others_are_finished = threading.Event()

    # The second half of the blocks fails after the first half is there.
    def simulate(protocol, root_seed, seeds, simulate_range=ensemble.simulate_range, **options):
        if seeds[0] < 50:
            return simulate_range(protocol, root_seed, seeds, **options)
        others_are_finished.wait(10)
        time.sleep(0 if error else 1.5)
        raise error or ZeroDivisionError

    monkeypatch.setattr(ensemble, "simulate_range", simulate)
    if scheduler is not None:
        monkeypatch.setattr(backends, "open_cluster", open_pool)
        monkeypatch.setattr(backends, "SECONDS_OF_PATIENCE", 1.0)
    running = simulate_ranges(PAPER, 1988, RANGES, jobs=2, scheduler=scheduler)
    assert sorted(next(running).start for _ in range(5)) == [0, 10, 20, 30, 40]
    others_are_finished.set()
    with pytest.raises(kind, match=message):
        next(running)


def test_what_several_threads_return_has_the_order_of_the_weights():
    weights = draw_weights(PAPER, 1988, 0, 12_000)
    assert len(cut_range(PAPER.n_weights, 0, 12_000, workers=2)) == 2
    found = simulate_weights(PAPER, weights, jobs=2)
    expected = simulate_weights(PAPER, weights)
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("n", "sizes", "workers", "expected"), [
    (10, (4, 2), 4, [10]),  # too little work to share
    (50_000, (4, 2), 2, [20_000, 20_000, 10_000]),
    (50_000, (4, 2), 50, [5957] * 8 + [2344]),
    (32, (256, 256), 4, [8] * 4),  # once one thread simulated all of few large networks
])  # fmt: skip
def test_all_workers_share_what_is_enough_for_them(n, sizes, workers, expected):
    pieces = cut_range(Protocol(group_sizes=sizes).n_weights, 100, 100 + n, workers=workers)
    assert [stop - start for start, stop in pieces] == expected
    assert [start for start, _ in pieces[1:]] == [stop for _, stop in pieces[:-1]]
