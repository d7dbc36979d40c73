"""Learning rate and regression around the paper's: a map, and the fastest rates with their errors.

The map says where to look. Which rate is the fastest of a regression is then chosen with many
networks at rates near it. How long learning takes at that rate is measured on other networks,
which took no part in the choice.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import (
    FROZEN_BIASES,
    Sample,
    estimate_share,
    list_protocols,
    name_mean,
    name_median,
)
from replication.simulator.running.outcomes import Outcomes

SHARE_FIRST = 0.02  # of a cell's networks; the others are tried only if half of these converge
# Numbers of networks, as multiples of those of a cell.
TRIED_FACTOR = 50  # at each rate near the fastest, to choose it
FRESH_FACTOR = 200  # at the fastest rate, to measure it
EDGE_FACTOR = 20  # at each rate at which failures may begin

STEP = 2.0 ** (1 / 3)  # from one cell of the map to the next
MAP_RATES = tuple(float(f"{PAPER.learning_rate * STEP**k:.3g}") for k in range(-9, 19))
MAP_REGRESSIONS = tuple(round(1.0 - (1.0 - PAPER.regression) * STEP**-k, 3) for k in range(-6, 11))
"""The paper's and others, in equal steps of log ε and log (1 - λ)."""
NEAR_RATES: Mapping[float, Sequence[float]] = {
    0.97: (850.0, 900.0, 950.0, 1_000.0),
    0.96: (480.0, 500.0, 520.0, 540.0),
    0.94: (220.0, 230.0, 240.0, 250.0),
    0.90: (80.0, 85.0, 90.0, 95.0),
    0.85: (40.0, 42.0, 44.0, 46.0),
    PAPER.regression: (17.0, 18.0, 19.0, 20.0),
}
"""Regressions whose fastest rate is measured, and the rates that are tried."""
EDGE_RATES = tuple(float(rate) for rate in range(20, 57, 2))
"""From the paper's rate on, at its regression, to see where networks begin to fail."""


def run(sample: Sample) -> Model:
    """Return the model of the map."""
    mean, failing = measure_map(sample.others)
    return {
        "max_updates": PAPER.max_updates,
        "rates": list(MAP_RATES),
        "regressions": list(MAP_REGRESSIONS),
        "mean": mean.tolist(),
        "failing": failing.tolist(),
        "ridge": find_ridge(mean, failing),
        **measure_fastest(sample),
        "edge": find_edge(sample.take(EDGE_FACTOR)),
    }


def find_edge(sample: Sample) -> Model:
    """Return the learning rates at which 1 % and 10 % of networks fail, at the paper's regression.

    They are given for hidden biases that learn, and for fixed ones.
    """
    edge = {}
    for name, frozen in FROZEN_BIASES.items():
        failing = []
        for rate in EDGE_RATES:
            outcomes = sample.simulate(Protocol(learning_rate=rate, frozen=frozen))
            failing.append(float(1.0 - outcomes.converged.mean()))
        edge[name] = {
            "0.01": find_crossing(EDGE_RATES, failing, 0.01),
            "0.1": find_crossing(EDGE_RATES, failing, 0.1),
        }
    return edge


def measure_fastest(sample: Sample) -> Model:
    """Return how long networks take at the paper's settings, and at the fastest rates.

    ``fastest`` has a row for each regression, at the fastest of its `NEAR_RATES`. ``gain`` is the
    mean number of updates saved against the paper's settings, network by network. ``more`` is the
    mean number of updates lost against the row with the smallest mean.
    """
    fresh = sample.take(FRESH_FACTOR)
    tried = sample.take(TRIED_FACTOR)
    paper = fresh.simulate(PAPER)
    outcomes: dict[Protocol, Outcomes] = {}
    for regression, rates in NEAR_RATES.items():
        best = tried.find_best(Protocol(regression=regression), {"learning_rate": rates})
        outcomes[best] = fresh.simulate(best)
    fastest = min(outcomes.values(), key=lambda each: float(each.updates.mean()))
    rows = []
    for protocol, at_best in outcomes.items():
        row = describe(protocol, at_best)
        row |= name_mean(paper.updates - at_best.updates, "gain")
        row |= name_mean(at_best.updates - fastest.updates, "more")
        rows.append(row)
    return {"n_fresh": fresh.n, "paper": describe(PAPER, paper), "fastest": rows}


def describe(protocol: Protocol, outcomes: Outcomes) -> Model:
    """Return settings, and how many updates networks take with them.

    ``mean`` and ``median`` count failures as the cap; ``converged`` is the mean of the networks
    that converge. ``w_rate`` is ε (1 - λ)², the rate at which W changes.
    """
    away = 1.0 - protocol.regression
    return {
        "learning_rate": protocol.learning_rate,
        "regression": protocol.regression,
        "w_rate": protocol.learning_rate * away**2,
        **name_mean(outcomes.updates),
        **name_median(outcomes.updates),
        **name_mean(outcomes.updates[outcomes.converged], "converged"),
        "failing": estimate_share(~outcomes.converged),
    }


def measure_map(sample: Sample) -> tuple[Array, Array]:
    """Return the mean updates and the share that fails in each cell, (n_regressions, n_rates) each.

    Where most of the first networks fail, the others are not tried, since failures take longest.
    """
    first = sample.alone.take(SHARE_FIRST, least=10)

    def measure(protocol: Protocol) -> tuple[float, float]:
        outcomes = first.simulate(protocol)
        if outcomes.converged.mean() >= 0.5:
            outcomes = sample.alone.simulate(protocol)
        return float(outcomes.updates.mean()), float(1.0 - outcomes.converged.mean())

    cells = list_protocols(PAPER, {"regression": MAP_REGRESSIONS, "learning_rate": MAP_RATES})
    measured = np.array(list(sample.map(measure, cells).values()))  # (n_cells, 2)
    shape = (len(MAP_REGRESSIONS), len(MAP_RATES))
    return measured[:, 0].reshape(shape), measured[:, 1].reshape(shape)


def find_ridge(mean: Array, failing: Array) -> list[float | None]:
    """Return the fastest rate of each regression, None where half fail or the map ends."""
    ridge: list[float | None] = []
    for means, shares_failing in zip(mean, failing, strict=True):
        fastest = int(means.argmin())
        is_inside = 0 < fastest < len(MAP_RATES) - 1
        if is_inside and shares_failing[fastest] <= 0.5:
            ridge.append(MAP_RATES[fastest])
        else:
            ridge.append(None)
    return ridge


def find_crossing(x: Sequence[float], y: Sequence[float], level: float) -> float | None:
    """Return the x at which a curve first reaches a level; None if it does not.

    Straight lines join the points of the curve.
    """
    highest_so_far = np.maximum.accumulate(y)
    if highest_so_far[-1] < level:
        return None
    return float(np.interp(level, highest_so_far, x))
