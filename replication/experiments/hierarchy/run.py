"""Train two modules under a third, and see which vectors are encoded, kept and completed."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.experiments.judging import judge, supports_if
from replication.experiments.search import SEARCH_OFFSET
from replication.experiments.summaries import estimate_share
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.modules import Hierarchy, ModularBatch, pair_one_hot
from replication.threads import map_in_threads

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

N_NETWORKS = 800
ROOT_SEED, RANDOM_SEED = 2010, 2110
"""Of the networks, and of the first random set."""
N_SEARCH = 100
"""Networks for each pair of rates in the search."""
N_TOGETHER = 400
"""Networks computed side by side; with more, arrays leave the near memory of a processor."""
RANDOM_SETS = 20
"""Random sets; the networks of that condition are shared out among them."""

UPDATES = 500
ROUNDS = 50
NOISE = 0.25
"""Largest amount added to or taken from a unit of a vector that must settle back."""
N_COPIES = 4
"""Noisy copies of each vector; all networks get the same ones."""

LOWER_RATES = (5.0, 10.0, 20.0)
TOP_RATES = (0.5, 1.0, 2.0, 4.0)

Vectors = tuple[tuple[float, ...], ...]


def make_vectors(kind: str, number: int = 0) -> Vectors:
    """Return a set of vectors over two halves of four units.

    "two", "three" or "four" pairs of equal one-hot vectors; "bits": pairs of equal halves a and not
    a, b and not b, with two units on; "random": four different ones, the set of this number.
    """
    if kind == "random":
        generator = np.random.Generator(np.random.Philox(key=RANDOM_SEED + number))
        chosen = generator.choice(2 ** (2 * PAPER.n_visible), size=4, replace=False)
        return tuple(
            tuple(float(int(vector) >> unit & 1) for unit in range(2 * PAPER.n_visible))
            for vector in chosen
        )
    if kind == "bits":
        a, b = (1.0, 1.0, 0.0, 0.0), (1.0, 0.0, 1.0, 0.0)
        halves = [half for each in (a, b) for half in (each, tuple(1.0 - x for x in each))]
        return tuple((*half, *half) for half in halves)
    return pair_one_hot({"two": 2, "three": 3, "four": 4}[kind], PAPER.n_visible)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Networks of one kind: their vectors, sizes and start.

    `rates_of`: the condition whose search gives the learning rates; its own unless given. `alike`:
    whether both lower modules start from the same weights.
    """

    kind: str = "four"
    rates_of: str | None = None
    lower_hidden: int = 2
    top_hidden: int = 2
    alike: bool = False
    train_top: bool = True

    def make_hierarchy(self, lower_rate: float, top_rate: float, number: int = 0) -> Hierarchy:
        """Return the hierarchy with these learning rates, and a random set of this number."""
        return Hierarchy(
            lower=Protocol(
                group_sizes=(PAPER.n_visible, self.lower_hidden), learning_rate=lower_rate
            ),
            top=Protocol(
                group_sizes=(2 * self.lower_hidden, self.top_hidden), learning_rate=top_rate
            ),
            vectors=make_vectors(self.kind, number),
        )


CONDITIONS = {
    "four": Condition(),
    "three": Condition(kind="three"),
    "two": Condition(kind="two", rates_of="three"),
    "bits": Condition(kind="bits"),
    "random": Condition(kind="random", rates_of="bits"),
    "same_start": Condition(rates_of="four", alike=True),
    "untrained_top": Condition(rates_of="four", train_top=False),
    "wider_lower": Condition(rates_of="four", lower_hidden=3),
    "wider_top": Condition(rates_of="four", top_hidden=3),
    "wider": Condition(rates_of="four", lower_hidden=3, top_hidden=3),
}
SETS = ("four", "three", "two", "bits", "random")
"""Conditions of the drawn sizes, which the verdict is about."""

Outcome = Mapping[str, NDArray[Any]]
"""What became of n networks, on the last axis: ``encoded``, ``attractors``, ``completed``, ``all``,
whether every vector of the set is, and whether it is all three; ``codes`` (n_hidden, n_vectors, 2,
n), the hidden activities of the two lower modules."""


def run(
    *, jobs: int = -1, report_progress: Tell = silent, n_networks: int = N_NETWORKS
) -> dict[str, Any]:
    """Return the model of the experiment."""
    rates: dict[str, tuple[float, float]] = {}
    outcomes: dict[str, Outcome] = {}
    for name, condition in CONDITIONS.items():
        if condition.rates_of is None:
            report_progress(f"hierarchy: learning rates, {name}")
            rates[name] = search_rates(condition, min(N_SEARCH, n_networks), jobs=jobs)
        rates[name] = rates[condition.rates_of or name]
        report_progress(f"hierarchy: {name}")
        outcomes[name] = simulate(condition, rates[name], ROOT_SEED, n_networks, jobs=jobs)
    conditions = {
        name: describe(outcomes[name]) | {"lower_rate": rates[name][0], "top_rate": rates[name][1]}
        for name in CONDITIONS
    }
    return {
        "n": n_networks,
        "conditions": conditions,
        "splits": compare_splits(outcomes["four"]),
        "claims": {"hierarchy": judge_hierarchy(outcomes)},
    }


