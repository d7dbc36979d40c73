"""The rule: the simple product, steepest descent where three conditions hold, and beyond them."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import Claim, load_claims
from replication.experiments.agreement import align_matrices
from replication.experiments.judging import judge, share_above, supports_if
from replication.experiments.measures import estimate_share, name_estimate
from replication.experiments.search import SEARCH_OFFSET, search_settings
from replication.progress import Tell, silent
from replication.protocol import PAPER, RECIRCULATION, Protocol
from replication.simulator.changes import compute_changes, compute_gradients, list_connections
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights
from replication.statistics.alignment import compute_cosines, estimate_median
from replication.statistics.intervals import estimate_mean

ROOT_SEED = 2005
N_NETWORKS = 5_000
N_READABLE = 500
"""Networks whose changes the readable network computes as well."""
N_SEARCH = 500
"""Networks at each learning rate that is tried."""

REGRESSIONS = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999)
CASES: dict[str, dict[str, Any]] = {
    "restricted": {"visible_units": "linear", "symmetric_start": True},
    "logistic": {"symmetric_start": True},
    "independent": {"visible_units": "linear"},
}
"""All conditions of page 361 but the regression; without linear units; without symmetry."""

LINEAR = dataclasses.replace(PAPER, visible_units="linear", group_sizes=(4, 3))
"""Three hidden units: the codes of two lie in a plane, which linear visible units map to a
plane, and no plane passes the four one-hot vectors within 0.1 on every unit."""
RATES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5)

Array = NDArray[np.float64]


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Return the model of the rule.

    Returns
    -------
    dict
        ``n_networks``; ``paper`` (its regression and threshold); ``regressions`` and, for
        each of `CASES`, ``cosines`` (median and quartiles of the cosine of the change of
        W with steepest descent, at each regression); ``claims``.
    """
    claims = load_claims()
    tell("the simple rule, and its cosines with steepest descent")
    return {
        "n_networks": n_networks,
        "paper": {"regression": PAPER.regression, "threshold": PAPER.threshold},
        "regressions": list(REGRESSIONS),
        "cosines": {name: scan_regressions(fields, n_networks) for name, fields in CASES.items()},
        "claims": {
            "simple-rule": judge_simple_rule(claims["simple-rule"], n_networks, jobs),
            "descent": judge_descent(claims["descent"], n_networks),
            "without-linearity": judge_without_linearity(
                claims["without-linearity"], n_networks, jobs
            ),
            "without-symmetry": judge_without_symmetry(
                claims["without-symmetry"], n_networks, jobs, tell
            ),
        },
    }


def judge_simple_rule(claim: Claim, n_networks: int, jobs: int) -> dict[str, Any]:
    """Judge whether the simulator applies the product of activities, and whether that is enough.

    Returns
    -------
    dict
        ``difference``, the largest deviation of any change of `n_compared` networks, at the
        initial weights and at those that learning ended with, from the product computed
        apart, rounded up to a power of ten; ``share`` of networks that converge, with its interval;
        ``mean_updates``, failures at the cap, with its interval.
    """
    initial = draw_weights(PAPER, ROOT_SEED, 0, n_networks)
    updates, converged, final = simulate_weights(PAPER, initial, jobs=jobs, final_weights=True)
    states = [initial] if final is None else [initial, final]
    difference = max(measure_difference(PAPER, weights[:N_READABLE]) for weights in states)
    share = estimate_share(int(converged.sum()), n_networks)
    is_product = difference <= claim.thresholds["max_difference"]
    is_enough = share["share_interval"][0] >= claim.thresholds["min_share"]
    return {
        **judge(claim, {"product": supports_if(is_product and is_enough, round_up(difference))}),
        "difference": round_up(difference),
        "n_compared": min(N_READABLE, n_networks),
        **share,
        **name_estimate("mean_updates", estimate_mean(updates)),
    }


def measure_difference(protocol: Protocol, weights: Array) -> float:
    """Return the largest deviation of the kernel's changes from those of the readable network.

    Parameters
    ----------
    protocol : Protocol
        Its learning rate is replaced by 1.
    weights : float64 array, shape (n, n_weights)
    """
    once = record_weights(dataclasses.replace(protocol, learning_rate=1.0), weights, 1)
    readable = dataclasses.replace(protocol, learning_rate=1.0, learning_rule=RECIRCULATION)
    worst = 0.0
    for before, after in once:
        network = RecirculationNetwork.from_weights(before, readable)
        network.update()
        reached = np.concatenate([part.ravel() for part in network.weights])
        worst = max(worst, float(np.abs(after - reached).max()))
    return worst


def round_up(deviation: float) -> float:
    """Return the next power of ten that a deviation does not exceed.

    What rounding leaves differs between processors; its order of magnitude, in a report
    that is compared byte by byte, does not.

    Examples
    --------
    >>> round_up(3.3e-16), round_up(1e-9), round_up(0.0)
    (1e-15, 1e-09, 0.0)
    """
    return float(f"1e{math.ceil(math.log10(deviation))}") if deviation > 0 else 0.0


