"""Learning rate and regression around the paper's, on one map: mean and share that fails.

The map and the choice of its fastest cell use seeds of their own; the fastest cell, the
paper's and the edge are then measured on others, so that having been the best of many
flatters nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.experiments.parallel import map_in_threads
from replication.experiments.search import SEARCH_OFFSET
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights
from replication.statistics.contrasts import compare_paired
from replication.statistics.intervals import estimate_mean, estimate_proportion

ROOT_SEED = 2002
N_NETWORKS = 1_000
"""Networks a cell of the map."""
SHARE_FIRST = 0.05
"""So many of them are tried first, and alone where fewer than half of these converge."""
FRESH_FACTOR = 20
"""The paper's cell and the fastest are compared on so many times as many networks."""

RATES = (
    2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0,
    35.0, 40.0, 50.0, 60.0, 80.0,
)  # fmt: skip
REGRESSIONS = tuple(round(0.05 * step, 2) for step in range(20))
EDGE_RATES = tuple(float(rate) for rate in range(20, 41, 2))
"""At the paper's regression, from its rate on, to see where networks begin to fail."""
EDGE_SHARES = (0.01, 0.1)


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Return the model of the map.

    Returns
    -------
    dict
        ``rates``, ``regressions``; ``mean`` (failures at the cap) and ``failing``
        (share), a row for each regression; ``ridge`` (for each regression the fastest
        rate, None where fewer than half converge at any, and its product with
        1 - regression); ``paper`` and ``best`` (on fresh networks; ``fastest_rate`` is
        that of the map at the paper's regression); ``edge``.
    """
    tell("the map of learning rate and regression")
    mean, failing = measure_map(n_networks=n_networks, jobs=jobs)
    tell("the fastest settings against the paper's")
    place = np.unravel_index(int(np.argmin(mean)), mean.shape)
    best = {"rate": RATES[place[1]], "regression": REGRESSIONS[place[0]]}
    n_fresh = FRESH_FACTOR * n_networks
    weights = draw_weights(PAPER, ROOT_SEED, 0, n_fresh)
    paper = {"rate": PAPER.learning_rate, "regression": PAPER.regression}
    ours, ours_converged = _simulate(paper, weights, jobs)
    theirs, theirs_converged = _simulate(best, weights, jobs)
    gain = compare_paired(theirs, ours).change
    tell("the edge at the paper's regression")
    row = REGRESSIONS.index(PAPER.regression)
    return {
        "n_networks": n_networks,
        "n_first": count_first(n_networks),
        "n_fresh": n_fresh,
        "max_updates": PAPER.max_updates,
        "rates": list(RATES),
        "regressions": list(REGRESSIONS),
        "mean": mean.tolist(),
        "failing": failing.tolist(),
        "ridge": find_ridge(mean, failing),
        "paper": paper
        | _describe(ours, ours_converged)
        | {"fastest_rate": RATES[int(np.argmin(mean[row]))]},
        "best": best
        | _describe(theirs, theirs_converged)
        | {
            "gain": gain.value,
            "gain_interval": gain.interval,
            "gain_share": float(1.0 - theirs.mean() / ours.mean()),
        },
        "edge": measure_edge(weights[: 5 * n_networks], jobs=jobs),
    }


def count_first(n_networks: int) -> int:
    """Return how many networks of a cell are tried before the others."""
    return max(10, round(SHARE_FIRST * n_networks))


def measure_map(*, n_networks: int, jobs: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the mean (failures at the cap) and the share that fails in every cell.

    Where fewer than half of the first networks converge, the others are not tried:
    each would cost as much as forty that converge.

    Returns
    -------
    mean, failing : float64, shape (n_regressions, n_rates)
    """
    weights = draw_weights(PAPER, ROOT_SEED + SEARCH_OFFSET, 0, n_networks)
    n_first = count_first(n_networks)

    def measure(cell: dict[str, float]) -> tuple[float, float]:
        updates, converged = _simulate(cell, weights[:n_first], jobs=1)
        if converged.mean() >= 0.5:
            updates, converged = _simulate(cell, weights, jobs=1)
        return float(updates.mean()), float(1.0 - converged.mean())

    cells = [{"rate": rate, "regression": lam} for lam in REGRESSIONS for rate in RATES]
    measured = np.array(map_in_threads(measure, cells, jobs=jobs))
    mean, failing = measured.T.reshape(2, len(REGRESSIONS), len(RATES))
    return mean, failing


def find_ridge(mean: NDArray[np.float64], failing: NDArray[np.float64]) -> dict[str, Any]:
    """Return the fastest rate of each regression, and rate times (1 - regression).

    Parameters
    ----------
    mean, failing : float64, shape (n_regressions, n_rates)

    Returns
    -------
    dict
        ``rate`` and ``product``; None where fewer than half converge at every rate, or
        the fastest rate is the first or the last one tried.
    """
    rates: list[float | None] = []
    for row, lost in zip(mean, failing, strict=True):
        fastest = int(np.argmin(row))
        known = lost[fastest] <= 0.5 and 0 < fastest < len(RATES) - 1
        rates.append(RATES[fastest] if known else None)
    products = [
        None if rate is None else rate * (1.0 - regression)
        for rate, regression in zip(rates, REGRESSIONS, strict=True)
    ]
    return {"rate": rates, "product": products}


def measure_edge(weights: NDArray[np.float64], *, jobs: int) -> dict[str, Any]:
    """Return the share that fails from the paper's rate on, and where it passes `EDGE_SHARES`.

    Parameters
    ----------
    weights : float64, shape (n, n_weights)
        Initial weights of the networks that are tried at every rate.
    jobs : int

    Returns
    -------
    dict
        ``n_networks``, ``rates``, ``failing``, and ``passes``: for each share the rate at
        which it is passed, between two rates by straight line, None if not by the last.
    """
    failing = [
        float(1.0 - _simulate({"rate": rate}, weights, jobs)[1].mean()) for rate in EDGE_RATES
    ]
    return {
        "n_networks": len(weights),
        "rates": list(EDGE_RATES),
        "failing": failing,
        "shares": list(EDGE_SHARES),
        "passes": [find_crossing(EDGE_RATES, failing, share) for share in EDGE_SHARES],
    }


def find_crossing(x: Sequence[float], y: Sequence[float], level: float) -> float | None:
    """Return where a curve first reaches `level`, by straight lines between its points.

    Examples
    --------
    >>> find_crossing([1.0, 2.0, 3.0], [0.0, 0.5, 1.0], 0.25)
    1.5
    """
    for i, value in enumerate(y):
        if value >= level:
            if i == 0:
                return x[0]
            return x[i - 1] + (x[i] - x[i - 1]) * (level - y[i - 1]) / (value - y[i - 1])
    return None


def _make_protocol(cell: dict[str, float]) -> Protocol:
    regression = cell.get("regression", PAPER.regression)
    return dataclasses.replace(PAPER, learning_rate=cell["rate"], regression=regression)


def _simulate(
    cell: dict[str, float], weights: NDArray[np.float64], jobs: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    updates, converged, _ = simulate_weights(_make_protocol(cell), weights, jobs=jobs)
    return updates, converged


def _describe(updates: NDArray[np.int32], converged: NDArray[np.bool_]) -> dict[str, Any]:
    mean = estimate_mean(updates)
    failing = estimate_proportion(int(np.count_nonzero(~converged)), len(converged))
    return {
        "mean": mean.value,
        "mean_interval": mean.interval,
        "failing": failing.value,
        "failing_interval": failing.interval,
    }
