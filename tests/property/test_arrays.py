"""Rules of random NumPy expressions: compiled, in plain NumPy and written down for NumPy."""

import numpy as np
from hypothesis import given, note, settings
from hypothesis import strategies as st

from replication import Network, Protocol, logistic, repeat
from replication.simulator.engine import Engine
from replication.simulator.network import Rule
from tests.exactness import plain

SHAPES = {"W": (3, 5), "b": (3,), "s": (), "M": (5, 5), "E": (2, 3, 5)}
KEPT = {"kW": np.full((3, 5), 0.2), "kb": np.zeros(3)}
CONSTANT, NUMBER = np.linspace(-0.9, 0.7, 5), np.array(0.3)


def turn(x, n):
    """Return the state of a loop whose step takes what lies outside of it, and a loop within."""
    inner = lambda y, z: (repeat(2, lambda u: 0.5 * u + z, y), 0.5 * z + y * x)  # noqa: E731
    return repeat(n, inner, 0.1 * x, np.zeros(x.shape))[0]


def _flat(product):
    """Return a product of arrays that is refused where one has more than two axes."""
    return lambda x, y: product(x, y) if max(x.ndim, y.ndim) < 3 else [][0]


ONE = {
    "negative": lambda x: -x, "logistic": logistic, "tanh": np.tanh, "exp": lambda x: np.exp(-abs(x)),
    "written logistic": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.logaddexp(0.0, x),
    "log": lambda x: np.log(0.1 + np.abs(x)), "sqrt": lambda x: np.sqrt(np.fabs(x)),
    "arctan": np.arctan, "arcsinh": np.arcsinh, "sign": lambda x: np.sign(x - 0.0123),
    "square": np.square, "powers": lambda x: x**3 + x**2.0 - (1.5 + x * x) ** -1,
    "mask": lambda x: x > 0.0321, "masks": lambda x: (x > 0.0321) + ~(x <= -0.4123) & (x < 1.5),
    "where": lambda x: np.where(x < 0.1234, x, 0.5), "clip": lambda x: np.clip(x, -0.4, max=0.45),
    "scale": lambda x: 0.7 * x + 0.2, "over": lambda x: 2.0 / (1.0 + x * x), "copy": np.copy,
    "ravel": np.ravel, "reverse": lambda x: x[::-1] if x.ndim else x, "T": lambda x: x.T,
    "tail": lambda x: x[..., 1:], "steps": lambda x: x[..., ::2], "first": lambda x: x[0],
    "last": lambda x: x[..., -1], "chosen": lambda x: x[[1, 0, 1]], "axis": lambda x: x[:, None],
    "sum": np.sum, "mean": np.mean, "largest": np.max, "smallest": np.min, "norm": np.linalg.norm,
    "var": np.var, "any": lambda x: np.any(x > 0.4321), "roll": lambda x: np.roll(x, 1), "diag": np.diag, "std": lambda x: np.sqrt(0.1 + x.var()), "prod": lambda x: np.prod(np.tanh(x)),
    "sum over rows": lambda x: x.sum(0), "max over columns": lambda x: x.max(axis=-1),
    "mean over columns": lambda x: x.mean(-1, keepdims=True), "like": np.ones_like,
    "softmax": lambda x: np.exp(x - x.max()) / np.exp(x - x.max()).sum(),
    "swap": lambda x: np.transpose(x, (-1, *range(x.ndim - 1))), "trace": lambda x: np.einsum("ij->", x),
    "repeat": lambda x: turn(x, 3), "repeat once": lambda x: turn(x, 1), "add up": lambda x: sum([*x]),
    "row": lambda x: x.reshape(1, -1), "broadcast": lambda x: np.broadcast_to(x, (2, *x.shape)),
}  # fmt: skip
TWO = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "maximum": np.maximum,
    "minimum": np.minimum, "divide": lambda x, y: x / (1.2 + y * y), "matmul": _flat(np.matmul),
    "dot": _flat(np.dot), "inner": _flat(np.inner), "outer": np.outer, "mixed": lambda x, y: x * y + y * y,
    "affine": _flat(lambda x, y: x @ y + 0.25), "begun": _flat(lambda x, y: y + x @ y), "back": _flat(lambda x, y: x.T @ y),
    "concatenate": lambda x, y: np.concatenate([x, y]), "stack": lambda x, y: np.stack([x, y], -1),
    "hstack": lambda x, y: np.hstack([x, y]), "where": lambda x, y: np.where(x > 0.0777, y, x),
    "products": lambda x, y: np.multiply.outer(x, y), "einsum": lambda x, y: np.einsum("i,j->ji", x, y),
    "einsum over one": lambda x, y: np.einsum("ij,j->i", x, y),
}  # fmt: skip


