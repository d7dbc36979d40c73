"""Ctrl-C, SIGTERM and kill: finished blocks are kept, and the next run goes on."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time

import psutil
import pytest

from replication.protocol import PAPER
from replication.simulator.outcomes import compute_digest
from replication.store import Store
from replication.store.store import lock_path
from tests.reliability.faults import (
    COMMAND,
    WRITE,
    assert_clean,
    assert_recovers,
    call,
    compute_reference,
    simulate_command,
    start,
    wait_until,
    write_words,
)
from tests.unit.store.invented import check, invent, simulate

NEVER = ("--set", "learning_rate=0.000001", "--set", "max_updates=10000000")
"""A protocol under which no network ever converges, and a block takes minutes."""


def list_blocks(results) -> list[str]:
    return sorted(path.name for path in results.glob("outcomes/*/*/1988/0*.parquet"))


def is_simulating(process) -> bool:
    """Tell whether a run or a worker has got past its start, which is the work of one thread."""
    with contextlib.suppress(psutil.Error):
        threads = psutil.Process(process.pid).threads()
        return sum(thread.user_time for thread in threads if thread.id != process.pid) > 0.3
    return False


def end(process) -> str:
    """Wait for a process that was told to end; return its messages."""
    wait_until(lambda: process.poll() is not None, seconds=20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate(timeout=20)[1]


@pytest.mark.alone
@pytest.mark.parametrize(
    ("number", "code", "jobs"),
    [(signal.SIGINT, 130, "2"), (signal.SIGTERM, 143, "1"), (signal.SIGHUP, 129, "2")],
)
def test_a_run_that_never_ends_is_ended_within_two_seconds(tmp_path, number, code, jobs):
    process = start(*simulate_command(tmp_path / "results", 200_000, *NEVER, "--jobs", jobs))
    assert wait_until(lambda: is_simulating(process))
    process.send_signal(number)
    begun = time.monotonic()
    wait_until(lambda: process.poll() is not None, seconds=5)
    seconds = time.monotonic() - begun
    messages = end(process)
    assert process.returncode == code, messages
    assert seconds < 2, f"took {seconds:.1f} s"
    assert "Traceback" not in messages
    assert "run the same command again to go on" in messages


@pytest.mark.alone
def test_ctrl_c_ends_tasks_that_have_begun_others(tmp_path):
    """An experiment maps over settings, and each maps over networks."""
    code = (
        "import sys, replication.simulator.ensemble as e;"
        "from replication.protocol import Protocol; from replication.threads import map_in_threads;"
        "from replication.interruption import Interruption;"
        "p = Protocol(learning_rate=1e-6, max_updates=10_000_000)\n"
        "with Interruption():\n"
        "    map_in_threads(lambda _: e.simulate(p, n_seeds=5000, jobs=1), range(4), jobs=2)"
    )
    process = start(sys.executable, "-c", code)
    assert wait_until(lambda: is_simulating(process))
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    wait_until(lambda: process.poll() is not None, seconds=5)
    assert time.monotonic() - begun < 2
    assert "Interrupted" in end(process)


def test_finished_blocks_are_kept_and_counted(tmp_path):
    results = tmp_path / "results"
    process = start(*simulate_command(results, 50_000_000))
    assert wait_until(lambda: len(list_blocks(results)) >= 3)
    process.send_signal(signal.SIGTERM)
    messages = end(process)
    assert process.returncode == 143, messages
    kept = list_blocks(results)
    assert len(kept) >= 3
    store = Store(results)
    checked = check(store, store.study_folder(PAPER, 1988))
    assert checked.faults == {}
    assert len(checked.blocks) == len(kept)
    assert not list(results.rglob("*.part"))


def has_begun(process, results) -> bool:
    """Tell whether a run holds the lock of its store, or is over already."""
    folder = Store(results).study_folder(PAPER, 1988)
    lock = str(lock_path(folder, "write").resolve())
    try:
        return lock in [file.path for file in psutil.Process(process.pid).open_files()]
    except psutil.Error:
        return process.poll() is not None


def interrupt_at_random(tmp_path, *, n_interruptions: int) -> None:
    """Interrupt one study again and again, in three ways, and let it finish.

    Where a fast machine finishes it all the same, it is extended.
    """
    results = tmp_path / "results"
    draw = random.Random(n_interruptions)
    ways = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
    n_all = step = 100_000
    n_fired = 0
    while n_fired < n_interruptions:
        number, code = ways[n_fired % 3]
        process = start(*WRITE, 0.005, *write_words(results, n_all))
        assert wait_until(lambda process=process: has_begun(process, results))
        enough = len(list_blocks(results)) + draw.randrange(3)
        wait_until(
            lambda enough=enough, process=process: (
                len(list_blocks(results)) >= enough or process.poll() is not None
            )
        )
        time.sleep(draw.uniform(0, 0.1))
        process.send_signal(number)
        messages = end(process)
        if process.returncode == 0:
            n_all += step
            continue
        assert process.returncode == code, messages
        assert "Traceback" not in messages
        n_fired += 1
    assert_recovers(results, n_all, compute_digest([invent(0, n_all)]), simulate)


def test_six_random_interruptions_change_nothing(tmp_path):
    interrupt_at_random(tmp_path, n_interruptions=6)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_three_hundred_random_interruptions_change_nothing(tmp_path):
    interrupt_at_random(tmp_path, n_interruptions=300)


def test_of_several_runs_at_once_one_works_and_the_others_leave(tmp_path):
    results = tmp_path / "results"
    command = simulate_command(results, 1_000_000, *NEVER, "--jobs", "1")
    processes = [start(*command) for _ in range(3)]
    assert wait_until(lambda: sum(p.poll() is not None for p in processes) == 2, seconds=60)
    (working,) = [process for process in processes if process.poll() is None]
    assert wait_until(lambda: is_simulating(working))
    working.send_signal(signal.SIGINT)
    ends = [(end(process), process.returncode) for process in processes]
    assert sorted(code for _, code in ends) == [75, 75, 130], ends
    for messages, code in ends:
        assert "Traceback" not in messages
        if code == 75:
            assert "another process is working on" in messages
    assert_recovers(results, 1000, compute_reference(1000))


def test_three_studies_at_once_in_one_folder_all_work(tmp_path):
    """They have root seeds in common; once three of the five were refused."""
    processes = [
        start(
            *COMMAND, "simulate", "--seeds", "2000", "--root-seed", str(root_seed),
            "--results", str(tmp_path / "results"),
        )
        for root_seed in range(3)
    ]  # fmt: skip
    ends = [(end(process), process.returncode) for process in processes]
    assert [code for _, code in ends] == [0] * 3, ends
    store = Store(tmp_path / "results")
    for study in store.studies():
        assert store.missing(PAPER, study.root_seed, 2000) == []
        assert check(store, study.path).messages == []
    assert len(store.studies()) == 8


def test_reading_while_another_run_writes_works(tmp_path):
    results = tmp_path / "results"
    assert_clean(call("simulate", "--seeds", "2000", "--results", results), 0)
    process = start(*simulate_command(results, 50_000_000, "--jobs", "1"))
    n_before = len(list_blocks(results))
    assert wait_until(lambda: len(list_blocks(results)) > n_before)
    try:
        for command in ("verify", "info"):
            assert_clean(call(command, "--results", results), 0)
        assert_clean(call("repair", "--results", results), 75)
    finally:
        process.kill()
        end(process)
