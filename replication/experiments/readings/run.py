"""Later criteria for "error below 0.1", judged as the headline is, and the power of that test."""

from __future__ import annotations

import numpy as np

from replication.definition.claims import load_claims, load_reported
from replication.definition.protocol import ERROR_READINGS, Protocol
from replication.experiments import Model, studies
from replication.experiments.summaries import name_estimate
from replication.statistics.convolution import compute_joint_mass, compute_mean_mass
from replication.statistics.counts import CountTable
from replication.statistics.intervals import estimate_count_mean
from replication.system.progress import Tell

ROOT_SEED = 2001
N_NETWORKS = 500_000  # networks of each reading
OTHERS_SHARE = 0.1  # so many times as many of each other population
CURVE_STEP = 0.25  # updates between two points of the curves of the figure

OTHERS: dict[str, Protocol] = {
    "learning rate 10": Protocol(learning_rate=10.0),
    "learning rate 15": Protocol(learning_rate=15.0),
    "learning rate 25": Protocol(learning_rate=25.0),
    "regression 0.7": Protocol(regression=0.7),
    "regression 0.8": Protocol(regression=0.8),
    "initial weights within ±0.1": Protocol(half_width=0.1),
    "initial weights within ±0.3": Protocol(half_width=0.3),
    "initial weights within ±1": Protocol(half_width=1.0),
    "zero biases": Protocol(initial_biases="zero"),
    "symmetric start": Protocol(symmetric_start=True),
    "updates after each pattern": Protocol(update_schedule="per-pattern"),
    "error measured with λ = 0.75": Protocol(error_measured_on="regressed"),
}
"""Other procedures that 1988 might have run, by their one difference from the paper's."""


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model of the readings, and of the power of the headline's test against others."""
    n_others = max(1000, round(OTHERS_SHARE * n_networks))
    level = load_claims()["headline"].thresholds["min_p"]
    populations: dict[str, CountTable] = {}
    for name, protocol in {**ERROR_READINGS, **OTHERS}.items():
        n = n_networks if name in ERROR_READINGS else n_others
        report_progress(f"{name}, {n:,} networks")
        populations[name] = studies.count_networks(protocol, ROOT_SEED, n, jobs=jobs)
    report_progress("the test of the headline for each")
    named = [describe_named(name, populations[name]) for name in ERROR_READINGS]
    report_progress("how often it rejects others")
    ranked = studies.rank_studies(populations["paper"])
    power = [
        {
            "name": name,
            "mean": estimate_count_mean(counts).value,
            "rejected": studies.measure_power(ranked, counts, level=level),
        }
        for name, counts in populations.items()
    ]
    return {"n_networks": n_networks, "named": named, "power": power}


def describe_named(name: str, counts: CountTable) -> Model:
    """Return the row of a named reading, judged as the headline is."""
    sampling = studies.describe_sampling(counts)
    assert sampling is not None
    return {
        "name": name,
        **name_estimate("mean", estimate_count_mean(counts)),
        "chance_mean": sampling["mean_given_max"]["chance"],
        "p": sampling["p"],
        "p_sweeps": studies.describe_p(studies.count_sweeps(counts))["p"],
        "curve": describe_curve(counts),
    }


def describe_curve(counts: CountTable) -> dict[str, list[float]]:
    """Return the mean given the reported largest count, in steps: ``mean`` and ``density``."""
    runs, top = load_reported().runs, int(load_reported().max)
    possible, mass = compute_mean_mass(counts, runs)
    low, high = possible[np.searchsorted(np.cumsum(mass), (1e-6, 1.0 - 1e-6))]
    edges = np.arange(np.floor(low) - CURVE_STEP / 2.0, high + CURVE_STEP, CURVE_STEP)
    for width in 2.0 ** np.arange(12) - 1.0:  # in a small population the next ones that it has
        ends = [top - width, top + width + 1.0]
        cells = compute_joint_mass(counts, runs, mean_edges=edges, max_edges=ends)[:, 0]
        if cells.any():
            break
    share = cells / max(cells.sum(), 1e-300)
    kept = np.flatnonzero(share > 1e-4)
    part = slice(kept[0], kept[-1] + 1) if kept.size else slice(0, 1)
    return {
        "mean": ((edges[1:] + edges[:-1]) / 2.0)[part].tolist(),
        "density": (share / CURVE_STEP)[part].tolist(),
    }
