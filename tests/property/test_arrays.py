"""Rules of random NumPy expressions: compiled, in plain NumPy, and one operation after another."""

import contextlib
import itertools
import operator  # noqa: F401  # in expressions
import re

import numpy as np
import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from replication import ACTIVATIONS, Network, Protocol, logistic, repeat  # noqa: F401  # in expressions
from replication.simulator.rule.network import Rule
from replication.simulator.running.engine import Engine
from tests.exactness import plain

SHAPES = {"W": (3, 5), "b": (3,), "s": (), "M": (5, 5), "E": (2, 3, 5)}
CONSTANTS = np.linspace(-0.9, 0.7, 5), np.array(0.3)


def turn(x, n):
    """Return the state of a loop whose steps take what lies outside of it, and a loop within."""

    def step(y, z):
        return repeat(2, lambda u: 0.5 * u + z, y), 0.5 * z + y * x

    return repeat(n, step, 0.1 * x, np.zeros(x.shape))[0]


def flip(x):
    return repeat(3, lambda y: 0.9 * y[::-1] + 0.1, x) if x.ndim else x


def flat(x):
    """Refuse arrays of more than two axes, of which no products are compiled."""
    if x.ndim > 2:
        raise ValueError
    return x


# Of one array, or two; thresholds are such that no sum of round numbers hits them.
OPERATIONS = """
-x | x * 2.0 + 0.2 | np.copy(+x) | np.square(x) | x**7 + x**2.0 - (1.5 + x * x) ** -1
x**0 + (x + 3.0) ** -3 | np.reciprocal(x - 1.7) | x.clip(-0.1, 0.3) - x.astype(float) | ~np.isnan(x)
x**1 | 1.0 * x | 1 / (2 + np.exp(-x)) | 2 / (1 + np.exp(-x)) | logistic(x) | np.tanh(x)
np.exp(-abs(x)) | 1 / (1 + np.exp(-x)) | np.logaddexp(0.0, x) | np.log(0.1 + np.abs(x))
np.sqrt(np.fabs(x)) | np.arctan(x) | 2.0 / (1.0 + x * x) | np.sign(x - 0.0123) | x > 0.0321
x + (~(x <= -0.4123) & (x < 1.5)) | np.where(x < 0.1234, x, 0.5)
np.clip(x, a_max=0.45, a_min=-0.4) | np.max(x < 0.1, axis=0) | np.ravel(x) | x[::-1] | x.T
x[..., 1:] | x[..., ::2] | x[0] | x[..., -1] | x[[1, 0, 1]] | x[:, None] | x.reshape(1, -1)
np.broadcast_to(x, (2, *x.shape)) | np.roll(x, 1) | np.diag(x)
np.transpose(x, (-1, *range(x.ndim - 1))) | np.ones_like(x) | np.vstack([x, x])
np.expand_dims(x, -1) | np.flip(x, -1) | np.moveaxis(x, 0, -1) | np.repeat(x, 2, axis=0) | x[-2::-1]
np.squeeze(x[None]) | np.swapaxes(x, 0, -1) | np.take(x, [1, 0, 1], -1) | np.tile(x, 2)
np.diagonal(x) | x.transpose().flatten() | np.full_like(x, 0.3) - np.zeros_like(x)
np.reshape(x, -1) * np.size(x) + np.ndim(x) - sum(np.shape(x)) | x.transpose(1, 0).reshape(-1, 1)
np.sum(x) | np.mean(x) | np.max(x - 2) | np.min(x) | np.linalg.norm(x) | sum([*x]) | x.sum(0)
x.max(axis=-1) | x.min(0, keepdims=True) | np.tril(x) | np.triu(x, 1) | np.reshape(x, -1, order="F")
x.copy()[..., 0] | x.ravel() * 2.0 | x.mean(-1, keepdims=True)
np.exp(x - x.max()) / np.exp(x - x.max()).sum()
repeat(3, lambda y, z: (np.tanh(y + z), 0.5 * z + y), x, 0.1 * x)[1] | np.exp(np.full_like(x, 0.3))
turn(x, 3) | turn(x, 1) | flip(x) | np.ravel(x).dot(np.ravel(x)) | np.exp(np.full_like(x, 0))
(x * x + 1.0)**0.5 | np.std(x) | np.var(x, 0) | x.std(-1, keepdims=True) | np.prod(x) | x.prod(0)
np.linalg.norm(x, axis=0) | np.inner(flat(x), flat(x)) | x.var()
x**65 | operator.ipow(x + 0.3, 2.0) | np.matrix_transpose(x) | np.atleast_2d(x)
np.amax(x, 0) - np.amin(x) | np.atleast_1d(x) | x[None].squeeze() | x.swapaxes(0, -1) | x >= y
x < y | x == y | x != x * y | np.logical_or(x < y, y < -0.2) | (x - y) / (2.5 - (y - x))
np.logical_and(x < y, x > 0.1) | np.bitwise_or(x < y, x < 0.1) | np.logical_not(x <= y)
operator.isub(operator.iadd(x + y, y), 0.3) | operator.itruediv(operator.imul(x - y, y), 1.7)
1e9 * (x @ flat(y) + 0.3 - (0.3 + flat(x) @ y)) | x + y | x - y | x * y | np.maximum(x, y)
np.minimum(x, y) | x / (1.2 + y * y) | y * y + x * y | np.matmul(flat(x), flat(y))
np.dot(flat(x), flat(y)) | flat(x) @ flat(y) + 0.25 | y + flat(x) @ flat(y) | flat(x).T @ flat(y)
np.outer(x, y) | np.concatenate([x, y], None) | np.concatenate([x, y]) | np.column_stack([x, y])
np.stack([x, y], -1) | np.hstack([x, y]) | np.where(x > 0.0777, y, x)
np.where(x > 0.0777, y, (y > 0.0321) & (x < 0.5))
"""
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 3.0, 1e-310, 1e200])
OF_SPECIAL = """
x + y | x - y | x * y | x / y | np.maximum(x, y) | np.minimum(x, y) | x > y | x < y | x >= y
x <= y | x == y | x != y | ~(x < y) | np.where(x, x, y) | np.where(x > y, x, y) | np.sign(x)
np.clip(x, y, 0.5) | np.clip(x, 0.5, y) | np.isnan(x) | abs(x) | -x | x**3 | x**-2 | x**0 | x**65
x**-70 | np.max(x) | np.min(x[1:]) | np.logical_not(x) | np.logical_and(x, y) | np.logical_or(x, y)
np.exp(x) | np.exp(-x) | np.log(x) | np.sqrt(x) | np.exp(200.0 * x) | 1.0 / -x
np.logaddexp(x[5:], y[5:]) | np.arctan(x[1:]) | x + [np.inf, np.nan] | ACTIVATIONS["softplus"](x)
"""
OF_TRUTHS = """
x & ~y | x | ~y | 0.5 * x + y | np.where(y, x, 0.25) | np.roll(y, 1) | np.sum(x) | np.diag(1.0 / y)
x[[1, 0]] & y[[2, 3]] | np.stack([x, ~y]).reshape(5, 2) | np.max(x) | (x == y) > 0.5 | x != y
np.mean(np.stack([x, ~x]), 0) < 0.5 | np.mean(np.tile(x == x, (49, 1)), 0) == 1.0
"""


