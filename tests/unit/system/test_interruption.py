"""A signal is raised at once, but never in the middle of a write."""

import signal

import pytest

from replication.system.interruption import Interrupted, Interruption


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_raises_with_its_exit_code(number, code):
    before = signal.getsignal(number)
    with pytest.raises(Interrupted, match="run the same command again") as caught, Interruption():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before
    assert caught.value.exit_code == code
    assert isinstance(caught.value, KeyboardInterrupt)


def write(interruption, written):
    with interruption.shield():
        signal.raise_signal(signal.SIGTERM)
        written.append(1)


def test_a_shielded_write_is_finished_first_and_no_other_begins():
    written = []
    with Interruption("have a rest") as interruption:
        for _ in range(2):
            with pytest.raises(Interrupted, match="interrupted; have a rest"):
                write(interruption, written)
    assert written == [1]


def test_a_hang_up_that_nohup_asked_to_ignore_is_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Interruption():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
