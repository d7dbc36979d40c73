"""What all tests share: the same examples in every run, and no display."""

import gc
import itertools
import os
import signal
import tempfile

import pytest
from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in commands: its threads only wait

# What a shell starts in the background ignores Ctrl-C, and so does all that it starts: the commands
# to which tests send it.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Of processes that start before any test; each test has a cache of its own.
CACHE = tempfile.TemporaryDirectory(prefix="replication-cache-", ignore_cleanup_errors=True)
os.environ["REPLICATION_CACHE"] = CACHE.name
NUMBERS = itertools.count()

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


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory, monkeypatch):
    """Return where the outcomes of this test are cached: in a folder that is not there yet."""
    folder = tmp_path_factory.getbasetemp() / f"cache-{next(NUMBERS)}"
    monkeypatch.setenv("REPLICATION_CACHE", str(folder))
    return folder


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
