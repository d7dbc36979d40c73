"""The hierarchy of closed loops of pages 365 and 366: which vectors it encodes, keeps, completes.

The hidden groups of two lower modules, side by side, are the visible group of the top module (the
paper's Figure 4), and all modules learn at the same time, each by the paper's rule.
"""

import dataclasses
import itertools
from typing import Any, Self

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array, Counts, Flags, Operand
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample, estimate_share
from replication.paper.claims import load_claims
from replication.simulator.operations.loops import repeat
from replication.simulator.rule.activations import logistic
from replication.simulator.rule.network import Network
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.engine import Engine

# of the noisy copies, and of the random sets
NOISE_SEED = 2010
RANDOM_SEED = 2110
N_SEARCH = 200  # networks for each pair of rates in the search
RANDOM_FACTOR = 5  # times as many networks learn random vectors, each a set of its own

UPDATES = 500
ROUNDS = 50
NOISE = 0.25  # largest amount added to or taken from a unit of a vector that must settle back
N_COPIES = 4  # noisy copies of each vector, drawn for each network

LOWER_RATES = (2.5, 5.0, 10.0, 20.0)
TOP_RATES = (0.5, 1.0, 2.0, 4.0, 8.0)

HALVES = {
    "two": np.eye(4)[:2],
    "three": np.eye(4)[:3],
    "four": np.eye(4),
    "bits": np.array([[1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]]),
}
"""What both halves of the vectors of a set are: one-hot, or the bits a, not a, b and not b."""
N_RANDOM = 4  # vectors of a random set


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a hierarchy is built; as in the paper, unless something else is said."""

    lower_hidden: int = 2
    top_hidden: int = 2
    starts_alike: bool = False  # both lower modules from the same weights
    trains_top: bool = True


CHANGED = {
    "same_start": Build(starts_alike=True),
    "untrained_top": Build(trains_top=False),
    "wider_lower": Build(lower_hidden=3),
    "wider_top": Build(top_hidden=3),
    "wider": Build(lower_hidden=3, top_hidden=3),
}
"""Conditions with the vectors "four" that are built in another way; the others are not."""
CONDITIONS = ("random", "four", "three", "two", "bits", *CHANGED)
SEARCHED = ("random", "four", "three", "bits")
"""Conditions whose learning rates are searched."""

TOP_STREAM = 2**62
"""Added to the root seed for the top module, so that its draws are no lower module's."""
N_LOWER = 2
TOP = N_LOWER  # the number of the top module
HALF = PAPER.n_visible  # visible units of a lower module
N_UNITS = N_LOWER * HALF


