"""The same digests in any environment, and no traceback in any terminal."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from replication.protocol import PAPER
from replication.store import Store
from tests.reliability.faults import (
    COMMAND,
    ROOT,
    assert_clean,
    call,
    compute_reference,
    make_environment,
    require_tool,
    run,
    simulate_command,
    start,
    wait_until,
)

N_SEEDS = 1000
ESCAPE = "\x1b"


@pytest.fixture(scope="module")
def reference() -> str:
    return compute_reference(N_SEEDS)


def check_study_in(tmp_path, reference, *, prefix=(), **changes):
    results = tmp_path / "results"
    command = [*prefix, *simulate_command(results, N_SEEDS)]
    done = run(*command, env=make_environment(**changes))
    assert_clean(done, 0)
    assert Store(results).digest(PAPER, 1988, N_SEEDS) == reference
    assert reference in done.stdout
    assert ESCAPE not in done.stdout + done.stderr
    assert "\r" not in done.stdout + done.stderr
    return done


@pytest.mark.parametrize(
    "changes",
    [
        {"TZ": "Asia/Kathmandu"},
        {"PYTHONHASHSEED": "4294967295"},
        {"LC_ALL": "C", "LANG": None, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
        {"TERM": None, "DISPLAY": None},
        {"TERM": "dumb", "NO_COLOR": "1"},
        {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
    ],
    ids=str,
)
def test_outcomes_do_not_depend_on_the_environment(tmp_path, reference, changes):
    check_study_in(tmp_path, reference, **changes)


def test_outcomes_do_not_depend_on_the_clock(tmp_path, reference):
    faketime = require_tool("faketime")
    code = "import datetime; print(datetime.date.today().year)"
    then = run(faketime, "2001-02-03 04:05:06", sys.executable, "-c", code)
    assert then.stdout.strip() == "2001", "the fault did not happen"
    done = check_study_in(tmp_path, reference, prefix=(faketime, "2001-02-03 04:05:06"))
    assert "in all" in done.stderr
    info = run(*COMMAND, "info", "--results", tmp_path / "results")
    assert_clean(info, 0)


@pytest.mark.parametrize(("locale", "shown"), [("C.UTF-8", "\\u03bb"), ("C", "\\udcce\\udcbb")])
def test_a_greek_letter_in_an_ascii_terminal_is_no_crash(tmp_path, locale, shown):
    environment = make_environment(
        LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="ascii"
    )
    results = tmp_path / "λ = 0.75"
    results.mkdir()
    done = run(*COMMAND, "info", "--results", results, env=environment)
    assert_clean(done, 0)
    assert shown in done.stdout
    done = run(*COMMAND, "verify", "--results", results, env=environment)
    assert_clean(done, 74)
    assert shown in done.stderr


LONG = "l" * 200


@pytest.mark.parametrize(
    "name",
    ["with space", "Übergröße", "a'b\"c $HOME\nz", f"{LONG}/{LONG}/{LONG}"],
)
def test_any_folder_name_works(tmp_path, reference, name):
    results = f"--results={tmp_path / name}"
    assert_clean(call("simulate", "--seeds", N_SEEDS, results), 0)
    assert Store(tmp_path / name).digest(PAPER, 1988, N_SEEDS) == reference
    assert_clean(call("verify", results), 0)


def count_warnings(done) -> int:
    """Return how many lines of the messages are not about progress."""
    return sum("networks" not in line for line in done.stderr.splitlines())


def test_a_home_that_cannot_be_written_is_no_obstacle(tmp_path, reference):
    home = tmp_path / "home"
    home.write_text("no folder")  # stronger than mode bits, which root ignores
    done = check_study_in(
        tmp_path, reference, HOME=str(home), XDG_CACHE_HOME=None, MPLCONFIGDIR=None,
    )  # fmt: skip
    assert count_warnings(done) <= 1


def run_in_terminal(command, environment) -> str:
    """Run a command whose output is a terminal, and return what it shows."""
    parent, child = pty.openpty()
    process = subprocess.Popen(
        command, stdin=child, stdout=child, stderr=child, env=environment, cwd=ROOT
    )
    os.close(child)
    shown = b""
    while True:
        try:
            piece = os.read(parent, 4096)
        except OSError:  # Linux ends a terminal with an error
            break
        if not piece:
            break
        shown += piece
    os.close(parent)
    assert process.wait() == 0, shown
    return shown.decode()


@pytest.mark.parametrize(("terminal", "has_bar"), [("xterm", True), ("dumb", False)])
def test_a_terminal_gets_a_bar_unless_it_is_dumb(tmp_path, terminal, has_bar):
    command = simulate_command(tmp_path / "results", N_SEEDS)
    shown = run_in_terminal(command, make_environment(TERM=terminal))
    assert ("[####" in shown) == has_bar
    assert ESCAPE not in shown
    assert "1,000 of 1,000 networks" in shown


def make_bare_environment(**variables: str) -> dict[str, str]:
    """Return what a new user has: output is then held back until the end of the process."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **variables}


