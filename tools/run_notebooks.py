"""Run the notebooks and store their outputs, without times, which change with each run.

Usage: python tools/run_notebooks.py [NAME ...]
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"

for name in sys.argv[1:] or sorted(path.stem for path in FOLDER.glob("*.ipynb")):
    path = FOLDER / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, record_timing=False, resources={"metadata": {"path": FOLDER}})
    client.execute()
    for cell in notebook.cells:
        cell.metadata.clear()
    nbformat.write(notebook, path)
    print(path)
