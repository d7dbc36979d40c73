"""Train two modules under a third, and see which vectors are encoded, kept and completed."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import load_claims
from replication.experiments.judging import judge as judge_claim
from replication.experiments.judging import supports_above
from replication.experiments.measures import estimate_share
from replication.experiments.parallel import map_in_threads
from replication.experiments.search import SEARCH_OFFSET
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.modules import Hierarchy, ModularBatch, pair_one_hot

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

N_NETWORKS = 2000
ROOT_SEED = 2010
N_SEARCH = 200
"""Networks for each pair of rates in the search."""
N_TOGETHER = 400
"""Networks computed side by side; with more, arrays leave the near memory of a processor."""

UPDATES = 500
ROUNDS = 50
NOISE = 0.25
"""Largest amount added to or taken from a unit of a vector that must settle back."""
N_COPIES = 4
"""Noisy copies of each vector; all networks get the same ones."""

LOWER_RATES = (5.0, 10.0, 20.0)
TOP_RATES = (1.0, 2.0, 4.0, 8.0)
"""For four vectors. An update adds up changes, so with fewer vectors rates are raised as much."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Networks of one kind.

    Parameters
    ----------
    n_vectors : int
    lower_hidden, top_hidden : int
        Hidden units of each lower module and of the top one.
    settings_of : str, optional
        The condition whose search gives the learning rates; a search of its own unless given.
    alike : bool
        Whether both lower modules start from the same weights.
    train_top : bool
    """

    n_vectors: int = 4
    lower_hidden: int = 2
    top_hidden: int = 2
    settings_of: str | None = None
    alike: bool = False
    train_top: bool = True

    def make_hierarchy(self, lower_rate: float, top_rate: float) -> Hierarchy:
        """Return the hierarchy with rates given as for four vectors."""
        n_visible = PAPER.n_visible
        scale = n_visible / self.n_vectors
        return Hierarchy(
            lower=Protocol(
                group_sizes=(n_visible, self.lower_hidden), learning_rate=lower_rate * scale
            ),
            top=Protocol(
                group_sizes=(2 * self.lower_hidden, self.top_hidden),
                learning_rate=top_rate * scale,
            ),
            vectors=pair_one_hot(self.n_vectors, n_visible),
        )


CONDITIONS = {
    "four": Condition(),
    "three": Condition(n_vectors=3),
    "two": Condition(n_vectors=2, settings_of="three"),
    "same_start": Condition(settings_of="four", alike=True),
    "untrained_top": Condition(settings_of="four", train_top=False),
    "wider": Condition(lower_hidden=3, top_hidden=3),
    "wider_top": Condition(top_hidden=3, settings_of="wider"),
    "wider_lower": Condition(lower_hidden=3, settings_of="wider"),
}
DRAWN = "four"
"""The condition that decides; those of `OTHERS` can qualify it."""
OTHERS = ("two", "three", "wider")
MEASURES = ("encoded", "attractors", "completed", "all")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of n networks.

    Parameters
    ----------
    encoded, attractors, completed, all : bool arrays, shape (n,)
        Whether every vector of the set is. `all`: whether it is all three.
    codes : float64 array, shape (n_hidden, n_vectors, 2, n)
        Hidden activities of the two lower modules.
    """

    encoded: Flags
    attractors: Flags
    completed: Flags
    all: Flags
    codes: Array


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Return the model of the experiment.

    Returns
    -------
    dict
        Numbers of what was done; ``searches``; ``conditions``, by name what `describe` returns
        and the sizes and rates; ``splits``, of `compare_splits`; ``claims``.
    """
    n_search = min(N_SEARCH, n_networks)
    rates: dict[str, tuple[float, float]] = {}
    searches: dict[str, Any] = {}
    outcomes: dict[str, Outcome] = {}
    for name, condition in CONDITIONS.items():
        if condition.settings_of is None:
            tell(f"hierarchy: learning rates, {name}")
            searches[name] = search_rates(condition, n_search, jobs=jobs)
            rates[name] = tuple(searches[name]["best"])
        else:
            rates[name] = rates[condition.settings_of]
        tell(f"hierarchy: {name}")
        (outcomes[name],) = simulate([(condition, rates[name])], ROOT_SEED, n_networks, jobs=jobs)
    conditions = {
        name: describe(outcomes[name])
        | {
            "n_vectors": condition.n_vectors,
            "lower_hidden": condition.lower_hidden,
            "top_hidden": condition.top_hidden,
            "lower_rate": rates[name][0],
            "top_rate": rates[name][1],
        }
        for name, condition in CONDITIONS.items()
    }
    return {
        "n": n_networks,
        "n_search": n_search,
        "updates": UPDATES,
        "rounds": ROUNDS,
        "noise": NOISE,
        "copies": N_COPIES,
        "threshold": PAPER.threshold,
        "lower_rates": list(LOWER_RATES),
        "top_rates": list(TOP_RATES),
        "searches": searches,
        "conditions": conditions,
        "splits": compare_splits(outcomes[DRAWN]),
        "claims": {"hierarchy": judge(conditions)},
    }


def search_rates(condition: Condition, n: int, *, jobs: int) -> dict[str, Any]:
    """Return the pair of learning rates with which most networks do all that is asked.

    Parameters
    ----------
    condition : Condition
    n : int
        Networks for each pair, on seeds that are used for nothing else.
    jobs : int

    Returns
    -------
    dict
        ``best``, the first of equally good pairs (lower, top); ``highest`` and ``lowest``
        share of success over all pairs.
    """
    pairs = list(itertools.product(LOWER_RATES, TOP_RATES))
    outcomes = simulate(
        [(condition, pair) for pair in pairs], ROOT_SEED + SEARCH_OFFSET, n, jobs=jobs
    )
    shares = [float(outcome.all.mean()) for outcome in outcomes]
    best = int(np.argmax(shares))
    return {"best": list(pairs[best]), "highest": shares[best], "lowest": min(shares)}


def simulate(
    tasks: Iterable[tuple[Condition, tuple[float, float]]], root_seed: int, n: int, *, jobs: int
) -> list[Outcome]:
    """Train and test networks 0 to n - 1 for each condition and pair of rates."""
    tasks = list(tasks)
    ranges = [(start, min(start + N_TOGETHER, n)) for start in range(0, n, N_TOGETHER)]
    parts = map_in_threads(
        lambda part: simulate_range(*part[0], root_seed, *part[1]),
        itertools.product(tasks, ranges),
        jobs=jobs,
    )
    return [join(parts[k * len(ranges) : (k + 1) * len(ranges)]) for k in range(len(tasks))]


def join(parts: list[Outcome]) -> Outcome:
    """Put outcomes of consecutive networks together."""
    names = [field.name for field in dataclasses.fields(Outcome)]
    return Outcome(
        **{name: np.concatenate([getattr(part, name) for part in parts], axis=-1) for name in names}
    )


def simulate_range(
    condition: Condition,
    rates: tuple[float, float],
    root_seed: int,
    start: int,
    stop: int,
    *,
    n_updates: int = UPDATES,
) -> Outcome:
    """Train and test the networks with seeds in [start, stop)."""
    hierarchy = condition.make_hierarchy(*rates)
    batch = ModularBatch(hierarchy, root_seed, start, stop, alike=condition.alike)
    batch.train(n_updates, train_top=condition.train_top)
    return examine(batch)


def examine(batch: ModularBatch) -> Outcome:
    """Tell which networks encode all vectors, keep them as attractors and complete them.

    Parameters
    ----------
    batch : ModularBatch
        Trained, with two lower modules.

    Notes
    -----
    All settling is with zero regression, up through the top and down again.
    """
    vectors = np.array(batch.hierarchy.vectors)
    targets = batch.spread(vectors)

    def is_near(state: Array) -> Flags:
        """Tell which networks have all vectors (one to a place of axis 1) within the threshold."""
        return np.asarray(np.abs(state - targets).max(axis=(0, 1, 2)) < PAPER.threshold)

    encoded = is_near(batch.reconstruct(targets))
    attractors = is_near(batch.settle(targets, n_rounds=ROUNDS))
    for noise in draw_uniform((N_COPIES, *vectors.shape)) * (2.0 * NOISE) - NOISE:
        noisy = batch.spread(np.clip(vectors + noise, 0.0, 1.0))
        attractors &= is_near(batch.settle(noisy, n_rounds=ROUNDS))
    completed = np.ones(batch.n_networks, dtype=np.bool_)
    for missing in (0, 1):
        held = np.ones((*targets.shape[:3], 1), dtype=np.bool_)
        held[:, :, missing] = False
        partial = np.where(held, targets, 0.0)
        completed &= is_near(batch.settle(partial, n_rounds=ROUNDS, held=held))
    return Outcome(
        encoded=encoded,
        attractors=attractors,
        completed=completed,
        all=encoded & attractors & completed,
        codes=batch.lower_codes(targets),
    )


def draw_uniform(shape: tuple[int, ...]) -> Array:
    """Return the same uniform numbers in [0, 1) each time."""
    return np.random.Generator(np.random.Philox(key=ROOT_SEED)).random(shape)


def name_splits(codes: Array) -> list[frozenset[int]]:
    """Tell how the two hidden units of a lower module divide the four vectors.

    Parameters
    ----------
    codes : float64 array, shape (2, 4, n)
        Hidden activities.

    Returns
    -------
    list of frozenset of int, length n
        For each network the splits that its units make, one or two of the three there are.
        Split k (1 to 3) puts vectors 0 and k on one side and the other two on the other: the
        two for which the unit is more active and the two for which it is less.
    """
    rank = codes.argsort(axis=1).argsort(axis=1)
    is_high = rank >= 2
    with_first = is_high == is_high[:, :1]
    partner = 1 + with_first[:, 1:].argmax(axis=1)
    return [frozenset(pair) for pair in partner.T.tolist()]


def compare_splits(outcome: Outcome) -> dict[str, Any]:
    """Divide the networks by whether both lower modules split the four vectors in the same way.

    Parameters
    ----------
    outcome : Outcome
        Of four vectors, with two hidden units in each lower module.

    Returns
    -------
    dict
        ``same``, ``different`` and ``single`` (the units of a module make one split only): the
        share of all networks, and what became of them; ``example``, the first network whose
        splits differ and that fails to encode, or None: of each module the ``codes`` (vector,
        unit).
    """
    left, right = (name_splits(outcome.codes[:, :, module]) for module in (0, 1))
    single = np.array([min(len(a), len(b)) == 1 for a, b in zip(left, right, strict=True)])
    equal = np.array([a == b for a, b in zip(left, right, strict=True)])
    groups = {"same": ~single & equal, "different": ~single & ~equal, "single": single}
    failed = np.flatnonzero(groups["different"] & ~outcome.encoded)
    result: dict[str, Any] = {
        name: {"of_all": estimate_share(int(members.sum()), len(members))}
        | describe(pick(outcome, members))
        for name, members in groups.items()
    }
    result["example"] = None
    if len(failed):
        k = int(failed[0])
        result["example"] = {
            name: {"codes": outcome.codes[:, :, module, k].T.tolist()}
            for module, name in enumerate(("left", "right"))
        }
    return result


def pick(outcome: Outcome, members: Flags) -> Outcome:
    """Keep some networks of an outcome."""
    names = [field.name for field in dataclasses.fields(Outcome)]
    return Outcome(**{name: getattr(outcome, name)[..., members] for name in names})


def describe(outcome: Outcome) -> dict[str, Any]:
    """Return how many networks there are, and the share that does each of `MEASURES`."""
    n = len(outcome.all)
    shares = {name: estimate_share(int(getattr(outcome, name).sum()), n) for name in MEASURES}
    return {"n": n} | shares


def judge(conditions: dict[str, Any]) -> dict[str, Any]:
    """Apply the rule of the ledger.

    Parameters
    ----------
    conditions : dict
        The part of the model of that name.
    """
    claim = load_claims()["hierarchy"]
    min_share = claim.thresholds["min_share"]
    lows = {name: condition["all"]["share_interval"][0] for name, condition in conditions.items()}
    passed = [name for name in OTHERS if lows[name] >= min_share]
    decided: dict[str, Any] = conditions[DRAWN]["all"]
    result = supports_above(decided.get("share"), decided["share_interval"], min_share)
    return judge_claim(claim, {"four": result}) | {"passed": passed} | decided
