"""The hierarchy of closed loops of pages 365 and 366: which vectors it encodes, keeps, completes.

The hidden groups of two lower modules, side by side, are the visible group of the top module (the
paper's Figure 4), and all modules learn at the same time, each by the paper's rule.
"""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample, estimate_share
from replication.paper.claims import load_claims
from replication.simulator.operations.arrays import repeat
from replication.simulator.rule.activations import logistic
from replication.simulator.rule.network import Network
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import Engine

NOISE_SEED, RANDOM_SEED = 2010, 2110  # of the noisy copies, and of the first random set
N_SEARCH = 100  # networks for each pair of rates in the search
RANDOM_SETS = 20  # random sets; the networks of that condition are shared out among them

UPDATES = 500
ROUNDS = 50
NOISE = 0.25  # largest amount added to or taken from a unit of a vector that must settle back
N_COPIES = 4  # noisy copies of each vector; all networks get the same ones

LOWER_RATES = (5.0, 10.0, 20.0)
TOP_RATES = (0.5, 1.0, 2.0, 4.0)

HALVES = {
    "two": np.eye(4)[:2], "three": np.eye(4)[:3], "four": np.eye(4),
    "bits": np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]),
}  # fmt: skip
"""What both halves of the vectors of a set are: one-hot, or the bits a, not a, b and not b."""
CHANGED: dict[str, dict[str, Any]] = {
    "same_start": {"starts_alike": True}, "untrained_top": {"trains_top": False},
    "wider_lower": {"lower_hidden": 3}, "wider_top": {"top_hidden": 3},
    "wider": {"lower_hidden": 3, "top_hidden": 3},
}  # fmt: skip
"""Conditions with the vectors "four", and what differs; those before them have no change."""
CONDITIONS = ("four", "three", "two", "bits", "random", *CHANGED)
RATES_OF = {"two": "three", "random": "bits", **dict.fromkeys(CHANGED, "four")}
"""Conditions with the learning rates of another one; those of the others are searched."""

TOP_STREAM = 2**62
"""Added to the root seed for the top module, so that its draws are no lower module's."""
N_LOWER = 2
TOP = N_LOWER  # the number of the top module
HALF = PAPER.n_visible  # visible units of a lower module


class Modules(Network):
    """Two lower modules under a top one; subclasses say their sizes, vectors and rates."""

    lower_hidden = top_hidden = 2
    starts_alike = False  # both lower modules from the same weights
    trains_top = True
    numbers = {"lower_rate": 10.0, "top_rate": 1.0}  # noqa: RUF012
    patterns: Any  # vectors (n_vectors, 2 halves of 4 units)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:  # type: ignore[override]
        """Shapes of W0, b0, U0, c0 of the first module, and so on; those of the top come last."""
        sizes = [(HALF, self.lower_hidden)] * N_LOWER
        sizes.append((N_LOWER * self.lower_hidden, self.top_hidden))
        found: dict[str, tuple[int, ...]] = {}
        for k, (n, m) in enumerate(sizes):
            found |= {f"W{k}": (m, n), f"b{k}": (m,), f"U{k}": (n, m), f"c{k}": (n,)}
        return found

    def send(self, names: str, k: int, states: Any) -> Any:
        """Return what states cause in module k, up by "Wb" or down by "Uc" (equations 1 and 2)."""
        matrix, biases = (getattr(self, f"{name}{k}") for name in names)
        return logistic(matrix @ states + biases)

    def hidden(self, v: Any) -> Any:
        """Return the codes, hidden states of the lower modules, the visible vector of the top."""
        parts = [self.send("Wb", k, v[HALF * k : HALF * (k + 1)]) for k in range(N_LOWER)]
        return np.concatenate(parts)

    def image(self, v: Any) -> Any:
        """Return a vector sent up through the top and down again."""
        codes = self.send("Uc", TOP, self.send("Wb", TOP, self.hidden(v))).reshape(N_LOWER, -1)
        return np.concatenate([self.send("Uc", k, code) for k, code in enumerate(codes)])

    def learn(self, k: int, v0: Any, rate: Any) -> dict[str, Any]:
        """Return the changes of one module, equations 3 to 6."""
        keep = PAPER.regression
        h1 = self.send("Wb", k, v0)
        v2 = keep * v0 + (1.0 - keep) * self.send("Uc", k, h1)
        h3 = keep * h1 + (1.0 - keep) * self.send("Wb", k, v2)
        return {
            f"W{k}": rate * np.outer(h1 - h3, v2), f"b{k}": rate * (h1 - h3),
            f"U{k}": rate * np.outer(v0 - v2, h1), f"c{k}": rate * (v0 - v2),
        }  # fmt: skip

    def weight_changes(self, v: Any, _: Any) -> dict[str, Any]:
        """Return the changes of all modules, each by its own loop."""
        changes = self.learn(TOP, self.hidden(v), self.top_rate) if self.trains_top else {}
        for k in range(N_LOWER):
            changes |= self.learn(k, v[HALF * k : HALF * (k + 1)], self.lower_rate)
        return changes


