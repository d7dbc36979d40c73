"""Docstrings say what a caller must know, and their examples run."""

import ast
import doctest
import importlib
import itertools
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "replication"
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def has_section(docstring: str, title: str) -> bool:
    lines = [line.strip() for line in docstring.splitlines()]
    return any(
        line == title and under == "-" * len(title) for line, under in itertools.pairwise(lines)
    )


def is_property(function: ast.FunctionDef) -> bool:
    decorators = {ast.unparse(d) for d in function.decorator_list}
    return bool(decorators & {"property", "functools.cached_property", "cached_property"})


def list_missing(function: ast.FunctionDef, *, is_method: bool) -> list[str]:
    """Return what the docstring of one public function lacks.

    A method of at most one argument may say all of it in its sentence.
    """
    docstring = ast.get_docstring(function)
    if not docstring:
        return ["docstring"]
    if is_property(function):
        return []
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    taken = [a for a in taken if a.arg not in {"self", "cls"}]
    if is_method and len(taken) <= 1:
        return []
    missing = []
    if taken and not has_section(docstring, "Parameters"):
        missing.append("Parameters")
    returns = ast.unparse(function.returns) if function.returns else "None"
    yields = returns.startswith(("Iterator", "Generator", "Iterable"))
    sections = ["Yields", "Returns"] if yields else ["Returns"]
    silent = returns in {"None", "Never", "NoReturn"}
    if not silent and not any(has_section(docstring, s) for s in sections):
        missing.append(" or ".join(sections))
    return missing


def list_public(path: Path) -> list[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    public: list[tuple[str, ast.FunctionDef | ast.ClassDef]] = []
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        public.append((node.name, node))
        if isinstance(node, ast.ClassDef):
            public.extend(
                (f"{node.name}.{member.name}", member)
                for member in node.body
                if isinstance(member, ast.FunctionDef) and not member.name.startswith("_")
            )
    return public


@pytest.mark.parametrize("path", MODULES, ids=name_module)
def test_public_names_are_documented(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or path.stat().st_size == 0, "the module says what it is for"
    lacking = {}
    for name, node in list_public(path):
        if isinstance(node, ast.ClassDef):
            missing = [] if ast.get_docstring(node) else ["docstring"]
        else:
            missing = list_missing(node, is_method="." in name)
        if missing:
            lacking[name] = missing
    assert lacking == {}


WITH_EXAMPLES = [path for path in MODULES if ">>>" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=name_module)
def test_examples_give_what_they_say(path):
    module = importlib.import_module(name_module(path))
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0
