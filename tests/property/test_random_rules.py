"""Rules written at random, with loops, operators in place, masks and draws: compiled and in NumPy.

Each is a text, which a failure prints. A rule may be refused for what NumPy would do to its arrays,
but never because the compiled code and NumPy differ.
"""

import itertools

import numpy as np
import pytest

from replication import Network, Protocol, UsageError, logistic, repeat
from replication.simulator.rule.network import Rule
from replication.simulator.running.engine import Engine
from replication.simulator.running.guard import check_rule

N_QUICK, N_LONG = 12, 1000
N_NETWORKS, N_UPDATES = 8, 2

# What makes an array of a kind: v is a vector of four, M a matrix, m a mask, n a number.
MADE = {
    "v": """
self.W @ {v} | self.U.T @ {v} + self.b | {M} @ {v} | np.tanh({v}) | logistic({v}) | {v} | {v}
0.5 * {v} + 0.3 * {v} | {v} - 0.1 * {n} * {v} | np.where({m}, {v}, 0.3) | np.where({m}, {v}, {v})
np.maximum({v}, {v} - 0.1) | {v}[::-1] | {v}.copy() | +{v} | np.abs({v}) | np.roll({v}, 1)
{M}[1] | {M}.T[0] | {M}[:, 2] | np.sum({M}, axis=0) | {v} * {m} | {v} - {m} | np.max({M}, axis=1)
np.concatenate([{v}[2:], {v}[:2]]) | 0.1 * self.uniform(4) | 0.1 * self.normal(4)
np.clip({v}, -0.4, 0.6) | {M}[[0, 1, 3, 2], 2] | np.diagonal({M}) | {v} / (2.0 + np.abs({v}))
np.stack([{n}, {n}, 0.1 * {n}, {n}]) | np.sign({v} - 0.0123) * {v}
""",
    "M": """
np.outer({v}, {v}) | {M}.T | self.W + 0.1 * {M} | self.U * {n} | {M} @ self.W | {M} * {v} | {M}
{M} + {v}[:, None] | np.where({m}, {M}, {M}.T) | {M}[::-1] | {M}.copy() | np.tril({M})
np.stack([{v}, {v}, {v}, {v}])
""",
    "m": """
{v} > 0.0321 | {v} < {v} - 0.0123 | ~{m} | {m} & ({v} > -0.1234) | {m} | {m}[::-1] | {m}.copy()
np.logical_or({m}, {v} > 0.2345) | {M}[1] > 0.0777 | np.logical_not({m})
""",
    "n": """
np.sum({v}) | {v}[2] | np.max({v}) | 0.1 * np.dot({v}, {v}) | np.mean({M}) | {M}[1, 2] | {n}
np.min({v}) + 0.1 | 0.3 * np.tanh({n}) + 0.1 | np.sum({m}) * 0.1
""",
}  # fmt: skip
CHANGES = """
{v} += 0.3 * {v} | {v} *= 0.7 | {v} -= {m} | {v} /= 1.5 | {v} += {v} | {M} *= 0.5
{M} += 0.1 * {M}.T | {m} |= {v} > 0.1111 | {m} &= {m} | {n} += 0.1 | {n} *= 0.9
k = {v}[::2]; k += 0.1 | k = {v}[1:3]; k *= {n} | k = {v}[::-1][:2]; k += 0.2
k = {M}[2]; k -= 0.1 * {v} | k = {M}.T[1]; k *= 0.5 | k = {v}[:, None]; k += 0.1
k = {M}[1:, ::2]; k *= 0.3 | for row in {M}: row *= 0.5 | k = {v}; k *= 0.9
"""
APPLIED = """
self.W = self.W + changes["W"]
self.U = self.U + changes["U"]
self.b = self.b + changes["b"]
|
for name in ("W", "U", "b"):
    weights = getattr(self, name)
    weights += changes[name]
|
self.q *= 0.5
self.q += changes["W"]
self.W += self.q
self.U += changes["U"]
self.b = self.W[0]
self.b -= changes["b"]
|
self.W += changes["W"]
self.W *= np.abs(self.W) < 0.789
row = self.U[1]
row *= 0.9
self.U += changes["U"]
self.q = self.U
|
change = changes["b"]
half = change
half *= 0.5
self.b += change
self.W += changes["W"] * np.sum(half)
"""


def read(text):
    return [line.strip() for line in text.replace("\n", " | ").split(" | ") if line.strip()]


MAKING = {kind: read(text) for kind, text in MADE.items()}
CHANGING = read(CHANGES)
APPLYING = [text.strip() for text in APPLIED.split("\n|\n")]


def list_kinds(template):
    """Return the kinds of the places of a template."""
    return template.replace("}", "{").split("{")[1::2]


