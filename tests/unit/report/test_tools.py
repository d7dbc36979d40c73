"""What a report needs beside the package: found where it is, and named where it is not."""

import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest

from replication.errors import UsageError, WorkerError
from replication.report import tools


@pytest.fixture
def hide(monkeypatch: pytest.MonkeyPatch):
    """Return a function that hides modules as if they were not installed."""

    def find(names: list[str]) -> None:
        class Finder(PathFinder):
            @classmethod
            def find_spec(cls, name, path=None, target=None):
                return None if name in names else super().find_spec(name, path, target)

        monkeypatch.setattr(
            sys, "meta_path", [Finder if each is PathFinder else each for each in sys.meta_path]
        )
        for name in names:
            monkeypatch.delitem(sys.modules, name, raising=False)
        tools.find_pandoc.cache_clear()

    yield find
    tools.find_pandoc.cache_clear()


def put_pandoc(folder: Path, version: str) -> Path:
    program = folder / "pandoc"
    program.write_text(f"#!/bin/sh\necho pandoc {version}\n")
    program.chmod(0o755)
    return program


def test_everything_is_there() -> None:
    tools.require_tools()


def test_what_is_missing_is_named_in_one_line_that_says_how_to_install_it(
    hide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(["jinja2", "typst", "pypandoc"])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as caught:
        tools.require_tools()
    assert str(caught.value) == (
        "writing a report needs the extra 'report' (missing: Jinja, Typst, pandoc); install it "
        "in the sources with: pip install '.[report]', or let make do it"
    )


@pytest.mark.parametrize("version", ["3.8", "3.9.1", "4.0"])
def test_pandoc_of_the_system_serves_if_new_enough(
    hide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    hide(["pypandoc"])
    program = put_pandoc(tmp_path, version)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert tools.find_pandoc() == str(program)


@pytest.mark.parametrize("version", ["2.17.1", "3.7"])
def test_old_pandoc_of_the_system_is_named_with_its_version(
    hide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    hide(["pypandoc"])
    put_pandoc(tmp_path, version)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    with pytest.raises(UsageError, match=rf"pandoc 3.8 or newer, .* is pandoc {version}"):
        tools.require_tools()


@pytest.mark.parametrize(("number", "what"), [(11, "processes"), (24, "open files")])
def test_shortage_of_the_system_is_named(
    monkeypatch: pytest.MonkeyPatch, number: int, what: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, "no more")

    monkeypatch.setattr(tools.subprocess, "run", fail)
    with pytest.raises(WorkerError, match=rf"^pandoc cannot be started: too few {what}"):
        tools.run_tool(["pandoc"], "")
