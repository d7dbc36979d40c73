"""What all tests share: the same examples in every run, and no display."""

import gc
import os
import signal

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in commands: its threads only wait

# What a shell starts in the background ignores Ctrl-C, and so does all that it starts: the commands
# to which tests send it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Derandomised, so that a test that passed yesterday passes today; no deadline, because the
# first call of a compiled function compiles it.
settings.register_profile("replication", derandomize=True, deadline=None, max_examples=50)
settings.load_profile("replication")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Let `pytest -n auto` run at least three tests at once: some wait for another process.

    Not more: each process imports and compiles all by itself, which takes 5 to 10 s of a core.
    """
    return max(3, os.cpu_count() or 1)


def pytest_collection_finish():
    """Look for garbage no more among all that has been imported, which takes 1 % of the time."""
    gc.freeze()


def draw_less(patch):
    """Let studies be judged with fewer draws than for a user, where no last digit is tested."""
    from replication.statistics.sampling import Effort

    small = Effort(10_000, 100)
    patch.setattr("replication.comparison.comparison.Effort", lambda: small)


@pytest.fixture(autouse=True, scope="module")
def quick(request):
    """Compile with the least effort, in 40 % of the time, but where golden bits are tested."""
    with pytest.MonkeyPatch.context() as patch:
        if "exactness" not in request.path.parts:
            patch.setattr("replication.simulator.compiler.machine.LEVEL", 0)
        if {"unit", "property", "reference", "commands"} & set(request.path.parts):
            draw_less(patch)
        yield


@pytest.fixture
def few_resamples(monkeypatch):
    """Draw less in a test whose folder does not always."""
    draw_less(monkeypatch)
