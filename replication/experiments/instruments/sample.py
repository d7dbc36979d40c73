"""The networks of an experiment: to draw, to train and to search; estimates as plain data."""

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.experiments.instruments.model import Model
from replication.simulator.rule.network import Network
from replication.simulator.rule.weights import draw_weights
from replication.simulator.running.ensemble import simulate, simulate_weights
from replication.simulator.running.outcomes import Outcomes
from replication.statistics import intervals
from replication.statistics.intervals import Estimate
from replication.system.progress import Tell, silent
from replication.system.threads import map_in_threads

Task = TypeVar("Task")
Result = TypeVar("Result")
Grid = Mapping[str, Sequence[Any]]
SEARCH_OFFSET = 100  # added to the root seed of an experiment for its searches

CROSS_ENTROPY: Any = {"learning_rule": BACK_PROPAGATION, "minimised_error": "cross-entropy"}
"""The fields of back-propagation of the cross-entropy."""
FROZEN_BIASES: Mapping[str, tuple[str, ...]] = {"learnt": (), "fixed": ("b",)}
"""What is frozen if the hidden biases learn, and if they keep their initial values."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sample:
    """The first `n` networks of a root seed, and the threads in which they are simulated."""

    n: int
    root_seed: int
    jobs: int = 1
    report_progress: Tell = silent  # takes the name of each step as it begins

    def take(self, share: float, *, least: int = 2) -> Self:
        """Return `share` times as many networks, but at least `least`; the share may exceed 1."""
        n = round(share * self.n)
        return dataclasses.replace(self, n=max(least, n))

    def first(self, n: int) -> Self:
        """Return the first n of the networks, or all if they are fewer."""
        return dataclasses.replace(self, n=min(n, self.n))

    @property
    def others(self) -> Self:
        """As many other networks, for searches: none of them is judged."""
        root_seed = (self.root_seed + SEARCH_OFFSET) % 2**63
        return dataclasses.replace(self, root_seed=root_seed)

    @property
    def alone(self) -> Self:
        """The same networks in one thread, for a task of `map`, which has threads of its own."""
        return dataclasses.replace(self, jobs=1, report_progress=silent)

    def draw(self, protocol: Protocol) -> Array:
        """Draw the initial weights, (n, n_weights)."""
        return draw_weights(protocol, self.root_seed, 0, self.n)

    def train(
        self,
        protocol: Protocol,
        weights: Array | None = None,
        network: type[Network] | None = None,
    ) -> tuple[Counts, Flags, Array]:
        """Train networks; return updates and whether they converged, (n,), and final weights.

        Unless given, `weights` are the initial weights of these networks, and `network` is the
        protocol's rule.
        """
        if weights is None:
            weights = self.draw(protocol)
        return simulate_weights(protocol, weights, jobs=self.jobs, network=network)

    def simulate(self, protocol: Protocol) -> Outcomes:
        """Return the outcomes, without weights."""
        return simulate(protocol, n_seeds=self.n, root_seed=self.root_seed, jobs=self.jobs)

    def map(self, function: Callable[[Task], Result], tasks: Iterable[Task]) -> dict[Task, Result]:
        """Call a function for each task, in threads, and return its results by task.

        The longest tasks should come first, so that no thread is left alone with one at the end.
        """
        ordered = list(tasks)
        results = map_in_threads(function, ordered, jobs=self.jobs)
        return dict(zip(ordered, results, strict=True))

    def find_best(self, base: Protocol, grid: Grid) -> Protocol:
        """Return the protocol with the best settings of a grid, as networks of `others` learn.

        The best settings have the smallest mean of updates, where failures count as the cap. Of
        equal means the first wins.
        """
        protocols = list_protocols(base, grid)
        weights = self.others.draw(base)
        means = []
        for protocol in protocols:
            updates, _, _ = self.train(protocol, weights)
            means.append(updates.mean())
        # `index` finds the first of equal means.
        return protocols[means.index(min(means))]


def lies_inside(best: Protocol, grid: Grid) -> bool:
    """Return whether each searched setting of the best protocol lies inside the tried range.

    If one lies at an end of its range, a setting beyond may be better.
    """
    for name, values in grid.items():
        is_searched = len(values) > 1
        if is_searched and not min(values) < getattr(best, name) < max(values):
            return False
    return True


def list_protocols(base: Protocol, grid: Grid) -> list[Protocol]:
    """Return a protocol for each combination of the values of some fields."""
    protocols = []
    for values in itertools.product(*grid.values()):
        fields = dict(zip(grid, values, strict=True))
        protocols.append(dataclasses.replace(base, **fields))
    return protocols


def name_estimate(name: str, estimate: Estimate) -> Model:
    """Return an estimate as two entries of a model: ``name`` and ``name_interval``."""
    return {name: estimate.value, f"{name}_interval": estimate.interval}


def get_estimate(entries: Mapping[str, Any], name: str) -> Estimate:
    """Return the estimate that `name_estimate` has written into a model."""
    return Estimate(entries[name], *entries[f"{name}_interval"])


def name_mean(values: npt.ArrayLike, name: str = "mean") -> Model:
    """Return a mean and its interval as two entries of a model."""
    return name_estimate(name, intervals.estimate_mean(values))


def name_median(values: npt.ArrayLike, name: str = "median") -> Model:
    """Return a median and its interval as two entries of a model."""
    return name_estimate(name, intervals.estimate_median(values))


def estimate_share(successes: Flags) -> Model:
    """Return ``share`` and its 95 % Clopper-Pearson interval; without any case None and [0, 1]."""
    n = len(successes)
    if n == 0:
        return name_estimate("share", Estimate(None, 0.0, 1.0))
    n_successes = int(np.count_nonzero(successes))
    return name_estimate("share", intervals.estimate_proportion(n_successes, n))


def find_p99(updates: Counts) -> int:
    """Return the 99th percentile of updates, where failures count as the cap."""
    return int(np.quantile(updates, 0.99, method="higher"))
