"""SIGTERM and a hang-up end a command as Ctrl-C does: at once, in order, and with advice.

1. `cli/__init__.py` runs every command within `raise_on_signals`.
2. A signal then raises `Interrupted` in the main thread, which waits while others work. A write
   that it ends has left the old file; the new one only gets its name when it is complete.
3. The exception sets the flag of all threads (`threads.py`), which the kernel reads once a sweep
   through the patterns (`simulator/compiler/training.py`).
4. Python throws an exception away that is raised in a destructor; `raise_on_signals` then sends the
   signal once more.
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
"""How long a destructor that has swallowed a signal may take before the signal is sent again."""
SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
Handler = Callable[[int, FrameType | None], object] | int | None
"""What Python does on a signal: a function, or the number of something that the system does."""


class Interrupted(KeyboardInterrupt):
    """The run was interrupted by one of `SIGNALS`."""

    def __init__(self, number: int, advice: str) -> None:
        super().__init__(f"interrupted; {advice}")
        self.number = number
        self.exit_code = 128 + number


@contextlib.contextmanager
def raise_on_signals(*, continues: bool) -> Iterator[None]:
    """Raise `Interrupted` in the main thread when a signal comes.

    `continues`: whether the command, run again, goes on where it was interrupted; the message says
    so. A signal that was ignored before stays ignored (nohup).
    """
    advice = "run the same command again to start over"
    if continues:
        advice = "finished blocks are cached: run the same command again to go on"

    def interrupt(number: int, _frame: FrameType | None) -> None:
        raise Interrupted(number, advice)

    timers: list[threading.Timer] = []

    # Python calls this with an exception that a destructor has raised, and goes on.
    def send_again(lost: "sys.UnraisableHookArgs") -> None:
        if not isinstance(lost.exc_value, Interrupted):
            report_lost(lost)
            return
        signal_to_send = (os.getpid(), lost.exc_value.number)
        timer = threading.Timer(SECONDS_TO_LEAVE, os.kill, signal_to_send)
        timers.append(timer)
        timer.start()

    report_lost = sys.unraisablehook
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
    """Return what handles each of the signals that a command may handle.

    Only the main thread can set handlers; a signal that is ignored stays so.
    """
    handlers: dict[int, Handler] = {}
    if threading.current_thread() is not threading.main_thread():
        return handlers
    for number in SIGNALS:
        handler = signal.getsignal(number)
        if handler != signal.SIG_IGN:
            handlers[number] = handler
    return handlers