class Settling(Modules):
    """The same network, which reconstructs a state again and again; some units keep theirs.

    A pattern is a state and, behind it, which of its units are held (1) or not (0). With zero
    regression: a state that is partly kept looks stable without being an attractor.
    """

    n_rounds = 50

    def image(self, v: Any) -> Any:
        """Return the state after all rounds."""
        n = N_LOWER * HALF
        begun, is_held = v[:n], v[n:] > 0.5

        def go_around(state: Any) -> Any:
            return np.where(is_held, begun, super(Settling, self).image(state))

        return repeat(self.n_rounds, go_around, begun)


def make_rule(*bases: type[Modules], patterns: Any, **settings: Any) -> type[Modules]:
    """Return a class of modules that is shown some patterns, with other settings."""
    targets = np.asarray(patterns, dtype=np.float64)[:, : N_LOWER * HALF]
    return type(bases[0].__name__, bases, {"patterns": patterns, "targets": targets, **settings})


def draw_modules(rule: type[Modules], root_seed: int, start: int, stop: int) -> Array:
    """Draw the weights of hierarchies with seeds in [start, stop), a row for each.

    Lower module m of network s takes the draws of seed ``2 s + m``, or those of its first one if
    they start alike, the top module those of seed s under another root seed.
    """
    lower = Protocol(group_sizes=(HALF, rule.lower_hidden))
    top = Protocol(group_sizes=(N_LOWER * rule.lower_hidden, rule.top_hidden))
    rows = draw_weights(lower, root_seed, N_LOWER * start, N_LOWER * stop)
    rows = rows.reshape(stop - start, N_LOWER, -1)
    if rule.starts_alike:
        rows[:] = rows[:, :1]
    above = draw_weights(top, root_seed + TOP_STREAM, start, stop)
    return np.hstack([rows.reshape(stop - start, -1), above])


def make_vectors(kind: str, number: int = 0) -> NDArray[Any]:
    """Return vectors over two halves of four units: a set of `HALVES`, or of "random" ones.

    The random set of a number holds four different vectors.
    """
    if kind in HALVES:
        return np.tile(HALVES[kind], 2)
    generator = np.random.Generator(np.random.Philox(key=RANDOM_SEED + number))
    n_units = N_LOWER * HALF
    chosen = generator.choice(2**n_units, size=4, replace=False)
    return np.asarray((chosen[:, None] >> np.arange(n_units)) & 1)


Rates = tuple[float, float]  # of the lower modules and the top
Examined = Mapping[str, Any]
"""What became of n networks, on the last axis: whether every vector is ``encoded``, among the
``attractors``, ``completed`` and ``all`` of it; ``codes`` (n_hidden, n_vectors, 2, n) below."""


def make_condition(name: str, rates: Rates, number: int = 0) -> type[Modules]:
    """Return the rule of a condition with these learning rates, and a random set of this number."""
    vectors = make_vectors("four" if name in CHANGED else name, number)
    numbers = dict(zip(("lower_rate", "top_rate"), rates, strict=True))
    return make_rule(Modules, patterns=vectors, numbers=numbers, **CHANGED.get(name, {}))


def run(sample: Sample) -> Model:
    """Return the model of the experiment."""
    # Learning rates first, on networks that no condition is judged by.
    few, own = sample.first(N_SEARCH), [name for name in CONDITIONS if name not in RATES_OF]
    searched = {name: search_rates(name, few) for name in own}
    rates = {name: searched[RATES_OF.get(name, name)] for name in CONDITIONS}
    outcomes = sample.map(lambda name: simulate_condition(name, rates[name], sample), CONDITIONS)
    # Each way of measuring the statement is one of the conditions.
    ways = load_claims()["hierarchy"].operationalisations
    measured = {way.id: outcomes[way.id]["all"] for way in ways}
    return {
        "conditions": {
            name: describe(outcomes[name]) | {"lower_rate": lower, "top_rate": top}
            for name, (lower, top) in rates.items()
        },
        "splits": compare_splits(outcomes["four"]),
        "claims": {"hierarchy": judge("hierarchy", measured)},
    }


