"""The one front door: commands, messages and exit codes; no science."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from replication.errors import ReplicationError, WorkerError
from replication.progress import escape, silence, write_safely

Argument = TypeVar("Argument")

NEEDED_MEMORY = 1.2e9
"""Bytes of addresses that the libraries take before the first network."""

NO_MEMORY = ("cannot allocate memory", "failed to map segment", "could not find/load shared object")
NO_THREAD = ("can't start new thread", "failed to launch worker thread")
LONG_WORD = re.compile(r"\S{6000,}")  # longer than any path
LONGEST_MESSAGE = 10_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    `arguments`: those of the process unless given.
    Returns 0; 2 usage; 65 bad data; 70 worker failure; 74 input or output; 75 busy; 129, 130 and
    143 when interrupted.
    """
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    code = _answer(_run, arguments)
    # What is still held back must go out here, where a failure can be told: while the
    # interpreter ends, it would be noise and exit code 120.
    code = _answer(_flush, code)
    write_safely(sys.stderr, "")
    return code


def _run(arguments: Sequence[str] | None) -> int:
    from replication.cli.parser import make_parser

    given = sys.argv[1:] if arguments is None else arguments
    options = make_parser().parse_args(given or ["--help"])
    _check_memory_limit()
    # Nothing here gains by threads of linear algebra, and a limit may not allow them.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from replication.interruption import Interruption

    with Interruption():
        return int(options.handler(options))


def _flush(code: int) -> int:
    try:
        sys.stdout.flush()
    except OSError:
        silence(sys.stdout)
        if code == 0:
            raise
    return code


def _answer(step: Callable[[Argument], int], argument: Argument) -> int:
    """Take a step and return its exit code, also where it fails; say why it has failed."""
    try:
        return step(argument)
    except SystemExit as stop:  # argparse: --help and --version
        return int(stop.code or 0)
    except ReplicationError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt as interrupt:
        return _fail(str(interrupt) or "interrupted", getattr(interrupt, "exit_code", 130))
    except BrokenPipeError:  # the reader (head, less) has seen enough
        silence(sys.stdout)
        return 0
    except Exception as error:
        shortage = _explain_shortage(error)
        if shortage is not None:
            return _fail(shortage, 70)
        if not isinstance(error, OSError):
            raise
        silence(sys.stdout)
        place = f" {error.filename!r}" if error.filename else ""
        what = f"cannot read or write{place} ({error.strerror or error})"
        return _fail(f"{what}; make room, or give another place", 74)


def _open_closed_streams() -> None:
    """Give a stream that the caller closed (``2>&-``) somewhere to write to.

    Otherwise the next file to be opened, perhaps a block, would take its
    number and receive its messages.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: PTH123, SIM115


def _check_memory_limit() -> None:
    """Refuse a limit on memory under which libraries would end this process without a word."""
    try:
        import resource
    except ImportError:  # on Windows
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < NEEDED_MEMORY:
        raise WorkerError(
            f"this process may use {limit / 1e6:,.0f} MB of memory, and its libraries need "
            f"{NEEDED_MEMORY / 1e6:,.0f} MB; raise the limit (ulimit -v)"
        )


def _explain_shortage(error: BaseException) -> str | None:
    """Return what the system is short of where an error of a library comes from that."""
    seen: BaseException | None = error
    while seen is not None:
        text = str(seen).lower()
        if isinstance(seen, MemoryError) or any(words in text for words in NO_MEMORY):
            return (
                "the memory is full; give fewer --seeds or --jobs, or raise the limit (ulimit -v)"
            )
        if any(words in text for words in NO_THREAD):
            return (
                "too few threads or processes are allowed; give --jobs 1, or raise the limit "
                "(ulimit -u)"
            )
        if isinstance(seen, OSError) and seen.errno in (errno.EMFILE, errno.ENFILE):
            return "too few open files are allowed; raise the limit (ulimit -n)"
        seen = seen.__cause__ or seen.__context__
    return None


def _fail(message: str, code: int) -> int:
    text = LONG_WORD.sub(lambda word: f"{word[0][:200]}...{word[0][-100:]}", escape(message))
    write_safely(sys.stderr, f"replication: {text[:LONGEST_MESSAGE]}\n")
    return code
