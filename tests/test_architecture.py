"""The floors of the house: what may import what, and what stays out of a quick start.

That every module has a docstring, that only commands print, and that no random state is global,
is checked by ruff.
"""

import ast
import functools
import graphlib
import json
import sys

import pytest

from tests.reliability.faults import ROOT, run

PACKAGE = ROOT / "replication"
MODULES = sorted(PACKAGE.rglob("*.py"))

# The wings of the package: what people come for. A module may import from its own wing and from
# those that are named beside it, whatever the floor.
WINGS = {
    "base": {"errors", "wording", "system"},
    "compare": {"statistics", "reading", "comparison"},
    "engine": {"definition", "simulator"},
    "study": {"paper", "experiments", "report", "publication"},
    "commands": {"cli", "__init__", "__main__"},
}
WINGS_BELOW = {
    "base": set(),
    "compare": {"base"},
    "engine": {"base"},
    "study": {"base", "compare", "engine"},
    "commands": {"base", "compare", "engine", "study"},
}
WING_OF = {room: wing for wing, rooms in WINGS.items() for room in rooms}

# The rooms by floor, and rooms within them. A module may import from lower floors and its own room.
ROOMS = (
    {"errors", "wording"},
    {"definition", "system", "statistics"},
    {"reading"},
    {"simulator.operations", "comparison", "paper"},
    {"simulator.rule"},
    {"simulator.compiler"},
    {"simulator.running"},
    {"report"},
    {"experiments.instruments"},
    {"experiments"},
    {"publication"},
    {"cli"},
    {"__init__", "__main__"},
)
FLOORS = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}

# Libraries that only these rooms or modules may import.
CONFINED = {
    "matplotlib": {
        "report",
        "experiments",
        "simulator.running.curves",
        "simulator.running.drawing",
        "simulator.running.outcomes",
        "comparison.figure",
        "comparison.forest",
    },
    "llvmlite": {"simulator"},
    "pyarrow": {"cli.study_commands"},
    "jinja2": {"report"},
    "typst": {"report"},
    "pypandoc": {"report"},
    "dask": set(),
    "distributed": {"simulator.running.backends"},
    "joblib": {"system.threads"},
    # Not where outcomes are made: the last bits of its functions depend on the processor.
    "scipy": {"statistics", "comparison", "experiments"},
}

HEAVY = {*CONFINED, "numpy", "pandas"}

# What initial weights and patterns may be made with: IEEE 754 rounds each of these in one way.
EXACT = {
    "array", "asarray", "broadcast_to", "cumsum", "empty", "eye", "float64", "int64", "isfinite",
    "fsum", "load", "math.prod", "swapaxes", "uint8", "uint64", "zeros", "random.Philox",
}  # fmt: skip


def name_module(path):
    """Return the dotted name below the package: ``simulator.kernel``."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


@functools.cache
def read_imports(path):
    """Return each imported module as a tuple of names, absolute ones only."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: line {node.lineno}: imports are absolute"
            parts = tuple((node.module or "").split("."))
            found += [(*parts, alias.name) for alias in node.names]
    return found


def find_room(module):
    """Return the room that a module stands in: the longest beginning of its name that is one."""
    parts = module.split(".")
    for n in range(len(parts), 0, -1):
        if ".".join(parts[:n]) in FLOORS:
            return ".".join(parts[:n])
    return None


def find_climbing(module, imports):
    """Return what a module imports although its wing, or its floor, does not allow it."""
    room = find_room(module)
    wing = WING_OF[room.split(".")[0]]
    climbing = []
    for name in imports:
        if name[0] != "replication":
            continue
        # Without a room: a name that the package itself offers.
        other = find_room(".".join(name[1:])) or "__init__"
        other_wing = WING_OF[other.split(".")[0]]
        if other == room:
            continue
        is_below = FLOORS[other] < FLOORS[room]
        is_near = other_wing == wing or other_wing in WINGS_BELOW[wing]
        if not (is_below and is_near):
            climbing.append(".".join(name))
    return climbing


