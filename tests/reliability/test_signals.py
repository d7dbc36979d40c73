"""Ctrl-C, SIGTERM and a hang-up end a command soon, with one line."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.reliability import faults

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


SIMULATE = (*faults.COMMAND, "simulate", "--seeds", "200000", *NEVER, "--jobs")
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
    assert messages.endswith("run the same command again to start over\n")


@pytest.mark.parametrize(("number", "code"), [
    (signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129),
])  # fmt: skip
def test_a_signal_while_libraries_are_loaded_ends_in_one_line(tmp_path, number, code):
    # In the place of a library that takes long to load, before and after options are read.
    for library, words in (("shtab", ["--version"]), ("numpy", ["simulate", "--seeds", "10"])):
        loading = tmp_path / "loading"
        # Many short sleeps: a signal just before a long one would be answered when that has ended.
        wait = "[time.sleep(0.05) for _ in range(1200)]"
        slow = f"import pathlib, time; pathlib.Path({str(loading)!r}).touch(); {wait}"
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
