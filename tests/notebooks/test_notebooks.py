"""The notebooks run from top to bottom, quickly, and show what is stored in them.

After a change: ``python tools/run_notebooks.py``.
"""

import ast
import base64
import copy
import io
import os
import re
from pathlib import Path

import nbformat
import PIL.Image
import pytest
from nbclient import NotebookClient

import replication

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
SECONDS = 60


def read(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


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
            is_picture = {"image/png", "image/gif"} & data.keys()
            value = "picture" if is_picture else data.get("text/plain")
            kind = number, output.output_type, output.get("name")
            if output.output_type == "stream" and shown and shown[-1][0] == kind:
                shown[-1] = kind, shown[-1][1] + output.text
            else:
                shown.append((kind, output.get("text", value)))
    return shown


def list_solutions(notebook):
    """Return the code of each folded solution."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    folded = re.findall(r"<details>\n<summary>A solution</summary>\n(.*?)</details>", text, re.S)
    return [
        code for part in folded for code in re.findall(r"^```python\n(.*?)^```$", part, re.M | re.S)
    ]


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_shows_what_is_stored_in_it_and_its_solutions_run(name):
    """One kernel runs both, as when a reader tries an exercise."""
    stored = read(name)
    solutions = [nbformat.v4.new_code_cell(code) for code in list_solutions(stored)]
    assert len(solutions) >= 3
    n = len(stored.cells)
    notebook = nbformat.from_dict(stored | {"cells": [*copy.deepcopy(stored.cells), *solutions]})
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    client = NotebookClient(notebook, timeout=SECONDS, resources=resources)
    client.execute(env=os.environ | ENVIRONMENT)
    shown = nbformat.from_dict(notebook | {"cells": notebook.cells[:n]})
    assert describe_outputs(shown) == describe_outputs(stored)
    counts = [cell.execution_count for cell in list_code(stored)]
    assert counts == list(range(1, len(counts) + 1))
    for cell in notebook.cells[n:]:
        assert any(output.output_type == "stream" for output in cell.outputs)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_holds_no_times_that_change_with_each_run(name):
    assert [cell.id for cell in read(name).cells if cell.metadata] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_draws_and_complains_of_nothing(name):
    shown = describe_outputs(read(name))
    assert any(what == "picture" for _, what in shown)
    assert [what for (_, _, stream), what in shown if stream == "stderr"] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_uses_the_public_names_alone(name):
    tree = ast.parse("\n".join(cell.source for cell in list_code(read(name))))
    nodes = list(ast.walk(tree))
    sources = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert sources <= {"IPython.display", "matplotlib.animation", "pathlib"}
    imported = {a.name for node in nodes if isinstance(node, ast.Import) for a in node.names}
    assert imported <= {"matplotlib.pyplot", "numpy", "replication", "tempfile"}
    used = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "replication"
    }
    assert used <= set(replication.__all__)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_ends_with_exercises(name):
    last = read(name).cells[-1]
    assert last.cell_type == "markdown"
    assert "## Exercises" in last.source


def test_the_animation_is_small_and_moves():
    data = [o.get("data", {}) for cell in list_code(read("one_network")) for o in cell.outputs]
    (movie,) = (base64.b64decode(d["image/gif"]) for d in data if "image/gif" in d)
    assert len(movie) < 250_000
    assert PIL.Image.open(io.BytesIO(movie)).n_frames > 40
