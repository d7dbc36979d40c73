"""Progress of a long computation: a line that is written over on a terminal, lines elsewhere."""

import contextlib
import os
import shutil
import sys
import time
from collections.abc import Callable
from typing import Self, TextIO

Tell = Callable[[str], object]
"""Takes the name of the step that begins, to show it."""

SECONDS_BETWEEN_DRAWINGS = 0.1
SECONDS_BETWEEN_LINES = 10.0
SECONDS_BEFORE_ESTIMATE = 1.0


class Progress:
    """Show on standard error how many of `total` networks are done, how fast, and what is left.

    `name`: of the step.
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
        if self.total:  # also where nothing was shown: after ^C, a message begins on its own line
            write_safely(self._stream, "\n" if self._is_terminal else "")

    def _show(self) -> None:
        # "seed 7: 300 of 2,400 networks, 400 a second, 5 s left"
        elapsed = max(0.001, time.monotonic() - self._begun)  # a coarse clock may not have moved
        rate = self.done / elapsed
        text = f"{self._name}{self.done:,} of {self.total:,} networks"
        speed = f", {rate:,.0f} a second" if rate >= 10 else f", {rate:.2g} a second"
        time_left = ""
        if self.done == self.total:
            time_left = f", {format_duration(elapsed)} in all"
        # The first moments show how long workers take to start, not how fast they are.
        elif elapsed >= SECONDS_BEFORE_ESTIMATE:
            time_left = f", {format_duration((self.total - self.done) / rate)} left"
        # A line that reaches the last column would wrap. The speed is missed least.
        width = shutil.get_terminal_size().columns - 1
        text += speed + time_left if len(text + speed + time_left) <= width else time_left
        line = text + "\n"
        if self._is_terminal:
            line = "\r" + text[:width].ljust(width)  # spaces wipe what was there before
        write_safely(self._stream, line)


def silent(text: str) -> None:
    """Take the name of a step and show nothing."""


def report_progress(text: str) -> None:
    """Write a line to standard error; a full disk there stops no work."""
    write_safely(sys.stderr, text + "\n")


def write_safely(stream: TextIO | None, text: str) -> None:
    """Write and flush, to a stream if there is one; one that takes no more is silenced.

    What could not be written would otherwise be tried again while the interpreter ends,
    which then reports an error of its own and exits with 120.
    """
    if stream is None:  # as under pythonw
        return
    try:
        stream.write(text)
        stream.flush()
    except OSError:
        silence(stream)


def silence(stream: TextIO) -> None:
    """Redirect a stream whose device is full or closed to nowhere, with what it still holds."""
    with contextlib.suppress(OSError, ValueError):
        # The file behind the stream is exchanged, so that what is buffered goes nowhere, too.
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
    """Return a duration in words.

    >>> format_duration(7.2), format_duration(200), format_duration(9_000)
    ('7 s', '3 min 20 s', '2.5 h')
    """
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    if seconds < 10 * 86_400:
        return f"{seconds / 3600:.3g} h"
    return f"{seconds / 86_400:,.0f} days"
