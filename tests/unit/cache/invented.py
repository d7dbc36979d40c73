"""Outcomes that depend on the seed alone, so that a cache can be tested without simulating."""

from unittest import mock

import numpy as np

from replication.cache.blocks import Cache
from replication.definition.protocol import PAPER
from replication.experiments.counting import count_outcomes
from replication.paper.study import Study
from replication.simulator.running.outcomes import Outcomes, compute_digest


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


def remember(asked):
    """Return a simulation that notes in a list which ranges it was asked for."""

    def simulate_noted(protocol, root_seed, ranges, **_):
        for pair in ranges:
            asked.append(pair)
            yield invent(*pair)

    return simulate_noted


def refuse(protocol, root_seed, ranges, **_):
    """Stand in for a simulation where everything must be in the cache."""
    raise AssertionError(f"not in the cache: {list(ranges)}")
    yield


def replace_simulation(simulation=simulate):
    """Let outcomes come from a function as `simulate`."""
    return mock.patch("replication.cache.filling.simulate_ranges", simulation)


def replace_block_size(size):
    return mock.patch("replication.cache.filling.choose_block_size", return_value=size)


def fill(folder, n_seeds=60, *, protocol=PAPER, root_seed=1988, simulation=simulate, **options):
    """Count a study of invented outcomes, with a cache in a folder."""
    study = Study(protocol, root_seed, n_seeds)
    with replace_simulation(simulation):
        return count_outcomes(study, Cache(folder), show_progress=False, **options)


def find_digest(folder, n_seeds, **options):
    """Return the digest of a study that is in a cache as a whole."""
    return fill(folder, n_seeds, simulation=refuse, **options).digest


def compute_reference(n_seeds):
    """Return the digest of invented outcomes that met no cache and no fault."""
    return compute_digest([invent(0, n_seeds)])


def list_blocks(folder):
    """Return the files of a cache, in the order of their seeds."""
    return sorted(folder.glob("*.block"), key=lambda path: path.stem[-12:])


def read_files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
