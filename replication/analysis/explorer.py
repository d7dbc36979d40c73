"""The law of the mean for many numbers of runs: data of the report's interactive piece."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from replication.analysis.compatible import MAX_RUNS, confront, read_reported_mean
from replication.analysis.counts import CountTable
from replication.analysis.mean_law import MeanLaws
from replication.analysis.runs import RESTART_AFTER, RULES, make_run_law
from replication.analysis.series import make_mean_law
from replication.claims import Claim

NAMED = (1, 2, 3, 4, 5, 6, 8, 10, 20, 50, 100, 200, 500, 1000, 2000, MAX_RUNS)
N_BINS = 48


def make_explorer(table: CountTable, claim: Claim, *, n_points: int = 40) -> dict[str, Any]:
    """Return the law of the mean of n runs over a grid of n, under every rule.

    Parameters
    ----------
    table : CountTable
    claim : Claim
        With a reported mean.
    n_points : int
        Size of the grid of n from 1 to 5000, evenly spaced on a log axis; round numbers
        are added to it.

    Returns
    -------
    dict
        ``n`` (the grid), ``reported`` (``text``, ``value``) and ``rules``: by rule None where
        it has no mean, else a list with one entry for each n: ``p``, ``chance``, ``below``
        (P(M_n < the upper end of the rounding cell)), ``missed``
        (P(M_n < its lower end)), ``low``, ``high`` (95 % prediction
        interval), ``start`` and ``step`` of the bins and their ``heights`` relative to the
        highest (0 to 1). Numbers have 4 significant digits.
    """
    reported = read_reported_mean(claim.reported or "")
    restart_after = int(claim.thresholds.get("restart_after", RESTART_AFTER))
    spaced = np.rint(np.geomspace(1, MAX_RUNS, n_points)).astype(np.int64)
    grid = np.unique(np.concatenate([spaced, NAMED]))
    rules: dict[str, Any] = {}
    for rule in RULES:
        run = make_run_law(table, rule, restart_after=restart_after)
        if run is None:
            rules[rule] = None
            continue
        laws = MeanLaws(run)
        n_networks = table.n_converged if rule == "discard" else table.n
        entries = []
        for n in grid.tolist():
            law = laws.compute(n)
            found = confront(law, reported, run=run, n_networks=n_networks)
            bins = make_mean_law(law, n_bins=N_BINS)
            edges: npt.NDArray[np.float64] = np.asarray(bins["edges"])
            heights: npt.NDArray[np.float64] = np.asarray(bins["density"])
            entries.append(
                {
                    "p": _round(found.p),
                    "chance": _round(found.chance),
                    "below": _round(found.below),
                    "missed": _round(1.0 - found.above),
                    "low": _round(found.low),
                    "high": _round(found.high),
                    "start": _round(float(edges[0])),
                    "step": _round(float(edges[1] - edges[0])),
                    "heights": np.round(heights / heights.max(), 3).tolist(),
                }
            )
        rules[rule] = entries
    return {
        "n": grid.tolist(),
        "reported": {"text": reported.text, "value": float(reported.value)},
        "rules": rules,
    }


def _round(value: float) -> float:
    return float(f"{value:.4g}")
