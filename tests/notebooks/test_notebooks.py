"""The notebooks run from top to bottom, quickly, and show what is stored in them.

After a change: ``jupyter execute --inplace notebooks/*.ipynb``.
"""

import ast
import copy
import os
import time
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import replication

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ("one_network", "a_hundred_runs", "how_it_learns")
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
SECONDS = 60


def read(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


@pytest.fixture(scope="module", params=NOTEBOOKS)
def notebook(request):
    """A notebook as it is stored, and a function that runs its cells, or changed ones after them.

    All runs of a notebook share one kernel, as when a reader does an exercise.
    """
    stored = read(request.param)
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    client = NotebookClient(stored, timeout=SECONDS, resources=resources)

    def run(cells):
        client.nb = nbformat.from_dict(stored | {"cells": copy.deepcopy(cells)})
        for index, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, index)
        return client.nb

    with client.setup_kernel(env=os.environ | ENVIRONMENT):
        yield request.param, stored, run


def list_code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def describe_outputs(notebook):
    """List what each cell shows: its printed text, its value, or that it is a picture.

    Printed text arrives in pieces as the kernel sees fit; those of a cell are joined.
    """
    shown = []
    for number, cell in enumerate(list_code(notebook)):
        for output in cell.outputs:
            data = output.get("data", {})
            value = "picture" if "image/png" in data else data.get("text/plain")
            kind = number, output.output_type, output.get("name")
            if output.output_type == "stream" and shown and shown[-1][0] == kind:
                shown[-1] = kind, shown[-1][1] + output.text
            else:
                shown.append((kind, output.get("text", value)))
    return shown


def test_there_are_three_notebooks():
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == set(NOTEBOOKS)


def test_notebook_shows_what_is_stored_in_it(notebook):
    _, stored, run = notebook
    start = time.perf_counter()
    shown = run(stored.cells)
    assert time.perf_counter() - start < SECONDS
    assert describe_outputs(shown) == describe_outputs(stored)
    assert [cell.execution_count for cell in list_code(stored)] == list(
        range(1, len(list_code(stored)) + 1)
    )


EXERCISES = {
    "one_network": [("seed = 8", "seed = 5")],
    "a_hundred_runs": [("outcomes.updates,", "outcomes.updates + 1,")],
    "how_it_learns": [
        ("learning_rate=rate", "learning_rate=rate, second_round=True"),
        ("learning_rate=rate", "learning_rate=rate, hidden_to_visible_factor=2.0"),
    ],
}


def test_exercises_can_be_done(notebook):
    name, stored, run = notebook
    for old, new in EXERCISES[name]:
        changed = copy.deepcopy(stored)
        places = [cell for cell in list_code(changed) if old in cell.source]
        assert places
        for cell in places:
            cell.source = cell.source.replace(old, new)
        assert describe_outputs(run(changed.cells)) != describe_outputs(stored)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_draws_and_complains_of_nothing(name):
    shown = describe_outputs(read(name))
    assert any(what == "picture" for _, what in shown)
    assert [what for (_, _, stream), what in shown if stream == "stderr"] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_uses_the_public_names_alone(name):
    tree = ast.parse("\n".join(cell.source for cell in list_code(read(name))))
    nodes = list(ast.walk(tree))
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom)]
    imported = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    assert imported <= {"matplotlib.pyplot", "numpy", "replication"}
    used = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "replication"
    }
    assert used <= set(replication.__all__)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_ends_with_an_exercise(name):
    last = read(name).cells[-1]
    assert last.cell_type == "markdown"
    assert "## Exercise" in last.source