def search_rates(condition: Condition, n: int, *, jobs: int) -> tuple[float, float]:
    """Return the pair of learning rates (lower, top) with which most networks do all that is asked.

    On seeds that are used for nothing else; of equally good pairs the first.
    """
    pairs = list(itertools.product(LOWER_RATES, TOP_RATES))
    found = map_in_threads(
        lambda pair: simulate(condition, pair, ROOT_SEED + SEARCH_OFFSET, n, jobs=1),
        pairs,
        jobs=jobs,
    )
    return pairs[int(np.argmax([outcome["all"].mean() for outcome in found]))]


def simulate(
    condition: Condition, rates: tuple[float, float], root_seed: int, n: int, *, jobs: int
) -> Outcome:
    """Train and test n networks; with random sets the first n / `RANDOM_SETS` on each of them."""
    is_random = condition.kind == "random"
    n_each = max(1, n // RANDOM_SETS) if is_random else n
    parts = [
        (number, start, min(start + N_TOGETHER, n_each))
        for number in range(RANDOM_SETS if is_random else 1)
        for start in range(0, n_each, N_TOGETHER)
    ]
    outcomes = map_in_threads(
        lambda part: simulate_range(condition, rates, root_seed, *part[1:], number=part[0]),
        parts,
        jobs=jobs,
    )
    return {
        name: np.concatenate([outcome[name] for outcome in outcomes], axis=-1)
        for name in outcomes[0]
    }


def simulate_range(
    condition: Condition,
    rates: tuple[float, float],
    root_seed: int,
    start: int,
    stop: int,
    *,
    number: int = 0,
    n_updates: int = UPDATES,
) -> Outcome:
    """Train and test the networks with seeds in [start, stop), on the random set of a number."""
    hierarchy = condition.make_hierarchy(*rates, number)
    batch = ModularBatch(hierarchy, root_seed, start, stop, alike=condition.alike)
    batch.train(n_updates, train_top=condition.train_top)
    return examine(batch)


def examine(batch: ModularBatch) -> Outcome:
    """Return which trained networks encode all vectors, keep them as attractors and complete them.

    All settling is with zero regression, up through the top and down again.
    """
    vectors = np.array(batch.hierarchy.vectors)
    targets = batch.spread(vectors)

    def is_near(state: Array) -> Flags:
        """Return which networks have all vectors (one to a place of axis 1) near enough."""
        return np.asarray(np.abs(state - targets).max(axis=(0, 1, 2)) < PAPER.threshold)

    encoded = is_near(batch.reconstruct(targets))
    attractors = is_near(batch.settle(targets, n_rounds=ROUNDS))
    generator = np.random.Generator(np.random.Philox(key=ROOT_SEED))
    for noise in generator.random((N_COPIES, *vectors.shape)) * (2.0 * NOISE) - NOISE:
        noisy = batch.spread(np.clip(vectors + noise, 0.0, 1.0))
        attractors &= is_near(batch.settle(noisy, n_rounds=ROUNDS))
    completed = np.ones(batch.n_networks, dtype=np.bool_)
    for missing in (0, 1):
        held = np.ones((*targets.shape[:3], 1), dtype=np.bool_)
        held[:, :, missing] = False
        partial = np.where(held, targets, 0.0)
        completed &= is_near(batch.settle(partial, n_rounds=ROUNDS, held=held))
    return {
        "encoded": encoded,
        "attractors": attractors,
        "completed": completed,
        "all": encoded & attractors & completed,
        "codes": batch.lower.send_forward(targets),
    }


def name_splits(codes: Array) -> list[frozenset[int]]:
    """Return the splits of four vectors by the units of a lower module, with codes (2, 4, n).

    Split k (1 to 3) puts vectors 0 and k on one side and the other two on the other: the two for
    which a unit is more active and the two for which it is less. A network has one or two.
    """
    rank = codes.argsort(axis=1).argsort(axis=1)
    is_high = rank >= 2
    with_first = is_high == is_high[:, :1]
    partner = 1 + with_first[:, 1:].argmax(axis=1)
    return [frozenset(pair) for pair in partner.T.tolist()]


def compare_splits(outcome: Outcome) -> dict[str, Any]:
    """Describe the networks by whether both lower modules split the four vectors in the same way.

    In ``single`` ones the units of a module make one split only.
    """
    left, right = (name_splits(outcome["codes"][:, :, module]) for module in (0, 1))
    single = np.array([min(len(a), len(b)) == 1 for a, b in zip(left, right, strict=True)])
    equal = np.array([a == b for a, b in zip(left, right, strict=True)])
    groups = {"same": ~single & equal, "different": ~single & ~equal, "single": single}
    return {
        name: describe({key: values[..., members] for key, values in outcome.items()})
        for name, members in groups.items()
    }


def describe(outcome: Outcome) -> dict[str, Any]:
    """Return how many networks there are, and the shares that encode, and do all that is asked."""
    n = len(outcome["all"])
    shares = {name: estimate_share(int(outcome[name].sum()), n) for name in ("encoded", "all")}
    return {"n": n} | shares


def judge_hierarchy(outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Judge whether any network of the drawn sizes does all that is asked, by kind of the set."""
    return judge("hierarchy", {
        name: supports_if(outcomes[name]["all"].any(), outcomes[name]["all"]) for name in SETS
    })  # fmt: skip
