"""Commands run in this process, as a user types them."""

import pytest

from replication.cli import main


@pytest.fixture
def small_reports(monkeypatch):
    """Leave out the PDF, and the same study under other root seeds."""
    monkeypatch.setattr("replication.publication.publishing.FORMATS", ("html", "md"))
    monkeypatch.setattr("replication.paper.study.N_REPETITIONS", 0)


@pytest.fixture
def write(tmp_path):
    """Write a file of the user's, text or bytes; return its path."""

    def write(content, name="mine.py"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def run(capsys):
    """Run a command that must succeed; return what it prints."""

    def run(*words):
        code = main([str(word) for word in words])
        output = capsys.readouterr()
        assert code == 0, output.err
        return output.out

    return run


@pytest.fixture
def refuse(capsys):
    """Run a command that must fail with an exit code; return its one line of message."""

    def refuse(code, *words):
        assert main([str(word) for word in words]) == code
        output = capsys.readouterr()
        assert output.out == ""
        (line,) = output.err.splitlines()
        assert line.startswith("replication: ")
        return line

    return refuse
