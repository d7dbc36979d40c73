"""Outcomes that depend on the seed alone, so that a store can be tested without simulating."""

from __future__ import annotations

import numpy as np

from replication.protocol import PAPER
from replication.simulator.outcomes import Outcomes
from replication.store import Store
from replication.store.filling import simulate_study


def invent(start: int, stop: int) -> Outcomes:
    """Return invented outcomes of the seeds in [start, stop); one in seven is censored."""
    seeds = np.arange(start, stop, dtype=np.int64)
    converged = seeds % 7 != 3
    updates = np.where(converged, 20 + seeds * 37 % 90, PAPER.max_updates)
    return Outcomes(start, updates.astype(np.int32), converged)


def simulate(protocol, root_seed, ranges, **_):
    """Stand in for the simulation of ranges of seeds."""
    for start, stop in ranges:
        yield invent(start, stop)


def fill(store: Store, n_seeds: int = 60, *, protocol=PAPER, root_seed: int = 1988, **options):
    """Fill a study with invented outcomes, in blocks of 20; return its folder."""
    options = {"block_size": 20, "show_progress": False, "simulate": simulate, **options}
    simulate_study(store, protocol, root_seed, n_seeds, **options)
    return store.study_folder(protocol, root_seed)
