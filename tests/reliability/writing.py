"""`replication simulate` with invented outcomes: what is put to the test is how they are written.

Run as a fork of a process that has imported everything, by tests that interrupt it or trace its
system calls, of which there are then few.
"""

import ctypes
import functools
import itertools
import os
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from replication.cache import filling
from replication.cli import main, study_commands
from replication.cli.parser import make_parser
from replication.experiments.headline import run as headline
from replication.paper import study
from replication.publication import publishing
from replication.report import build
from replication.system import files
from tests.unit.cache.invented import simulate

make_parser()  # loads all commands, before the fork
PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, ctypes.c_ulong(-1)


def write(pause, words):
    """Run the command in blocks of a thousand, each after a pause in seconds."""

    def simulate_with_pauses(*arguments, **options):
        for outcomes in simulate(*arguments, **options):
            time.sleep(pause)
            yield outcomes

    filling.choose_block_size = lambda _: 1000
    filling.simulate_ranges = simulate_with_pauses
    study.N_REPETITIONS, study.OTHER_ERRORS = 0, {}
    return main(words)


def describe_quickly(study, text):
    """Stand in for the model of a headline."""
    return {"text": text, "study": {"root_seed": study.root_seed, "n": study.n_seeds}}


def render_quickly(*, models, **_):
    """Stand in for the rendering of a report: its files depend on the headline alone."""
    text = repr(models["headline"]).encode()
    return {"report.html": text, "report.md": text[:9], "figures/a.svg": text[9:]}


def report(words):
    """Run `replication report` with files that are not rendered but given."""
    publishing.count_parts = lambda *_, **__: {}
    headline.run = lambda study, *_, **__: describe_quickly(study, "new")
    build.render_report = lambda **_: {"report.html": b"new page", "figures/new.svg": b"new figure"}
    # Threads write, too: each has calls of its own, and a pool has semaphores.
    publishing.map_in_threads = lambda write, pages, **_: map(write, pages)
    study_commands.describe_result = lambda *_: []
    return main(words)


def redirect(output, messages):
    """Let this process write into two files."""
    for descriptor, path in ((1, output), (2, messages)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)


def write_slowly(cache, messages):
    """Simulate a million networks so that there is time to interrupt it; end with the exit code."""
    os.environ["REPLICATION_CACHE"] = str(cache)  # that of the process that forks is another
    redirect(os.devnull, messages)
    sys.exit(write(0.005, ["simulate"]))


def write_when_traced(words, cache, output, messages):
    """Run the command as soon as another process traces this one; end with its exit code."""
    os.environ["REPLICATION_CACHE"] = str(cache)
    redirect(output, messages)
    # Some systems let only the parent trace a process, unless it says otherwise.
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY)
    if words[0] == "simulate":  # the names of temporary files, so that strace looks out for them
        numbers = itertools.count()
        files.secrets = SimpleNamespace(token_hex=lambda _: f"{next(numbers):016x}")
    run = {"simulate": functools.partial(write, 0.0), "report": report}.get(words[0], main)
    for _ in range(20_000):
        if "\nTracerPid:\t0\n" not in Path("/proc/self/status").read_text():
            sys.exit(run(words))
        time.sleep(0.001)
    sys.exit("nobody traces this process")
