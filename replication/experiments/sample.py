"""The networks of an experiment: drawn, trained, and searched for the best settings."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

from replication.definition.protocol import Protocol
from replication.experiments.matrices import Array
from replication.simulator.ensemble import simulate, simulate_weights
from replication.simulator.outcomes import Outcomes
from replication.simulator.weights import draw_weights
from replication.system.threads import map_in_threads

Task = TypeVar("Task")
Result = TypeVar("Result")
Grid = Mapping[str, Sequence[Any]]
SEARCH_OFFSET = 100  # added to the root seed of an experiment for its searches

LEARNING: Mapping[str, tuple[str, ...]] = {"learnt": (), "fixed": ("b",)}
"""What is frozen where the hidden biases learn, and where they keep their initial values."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """The first `n` networks of a root seed, and the threads in which they are simulated."""

    n: int
    root_seed: int
    jobs: int = 1

    def take(self, share: float, *, least: int = 2) -> Self:
        """Return a share of the networks, or a multiple, but at least so many."""
        return dataclasses.replace(self, n=max(least, round(share * self.n)))

    def first(self, n: int) -> Self:
        """Return the first networks, so many at most."""
        return dataclasses.replace(self, n=min(n, self.n))

    @property
    def others(self) -> Self:
        """As many networks that are used for searches alone."""
        return dataclasses.replace(self, root_seed=(self.root_seed + SEARCH_OFFSET) % 2**63)

    @property
    def alone(self) -> Self:
        """The same in one thread, for a task of `map`."""
        return dataclasses.replace(self, jobs=1)

    def draw(self, protocol: Protocol) -> Array:
        """Draw the initial weights, (n, n_weights)."""
        return draw_weights(protocol, self.root_seed, 0, self.n)

    def train(self, protocol: Protocol) -> tuple[Any, Any, Array]:
        """Return updates and whether networks converged, (n,) each, and their final weights."""
        return simulate_weights(protocol, self.draw(protocol), jobs=self.jobs)

    def simulate(self, protocol: Protocol) -> Outcomes:
        """Return the outcomes, without weights."""
        return simulate(protocol, n_seeds=self.n, root_seed=self.root_seed, jobs=self.jobs)

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> dict[Task, Result]:
        """Return by task what a function returns for it, in threads; the longest come first."""
        ordered = list(tasks)
        return dict(zip(ordered, map_in_threads(function, ordered, jobs=self.jobs), strict=True))

    def find_best(self, base: Protocol, grid: Grid) -> Protocol:
        """Search the best settings of a protocol on `others`.

        They have the smallest mean of updates, failures at the cap; of ties, the first.
        """
        protocols = list_protocols(base, grid)
        means = [self.others.simulate(each).updates.mean() for each in protocols]
        return protocols[means.index(min(means))]


def list_protocols(base: Protocol, grid: Grid) -> list[Protocol]:
    """Return a protocol for each combination of the values of some fields."""
    return [
        dataclasses.replace(base, **dict(zip(grid, values, strict=True)))
        for values in itertools.product(*grid.values())
    ]
