"""Progress tells the truth, and says nothing that a pipe cannot carry."""

import io
from types import SimpleNamespace

import pytest

from replication.system import progress as module
from replication.system.progress import Progress, escape


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_lines_where_there_is_no_clever_terminal_come_every_ten_seconds(stream, clock, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("sys.stderr", stream)
    with Progress(4000) as progress:
        clock.now += 9
        progress.advance(1000)
        assert stream.getvalue() == ""
        clock.now += 1
        progress.advance(1000)
        assert stream.getvalue() == "2,000 of 4,000 networks, 0:00:10 left\n"
        clock.now += 9
        progress.advance(2000)
    last = stream.getvalue().splitlines()[-1]
    assert last == "4,000 of 4,000 networks, 0:00:19 in all"


def test_a_terminal_gets_one_line_that_is_written_over_and_fits(clock, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setattr("sys.stderr", Terminal())
    with Progress(2400, name="seed 19") as progress:
        clock.now += 0.75
        progress.advance(300)
        clock.now += 0.25
        progress.advance(900)
        clock.now += 0.05
        progress.advance(100)
        clock.now += 0.95
        progress.advance(1100)
        monkeypatch.setenv("COLUMNS", "30")
    with Progress(10, is_shown=False) as progress:
        progress.advance(10)
    # Nothing is drawn of studies that are done at once.
    for total in (0, 1):  # after ^C, too, a message begins on a line of its own
        with Progress(total):
            pass
    assert module.sys.stderr.getvalue() == (
        "\rseed 19: 300 of 2,400 networks, 0:00:05 left               "
        "\rseed 19: 1,200 of 2,400 networks, 0:00:01 left             "
        "\rseed 19: 2,400 of 2,400 netwo\n\n"
    )


def test_control_characters_are_shown_and_not_sent():
    assert escape("λ \x1b[31m\r\n") == "λ \\x1b[31m\\r\\n"
    assert escape("\udcff\x85\u2028") == "\\udcff\\x85\\u2028"
