"""Operators in place under several names, and truth values: as in NumPy, or refused."""

import re

import numpy as np
import pytest

from replication import ACTIVATIONS, Network, Protocol, UsageError, logistic, repeat
from replication.simulator.rule.network import Rule
from replication.simulator.running.engine import Engine


class Twisted(Network):
    """Back-propagation whose errors are multiplied by what a few lines make of its states."""

    shapes = {"W": (3, 4), "b": (3,), "U": (4, 3), "s": ()}
    lines = compile("x = 1.0", "twist", "exec")

    def image(self, v):
        return logistic(self.U @ logistic(self.W @ v + self.b))

    def twist(self, h, r, v):
        names = {"np": np, "logistic": logistic, "repeat": repeat, "ACTIVATIONS": ACTIVATIONS}
        names |= {"self": self, "h": h, "r": r, "v": v}
        exec(self.lines, names)
        return 1.0 + 0.1 * np.sum(names["x"] * names["x"])

    def weight_changes(self, v, target):
        h, r = logistic(self.W @ v + self.b), self.image(v)
        factor = self.twist(h, r, v)
        d = 0.5 * factor * (target - r) * r * (1 - r)
        e = (self.U.T @ d) * h * (1 - h)
        return {"W": np.outer(e, v), "b": e, "U": np.outer(d, h), "s": 0.1 * np.sum(h * h)}


def make(lines):
    return type("Mine", (Twisted,), {"lines": compile(lines, "twist", "exec")})


# What NumPy does to all names of an array, and the compiled code in the same way.
SAME = {
    "a second name": "k = h; k += 0.3; x = h",
    "a slice": "k = h[1:]; k *= 0.5; x = h",
    "a view of a view": "k = h[::-1][:2]; k += [0.3, 0.1]; x = h",
    "the whole after a view": "k = h[1:]; h += 0.3; x = k",
    "a view and the whole in turn": "k = h[:2]; h += 0.3; k *= 2.0; h -= 0.1; x = k",
    "three names in turn": "a = h[:2]; b = a[::-1]; b += [0.1, 0.2]; h *= 0.5; a -= 0.05; x = b",
    "a row of a matrix": "x = np.outer(h, r); row = x[1]; row += 1.0",
    "a transposed matrix": "x = np.outer(h, r); t = x.T; t *= np.arange(4.0)[:, None]",
    "rows in a loop": """
x = np.outer(h, r)
for row in x:
    row /= np.sum(row)
""",
    "a new axis": "k = h[:, None]; k += 0.2; x = h",
    "axes exchanged": "x = np.outer(h, r); k = np.swapaxes(x, 0, 1)[0]; k += 1.0",
    "a vector as a matrix": "k = r.reshape(2, 2)[0]; k += 0.3; x = r",
    "a flattened copy": "x = np.outer(h, r); k = x.flatten(); k += 1.0",
    "chosen places, a copy": "k = h[[0, 1]]; k += 1.0; x = h",
    "a copy": "k = h.copy(); k += 1.0; x = h",
    "plus, a copy": "k = +h; k += 1.0; x = h",
    "an element, a number": "k = h[0]; x = k; k += 1.0",
    "a sum, a number": "k = np.sum(h); x = k; k += 1.0",
    "a sign, a number": "k = np.sign(np.sum(h) - 9.0); x = k; k += 3.0",
    "a number on a new axis": "k = np.sum(h)[None]; x = k; k += 1.0",
    "an element as an array": "k = h[0, ...]; k += 1.0; x = h",
    "one number as an array": "k = np.where(h[0] > 0, h[1], 0.0); x = k; k += 1.0",
    "an array of a step": """
def step(x):
    y = self.W @ v
    y += 0.1 * x
    other = y
    other *= 0.5
    return y + 0.1 * x
x = repeat(3, step, h)
""",
    "the end of a loop": "k = repeat(3, lambda x: 0.5 * x, h); x = k; k += 1.0",
    "a mask that is added": "k = h; k += h > 0.55; x = h",
    "a mask": "m = h > 0.6; n = m; n |= h > 0.55; n &= h < 0.7; x = 1.0 * m",
    "a linear function, no copy": "k = ACTIVATIONS['linear'](h); k += 0.1; x = h",
    "the mask of a linear function": "k = ACTIVATIONS['linear'](h > 0.55); x = k + k",
    "two views that overlap": "k = h[::-1]; h += k; x = k",
    "powers and quotients": "k = h; k **= 2; m = k[1:]; m /= 0.7; k -= 0.1; x = h",
    "a number of the network": "k = self.s + 0.0; x = k; k += 1.0",
    "draws": "k = self.uniform(3); x = k; k += 1.0",
    "what is like a mask": "k = np.full_like(h, h[0] > 0.5); x = k + k",
}  # fmt: skip

