"""Small tasks in threads: order, and what happens when one fails."""

from __future__ import annotations

import threading
import time

import pytest

from replication.experiments.parallel import map_in_threads


def test_results_come_in_the_order_of_the_tasks_whichever_ends_first():
    begun = threading.Event()

    def wait(task: int) -> int:
        if task == 0:
            begun.wait(10)
        else:
            begun.set()
        return 2 * task

    assert map_in_threads(wait, range(4), jobs=2) == [0, 2, 4, 6]


def test_tasks_that_have_not_begun_when_one_fails_never_do():
    done = []

    def work(task: int) -> None:
        if task == 0:
            raise ValueError("no")
        time.sleep(0.01)
        done.append(task)

    with pytest.raises(ValueError, match="no"):
        map_in_threads(work, range(200), jobs=1)
    assert len(done) < 200
