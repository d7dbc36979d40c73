"""The best settings of a protocol, found on seeds that are used for nothing else."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from replication.definition.protocol import Protocol
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes

Grid = Mapping[str, Sequence[Any]]
SEARCH_OFFSET = 100  # added to the root seed of an experiment for its searches


def list_protocols(base: Protocol, grid: Grid) -> list[Protocol]:
    """Return a protocol for each combination of the values of some fields."""
    return [
        dataclasses.replace(base, **dict(zip(grid, values, strict=True)))
        for values in itertools.product(*grid.values())
    ]


def simulate_best(
    base: Protocol, grid: Grid, *, n_search: int, n_networks: int, root_seed: int, jobs: int
) -> tuple[Protocol, Outcomes]:
    """Search the best settings on `n_search` networks, and simulate `n_networks` others with them.

    The best have the smallest mean of updates, failures at the cap; of ties, the first.
    """
    protocols = list_protocols(base, grid)
    other_seed = root_seed + SEARCH_OFFSET
    means = [
        simulate(each, n_seeds=n_search, root_seed=other_seed, jobs=jobs).updates.mean()
        for each in protocols
    ]
    best = protocols[means.index(min(means))]
    return best, simulate(best, n_seeds=n_networks, root_seed=root_seed, jobs=jobs)
