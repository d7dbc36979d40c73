"""Progress tells the truth, and says nothing that a pipe cannot carry."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from replication.progress import Progress, escape, format_duration, report_progress


class Clock:
    """A clock that moves when told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A text stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class FullStream(io.StringIO):
    """A stream that cannot be written to."""

    def write(self, text):
        raise OSError(28, "No space left on device")


def test_lines_without_a_terminal_come_every_ten_seconds():
    stream, clock = io.StringIO(), Clock()
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


def test_the_first_moment_gives_no_estimate():
    """It tells how long workers take to start: 47 minutes once, for a run of 54 seconds."""
    stream, clock = io.StringIO(), Clock()
    progress = Progress(1_000_000, stream=stream, clock=clock)
    clock.now += 0.9
    progress.advance(300)
    assert "left" not in progress.describe()
    clock.now += 0.1
    progress.advance(99_700)
    assert progress.describe().endswith("100,000 a second, 9 s left")


def test_a_terminal_gets_one_line_that_is_drawn_again(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream, clock = Terminal(), Clock()
    with Progress(2400, stream=stream, clock=clock) as progress:
        clock.now += 1
        progress.advance(1200)
        clock.now += 0.05
        progress.advance(100)
        clock.now += 0.95
        progress.advance(1100)
    drawn = stream.getvalue().split("\r")[1:]
    assert [line.split("]")[0].count("#") for line in drawn] == [12, 24]
    assert drawn[-1].endswith("\n")
    assert len(drawn[1].rstrip("\n")) >= len(drawn[0])


@pytest.mark.parametrize("columns", [200, 95, 80, 60, 30])
def test_the_line_fits_the_terminal(monkeypatch, columns):
    """At 80 columns each drawing once left a line behind."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(columns))
    stream, clock = Terminal(), Clock()
    with Progress(
        1_000_000_000, name="root seed 9223372036854775807", stream=stream, clock=clock
    ) as progress:
        for _ in range(3):
            clock.now += 2
            progress.advance(300_000_000)
    drawn = stream.getvalue().rstrip("\n").split("\r")[1:]
    assert max(map(len, drawn)) < columns
    assert ("a second" in drawn[0]) == (columns == 200)
    assert ("[####" in drawn[-1]) == (columns >= 90)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_width_is_that_of_the_terminal_itself(monkeypatch):
    import fcntl
    import struct
    import termios

    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("COLUMNS", raising=False)
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 66, 0, 0))
    with os.fdopen(slave, "w") as stream, Progress(10, stream=stream) as progress:
        progress.advance(4)
        progress._show()
        drawn = os.read(master, 1000).decode()
    os.close(master)
    assert 40 < len(drawn.strip()) < 66


def test_a_dumb_terminal_gets_plain_lines(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    with Progress(10, stream=stream) as progress:
        progress.advance(10)
    assert "\r" not in stream.getvalue()
    assert "[" not in stream.getvalue()


def test_a_line_between_two_drawings_of_the_bar_stands_alone(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    stream, clock = Terminal(), Clock()
    with Progress(20, stream=stream, clock=clock) as progress:
        clock.now += 1
        progress.advance(10)
        progress.announce("a worker died")
        clock.now += 1
        progress.advance(10)
    assert "\na worker died\n\r[" in stream.getvalue()


def test_nothing_done_is_nothing_shown():
    stream = io.StringIO()
    with Progress(10, stream=stream):
        pass
    assert stream.getvalue() == ""


def test_an_announcement_starts_the_clock():
    stream, clock = io.StringIO(), Clock()
    with Progress(10, stream=stream, clock=clock) as progress:
        clock.now += 1000
        progress.announce("much to do")
        clock.now += 2
        progress.advance(10)
    assert stream.getvalue() == "much to do\n10 of 10 networks, 5 a second, 2 s in all\n"


def test_the_end_is_shown_once_and_a_slow_rate_is_not_none():
    stream, clock = io.StringIO(), Clock()
    with Progress(3, stream=stream, clock=clock) as progress:
        clock.now += 20
        progress.advance(3)
    assert stream.getvalue() == "3 of 3 networks, 0.15 a second, 20 s in all\n"


def test_a_line_for_a_full_stream_stops_nothing(monkeypatch, capsys):
    report_progress("one line")
    assert capsys.readouterr().err == "one line\n"
    monkeypatch.setattr("sys.stderr", FullStream())
    report_progress("another")
    with Progress(10, stream=FullStream()) as progress:
        progress.advance(10)
    assert progress.done == 10


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no full device")
def test_what_a_full_stream_still_holds_is_no_error_at_the_end():
    code = "from replication.progress import report_progress; report_progress('x')"
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([sys.executable, "-c", code], stderr=full, check=False)
    assert done.returncode == 0, "120 is what Python ends with where it cannot flush"


def test_control_characters_are_shown_and_not_sent():
    assert escape("λ \x1b[31m\r\n") == "λ \\x1b[31m\\r\\n"
    assert escape("\udcff\x85\u2028") == "\\udcff\\x85\\u2028"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.4, "under 1 s"),
        (1, "1 s"),
        (59.4, "59 s"),
        (60, "1 min 0 s"),
        (200, "3 min 20 s"),
        (3600, "1 h 0 min"),
        (9000, "2 h 30 min"),
        (90_000, "25 h"),
        (20 * 86_400, "20 days"),
        (2000 * 86_400, "2,000 days"),
    ],
)
def test_durations_in_words(seconds, text):
    assert format_duration(seconds) == text


def test_no_speed_is_told_before_time_has_passed():
    progress = Progress(10, name="root seed 1989", stream=io.StringIO(), clock=Clock())
    assert progress.describe() == "root seed 1989: 0 of 10 networks"
    progress.advance(3)
    assert progress.describe() == "root seed 1989: 3 of 10 networks"
