"""Pandoc and Typst: named where they are missing, and why they cannot be started."""

import sys
from importlib.machinery import PathFinder

import pytest

from replication.errors import UsageError, WorkerError
from replication.report import pandoc


def test_what_is_missing_is_named_in_one_line_that_says_how_to_install_it(monkeypatch):
    pandoc.require_tools()
    names = ("jinja2", "typst", "pypandoc")

    class Finder(PathFinder):
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            return None if name in names else super().find_spec(name, path, target)

    hidden = [Finder if each is PathFinder else each for each in sys.meta_path]
    monkeypatch.setattr(sys, "meta_path", hidden)
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(UsageError) as caught:
        pandoc.find_pandoc()
    assert str(caught.value) == (
        "writing a report needs the extra 'report' (missing: Jinja, Typst, pandoc); install it "
        "in the sources with: pip install '.[report]', or let make do it"
    )


@pytest.mark.parametrize(("number", "what"), [(11, "processes"), (24, "open files")])
def test_shortage_of_the_system_is_named(monkeypatch, tmp_path, number, what):
    def fail(*_, **__):
        raise OSError(number, "no more")

    monkeypatch.setattr(pandoc.subprocess, "run", fail)
    with pytest.raises(WorkerError, match=rf"^pandoc cannot be started: too few {what}"):
        pandoc.run_tool(["pandoc"], "", tmp_path)
