"""Progress of a long computation: one changing line on a terminal, new lines elsewhere."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Self, TextIO

Tell = Callable[[str], object]
"""A function that shows the name of the step that begins."""

SECONDS_BETWEEN_DRAWINGS = 0.1
SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Show on standard error how many of `total` networks are done, and how long the rest takes.

    `name`: the name of the step, which stands before the numbers.
    """

    def __init__(self, total: int, *, name: str = "", is_shown: bool = True) -> None:
        self.total = total
        self.done = 0
        self._name = f"{name}: " if name else ""
        self._stream = sys.stderr if is_shown else None
        is_terminal = self._stream is not None and self._stream.isatty()
        self._is_terminal = is_terminal and os.environ.get("TERM") != "dumb"
        self._begun = self._last = time.monotonic()

    def advance(self, n_networks: int) -> None:
        """Count finished networks, and show them if it is time to."""
        self.done += n_networks
        now = time.monotonic()
        pause = SECONDS_BETWEEN_DRAWINGS if self._is_terminal else SECONDS_BETWEEN_LINES
        # The end is shown once, by __exit__.
        if now - self._last >= pause and self.done < self.total:
            self._last = now
            self._show()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Show the final state and end the line."""
        if self.done:
            self._show()
        if self.total:  # even if nothing is done: a message after ^C then begins on a new line
            write_safely(self._stream, "\n" if self._is_terminal else "")

    def _show(self) -> None:
        """Write how far the step is, such as "seed 7: 300 of 2,400 networks, 0:00:05 left"."""
        elapsed = time.monotonic() - self._begun
        left = elapsed / self.done * (self.total - self.done)
        end = f"{format_duration(left)} left" if left else f"{format_duration(elapsed)} in all"
        line = f"{self._name}{self.done:,} of {self.total:,} networks, {end}"
        if not self._is_terminal:
            write_safely(self._stream, line + "\n")
            return
        # A line that reaches the last column would wrap; spaces delete what was there before.
        width = shutil.get_terminal_size().columns - 1
        write_safely(self._stream, "\r" + line[:width].ljust(width))


def silent(text: str) -> None:
    """Do nothing with the name of a step; for callers that want no progress."""


def report_progress(text: str) -> None:
    """Write a line to standard error; the work goes on even if that fails, as on a full disk."""
    write_safely(sys.stderr, text + "\n")


def write_safely(stream: TextIO | None, text: str) -> None:
    """Write text to a stream and flush it; if that fails, silence the stream for good.

    Otherwise Python would try to write the rest again when it exits, report an error of its own,
    and exit with 120.
    """
    if stream is None:  # a process may have no standard error, as under pythonw
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        silence(stream)


def silence(stream: TextIO) -> None:
    """Discard what a stream holds and is given from now on, since its device is full or closed."""
    with contextlib.suppress(OSError, ValueError):
        # The file behind the stream is replaced, so that the buffer goes nowhere as well.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()


def escape(text: str) -> str:
    r"""Return text on one line, with control characters written as escapes.

    >>> print(escape("a" + chr(27) + "[31m" + chr(10)))
    a\x1b[31m\n
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def format_duration(seconds: float) -> str:
    """Return a duration in hours, minutes and seconds.

    >>> format_duration(7.2), format_duration(9_000)
    ('0:00:07', '2:30:00')
    """
    return str(timedelta(seconds=round(seconds)))
