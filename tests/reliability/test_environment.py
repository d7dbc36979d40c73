"""The same digests in any environment, and no traceback in any terminal."""

import os
import shlex
import sys

import pytest

from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.publication.placing import place_files
from replication.store.filling import simulate_study
from tests.reliability import faults
from tests.unit.store.invented import find_digest

N_SEEDS = 1000


@pytest.fixture(scope="module")
def reference():
    return faults.compute_reference(N_SEEDS)


def test_outcomes_do_not_depend_on_environment_clock_and_home(tmp_path, reference):
    then = [faults.require_tool("faketime"), "2001-02-03 04:05:06"]
    code = "import datetime; print(datetime.date.today().year)"
    assert faults.run(*then, sys.executable, "-c", code).stdout == "2001\n", "it did not happen"
    home = tmp_path / "home"
    home.write_text("no folder")  # stronger than mode bits, which root ignores
    odd = {
        "TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "4294967295", "OMP_NUM_THREADS": "1",
        "JOBLIB_MULTIPROCESSING": "0", "LC_ALL": "C", "PYTHONUTF8": "0", "TERM": "dumb",
        "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii", "HOME": str(home),
        **dict.fromkeys(["LANG", "DISPLAY", "XDG_CACHE_HOME", "MPLCONFIGDIR"]),
    }  # fmt: skip
    environment = faults.make_environment(**odd)
    results = tmp_path / "λ = 0.75"
    command = [*then, *faults.simulate_command(results, N_SEEDS)]
    done = faults.run(*command, env=environment)
    faults.assert_clean(done, 0)
    assert find_digest(results, N_SEEDS) == reference
    assert reference in done.stdout
    assert not {"\x1b", "\r"} & set(done.stdout + done.stderr)
    assert sum("networks" not in line for line in done.stderr.splitlines()) <= 1, "warnings"
    done = faults.run(*faults.COMMAND, "info", "--results", tmp_path / "λ", env=environment)
    faults.assert_clean(done, 74)
    assert "\\u03bb" in done.stderr or "\\udcce\\udcbb" in done.stderr


@pytest.mark.parametrize(
    "name",
    ["a'b\"c $HOME\nz \x1b[31m", "~root", os.fsdecode(b"r\xff"), f"{'l' * 200}/{'m' * 200}"],
    ids=ascii,
)
def test_any_folder_name_works(tmp_path, monkeypatch, reference, name):
    """Once all sound blocks there were called bad, and `repair` computed them for ever."""
    monkeypatch.chdir(tmp_path)
    results = f"--results={name}"
    faults.assert_clean(faults.call("simulate", "--seeds", N_SEEDS, results), 0)
    assert find_digest(tmp_path / name, N_SEEDS) == reference
    for command in ("verify", "info"):
        done = faults.call(command, results)
        faults.assert_clean(done, 0)
        assert "\x1b" not in done.stdout + done.stderr
    assert "nothing to repair" in faults.call("repair", results).stdout
    faults.assert_clean(faults.call("export", "x.csv", "--seeds", N_SEEDS, results), 0)
    assert len(list(tmp_path.iterdir())) == 3
    (block,) = (tmp_path / name).glob("outcomes/*/*/1988/*.parquet")
    block.write_bytes(b"")
    done = faults.call("verify", results)
    assert (done.returncode, "\x1b" in done.stdout + done.stderr) == (65, False)


