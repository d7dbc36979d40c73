"""How the tests of `compare` ask, and read an answer."""

from replication.cli import main
from replication.comparison.result import Verdict

YES, NO, UNKNOWN = Verdict.NOT_CONTRADICTED, Verdict.CONTRADICTED, Verdict.CANNOT_TELL


def read(found):
    """Return what is printed of an answer, on one line."""
    return " ".join(found.render().split())


def ask(*arguments):
    """Run the command, and return its exit code."""
    return main(["compare", *map(str, arguments)])


def run(capsys, *arguments):
    """Return what the command prints."""
    code = ask(*arguments)
    captured = capsys.readouterr()
    assert (code, captured.err) == (0, "")
    assert "\x1b" not in captured.out
    assert "`" not in captured.out or "json" in arguments
    return captured.out


def say(capsys, *arguments):
    """Return what the command prints, on one line."""
    return " ".join(run(capsys, *arguments).split())


def refuse(capsys, *arguments):
    """Return the exit code and the one line of a command that is refused."""
    code = ask(*arguments)
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert captured.err[:-1].isprintable()
    assert "`" not in captured.err
    return code, captured.err
