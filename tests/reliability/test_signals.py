"""Ctrl-C, SIGTERM and kill: finished blocks are kept, and the next run goes on."""

import contextlib
import os
import random
import signal
import time

import psutil
import pytest

from replication.definition.protocol import PAPER
from replication.simulator.outcomes import compute_digest
from replication.store import Store
from replication.store.store import lock_path
from tests.reliability import faults
from tests.reliability.writing import write_slowly
from tests.unit.store.invented import invent, simulate

NEVER = ("--set", "learning_rate=0.000001", "--set", "max_updates=10000000")
"""A protocol under which no network ever converges, and a block takes minutes."""


def list_blocks(results):
    return sorted(path.name for path in results.glob("outcomes/*/*/1988/0*.parquet"))


def is_simulating(process):
    """Tell whether a run or a worker has got past its start, which is the work of one thread."""
    with contextlib.suppress(psutil.Error):
        threads = psutil.Process(process.pid).threads()
        return sum(thread.user_time for thread in threads if thread.id != process.pid) > 0.3
    return False


def end(process):
    """Wait for a process that was told to end; return its messages."""
    faults.wait_until(lambda: process.poll() is not None, seconds=20)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.communicate(timeout=20)[1]


@pytest.mark.alone
@pytest.mark.parametrize(
    ("number", "code", "jobs"),
    [(signal.SIGINT, 130, "2"), (signal.SIGTERM, 143, "1"), (signal.SIGHUP, 129, "2")],
)
def test_a_run_that_never_ends_is_ended_within_two_seconds(tmp_path, number, code, jobs):
    process = faults.start(
        *faults.simulate_command(tmp_path / "results", 200_000, *NEVER, "--jobs", jobs)
    )
    assert faults.wait_until(lambda: is_simulating(process))
    process.send_signal(number)
    begun = time.monotonic()
    faults.wait_until(lambda: process.poll() is not None, seconds=5)
    seconds = time.monotonic() - begun
    messages = end(process)
    assert process.returncode == code, messages
    assert seconds < 2, f"took {seconds:.1f} s"
    assert "Traceback" not in messages
    assert "run the same command again to go on" in messages


def has_begun(process, results):
    """Tell whether a run holds the lock of its store, or is over already."""
    folder = Store(results).study_folder(PAPER, 1988)
    lock = str(lock_path(folder, "write").resolve())
    try:
        return lock in [file.path for file in psutil.Process(process.pid).open_files()]
    except psutil.Error:
        return not process.is_alive()


LONG = (pytest.mark.long, pytest.mark.timeout(1800))


@pytest.mark.parametrize("n_interruptions", [6, pytest.param(300, marks=LONG)])
def test_random_interruptions_change_nothing(tmp_path, n_interruptions):
    """Interrupt one study again and again, in three ways, and let it finish.

    Where a fast machine finishes it all the same, it is extended.
    """
    results, log = tmp_path / "results", tmp_path / "log"
    draw = random.Random(n_interruptions)
    ways = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)]
    n_all = step = 100_000
    n_fired = 0
    while n_fired < n_interruptions:
        number, code = ways[n_fired % 3]
        process = faults.FORKS.Process(
            target=write_slowly, args=(faults.write_words(results, n_all), log)
        )
        process.start()
        assert faults.wait_until(lambda process=process: has_begun(process, results))
        kept = list_blocks(results)
        enough = len(kept) + draw.randrange(3)
        faults.wait_until(
            lambda enough=enough, process=process: (
                len(list_blocks(results)) >= enough or not process.is_alive()
            )
        )
        time.sleep(draw.uniform(0, 0.1))
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, number)
        process.join(20)
        assert set(kept) <= set(list_blocks(results))
        if process.exitcode == 0:
            n_all += step
            continue
        assert process.exitcode == code, log.read_text()
        assert "Traceback" not in log.read_text()
        n_fired += 1
    faults.assert_recovers(results, n_all, compute_digest([invent(0, n_all)]), simulate)


def test_of_several_runs_at_once_one_works_and_the_others_leave(tmp_path):
    results = tmp_path / "results"
    command = faults.simulate_command(results, 1_000_000, *NEVER, "--jobs", "1")
    processes = [faults.start(*command) for _ in range(3)]
    assert faults.wait_until(lambda: sum(p.poll() is not None for p in processes) == 2, seconds=60)
    (working,) = [process for process in processes if process.poll() is None]
    assert faults.wait_until(lambda: is_simulating(working))
    working.send_signal(signal.SIGINT)
    ends = [(end(process), process.returncode) for process in processes]
    assert sorted(code for _, code in ends) == [75, 75, 130], ends
    for messages, code in ends:
        assert "Traceback" not in messages
        if code == 75:
            assert "another process is working on" in messages
    faults.assert_recovers(results, 1000, faults.compute_reference(1000))
