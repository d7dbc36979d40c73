"""A signal is raised at once, but never in the middle of a write."""

from __future__ import annotations

import signal
import threading

import pytest

from replication.interruption import Interrupted, Interruption


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_raises_with_its_exit_code(number, code):
    with pytest.raises(Interrupted, match="run the same command again") as caught, Interruption():
        signal.raise_signal(number)
    assert caught.value.exit_code == code
    assert isinstance(caught.value, KeyboardInterrupt)


def test_the_message_ends_with_the_advice():
    with pytest.raises(Interrupted) as caught, Interruption("have a rest"):
        signal.raise_signal(signal.SIGINT)
    assert str(caught.value) == "interrupted; have a rest"


def interrupt_a_write(written: list[int]) -> None:
    with Interruption() as interruption:
        with interruption.shield():
            signal.raise_signal(signal.SIGTERM)
            written.append(1)
        written.append(2)


def test_a_shielded_write_is_finished_first():
    written: list[int] = []
    with pytest.raises(Interrupted):
        interrupt_a_write(written)
    assert written == [1]


def test_no_write_begins_after_a_signal():
    interruption = Interruption()
    with interruption:
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGTERM)
        written = []
        with pytest.raises(Interrupted), interruption.shield():
            written.append(1)
        assert written == []


def test_the_former_handlers_come_back():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with Interruption():
        assert signal.getsignal(signal.SIGTERM) != before[signal.SIGTERM]
    assert {number: signal.getsignal(number) for number in before} == before


def test_another_thread_leaves_signals_alone():
    seen = []

    def work():
        with Interruption():
            seen.append(signal.getsignal(signal.SIGTERM))

    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_a_hang_up_that_nohup_asked_to_ignore_is_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
