"""The proposal that the paper left untested: equation 3 on the second round too (page 365)."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from replication.claims import load_claims
from replication.experiments.learning.following import align_matrices, find_events
from replication.experiments.measures import compare_speed, describe_speed
from replication.experiments.search import simulate_best
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.changes import compute_changes
from replication.simulator.engine import record_weights
from replication.simulator.weights import draw_weights, split_weights
from replication.statistics.alignment import compute_cosines

ROOT_SEED = 2009
N_NETWORKS = 20_000
SEARCH_SHARE, RECORDED_SHARE, REGRESSIONS_SHARE = 0.25, 0.1, 0.1
"""Networks at each rate of a search, whose weights are recorded, and with other regressions,
as shares of all."""
N_UPDATES = 100
"""Recorded of each network, whether it has converged or not."""
N_RECORDED_AT_ONCE = 250

RULES = {
    "paper": PAPER,
    "proposed": Protocol(second_round=True),
    "control": Protocol(hidden_to_visible_factor=1.0 + PAPER.regression),
}
"""The control enlarges the changes of U by as much as the second round does to first order:
the image of the second-pass vector differs from it by lambda times as much as the
reconstruction from the input, if the second pass changes the hidden states little."""
RATES = tuple(float(rate) for rate in range(10, 25))
REGRESSIONS = (0.25, 0.5, 0.9)
STEPS = (0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0)
"""Learning rates times (1 - regression), tried with other regressions."""


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Try the proposal beside the paper's rule and a control that only enlarges the changes of U.

    Returns
    -------
    dict
        ``rules``: by name what `describe_speed` returns of the rule at its best rate, its
        ``search`` and its ``alignment``; ``against``: the proposal compared with the other
        two (`compare_speed`); ``regressions``: proposal and paper's rule with other
        regressions; ``second_round``: what it adds to the changes of U, along learning.
    """
    n_search, n_recorded, n_regressions = (
        max(2, round(share * n_networks))
        for share in (SEARCH_SHARE, RECORDED_SHARE, REGRESSIONS_SHARE)
    )
    rules, outcomes, best = {}, {}, {}
    for name, protocol in RULES.items():
        tell(f"second round: the rule {name!r}")
        search, outcomes[name] = simulate_best(
            protocol, {"learning_rate": RATES},
            n_search=n_search, n_networks=n_networks, root_seed=ROOT_SEED, jobs=jobs,
        )  # fmt: skip
        best[name] = search.best
        rules[name] = describe_speed(outcomes[name], search.best) | {
            "search": search.to_plain(),
            "alignment": measure_alignment(search.best, n=n_recorded),
        }
    tell("second round with other regressions")
    return {
        "n_networks": n_networks,
        "max_updates": PAPER.max_updates,
        "control_factor": RULES["control"].hidden_to_visible_factor,
        "rules": rules,
        "against": {
            name: compare_speed(outcomes["proposed"], outcomes[name])
            for name in ("paper", "control")
        },
        "regressions": [
            compare_at_regression(regression, n=n_regressions, jobs=jobs)
            for regression in REGRESSIONS
        ],
        "second_round": measure_second_round(best["proposed"], n=n_recorded),
    }


def compare_at_regression(regression: float, *, n: int, jobs: int) -> dict[str, Any]:
    """Compare the proposal with the paper's rule at another regression, each at its best rate.

    Returns
    -------
    dict
        ``regression``, what `compare_speed` returns of the proposal and the paper's rule, the
        ``rates`` and whether one of them lies at an ``edge`` of those tried.
    """
    outcomes, searches = {}, {}
    for name in ("paper", "proposed"):
        searches[name], outcomes[name] = simulate_best(
            dataclasses.replace(RULES[name], regression=regression),
            {"learning_rate": [float(f"{step / (1.0 - regression):.4g}") for step in STEPS]},
            n_search=n, n_networks=n, root_seed=ROOT_SEED, jobs=jobs,
        )  # fmt: skip
    return {
        "regression": regression,
        "n_networks": n,
        **compare_speed(outcomes["proposed"], outcomes["paper"]),
        "rates": {name: search.best.learning_rate for name, search in searches.items()},
        "edge": any(search.edges for search in searches.values()),
    }


def measure_second_round(protocol: Protocol, *, n: int) -> dict[str, Any]:
    """Measure what the second round adds to the change of U, against what the first round does.

    Parameters
    ----------
    protocol : Protocol
        The proposal.
    n : int
        The first so many networks of `ROOT_SEED`.

    Returns
    -------
    dict
        ``updates`` at which it was measured; over networks the median ``cosines`` of the
        two parts of the change and their ``low_cosines`` (5 % of the networks are below),
        and the median ``lengths`` of the added part over that of the other.
    """
    initial = draw_weights(protocol, ROOT_SEED, 0, min(n, N_RECORDED_AT_ONCE))
    recorded = record_weights(protocol, initial, N_UPDATES)
    first_round = dataclasses.replace(protocol, second_round=False)
    at = list(range(0, N_UPDATES + 1, 10))
    measured = []
    for update in at:
        weights = recorded[:, update]
        first, both = (
            split_weights(protocol, compute_changes(rule, weights))[1][0].reshape(len(weights), -1)
            for rule in (first_round, protocol)
        )
        added = both - first
        lengths = np.linalg.norm(added, axis=1) / np.linalg.norm(first, axis=1)
        measured.append((compute_cosines(first, added), lengths))
    cosines, lengths = np.stack(measured, axis=1)
    return {
        "updates": at,
        "cosines": np.median(cosines, axis=1).tolist(),
        "low_cosines": np.quantile(cosines, 0.05, axis=1).tolist(),
        "lengths": np.median(lengths, axis=1).tolist(),
    }


def measure_alignment(protocol: Protocol, *, n: int) -> dict[str, Any]:
    """Measure how the two matrices of the first `n` networks become aligned.

    Returns
    -------
    dict
        ``cosines``: median cosine between U and the transpose of W after each update;
        ``aligned_at``: the median update at which a network counts as aligned, the event of
        the rule *alignment-first*.
    """
    rule = load_claims()["alignment-first"].thresholds
    parts = []
    for first in range(0, n, N_RECORDED_AT_ONCE):
        initial = draw_weights(protocol, ROOT_SEED, first, min(first + N_RECORDED_AT_ONCE, n))
        recorded = record_weights(protocol, initial, N_UPDATES)
        cosines, _ = align_matrices(protocol, recorded.reshape(-1, recorded.shape[-1]))
        parts.append(cosines.reshape(recorded.shape[:2]))
    cosines = np.concatenate(parts)
    events = find_events(iter(cosines), level=rule["level"], width=int(rule["running_median"]))
    return {
        "cosines": np.median(cosines, axis=0).tolist(),
        "aligned_at": float(np.median(events)),
    }