@pytest.mark.parametrize("variables", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["bare", "unbuffered"])
@pytest.mark.parametrize("words", [["trace", "0"], ["--help"], ["info"]], ids=lambda w: w[0])
def test_a_reader_that_has_seen_enough_is_no_error(tmp_path, words, variables):
    """As `... | head -1` does: the pipe is closed while there is more to say."""
    for closed in ("stdout", "stderr"):
        process = subprocess.Popen(
            [*COMMAND, *words, *(["--results", str(tmp_path)] if words == ["info"] else [])],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=make_bare_environment(**variables), cwd=tmp_path,
        )  # fmt: skip
        getattr(process, closed).close()
        other = process.stderr if closed == "stdout" else process.stdout
        text = other.read()
        other.close()
        assert process.wait(timeout=60) == 0, text
        assert "Traceback" not in text
        assert "BrokenPipe" not in text


@pytest.mark.parametrize("words", [["simulate", "--seeds", "x"], ["info"]], ids=lambda w: w[0])
@pytest.mark.parametrize("redirection", ["2>/dev/full", "2>&-", "2>/dev/full >/dev/null"])
def test_a_refusal_keeps_its_exit_code_where_nobody_can_read_it(tmp_path, words, redirection):
    line = " ".join([*(f"'{word}'" for word in COMMAND), *words, "--results", "none", redirection])
    done = run("sh", "-c", line, env=make_bare_environment(), cwd=tmp_path)
    assert done.returncode == (74 if words == ["info"] else 2), done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("variables", [{}, {"PYTHONUNBUFFERED": "1"}], ids=["bare", "unbuffered"])
@pytest.mark.parametrize("words", [["trace", "0"], ["info"], ["--help"]], ids=lambda w: w[0])
def test_a_full_standard_output_ends_with_74(tmp_path, words, variables):
    (tmp_path / "results").mkdir()
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False,
            env=make_bare_environment(**variables), cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == 74, done.stderr
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


def test_the_exit_code_of_ten_runs_is_0(tmp_path, reference):
    """Native libraries that abort while the interpreter ends would show here."""
    results = tmp_path / "results"
    assert_clean(call("simulate", "--seeds", N_SEEDS, "--results", results), 0)
    script = (
        "from replication.protocol import PAPER; from replication.store import Store\n"
        f"print(Store({str(results)!r}).digest(PAPER, 1988, {N_SEEDS}))"
    )
    for _ in range(2):
        processes = [start(sys.executable, "-c", script) for _ in range(5)]
        for process in processes:
            shown, messages = process.communicate(timeout=60)
            assert (process.returncode, shown.strip(), messages) == (0, reference, "")


# What the system may be short of.


def limit(*words: str | Path, **limits: int) -> subprocess.CompletedProcess[str]:
    """Run a command under limits, as a user who has no right to more."""
    command = [str(word) for word in (*COMMAND, *words)]
    if os.geteuid() == 0:  # no user but root, who may read all the same, is under such limits
        rights = "+dac_override,+dac_read_search"
        user = 60_000 + os.getpid() % 5000  # of this test process alone, since limits are a user's
        command = [
            *("setpriv", f"--reuid={user}", "--clear-groups"),
            *("--inh-caps", rights, "--ambient-caps", rights, *command),
        ]
    options = [f"--{name}={value}" for name, value in limits.items()]
    return run(require_tool("prlimit"), *options, *command)


@pytest.mark.parametrize(
    ("limits", "advice"),
    [
        ({"as": 60_000_000}, "ulimit -v"),
        ({"as": 600_000_000}, "ulimit -v"),
        ({"nproc": 3}, "ulimit -u"),
        ({"nproc": 6}, "ulimit -u"),
    ],
    ids=str,
)
def test_what_is_short_is_said_in_one_line(tmp_path, limits, advice):
    """Once it was a traceback out of an import or a thread."""
    tmp_path.chmod(0o777)
    done = limit("simulate", "--seeds", "2000", "--results", tmp_path / "results", **limits)
    assert_clean(done, 70)
    assert advice in done.stderr


def test_one_job_needs_two_threads_and_takes_no_lack_of_more_for_damage(tmp_path):
    """Reading a block in threads of the library once called it bad."""
    tmp_path.chmod(0o777)
    results = tmp_path / "results"
    words = ("simulate", "--seeds", "2000", "--jobs", "1", "--results", results)
    assert_clean(limit(*words, nproc=4), 0)
    assert Store(results).digest(PAPER, 1988, 2000) == compute_reference(2000)