class Modules(Network):
    """Two lower modules under a top one; subclasses say their sizes and rates.

    Each network has states of its own, which it is shown: a pattern says which of them.
    """

    lower_hidden = 2
    top_hidden = 2
    n_shown = 4
    starts_alike = False  # both lower modules from the same weights
    trains_top = True
    numbers = {"lower_rate": 10.0, "top_rate": 1.0}  # noqa: RUF012

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:  # type: ignore[override]
        """Shapes of W0, b0, U0, c0 of the first module, and so on; those of the top come last."""
        sizes = [(HALF, self.lower_hidden)] * N_LOWER
        sizes.append((N_LOWER * self.lower_hidden, self.top_hidden))
        found: dict[str, tuple[int, ...]] = {}
        for k, (n_visible, n_hidden) in enumerate(sizes):
            found[f"W{k}"] = (n_hidden, n_visible)
            found[f"b{k}"] = (n_hidden,)
            found[f"U{k}"] = (n_visible, n_hidden)
            found[f"c{k}"] = (n_visible,)
        return found

    @property
    def fixed(self) -> dict[str, tuple[int, ...]]:  # type: ignore[override]
        """The states that the network is shown, a row for each."""
        return {"shown": (self.n_shown, N_UNITS)}

    def show(self, chosen: Operand) -> Operand:
        """Return one of the states of this network; `chosen` begins with 1 at its place."""
        return self.shown.T @ chosen[: self.n_shown]

    def send(self, names: str, k: int, states: Operand) -> Operand:
        """Return what states cause in module k, up by "Wb" or down by "Uc" (equations 1 and 2)."""
        matrix = getattr(self, f"{names[0]}{k}")
        biases = getattr(self, f"{names[1]}{k}")
        return logistic(matrix @ states + biases)

    def encode(self, v: Operand) -> Operand:
        """Return the codes, hidden states of the lower modules, the visible vector of the top."""
        parts = [self.send("Wb", k, self.get_half(v, k)) for k in range(N_LOWER)]
        return np.concatenate(parts)

    def get_half(self, v: Operand, k: int) -> Operand:
        """Return what lower module k sees of a vector."""
        first = HALF * k
        return v[first : first + HALF]

    def go_around(self, v: Operand) -> Operand:
        """Return a vector sent up through the top and down again."""
        top = self.send("Wb", TOP, self.encode(v))
        codes = self.send("Uc", TOP, top).reshape(N_LOWER, -1)
        parts = [self.send("Uc", k, code) for k, code in enumerate(codes)]
        return np.concatenate(parts)

    def hidden(self, chosen: Operand) -> Operand:
        """Return the codes of a state."""
        return self.encode(self.show(chosen))

    def image(self, chosen: Operand) -> Operand:
        """Return the reconstruction of a state."""
        return self.go_around(self.show(chosen))

    def learn(self, k: int, v0: Operand, rate: Operand) -> dict[str, Operand]:
        """Return the changes of one module, equations 3 to 6."""
        keep = PAPER.regression
        h1 = self.send("Wb", k, v0)
        image = self.send("Uc", k, h1)
        v2 = keep * v0 + (1.0 - keep) * image
        arriving = self.send("Wb", k, v2)
        h3 = keep * h1 + (1.0 - keep) * arriving
        return {
            f"W{k}": rate * np.outer(h1 - h3, v2),
            f"b{k}": rate * (h1 - h3),
            f"U{k}": rate * np.outer(v0 - v2, h1),
            f"c{k}": rate * (v0 - v2),
        }

    def weight_changes(self, chosen: Operand, _: Operand) -> dict[str, Operand]:
        """Return the changes of all modules, each by its own loop."""
        v = self.show(chosen)
        changes: dict[str, Operand] = {}
        if self.trains_top:
            changes |= self.learn(TOP, self.encode(v), self.top_rate)
        for k in range(N_LOWER):
            changes |= self.learn(k, self.get_half(v, k), self.lower_rate)
        return changes


class Settling(Modules):
    """The same network, which reconstructs a state again and again; some units keep theirs.

    A pattern says which state, and behind that, which of its units are held (1) or not (0). With
    zero regression: a state that is partly kept looks stable without being an attractor.
    """

    n_rounds = 50

    def image(self, chosen: Operand) -> Operand:
        """Return the state after all rounds."""
        begun = self.show(chosen)
        is_held = chosen[self.n_shown :] > 0.5

        def step(state: Operand) -> Operand:
            return np.where(is_held, begun, self.go_around(state))

        return repeat(self.n_rounds, step, begun)


def make_rule(*bases: type[Modules], n_shown: int, **settings: Any) -> type[Modules]:
    """Return a class of modules that is shown so many states, with other settings."""
    attributes: dict[str, Any] = {
        "patterns": np.eye(n_shown),
        "n_shown": n_shown,
        "targets": np.zeros((n_shown, N_UNITS)),
    }
    return type(bases[0].__name__, bases, attributes | settings)


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


def draw_vectors(kind: str, sample: Sample) -> Array:
    """Return the vectors of each network over two halves of four units, (n, n_vectors, 8).

    A set of `HALVES`, the same for all, or a "random" one of four different vectors for each.
    """
    if kind in HALVES:
        vectors = np.tile(HALVES[kind], N_LOWER).astype(np.float64)
        return np.broadcast_to(vectors, (sample.n, *vectors.shape))
    # The first four of all vectors in a random order, which has no vector twice.
    generator = np.random.Generator(np.random.Philox(key=[RANDOM_SEED, sample.root_seed]))
    drawn = generator.random((sample.n, 2**N_UNITS))
    orders = drawn.argsort(axis=1)
    chosen = orders[:, :N_RANDOM]
    # A vector's number in binary says which of its units are on.
    bits = (chosen[:, :, np.newaxis] >> np.arange(N_UNITS)) & 1
    return bits.astype(np.float64)


