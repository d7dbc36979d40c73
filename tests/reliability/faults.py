"""Commands as a user types them, and the means to make them fail."""

import contextlib
import functools
import io
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import pytest

from replication.cli import main
from replication.definition.protocol import PAPER
from replication.paper import study as definition
from replication.publication.models import write_model
from replication.publication.placing import place_files
from replication.simulator.running.ensemble import simulate
from replication.simulator.running.outcomes import compute_digest
from tests.reliability.writing import write_when_traced

ROOT = Path(__file__).parents[2]
PAGE = {"report.html": b"page"}
COMMAND = [sys.executable, "-m", "replication"]

# What the fixture `few_resamples` does, for another process.
FEW_RESAMPLES = (
    "from replication.comparison import comparison\n"
    "from replication.statistics import sampling\n"
    "comparison.Effort = lambda: sampling.Effort(10_000, 100)\n"
)

# A process that has imported everything and forks: the calls of an import are not traced then.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.reliability.writing", "tests.cluster.serving"])


def require(condition, message):
    """Skip on a machine that lacks something; continuous integration must have it."""
    if not condition:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(message)


def require_tool(name):
    path = shutil.which(name)
    require(path, f"{name} is not installed; install it to run this test (apt-get install {name})")
    return str(path)


def make_environment(**changes):
    """Return the environment of a command; None removes a variable."""
    own = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    changed = {**os.environ, **own, **changes}
    return {name: value for name, value in changed.items() if value is not None}


def run(*command, env=None, timeout=120, cwd=ROOT):
    """Run a command to its end; its output is text."""
    return subprocess.run(
        [str(word) for word in command], env=env or make_environment(), cwd=cwd, timeout=timeout,
        capture_output=True, text=True, errors="replace", check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def start(*command, cwd=ROOT):
    """Start a command in a process group of its own."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        command, env=make_environment(), cwd=cwd, text=True, start_new_session=True, **pipes
    )


def call(*words):
    """Run a command in this process, which is quicker where no process has to end."""
    output, messages = io.StringIO(), io.StringIO()
    changed = mock.patch.object(definition, "N_REPETITIONS", 0)
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(messages), changed:
        code = main([str(word) for word in words])
    return subprocess.CompletedProcess(words, code, output.getvalue(), messages.getvalue())


def simulate_command(n_seeds, *options):
    """Return the command for one small study."""
    return [*COMMAND, "simulate", "--seeds", str(n_seeds), "--jobs", "2", *options]


@functools.cache
def compute_reference(n_seeds, protocol=PAPER):
    """Return the digest of a study that met no fault."""
    return compute_digest([simulate(protocol, n_seeds=n_seeds)])


def publish(results, root_seed=3, n_seeds=10, protocol=PAPER, files=PAGE, **changed):
    """Put a model and files into a results folder, as a study leaves them; return the study."""
    study = definition.Study(protocol, root_seed, n_seeds, results)
    facts = {"root_seed": root_seed, "n": n_seeds, "differences": protocol.differences}
    model = {"study": facts} | changed
    write_model(study.folder, "headline", model)
    place_files(study.folder, files)
    return study


def list_files(folder):
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


def read_files(folder):
    return {path.relative_to(folder): path.read_bytes() for path in list_files(folder)}


def assert_clean(done, code):
    """Check the exit code and that the message is one line and no traceback."""
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    if code:
        messages = [line for line in done.stderr.splitlines() if line.startswith("replication: ")]
        assert len(messages) == 1, done.stderr


class Strace:
    """A command with a fault at one of its system calls; `log`: where strace writes what it saw."""

    CALLS = ("write", "fsync", "rename", "mkdir", "unlink", "unlinkat", "rmdir")

    def __init__(self, log):
        self.log = log
        self.strace = require_tool("strace")

    def run(self, words, fault=None):
        """Run the command, with a fault such as ``write:signal=KILL:when=3``."""
        said = self.log.with_suffix(".output"), self.log.with_suffix(".messages")
        command = FORKS.Process(target=write_when_traced, args=(words, *said))
        command.start()
        chosen = ["-e", f"trace={','.join(self.CALLS)}"]
        injected = ["-e", f"inject={fault}"] if fault else []
        traced = run(self.strace, "-f", "-o", self.log, "-p", command.pid, *chosen, *injected)
        command.join()
        output, messages = (path.read_text(errors="replace") for path in said)
        return subprocess.CompletedProcess(
            words, command.exitcode, output, messages + traced.stderr
        )

    def read_calls(self):
        """Return the calls: name, and the rest of the line."""
        pattern = rf"^\d+\s+({'|'.join(self.CALLS)})\((.*)"
        return re.findall(pattern, self.log.read_text(errors="replace"), re.M)

    def list_points(self):
        """Return every call at which a fault can happen, by its name and number."""
        names = [name for name, _ in self.read_calls()]
        return [(name, names[: i + 1].count(name)) for i, name in enumerate(names)]

    def was_injected(self):
        text = self.log.read_text(errors="replace")
        return "(INJECTED)" in text or "killed by SIGKILL" in text


def wait_until(condition, *, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False
