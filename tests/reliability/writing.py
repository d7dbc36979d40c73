"""`replication report` with given files: what is put to the test is how they are written.

Run as a fork of a process that has imported everything, by tests that trace its system calls, of
which there are then few.
"""

import ctypes
import os
import sys
import time
from pathlib import Path

from replication.cli import main, study_commands
from replication.cli.parser import make_parser
from replication.experiments.headline import run as headline
from replication.publication import publishing
from replication.report import build

make_parser()  # loads all commands, before the fork
PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, ctypes.c_ulong(-1)


def describe_quickly(study, text):
    """Stand in for the model of a headline."""
    return {"text": text, "study": {"root_seed": study.root_seed, "n": study.n_seeds}}


def report(words):
    """Run `replication report` with files that are not rendered but given."""
    publishing.read_counts = lambda study: {study: None}
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


def write_when_traced(words, output, messages):
    """Run `report` as soon as another process traces this one; end with its exit code."""
    redirect(output, messages)
    # Some systems let only the parent trace a process, unless it says otherwise.
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY)
    for _ in range(20_000):
        if "\nTracerPid:\t0\n" not in Path("/proc/self/status").read_text():
            sys.exit(report(words))
        time.sleep(0.001)
    sys.exit("nobody traces this process")
