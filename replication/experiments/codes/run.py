"""A good set of codes: what the hidden units say when the criterion is met, and later."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import Claim, load_claims
from replication.experiments.codes.activities import Codes, measure_codes
from replication.experiments.judging import judge, share_above
from replication.experiments.measures import estimate_share
from replication.progress import Tell, silent
from replication.protocol import PAPER
from replication.simulator.engine import evaluate_networks
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights

ROOT_SEED = 2004
N_NETWORKS = 50_000
SHARE_LATER = 0.1
"""So many of the converged networks go on learning, to see what becomes of their codes."""
LATER = (10, 30, 100, 300, 1000)
"""Updates after the criterion was met."""
NEVER = 1e-300
"""A threshold that no error falls below, so that learning goes on for as long as is asked."""
SAME = 0.01
"""Codes that differ by less in every unit count as one."""
N_DRAWN = 120

Array = NDArray[np.float64]


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Return the model of the codes.

    Returns
    -------
    dict
        ``n_networks``, ``n_converged``; ``corners`` (shares of the converged that use
        two, three and four corners); ``later`` (the shares good and strict after so many
        more updates); ``failures`` (how many did not converge, and in which share of them
        two patterns have one code); ``drawn`` (codes and whether they are good);
        ``claims``.
    """
    tell("codes when the criterion is met")
    initial = draw_weights(PAPER, ROOT_SEED, 0, n_networks)
    _, converged, final = simulate_weights(PAPER, initial, jobs=jobs, final_weights=True)
    weights = initial if final is None else final
    claim = load_claims()["good-codes"]
    hidden = evaluate_networks(PAPER, weights[converged]).hidden[0]
    codes = measure_codes(hidden)
    n_later = max(1, round(SHARE_LATER * len(hidden)))
    tell("the same codes later")
    return {
        "n_networks": n_networks,
        "n_converged": len(hidden),
        "corners": {
            name: float(np.mean(codes.n_corners == k))
            for name, k in (("two", 2), ("three", 3), ("four", 4))
        },
        "n_later": n_later,
        "later": follow_codes(claim, weights[converged][:n_later], jobs),
        "failures": describe_failures(weights[~converged]),
        "drawn": {"codes": hidden[:N_DRAWN].tolist(), "good": codes.is_good()[:N_DRAWN].tolist()},
        "claims": {"good-codes": judge_codes(claim, codes)},
    }


def judge_codes(claim: Claim, codes: Codes) -> dict[str, Any]:
    """Judge the share of networks whose codes lie nearest to different corners.

    Returns
    -------
    dict
        ``share`` with its interval; ``strict`` and ``strict_interval``, the share whose
        codes also lie within ``margin`` of their corners.
    """
    margin, n = claim.thresholds["strict_margin"], len(codes.distance)
    good = estimate_share(int(codes.is_good().sum()), n)
    strict = estimate_share(int(codes.is_good(margin).sum()), n)
    return {
        **judge(
            claim, {"corners": share_above(codes.is_good().sum(), n, claim.thresholds["min_share"])}
        ),
        **good,
        "margin": margin,
        "strict": strict["share"],
        "strict_interval": strict["share_interval"],
    }


def follow_codes(claim: Claim, weights: Array, jobs: int) -> dict[str, list[float]]:
    """Return what becomes of codes if learning goes on.

    Parameters
    ----------
    claim : Claim
    weights : float64 array, shape (n, n_weights)
        When the criterion is met.
    jobs : int

    Returns
    -------
    dict
        ``updates`` (0 and those of `LATER`), ``good`` and ``strict``, shares.
    """
    rows, done = [], 0
    for updates in (0, *LATER):
        if updates > done:
            onward = dataclasses.replace(PAPER, threshold=NEVER, max_updates=updates - done)
            _, _, final = simulate_weights(onward, weights, jobs=jobs, final_weights=True)
            weights, done = weights if final is None else final, updates
        codes = measure_codes(evaluate_networks(PAPER, weights).hidden[0])
        shares = (codes.is_good().mean(), codes.is_good(claim.thresholds["strict_margin"]).mean())
        rows.append((updates, *map(float, shares)))
    return dict(zip(("updates", "good", "strict"), map(list, zip(*rows, strict=True)), strict=True))


def describe_failures(weights: Array) -> dict[str, Any]:
    """Return how many networks did not converge, and in how many of them codes coincide.

    Parameters
    ----------
    weights : float64 array, shape (n, n_weights)
        At the cap.

    Returns
    -------
    dict
        ``n``, and ``shared``: the share in which two patterns have one code to within
        `SAME` (None if all converged).
    """
    if len(weights) == 0:
        return {"n": 0, "shared": None}
    codes = measure_codes(evaluate_networks(PAPER, weights).hidden[0])
    return {"n": len(weights), "shared": float(np.mean(codes.separation < SAME))}
