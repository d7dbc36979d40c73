"""The same networks with and without learning hidden biases: the tail, and where else it shows."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments import Model, studies
from replication.experiments.matrices import Array, Counts
from replication.experiments.sample import CROSS_ENTROPY, LEARNING, Sample, name_mean
from replication.simulator.ensemble import simulate_weights
from replication.statistics.counts import CountTable

LATER = 20_000  # updates, in all, that networks are given which fail at the cap
TIMES = (10, 20, 30, 40, 50, 70, 100, 150, 200, 300, 500, 1_000, 2_000, 5_000, 10_000, LATER)
CAPS = (500, LATER)  # at which failures are counted in a mean

SEARCHED_RATES = (8.0, 10.0, 12.0, 14.0, 17.0, 20.0, 24.0, 28.0, 32.0, 36.0)
KINDS: Mapping[str, tuple[Protocol, Sequence[float]]] = {
    "4-2-4": (PAPER, SEARCHED_RATES),
    "slow": (PAPER, (2.0,)),
    "8-3-8": (Protocol(group_sizes=(8, 3)), SEARCHED_RATES[1:8]),
    "16-4-16": (Protocol(group_sizes=(16, 4)), SEARCHED_RATES[:7]),
    "cross-entropy": (Protocol(**CROSS_ENTROPY), (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 6.0)),
}
"""Networks and rules, and the learning rates among which the best is searched."""


def compare_tails(sample: Sample) -> tuple[Model, Array]:
    """Return how long networks take, and the final weights of those whose learning biases fail.

    ``p``: of the paper's numbers if networks take so long.
    """
    weights, n, jobs = sample.draw(PAPER), sample.n, sample.jobs
    model: Model = {"n": n, "times": list(TIMES)}
    stuck = {}
    for name, frozen in LEARNING.items():
        protocol = dataclasses.replace(PAPER, frozen=frozen)
        updates, converged, final = simulate_weights(protocol, weights, jobs=jobs)
        counts = CountTable.from_outcomes(updates, converged, PAPER.max_updates)
        described = {
            "n_failed": int(np.count_nonzero(~converged)), "p99": find_p99(updates),
            **name_mean(updates), "p": studies.describe_p(counts)["p"],
        }  # fmt: skip
        stuck[name] = final[~converged]
        longer = dataclasses.replace(protocol, max_updates=LATER - protocol.max_updates)
        more, released, _ = simulate_weights(longer, final[~converged], jobs=jobs)
        updates[~converged] += more + ~released
        survival = {t: int(np.count_nonzero(updates > t)) / n for t in TIMES}
        model[name] = described | {
            "survival": list(survival.values()),
            # Sums of whole numbers, which are exact.
            "means": {t: int(np.minimum(updates, t).sum(dtype=np.int64)) / n for t in CAPS},
        }
    return model, stuck["learnt"]


def find_p99(updates: Counts) -> int:
    """Return the 99th percentile of updates, failures at the cap."""
    return int(np.quantile(updates, 0.99, method="higher"))


def compare_kinds(sample: Sample) -> Model:
    """Return speed at the best rate of each of `KINDS`, with and without learning hidden biases."""
    alone = sample.alone

    def run(task: tuple[str, str]) -> Model:
        base, rates = KINDS[task[0]]
        base = dataclasses.replace(base, frozen=LEARNING[task[1]])
        best = alone.first(max(2, sample.n // 2)).find_best(base, {"learning_rate": rates})
        updates = alone.simulate(best).updates
        return {
            "learning_rate": best.learning_rate, "median": float(np.median(updates)),
            "p99": find_p99(updates),
        }  # fmt: skip

    kinds = sorted(KINDS, key=lambda kind: -KINDS[kind][0].n_weights)  # the longest first
    rows = sample.map(run, itertools.product(kinds, LEARNING))
    return {kind: {name: rows[kind, name] for name in LEARNING} for kind in KINDS}
