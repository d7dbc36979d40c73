"""Beyond 4-2-4: other encoders, and loops with several hidden groups."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from replication.analysis.codes import measure_codes
from replication.analysis.counts import CountTable
from replication.analysis.intervals import estimate_proportion
from replication.claims_study.experiment import Experiment
from replication.claims_study.rapid import list_curve_updates
from replication.claims_study.search import (
    Grid,
    describe_settings,
    find_edges,
    search_settings,
)
from replication.protocol import PAPER, Protocol
from replication.simulator.engine import evaluate_networks

ENCODERS = ((4, 2), (4, 3), (5, 2), (8, 3), (16, 4))
LOOPS = ((4, 2, 2), (4, 3, 3), (8, 3, 3))
ENCODER_GRID = Grid(
    steps=(2.0, 3.0, 5.0, 7.0, 10.0, 14.0, 20.0), regressions=(0.5, 0.75, 0.9, 0.95, 0.98)
)
LOOP_GRID = Grid(
    steps=(0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0), regressions=(0.0, 0.1, 0.25, 0.5, 0.75)
)
"""Difference by difference regression takes its share, so longer loops want less of it."""


def measure_encoders(experiment: Experiment) -> dict[str, Any]:
    """Run other group sizes at the settings of the paper and at the best of a small search.

    Parameters
    ----------
    experiment : Experiment

    Returns
    -------
    dict
        ``n``, ``grids``, ``curve_updates`` and ``networks``: for each loop its
        ``sizes``, ``name`` and ``at`` ("paper" and "best"), each with
        settings, share converged, median, mean at the cap, curve and codes.
    """
    networks = []
    for sizes in (*ENCODERS, *LOOPS):
        paper = dataclasses.replace(PAPER, group_sizes=sizes)
        grid = LOOP_GRID if sizes in LOOPS else ENCODER_GRID
        best = search_settings(
            experiment, grid.list_protocols(paper), n=experiment.sizes.n_encoder_search
        )
        networks.append(
            {
                "sizes": sizes,
                "name": "-".join(str(size) for size in (*sizes, sizes[0])),
                "at": {
                    "paper": _describe(experiment, paper),
                    "best": _describe(experiment, best.protocol),
                },
                "search": {
                    "mean": best.mean,
                    "at_edge": find_edges(grid, best.protocol),
                    "n_settings": best.n_settings,
                },
            }
        )
    return {
        "n": experiment.sizes.n_encoders,
        "n_search": experiment.sizes.n_encoder_search,
        "max_updates": PAPER.max_updates,
        "threshold": PAPER.threshold,
        "grids": {"encoders": ENCODER_GRID, "loops": LOOP_GRID},
        "curve_updates": list_curve_updates(PAPER.max_updates),
        "networks": networks,
    }


def _describe(experiment: Experiment, protocol: Protocol) -> dict[str, Any]:
    n = experiment.sizes.n_encoders
    updates, converged, final = experiment.run(
        protocol, experiment.draw(protocol, n), final_weights=True
    )
    times = np.where(converged, updates, np.inf)
    table = CountTable.from_outcomes(updates, converged, protocol.max_updates)
    median = float(np.median(times))
    reached = table.count_within(list_curve_updates(protocol.max_updates))
    return {
        "settings": describe_settings(protocol),
        "converged": estimate_proportion(int(converged.sum()), n),
        "median": median if np.isfinite(median) else None,
        "mean_at_cap": float(updates.mean()),
        "still_learning": 1.0 - reached / n,
        "codes": _describe_codes(protocol, final[converged]),
    }


def _describe_codes(protocol: Protocol, weights: Any) -> list[dict[str, Any]] | None:
    """Return the codes of each hidden group over converged networks, None if there are none."""
    if len(weights) == 0:
        return None
    return [
        {
            "all_different": estimate_proportion(int(codes.all_different.sum()), len(weights)),
            "median_corners": float(np.median(codes.n_corners)),
            "median_distance": float(np.median(codes.distance)),
        }
        for codes in map(measure_codes, evaluate_networks(protocol, weights).hidden)
    ]
