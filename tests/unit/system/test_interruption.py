"""A signal is raised at once, with the exit code that it stands for."""

import signal
import time

import pytest

from replication.system.interruption import Interrupted, raise_on_signals


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_raises_with_its_exit_code(number, code):
    before = signal.getsignal(number)
    interrupted = pytest.raises(Interrupted, match="^interrupted; run the .* to start over$")
    with interrupted as caught, raise_on_signals():
        signal.raise_signal(number)
    assert signal.getsignal(number) == before
    assert caught.value.exit_code == code
    assert isinstance(caught.value, KeyboardInterrupt)


def test_a_hang_up_that_nohup_asked_to_ignore_is_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with raise_on_signals():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_signal_that_a_destructor_swallows_comes_again():
    """Once Ctrl-C between two blocks from a cluster was only noted, and the study went on."""

    class Interrupting:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)
            self.survived = True

    def go_on():
        Interrupting()
        time.sleep(5)

    with pytest.raises(Interrupted), raise_on_signals():
        go_on()
