"""Outcomes that depend on the seed alone, so that a store can be tested without simulating."""

from unittest import mock

import numpy as np

from replication.definition.protocol import PAPER
from replication.simulator.outcomes import Outcomes
from replication.store.blocks import write_block
from replication.store.filling import simulate_study
from replication.store.verifying import check_study, repair_study


def invent(start, stop):
    """Return invented outcomes of the seeds in [start, stop); one in seven is censored."""
    seeds = np.arange(start, stop, dtype=np.int64)
    converged = seeds % 7 != 3
    updates = np.where(converged, 20 + seeds * 37 % 90, PAPER.max_updates)
    return Outcomes(start, updates.astype(np.int32), converged)


def simulate(protocol, root_seed, ranges, **_):
    """Stand in for the simulation of ranges of seeds."""
    for start, stop in ranges:
        yield invent(start, stop)


def replace_simulation(simulation=simulate):
    """Let the store take its outcomes from a function as `simulate`."""
    return mock.patch("replication.store.filling.simulate_ranges", simulation)


def fill(
    store, n_seeds = 60, *, protocol=PAPER, root_seed = 1988,
    simulation=simulate, **options,
):  # fmt: skip
    """Fill a study with invented outcomes, in blocks of 20; return its folder."""
    options = {"block_size": 20, "show_progress": False, **options}
    with replace_simulation(simulation):
        simulate_study(store, protocol, root_seed, n_seeds, **options)
    return store.study_folder(protocol, root_seed)


def write(store, *ranges, protocol=PAPER, root_seed=1988):
    folder = store.study_folder(protocol, root_seed)
    for start, stop in ranges:
        with store.lock(folder):
            write_block(folder, invent(start, stop), protocol=protocol, root_seed=root_seed)


def find_study(store, folder):
    (study,) = (study for study in store.studies() if study.path == folder)
    return study


def check(store, folder):
    return check_study(store, find_study(store, folder))


def repair(store, folder, simulation=simulate):
    with replace_simulation(simulation):
        return repair_study(store, find_study(store, folder), show_progress=False)
