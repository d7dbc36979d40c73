"""The same networks with and without learning hidden biases: the tail, and where else it shows."""

import dataclasses
import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import BACK_PROPAGATION, PAPER, Protocol
from replication.experiments import Model, studies
from replication.experiments.matrices import Array
from replication.experiments.search import SEARCH_OFFSET, list_protocols, simulate_best
from replication.experiments.summaries import name_estimate
from replication.simulator.ensemble import simulate, simulate_weights
from replication.simulator.weights import draw_weights
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_mean
from replication.system.threads import map_in_threads

LEARNING: Mapping[str, tuple[str, ...]] = {"learnt": (), "fixed": ("b",)}
"""What is frozen where the hidden biases learn, and where they keep their initial values."""
LATER = 20_000  # updates, in all, that networks are given which fail at the cap
TIMES = (10, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, LATER)
SPANS = ((100, 200), (2_000, 10_000))  # updates between which the exponent of the tail is taken
CAPS = (500, LATER)  # at which failures are counted in a mean

SEARCHED_RATES = (8.0, 10.0, 12.0, 14.0, 17.0, 20.0, 24.0, 28.0, 32.0, 36.0)
KINDS: Mapping[str, tuple[Protocol, Sequence[float]]] = {
    "4-2-4": (PAPER, SEARCHED_RATES),
    "slow": (PAPER, (2.0,)),
    "8-3-8": (Protocol(group_sizes=(8, 3)), SEARCHED_RATES[1:8]),
    "16-4-16": (Protocol(group_sizes=(16, 4)), SEARCHED_RATES[:7]),
    "squared": (Protocol(learning_rule=BACK_PROPAGATION), SEARCHED_RATES[:6]),
    "cross-entropy": (
        Protocol(learning_rule=BACK_PROPAGATION, minimised_error="cross-entropy"),
        (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0),
    ),
}
"""Networks and rules, and the learning rates among which the best is searched."""
MAP: Mapping[str, Sequence[Any]] = {
    "learning_rate": (5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 60.0),
    "regression": (0.0, 0.25, 0.5, 0.75, 0.9),
}


def compare_tails(n: int, *, root_seed: int, jobs: int) -> tuple[Model, Array]:
    """Return how long networks take, and the final weights of those whose learning biases fail.

    ``exponents``: minus the slope of the share still learning, both axes logarithmic. ``p``: of
    the paper's numbers if networks take so long.
    """
    weights = draw_weights(PAPER, root_seed, 0, n)
    model: Model = {"n": n, "times": list(TIMES)}
    stuck = {}
    for name, frozen in LEARNING.items():
        protocol = dataclasses.replace(PAPER, frozen=frozen)
        updates, converged, final = simulate_weights(protocol, weights, jobs=jobs)
        counts = CountTable.from_outcomes(updates, converged, PAPER.max_updates)
        described = describe_times(updates, converged) | {"p": studies.describe_p(counts)["p"]}
        stuck[name] = final[~converged]
        longer = dataclasses.replace(protocol, max_updates=LATER - protocol.max_updates)
        more, released, _ = simulate_weights(longer, final[~converged], jobs=jobs)
        updates[~converged] += more + ~released
        survival = {t: int(np.count_nonzero(updates > t)) / n for t in TIMES}
        model[name] = described | {
            "survival": list(survival.values()),
            "exponents": [_find_exponent(survival, *span) for span in SPANS],
            # Sums of whole numbers, which are exact.
            "means": {t: int(np.minimum(updates, t).sum(dtype=np.int64)) / n for t in CAPS},
        }
    return model, stuck["learnt"]


def describe_times(updates: NDArray[Any], converged: NDArray[np.bool_]) -> Model:
    """Return failures, and the mean and the 99th percentile with failures at the cap."""
    return {
        "n_failed": int(np.count_nonzero(~converged)),
        **name_estimate("mean", estimate_mean(updates)),
        "p99": int(np.quantile(updates, 0.99, method="higher")),
    }


def compare_kinds(n: int, *, root_seed: int, jobs: int) -> Model:
    """Return speed at the best rate of each of `KINDS`, with and without learning hidden biases."""

    def run(task: tuple[str, str]) -> Model:
        base, rates = KINDS[task[0]]
        best, found = simulate_best(
            dataclasses.replace(base, frozen=LEARNING[task[1]]), {"learning_rate": rates},
            n_search=max(2, n // 2), n_networks=n, root_seed=root_seed, jobs=1,
        )  # fmt: skip
        return describe_times(found.updates, found.converged) | {
            "learning_rate": best.learning_rate, "median": float(np.median(found.updates)),
        }  # fmt: skip

    # The largest first, so that no thread is left alone with it at the end.
    kinds = sorted(KINDS, key=lambda kind: -KINDS[kind][0].n_weights)
    tasks = list(itertools.product(kinds, LEARNING))
    rows = dict(zip(tasks, map_in_threads(run, tasks, jobs=jobs), strict=True))
    return {kind: {name: rows[kind, name] for name in LEARNING} for kind in KINDS}


def _find_exponent(survival: Mapping[int, float], start: int, stop: int) -> float | None:
    if not survival[start] or not survival[stop]:
        return None
    return math.log(survival[start] / survival[stop]) / math.log(stop / start)


def map_settings(n: int, *, root_seed: int, jobs: int) -> Model:
    """Return in how many cells of `MAP` less than 1 % of the networks fail."""

    def is_reliable(protocol: Protocol) -> bool:
        found = simulate(protocol, n_seeds=n, root_seed=root_seed + SEARCH_OFFSET, jobs=1)
        return float(found.converged.mean()) > 0.99

    model: Model = {}
    for name, frozen in LEARNING.items():
        protocols = list_protocols(dataclasses.replace(PAPER, frozen=frozen), MAP)
        n_reliable = sum(map_in_threads(is_reliable, protocols, jobs=jobs))
        model |= {"n_cells": len(protocols), name: n_reliable}
    return model
