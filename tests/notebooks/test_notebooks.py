"""The notebooks run from top to bottom and show what is stored in them.

Their cells run in this process, without a Jupyter kernel, which would import and compile all
again. After a change: ``python tools/run_notebooks.py``, which starts one.
"""

import ast
import contextlib
import graphlib
import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest

import replication

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))


def read(name):
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def list_code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def describe_stored(cell):
    """List what a cell shows: its printed text, its value, or that it is a picture.

    Printed text is stored in pieces, as the kernel saw fit.
    """
    text = "".join(o.text for o in cell.outputs if o.output_type == "stream")
    shown = [("stream", text)] if text else []
    for output in cell.outputs:
        if output.output_type != "stream":
            is_picture = {"image/png", "image/gif"} & output.data.keys()
            text = "picture" if is_picture else output.data["text/plain"]
            shown.append((output.output_type, text))
    return shown


def run(source, names):
    """Run a cell among `names` as Jupyter does and list what it shows, as `describe_stored`."""
    # Jupyter shows the value of a cell whose last statement is an expression; others have none.
    *body, last = ast.parse(re.sub(r"frames=\[.*?, i", "frames=[0], i", source)).body
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        if not isinstance(last, ast.Expr):
            body, last = [*body, last], ast.parse("None").body[0]
        exec(compile(ast.Module(body, []), "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    shown = [("stream", printed.getvalue())] if printed.getvalue() else []
    if value is not None:
        is_picture = hasattr(value, "_repr_mimebundle_")
        with pd.option_context("display.max_columns", 20):  # as where there is no terminal
            shown.append(("execute_result", "picture" if is_picture else repr(value)))
    # Figures are not rendered, and of a film one frame only, which would take most of the time.
    shown += [("display_data", "picture")] * len(plt.get_fignums())
    plt.close("all")
    return shown


def list_solutions(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    # A solution is folded: <details> with a block ```python inside.
    folded = re.findall(r"<details>\n<summary>A solution</summary>\n(.*?)</details>", text, re.S)
    return re.findall(r"^```python\n(.*?)^```$", "\n".join(folded), re.M | re.S)


FEWER = {
    "other_papers": (r"SEEDS = 100_000", "SEEDS = 500"),
    "learning_curves": (
        r"SEEDS, SEARCHED, EPOCHS = 1_000, 8, 200",
        "SEEDS, SEARCHED, EPOCHS = 5, 2, 3",
    ),
    "why_it_works": (r"range\(20\)", "range(3)"),
    "how_it_learns": (r"range\((8|11)\)", "range(2)"),
    "boltzmann": (r"n_seeds=64", "n_seeds=8"),
}
"""What takes a notebook that takes long a few seconds, but for `make test-long`."""


def list_shares(shown):
    """List how many networks each row of a table has, what share learnt, and when half had."""
    text = "\n".join(str(value) for _, value in shown)
    rows = re.findall(r" ([\d,]+) +([\d.]+)% +(\d+) ", text)  # " 20,000  80.7%   1825  919, 4040"
    return [(int(n.replace(",", "")), float(share) / 100, int(half)) for n, share, half in rows]


def agree(fewer, stored):
    """Return whether tables of fewer networks are those of more, within five standard errors."""
    return all(
        abs(share - expected) <= 5 * np.sqrt(max(expected * (1 - expected), 0.02) / n)
        # Times are spread about as widely as they are long: the density at the median.
        and abs(half / median - 1) <= 5 / np.sqrt(n)
        for (n, share, half), (_, expected, median) in zip(fewer, stored, strict=True)
    )


LONG = (pytest.mark.long, pytest.mark.timeout(3600))
CASES = [(name, False) for name in NOTEBOOKS]
CASES += [pytest.param(name, True, marks=LONG) for name in FEWER]


@pytest.mark.parametrize(("name", "in_full"), CASES)
def test_notebook_shows_what_is_stored_in_it_and_its_solutions_run(name, in_full, request):
    plt.close("all")  # what another test has drawn
    notebook, names, is_exact = read(name), {"__name__": "__main__"}, True
    many, few = FEWER[name] if name in FEWER and not in_full else ("$^", "")  # matches nothing
    for cell in list_code(notebook):
        source, stored = re.sub(many, few, cell.source), describe_stored(cell)
        is_exact &= source == cell.source
        if is_exact:
            assert run(source, names) == stored, source
        else:
            request.getfixturevalue("few_resamples")
            shown = run(source, names)
            assert [what for what, _ in shown] == [what for what, _ in stored], source
            assert agree(list_shares(shown), list_shares(stored)), source
    solutions = list_solutions(notebook)
    assert len(solutions) >= 3
    request.getfixturevalue("few_resamples")  # what solutions print is stored nowhere
    for source in solutions:  # each alone: none takes a variable of another
        assert run(re.sub(many, few, source), dict(names))[0][0] == "stream", source


def test_every_notebook_says_for_whom_it_is_how_long_it_takes_and_what_comes_before():
    opening = {name: read(name).cells[0].source for name in NOTEBOOKS}
    assert all(re.search(r"^\*For .* minutes", text, re.M) for text in opening.values())
    before = {name: set(re.findall(r"\((\w+)\.ipynb\)", text)) for name, text in opening.items()}
    assert set().union(*before.values()) <= set(NOTEBOOKS)
    graphlib.TopologicalSorter(before).prepare()  # raises an error where there is a circle


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_is_stored_clean_uses_public_names_and_ends_with_exercises(name):
    notebook = read(name)
    code = list_code(notebook)
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert [cell.id for cell in notebook.cells if cell.metadata] == [], "times change each run"
    assert [o for cell in code for o in cell.outputs if o.get("name") == "stderr"] == []
    assert any(what == "picture" for cell in code for _, what in describe_stored(cell))
    assert "## Exercises" in notebook.cells[-1].source
    source = "\n".join(cell.source for cell in code)
    assert set(re.findall(r"^(?:import|from) replication(\S+)", source, re.M)) == set()
    assert set(re.findall(r"\breplication\.(\w+)", source)) <= set(replication.__all__)


def test_each_other_paper_takes_at_most_20_lines():
    notebook, lines, case = read("other_papers"), {}, ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            case = (re.findall(r"^##+ .*$", cell.source, re.M) or [case])[-1]
        else:
            written = [line for line in cell.source.splitlines() if line.strip(" )]}")]
            lines[case] = lines.get(case, 0) + len(written)
    del lines[""]  # the rule that they share
    assert len(lines) >= 8
    assert max(lines.values()) <= 20, lines


def test_each_rule_of_the_learning_curves_takes_at_most_25_lines():
    source = "\n".join(cell.source for cell in list_code(read("learning_curves")))
    lines = {}
    for text in re.split(r"^(?=\S)", source, flags=re.M):
        rule = re.match(r"class (\w+)\(", text)
        if rule:
            lines[rule[1]] = sum(1 for line in text.splitlines() if line.strip())
    del lines["Deep"]  # the network that they share
    assert len(lines) == 6
    assert max(lines.values()) <= 25, lines


@pytest.mark.parametrize(("name", "n_answers"), [
    ("other_papers", 8), ("learning_curves", 2), ("boltzmann", 2),
])  # fmt: skip
def test_each_number_in_an_answer_is_one_that_was_shown_or_printed(name, n_answers):
    """Answers begin with their one sentence in bold."""
    cells = read(name).cells
    answers = [x.source for x in cells if x.source.startswith("**")]
    printed = [x.source for x in cells if not x.source.startswith("**")]
    shown = [str(what) for x in cells if x.cell_type == "code" for _, what in describe_stored(x)]
    known = set(re.findall(r"\d+(?:\.\d+)?", "\n".join([*printed, *shown]).replace(",", "")))
    known |= {f"{float(number):.0f}" for number in known}  # 72.5 % may be called 73 %
    assert len(answers) >= n_answers
    for answer in answers:
        numbers = re.findall(r"\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", answer))
        assert set(numbers) <= known, answer
