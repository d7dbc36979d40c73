"""What a report needs beside the package: named where it is not."""

import sys
from importlib.machinery import PathFinder

import pytest

from replication.errors import UsageError, WorkerError
from replication.report import tools


def test_what_is_missing_is_named_in_one_line_that_says_how_to_install_it(monkeypatch, tmp_path):
    tools.require_tools()
    names = ("jinja2", "typst", "pypandoc")

    class Finder(PathFinder):
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            return None if name in names else super().find_spec(name, path, target)

    hidden = [Finder if each is PathFinder else each for each in sys.meta_path]
    monkeypatch.setattr(sys, "meta_path", hidden)
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    tools.find_pandoc.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as caught:
        tools.require_tools()
    assert str(caught.value) == (
        "writing a report needs the extra 'report' (missing: Jinja, Typst, pandoc); install it "
        "in the sources with: pip install '.[report]', or let make do it"
    )
    pandoc = tmp_path / "pandoc"
    for said in ("pandoc 3.1.11", "no pandoc"):
        pandoc.write_text(f"#!/bin/sh\necho {said}\n")
        pandoc.chmod(0o755)
        with pytest.raises(UsageError, match=f"pandoc 3.8 or newer, .* is {said}"):
            tools.find_pandoc()
    pandoc.write_text("#!/bin/sh\necho pandoc 3.8.2\n")
    assert tools.find_pandoc() == str(pandoc)
    tools.find_pandoc.cache_clear()


@pytest.mark.parametrize(("number", "what"), [(11, "processes"), (24, "open files")])
def test_shortage_of_the_system_is_named(monkeypatch, number, what):
    def fail(*_, **__):
        raise OSError(number, "no more")

    monkeypatch.setattr(tools.subprocess, "run", fail)
    with pytest.raises(WorkerError, match=rf"^pandoc cannot be started: too few {what}"):
        tools.run_tool(["pandoc"], "")
