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


SIMULATE_AND_WAIT = """
import time
from replication.protocol import PAPER
from replication.simulator.ensemble import simulate_ranges
list(simulate_ranges(PAPER, 1988, [(0, 100), (100, 200)], jobs=2, backend="loky"))
print("done", flush=True)
time.sleep(600)
"""


def list_blocks(results) -> list[str]:
    return sorted(path.name for path in results.glob("outcomes/*/*/1988/0*.parquet"))


def is_simulating(process) -> bool:
    """Tell whether a run or a worker has got past its start, which is the work of one thread."""
    with contextlib.suppress(psutil.Error):
        threads = psutil.Process(process.pid).threads()
        return sum(thread.user_time for thread in threads if thread.id != process.pid) > 0.3
    return False


def list_group(process) -> list[psutil.Process]:
    """Return what still runs of a process and its children; not what waits to be reaped."""
    alive = []
    for other in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(other.pid) == process.pid and other.status() != psutil.STATUS_ZOMBIE:
                alive.append(other)
    return alive


def end(process) -> str:
    """Wait for a process that was told to end; return its messages."""
    wait_until(lambda: process.poll() is not None, seconds=20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate(timeout=20)[1]


@pytest.mark.alone
@pytest.mark.parametrize(
    ("number", "code", "backend"),
    [
        (signal.SIGINT, 130, "threading"),
        (signal.SIGTERM, 143, "threading"),
        (signal.SIGHUP, 129, "threading"),
        (signal.SIGINT, 130, "loky"),
        (signal.SIGTERM, 143, "loky-at-its-start"),
        (signal.SIGHUP, 129, "loky"),
    ],
)
def test_a_run_that_never_ends_is_ended_within_two_seconds(tmp_path, number, code, backend):
    options = ("--backend", backend.removesuffix("-at-its-start"))
    process = start(*simulate_command(tmp_path / "results", 200_000, *NEVER, *options))
    if backend == "threading":
        assert wait_until(lambda: is_simulating(process))
    else:
        # At this moment the workers are still importing.
        assert wait_until(lambda: len(psutil.Process(process.pid).children(recursive=True)) >= 3)
        if backend == "loky":
            assert wait_until(lambda: any(map(is_simulating, list_group(process)[1:])))
    # A terminal sends Ctrl-C to all processes of the group, `kill` its signal to one.
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    begun = time.monotonic()
    wait_until(lambda: not list_group(process), seconds=5)
    seconds = time.monotonic() - begun
    left = list_group(process)
    messages = end(process)
    assert process.returncode == code, messages
    assert seconds < 2, f"took {seconds:.1f} s; left: {left}"
    assert "Traceback" not in messages
    assert "run the same command again to go on" in messages


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_finished_blocks_are_kept_and_counted(tmp_path, number, code):
    results = tmp_path / "results"
    process = start(*simulate_command(results, 50_000_000))
    assert wait_until(lambda: len(list_blocks(results)) >= 3)
    process.send_signal(number)
    messages = end(process)
    assert process.returncode == code, messages
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


def test_nine_random_interruptions_change_nothing(tmp_path):
    interrupt_at_random(tmp_path, n_interruptions=9)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_three_hundred_random_interruptions_change_nothing(tmp_path):
    interrupt_at_random(tmp_path, n_interruptions=300)


@pytest.mark.parametrize("moment", ["at their start", "at work", "stopped", "idle"])
def test_workers_do_not_outlive_a_killed_run(tmp_path, moment):
    """Idle ones once did, for as long as the machine ran."""
    if moment == "idle":
        process = start(sys.executable, "-c", SIMULATE_AND_WAIT)
        assert process.stdout.readline() == "done\n"
    else:
        words = (*NEVER, "--backend", "loky")
        process = start(*simulate_command(tmp_path / "results", 200_000, *words))
        assert wait_until(lambda: len(list_group(process)) >= 4)
    if moment in ("at work", "stopped"):
        assert wait_until(lambda: any(map(is_simulating, list_group(process)[1:])))
    if moment == "stopped":
        process.send_signal(signal.SIGSTOP)
        time.sleep(0.2)
    assert len(list_group(process)) >= 4, "no worker was there"
    process.kill()
    process.wait()
    try:
        assert wait_until(lambda: not list_group(process), seconds=10), list_group(process)
    finally:
        end(process)


def test_of_several_runs_at_once_one_works_and_the_others_leave(tmp_path):
    results = tmp_path / "results"
    command = simulate_command(results, 1_000_000, *NEVER, "--jobs", "1")
    processes = [start(*command) for _ in range(4)]
    assert wait_until(lambda: sum(p.poll() is not None for p in processes) == 3, seconds=60)
    (working,) = [process for process in processes if process.poll() is None]
    assert wait_until(lambda: is_simulating(working))
    working.send_signal(signal.SIGINT)
    ends = [(end(process), process.returncode) for process in processes]
    assert sorted(code for _, code in ends) == [75, 75, 75, 130], ends
    for messages, code in ends:
        assert "Traceback" not in messages
        if code == 75:
            assert "another process is working on" in messages
    assert_recovers(results, 1000, compute_reference(1000))


def test_reading_while_another_run_writes_works(tmp_path):
    results = tmp_path / "results"
    assert_clean(call("simulate", "--seeds", "2000", "--results", results), 0)
    process = start(*simulate_command(results, 1_000_000, *NEVER, "--jobs", "1"))
    assert wait_until(lambda: is_simulating(process))
    try:
        for command in ("verify", "info"):
            assert_clean(call(command, "--results", results), 0)
        assert_clean(call("repair", "--results", results), 75)
    finally:
        process.kill()
        end(process)
