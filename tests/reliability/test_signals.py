"""Ctrl-C, SIGTERM and kill: finished blocks are kept, and the next run goes on."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.reliability import faults
from tests.reliability.writing import write_slowly
from tests.unit.cache.invented import compute_reference, find_digest, list_blocks, simulate

NEVER = ("--set", "learning_rate=0.000001", "--set", "max_updates=10000000")
"""A protocol under which no network ever converges, and a block takes minutes."""

SLOW = """
import numpy as np
import replication

class Slow(replication.Network):
    shapes = {"b": (4,)}

    def image(self, v):
        return self.b * v

    def weight_changes(self, v, target):
        return (CHANGE,)
"""


def is_simulating(process):
    """Tell whether a run or a worker has got past its start, which is that of one thread."""
    with contextlib.suppress(psutil.Error):
        threads = psutil.Process(process.pid).threads()
        seconds = {thread.id: thread.user_time for thread in threads}
        # Loading takes the first thread a second or two; a rule is traced there, too.
        return seconds.pop(process.pid) > 3.0 or sum(seconds.values()) > 0.3
    return False


def interrupt(process, number):
    """Send a signal to a run once it works; return the seconds until it ends, and its messages.

    Of its own: those in which it could run, but other tests had the cores, are not counted.
    """

    def read_clock():
        # The second number: nanoseconds for which the first thread has waited for a core.
        path = Path(f"/proc/{process.pid}/schedstat")
        return time.monotonic() - (int(path.read_text().split()[1]) / 1e9 if path.exists() else 0)

    assert faults.wait_until(lambda: is_simulating(process))
    begun = read_clock()
    process.send_signal(number)
    ended = os.WEXITED | os.WNOWAIT | os.WNOHANG
    faults.wait_until(lambda: os.waitid(os.P_PID, process.pid, ended), seconds=20)
    seconds = read_clock() - begun
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return seconds, process.communicate(timeout=20)[1]


SIMULATE = (*faults.ONE_STUDY, "simulate", "--seeds", "200000", *NEVER, "--jobs")
RULE = (*faults.COMMAND, "rule", "mine.py", "--seeds", "100000000")


@pytest.mark.parametrize(("number", "code", "command", "change"), [
    (signal.SIGINT, 130, (*SIMULATE, "2"), ""),
    (signal.SIGTERM, 143, (*SIMULATE, "1"), ""),
    (signal.SIGINT, 130, RULE, "replication.repeat(10**9, lambda x: 0.5 * x, v)"),
    # It compiles for seconds, and its networks then learn for hours: it never ends by itself.
    (signal.SIGINT, 130, RULE, "sum(replication.logistic(self.b * k) for k in range(240))"),
], ids=["INT", "TERM", "rule-to-run", "rule-to-compile"])  # fmt: skip
def test_what_takes_too_long_is_ended_within_two_seconds(tmp_path, number, code, command, change):
    (tmp_path / "mine.py").write_text(SLOW.replace("CHANGE", change))
    process = faults.start(*command, cwd=tmp_path)
    seconds, messages = interrupt(process, number)
    assert process.returncode == code, messages
    assert seconds < 2, f"took {seconds:.1f} s"
    assert "Traceback" not in messages
    end = "start over" if command is RULE else "go on"
    assert messages.endswith(f"run the same command again to {end}\n")


@pytest.mark.parametrize(("number", "code"), [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129),
])  # fmt: skip
def test_a_signal_while_libraries_are_loaded_ends_in_one_line(tmp_path, number, code):
    # In the place of a library that takes long to load, before and after options are read.
    for library, words in (("shtab", ["--version"]), ("numpy", ["simulate", "--seeds", "10"])):
        loading = tmp_path / "loading"
        slow = f"import pathlib, time; pathlib.Path({str(loading)!r}).touch(); time.sleep(60)"
        (tmp_path / f"{library}.py").write_text(slow)
        command = [faults.COMMAND[0], "-m", "replication", *words]
        environment = faults.make_environment(PYTHONPATH=f"{tmp_path}:{faults.ROOT}")
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
            assert faults.wait_until(loading.exists)
            process.send_signal(number)
            _, messages = process.communicate(timeout=20)
        assert process.returncode == code
        assert messages.startswith(b"replication: interrupted; ")
        assert messages.count(b"\n") == 1
        loading.unlink()
        (tmp_path / f"{library}.py").unlink()


@pytest.mark.parametrize(("number", "code"), [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL),
])  # fmt: skip
def test_finished_blocks_are_kept_and_the_next_run_goes_on(tmp_path, number, code):
    cache, log = tmp_path / "cache", tmp_path / "log"
    process = faults.FORKS.Process(target=write_slowly, args=(cache, log))
    process.start()
    assert faults.wait_until(lambda: len(list_blocks(cache)) > 3)
    kept = list_blocks(cache)
    os.kill(process.pid, number)
    process.join(20)
    assert process.exitcode == code, log.read_text()
    assert "Traceback" not in log.read_text()
    assert set(kept) <= set(list_blocks(cache))
    faults.assert_recovers(cache, 20_000, compute_reference(20_000), simulate)


# What once made two versions side by side delete the blocks of each other.
OTHER_VERSION = (
    "import importlib.metadata, platform; importlib.metadata.version = lambda _: '9.9'; "
    "platform.python_version = lambda: '3.99.0'; "
)


def test_several_runs_at_once_all_work_and_give_the_right_digest(cache_folder):
    """Of different versions and numbers of networks: the last blocks are not equally long."""
    counts = (70_000, 100_000)  # of two blocks, the second of which is longer in one
    commands = [faults.simulate_command(n_seeds, "--jobs", "1") for n_seeds in counts]
    commands[1][2] = OTHER_VERSION + commands[1][2]
    processes = [faults.start(*command) for command in commands]
    for process, n_seeds in zip(processes, counts, strict=True):
        shown, messages = process.communicate(timeout=120)
        assert process.returncode == 0, messages
        assert faults.compute_reference(n_seeds) in shown
    assert len(list_blocks(cache_folder)) == 2
    assert find_digest(cache_folder, 100_000) == faults.compute_reference(100_000)
