"""The same digests in any environment, and no traceback in any terminal."""

import os
import shlex
import sys

import pytest

from tests.reliability import faults

N_SEEDS = 1000


def test_outcomes_do_not_depend_on_environment_clock_and_home(tmp_path):
    then = [faults.require_tool("faketime"), "2001-02-03 04:05:06"]
    code = "import datetime; print(datetime.date.today().year)"
    assert faults.run(*then, sys.executable, "-c", code).stdout == "2001\n", "it did not happen"
    # Another year, no home, and a terminal that knows only ASCII.
    home = tmp_path / "home"
    home.write_text("no folder")  # stronger than mode bits, which root ignores
    odd = {
        "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4294967295", "OMP_NUM_THREADS": "1",
        "JOBLIB_MULTIPROCESSING": "0", "LC_ALL": "C", "PYTHONUTF8": "0", "TERM": "dumb",
        "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii", "HOME": str(home),
        **dict.fromkeys(["LANG", "DISPLAY", "XDG_CACHE_HOME", "MPLCONFIGDIR"]),
    }  # fmt: skip
    command = [*then, *faults.simulate_command(N_SEEDS)]
    done = faults.run(*command, env=faults.make_environment(**odd))
    faults.assert_clean(done, 0)
    assert faults.compute_reference(N_SEEDS) in done.stdout
    assert not {"\x1b", "\r"} & set(done.stdout + done.stderr)
    lines = [line for line in done.stderr.splitlines() if "networks" not in line]
    assert len(lines) <= 1, "warnings"
    # What such a terminal cannot show is written as an escape, "\\u03bb" for λ.
    words = ["info", "--results", tmp_path / "λ"]
    done = faults.run(*faults.COMMAND, *words, env=faults.make_environment(**odd))
    faults.assert_clean(done, 74)
    assert "\\u03bb" in done.stderr or "\\udcce\\udcbb" in done.stderr


NAMES = "a'b\"c $HOME\nz \x1b[31m", os.fsdecode(b"r\xff"), f"{'l' * 200}/{'m' * 200}"


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_any_folder_name_works(tmp_path, name):
    (tmp_path / name).mkdir(parents=True)
    study = faults.publish(tmp_path / name)
    done = faults.call("info", "--results", tmp_path / name)
    faults.assert_clean(done, 0)
    assert done.stdout.count("10 networks of root seed 3") == 1
    assert "\x1b" not in done.stdout
    assert (study.folder / "report.html").is_file()


def run_in_shell(folder, words, redirection):
    """Run a command as a new user has it: output is then held back until the process ends."""
    kept = {x: os.environ[x] for x in os.environ.keys() & {"HOME", "PATH"}}
    bare = {**kept, "LANG": "C.UTF-8", "PYTHONPATH": str(faults.ROOT)}
    line = f"set -o pipefail; {shlex.join(faults.COMMAND)} {words} {redirection}"
    done = faults.run("bash", "-c", line, env=bare, cwd=folder)
    assert not {"Traceback", "BrokenPipe"} & set(done.stderr.split())
    return done


@pytest.mark.parametrize(("words", "redirection", "code"), [
    ("info --results .", "| true", 0), ("info --results .", ">/dev/full", 74),
    ("--help", ">/dev/full", 74),
    ("simulate --seeds x", "2>/dev/full", 2), ("simulate --seeds 1000", "2>/dev/full", 0),
    ("simulate --seeds 1000", ">&- 2>&- <&-", 0),
])  # fmt: skip
def test_full_or_closed_streams_keep_the_exit_code(tmp_path, words, redirection, code):
    done = run_in_shell(tmp_path, words, redirection)
    assert done.returncode == code, done.stderr
    assert ("No space left" in done.stderr) == (redirection == ">/dev/full")


def test_what_may_not_be_read_is_named(tmp_path):
    """Once `info` found no studies there."""
    folder = faults.publish(tmp_path, 1988).folder
    # The folder may not be read, also not by root, who gives up the right to.
    folder.chmod(0)
    lost = ["--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search"]
    rights = [] if os.geteuid() else [faults.require_tool("setpriv"), *lost]
    done = faults.run(*rights, *faults.COMMAND, "info", "--results", tmp_path)
    folder.chmod(0o755)
    said = done.stdout + done.stderr
    assert done.returncode == 74, said
    assert "Permission denied" in done.stderr
    assert str(folder) in done.stderr
    assert not {"Traceback", "[Errno"} & set(said.split())


@pytest.mark.parametrize(("jobs", "code"), [("2", 70), ("1", 0)])
def test_a_lack_of_processes_is_named_and_one_job_fits(jobs, code):
    """Once it was a traceback, and sound blocks were called bad."""
    prefix = [faults.require_tool("prlimit"), "--nproc=5"]
    if os.geteuid() == 0:  # no user but root, who may read all the same, is under such limits
        user = 60_000 + os.getpid() % 5000  # of this test process alone, since limits are a user's
        rights = "+dac_override,+dac_read_search"
        prefix += ["setpriv", f"--reuid={user}", "--clear-groups"]
        prefix += [f"--inh-caps={rights}", f"--ambient-caps={rights}"]
    done = faults.run(*prefix, *faults.simulate_command(N_SEEDS, "--jobs", jobs))
    faults.assert_clean(done, code)
    if code == 0:
        assert faults.compute_reference(N_SEEDS) in done.stdout
    else:
        assert "or --jobs 1, or raise the limits (ulimit -v, ulimit -u" in done.stderr
