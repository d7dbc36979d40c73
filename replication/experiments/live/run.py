"""What the pages let a reader try, with the results of many networks to hold beside it."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist

from replication.definition.fields import Criterion
from replication.definition.protocol import PAPER, Protocol, as_plain
from replication.experiments import Model, studies
from replication.experiments.interventions import Frozen, train_changed
from replication.experiments.matrices import Array, get_w, replace_matrices
from replication.experiments.recording import train_for
from replication.simulator.engine import evaluate_networks
from replication.simulator.ensemble import simulate, simulate_weights
from replication.simulator.plane import N_FRAMES, spread_moments
from replication.simulator.trace import trace
from replication.simulator.weights import draw_weights
from replication.statistics.counts import CountTable
from replication.system.progress import Tell

ROOT_SEED = 2039
SHOWN_ROOT_SEED = 1988  # of single networks: what `trace` takes unless told otherwise
N_NETWORKS = 20_000
N_TYPICAL, N_SLOW, N_FAILING = 20, 1_000, 20_000  # first seeds among which they are looked for
RATE = 5.0  # small enough for the steps to be followed
CLOUD_FACTOR = 10  # so many times as many networks tell what studies report
STEP = 0.1
"""Of the table from which a page draws networks: updates that a share exp(-k STEP) exceeds."""

N_SPREAD, SPREAD_UPDATES = 1_000, 50
MEANINGS: tuple[Criterion, ...] = (
    "every-unit", "every-unit-squared", "every-unit-half-squared", "half-squared-error",
    "worst-pattern",
)  # fmt: skip
"""What "error" may mean."""
FIRSTS = tuple(range(1, 21))  # changes of W that are skipped
FACTORS = (0.5, 1.5, 2.0, 3.0, 4.0)  # of the initial W


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model of the live figures."""
    report_progress("single networks")
    networks = pick_networks(jobs=jobs)
    report_progress("interventions")
    interventions = measure_interventions(n_networks, jobs=jobs)
    report_progress("studies by what error means")
    return {
        "protocol": as_plain(PAPER),
        "root_seed": SHOWN_ROOT_SEED,
        "networks": networks,
        "interventions": interventions,
        "spread": measure_spread(),
        "cloud": {"step": STEP, "criteria": tabulate_studies(n_networks, jobs=jobs)},
    }


def pick_networks(*, jobs: int) -> Model:
    """Return a typical network at a small rate, and a slow and a failing one at the paper's.

    Typical is the median of the first ones, slow the slowest that converges, failing the first.
    """
    small = dataclasses.replace(PAPER, learning_rate=RATE)
    few = simulate(small, n_seeds=N_TYPICAL, root_seed=SHOWN_ROOT_SEED, jobs=jobs)
    many = simulate(n_seeds=N_FAILING, root_seed=SHOWN_ROOT_SEED, jobs=jobs)
    typical = int(np.argmin(np.abs(few.updates - np.median(few.updates))))
    slow = int(np.argmax(np.where(many.converged, many.updates, -1)[:N_SLOW]))
    failing = int(np.argmin(many.converged))
    freed = dataclasses.replace(PAPER, frozen=("b",))  # with which the failing one learns
    n_freed = trace(freed, seed=failing, root_seed=SHOWN_ROOT_SEED).updates
    return {
        "typical": _describe(small, typical),
        "slow": _describe(PAPER, slow),
        "failing": _describe(PAPER, failing) | {"freed": n_freed},
    }


def _describe(protocol: Protocol, seed: int) -> Model:
    traced = trace(protocol, seed=seed, root_seed=SHOWN_ROOT_SEED)
    frames = spread_moments(traced.updates, N_FRAMES)
    return {
        "learning_rate": protocol.learning_rate,
        "seed": seed,
        "updates": traced.updates,
        "converged": traced.converged,
        "frames": frames,
        # How far the two closest codes are apart, in the coordinate in which they differ more.
        "closest": [float(pdist(x, "chebyshev").min()) for x in traced.hidden[0][frames]],
    }


def measure_interventions(n_networks: int, *, jobs: int) -> Model:
    """Train the same networks with and without each intervention."""
    weights = draw_weights(PAPER, ROOT_SEED, 0, n_networks)
    W = get_w(PAPER, weights)
    base, converged, _ = simulate_weights(PAPER, weights, jobs=jobs)

    def compare(updates: NDArray[np.int32], converged: NDArray[np.bool_]) -> Model:
        return summarise(updates, converged) | {"extra": float(np.median(updates - base))}

    def train(weights: Array, **fields: Any) -> Model:
        changed = dataclasses.replace(PAPER, **fields)
        return compare(*simulate_weights(changed, weights, jobs=jobs)[:2])

    return {
        "none": summarise(base, converged),
        "skip": {
            f"{k}": compare(*train_changed(PAPER, weights, Frozen, n_first=k, jobs=jobs))
            for k in FIRSTS
        },
        "U": train(weights, frozen=("U",)),
        "b": train(weights, frozen=("b",)),
        "larger": {
            f"{factor:g}": train(replace_matrices(PAPER, weights, W=factor * W))
            for factor in FACTORS
        },
        "aligned": train(replace_matrices(PAPER, weights, U=W)),
    }


def measure_spread() -> Model:
    """Return how far codes lie apart with U frozen, at the start and after some updates.

    The extent of the four codes along a hidden unit, on average over both; the median network.
    """
    protocol = dataclasses.replace(PAPER, learning_rate=RATE, frozen=("U",))
    weights = draw_weights(protocol, ROOT_SEED, 0, N_SPREAD)
    start, end = (
        float(np.median(np.ptp(evaluate_networks(protocol, each).hidden[0], axis=1).mean(axis=1)))
        for each in (weights, train_for(protocol, weights, SPREAD_UPDATES))
    )
    return {"updates": SPREAD_UPDATES, "start": start, "U": end}


def summarise(updates: NDArray[np.int32], converged: NDArray[np.bool_]) -> Model:
    """Return the share that failed, median and 99th percentile, failures at the cap."""
    return {
        "failed": float(np.mean(~converged)),
        "median": float(np.median(updates)),
        "p99": int(np.quantile(updates, 0.99, method="inverted_cdf")),
    }


def tabulate_studies(n_networks: int, *, jobs: int) -> list[Model]:
    """Return, for each meaning of error, from which numbers of updates studies are drawn."""
    rows = []
    for criterion in MEANINGS:
        protocol = dataclasses.replace(PAPER, criterion=criterion)
        counts = studies.count_networks(protocol, ROOT_SEED, CLOUD_FACTOR * n_networks, jobs=jobs)
        rows.append({"criterion": criterion, "updates": tabulate(counts)})
    return rows


def tabulate(counts: CountTable) -> list[int]:
    """Return the updates that shares exp(-k STEP) of the converged networks exceed or equal.

    >>> tabulate(CountTable.from_outcomes([30, 40, 50], [True] * 3, 2000))
    [30, 30, 30, 30, 30, 40, 40, 40, 40, 40, 40, 50]
    """
    ordered = np.repeat(counts.updates, counts.counts)
    n = len(ordered)
    levels = n * np.exp(-STEP * np.arange(np.floor(np.log(n) / STEP) + 2))
    return list(map(int, ordered[n - np.ceil(levels).astype(int)]))