class Author:
    """Writes lines at random, with the names that there are."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.n_names = 0

    def choose(self, options):
        return options[self.rng.integers(len(options))]

    def fill(self, template, names):
        """Return a template with a name of the right kind in each place."""
        parts = template.replace("}", "{").split("{")
        chosen = [self.choose(names[part]) if k % 2 else part for k, part in enumerate(parts)]
        return "".join(chosen)

    def make(self, names, kind=None):
        """Return a line that makes an array, and note its name."""
        kind = kind or self.choose("vvvvMmn")
        self.n_names += 1
        name = f"{kind}{self.n_names}"
        line = f"{name} = {self.fill(self.choose(MAKING[kind]), names)}"
        names[kind].append(name)
        return line

    def write(self, names, own, n_lines, depth):
        """Return lines; those in place change names of their own, as a rule."""
        lines = []
        for _ in range(n_lines):
            chosen = self.rng.random()
            possible = [x for x in CHANGING if all(own[kind] for kind in list_kinds(x))]
            if chosen < 0.3 and possible:
                line = self.choose(possible)
                # Within a step, a name of outside that is changed would be one of its own.
                is_own = depth > 0 or self.rng.random() < 0.97
                lines.append(self.fill(line, own if is_own else names))
            elif chosen < 0.45 and depth < 2:
                lines += self.write_loop(names, own, depth)
            else:
                line = self.make(names)
                lines.append(line)
                name = line.partition(" ")[0]
                own[name[0]].append(name)
        return lines

    def write_loop(self, names, own, depth):
        """Return the lines of a step, and of a loop of one state or two."""
        self.n_names += 1
        number, n_states = self.n_names, int(self.rng.integers(1, 3))
        states = [f"v{number}_{k}" for k in range(n_states)]
        inner = {kind: [*each] for kind, each in names.items()}
        inner["v"] += states * 2
        lines = self.write(
            inner, {kind: [] for kind in own}, int(self.rng.integers(1, 4)), depth + 1
        )
        found = [f"0.5 * {state} + 0.3 * np.tanh({self.choose(inner['v'])})" for state in states]
        results = [f"v{number}_end{k}" for k in range(n_states)]
        begun = ", ".join(self.choose(names["v"]) for _ in states)
        names["v"] += results
        own["v"] += results
        n_turns = int(self.rng.integers(1, 5))
        return [
            f"def step{number}({', '.join(states)}):",
            *(f"    {line}" for line in lines),
            f"    return {', '.join(found)}",
            f"{', '.join(results)} = repeat({n_turns}, step{number}, {begun})",
        ]


def write_rule(seed):
    """Return the text of a rule."""
    author = Author(seed)
    names = {"v": ["v", "target", "v1"], "M": ["M1"], "m": ["m1"], "n": ["n1"]}
    own = {"v": ["v1"], "M": ["M1"], "m": ["m1"], "n": ["n1"]}
    lines = ["v1 = self.W @ v", "M1 = np.outer(v1, target)", "m1 = v1 > 0.0456", "n1 = np.sum(v1)"]
    lines += author.write(names, own, int(author.rng.integers(4, 12)), 0)
    a, b, c, d, e = (author.choose(names["v"][1:]) for _ in range(5))
    M = author.choose(names["M"])
    lines.append(
        f'return {{"W": 0.1 * np.outer(np.tanh({a}), np.tanh({b})), "b": 0.1 * np.tanh({c}), '
        f'"U": 0.1 * np.tanh({M}) + 0.1 * np.outer(np.tanh({d}), {e} > 0.0654)}}'
    )
    methods = {
        "image(self, v)": ["return np.tanh(self.U @ v + self.b)"],
        "weight_changes(self, v, target)": lines,
        "apply(self, changes)": author.choose(APPLYING).splitlines(),
    }
    text = ["class Mine(Base):"]
    for head, body in methods.items():
        text += [f"    def {head}:", *(f"        {line}" for line in body)]
    return "\n".join(text)


class Base(Network):
    shapes = {"W": (4, 4), "U": (4, 4), "b": (4,)}
    kept = {"q": np.zeros((4, 4))}
    patterns = np.random.default_rng(1).uniform(-0.9, 0.9, (5, 4))
    targets = np.random.default_rng(2).uniform(-0.9, 0.9, (5, 4))


ALLOWED = ("in place", "multiply truth values by 1.0")


def check_random_rule(seed):
    """Hold that a rule is compiled to what NumPy does, or refused; return whether it is."""
    text = write_rule(seed)
    space = {"np": np, "logistic": logistic, "repeat": repeat, "Base": Base}
    exec(compile(text, f"<rule {seed}>", "exec"), space)
    network = space["Mine"]
    schedule = "per-pattern" if seed % 3 == 0 else "batch"
    protocol = Protocol(max_updates=N_UPDATES, threshold=1e-300, update_schedule=schedule)
    try:
        engine = Engine(protocol, network)
        engine.program  # noqa: B018  # which is written here
    except UsageError as refusal:
        if any(cause in str(refusal) for cause in ALLOWED):
            return False
        raise AssertionError(f"{refusal}\n{text}") from None
    rows = engine.rule.draw(7, 0, N_NETWORKS)
    recorded = engine.record(rows, range(N_UPDATES + 1), root_seed=7)
    for place, states in enumerate(recorded):
        for t, (before, after) in enumerate(itertools.pairwise(states)):
            one = Rule(network, protocol).build(before)
            one._seeds, one._n_updates = (place, 7), t
            one.update()
            apart = np.abs(one.flatten() - after).max()
            assert apart < 1e-9, f"{apart:.1g} apart in update {t + 1} of network {place}\n{text}"
    try:
        check_rule(network, protocol)
    except UsageError as refusal:
        raise AssertionError(f"{refusal}\n{text}") from None
    return True


def check_many(seeds):
    n_compiled = sum(map(check_random_rule, seeds))
    assert n_compiled > 0.5 * len(seeds)


def test_rules_written_at_random_are_compiled_to_what_numpy_does():
    check_many(range(N_QUICK))


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_thousand_rules_written_at_random_are_compiled_to_what_numpy_does():
    check_many(range(N_QUICK, N_QUICK + N_LONG))
