"""Bad input gets one clear line and exit code 2, and writes nothing; failures have their own."""

import os

import pytest

from replication.cli import results_commands


@pytest.fixture
def reject(tmp_path, refuse):
    """Run a command that must be refused and write nothing; return what it says."""

    def reject(*words, code=2):
        results = tmp_path / "results"
        message = refuse(code, *words, *([] if words[0] == "simulate" else ["--results", results]))
        assert not results.exists(), "something was written"
        return message

    return reject


BAD_NUMBERS = ["-5", "1.5", "1e6", "nan", "", " 5", "1_000", "0x10", "٥"]


@pytest.mark.parametrize(("command", "option", "others", "allowed"), [
    ("simulate", "--seeds", ["0", "9" * 12], "from 1 to 100000000000 (which take days)"),
    ("simulate", "--root-seed", [str(2**63), "True"], f"from 0 to {2**63 - 1}"),
    ("simulate", "--jobs", ["0"], "from 1 to 4096 (or 'all', for one a core)"),
    ("report", "--seeds", ["0"], "from 1 to"),
])  # fmt: skip
def test_a_bad_number_is_refused_with_the_range(reject, command, option, others, allowed):
    for given in (*BAD_NUMBERS, *others):
        message = reject(command, f"{option}={given}")
        assert (option in message, allowed in message) == (True, True), given


@pytest.mark.parametrize(("text", "says"), [
    ("threshold = 0.2\nthreshold = 0.3\n", "Cannot overwrite"),
    ("threshold = nan\n", "threshold"), ("threshold: 0.2\n", "Expected '='"),
    ('"a\\u001b[31mb" = 1\n', "a\\x1b[31mb"), ("\udcff", "p.toml"),
    ("tresholds = 0.2\n", "did you mean 'threshold'"),
])  # fmt: skip
def test_bad_protocol_file_is_refused(reject, tmp_path, text, says):
    path = tmp_path / "p.toml"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    message = reject("simulate", f"--protocol={path}")
    assert message.strip().isprintable()
    assert says in message


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "words", ["simulate --protocol", "multiverse --file", "mechanism --patterns"]
)
def test_what_is_no_file_is_named_and_not_waited_for(refuse, tmp_path, words):
    """Once each of them waited for ever for a pipe."""
    words = words.split()
    pipe = tmp_path / "pipe.toml"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero"):
        assert "it is not a file" in refuse(74, *words, path)
    for path in (tmp_path, tmp_path / "missing.toml"):
        assert "cannot be read" in refuse(74, *words, path)


def test_an_empty_name_is_not_this_folder(refuse):
    assert "--results: an empty name was given" in refuse(2, "info", "--results", "")


class PanicError(BaseException):
    """As a library in Rust raises it, where it may not have as much memory as it wants."""


CHAINED = RuntimeError("a library has failed")
CHAINED.__cause__ = MemoryError()


@pytest.mark.parametrize(("error", "code", "says"), [
    (KeyboardInterrupt(), 130, "interrupted"),
    (CHAINED, 70, "give fewer --seeds, or --jobs 1"),
    (RuntimeError("can't start new thread"), 70, "ulimit -u"),
    (PanicError("ThreadPoolBuildError: unavailable"), 70, "no more threads or files"),
    (OSError(24, "Too many open files", "x.csv"), 70, "ulimit -n)"),
    (OSError(28, "No space left on device", "x.csv"), 74, "'x.csv'"),
])  # fmt: skip
def test_a_failure_is_one_line_and_an_exit_code(monkeypatch, refuse, tmp_path, error, code, says):
    def fail(options):
        raise error

    monkeypatch.setattr(results_commands, "run_info", fail)
    assert says in refuse(code, "info", "--results", tmp_path)


def test_a_limit_of_memory_under_which_libraries_crash_is_refused(monkeypatch, reject):
    monkeypatch.setattr("resource.getrlimit", lambda _: (200_000_000, 1))
    assert "may use 200 MB of memory, and needs 900;" in reject("simulate", code=70)
