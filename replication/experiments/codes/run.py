"""A good set of codes: what the hidden units do when the criterion is met."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from replication.definition.claims import load_claims
from replication.definition.protocol import PAPER
from replication.experiments import Model
from replication.experiments.convexity import are_convex
from replication.experiments.judging import judge
from replication.simulator.activations import logistic
from replication.simulator.engine import evaluate_networks
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights, split_weights
from replication.system.progress import Tell

ROOT_SEED = 2004
N_NETWORKS = 50_000

Array = NDArray[np.float64]  # codes have the shape (n, n_patterns, n_units)
Flags = NDArray[np.bool_]


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model of the codes."""
    report_progress("codes when the criterion is met")
    claim = load_claims()["good-codes"]
    initial = draw_weights(PAPER, ROOT_SEED, 0, n_networks)
    _, converged, weights = simulate_weights(PAPER, initial, jobs=jobs, final_weights=True)
    assert weights is not None
    hidden = evaluate_networks(PAPER, weights).hidden[0]
    codes, n_converged = hidden[converged], int(converged.sum())
    apart = measure_separation(hidden)
    smallest = claim.find("different").thresholds["distance"]
    decimals = int(claim.find("rounded").thresholds["decimals"])
    return {
        "n_networks": n_networks,
        "n_converged": n_converged,
        "smallest_separation": float(apart[converged].min()) if n_converged else None,
        "claims": {"good-codes": judge("good-codes", {
            "different": apart[converged] >= smallest,
            "reconstructed": reconstruct(weights, hidden),
            "rounded": reconstruct(weights[converged], codes.round(decimals)),
            "convex": are_convex(codes),
            "corners": have_corners(codes),
        })},
    }  # fmt: skip


def measure_separation(codes: Array) -> Array:
    """Return how far the two most similar codes lie apart, by the unit that differs more, (n,)."""
    pairs = itertools.combinations(range(codes.shape[1]), 2)
    apart = [np.abs(codes[:, one] - codes[:, other]).max(axis=1) for one, other in pairs]
    return np.asarray(np.min(apart, axis=0))


def reconstruct(weights: Array, codes: Array) -> Flags:
    """Say in which networks each code gives back its vector: the right unit is the most active."""
    matrix, biases = split_weights(PAPER, weights)[-1]
    states = logistic(codes @ matrix.swapaxes(1, 2) + biases[:, None, :])
    return np.asarray(np.all(states.argmax(axis=2) == np.arange(codes.shape[1]), axis=1))


def have_corners(codes: Array) -> Flags:
    """Say in which networks the codes lie nearest to different corners of the unit cube."""
    near = (codes > 0.5) @ (1 << np.arange(codes.shape[2], dtype=np.int64))
    return np.asarray(np.all(np.diff(np.sort(near, axis=1), axis=1) > 0, axis=1))
