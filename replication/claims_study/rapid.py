"""Usually converges rapidly: how fast, and against back-propagation on the same networks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.analysis.comparison import compare_pairs
from replication.analysis.counts import CountTable
from replication.analysis.intervals import Estimate, estimate_proportion
from replication.analysis.means import estimate_mean
from replication.claims_study.experiment import Experiment
from replication.claims_study.search import (
    Grid,
    describe_settings,
    find_edges,
    search_settings,
)
from replication.protocol import PAPER

BACK_PROPAGATION = dataclasses.replace(PAPER, learning_rule="back-propagation")

RECIRCULATION_GRID = Grid(
    steps=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0),
    regressions=(0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95),
    momenta=(0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9),
)
BACK_PROPAGATION_GRID = Grid(
    steps=(1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0),
    momenta=(0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9),
)
WITHIN = (50, 100, 200)
LARGEST_DIFFERENCE = 100
"""Updates; pairs further apart are counted in the outermost bins of the histogram."""

Outcome = tuple[NDArray[np.int32], NDArray[np.bool_]]


def measure_speed(experiment: Experiment, thresholds: Mapping[str, float | int]) -> dict[str, Any]:
    """Measure how fast both learning rules are, at the settings of the paper and at their best.

    Parameters
    ----------
    experiment : Experiment
    thresholds : mapping
        Of the claim "rapid".

    Returns
    -------
    dict
        ``n``, ``searches``, ``procedures`` by name (settings, shares, means,
        ``still_learning`` at each of ``curve_updates``), ``pairs`` (first
        against second, by name), ``differences`` (a histogram over pairs).
    """
    n, n_search = experiment.sizes.n_networks, experiment.sizes.n_search
    bases = {"recirculation": PAPER, "back-propagation": BACK_PROPAGATION}
    grids = {"recirculation": RECIRCULATION_GRID, "back-propagation": BACK_PROPAGATION_GRID}
    searches, found = {}, {}
    for rule, base in bases.items():
        for name, momenta in (("best", grids[rule].momenta), ("plain", (0.0,))):
            grid = dataclasses.replace(grids[rule], momenta=momenta)
            searches[f"{rule}-{name}"] = grid
            found[f"{rule}-{name}"] = search_settings(
                experiment, grid.list_protocols(base), n=n_search
            )
    protocols = {"recirculation-paper": PAPER}
    protocols |= {name: search.protocol for name, search in found.items()}
    protocols["back-propagation-paper"] = BACK_PROPAGATION
    within = sorted({*WITHIN, int(thresholds["within_updates"])})
    outcomes: dict[str, Outcome] = {}
    procedures = {}
    for name, protocol in protocols.items():
        updates, converged, _ = experiment.run(protocol, experiment.draw(protocol, n))
        outcomes[name] = updates, converged
        procedures[name] = {
            "settings": describe_settings(protocol),
            **_describe_speed(outcomes[name], within, protocol.max_updates),
        }
    paper, best = outcomes["recirculation-paper"], outcomes["back-propagation-best"]
    return {
        "n": n,
        "max_updates": PAPER.max_updates,
        "searches": {
            name: {
                "grid": searches[name],
                "n_settings": search.n_settings,
                "n_first": search.n_first,
                "n_networks": search.n_networks,
                "mean": search.mean,
                "at_edge": find_edges(searches[name], search.protocol),
            }
            for name, search in found.items()
        },
        "curve_updates": list_curve_updates(PAPER.max_updates),
        "procedures": procedures,
        "pairs": {
            "paper-best": compare_pairs(paper, best),
            "paper-plain": compare_pairs(paper, outcomes["back-propagation-plain"]),
            "best-best": compare_pairs(outcomes["recirculation-best"], best),
            "plain-plain": compare_pairs(
                outcomes["recirculation-plain"], outcomes["back-propagation-plain"]
            ),
            "paper-paper": compare_pairs(paper, outcomes["back-propagation-paper"]),
        },
        "differences": _count_differences(paper, best),
    }


def list_curve_updates(cap: int) -> list[int]:
    """Return the numbers of updates at which a curve up to `cap` is drawn.

    Parameters
    ----------
    cap : int

    Returns
    -------
    list of int
        Every one up to 60, then evenly on a logarithmic scale.
    """
    spaced = np.round(np.geomspace(60, cap, 90)).astype(int)
    return sorted({*range(min(cap, 60) + 1), *spaced.tolist()})


def _describe_speed(outcome: Outcome, within: list[int], cap: int) -> dict[str, Any]:
    updates, converged = outcome
    n = len(updates)
    table = CountTable.from_outcomes(updates, converged, cap)
    reached = table.count_within(list_curve_updates(cap))
    return {
        "converged": estimate_proportion(table.n_converged, n),
        "within": {
            str(limit): estimate_proportion(int(table.count_within(limit)), n) for limit in within
        },
        "mean_converged": _take_mean(table, "discard"),
        "mean_at_cap": _take_mean(table, "cap"),
        "median": _find_median(outcome),
        "still_learning": 1.0 - reached / n,
    }


def _take_mean(table: CountTable, rule: str) -> Estimate | None:
    estimate = estimate_mean(table, rule) if table.n_converged else None
    return None if estimate is None else estimate.interval


def _find_median(outcome: Outcome) -> float | None:
    """Return the median over all networks, None where it lies beyond the cap."""
    updates, converged = outcome
    median = float(np.median(np.where(converged, updates, np.inf)))
    return median if np.isfinite(median) else None


def _count_differences(first: Outcome, second: Outcome) -> dict[str, Any]:
    """Count pairs by updates of the first minus updates of the second."""
    gap = first[0].astype(np.int64) - second[0]
    clipped = np.clip(gap, -LARGEST_DIFFERENCE, LARGEST_DIFFERENCE)
    counts = np.bincount(clipped + LARGEST_DIFFERENCE, minlength=2 * LARGEST_DIFFERENCE + 1)
    return {"lowest": -LARGEST_DIFFERENCE, "counts": counts}
