"""The rules of the notebook "Other papers" against a loop of textbook equations.

The loop trains many networks side by side with a generator of its own, and shares no line with
the package. Distributions of learning times have to agree, not single networks.
"""

import ast
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from replication import Protocol, simulate

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


def train(
    inputs, targets, n_hidden, n, *, width, rate, momentum=0.0, decay=0.0, cap, is_learnt,
    by_pattern=False, shortcut=False,
):  # fmt: skip
    """Return after how many updates networks have learnt, (n,), -1 if not within the cap."""
    generator = np.random.default_rng(2024)
    n_in, n_out = inputs.shape[1], targets.shape[1]
    shapes = [(n_in, n_hidden), (n_hidden,), (n_hidden, n_out), (n_out,), (n_in, n_out)]
    weights = [generator.uniform(-width, width, (n, *shape)) for shape in shapes]
    if not shortcut:
        weights[4][...] = 0.0
    velocities = [np.zeros_like(each) for each in weights]
    times, running = np.full(n, -1), np.arange(n)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def forward(x):
        W, b, U, c, S = weights
        hidden = sigmoid(np.einsum("pi,nij->npj", x, W) + b[:, None])
        out = np.einsum("npj,njk->npk", hidden, U) + np.einsum("pi,nik->npk", x, S)
        return hidden, sigmoid(out + c[:, None])

    parts = [slice(k, k + 1) for k in range(len(inputs))] if by_pattern else [slice(None)]
    for t in range(cap + 1):
        done = is_learnt(forward(inputs)[1] - targets)
        times[running[done]] = t
        running = running[~done]
        weights = [each[~done] for each in weights]
        velocities = [each[~done] for each in velocities]
        for part in parts if len(running) else ():
            x = inputs[part]
            hidden, out = forward(x)
            d = (out - targets[part]) * out * (1 - out)
            e = np.einsum("npk,njk->npj", d, weights[2]) * hidden * (1 - hidden)
            gradients = [
                np.einsum("pi,npj->nij", x, e), e.sum(axis=1),
                np.einsum("npj,npk->njk", hidden, d), d.sum(axis=1),
                np.einsum("pi,npk->nik", x, d) * shortcut,
            ]  # fmt: skip
            for k, gradient in enumerate(gradients):
                velocities[k] = momentum * velocities[k] - rate * (gradient + decay * weights[k])
                weights[k] = weights[k] + velocities[k]
    return times


def within(threshold):
    return lambda deviation: np.abs(deviation).max(axis=(1, 2)) < threshold


def half_squared(threshold):
    return lambda deviation: (0.5 * deviation**2).max(axis=(1, 2)) < threshold


CASES = {
    "palindromes": (
        lambda o: o["build"](
            o["BackPropagation"], 6, 2, 1, patterns=WORDS, targets=IS_PALINDROME
        ),
        Protocol(half_width=0.3, threshold=0.5, max_updates=1_500),
        (WORDS, IS_PALINDROME, 2, 150),
        {"width": 0.3, "rate": 0.1, "momentum": 0.9, "is_learnt": within(0.5)},
    ),
    "XOR, 2-1-1": (
        lambda o: o["build"](
            o["Shortcut"], 2, 1, 1, {"S": (1, 2)}, patterns=BITS, targets=XOR,
            numbers={"rate": 0.5, "momentum": 0.9},
        ),
        Protocol(half_width=0.3, threshold=0.5, max_updates=1_500),
        (BITS, XOR, 1, 1_000),
        {"width": 0.3, "rate": 0.5, "momentum": 0.9, "is_learnt": within(0.5), "shortcut": True},
    ),
    "XOR, 2-2-1, pattern by pattern": (
        lambda o: o["build"](
            o["BackPropagation"], 2, 2, 1, patterns=BITS, targets=XOR,
            numbers={"rate": 0.5, "momentum": 0.9},
        ),
        Protocol(
            half_width=0.5, threshold=0.5, max_updates=400, update_schedule="per-pattern"
        ),
        (BITS, XOR, 2, 1_000),
        {"width": 0.5, "rate": 0.5, "momentum": 0.9, "is_learnt": within(0.5), "by_pattern": True},
    ),
    "parity of two bits, weight decay": (
        lambda o: o["build"](
            o["Decaying"], 2, 2, 1, patterns=BITS, targets=XOR
        ),
        Protocol(
            half_width=1.0, threshold=0.1, criterion="every-unit-half-squared", max_updates=1_500
        ),
        (BITS, XOR, 2, 1_000),
        {"width": 1.0, "rate": 1.0, "decay": 1e-4, "is_learnt": half_squared(0.1)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_learning_times_are_those_of_the_textbook(name, names):
    make, protocol, given, fields = CASES[name]
    outcomes = simulate(protocol, network=make(names), n_seeds=4_000)
    times = train(*given, cap=protocol.max_updates, **fields)
    learnt, n = times >= 0, len(times)
    share = outcomes.converged.mean()
    assert abs(learnt.mean() - share) < 4.0 * np.sqrt(share * (1 - share) * (1 / n + 1 / 4_000))
    found = stats.ks_2samp(times[learnt], outcomes.updates[outcomes.converged])
    assert found.pvalue > 1e-4


@pytest.mark.parametrize("sizes", [(4, 2), (8, 3)])
def test_encoders_of_the_protocol_learn_as_fast_as_the_textbook_says(sizes):
    protocol = Protocol(
        group_sizes=sizes, learning_rule="back-propagation", learning_rate=1.0, decay=1e-4,
        half_width=1.0, criterion="every-unit-half-squared",
    )  # fmt: skip
    outcomes = simulate(protocol, n_seeds=4_000)
    patterns = np.eye(sizes[0])
    times = train(
        patterns, patterns, sizes[1], 200, width=1.0, rate=1.0, decay=1e-4, cap=2_000,
        is_learnt=half_squared(0.1),
    )  # fmt: skip
    assert outcomes.converged.all()
    assert (times >= 0).all()
    assert stats.ks_2samp(times, outcomes.updates).pvalue > 1e-4
