"""SIGTERM and a hang-up end a command as Ctrl-C does: quickly, in good order, and with advice.

1. `cli/__init__.py` runs every command within `raise_on_signals`.
2. A signal then raises `Interrupted` in the main thread, which waits while others work. If it
   comes during a write, the old file is intact: a new one gets its name only when it is complete.
3. The exception sets the flag of all threads (`threads.py`). Compiled code reads it once in every
   sweep through the patterns (`simulator/compiler/training.py`), and stops.
4. If the exception is raised in a destructor, Python discards it; `raise_on_signals` then sends the
   signal again.
5. The command prints the advice and ends with 128 + the signal's number: 130 after Ctrl-C.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SECONDS_TO_LEAVE = 0.02
"""The pause before a signal is sent again, in which the destructor that lost it can finish."""
SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
Handler = Callable[[int, FrameType | None], object] | int | None
"""What happens on a signal: Python calls a function, or the system acts by a number."""


class Interrupted(KeyboardInterrupt):
    """The run was interrupted by one of `SIGNALS`."""

    def __init__(self, number: int) -> None:
        super().__init__("interrupted; run the same command again to start over")
        self.number = number
        self.exit_code = 128 + number


@contextlib.contextmanager
def raise_on_signals() -> Iterator[None]:
    """Raise `Interrupted` in the main thread when one of `SIGNALS` comes during the block.

    A signal that was ignored before, as under nohup, stays ignored.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number)

    timers: list[threading.Timer] = []

    # Python calls this hook with an exception from a destructor, and then goes on without it.
    def send_again(lost: "sys.UnraisableHookArgs") -> None:
        """Send a signal again whose exception was lost; report any other exception as before."""
        if not isinstance(lost.exc_value, Interrupted):
            report_lost(lost)
            return
        signal_to_send = (os.getpid(), lost.exc_value.number)
        timer = threading.Timer(SECONDS_TO_LEAVE, os.kill, signal_to_send)
        timers.append(timer)
        timer.start()

    report_lost = sys.unraisablehook  # what Python did so far
    sys.unraisablehook = send_again
    before = _list_handlers()
    try:
        for number in before:
            signal.signal(number, interrupt)
        yield
    finally:
        sys.unraisablehook = report_lost
        for timer in timers:
            timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _list_handlers() -> dict[int, Handler]:
    """Return the present handler of each signal whose handler may be replaced.

    There are none outside the main thread, which alone can set handlers. A signal that is ignored
    is left out, so that it stays ignored.
    """
    handlers: dict[int, Handler] = {}
    if threading.current_thread() is not threading.main_thread():
        return handlers
    for number in SIGNALS:
        handler = signal.getsignal(number)
        if handler != signal.SIG_IGN:
            handlers[number] = handler
    return handlers
