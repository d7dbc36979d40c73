"""Learning rate and regression around the paper's, on one map: mean and share that fails.

The fastest cell is measured again on other seeds than those that chose it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.experiments.search import SEARCH_OFFSET
from replication.experiments.summaries import describe_speed, name_estimate
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.ensemble import simulate
from replication.statistics.intervals import estimate_mean
from replication.threads import map_in_threads

ROOT_SEED = 2002
N_NETWORKS = 1_000
"""Networks a cell of the map."""
SHARE_FIRST = 0.05
"""So many of them are tried first, and alone where fewer than half of these converge."""
FRESH_FACTOR, EDGE_FACTOR = 20, 5
"""The paper's cell and the fastest, and the edge, are measured on so many times as many."""

RATES = (
    2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0,
    35.0, 40.0, 50.0, 60.0, 80.0,
)  # fmt: skip
REGRESSIONS = tuple(round(0.05 * step, 2) for step in range(20))
EDGE_RATES = tuple(float(rate) for rate in range(20, 41, 2))
"""At the paper's regression, from its rate on, to see where networks begin to fail."""
EDGE_SHARES = (0.01, 0.1)

Array = NDArray[np.float64]


def run(
    *, jobs: int = -1, report_progress: Tell = silent, n_networks: int = N_NETWORKS
) -> dict[str, Any]:
    """Return the model of the map."""
    report_progress("the map of learning rate and regression")
    mean, failing = measure_map(n_networks=n_networks, jobs=jobs)
    report_progress("the fastest settings against the paper's")
    row, column = np.unravel_index(int(np.argmin(mean)), mean.shape)
    best = make_protocol(RATES[column], REGRESSIONS[row])
    n_fresh = FRESH_FACTOR * n_networks
    ours, theirs = (
        simulate(protocol, n_seeds=n_fresh, root_seed=ROOT_SEED, jobs=jobs)
        for protocol in (PAPER, best)
    )
    report_progress("the edge at the paper's regression")
    own = mean[REGRESSIONS.index(PAPER.regression)]
    return {
        "n_networks": n_networks,
        "n_fresh": n_fresh,
        "max_updates": PAPER.max_updates,
        "rates": list(RATES),
        "regressions": list(REGRESSIONS),
        "mean": mean.tolist(),
        "failing": failing.tolist(),
        "ridge": find_ridge(mean, failing),
        "fastest_rate": RATES[int(np.argmin(own))],
        "paper": describe_speed(ours, PAPER),
        "best": describe_speed(theirs, best),
        **name_estimate("gain", estimate_mean(ours.updates - theirs.updates)),
        "edge": measure_edge(n_networks=EDGE_FACTOR * n_networks, jobs=jobs),
    }


def make_protocol(rate: float, regression: float = PAPER.regression) -> Protocol:
    """Return the paper's protocol with another learning rate and regression."""
    return dataclasses.replace(PAPER, learning_rate=rate, regression=regression)


def measure_map(*, n_networks: int, jobs: int) -> tuple[Array, Array]:
    """Return the mean and the share that fails in every cell, (n_regressions, n_rates) each.

    Where fewer than half of the first networks converge, the others are not tried: each would cost
    as much as forty that converge.
    """
    n_first = max(10, round(SHARE_FIRST * n_networks))

    def measure(protocol: Protocol) -> tuple[float, float]:
        for n in (n_first, n_networks):
            found = simulate(protocol, n_seeds=n, root_seed=ROOT_SEED + SEARCH_OFFSET, jobs=1)
            if found.converged.mean() < 0.5:
                break
        return float(found.updates.mean()), float(1.0 - found.converged.mean())

    cells = [make_protocol(rate, regression) for regression in REGRESSIONS for rate in RATES]
    measured = np.array(map_in_threads(measure, cells, jobs=jobs))
    mean, failing = measured.T.reshape(2, len(REGRESSIONS), len(RATES))
    return mean, failing


def find_ridge(mean: Array, failing: Array) -> list[float | None]:
    """Return the fastest rate of each regression, None where half fail or the map ends."""
    rates: list[float | None] = []
    for row, lost in zip(mean, failing, strict=True):
        fastest = int(np.argmin(row))
        known = lost[fastest] <= 0.5 and 0 < fastest < len(RATES) - 1
        rates.append(RATES[fastest] if known else None)
    return rates


def measure_edge(*, n_networks: int, jobs: int) -> dict[str, Any]:
    """Return at which rates the share that fails passes `EDGE_SHARES`, from the paper's rate on."""
    failing = []
    for rate in EDGE_RATES:
        found = simulate(make_protocol(rate), n_seeds=n_networks, root_seed=ROOT_SEED, jobs=jobs)
        failing.append(float(1.0 - found.converged.mean()))
    return {
        "shares": list(EDGE_SHARES),
        "passes": [find_crossing(EDGE_RATES, failing, share) for share in EDGE_SHARES],
    }


def find_crossing(x: Sequence[float], y: Sequence[float], level: float) -> float | None:
    """Return where a curve first reaches `level`, by straight lines between its points.

    >>> find_crossing([1.0, 2.0, 3.0], [0.0, 0.5, 1.0], 0.25)
    1.5
    """
    for i, value in enumerate(y):
        if value >= level:
            if i == 0:
                return x[0]
            return x[i - 1] + (x[i] - x[i - 1]) * (level - y[i - 1]) / (value - y[i - 1])
    return None
