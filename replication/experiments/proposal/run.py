"""The proposal that the paper left untested: equation 3 on the second round too (page 365)."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.analysis.contrasts import compare_paired
from replication.analysis.ratios import estimate_ratios
from replication.experiments.measures import describe_speed, estimate_share, name_estimate
from replication.experiments.search import search_settings
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes
from replication.simulator.weights import draw_weights, split_weights

ROOT_SEED = 2009
SEARCH_ROOT_SEED = ROOT_SEED + 100
N_NETWORKS = 50_000
SEARCH_SHARE, RECORDED_SHARE = 0.1, 0.04
"""Networks at each rate of a search, and whose weights are recorded, as shares of all."""
N_UPDATES = 100
"""Recorded of each network, whether it has converged or not."""
N_RECORDED_AT_ONCE = 250
ALIGNED = 0.9
"""A cosine between the two matrices from which on they count as aligned."""

RULES = {
    "paper": PAPER,
    "proposed": Protocol(second_round=True),
    "control": Protocol(hidden_to_visible_factor=2.0),
}
RATES = tuple(float(rate) for rate in range(10, 25))


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Try the proposal beside the paper's rule and a control that only enlarges the changes of U.

    Parameters
    ----------
    jobs : int
        Threads; -1 for one a core.
    tell : callable
        Takes the name of each step that begins.
    n_networks : int

    Returns
    -------
    dict
        ``rules``: by name what `describe_speed` returns of the rule at its best rate, its
        ``search``, its speed ``at_paper_rate`` and its ``alignment``; ``against``: the
        proposal compared with the other two, paired.
    """
    n_search, n_recorded = (
        max(2, round(share * n_networks)) for share in (SEARCH_SHARE, RECORDED_SHARE)
    )
    rules, outcomes = {}, {}
    for name, protocol in RULES.items():
        tell(f"second round: the rule {name!r}")
        search = search_settings(
            protocol,
            {"learning_rate": RATES},
            n_networks=n_search,
            root_seed=SEARCH_ROOT_SEED,
            jobs=jobs,
        )

        def simulate_at(chosen: Protocol) -> Outcomes:
            return simulate(chosen, n_seeds=n_networks, root_seed=ROOT_SEED, jobs=jobs)

        outcomes[name] = simulate_at(search.best)
        rules[name] = describe_speed(outcomes[name], search.best) | {
            "search": search.to_plain(),
            "at_paper_rate": describe_speed(simulate_at(protocol), protocol),
            "alignment": measure_alignment(search.best, outcomes[name], n=n_recorded),
        }
    return {
        "n_networks": n_networks,
        "max_updates": PAPER.max_updates,
        "aligned": ALIGNED,
        "control_factor": RULES["control"].hidden_to_visible_factor,
        "rules": rules,
        "against": {
            name: compare(outcomes["proposed"], outcomes[name]) for name in ("paper", "control")
        },
    }


def compare(proposed: Outcomes, other: Outcomes) -> dict[str, Any]:
    """Compare the proposal with another rule on the same networks, failures at the cap.

    Returns
    -------
    dict
        ``mean_ratio`` and ``median_ratio`` (updates of the proposal over those of the
        other), ``faster``, ``slower`` and ``tied`` shares of the proposal, with intervals.
    """
    ratios = estimate_ratios(proposed.updates, other.updates)
    contrast = compare_paired(other.updates, proposed.updates)
    return {
        **name_estimate("mean_ratio", ratios.mean),
        **name_estimate("median_ratio", ratios.median),
        "faster": name_estimate("share", contrast.faster),
        "slower": name_estimate("share", contrast.slower),
        "tied": name_estimate("share", contrast.same),
    }


def measure_alignment(protocol: Protocol, outcomes: Outcomes, *, n: int) -> dict[str, Any]:
    """Measure how the two matrices of the first `n` networks become aligned.

    Parameters
    ----------
    protocol : Protocol
    outcomes : Outcomes
        Of this protocol, under `ROOT_SEED`.
    n : int

    Returns
    -------
    dict
        ``cosines``: median cosine between U and the transpose of W after each update;
        ``lengths``: median ratio of the length of U to that of W; ``first_aligned``: the
        median update at which a network first counts as aligned (`ALIGNED`), and
        ``first_aligned_share``, that update as a share of the network's updates until
        convergence; ``never_aligned``: share not aligned within `N_UPDATES`.
    """
    parts = []
    for first in range(0, n, N_RECORDED_AT_ONCE):
        initial = draw_weights(protocol, ROOT_SEED, first, min(first + N_RECORDED_AT_ONCE, n))
        parts.append(compare_matrices(protocol, record_weights(protocol, initial, N_UPDATES)))
    cosines, lengths = np.concatenate(parts, axis=1)
    aligned = cosines >= ALIGNED
    reached = aligned.any(axis=1)
    first_aligned = np.where(reached, np.argmax(aligned, axis=1), np.inf)
    updates = np.maximum(outcomes.updates[:n], 1)
    at_end = np.minimum(outcomes.updates[:n], N_UPDATES)
    rows = np.arange(n)
    return {
        "n_networks": n,
        "cosines": np.median(cosines, axis=0).tolist(),
        "lengths": np.median(lengths, axis=0).tolist(),
        "first_aligned": float(np.median(first_aligned)),
        "first_aligned_share": float(np.median(first_aligned / updates)),
        "never_aligned": estimate_share(int(n - reached.sum()), n),
        "cosine_at_end": float(np.median(cosines[rows, at_end])),
        "length_at_end": float(np.median(lengths[rows, at_end])),
    }


def compare_matrices(protocol: Protocol, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cosine between U and the transpose of W, and the length of U over that of W.

    Parameters
    ----------
    protocol : Protocol
        Of two groups.
    weights : float64 array, shape (..., n_weights)

    Returns
    -------
    float64 array, shape (2, ...)
    """
    (forward, _), (backward, _) = split_weights(protocol, weights)
    product = np.sum(np.swapaxes(forward, -1, -2) * backward, axis=(-1, -2))
    lengths = [np.linalg.norm(matrix, axis=(-1, -2)) for matrix in (forward, backward)]
    return np.stack([product / (lengths[0] * lengths[1]), lengths[1] / lengths[0]])