def search_rates(name: str, sample: Sample) -> Rates:
    """Return the first pair of learning rates (lower, top) with which most of others do all."""
    others, pairs = sample.others, itertools.product(LOWER_RATES, TOP_RATES)
    shares = sample.map(lambda x: simulate_condition(name, x, others)["all"].mean(), pairs)
    return max(shares, key=lambda pair: float(shares[pair]))


def simulate_condition(name: str, rates: Rates, sample: Sample) -> Examined:
    """Train and test networks; with random sets the first n / `RANDOM_SETS` on each of them."""
    n_sets = RANDOM_SETS if name == "random" else 1
    found = []
    for number in range(n_sets):
        rule = make_condition(name, rates, number)
        weights = draw_modules(rule, sample.root_seed, 0, max(1, sample.n // n_sets))
        found.append(examine(rule, train_for(PAPER, weights, UPDATES, network=rule)))
    return {key: np.concatenate([part[key] for part in found], axis=-1) for key in found[0]}


def examine(rule: type[Modules], weights: Array) -> Examined:
    """Return what trained networks do; all settling is without regression, by way of the top."""
    vectors = rule.patterns
    evaluation = Engine(PAPER, rule).evaluate(weights)

    def is_near(states: Array) -> Flags:
        """Return which networks have all vectors, copy by copy, near enough."""
        copies = states.reshape(len(weights), -1, *vectors.shape)
        return np.asarray(np.abs(copies - vectors).max(axis=(1, 2, 3)) < PAPER.threshold)

    # The vectors and noisy copies of them, which must come back.
    generator = np.random.Generator(np.random.Philox(key=NOISE_SEED))
    noise = generator.uniform(-NOISE, NOISE, (N_COPIES, *vectors.shape))
    starts = np.vstack([vectors, *np.clip(vectors + noise, 0.0, 1.0)])
    attracted = settle(rule, weights, starts, np.zeros_like(starts))
    # Either half of the vectors is held, and the other one begins at 0.
    is_first = np.arange(vectors.shape[1]) < HALF
    held = np.repeat([is_first, ~is_first], len(vectors), axis=0).astype(np.float64)
    completed = settle(rule, weights, np.vstack([vectors, vectors]) * held, held)
    states = {"encoded": evaluation.reconstruction, "attractors": attracted, "completed": completed}
    found = {name: is_near(each) for name, each in states.items()}
    found["all"] = np.all([*found.values()], axis=0)
    codes = evaluation.hidden[0].reshape(len(weights), len(vectors), N_LOWER, -1)
    return {**found, "codes": codes.transpose(3, 1, 2, 0)}


def settle(rule: type[Modules], weights: Array, states: Array, held: Array) -> Array:
    """Return what states become in `ROUNDS` rounds, (n, n_states, n_units)."""
    patterns = np.hstack([states, held])
    settling = make_rule(Settling, rule, patterns=patterns, n_rounds=ROUNDS)
    return Engine(PAPER, settling).evaluate(weights).reconstruction


def name_splits(codes: Array) -> Counts:
    """Return the splits of four vectors by both units of modules, codes (2, 4, n), as (2, n).

    A unit is more active for two of them than for the others; split k has vectors 0 and k
    together. The smaller k comes first.
    """
    is_high = codes.argsort(axis=1).argsort(axis=1) >= 2
    with_first = is_high == is_high[:, :1]
    return np.sort(1 + with_first[:, 1:].argmax(axis=1), axis=0)


def compare_splits(outcome: Examined) -> Model:
    """Describe the networks by whether both lower modules split the four vectors in the same way.

    In ``single`` ones the units of a module make one split only.
    """
    left, right = (name_splits(outcome["codes"][:, :, module]) for module in (0, 1))
    single = (left[0] == left[1]) | (right[0] == right[1])
    equal = np.all(left == right, axis=0)
    groups = {"same": ~single & equal, "different": ~single & ~equal, "single": single}
    return {
        name: describe({key: values[..., members] for key, values in outcome.items()})
        for name, members in groups.items()
    }


def describe(outcome: Examined) -> Model:
    """Return how many networks there are, and the shares that encode, and do all that is asked."""
    shares = {name: estimate_share(outcome[name]) for name in ("encoded", "all")}
    return {"n": len(outcome["all"])} | shares
