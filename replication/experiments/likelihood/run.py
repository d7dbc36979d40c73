"""Networks of each reading, counted up to the reported 202, and what the counts say of readings.

Few networks stop at exactly 202 updates, so that millions are needed; the counts are kept.
"""

from __future__ import annotations

from replication.definition.protocol import READINGS
from replication.experiments import Model, studies
from replication.experiments.likelihoods import (
    ROOT_SEED,
    Likelihood,
    compare_readings,
    stop_at_reported,
)
from replication.system.progress import Tell

VERSION = 1
N_NETWORKS = 10_000_000  # networks of each reading, each with its own


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the counts of all readings, and the probabilities that follow from them."""
    likelihoods, counts = {}, {}
    for place, (name, protocol) in enumerate(READINGS.items()):
        report_progress(f"{name}, {n_networks:,} networks")
        table = studies.count_networks(
            stop_at_reported(protocol), ROOT_SEED, n_networks, first=place * n_networks, jobs=jobs
        )
        likelihoods[name] = Likelihood.of(table)
        counts[name] = {"updates": table.updates.tolist(), "counts": table.counts.tolist()}
    return {"n_networks": n_networks, "counts": counts, "sweeps": compare_readings(likelihoods)}
