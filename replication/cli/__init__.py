"""The one front door: commands, messages and exit codes; no science."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from replication.errors import ReplicationError
from replication.progress import escape, silence, write_safely

Argument = TypeVar("Argument")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process unless given.

    Returns
    -------
    int
        0; 2 usage; 65 bad data; 70 worker failure; 74 input or output; 75
        busy; 129, 130 and 143 when interrupted.
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

    options = make_parser().parse_args(arguments)
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
    except MemoryError:
        return _fail("the memory is full; give fewer --seeds or --jobs", 70)
    except OSError as error:
        silence(sys.stdout)
        place = f" {error.filename!r}" if error.filename else ""
        what = f"cannot read or write{place} ({error.strerror or error})"
        return _fail(f"{what}; make room, or give another place", 74)


def _open_closed_streams() -> None:
    """Give a stream that the caller closed (``2>&-``) somewhere to write to.

    Otherwise the next file to be opened, perhaps a block, would take its
    number and receive its messages.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: PTH123, SIM115


def _fail(message: str, code: int) -> int:
    write_safely(sys.stderr, f"replication: {escape(message)}\n")
    return code
