"""Outcomes that depend on the seed alone, so that a store can be tested without simulating."""

from unittest import mock

import numpy as np

from replication.definition.protocol import PAPER
from replication.definition.study import Study
from replication.simulator.outcomes import Outcomes
from replication.store.filling import simulate_study
from replication.store.folders import StudyFolder, compute_study_digest
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


def replace_block_size(size):
    return mock.patch("replication.store.blocks.choose_block_size", return_value=size)


def fill(results, n_seeds=60, *, protocol=PAPER, root_seed=1988, simulation=simulate, **options):
    """Fill a study with invented outcomes; return where they are."""
    study = Study(protocol, root_seed, n_seeds, results)
    with replace_simulation(simulation):
        simulate_study(study, show_progress=False, **options)
    return StudyFolder.of(study)


def find_digest(results, n_seeds, *, protocol=PAPER, root_seed=1988):
    return compute_study_digest(Study(protocol, root_seed, n_seeds, results))


def read_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def repair(folder, simulation=simulate, **options):
    """Repair a study with invented outcomes; return what was found before."""
    checked = check_study(folder, **options)
    with replace_simulation(simulation):
        repair_study(checked, show_progress=False)
    return checked
