"""Docstrings say what a caller must know, and their examples run."""

import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import replication
from replication.simulator.operations import functions
from replication.simulator.running.guard import COMPILED

ROOT = Path(__file__).parents[1]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((ROOT / "replication").rglob("*.py"))
    if re.search(r"^ *>>> ", path.read_text(encoding="utf-8"), re.M)
]
# Not made by a caller.
RESULTS = {"Mechanism", "Comparison", "ComparisonTable", "Contest", "Digits", "Outcomes", "Trace"}


def test_public_interface_describes_every_parameter_and_shows_an_example():
    for name in replication.__all__:
        function = getattr(replication, name)
        if not callable(function) or name.endswith("Error"):
            continue
        docstring = inspect.getdoc(function)
        parameters = {p for p in inspect.signature(function).parameters if p != "self"}
        before = [line.split(" : ")[0] for line in docstring.splitlines() if " : " in line]
        described = {word.strip(" *`") for words in before for word in words.split(",")}
        assert parameters - described == set(), name
        assert ">>> " in docstring or name in RESULTS, name


def test_the_page_of_ones_own_rule_lists_what_of_numpy_is_compiled_and_what_can_be_overridden():
    page = (ROOT / "docs" / "own_rule.md").read_text(encoding="utf-8")
    (listed,) = re.findall(r"These functions of NumPy are known.*", page)
    known = {function.__name__ for function in functions.FUNCTIONS}
    assert re.findall(r"`(\w+)`", listed.split(". Any")[0]) == sorted(known)
    (listed,) = re.findall(r"Override (.*?)\.", page)
    written = {*re.findall(r"`(\w+)`", listed)}
    assert {"list_hidden", "list_states", "uniform", "normal"} == written ^ COMPILED


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_give_what_they_say(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0
