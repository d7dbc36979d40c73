"""Progress of a long computation: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

Tell = Callable[[str], object]
"""Takes the name of the step that begins, to show it."""

BAR_WIDTH = 24
SECONDS_BETWEEN_DRAWINGS = 0.1
SECONDS_BETWEEN_LINES = 10.0


class Progress:
    """Show how many networks are done, how fast, and how long the rest takes.

    Parameters
    ----------
    total : int
        Networks to simulate.
    stream : text stream
        Standard error unless given.
    clock : callable
        Returns seconds; replaced in tests.
    """

    def __init__(
        self,
        total: int,
        *,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self.done = 0
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._is_terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._begun = self._last = clock()
        self._width = 0

    def advance(self, n_networks: int) -> None:
        """Count finished networks and show them if it is time to."""
        self.done += n_networks
        now = self._clock()
        pause = SECONDS_BETWEEN_DRAWINGS if self._is_terminal else SECONDS_BETWEEN_LINES
        # The end is shown once, by __exit__.
        if now - self._last >= pause and self.done < self.total:
            self._last = now
            self._show()

    def announce(self, text: str) -> None:
        """Write a line of its own, and measure time from now on."""
        self._write(text + "\n")
        self._begun = self._last = self._clock()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        """Show the final state and end the line."""
        if self.done:
            self._show()
        if self._is_terminal:
            self._write("\n")

    def describe(self) -> str:
        """Return the state as text, without a bar."""
        elapsed = self._clock() - self._begun
        text = f"{self.done:,} of {self.total:,} networks"
        if elapsed <= 0 or self.done == 0:
            return text
        rate = self.done / elapsed
        text += f", {rate:,.0f} a second" if rate >= 10 else f", {rate:.2g} a second"
        if self.done < self.total:
            return text + f", {format_duration((self.total - self.done) / rate)} left"
        return text + f", {format_duration(elapsed)} in all"

    def _show(self) -> None:
        if not self._is_terminal:
            self._write(self.describe() + "\n")
            return
        filled = round(BAR_WIDTH * self.done / max(1, self.total))
        line = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {self.describe()}"
        # Spaces in place of an escape code wipe what a longer line has left.
        self._write("\r" + line.ljust(self._width))
        self._width = len(line)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # A closed or full stderr is no reason to stop a simulation.
            self._is_terminal = False


def silent(text: str) -> None:  # noqa: ARG001
    """Take the name of a step and show nothing."""


def tell(text: str) -> None:
    """Write a line to standard error, as far as it takes one: a full one stops no work."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def format_duration(seconds: float) -> str:
    """Return a duration in words, with two significant units at most.

    Examples
    --------
    >>> format_duration(7.2), format_duration(200), format_duration(90_000)
    ('7 s', '3 min 20 s', '25 h')
    """
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    if seconds < 10 * 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"
    if seconds < 10 * 86_400:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:,.0f} days"
