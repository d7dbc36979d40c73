"""Gradient descent in restricted cases: cosines with exact gradients, and symmetry."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.analysis.alignment import Spread, compute_cosines, summarise_spread
from replication.claims_study.experiment import NEVER, Array, Experiment, round_up
from replication.protocol import PAPER, Protocol
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.gradient import (
    compute_changes,
    compute_errors,
    compute_gradients,
    list_connections,
)
from replication.simulator.weights import split_weights

REGRESSIONS = (
    0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95,
    0.98, 0.99, 0.995, 0.998, 0.999,
)  # fmt: skip
PARTS = {"into_hidden": 0, "into_visible": 1, "both": None}
"""The weights whose change is compared, and the connection that they form."""
LEARNING = [0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100, 150, 200]
SYMMETRY = [*range(21), *range(22, 41, 2), *range(45, 101, 5), 120, 150, 200, 300, 500, 1000]
N_DIFFERENCES = 20
STEP = 1e-6
N_RISES = 200
GENTLE_STEP = 0.25
"""Learning rate times (1 - regression) at which linear visible units are stable."""


def measure_gradient(
    experiment: Experiment, thresholds: Mapping[str, float | int]
) -> dict[str, Any]:
    """Compare the changes of recirculation with exact gradients.

    Parameters
    ----------
    experiment : Experiment
    thresholds : mapping
        Of the claim "gradient".

    Returns
    -------
    dict
        ``start`` (cosines against the regression, for each kind of visible
        unit, start and error), ``paper`` (the same at the settings of the
        paper), ``learning`` (cosines along learning under several settings),
        ``lengths`` (how long the changes are against the theory), ``rises``
        (updates that raise the error), ``largest_deviation`` (of gradients from
        finite differences), and ``deciding`` for the verdict.
    """
    n = experiment.sizes.n_gradient
    limit = float(thresholds["regression"])
    regressions = sorted({*REGRESSIONS, limit})
    start = {}
    for units, errors in (("linear", ("squared",)), ("logistic", ("squared", "cross-entropy"))):
        for symmetric in (True, False):
            base = dataclasses.replace(PAPER, visible_units=units, symmetric_start=symmetric)
            weights = experiment.draw(base, n)
            name = "symmetric" if symmetric else "independent"
            for error in errors:
                start[f"{units}-{name}-{error}"] = [
                    _compare(dataclasses.replace(base, regression=each), weights, error)
                    for each in regressions
                ]
    restricted = dataclasses.replace(
        PAPER, visible_units="linear", symmetric_start=True, regression=limit
    )
    place, paper = regressions.index(limit), regressions.index(PAPER.regression)
    return {
        "n": n,
        "regressions": regressions,
        "start": start,
        "paper": {error: start[f"logistic-independent-{error}"][paper]
                  for error in ("squared", "cross-entropy")},
        "deciding": {
            "squared": _take_medians(start["linear-symmetric-squared"][place]),
            "other": _take_medians(start["logistic-symmetric-cross-entropy"][place]),
        },
        "lengths": _measure_lengths(restricted, experiment.draw(restricted, n)),
        "learning_updates": LEARNING,
        "learning": {name: _follow(experiment, protocol, n)
                     for name, protocol in _list_learners(restricted).items()},
        "rises": _count_rises(experiment),
        "step": STEP,
        "largest_deviation": _check_gradients(experiment),
    }  # fmt: skip


def measure_symmetry(experiment: Experiment) -> dict[str, Any]:
    """Measure how symmetric the two matrices become at the settings of the paper.

    Parameters
    ----------
    experiment : Experiment

    Returns
    -------
    dict
        ``n``, ``updates``, ``cosine`` (a spread at each of them, over all
        networks, whether they have met the criterion or not) and
        ``at_criterion`` (over those that converged).
    """
    n = experiment.sizes.n_symmetry
    initial = experiment.draw(PAPER, n)
    spreads = [
        summarise_spread(_compare_matrices(PAPER, weights))
        for _, weights in experiment.follow(PAPER, initial, SYMMETRY)
    ]
    _, converged, final = experiment.run(PAPER, initial, final_weights=True)
    return {
        "n": n,
        "updates": SYMMETRY,
        "cosine": spreads,
        "at_criterion": summarise_spread(_compare_matrices(PAPER, final[converged])),
    }


def _list_learners(restricted: Protocol) -> dict[str, Protocol]:
    """Return the settings under which cosines are followed along learning."""
    rate = float(f"{GENTLE_STEP / (1.0 - restricted.regression):.4g}")
    return {
        "paper": PAPER,
        "symmetric": dataclasses.replace(PAPER, symmetric_start=True),
        "restricted": dataclasses.replace(restricted, learning_rate=rate),
        "unregressed": dataclasses.replace(restricted, learning_rate=rate, hidden_regression=False),
    }


def _compare(protocol: Protocol, weights: Array, error: str) -> dict[str, Any]:
    """Return cosines between the changes and minus the gradient, each part apart.

    ``both_rescaled`` divides the changes into the hidden group by one more
    factor (1 - regression), as two learning rates would.
    ``both_unregressed`` leaves the regression of the second pass out.
    """
    downhill = -compute_gradients(protocol, weights, error=error)
    changes = compute_changes(protocol, weights)
    places = list_connections(protocol)
    result: dict[str, Any] = {"regression": protocol.regression}
    for name, k in PARTS.items():
        part = slice(None) if k is None else places[k]
        result[name] = summarise_spread(compute_cosines(changes[:, part], downhill[:, part]))
    rescaled = changes.copy()
    rescaled[:, places[0]] /= 1.0 - protocol.regression
    result["both_rescaled"] = summarise_spread(compute_cosines(rescaled, downhill))
    plain = dataclasses.replace(protocol, hidden_regression=False)
    cosines = compute_cosines(compute_changes(plain, weights), downhill)
    result["both_unregressed"] = summarise_spread(cosines)
    return result


def _take_medians(cosines: Mapping[str, Any]) -> dict[str, float]:
    return {
        "visible to hidden": cosines["into_hidden"].median,
        "hidden to visible": cosines["into_visible"].median,
    }


def _measure_lengths(protocol: Protocol, weights: Array) -> dict[str, Spread]:
    """Return the length of each change over what the theory says, 1 in the limit."""
    changes, gradients = compute_changes(protocol, weights), compute_gradients(protocol, weights)
    powers = {"into_hidden": 2, "into_visible": 1}
    return {
        name: summarise_spread(
            np.linalg.norm(changes[:, place], axis=1)
            / np.linalg.norm(gradients[:, place], axis=1)
            / (1.0 - protocol.regression) ** powers[name]
        )
        for name, place in zip(powers, list_connections(protocol), strict=True)
    }


def _follow(experiment: Experiment, protocol: Protocol, n: int) -> dict[str, Any]:
    errors = ["squared"] + ["cross-entropy"] * (protocol.visible_units == "logistic")
    rows: dict[str, list[Any]] = {error: [] for error in errors}
    symmetry, medians = [], []
    for _, weights in experiment.follow(protocol, experiment.draw(protocol, n), LEARNING):
        for error in errors:
            rows[error].append(_compare(protocol, weights, error))
        symmetry.append(summarise_spread(_compare_matrices(protocol, weights)))
        medians.append(float(np.median(compute_errors(protocol, weights))))
    return {
        "learning_rate": protocol.learning_rate,
        "regression": protocol.regression,
        "median_error": medians,
        "symmetry": symmetry,
        "cosines": rows,
    }


def _compare_matrices(protocol: Protocol, weights: Array) -> Array:
    """Return the cosine between one matrix and the transpose of the other, shape (n,)."""
    (forward, _), (backward, _) = split_weights(protocol, weights)
    turned = np.swapaxes(backward, 1, 2)
    n = len(weights)
    return compute_cosines(forward.reshape(n, -1), turned.reshape(n, -1))


def _count_rises(experiment: Experiment) -> dict[str, Any]:
    """Count the updates at the settings of the paper that raise the error."""
    n = min(N_RISES, experiment.sizes.n_gradient)
    initial = experiment.draw(PAPER, n)
    updates, _, _ = experiment.run(PAPER, initial)
    rises = n_updates = 0
    for weights, reached in zip(initial, updates, strict=True):
        errors = evaluate_networks(PAPER, record_weights(PAPER, weights, int(reached))).error
        rises += int(np.count_nonzero(np.diff(errors) > 0))
        n_updates += int(reached)
    return {"n": n, "n_updates": n_updates, "share": rises / n_updates}


def _check_gradients(experiment: Experiment) -> float:
    """Return a power of ten above all deviations of gradients from finite differences."""
    largest = 0.0
    for units, errors in (("linear", ("squared",)), ("logistic", ("squared", "cross-entropy"))):
        protocol = dataclasses.replace(PAPER, visible_units=units, threshold=NEVER)
        weights = experiment.draw(protocol, N_DIFFERENCES)
        for error in errors:
            exact = compute_gradients(protocol, weights, error=error)
            for w in range(protocol.n_weights):
                step = np.zeros(protocol.n_weights)
                step[w] = STEP
                above = compute_errors(protocol, weights + step, error=error)
                below = compute_errors(protocol, weights - step, error=error)
                slope = (above - below) / (2.0 * STEP)
                largest = max(largest, float(np.abs(exact[:, w] - slope).max()))
    return round_up(largest)