def run_in_shell(folder, words, redirection):
    """Run a command as a new user has it: output is then held back until the process ends."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    bare = {**kept, "LANG": "C.UTF-8", "PYTHONPATH": str(faults.ROOT)}
    line = f"set -o pipefail; {shlex.join(faults.COMMAND)} {words} {redirection}"
    done = faults.run("bash", "-c", line, env=bare, cwd=folder)
    assert not {"Traceback", "BrokenPipe"} & set(done.stderr.split())
    return done


@pytest.mark.parametrize(
    ("words", "redirection", "code"),
    [
        ("trace 0", "| true", 0),
        ("--help", "| true", 0),
        ("trace 0", ">/dev/full", 74),
        ("--help", ">/dev/full", 74),
        ("simulate --seeds x", "2>/dev/full", 2),
        ("info --results none", "2>/dev/full >/dev/null", 74),
        ("simulate --seeds 1000 --results r", "2>/dev/full", 0),
        ("simulate --seeds 1000 --results r", ">&- 2>&- <&-", 0),
    ],
)
def test_full_or_closed_streams_keep_code_and_blocks(tmp_path, reference, words, redirection, code):
    done = run_in_shell(tmp_path, words, redirection)
    assert done.returncode == code, done.stderr
    assert ("No space left" in done.stderr) == (redirection == ">/dev/full")
    if words.startswith("simulate") and code == 0:
        assert find_digest(tmp_path / "r", N_SEEDS) == reference


def test_a_reader_who_has_seen_enough_stops_no_check(tmp_path):
    """Once `verify | head -1` complained of each study that was left."""
    for root_seed in (1, 2):
        simulate_study(Study(PAPER, root_seed, 10, tmp_path), show_progress=False)
    for code in (0, 65):
        done = run_in_shell(tmp_path, "verify --results .", "| true")
        assert (done.returncode, len(done.stderr.splitlines())) == (code, code // 65)
        (block,) = tmp_path.glob("outcomes/*/*/2/*.parquet")
        block.write_bytes(b"")


@pytest.mark.parametrize(
    ("place", "commands"),
    [
        ("outcomes/*/*/1988", ["verify", "repair"]),
        ("outcomes/*/*", ["info"]),
        ("studies/*", ["verify", "repair", "info"]),
    ],
)
def test_what_may_not_be_read_is_named_and_the_rest_served(tmp_path, place, commands):
    """Once `info` found no studies there, `verify` was content, and `repair` stopped."""
    for root_seed in (1988, 1989):
        simulate_study(Study(PAPER, root_seed, 10, tmp_path), show_progress=False)
    place_files(tmp_path / "studies" / f"{PAPER.id}-1988-5", {"report.html": b"page"})
    (folder,) = tmp_path.glob(place)
    folder.chmod(0)
    rights = []
    if os.geteuid() == 0:
        lost = "-dac_override,-dac_read_search"
        rights = [faults.require_tool("setpriv"), "--inh-caps=-all", f"--bounding-set={lost}"]
    for command in commands:
        done = faults.run(*rights, *faults.COMMAND, command, "--results", tmp_path)
        said = done.stdout + done.stderr
        assert done.returncode == 74, said
        assert "Permission denied" in said
        assert str(folder) in said
        assert not {"Traceback", "[Errno"} & set(said.split())
        assert ("/1989: " in said) == (place != "outcomes/*/*")
    folder.chmod(0o755)


@pytest.mark.parametrize(("jobs", "code"), [("2", 70), ("1", 0)])
def test_a_lack_of_processes_is_named_and_one_job_fits(tmp_path, reference, jobs, code):
    """Once it was a traceback, and sound blocks were called bad."""
    prefix = [faults.require_tool("prlimit"), "--nproc=6"]
    if os.geteuid() == 0:  # no user but root, who may read all the same, is under such limits
        user = 60_000 + os.getpid() % 5000  # of this test process alone, since limits are a user's
        rights = "+dac_override,+dac_read_search"
        prefix += ["setpriv", f"--reuid={user}", "--clear-groups"]
        prefix += [f"--inh-caps={rights}", f"--ambient-caps={rights}"]
    tmp_path.chmod(0o777)
    command = faults.simulate_command(tmp_path / "results", N_SEEDS, "--jobs", jobs)
    done = faults.run(*prefix, *command)
    faults.assert_clean(done, code)
    if code == 0:
        assert reference in done.stdout
    else:
        assert "give --jobs 1, or raise the limits (ulimit -u, ulimit -v)" in done.stderr
