"""How a command ends that something interrupts, and what a source tree without a release says."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import pytest

from replication.cli import main, store_commands
from replication.errors import WorkerError


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 70, "give fewer --seeds or --jobs"),
        (OSError(28, "No space left on device", "x.csv"), 74, "'x.csv'"),
        (WorkerError("the cluster has gone"), 70, "the cluster has gone"),
    ],
)
def test_a_command_that_fails_ends_in_one_line_and_an_exit_code(
    monkeypatch: Any, capfd: Any, tmp_path: Any, error: BaseException, code: int, says: str
) -> None:
    def fail(options: Any) -> int:
        raise error

    monkeypatch.setattr(store_commands, "run_info", fail)
    assert main(["info", "--results", str(tmp_path)]) == code
    message = capfd.readouterr().err
    assert says in message
    assert len(message.splitlines()) == 1


def test_version_of_a_source_tree_that_is_not_installed(monkeypatch: Any, capsys: Any) -> None:
    def miss(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("replication.cli.parser.version", miss)
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == "replication unknown (run from the sources)\n"


def test_version_is_the_installed_one(capsys: Any) -> None:
    assert main(["--version"]) == 0
    assert (
        capsys.readouterr().out
        == f"replication {importlib.metadata.version('recirculation-replication')}\n"
    )


def test_experiments_say_what_is_under_way(monkeypatch: Any, capsys: Any, tmp_path: Any) -> None:
    def fail_after_a_word(name: str, *, jobs: int, report_progress: Any) -> None:
        report_progress("searching the settings")
        raise WorkerError("a worker has gone")

    monkeypatch.setattr("replication.publication.run_experiment", fail_after_a_word)
    assert main(["experiments", "speed", "functions", "--results", str(tmp_path)]) == 70
    first, second, last = capsys.readouterr().err.splitlines()
    assert first.startswith("speed (1 of 2): ")
    assert first.endswith(" left")
    assert second == "speed (1 of 2): searching the settings"
    assert "a worker has gone" in last
