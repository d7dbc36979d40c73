"""Small tasks in threads: order, and what happens when one fails."""

import contextlib
import threading
import time

import pytest

from replication.errors import UsageError
from replication.system import threads


def test_results_come_in_the_order_of_the_tasks_whichever_ends_first():
    tasks = [0.1, 0.0, 0.01, 0.0]
    assert threads.map_in_threads(lambda pause: time.sleep(pause) or pause, tasks, jobs=2) == tasks


def test_an_exception_sets_the_flags_of_tasks_and_of_those_that_they_began():
    flags = []
    ready = threading.Barrier(2)

    def watch(_):
        flags.append(threads.find_flag())
        ready.wait(10)
        while not flags[-1][0]:
            time.sleep(0.001)
        raise threads.Stopped

    def work(task):
        if task == 0:
            threads.map_in_threads(watch, [0], jobs=1)
        ready.wait(10)
        raise ValueError("no")

    with pytest.raises((ValueError, threads.Stopped)):
        threads.map_in_threads(work, range(2), jobs=2)
    assert flags[0][0]


def test_workers_are_the_cores_that_this_process_may_use_also_under_a_quota(monkeypatch):
    """A container that may use half of a machine has half of its workers."""
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0})
    assert [threads.count_workers(jobs) for jobs in (7, -1)] == [7, 1]
    monkeypatch.undo()
    monkeypatch.setattr("joblib.externals.loky.backend.context._cpu_count_cgroup", lambda _: 1)
    assert threads.count_workers(-1) == 1


def test_one_job_leaves_the_main_thread_free_for_signals():
    names = threads.map_in_threads(lambda _: threading.current_thread().name, [0, 1], jobs=1)
    assert threading.main_thread().name not in names


def test_tasks_are_taken_not_long_before_they_start_and_none_after_the_caller_leaves():
    tasks, flags = iter(range(1000)), []

    def work(i):
        flags.append(threads.find_flag())
        time.sleep(0.01)
        return i

    results = threads.iterate_in_threads(work, tasks, jobs=2)
    next(results)
    results.close()
    # Two workers, and a few tasks that wait.
    assert next(tasks) < 100
    assert all(flag[0] for flag in flags)


def test_threads_need_nothing_that_processes_need(monkeypatch):
    """Once joblib's missing name was a traceback."""
    monkeypatch.delattr("joblib._parallel_backends.ThreadPool")
    assert threads.map_in_threads(abs, [-1, 2], jobs=2) == [1, 2]


def test_a_limit_on_cores_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "abc")
    with pytest.raises(UsageError, match="LOKY_MAX_CPU_COUNT='abc' is set; allowed is a whole"):
        threads.map_in_threads(abs, [1])


@pytest.mark.parametrize(
    ("limit", "is_refused"), [("max\n", False), ("1000000\n", True), ("", False)]
)
def test_the_memory_of_a_container_counts(tmp_path, monkeypatch, limit, is_refused):
    """Once networks that fit into the machine alone were begun, and the container was ended."""
    # As cgroups write it: "max" where there is no limit.
    (tmp_path / "memory.max").write_text(limit)
    monkeypatch.setattr(threads, "MEMORY_LIMITS", (tmp_path / "memory.max", tmp_path / "none"))
    with (
        pytest.raises(UsageError, match="of memory; wait")
        if is_refused
        else contextlib.nullcontext()
    ):
        threads.check_memory(2e6, "two megabytes", "wait")