def can_be_completed(vectors: Array) -> Flags:
    """Say in which networks no two vectors share a half; from that half, one could not be told.

    `vectors`: (n, n_vectors, 8).
    """
    n, n_vectors, _ = vectors.shape
    halves = vectors.reshape(n, n_vectors, N_LOWER, HALF)
    # Each two of the vectors, half by half.
    one, other = np.triu_indices(n_vectors, 1)
    is_equal = halves[:, one] == halves[:, other]  # (n, n_pairs, half, unit)
    is_shared = is_equal.all(axis=-1)
    has_shared = is_shared.any(axis=(1, 2))
    return np.asarray(~has_shared)


Rates = tuple[float, float]  # of the lower modules and the top


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """What became of networks."""

    # Flags, (n,) each: of which networks this is true of every vector.
    encoded: Flags
    attractors: Flags
    completed: Flags
    all: Flags  # encoded, an attractor, and completed
    can: Flags  # it can be completed
    codes: Array  # (n, n_vectors, N_LOWER, n_hidden), hidden states of the lower modules

    def select(self, members: Flags) -> Self:
        """Return what became of some of the networks."""
        return dataclasses.replace(
            self,
            encoded=self.encoded[members],
            attractors=self.attractors[members],
            completed=self.completed[members],
            all=self.all[members],
            can=self.can[members],
            codes=self.codes[members],
        )


def make_condition(name: str, rates: Rates) -> type[Modules]:
    """Return the rule of a condition with these learning rates."""
    n_shown = len(HALVES[name]) if name in HALVES else N_RANDOM
    build = CHANGED.get(name, Build())
    numbers = {"lower_rate": rates[0], "top_rate": rates[1]}
    return make_rule(Modules, n_shown=n_shown, numbers=numbers, **dataclasses.asdict(build))


def run(sample: Sample) -> Model:
    """Return the model of the experiment."""
    # Learning rates first, on networks that no condition is judged by.
    few = sample.first(N_SEARCH)
    searched = {name: search_rates(name, few) for name in SEARCHED}
    rates = {name: searched[find_searched(name)] for name in CONDITIONS}

    def simulate(name: str) -> Examined:
        return simulate_condition(name, rates[name], sample)

    outcomes = sample.map(simulate, CONDITIONS)
    described = {}
    for name, (lower, top) in rates.items():
        described[name] = describe(outcomes[name]) | {"lower_rate": lower, "top_rate": top}
    # Random sets that can be completed, apart: with the others no network can succeed.
    fair = outcomes["random"].select(outcomes["random"].can)
    described["completable"] = described["random"] | describe(fair)
    judged = {**outcomes, "completable": fair}
    ways = load_claims()["hierarchy"].operationalisations
    measured = {way.id: judged[way.id].all for way in ways}
    return {
        "conditions": described,
        "splits": compare_splits(outcomes["four"]),
        "claims": {"hierarchy": judge("hierarchy", measured)},
    }


def find_searched(name: str) -> str:
    """Return the condition whose learning rates a condition has: its own, or the most like it."""
    if name in CHANGED:
        return "four"
    if name == "two":
        return "three"
    return name


def search_rates(name: str, sample: Sample) -> Rates:
    """Return the first pair of learning rates (lower, top) with which most of others do all."""
    others = sample.others

    def find_share(rates: Rates) -> float:
        return float(simulate_condition(name, rates, others).all.mean())

    shares = sample.map(find_share, itertools.product(LOWER_RATES, TOP_RATES))
    return max(shares, key=lambda rates: shares[rates])


def simulate_condition(name: str, rates: Rates, sample: Sample) -> Examined:
    """Train and test networks; with random vectors `RANDOM_FACTOR` times as many."""
    if name == "random":
        sample = sample.take(RANDOM_FACTOR)
    rule = make_condition(name, rates)
    vectors = draw_vectors("four" if name in CHANGED else name, sample)
    weights = draw_modules(rule, sample.root_seed, 0, sample.n)
    final = train_for(PAPER, attach(weights, vectors), UPDATES, network=rule)
    learnt = final[:, : weights.shape[1]]  # without the vectors that are shown
    return examine(rule, learnt, vectors, draw_noise(vectors, sample))


def attach(weights: Array, states: Array) -> Array:
    """Return the rows of networks that are shown states (n, n_shown, 8)."""
    rows = states.reshape(len(weights), -1)
    return np.hstack([weights, rows])


