"""The rules of the notebook "Other papers" go down the gradient of their error.

The gradient is taken by differences of an error that is written here for all patterns at once, so
it shares no line with the rules: neither their derivatives nor their images.
"""

import ast
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from replication import Protocol
from replication.simulator.running.engine import Engine

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "other_papers.ipynb"
BITS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
XOR = np.array([[0.0], [1], [1], [0]])
WORDS = np.array(list(itertools.product([0.0, 1.0], repeat=6)))
IS_PALINDROME = (WORDS[:, ::-1] == WORDS).all(axis=1, keepdims=True) * 1.0


@pytest.fixture(scope="module")
def names():
    """The classes and functions of the notebook, without its simulations."""
    names = {"__name__": "notebook"}
    kept = (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef)
    for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            parts = [x for x in ast.parse("".join(cell["source"])).body if isinstance(x, kept)]
            exec(compile(ast.Module(parts, []), "cell", "exec"), names)
    return names


def answer(shapes, flat, inputs):
    """Return what a network makes of inputs (pattern, unit); S leads past the hidden units."""
    ends = np.cumsum([np.prod(shape) for shape in shapes.values()])
    parts = zip(shapes, np.split(flat, ends[:-1]), strict=True)
    w = {name: part.reshape(shapes[name]) for name, part in parts}
    hidden = 1 / (1 + np.exp(-(inputs @ w["W"].T + w["b"])))
    total = hidden @ w["U"].T + w["c"] + (inputs @ w["S"].T if "S" in w else 0.0)
    return 1 / (1 + np.exp(-total))


def squared(o, t):
    return 0.5 * np.sum((t - o) ** 2)


def cross_entropy(o, t):
    return -np.sum(t * np.log(o) + (1 - t) * np.log(1 - o))


FAST = {"numbers": {"rate": 0.5, "momentum": 0.9}}
# Rule, sizes, patterns and targets, fields of the class; its error, rate and momentum.
CASES = {
    "palindromes": ("BackPropagation", (6, 2, 1), WORDS, IS_PALINDROME, {}, squared, 0.1, 0.9),
    "XOR, 2-1-1": (
        "Shortcut", (2, 1, 1), BITS, XOR, {"more": {"S": (1, 2)}} | FAST, squared, 0.5, 0.9,
    ),
    "XOR, 2-2-1": ("BackPropagation", (2, 2, 1), BITS, XOR, FAST, squared, 0.5, 0.9),
    "own corners": ("Corners", (8, 3, 8), np.eye(8), np.eye(8), {}, cross_entropy, 0.5 / 8, 0.9),
}  # fmt: skip


@pytest.mark.parametrize("schedule", ["batch", "per-pattern"])
@pytest.mark.parametrize("name", CASES)
def test_weights_follow_the_gradient_of_the_error(name, schedule, names):
    rule, sizes, inputs, targets, fields, measure, rate, momentum = CASES[name]
    network = names["build"](names[rule], *sizes, patterns=inputs, targets=targets, **fields)
    engine = Engine(Protocol(update_schedule=schedule), network)
    rows = engine.rule.draw(5, 0, 2)
    recorded = engine.record(rows, range(5))
    n = sum(int(np.prod(shape)) for shape in network.shapes.values())
    one_by_one = [slice(k, k + 1) for k in range(len(inputs))]
    steps = 1e-5 * np.eye(n)
    for row, states in zip(rows[:, :n], recorded, strict=True):
        weights, velocity = row, np.zeros(n)
        for t in range(1, 5):
            for part in one_by_one if schedule == "per-pattern" else [slice(None)]:
                # Central differences of the error in each weight: (n, 2).
                higher, lower = (
                    [measure(answer(network.shapes, weights + h, inputs[part]), targets[part])
                     for h in sign * steps] for sign in (1, -1)
                )  # fmt: skip
                downhill = np.subtract(lower, higher) / 2e-5
                velocity = momentum * velocity + rate * downhill
                weights = weights + velocity
            np.testing.assert_allclose(states[t, :n], weights, rtol=0, atol=1e-7)
