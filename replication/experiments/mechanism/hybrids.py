"""Which half makes recirculation fast: U by one rule and W by another, each at its best rates."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.fields import MinimisedError
from replication.definition.protocol import PAPER, Protocol
from replication.experiments.matrices import Array
from replication.experiments.recording import Outcome, train_by
from replication.experiments.search import SEARCH_OFFSET
from replication.experiments.summaries import estimate_share
from replication.simulator.changes import compute_changes, compute_gradients
from replication.simulator.weights import draw_weights, list_connections
from replication.system.threads import map_in_threads

MAX_UPDATES = 400  # in searches
LOWER, UPPER = list_connections(PAPER)
UPPER_RATES: Mapping[str, Sequence[float]] = {
    "equation 3": (7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 56.0),
    "descent": (5.0, 7.0, 10.0, 14.0, 20.0),
}  # fmt: skip
LOWER_RATES: Mapping[str, Sequence[float]] = {
    "equation 4": (10.0, 14.0, 20.0, 28.0, 40.0, 56.0, 80.0),
    "descent": (2.0, 4.0, 8.0, 12.0, 16.0),
    "descent, cross-entropy": (0.5, 1.0, 2.0, 4.0),
}
"""Learning rates that are tried."""


def train_hybrid(
    upper: str, lower: str, protocol: Protocol, weights: Array, rates: Array
) -> Outcome:
    """Train U and its biases by one rule and W and its by another, at two rates a network, (n, 2).

    `upper` and `lower` are keys of `UPPER_RATES` and `LOWER_RATES`.
    """

    def step(weights: Array, running: NDArray[np.int64], _: int) -> Array:
        changes = compute_changes(protocol, weights)
        for k, (rule, part) in enumerate(((upper, UPPER), (lower, LOWER))):
            if rule.startswith("descent"):
                error: MinimisedError = "squared" if rule == "descent" else "cross-entropy"
                changes[:, part] = -compute_gradients(protocol, weights, error=error)[:, part]
            changes[:, part] *= rates[running, k, None]
        return weights + changes

    return train_by(step, protocol, weights)


def compare_hybrids(
    protocol: Protocol, *, n_search: int, n_networks: int, root_seed: int, jobs: int
) -> list[dict[str, Any]]:
    """Return how fast each pair of rules is at its best pair of rates, of those tried.

    The best have the smallest mean of updates on other networks, failures at the cap.
    """
    short = dataclasses.replace(protocol, max_updates=min(MAX_UPDATES, protocol.max_updates))
    searched = draw_weights(protocol, root_seed + SEARCH_OFFSET, 0, n_search)
    judged = draw_weights(protocol, root_seed, 0, n_networks)

    def compare(rules: tuple[str, str]) -> dict[str, Any]:
        pairs = np.array(list(itertools.product(UPPER_RATES[rules[0]], LOWER_RATES[rules[1]])))
        many, rates = np.tile(searched, (len(pairs), 1)), np.repeat(pairs, n_search, axis=0)
        updates, _ = train_hybrid(*rules, short, many, rates)
        best = pairs[np.argmin(updates.reshape(len(pairs), n_search).sum(axis=1))]
        rates = np.tile(best, (n_networks, 1))
        updates, converged = train_hybrid(*rules, protocol, judged, rates)
        return {
            "upper": rules[0],
            "lower": rules[1],
            "median": float(np.median(updates)),
            "converged": estimate_share(converged),
        }

    return map_in_threads(compare, list(itertools.product(UPPER_RATES, LOWER_RATES)), jobs=jobs)
