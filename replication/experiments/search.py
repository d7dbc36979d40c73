"""The best settings of a protocol, found on seeds that are used for nothing else."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

from replication.protocol import Protocol
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes

SEARCH_OFFSET = 100
"""Added to the root seed of an experiment for its searches."""


def search_settings(
    base: Protocol,
    grid: Mapping[str, Sequence[Any]],
    *,
    n_networks: int,
    root_seed: int,
    jobs: int,
) -> Protocol:
    """Return the settings of a grid with the smallest mean of updates; of equal ones the first.

    All are tried on the same networks, and those that fail count at the cap.
    """
    protocols = [
        dataclasses.replace(base, **dict(zip(grid, values, strict=True)))
        for values in itertools.product(*grid.values())
    ]
    means = [
        simulate(protocol, n_seeds=n_networks, root_seed=root_seed, jobs=jobs).updates.mean()
        for protocol in protocols
    ]
    return protocols[means.index(min(means))]


def simulate_best(
    base: Protocol,
    grid: Mapping[str, Sequence[Any]],
    *,
    n_search: int,
    n_networks: int,
    root_seed: int,
    jobs: int,
) -> tuple[Protocol, Outcomes]:
    """Search the best settings on `n_search` networks, and simulate `n_networks` others with them.

    The latter have the root seed given; the search uses `SEARCH_OFFSET` more, so that nothing is
    chosen on the networks that it is then judged by.
    """
    best = search_settings(
        base, grid, n_networks=n_search, root_seed=root_seed + SEARCH_OFFSET, jobs=jobs
    )
    return best, simulate(best, n_seeds=n_networks, root_seed=root_seed, jobs=jobs)