def test_imports_point_down():
    for path in MODULES:
        module = name_module(path)
        if path.name == "__init__.py" and find_room(module) is None:
            assert not read_imports(path), f"{module} only holds rooms"
            continue
        assert find_room(module), f"{module}: a new room needs a floor and a wing"
        assert find_climbing(module, read_imports(path)) == [], module


def test_imports_pointing_up_or_into_another_wing_are_noticed():
    simulate = ("replication", "simulate")
    assert find_climbing("definition.protocol", [simulate])
    assert find_climbing(
        "simulator.rule.network", [("replication", "simulator", "running", "engine")]
    )
    assert find_climbing(
        "experiments.instruments.sample", [("replication", "experiments", "EXPERIMENTS")]
    )
    counts = ("replication", "statistics", "counts", "CountTable")
    assert find_climbing("simulator.running.ensemble", [counts])
    assert find_climbing("comparison.figure", [("replication", "definition", "protocol", "PAPER")])
    assert find_climbing("comparison.figure", [counts]) == []


def test_modules_of_the_comparison_stand_on_each_other_in_no_circle():
    room = {name_module(path): path for path in MODULES if path.parent.name == "comparison"}
    graph = {
        module: {".".join(name[1:3]) for name in read_imports(path)} & room.keys()
        for module, path in room.items()
    }
    assert graph["comparison.figure"] >= {"comparison.report", "comparison.numbers"}
    graphlib.TopologicalSorter(graph).prepare()  # raises an error that names the circle


def test_library_is_imported_where_it_belongs_only():
    for library, allowed in CONFINED.items():
        imports = [path for path in MODULES if library in {name[0] for name in read_imports(path)}]
        strangers = {name_module(path) for path in imports}
        for place in allowed:
            strangers -= {user for user in strangers if f"{user}.".startswith(f"{place}.")}
        assert strangers == set(), library


def find_inexact(source):
    """Return what in a source is computed otherwise than by `EXACT`, + - * / and squares."""
    found = []
    for node in ast.walk(ast.parse(source)):
        is_relevant = isinstance(node, ast.Attribute | ast.BinOp | ast.ImportFrom)
        text = ast.unparse(node) if is_relevant else ""
        is_inexact = text.startswith(("from math ", "from numpy "))
        if isinstance(node, ast.Attribute):  # np.random.Philox
            library, _, name = text.partition(".")
            is_whole = name.removeprefix("random.").isidentifier() and name != "random"
            is_inexact = library in ("np", "math") and is_whole and not EXACT & {name, text}
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):  # 2.0 ** -52 is a number
            is_square = ast.unparse(node.right) == "2"
            is_inexact = not (is_square or isinstance(node.left, ast.Constant))
        elif isinstance(node, ast.BinOp):
            is_inexact = isinstance(node.op, ast.MatMult)
        found += [text] * is_inexact
    return found


def test_what_networks_start_from_is_drawn_by_exact_operations_alone():
    """Once `scipy.special.ndtri` passed 700 tests; its last bit depends on the processor."""
    inexact = find_inexact(
        (PACKAGE / "simulator" / "rule" / "weights.py").read_text(encoding="utf-8")
    )
    assert not inexact, f"{inexact[0]} in simulator/rule/weights.py may give other bits elsewhere"


@pytest.mark.parametrize("line", [
    "np.exp(x)", "x ** 0.5", "x @ y", "np.random.default_rng(1)", "from math import log",
])  # fmt: skip
def test_inexact_functions_are_noticed(line):
    assert find_inexact(line)


def list_imported(code):
    """Return the top-level packages that a fresh interpreter has loaded after `code`."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    modules = json.loads(run(sys.executable, "-c", script).stdout.splitlines()[-1])
    return {name.split(".")[0] for name in modules}


def test_help_loads_nothing_heavy():
    loaded = list_imported(
        "import sys, replication\nfrom replication.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    )
    assert "replication" in loaded
    assert loaded & HEAVY == set()


def test_comparing_a_table_needs_no_simulator_files_or_figures():
    loaded = list_imported(
        "from replication.cli import main\n"
        "main(['compare', 'example', '--value', 'reward', '--reported', '0.83, n = 5'])"
    )
    assert "scipy" in loaded
    assert loaded & {"pyarrow", "llvmlite", "matplotlib", "jinja2", "joblib"} == set()