def read(texts):
    """Return functions of x and y by their text."""
    each = [text.strip() for text in texts.replace("\n", "|").split("|")]
    return {text: eval(f"lambda x, y: {text}") for text in each if text}


COMPUTED = read(OPERATIONS)


class Expression:
    """Operations on a growing list of arrays."""

    def __init__(self, begun):
        self.steps, self.found = [], [np.asarray(x) for x in begun]

    def draw(self, data, n):
        """Add operations that NumPy can do, and whose results are neither large nor vast."""
        for _ in range(n):
            text = data.draw(st.sampled_from([*COMPUTED]))
            places = [data.draw(st.integers(0, len(self.found) - 1)) for _ in range(2)]
            try:
                new = COMPUTED[text](*(self.found[k] for k in places))
            except (ValueError, IndexError, TypeError):  # shapes that do not fit
                continue
            # np.exp(x > 0), of eight bits and more.
            if new.dtype == np.float16:  # which NumPy makes of functions of truth values
                continue
            if new.size and new.size <= 60 and new.ndim <= 3 and np.abs(new).max() < 20.0:
                self.steps.append((text, places))
                self.found.append(np.asarray(new))

    def compute(self, *begun):
        """Return all arrays."""
        found = [*begun, *CONSTANTS]
        for text, places in self.steps:
            found.append(COMPUTED[text](*(found[k] for k in places)))
        return found

    def choose(self, data):
        """Return which array changes each of the weights, of those that fit."""
        fits = {
            name: [k for k, x in enumerate(self.found) if x.shape in (shape, ())]
            for name, shape in SHAPES.items()
        }
        return {name: data.draw(st.sampled_from(places)) for name, places in fits.items()}


