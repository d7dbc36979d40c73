"""Without the extra `report`, and without what only POSIX has, all works but writing a report."""

import os
import sys

import pytest

from tests.reliability import faults

HIDE_REPORT = """
import sys
for name in ("jinja2", "pypandoc", "typst"):
    sys.modules[name] = None
"""
HIDE_POSIX = """
import builtins, os, signal, sys, time, types

MODULES = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
NAMES = {
    "os": "fork forkpty getloadavg geteuid getuid getgid getegid chown fchown fchmod killpg mkfifo "
    "nice O_CLOEXEC O_DIRECTORY O_NOFOLLOW pread pwrite sched_getaffinity setsid statvfs sysconf "
    "sync uname wait WNOHANG",
    "signal": "SIGALRM SIGHUP SIGKILL SIGPIPE SIGQUIT SIGUSR1 alarm pause pthread_kill "
    "pthread_sigmask setitimer sigwait",
    "time": "tzset",
}

def open_file(path, *arguments, **options):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return os.open(path, *arguments, **options)

def make_stand_in(module):
    hidden = set(NAMES[module.__name__].split())
    stand_in = types.ModuleType(module.__name__)
    stand_in.__dict__.update({k: v for k, v in vars(module).items() if k not in hidden})
    return stand_in

STAND_INS = {name: make_stand_in(sys.modules[name]) for name in NAMES}
STAND_INS["os"].open = open_file
find = builtins.__import__

def find_as_on_windows(name, globals=None, locals=None, fromlist=(), level=0):
    if (globals or {}).get("__name__", "").startswith("replication"):
        if name in MODULES:
            raise ModuleNotFoundError(f"No module named {name!r}")
        if name in STAND_INS:
            return STAND_INS[name]
    return find(name, globals, locals, fromlist, level)

builtins.__import__ = find_as_on_windows
"""
WORKING = """
import replication
from replication.cli import main
outcomes = replication.simulate(n_seeds=200)
assert replication.RecirculationNetwork.from_seed(0).train()[1]
assert replication.compare(outcomes.updates, runs=100, mean="48", max="202").p > 0.01
for line in (
    "compare example --column reward --runs 5 --mean 0.83 --sd 0.04 --plot plot.svg",
    "trace 0",
    "simulate --seeds 200",
    "export updates.csv --seeds 200",
    "compare updates.csv --column updates --runs 100 --mean 48 --max 202",
    "cache",
):
    assert main(line.split()) == 0, line
"""
REFUSED = """
from replication.cli import main
raise SystemExit(main(['replicate', '--seeds', '200']))
"""


def run(code, folder):
    names = {"PYTHONPATH": str(faults.ROOT), "REPLICATION_CACHE": os.environ["REPLICATION_CACHE"]}
    return faults.run(sys.executable, "-c", code, cwd=folder, env=names)


def test_what_needs_neither_works_without_them(tmp_path):
    done = run(HIDE_REPORT + HIDE_POSIX + faults.FEW_RESAMPLES + WORKING, tmp_path)
    assert done.returncode == 0, done.stderr


def test_a_report_is_refused_in_one_line_before_anything_is_simulated(tmp_path):
    done = run(HIDE_REPORT + REFUSED, tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "replication: writing a report needs the extra 'report' (missing: jinja2, typst, "
        "pypandoc); install it in the sources with: pip install '.[report]', or let make do it\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("code", ["import fcntl", "import os\nos.fork"])
def test_a_use_of_posix_is_noticed(code, tmp_path):
    (tmp_path / "replication.py").write_text(code)
    done = faults.run(sys.executable, "-c", HIDE_POSIX + "import replication", cwd=tmp_path)
    assert "ModuleNotFoundError" in done.stderr or "AttributeError" in done.stderr
