"""Train two modules under a third, and see which vectors are encoded, kept and completed."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.claims import load_claims
from replication.definition.protocol import PAPER
from replication.experiments import Model
from replication.experiments.hierarchy import modules
from replication.experiments.hierarchy.modules import HALF, N_LOWER, Modules, Settling
from replication.experiments.judging import judge
from replication.experiments.matrices import Array, Counts, Flags
from replication.experiments.recording import train_for
from replication.experiments.sample import Sample, estimate_share
from replication.simulator.engine import Engine

N_NETWORKS = 800
ROOT_SEED, RANDOM_SEED = 2010, 2110  # of the networks, and of the first random set
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
CONDITIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "four": ("four", "four", {}),
    "three": ("three", "three", {}),
    "two": ("two", "three", {}),
    "bits": ("bits", "bits", {}),
    "random": ("random", "bits", {}),
    "same_start": ("four", "four", {"starts_alike": True}),
    "untrained_top": ("four", "four", {"trains_top": False}),
    "wider_lower": ("four", "four", {"lower_hidden": 3}),
    "wider_top": ("four", "four", {"top_hidden": 3}),
    "wider": ("four", "four", {"lower_hidden": 3, "top_hidden": 3}),
}
"""Networks by their vectors, the condition that gives the learning rates, and what else differs."""
SEARCHED = ("four", "three", "bits")


def make_vectors(kind: str, number: int = 0) -> tuple[tuple[float, ...], ...]:
    """Return vectors over two halves of four units: a set of `HALVES`, or of "random" ones.

    The random set of a number holds four different vectors.
    """
    if kind == "random":
        generator = np.random.Generator(np.random.Philox(key=RANDOM_SEED + number))
        n_units = 2 * PAPER.n_visible
        chosen = generator.choice(2**n_units, size=4, replace=False)
        vectors = (chosen[:, None] >> np.arange(n_units)) & 1
    else:
        vectors = np.tile(HALVES[kind], 2)
    return tuple(map(tuple, vectors.astype(float).tolist()))


Rates = tuple[float, float]  # of the lower modules and the top
Examined = Mapping[str, Any]
"""What became of n networks, on the last axis: whether every vector is ``encoded``, among the
``attractors``, ``completed`` and ``all`` of it; ``codes`` (n_hidden, n_vectors, 2, n) below."""


def make_condition(name: str, rates: Rates, number: int = 0) -> type[Modules]:
    """Return the rule of a condition with these learning rates, and a random set of this number."""
    kind, _, settings = CONDITIONS[name]
    numbers = dict(zip(("lower_rate", "top_rate"), rates, strict=True))
    vectors = make_vectors(kind, number)
    return modules.make_rule(Modules, patterns=vectors, numbers=numbers, **settings)


def run(sample: Sample) -> Model:
    """Return the model of the experiment."""
    # Learning rates first, on networks that no condition is judged by.
    searched = {name: search_rates(name, sample.first(N_SEARCH)) for name in SEARCHED}
    rates = {name: searched[source] for name, (_, source, _) in CONDITIONS.items()}
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

    def measure(pair: Rates) -> float:
        return float(simulate_condition(name, pair, sample.others)["all"].mean())

    shares = sample.map(measure, itertools.product(LOWER_RATES, TOP_RATES))
    return max(shares, key=lambda pair: shares[pair])


def simulate_condition(name: str, rates: Rates, sample: Sample) -> Examined:
    """Train and test networks; with random sets the first n / `RANDOM_SETS` on each of them."""
    n_sets = RANDOM_SETS if name == "random" else 1
    found = []
    for number in range(n_sets):
        rule = make_condition(name, rates, number)
        weights = modules.draw_modules(rule, sample.root_seed, 0, max(1, sample.n // n_sets))
        found.append(examine(rule, train_for(PAPER, weights, UPDATES, network=rule)))
    return {key: np.concatenate([part[key] for part in found], axis=-1) for key in found[0]}


def examine(rule: type[Modules], weights: Array) -> Examined:
    """Return what trained networks do; all settling is without regression, by way of the top."""
    vectors = np.array(rule.patterns)
    evaluation = Engine(PAPER, rule).evaluate(weights)

    def is_near(states: Array) -> Flags:
        """Return which networks have all vectors, copy by copy, near enough."""
        copies = states.reshape(len(weights), -1, *vectors.shape)
        return np.asarray(np.abs(copies - vectors).max(axis=(1, 2, 3)) < PAPER.threshold)

    # The vectors and noisy copies of them, which must come back.
    generator = np.random.Generator(np.random.Philox(key=ROOT_SEED))
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
    settling = modules.make_rule(Settling, rule, patterns=patterns, n_rounds=ROUNDS)
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
