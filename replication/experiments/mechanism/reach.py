"""How far it goes: other inputs, each rule at its own best learning rate."""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from replication.definition.protocol import BACK_PROPAGATION, PAPER, Protocol
from replication.experiments.growth import measure_growth
from replication.experiments.interventions import compare_interventions
from replication.experiments.matrices import Array
from replication.experiments.recording import Outcome, train_for
from replication.experiments.search import SEARCH_OFFSET
from replication.experiments.summaries import estimate_share
from replication.simulator.ensemble import simulate_weights
from replication.simulator.recirculation import FeedbackAlignmentNetwork
from replication.simulator.weights import draw_weights
from replication.system.threads import map_in_threads

FEEDBACK_SEED = 2013

COARSE = (0.025, 0.075, 0.25, 0.75, 2.5, 7.5)
FINE = (0.5, 0.7, 1.4, 2.0)
"""Learning rates times 1 - lambda that are tried where the protocol has the paper's, others in
proportion to its own; and then factors on the best of them."""
PART = 0.1
"""The first updates of a task: this part of the median number; the theory is checked at this
part of the best learning rate, after `CHECKED_AT` updates."""
CHECKED_AT = 10

EXAMINED = ("dropped", "amplification")
"""Interventions that are tried in every task."""

CROSS_ENTROPY = {"learning_rule": BACK_PROPAGATION, "minimised_error": "cross-entropy"}
RULES: Mapping[str, dict[str, Any]] = {
    "recirculation": {},
    "back-propagation": {"learning_rule": BACK_PROPAGATION},
    "back-propagation, cross-entropy": CROSS_ENTROPY,
    "feedback alignment": CROSS_ENTROPY,
}


def train(rule: str, protocol: Protocol, weights: Array, rate: float, *, jobs: int) -> Outcome:
    """Train networks by one of `RULES` at a learning rate."""
    fields = RULES[rule] | {"learning_rate": rate}
    has_feedback = rule == "feedback alignment"
    if has_feedback:
        weights = np.hstack([weights, draw_feedback(protocol, len(weights))])
        if protocol.visible_units == "linear":  # of which the squared error has the same descent
            del fields["minimised_error"]
    chosen = dataclasses.replace(protocol, **fields)
    network = FeedbackAlignmentNetwork if has_feedback else None
    return simulate_weights(chosen, weights, jobs=jobs, network=network)[:2]


def draw_feedback(protocol: Protocol, n_networks: int) -> Array:
    """Draw the fixed weights by which errors reach hidden units, a row for each network.

    Lillicrap, Cownden, Tweed & Akerman (2016), Nature Communications 7, 13276.
    """
    generator = np.random.Generator(np.random.Philox(key=FEEDBACK_SEED))
    drawn = generator.random((n_networks, math.prod(protocol.group_sizes)))
    return protocol.half_width * (2.0 * drawn - 1.0)


def search_rate(
    rule: str, protocol: Protocol, *, n_networks: int, root_seed: int, jobs: int
) -> float:
    """Return the learning rate with the smallest mean of updates, failures at the cap."""
    weights = draw_weights(protocol, root_seed, 0, n_networks)
    means: dict[float, float] = {}

    def find_best(tried: Sequence[float]) -> float:
        found = map_in_threads(
            lambda rate: train(rule, protocol, weights, rate, jobs=1)[0].mean(), tried, jobs=jobs
        )
        means.update(zip(tried, map(float, found), strict=True))
        return min(means, key=lambda rate: means[rate])

    scale = protocol.learning_rate / PAPER.learning_rate / (1.0 - protocol.regression)
    best = find_best([float(f"{rate * scale:.3g}") for rate in COARSE])
    return find_best([float(f"{best * factor:.3g}") for factor in FINE])


def compare_rules(
    protocol: Protocol, *, n_search: int, n_networks: int, root_seed: int, jobs: int
) -> dict[str, Any]:
    """Return how fast each rule learns a task at its best rate; failures count as the cap."""
    weights = draw_weights(protocol, root_seed, 0, n_networks)
    compared = {}
    for rule in RULES:
        if rule.endswith("cross-entropy") and protocol.visible_units == "linear":
            continue  # the squared error is the same for these
        rate = search_rate(
            rule, protocol,
            n_networks=n_search, root_seed=(root_seed + SEARCH_OFFSET) % 2**63, jobs=jobs,
        )  # fmt: skip
        updates, converged = train(rule, protocol, weights, rate, jobs=jobs)
        compared[rule] = {
            "rate": rate,
            "converged": estimate_share(converged),
            "median": float(np.median(updates)),
            "mean": float(updates.mean()),
        }
    return compared


def gather_sets(tasks: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return medians and ranges of what changes cost over the sets of one kind of patterns."""
    rows = [task for task_name, task in tasks.items() if task_name.startswith(f"{name}, set ")]
    gathered: dict[str, Any] = {"n_sets": len(rows)}
    for change in EXAMINED:
        costs = [row["interventions"][change]["cost"] for row in rows]
        gathered[change] = {"median": float(np.median(costs)), "range": [min(costs), max(costs)]}
    return gathered


def examine_task(
    protocol: Protocol, *, median: float, n_networks: int, root_seed: int, jobs: int,
    names: Sequence[str] = EXAMINED,
) -> dict[str, Any]:  # fmt: skip
    """Return whether W amplifies its own code in a task, and what its first changes are worth.

    ``along_w`` and so on are medians of `measure_growth` after a few updates; ``descent``, at the
    start and then; ``cost``, of extra updates by change replaced.
    """
    weights = draw_weights(protocol, root_seed, 0, n_networks)
    slow = dataclasses.replace(protocol, learning_rate=PART * protocol.learning_rate)
    first, early = (
        measure_growth(slow, states) for states in (weights, train_for(slow, weights, CHECKED_AT))
    )
    n_first = max(1, round(PART * median))
    rows = compare_interventions(protocol, weights, firsts=[n_first], jobs=jobs, names=names)
    described = {name: row[str(n_first)] for name, row in rows.items()}
    return {
        "descent": [float(np.median(state["descent"])) for state in (first, early)],
        **{
            name: float(np.median(early[name]))
            for name in ("along_w", "along_theory", "growth", "predicted")
        },
        "n_first": n_first,
        "interventions": {
            name: row | {"cost": row["extra"] / n_first} for name, row in described.items()
        },
    }
