"""A good set of codes: what the hidden units say at the criterion, and later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.analysis.codes import Codes, compare_assignments, measure_codes
from replication.analysis.intervals import estimate_proportion
from replication.claims_study.experiment import Array, Experiment
from replication.protocol import PAPER
from replication.simulator.engine import evaluate_networks
from replication.simulator.trace import trace_network

LATER = [100, 200, 500, 1000, 2000]
"""Updates, counted from the start, after which the codes are looked at again."""
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
N_BINS = 25
N_DRAWN = 300
DECIMALS = 3


def measure_codes_over_learning(
    experiment: Experiment, thresholds: Mapping[str, float | int]
) -> dict[str, Any]:
    """Measure the codes of the base protocol's networks.

    Parameters
    ----------
    experiment : Experiment
    thresholds : mapping
        Of the claim "good-codes".

    Returns
    -------
    dict
        ``n_converged``; the shares ``good`` and ``strict`` at the criterion;
        ``distance`` and ``separation`` (quantiles and histograms, networks
        with four different corners apart from the others); ``assignments``
        (chi-squared test); ``later`` (the same shares when learning goes on);
        ``drawn`` and ``paths`` for figures.
    """
    initial = experiment.draw(PAPER, experiment.sizes.n_networks)
    updates, converged, final = experiment.run(PAPER, initial, final_weights=True)
    margins = float(thresholds["corner_margin"]), float(thresholds["strict_margin"])
    hidden = evaluate_networks(PAPER, final[converged]).hidden[0]
    codes = measure_codes(hidden)
    n = len(hidden)
    good = codes.is_good(margins[0])
    seeds = np.flatnonzero(converged)
    test = compare_assignments(codes, PAPER.group_sizes[1])
    return {
        "n": len(initial),
        "n_converged": n,
        "good": estimate_proportion(int(good.sum()), n),
        "strict": estimate_proportion(int(codes.is_good(margins[1]).sum()), n),
        "margins": margins,
        "corners": {
            str(k): estimate_proportion(int(np.count_nonzero(codes.n_corners == k)), n)
            for k in range(1, PAPER.n_patterns + 1)
        },
        "distance": _describe(codes.distance, good),
        "separation": _describe(codes.separation, good),
        "saturated": float(codes.saturated.mean()),
        "assignments": test,
        "later": _measure_later(experiment, initial[converged], margins, codes),
        "drawn": {
            "seeds": seeds[:N_DRAWN],
            "hidden": np.round(hidden[:N_DRAWN], DECIMALS),
            "good": good[:N_DRAWN],
        },
        "paths": {
            "good": _trace_codes(experiment, updates, seeds[good]),
            "graded": _trace_codes(experiment, updates, seeds[~good]),
        },
    }


def _describe(values: Array, good: NDArray[np.bool_]) -> dict[str, Any]:
    """Return quantiles over all, and histograms from 0 to the largest with and without `good`."""
    edges = np.linspace(0.0, 0.5 if values.max() <= 0.5 else 1.0, N_BINS + 1)
    return {
        "quantiles": dict(
            zip([f"{q:g}" for q in QUANTILES], np.quantile(values, QUANTILES), strict=True)
        ),
        "edges": edges,
        "counts_good": np.histogram(values[good], edges)[0],
        "counts_graded": np.histogram(values[~good], edges)[0],
    }


def _measure_later(
    experiment: Experiment, initial: Array, margins: tuple[float, float], codes: Codes
) -> list[dict[str, Any]]:
    """Return the shares at the criterion, and after so many updates of going on."""
    rows = [_describe_codes(None, codes, margins)]
    for updates, weights in experiment.follow(PAPER, initial, LATER):
        hidden = evaluate_networks(PAPER, weights).hidden[0]
        rows.append(_describe_codes(updates, measure_codes(hidden), margins))
    return rows


def _describe_codes(
    updates: int | None, codes: Codes, margins: tuple[float, float]
) -> dict[str, Any]:
    n = len(codes.distance)
    return {
        "updates": updates,
        "good": estimate_proportion(int(codes.is_good(margins[0]).sum()), n),
        "strict": estimate_proportion(int(codes.is_good(margins[1]).sum()), n),
        "median_distance": float(np.median(codes.distance)),
    }


def _trace_codes(
    experiment: Experiment, updates: NDArray[np.int32], seeds: NDArray[np.int64]
) -> dict[str, Any]:
    """Trace the first of these networks that takes a typical number of updates."""
    near = np.abs(updates[seeds] - np.median(updates)) <= 5
    seed = int(seeds[near][0] if near.any() else seeds[0])
    trace = trace_network(PAPER, experiment.root_seed, seed)
    return {
        "seed": seed,
        "updates": trace.updates,
        "hidden": np.round(trace.hidden[0], DECIMALS),
    }