def draw_noise(vectors: Array, sample: Sample) -> Array:
    """Draw what is added to the copies of the vectors, (n, N_COPIES, n_vectors, 8)."""
    n, *shape = vectors.shape
    generator = np.random.Generator(np.random.Philox(key=[NOISE_SEED, sample.root_seed]))
    return generator.uniform(-NOISE, NOISE, (n, N_COPIES, *shape))


def examine(rule: type[Modules], weights: Array, vectors: Array, noise: Array) -> Examined:
    """Return what trained networks do; all settling is without regression, by way of the top.

    `vectors` (n, n_vectors, 8): of each network; `noise` (n, n_copies, n_vectors, 8).
    """
    n, n_vectors, n_units = vectors.shape
    evaluation = Engine(PAPER, rule).evaluate(attach(weights, vectors))
    # The vectors and noisy copies of them, which must come back.
    copies = np.clip(vectors[:, None] + noise, 0.0, 1.0).reshape(n, -1, n_units)
    starts = np.concatenate([vectors, copies], axis=1)
    attracted = settle(rule, weights, starts, np.zeros(starts.shape[1:]))
    # Either half of the vectors is held, and the other one begins at 0.
    is_first = np.arange(n_units) < HALF
    held = np.repeat([is_first, ~is_first], n_vectors, axis=0).astype(np.float64)
    halves = np.tile(vectors, (1, 2, 1)) * held
    completed = settle(rule, weights, halves, held)

    is_encoded = are_near(evaluation.reconstruction, vectors)
    is_attractor = are_near(attracted, vectors)
    is_completed = are_near(completed, vectors)
    return Examined(
        encoded=is_encoded,
        attractors=is_attractor,
        completed=is_completed,
        all=is_encoded & is_attractor & is_completed,
        can=can_be_completed(vectors),
        codes=evaluation.hidden[0].reshape(n, n_vectors, N_LOWER, -1),
    )


def are_near(states: Array, vectors: Array) -> Flags:
    """Say in which networks all states are near the vectors (n, n_vectors, 8), copy by copy."""
    n, n_vectors, n_units = vectors.shape
    copies = states.reshape(n, -1, n_vectors, n_units)
    errors = np.abs(copies - vectors[:, np.newaxis])
    farthest = errors.max(axis=(1, 2, 3))
    return np.asarray(farthest < PAPER.threshold)


def settle(rule: type[Modules], weights: Array, states: Array, held: Array) -> Array:
    """Return what states become in `ROUNDS` rounds, (n, n_states, n_units)."""
    n_shown = states.shape[1]
    patterns = np.hstack([np.eye(n_shown), held])
    settling = make_rule(Settling, rule, n_shown=n_shown, patterns=patterns, n_rounds=ROUNDS)
    return Engine(PAPER, settling).evaluate(attach(weights, states)).reconstruction


def name_splits(codes: Array) -> Counts:
    """Return the splits of four vectors by both units of modules, codes (n, 4, 2), as (n, 2).

    A unit is more active for two of them than for the others; split k has vectors 0 and k
    together. The smaller k comes first.
    """
    order = codes.argsort(axis=1)
    ranks = order.argsort(axis=1)
    is_high = ranks >= 2
    with_first = is_high == is_high[:, :1]
    splits = 1 + with_first[:, 1:].argmax(axis=1)
    return np.sort(splits, axis=1)


def compare_splits(outcome: Examined) -> Model:
    """Describe the networks by whether both lower modules split the four vectors in the same way.

    In ``single`` ones the units of a module make one split only.
    """
    left = name_splits(outcome.codes[:, :, 0])  # (n, 2)
    right = name_splits(outcome.codes[:, :, 1])  # (n, 2)
    is_single = (left[:, 0] == left[:, 1]) | (right[:, 0] == right[:, 1])
    is_same = np.all(left == right, axis=1)
    return {
        "same": describe(outcome.select(~is_single & is_same)),
        "different": describe(outcome.select(~is_single & ~is_same)),
        "single": describe(outcome.select(is_single)),
    }


def describe(outcome: Examined) -> Model:
    """Return how many networks there are, and the shares that encode, and do all that is asked."""
    return {
        "n": len(outcome.all),
        "encoded": estimate_share(outcome.encoded),
        "all": estimate_share(outcome.all),
    }
