"""Learning rate and regression around the paper's, on one map: mean and share that fails.

The fastest cell is measured again on other seeds than those that chose it.
"""

from collections.abc import Sequence

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import LEARNING, Sample, list_protocols, name_mean

SHARE_FIRST = 0.05
"""This share of them is tried first; the others only if at least half of these converge."""
FRESH_FACTOR, EDGE_FACTOR = 20, 5
"""Times as many networks for the paper's cell and the fastest, and for the edge."""

MAP_RATES = (
    2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 22.0, 24.0, 26.0, 28.0, 30.0,
    35.0, 40.0, 50.0, 60.0, 80.0,
)  # fmt: skip
MAP_REGRESSIONS = tuple(round(0.05 * step, 2) for step in range(20))
EDGE_RATES = tuple(float(rate) for rate in range(20, 57, 2))
"""At the paper's regression, from its rate on, to see where networks begin to fail."""


def run(sample: Sample) -> Model:
    """Return the model of the map."""
    mean, failing = measure_map(sample.others)
    # The fastest cell against the paper's, on networks that chose neither.
    row, column = np.unravel_index(int(np.argmin(mean)), mean.shape)
    best = Protocol(learning_rate=MAP_RATES[column], regression=MAP_REGRESSIONS[row])
    fresh, at_edge = sample.take(FRESH_FACTOR), sample.take(EDGE_FACTOR)
    gain = fresh.simulate(PAPER).updates - fresh.simulate(best).updates
    # Where failures begin at the paper's regression, with hidden biases learnt and fixed.
    edge = {}
    for name, frozen in LEARNING.items():
        tried = [Protocol(learning_rate=rate, frozen=frozen) for rate in EDGE_RATES]
        lost = [float(1.0 - at_edge.simulate(each).converged.mean()) for each in tried]
        edge[name] = {str(share): find_crossing(EDGE_RATES, lost, share) for share in (0.01, 0.1)}
    own = mean[MAP_REGRESSIONS.index(PAPER.regression)]
    return {
        "max_updates": PAPER.max_updates,
        "rates": list(MAP_RATES), "regressions": list(MAP_REGRESSIONS),
        "mean": mean.tolist(), "failing": failing.tolist(), "ridge": find_ridge(mean, failing),
        "fastest_rate": MAP_RATES[int(np.argmin(own))],
        "paper": {"learning_rate": PAPER.learning_rate, "regression": PAPER.regression},
        "best": {"learning_rate": best.learning_rate, "regression": best.regression},
        **name_mean(gain, "gain"), "edge": edge,
    }  # fmt: skip


def measure_map(sample: Sample) -> tuple[Array, Array]:
    """Return the mean and the share that fails in every cell, (n_regressions, n_rates) each.

    Where most of the first networks fail, which takes long, the others are not tried.
    """
    first = sample.alone.take(SHARE_FIRST, least=10)

    def measure(protocol: Protocol) -> tuple[float, float]:
        found = first.simulate(protocol)
        if found.converged.mean() >= 0.5:
            found = sample.alone.simulate(protocol)
        return float(found.updates.mean()), float(1.0 - found.converged.mean())

    cells = list_protocols(PAPER, {"regression": MAP_REGRESSIONS, "learning_rate": MAP_RATES})
    measured = np.array([*sample.map(measure, cells).values()])
    mean, failing = measured.T.reshape(2, len(MAP_REGRESSIONS), len(MAP_RATES))
    return mean, failing


def find_ridge(mean: Array, failing: Array) -> list[float | None]:
    """Return the fastest rate of each regression, None where half fail or the map ends."""
    inner = range(1, len(MAP_RATES) - 1)
    rows = zip(mean.argmin(axis=1).tolist(), failing, strict=True)
    return [MAP_RATES[at] if at in inner and lost[at] <= 0.5 else None for at, lost in rows]


def find_crossing(x: Sequence[float], y: Sequence[float], level: float) -> float | None:
    """Return where a curve first reaches `level`, by straight lines between its points."""
    risen = np.maximum.accumulate(y)  # what has been reached stays
    return float(np.interp(level, risen, x)) if risen[-1] >= level else None
