"""Docstrings say what a caller must know, and their examples run."""

import ast
import doctest
import importlib
import itertools
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "replication"
MODULES = sorted(PACKAGE.rglob("*.py"))


# What a notebook or another program calls. Commands document themselves by --help, figures
# and chapters share one interface, and what is compiled shares the tuples `Rule` and `Lanes`.
CALLED = ("analysis", "claims", "crate", "protocol", "results", "simulator", "store", "study")
COMPILED = {"arithmetic.py", "kernel.py", "runner.py", "state.py", "vectors.py"}


# Words that mean the same everywhere; each is described where its class or constant is.
HOUSE_WORDS = {
    *("block", "folder", "jobs", "manifest", "outcomes", "path", "protocol", "root_seed", "store"),
    *("calibration", "generator", "law", "level", "mean", "n_networks", "n_studies", "reported"),
    *("margin_percent", "restart_after", "run", "sizes", "table", "tail", "rule", "weights"),
}


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


def list_missing(function: ast.FunctionDef) -> list[str]:
    """Return what the docstring of one public function lacks.

    Each argument that is no word of the house stands in the Parameters section or is named
    in the text, unless there is one only; what a container holds stands in the Returns
    section or in the first sentence; the shape of an array needs words.
    """
    docstring = ast.get_docstring(function)
    if not docstring:
        return ["docstring"]
    if is_property(function):
        return []
    arguments = function.args
    taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    taken = [a for a in taken if a.arg not in {"self", "cls"}]
    returns = ast.unparse(function.returns) if function.returns else "None"
    missing = []
    if len(taken) > 1 and not has_section(docstring, "Parameters"):
        unknown = [a for a in taken if a.arg not in HOUSE_WORDS]
        missing += [a.arg for a in unknown if not re.search(rf"[`*]{a.arg}\b", docstring)]
    says = any(has_section(docstring, section) for section in ("Returns", "Yields"))
    starts_with_it = re.match(r"Return|Read|Equation", docstring)
    if re.match("tuple|list|dict", returns) and not (says or starts_with_it):
        missing.append("Returns")
    if not says and "Array" in returns and not re.search(r"shape|[\[(][a-z]", docstring):
        missing.append("shape")
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


def is_called(path: Path) -> bool:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    return room in CALLED and path.name not in COMPILED


@pytest.mark.parametrize("path", MODULES, ids=name_module)
def test_public_names_have_docstrings(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree) or path.stat().st_size == 0, "the module says what it is for"
    assert [name for name, node in list_public(path) if not ast.get_docstring(node)] == []


@pytest.mark.parametrize("path", [p for p in MODULES if is_called(p)], ids=name_module)
def test_docstrings_say_what_goes_in_and_out(path):
    functions = [(n, f) for n, f in list_public(path) if isinstance(f, ast.FunctionDef)]
    lacking = {name: list_missing(function) for name, function in functions}
    assert {name: missing for name, missing in lacking.items() if missing} == {}


WITH_EXAMPLES = [p for p in MODULES if re.search(r"^ *>>> ", p.read_text(encoding="utf-8"), re.M)]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=name_module)
def test_examples_give_what_they_say(path):
    module = importlib.import_module(name_module(path))
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.attempted > 0
    assert result.failed == 0