def test_few_descriptors_are_enough_or_one_line(tmp_path):
    results = tmp_path / "results"
    assert_clean(call("simulate", "--seeds", N_SEEDS, "--results", results), 0)
    tmp_path.chmod(0o777)
    for n in (5, 6, 8, 10, 16):
        done = limit("info", "--json", "--results", results, nofile=n)
        assert "Traceback" not in done.stderr
        assert done.returncode in (0, 70, 74), done.stderr
        assert "is bad" not in done.stdout, "a lack of descriptors was taken for damage"


def test_report_says_that_descriptors_are_short_and_blames_no_program(tmp_path):
    """Once the advice was to install pandoc again."""
    results = tmp_path / "results"
    words = ("--seeds", "100", "--results", results)
    assert_clean(run(*COMMAND, "simulate", *words), 0)
    tmp_path.chmod(0o777)
    run("chmod", "-R", "a+rwX", tmp_path)
    seen = set()
    for n in (8, 16):
        done = limit("report", *words, nofile=n)
        seen.add(done.returncode)
        assert done.returncode in (0, 70), done.stderr
        assert done.returncode == 0 or "(ulimit -n)" in done.stderr
    assert 70 in seen


@pytest.mark.parametrize(
    "closed", ["2>/dev/full", "2>&-", ">&-", "<&-", "2>&- <&-", ">&- 2>&-", ">&- 2>&- <&-"]
)
def test_closed_or_full_streams_lose_no_outcome(tmp_path, reference, closed):
    """Once two that were closed at the start were an AttributeError, and nothing was simulated."""
    results = tmp_path / "results"
    words = " ".join(f"'{word}'" for word in simulate_command(results, N_SEEDS))
    done = run("sh", "-c", f"{words} {closed}", env=make_bare_environment())
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert Store(results).digest(PAPER, 1988, N_SEEDS) == reference


# Folders with names and rights that other libraries stumble over.


@pytest.mark.parametrize("name", ["~", "~/results", "~root", os.fsdecode(b"r\xff")], ids=ascii)
def test_a_folder_name_that_libraries_expand_or_encode_works(
    tmp_path, monkeypatch, reference, name
):
    """Once all sound blocks there were called bad, and `repair` computed them for ever."""
    monkeypatch.chdir(tmp_path)
    results = f"--results={name}"
    assert_clean(call("simulate", "--seeds", N_SEEDS, results), 0)
    assert Store(tmp_path / name).digest(PAPER, 1988, N_SEEDS) == reference
    for command in ("verify", "info", "repair"):
        assert_clean(call(command, results), 0)
    assert "nothing to repair" in call("repair", results).stdout
    assert_clean(call("export", "x.csv", "--seeds", N_SEEDS, results), 0)
    assert {path.name for path in tmp_path.iterdir()} == {
        name.split("/")[0], "x.csv", "x.csv.dictionary.json",
    }  # fmt: skip


WITHOUT_RIGHTS = ["--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search"]


@pytest.mark.parametrize(
    ("command", "place"),
    [
        *(("verify", place) for place in ("outcomes", "outcomes/*", "outcomes/*/*/1988")),
        *(
            (command, "outcomes/*/*")
            for command in ("info", "verify", "repair", "simulate", "report", "export")
        ),
    ],
)
def test_outcomes_that_may_not_be_read_are_named(tmp_path, command, place):
    """Once `info` found no studies there, and `verify` was content."""
    results = tmp_path / "results"
    assert_clean(call("simulate", "--seeds", N_SEEDS, "--results", results), 0)
    (folder,) = results.glob(place)
    folder.chmod(0)
    options = [] if command in ("info", "verify", "repair") else ["--seeds", N_SEEDS]
    options += [tmp_path / "x.csv"] if command == "export" else []
    rights = [require_tool("setpriv"), *WITHOUT_RIGHTS] if os.geteuid() == 0 else []
    try:
        done = run(*rights, *COMMAND, command, *options, "--results", results)
    finally:
        folder.chmod(0o755)
    assert done.returncode == 74, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert "Permission denied" in done.stdout + done.stderr
    assert str(folder) in done.stdout + done.stderr


def test_a_very_long_value_is_cut_in_the_message():
    """Once 400 kB of it were one line."""
    for words in (["simulate", "--seeds", "9" * 100_000], ["info", "--results", "x" * 100_000]):
        done = call(*words)
        assert done.returncode in (2, 74)
        assert len(done.stderr) < 1500


def test_a_folder_that_is_deleted_during_a_run_is_named(tmp_path):
    """Once the message said that what was written before is intact."""
    results = tmp_path / "results"
    process = start(*simulate_command(results, 50_000_000, "--jobs", "1"))
    assert wait_until(lambda: list(results.rglob("0*.parquet")))
    results.rename(tmp_path / "gone")
    _, messages = process.communicate(timeout=60)
    assert process.returncode == 74, messages
    assert "is gone: run the same command again" in messages
    assert "intact" not in messages
