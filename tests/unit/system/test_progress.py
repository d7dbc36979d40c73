"""Progress tells the truth, and says nothing that a pipe cannot carry."""

import io

import pytest

from replication.system.progress import Progress, escape


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_lines_without_a_terminal_or_in_a_dumb_one_come_every_ten_seconds(stream, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    clock = Clock()
    with Progress(4000, stream=stream, clock=clock) as progress:
        clock.now += 9
        progress.advance(1000)
        assert stream.getvalue() == ""
        clock.now += 1
        progress.advance(1000)
        assert stream.getvalue() == "2,000 of 4,000 networks, 200 a second, 10 s left\n"
        clock.now += 9
        progress.advance(2000)
    last = stream.getvalue().splitlines()[-1]
    assert last == "4,000 of 4,000 networks, 211 a second, 19 s in all"


def test_a_terminal_gets_one_line_that_is_written_over_and_fits(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    stream, clock = Terminal(), Clock()
    with Progress(2400, name="seed 19", stream=stream, clock=clock) as progress:
        clock.now += 1
        progress.advance(1200)
        clock.now += 0.05
        progress.advance(100)
        clock.now += 0.95
        progress.advance(1100)
        monkeypatch.setenv("COLUMNS", "30")
    assert stream.getvalue() == (
        "\rseed 19: 1,200 of 2,400 networks, 1,200 a second, 1 s left "
        "\rseed 19: 2,400 of 2,400 netwo\n"
    )


def test_the_first_moment_gives_no_estimate():
    """It tells how long workers take to start: 47 minutes once, for a run of 54 seconds."""
    clock = Clock()
    progress = Progress(1_000_000, name="seed 19", stream=io.StringIO(), clock=clock)
    assert progress.describe() == "seed 19: 0 of 1,000,000 networks"
    clock.now += 0.9
    progress.advance(300)
    assert "left" not in progress.describe()


def test_control_characters_are_shown_and_not_sent():
    assert escape("λ \x1b[31m\r\n") == "λ \\x1b[31m\\r\\n"
    assert escape("\udcff\x85\u2028") == "\\udcff\\x85\\u2028"