# What is refused, with a part of the message.
REFUSED = {
    "which NumPy copies or not": [
        "m = np.outer(h, r); k = m.reshape(-1); k += 1.0; x = m",
        "m = np.outer(h, r)[:2]; k = m.reshape(4, 2); k += 1.0; x = m[0]",
        "m = np.outer(h, r); x = np.ravel(m.T); m += 1.0",
    ],
    "what is read-only": [
        "x = np.diagonal(np.outer(h, h)); x += 1.0", "x = np.broadcast_to(h, (2, 3)); x += 1.0",
    ],
    "one of another shape or kind": ["x = h; x += np.ones((2, 3))", "x = h > 0.5; x += 1.0"],
    "changes self.b in place": ["x = self.b; x += 1.0"],
    "changes self.s in place": ["x = self.s; x += 1.0"],
    "changes a pattern in place": ["x = v; x *= 0.5"],
    "changes a state of repeat() in place": [
        """
def step(x):
    x += 0.1
    return x
x = repeat(3, step, h)
""",
        "x = repeat(3, lambda x: x, h); x += 1.0",
        "x = repeat(3, lambda x: h, h); x += 1.0",
        "x = repeat(3, lambda x: np.ones(3), h); x += 1.0",
        "x = repeat(3, lambda x, y: (z := 0.5 * x, z), h, h)[0]; x += 1.0",
    ],
    "lies outside of a step of repeat()": [
        """
def step(x):
    k = h
    k += 0.1
    return 0.5 * x
x = repeat(3, step, h)
""",
    ],
    "what a function of units has made of one number": [
        "x = logistic(h[0]); x += 1.0", "x = ACTIVATIONS['linear'](h[0]); x += 1.0",
    ],
    "its array as the first argument": ["x = np.transpose(a=h)"],
    "multiply truth values by 1.0": [
        "x = np.dot(h > 0.5, h > 0.4)", "x = (h > 0.5).dot(h > 0.4)", "x = (h > 0.5) @ (h > 0.4)",
        "x = np.outer(h > 0.5, h > 0.4)", "x = (h > 0.5).clip(h > 0.4, h > 0.3)",
        "x = np.full_like(h > 0.5, 0.3)", "x = np.maximum(h > 0.5, h > 0.4)",
        "x = np.concatenate([h > 0.5, h < 0.4]) + True",
        "m = np.where(h > 0.6, True, h > 0.5); x = m + m",
        "x = np.array([True, False, True]) * (h > 0.5)",
        "x = repeat(2, lambda m: m * 1.0, h > 0.5)", "x = repeat(2, lambda m: m > 0.5, h)",
    ],
}  # fmt: skip


def learn(network, n_updates=3):
    """Return states before and after each update, compiled and in NumPy."""
    protocol = Protocol(max_updates=n_updates, threshold=1e-300)
    engine = Engine(protocol, network)
    rows = engine.rule.draw(1988, 0, 4)
    recorded = engine.record(rows, range(n_updates + 1))
    found = []
    for seed, states in enumerate(recorded):
        one = Rule(network, protocol).build(states[0])
        one._seeds = seed, 0
        for k in range(n_updates):
            one.update()
            found.append((states[k + 1], one.flatten()))
    return found


@pytest.mark.parametrize("case", SAME)
def test_an_operator_in_place_changes_all_names_as_in_numpy(case):
    for compiled, expected in learn(make(SAME[case])):
        np.testing.assert_allclose(compiled, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "lines"), [(text, lines) for text, each in REFUSED.items() for lines in each]
)
def test_what_numpy_may_do_otherwise_is_refused_at_once(text, lines):
    with pytest.raises(UsageError, match=re.escape(text)):
        Engine(Protocol(), make(lines)).program  # noqa: B018  # which traces


class Applied(Twisted):
    kept = {"t": 0.0, "z": np.zeros(4)}
    lines = compile("x = self.t", "twist", "exec")


def apply_to_rows(self, changes):
    Network.apply(self, changes)
    row = self.W[1]
    row *= 0.9
    self.z = self.W[0]  # a copy, as what is set always is
    self.W *= 0.5
    self.t += 1.0
    self.z -= 0.1


def apply_to_changes(self, changes):
    for name, change in changes.items():
        half = change
        half *= 0.5
        weights = getattr(self, name)
        weights += change
        self.t += np.sum(half)


@pytest.mark.parametrize("apply", [apply_to_rows, apply_to_changes])
def test_an_update_may_change_arrays_in_place(apply):
    for compiled, expected in learn(type("Mine", (Applied,), {"apply": apply})):
        np.testing.assert_allclose(compiled, expected, rtol=1e-12, atol=1e-12)
