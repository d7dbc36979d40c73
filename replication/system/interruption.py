"""Ctrl-C, SIGTERM and a hang-up end a run at once, but never in the middle of a write.

1. A command enters an `Interruption` (`cli/__init__.py`; `store/filling.py` while it simulates).
2. On a signal this raises `Interrupted` in the main thread, or after the write that is going on.
3. That sets the flag of all threads (`threads.py`, `simulator/ensemble.py`), which the kernel reads
   once a sweep through the patterns (`simulator/programs.py`).
4. The command prints the advice and ends with 128 + the signal's number: 130 after Ctrl-C.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

HANG_UP: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none
SIGNALS = tuple(s for s in (signal.SIGINT, signal.SIGTERM, HANG_UP) if s is not None)

GO_ON = "finished blocks are kept: run the same command again to go on"
"""Advice where blocks are simulated and stored."""


class Interrupted(KeyboardInterrupt):
    """The run was interrupted by one of `SIGNALS`; the advice says what to do next."""

    def __init__(self, signal_number: int, advice: str) -> None:
        super().__init__(f"interrupted; {advice}")
        self.exit_code = 128 + signal_number


class Interruption:
    """While entered, a signal raises `Interrupted` in the main thread, but not amid a write."""

    def __init__(self, advice: str = "run the same command again") -> None:
        self._advice = advice
        self._received = 0
        self._is_shielded = False
        self._previous: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._previous = {
                number: signal.signal(number, self._handle)
                for number in SIGNALS
                if not (number == HANG_UP and signal.getsignal(number) == signal.SIG_IGN)
            }  # `nohup` asks that a hang-up be ignored
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """Hold signals back for the short time that a write takes."""
        self._raise_if_received()
        self._is_shielded = True
        try:
            yield
        finally:
            self._is_shielded = False
        self._raise_if_received()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._received = number
        if not self._is_shielded:
            raise Interrupted(number, self._advice)

    def _raise_if_received(self) -> None:
        if self._received:
            raise Interrupted(self._received, self._advice)
