"""Run a command of `replication`, and turn each error into one line and an exit code."""

import contextlib
import logging
import os
import re
import resource
import sys
from collections.abc import Callable, Sequence
from functools import partial

from replication.errors import ReplicationError, WorkerError
from replication.system.interruption import raise_on_signals
from replication.system.progress import escape, silence, write_safely
from replication.wording import explain

NEEDED_MEMORY = 0.9e9
"""Bytes of address space that the libraries take before the first network."""

LONGEST_MESSAGE = 10_000  # characters
# Messages of libraries where the system is short of something: "[Errno 24] Too many open files".
SHORTAGES = re.compile(
    "cannot allocate memory|failed to map segment|start new thread|launch worker thread|"
    "ThreadPoolBuildError|Resource temporarily unavailable|too many open files",
    re.IGNORECASE,
)
SHORTAGE = (
    "the memory is full, or no more threads or files are allowed; give fewer --seeds, or --jobs 1, "
    "or raise the limits (ulimit -v, ulimit -u, ulimit -n)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    `arguments`: by default those of the process.

    The exit code is 0 if all went well, 2 for wrong usage, 65 for bad data, 70 for a failed worker,
    74 for input or output, and 129, 130 or 143 after an interruption.
    """
    _prepare_streams()
    code = _answer(partial(_run, arguments))
    # What is still buffered is written here, where a failure can be reported. While the interpreter
    # ends, a failure would be noise and exit code 120.
    flushed = 0 if sys.stdout.closed else _answer(sys.stdout.flush)
    return code or flushed


def _prepare_streams() -> None:
    """Open streams that the caller has closed, and let each stream write any character.

    Otherwise the next file that is opened would take the number of a closed stream, and output
    would go into that file.
    """
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: PTH123, SIM115
        with contextlib.suppress(AttributeError, ValueError):
            getattr(sys, name).reconfigure(errors="backslashreplace")


def _run(arguments: Sequence[str] | None) -> int:
    """Read the arguments, and run the command that they name; return its exit code."""
    from replication.cli.parser import make_parser

    given = sys.argv[1:] if arguments is None else arguments
    options = make_parser().parse_args(given or ["--help"])
    _check_memory_limit()
    # Nothing here gains by threads of linear algebra, and a limit may not allow them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ["MPLBACKEND"] = "Agg"  # no command opens a window, whatever a user has set
    # Where no home can be written to, Matplotlib prints two lines of advice on its cache.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    os.environ.pop("JOBLIB_MULTIPROCESSING", None)  # at 0, joblib's threads do not work either
    with raise_on_signals():
        return int(options.handler(options) or 0)


def _answer(step: Callable[[], int | None]) -> int:
    """Run a step and return its exit code; if it fails, say why."""
    try:
        return step() or 0
    except SystemExit as stop:  # argparse: --help and --version
        return int(stop.code or 0)
    except ReplicationError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt as interrupt:
        return _fail(str(interrupt) or "interrupted", getattr(interrupt, "exit_code", 130))
    except BrokenPipeError:  # the reader (head, less) has seen enough
        silence(sys.stdout)
        return 0
    except BaseException as error:  # a panic of a library in Rust is no Exception
        if _is_shortage(error):
            return _fail(SHORTAGE, 70)
        if not isinstance(error, OSError):
            raise
        silence(sys.stdout)
        advice = "make room, correct the permissions, or give another place"
        return _fail(f"{explain(error)}; {advice}", 74)


def _check_memory_limit() -> None:
    """Refuse a limit on memory under which libraries would end this process without a word."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < NEEDED_MEMORY:
        raise WorkerError(
            f"this process may use {limit / 1e6:,.0f} MB of memory, and needs "
            f"{NEEDED_MEMORY / 1e6:,.0f}; raise the limit (ulimit -v)"
        )


def _is_shortage(error: BaseException | None) -> bool:
    """Say whether an error, or one that caused it, is a lack of memory, threads or files."""
    while error is not None:
        if isinstance(error, MemoryError) or SHORTAGES.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _fail(message: str, code: int) -> int:
    """Write a message of one line to standard error, and return the exit code."""
    write_safely(sys.stderr, f"replication: {escape(message)[:LONGEST_MESSAGE]}\n")
    return code