def scan_regressions(fields: dict[str, Any], n_networks: int) -> dict[str, list[float]]:
    """Return median and quartiles of the cosine of the change of W at each of `REGRESSIONS`."""
    rows = []
    for regression in REGRESSIONS:
        protocol = dataclasses.replace(PAPER, regression=regression, **fields)
        changes, descent = compare_with_descent(protocol, n_networks)["into_hidden"]
        rows.append(np.quantile(compute_cosines(changes, descent), (0.25, 0.5, 0.75)))
    low, median, high = np.transpose(rows).tolist()
    return {"low": low, "median": median, "high": high}


def compare_with_descent(protocol: Protocol, n_networks: int) -> dict[str, tuple[Array, Array]]:
    """Return changes and minus the gradients at the initial weights, biases included.

    Returns
    -------
    dict
        ``into_hidden`` and ``into_visible``: pairs of float64 arrays, shape (n, n_weights
        of the connection). The gradient is that of the squared reconstruction error.
    """
    weights = draw_weights(protocol, ROOT_SEED, 0, n_networks)
    changes, descent = compute_changes(protocol, weights), -compute_gradients(protocol, weights)
    lower, upper = list_connections(protocol)
    return {
        "into_hidden": (changes[:, lower], descent[:, lower]),
        "into_visible": (changes[:, upper], descent[:, upper]),
    }


def judge_descent(claim: Claim, n_networks: int) -> dict[str, Any]:
    """Judge direction and length of the changes where the conditions of page 361 hold.

    Returns
    -------
    dict
        ``regression``; ``cosine_into_hidden`` and ``cosine_into_visible``, medians;
        ``length``, the median of the length of the change of W over 1 - lambda, over
        that of the gradient of equation 7.

    Notes
    -----
    Equation 7 takes the error on the visible states of time 2, which equation 5 has
    regressed, and its slope as 1: this gradient is 1 - lambda times that of the
    reconstruction error with zero regression. The changes of U, too, are 1 - lambda
    times steepest descent, so that the factor is in epsilon.
    """
    regression = claim.thresholds["regression"]
    protocol = dataclasses.replace(PAPER, regression=regression, **CASES["restricted"])
    pairs = compare_with_descent(protocol, n_networks)
    cosines = {name: float(np.median(compute_cosines(*pair))) for name, pair in pairs.items()}
    away = 1.0 - regression
    changes, descent = pairs["into_hidden"]
    lengths = np.linalg.norm(changes, axis=1) / away / np.linalg.norm(away * descent, axis=1)
    length = float(np.median(lengths))
    agree = [cosine >= claim.thresholds["min_cosine"] for cosine in cosines.values()]
    fits = abs(length - 1.0) <= claim.thresholds["max_length_error"]
    return {
        **judge(claim, {"cosine": supports_if(all(agree) and fits, length)}),
        "regression": regression,
        **{f"cosine_{name}": cosine for name, cosine in cosines.items()},
        "length": length,
    }


def judge_without_linearity(claim: Claim, n_networks: int, jobs: int) -> dict[str, Any]:
    """Judge the share of the paper's networks that converge from symmetric weights.

    Returns
    -------
    dict
        ``share`` and ``mean_updates`` (failures at the cap), with intervals.
    """
    protocol = dataclasses.replace(PAPER, symmetric_start=True)
    initial = draw_weights(protocol, ROOT_SEED, 0, n_networks)
    updates, converged, _ = simulate_weights(protocol, initial, jobs=jobs)
    share = estimate_share(int(converged.sum()), n_networks)
    return {
        **judge(
            claim,
            {"symmetric": share_above(converged.sum(), n_networks, claim.thresholds["min_share"])},
        ),
        **share,
        **name_estimate("mean_updates", estimate_mean(updates)),
    }


def judge_without_symmetry(
    claim: Claim, n_networks: int, jobs: int, tell: Tell = silent
) -> dict[str, Any]:
    """Judge whether linear networks learn from independent weights, and become symmetric.

    Returns
    -------
    dict
        ``learning_rate`` and ``search``; ``share`` that converge and ``mean_updates``
        (failures at the cap), with intervals; ``cosine`` of the matrices at the end, the
        median of those that converged, with its interval, and ``initial``, the same at the
        start.
    """
    tell("a learning rate for linear visible units")
    search = search_settings(
        LINEAR, {"learning_rate": RATES}, n_networks=min(N_SEARCH, n_networks),
        root_seed=ROOT_SEED + SEARCH_OFFSET, jobs=jobs,
    )  # fmt: skip
    tell("networks with linear visible units")
    initial = draw_weights(search.best, ROOT_SEED, 0, n_networks)
    updates, converged, final = simulate_weights(
        search.best, initial, jobs=jobs, final_weights=True
    )
    share = estimate_share(int(converged.sum()), n_networks)
    learns = share["share_interval"][0] >= claim.thresholds["min_share"]
    end = initial[:0] if final is None else final[converged]
    cosine = estimate_median(align_matrices(search.best, end)[0]) if len(end) else None
    aligns = cosine is not None and (cosine.value or 0.0) >= claim.thresholds["min_cosine"]
    return {
        **judge(claim, {"both": supports_if(learns and aligns, share["share"])}),
        "group_sizes": list(LINEAR.group_sizes),
        "learning_rate": search.best.learning_rate,
        "search": search.to_plain(),
        **share,
        **name_estimate("mean_updates", estimate_mean(updates)),
        **({} if cosine is None else name_estimate("cosine", cosine)),
        "initial": float(np.median(align_matrices(search.best, initial)[0])),
    }
