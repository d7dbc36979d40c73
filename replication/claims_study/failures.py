"""What the networks that never converge have in common."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.analysis.codes import measure_codes
from replication.analysis.intervals import estimate_proportion
from replication.claims_study.experiment import Array, Experiment
from replication.protocol import PAPER
from replication.simulator.engine import evaluate_networks
from replication.simulator.patterns import make_patterns

NETWORKS_AT_ONCE = 100_000
SAME_CODE = 0.01
"""Two codes that differ by less in every unit count as one."""
LATE_CAP = 20_000
N_DRAWN = 8
QUANTILES = (0.05, 0.5, 0.95)


def measure_failures(experiment: Experiment) -> dict[str, Any]:
    """Look at the networks of the base protocol that have not converged at the cap.

    Parameters
    ----------
    experiment : Experiment

    Returns
    -------
    dict
        ``n``, ``n_failed``, ``share``; over the failed networks ``kinds``
        (networks by how many pairs of patterns share one code, and how each
        such pattern is reconstructed), ``separation``, ``error`` (quantiles),
        ``saturated``; ``late`` (what becomes of them by a later cap) and
        ``drawn`` (a gallery). Empty but for the counts if no network failed.
    """
    n = experiment.sizes.n_failures
    seeds, weights = _find_failures(experiment, n)
    result: dict[str, Any] = {
        "n": n,
        "n_failed": len(seeds),
        "share": estimate_proportion(len(seeds), n),
        "same_code": SAME_CODE,
    }
    if len(seeds) == 0:
        return result
    later = dataclasses.replace(PAPER, max_updates=LATE_CAP - PAPER.max_updates)
    _, arrived, final = experiment.run(later, weights, final_weights=True)
    return result | {
        "at_cap": _describe(weights),
        "late": {
            "cap": LATE_CAP,
            "converged": estimate_proportion(int(arrived.sum()), len(seeds)),
            "stuck": None if arrived.all() else _describe(final[~arrived]),
        },
        "drawn": _draw(seeds, weights),
    }


def _find_failures(experiment: Experiment, n: int) -> tuple[NDArray[np.int64], Array]:
    """Return the seeds that have not converged, and their weights at the cap."""
    seeds, weights = [], []
    for first in range(0, n, NETWORKS_AT_ONCE):
        initial = experiment.draw(PAPER, min(NETWORKS_AT_ONCE, n - first), first=first)
        _, converged, _ = experiment.run(PAPER, initial)
        failed = np.flatnonzero(~converged)
        if len(failed):
            _, _, final = experiment.run(PAPER, initial[failed], final_weights=True)
            seeds.append(first + failed)
            weights.append(final)
    if not seeds:
        return np.zeros(0, dtype=np.int64), np.zeros((0, PAPER.n_weights))
    return np.concatenate(seeds), np.concatenate(weights)


def _describe(weights: Array) -> dict[str, Any]:
    measured = evaluate_networks(PAPER, weights)
    codes = measure_codes(measured.hidden[0])
    shared = _count_shared(measured.hidden[0])
    right = _find_right(measured.reconstruction)
    n = len(weights)
    return {
        "n": n,
        "shared_pairs": {
            str(pairs): estimate_proportion(int(np.count_nonzero(shared == pairs)), n)
            for pairs in np.unique(shared).tolist()
        },
        "some_shared": estimate_proportion(int(np.count_nonzero(shared > 0)), n),
        "wrong_patterns": {
            str(wrong): int(np.count_nonzero((~right).sum(axis=1) == wrong))
            for wrong in range(PAPER.n_patterns + 1)
        },
        "shared_at_corner": _share_at_corner(measured.hidden[0]),
        "saturated": float(codes.saturated.mean()),
        "separation": np.quantile(codes.separation, QUANTILES),
        "error": np.quantile(measured.error, QUANTILES),
    }


def _pairs_apart(hidden: Array) -> Array:
    """Return how far each pair of codes lies apart, shape (n, n_pairs)."""
    first, second = np.triu_indices(hidden.shape[1], k=1)
    return np.asarray(np.abs(hidden[:, first] - hidden[:, second]).max(axis=2))


def _count_shared(hidden: Array) -> NDArray[np.int64]:
    return np.asarray(np.count_nonzero(_pairs_apart(hidden) < SAME_CODE, axis=1))


def _share_at_corner(hidden: Array) -> float | None:
    """Return, of the shared codes, the share that lies at a corner of the square."""
    first, second = np.triu_indices(hidden.shape[1], k=1)
    shared = _pairs_apart(hidden) < SAME_CODE
    if not shared.any():
        return None
    corner = np.abs(hidden - (hidden > 0.5)).max(axis=2) < SAME_CODE
    return float(np.mean((corner[:, first] & corner[:, second])[shared]))


def _find_right(reconstruction: Array) -> NDArray[np.bool_]:
    """Whether every unit of a reconstructed pattern is on its target's side of one half."""
    return np.asarray(np.abs(reconstruction - make_patterns(PAPER)).max(axis=2) < 0.5)


def _draw(seeds: NDArray[np.int64], weights: Array) -> list[dict[str, Any]]:
    measured = evaluate_networks(PAPER, weights[:N_DRAWN])
    return [
        {
            "seed": int(seed),
            "hidden": np.round(hidden, 3),
            "reconstruction": np.round(reconstruction, 3),
            "error": error,
        }
        for seed, hidden, reconstruction, error in zip(
            seeds, measured.hidden[0], measured.reconstruction, measured.error, strict=False
        )
    ]