class Expression:
    """What a rule computes: operations on a growing list of arrays, of which the last ones count."""

    def __init__(self, begun):
        self.steps, self.text, self.found = [], [], [np.asarray(x) for x in begun]

    def draw(self, data, n):
        """Add operations that NumPy can do, and whose results are neither large nor vast."""
        for _ in range(n):
            arity = TWO if data.draw(st.booleans()) else ONE
            name = data.draw(st.sampled_from([*arity]))
            places = [
                data.draw(st.integers(0, len(self.found) - 1)) for _ in range(1 + (arity is TWO))
            ]
            try:
                new = arity[name](*(self.found[k] for k in places))
            except (ValueError, IndexError, TypeError):  # shapes that do not fit
                continue
            if new.size and new.size <= 60 and new.ndim <= 3 and np.abs(new).max() < 20.0:
                self.steps.append((arity[name], places))
                self.text.append(f"{len(self.found)} = {name} {places}")
                self.found.append(np.asarray(new))

    def compute(self, *begun):
        """Return all arrays."""
        found = [*begun]
        for operate, places in self.steps:
            found.append(operate(*(found[k] for k in places)))
        return found

    def choose(self, data, shape):
        """Return the place of an array that can be a change of weights of some shape, or None."""
        fits = [k for k, x in enumerate(self.found) if x.shape in (shape, ())]
        return data.draw(st.sampled_from(fits)) if fits else None


@st.composite
def rules(draw):
    data = draw(st.data())
    n_patterns = draw(st.sampled_from([1, 3, 6, 23]))
    rng = np.random.default_rng(n_patterns)
    vectors, answers = rng.uniform(-1, 1, (2, n_patterns, 5))
    weights = {name: rng.uniform(-0.6, 0.6, shape) for name, shape in SHAPES.items()}
    learning = Expression(
        [*weights.values(), *KEPT.values(), vectors[0], answers[0], CONSTANT, NUMBER]
    )
    learning.draw(data, draw(st.integers(1, 9)))
    last = learning.found[-1].shape
    chosen = {
        name: learning.choose(data, shape) for name, shape in (SHAPES | {"out": last}).items()
    }
    chosen = {name: k for name, k in chosen.items() if k is not None} | {
        "out": len(learning.found) - 1
    }
    applying = Expression([*weights.values(), *KEPT.values(), np.zeros(last), CONSTANT, NUMBER])
    applying.draw(data, draw(st.integers(0, 4)))
    keeping = {"kW": applying.choose(data, (3, 5)), "kb": applying.choose(data, (3,))}

    note(
        f"{n_patterns} patterns; learning {learning.text} {chosen}; applying {applying.text} {keeping}"
    )

    class Random(Network):
        shapes = SHAPES | {"out": last}
        kept = KEPT
        numbers = {"rate": 0.03}
        patterns = vectors
        targets = answers

        def all(self, v, t):
            arrays = [getattr(self, name) for name in [*SHAPES, *KEPT]]
            return learning.compute(*arrays, v, t, CONSTANT, NUMBER)

        def image(self, v):
            return logistic(self.M @ v)

        def hidden(self, v):
            return self.all(v, 0.5 * v)[-1]

        def weight_changes(self, v, t):
            found = self.all(v, t)
            scaled = {name: self.rate * found[k] for name, k in chosen.items()}
            return scaled | {"out": found[-1]}

        def apply(self, changes):
            before = [getattr(self, name) for name in [*SHAPES, *KEPT]]
            found = applying.compute(*before, changes["out"], CONSTANT, NUMBER)
            super().apply(changes)
            for name, k in keeping.items():
                setattr(
                    self,
                    name,
                    0.9 * getattr(self, name) + 0.1 * found[k] + np.zeros(KEPT[name].shape),
                )

    return Random


def measure_apart(ours, theirs):
    return np.max(np.abs(ours - theirs) / (1.0 + np.abs(theirs)), initial=0.0)


@settings(max_examples=60)
@given(network=rules(), schedule=st.sampled_from(["batch", "per-pattern"]))
def test_a_rule_of_any_expression_is_compiled_to_what_numpy_computes(network, schedule):
    protocol = Protocol(update_schedule=schedule, max_updates=2, threshold=1e-9)
    rule, engine = Rule.of(network, protocol), Engine(protocol, network)
    rows = rule.draw(7, 0, 3)
    _, _, final, recorded = engine.train(rows, final=True, record=True)
    shown = engine.evaluate(rows).hidden[0]
    for states, hidden in zip(recorded, shown, strict=True):
        for before, after in zip(states[:-1], states[1:], strict=True):
            one = rule.build(before)
            one.update()
            assert measure_apart(after, one.flatten()) < 1e-9
        one = rule.build(states[0])
        expected = np.array([one.hidden(v) for v in one.patterns], dtype=np.float64)
        assert hidden.shape == expected.shape
        assert measure_apart(hidden, expected) < 1e-9
    # The same operations in the same order, one by one, in another interpreter.
    slow = plain.run_networks(protocol, rows, network=network)[2]
    np.testing.assert_array_equal(
        slow.view(np.int64), final[:, : slow.shape[1]].copy().view(np.int64)
    )
