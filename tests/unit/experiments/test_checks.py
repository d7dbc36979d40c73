"""The conditions of the chapters: each stands beside a sentence, and each sentence has its own."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from replication.experiments import EXPERIMENTS, TEMPLATES, list_checks, list_tables
from replication.publication.placing import LINE

README = Path(__file__).parents[3] / "tools" / "readme.md"
CHECKED = [name for name in ("headline", *EXPERIMENTS) if (TEMPLATES / name / "checks.py").exists()]


def list_conditions(name):
    """Return the names that the functions ``check...`` of an experiment give."""
    tree = ast.parse((TEMPLATES / name / "checks.py").read_text("utf-8"))
    functions = [
        each for each in tree.body
        if isinstance(each, ast.FunctionDef) and each.name.startswith("check")
    ]  # fmt: skip
    dictionaries = [
        node for function in functions for node in ast.walk(function) if isinstance(node, ast.Dict)
    ]
    keys = [key for one in dictionaries for key in one.keys if isinstance(key, ast.Constant)]
    return {key.value for key in keys}


def list_required(text):
    """Return the conditions that a template requires, by experiment."""
    required = set(re.findall(r"checks\.(\w+)\.(\w+)", text))
    # {% set holds = checks.hierarchy %} gives all of an experiment a short name.
    settings = [line for line in text.splitlines() if line.startswith("{% set")]
    named = {name for line in settings for name in re.findall(r"checks\.(\w+)", line)}
    assert len(named) <= 1, "one name for the conditions of two experiments"
    for name in named:
        required |= {(name, condition) for condition in re.findall(r"\bholds\.(\w+)", text)}
    return required


@pytest.mark.parametrize("name", CHECKED)
def test_every_condition_is_required_by_a_sentence_and_every_sentence_has_its_condition(name):
    pages = [*TEMPLATES.rglob("*.md"), README]
    required = set().union(*(list_required(page.read_text("utf-8")) for page in pages))
    assert {condition for experiment, condition in required if experiment == name} == (
        list_conditions(name)
    )


def test_models_without_conditions_or_tables_have_none():
    assert list_checks({"codes": {}}) == {}
    assert list_tables({"codes": {}}) == {}


@pytest.mark.parametrize("id", ["w-direction", "w-length", "factor"])
def test_w_does_not_descend_if_any_of_three_measurements_contradicts(id):
    ways = {name: {"outcome": "supports"} for name in ("w-direction", "w-length", "factor")}
    models = {"rule": {"claims": {"descent": {"operationalisations": ways}}}}
    assert list_checks(models) == {"rule": {"w_descends_without_the_division": True}}
    ways[id]["outcome"] = "contradicts"
    assert list_checks(models) == {"rule": {"w_descends_without_the_division": False}}


def test_every_table_has_a_name_that_a_list_of_files_may_have():
    """Others are refused, since a list from somebody else could name a file of one's own."""
    folders = [path.parent.name for path in TEMPLATES.glob("*/tables.py")]
    modules = [
        importlib.import_module(f"replication.experiments.{name}.tables") for name in folders
    ]
    for name in {"statements"}.union(*(module.TABLES for module in modules)):
        assert LINE.fullmatch(f"{'0' * 64}  {name}.csv")
    assert not LINE.fullmatch(f"{'0' * 64}  mine.csv")
