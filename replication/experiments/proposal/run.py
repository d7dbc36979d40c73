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
from replication.simulator.gradient import compute_changes
from replication.simulator.outcomes import Outcomes
from replication.simulator.weights import draw_weights, split_weights

ROOT_SEED = 2009
SEARCH_ROOT_SEED = ROOT_SEED + 100
N_NETWORKS = 20_000
SEARCH_SHARE, RECORDED_SHARE, REGRESSIONS_SHARE = 0.25, 0.1, 0.1
"""Networks at each rate of a search, whose weights are recorded, and with other regressions,
as shares of all."""
N_UPDATES = 100
"""Recorded of each network, whether it has converged or not."""
N_RECORDED_AT_ONCE = 250
ALIGNED = 0.9
"""A cosine between the two matrices from which on they count as aligned."""

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
        proposal compared with the other two, paired; ``same_rate``: proposal and control at
        one rate; ``regressions``: proposal and paper's rule with other regressions;
        ``second_round``: what it adds to the changes of U, along learning.
    """
    n_search, n_recorded, n_regressions = (
        max(2, round(share * n_networks))
        for share in (SEARCH_SHARE, RECORDED_SHARE, REGRESSIONS_SHARE)
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
    tell("second round with other regressions")
    return {
        "n_networks": n_networks,
        "max_updates": PAPER.max_updates,
        "aligned": ALIGNED,
        "control_factor": RULES["control"].hidden_to_visible_factor,
        "rules": rules,
        "against": {
            name: compare(outcomes["proposed"], outcomes[name]) for name in ("paper", "control")
        },
        "same_rate": compare_at_one_rate(rules["proposed"]["learning_rate"], n_networks, jobs),
        "regressions": [
            compare_at_regression(regression, n=n_regressions, jobs=jobs)
            for regression in REGRESSIONS
        ],
        "second_round": measure_second_round(
            dataclasses.replace(
                RULES["proposed"], learning_rate=rules["proposed"]["learning_rate"]
            ),
            n=n_recorded,
        ),
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


def compare_at_one_rate(learning_rate: float, n: int, jobs: int) -> dict[str, Any]:
    """Compare proposal and control at one learning rate, to see whether they are one rule.

    Returns
    -------
    dict
        ``learning_rate``; ``median_difference`` between the updates that a network takes
        under the two, whatever its sign, and the ``correlation`` of the two, over the
        networks that converge under both.
    """
    one, other = (
        simulate(
            dataclasses.replace(RULES[name], learning_rate=learning_rate),
            n_seeds=n,
            root_seed=ROOT_SEED,
            jobs=jobs,
        )
        for name in ("proposed", "control")
    )
    both = one.converged & other.converged
    updates, others = (outcomes.updates[both].astype(np.float64) for outcomes in (one, other))
    return {
        "learning_rate": learning_rate,
        "median_difference": float(np.median(np.abs(updates - others))),
        "correlation": float(np.corrcoef(np.log1p(updates), np.log1p(others))[0, 1]),
    }


def compare_at_regression(regression: float, *, n: int, jobs: int) -> dict[str, Any]:
    """Compare the proposal with the paper's rule at another regression, each at its best rate.

    Returns
    -------
    dict
        ``regression``, what `compare` returns, the ``rates`` and whether one of them lies at
        an ``edge`` of those tried.
    """
    outcomes, searches = {}, {}
    for name in ("paper", "proposed"):
        searches[name] = search_settings(
            dataclasses.replace(RULES[name], regression=regression),
            {"learning_rate": [float(f"{step / (1.0 - regression):.4g}") for step in STEPS]},
            n_networks=n,
            root_seed=SEARCH_ROOT_SEED,
            jobs=jobs,
        )
        outcomes[name] = simulate(searches[name].best, n_seeds=n, root_seed=ROOT_SEED, jobs=jobs)
    return {
        "regression": regression,
        "n_networks": n,
        **compare(outcomes["proposed"], outcomes["paper"]),
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
            split_weights(protocol, compute_changes(rule, weights))[1][0]
            for rule in (first_round, protocol)
        )
        measured.append(compare_matrices(first, both - first))
    cosines, lengths = np.stack(measured, axis=1)
    return {
        "updates": at,
        "cosines": np.median(cosines, axis=1).tolist(),
        "low_cosines": np.quantile(cosines, 0.05, axis=1).tolist(),
        "lengths": np.median(lengths, axis=1).tolist(),
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
        recorded = record_weights(protocol, initial, N_UPDATES)
        (forward, _), (backward, _) = split_weights(protocol, recorded)
        parts.append(compare_matrices(np.swapaxes(forward, -1, -2), backward))
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


def compare_matrices(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the cosine between two matrices, and the length of the second over the first's.

    Parameters
    ----------
    first, second : float64 array, shape (..., n_rows, n_columns)

    Returns
    -------
    float64 array, shape (2, ...)
    """
    product = np.sum(first * second, axis=(-1, -2))
    lengths = [np.linalg.norm(matrix, axis=(-1, -2)) for matrix in (first, second)]
    return np.stack([product / (lengths[0] * lengths[1]), lengths[1] / lengths[0]])
