"""How a command ends that something interrupts."""

from __future__ import annotations

import pytest

from replication.cli import main, store_commands
from replication.errors import WorkerError


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 70, "give fewer --seeds or --jobs"),
        (ImportError("x.so: failed to map segment from shared object"), 70, "(ulimit -v)"),
        (RuntimeError("can't start new thread"), 70, "(ulimit -u)"),
        (OSError(24, "Too many open files", "x.csv"), 70, "(ulimit -n)"),
        (OSError(28, "No space left on device", "x.csv"), 74, "'x.csv'"),
        (WorkerError("the cluster has gone"), 70, "the cluster has gone"),
    ],
)
def test_a_command_that_fails_ends_in_one_line_and_an_exit_code(
    monkeypatch, capfd, tmp_path, error, code, says
):
    def fail(options):
        raise error

    monkeypatch.setattr(store_commands, "run_info", fail)
    assert main(["info", "--results", str(tmp_path)]) == code
    message = capfd.readouterr().err
    assert says in message
    assert len(message.splitlines()) == 1
