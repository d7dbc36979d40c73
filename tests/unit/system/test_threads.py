"""Small tasks in threads: order, and what happens when one fails."""

import threading
import time

import pytest

from replication.system.threads import Stopped, count_workers, find_flag, map_in_threads


def test_results_come_in_the_order_of_the_tasks_whichever_ends_first():
    begun = threading.Event()

    def wait(task):
        if task == 0:
            begun.wait(10)
        else:
            begun.set()
        return 2 * task

    assert map_in_threads(wait, range(4), jobs=2) == [0, 2, 4, 6]


def test_an_exception_sets_the_flags_of_tasks_and_of_those_that_they_began():
    flags = []
    ready = threading.Barrier(2)

    def watch(_):
        flags.append(find_flag())
        ready.wait(10)
        while not flags[-1][0]:
            time.sleep(0.001)
        raise Stopped

    def work(task):
        if task == 0:
            map_in_threads(watch, [0], jobs=1)
        ready.wait(10)
        raise ValueError("no")

    with pytest.raises((ValueError, Stopped)):
        map_in_threads(work, range(2), jobs=2)
    assert flags[0][0]


def test_outside_of_tasks_nothing_is_ever_stopped():
    assert not find_flag()[0]
    with pytest.raises(ValueError, match="no"):
        map_in_threads(lambda _: int("no"), [1])
    assert map_in_threads(lambda _: bool(find_flag()[0]), [1]) == [False]


def test_workers_are_the_cores_that_this_process_may_use(monkeypatch):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 2, 5})
    assert (count_workers(7), count_workers(-1)) == (7, 3)
    monkeypatch.delattr("os.sched_getaffinity")
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert count_workers(-1) == 1
