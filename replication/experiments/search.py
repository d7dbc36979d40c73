"""The best settings of a protocol, found on seeds that are used for nothing else."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator.ensemble import simulate
from replication.simulator.outcomes import Outcomes

SEARCH_OFFSET = 100
"""Added to the root seed of an experiment for its searches."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Search:
    """Every setting of a grid, tried on the same networks.

    `grid`: the values tried of each protocol field, ascending. `means` float64 array, one axis for
    each field of the grid: mean updates, networks that have not converged counted at the cap.
    `best`: the settings with the smallest mean; the first of several. `edges`: fields whose best
    value lies at an end of the values tried, so that a better one may lie beyond. A momentum of 0
    is no such end.
    """

    grid: Mapping[str, tuple[float, ...]]
    means: NDArray[np.float64]
    best: Protocol
    edges: tuple[str, ...]
    n_networks: int

    def to_plain(self) -> dict[str, Any]:
        """Return the search as plain JSON values; ``best`` holds the fields of the grid alone."""
        return {
            "grid": {name: list(values) for name, values in self.grid.items()},
            "best": {name: getattr(self.best, name) for name in self.grid},
            "edges": list(self.edges),
            "n_networks": self.n_networks,
        }


def search_settings(
    base: Protocol,
    grid: Mapping[str, Sequence[float]],
    *,
    n_networks: int,
    root_seed: int,
    jobs: int,
) -> Search:
    """Try every setting of a grid and take the one with the smallest mean of updates.

    All are tried on the same networks. Their root seed is apart from the one whose outcomes are
    reported, so that nothing is chosen on the networks that it is then judged by.
    """
    values = {name: tuple(tried) for name, tried in grid.items()}
    settings: list[dict[str, Any]] = [
        dict(zip(values, point, strict=True)) for point in itertools.product(*values.values())
    ]
    protocols = [dataclasses.replace(base, **setting) for setting in settings]
    means = np.array(
        [
            simulate(protocol, n_seeds=n_networks, root_seed=root_seed, jobs=jobs).updates.mean()
            for protocol in protocols
        ]
    )
    best = int(np.argmin(means))
    return Search(
        grid=values,
        means=means.reshape([len(tried) for tried in values.values()]),
        best=protocols[best],
        edges=_find_edges(values, settings[best]),
        n_networks=n_networks,
    )


def simulate_best(
    base: Protocol,
    grid: Mapping[str, Sequence[float]],
    *,
    n_search: int,
    n_networks: int,
    root_seed: int,
    jobs: int,
) -> tuple[Search, Outcomes]:
    """Search the best settings on `n_search` networks, and simulate `n_networks` others with them.

    The latter have the root seed given; the search uses `SEARCH_OFFSET` more.
    """
    search = search_settings(
        base, grid, n_networks=n_search, root_seed=root_seed + SEARCH_OFFSET, jobs=jobs
    )
    return search, simulate(search.best, n_seeds=n_networks, root_seed=root_seed, jobs=jobs)


def _find_edges(
    grid: Mapping[str, tuple[float, ...]], best: Mapping[str, float]
) -> tuple[str, ...]:
    return tuple(
        name
        for name, tried in grid.items()
        if len(tried) > 1
        and (best[name] == tried[-1] or (best[name] == tried[0] and tried[0] != 0.0))
    )