@st.composite
def rules(draw):
    data, n_patterns = draw(st.data()), draw(st.sampled_from([1, 3, 6, 23]))
    rng = np.random.default_rng(n_patterns)
    vectors, answers = rng.uniform(-1, 1, (2, n_patterns, 5))
    weights = [rng.uniform(-0.6, 0.6, shape) for shape in SHAPES.values()]
    # What a change computes, and which of its arrays changes each weight.
    learning = Expression([*weights, vectors[0], answers[0], *CONSTANTS])
    learning.draw(data, draw(st.integers(1, 9)))
    chosen = learning.choose(data)
    note(f"{n_patterns} patterns; {learning.steps} {chosen}")

    class Random(Network):
        shapes = SHAPES
        numbers = {"rate": 0.03}
        patterns = vectors
        targets = answers

        def list_arrays(self):
            return [getattr(self, name) for name in SHAPES]

        def image(self, v):
            return np.tanh(self.M @ v)

        def hidden(self, v):
            return learning.compute(*self.list_arrays(), v, 0.5 * v)[-1]

        def weight_changes(self, v, t):
            found = learning.compute(*self.list_arrays(), v, t)
            return {name: self.rate * found[k] for name, k in chosen.items()}

    return Random


def measure_apart(ours, theirs):
    return np.max(np.abs(ours - theirs) / (1.0 + np.abs(theirs)), initial=0.0)


@settings(max_examples=15)
@given(network=rules(), schedule=st.sampled_from(["batch", "per-pattern"]))
def test_a_rule_of_any_expression_is_compiled_to_what_numpy_computes(network, schedule):
    protocol = Protocol(update_schedule=schedule, max_updates=2, threshold=1e-9)
    rule, engine = Rule(network, protocol), Engine(protocol, network)
    rows = rule.draw(7, 0, 3)
    final = engine.train(rows, final=True).final
    recorded = engine.record(rows, range(3))
    shown = engine.evaluate(rows).hidden[0]
    for states, hidden in zip(recorded, shown, strict=True):
        # Each update anew from compiled states, since rounding grows over several.
        for before, after in itertools.pairwise(states):
            one = rule.build(before)
            one.update()
            assert measure_apart(after, one.flatten()) < 1e-9
        one = rule.build(states[0])
        expected = np.array([one.hidden(v) for v in one.patterns], dtype=np.float64)
        assert hidden.shape == expected.shape
        assert measure_apart(hidden, expected) < 1e-9
    # The same operations in the same order, one by one, in another interpreter.
    slow = plain.run_networks(protocol, rows, network=network)[2]
    assert slow.tobytes() == final[:, : slow.shape[1]].tobytes()


class Shown(Network):
    """Shows what operations make of some arrays, each operation alone."""

    shapes = SHAPES | {"n": (3, 1), "z": SPECIAL.shape}
    patterns = np.random.default_rng(1).uniform(-1, 1, (3, 5))
    cases = []

    def image(self, v):
        return np.tanh(self.M @ v)

    def weight_changes(self, v):
        return {}

    def apply_to(self, v, compute, pair):
        arrays = {"b": self.b, "n": self.n, "s": self.s, "M": self.M, "E": self.E, "v": v}
        arrays |= {"t": v[::-1], "X": self.W * v, "f": v > 0.0, "g": v > 0.2}
        arrays |= {"z": self.z, "Z": self.z[:, None]}
        return compute(*(arrays[name] for name in pair))

    def hidden(self, v):
        return [self.apply_to(v, *case) for case in self.cases]


def show_each(texts, pair, *, of_two=False):
    """Return a rule that shows each operation of two arrays, one network, and what NumPy makes.

    Operations of the first array alone are left out where only those of two are asked for.
    """
    one, rule, expected = Shown.from_seed(3), type("Mine", (Shown,), {"cases": []}), {}
    one.z = SPECIAL
    for text, compute in read(texts).items():
        if of_two and not re.search(r"\by\b", text):
            continue
        with contextlib.suppress(ValueError, IndexError, TypeError):  # shapes that do not fit
            found = [np.asarray(one.apply_to(v, compute, pair)) for v in one.patterns]
            if found[0].dtype != np.float16:
                expected[text] = np.array(found, dtype=float)
                rule.cases.append((compute, pair))
    return rule, one.flatten(), expected


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of NumPy
@pytest.mark.parametrize(
    ("texts", "pairs"),
    [(OPERATIONS, "Xv vX bX bs vt Xn EX XM"), (OF_SPECIAL, "Zz zz"), (OF_TRUTHS, "fg")],
)
def test_each_operation_is_compiled_to_what_numpy_computes(texts, pairs):
    left, firsts = {*read(texts)}, set()
    for pair in pairs.split():
        rule, weights, expected = show_each(texts, pair, of_two=pair[0] in firsts)
        firsts.add(pair[0])
        shown = Engine(Protocol(), rule).evaluate(weights[np.newaxis]).hidden
        for (text, states), (found,) in zip(expected.items(), shown, strict=True):
            np.testing.assert_allclose(found, states, rtol=1e-12, atol=1e-12, err_msg=text)
        left -= {*expected}
    assert not left
