"""What networks continue from: the weights and updates at which an earlier run ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from replication.definition.fields import take_whole
from replication.errors import UsageError
from replication.simulator.rule.network import Rule
from replication.wording import plural, show

Array = NDArray[np.float64]
Range = tuple[int, int]

DEFAULT_SEEDS = 100  # as in the paper
MOST_IN_MEMORY = 10**9
"""Most networks whose outcomes are returned at once; these take 5 GB."""


class Ended(Protocol):
    """A result from which networks may continue: outcomes or curves, with weights at their end."""

    @property
    def weights(self) -> Array | None:
        """Flat weights, a row for each network; in curves, for each choice of numbers."""

    @property
    def root_seed(self) -> int | None:
        """The root seed of the networks."""

    def get_last_updates(self) -> NDArray[np.int64]:
        """Return how many updates each network has made."""

    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """The state from which networks continue.

    `rows` has all numbers of each network, (choice, network, number): for each choice of a rule's
    numbers, or once if all choices continue from the same networks. `updates` is how many updates
    each network has made, (network,).
    """

    rows: Array
    updates: NDArray[np.int64]

    def get(self, seeds: Range, choice: int = 0) -> tuple[Array, NDArray[np.int64]]:
        """Return the rows of some networks, and the updates that they have made."""
        part = slice(*seeds)
        row_choice = 0 if len(self.rows) == 1 else choice
        return self.rows[row_choice, part], self.updates[part]


def take_n_seeds(given: int | None, start: Ended | None) -> int:
    """Return the number of networks, which is that of `start` if they continue from it."""
    if start is not None and not hasattr(start, "get_last_updates"):
        allowed = "Outcomes or Curves, simulated with final_weights=True"
        raise UsageError(f"start = {show(start)} was given; allowed are {allowed}")
    if given is None:
        return DEFAULT_SEEDS if start is None else len(start)
    n_seeds = take_whole("n_seeds", given, 1, MOST_IN_MEMORY)
    if start is not None and n_seeds != len(start):
        has = f"start has {plural(len(start), 'network')}"
        raise UsageError(f"n_seeds = {n_seeds} was given, and {has}; leave out n_seeds")
    return n_seeds


def take_start(ended: Ended, rule: Rule, root_seed: int) -> Start:
    """Return what networks of a rule continue from; refuse a result from which they cannot."""
    weights = ended.weights
    if weights is None:
        raise UsageError("start has no weights; simulate it with final_weights=True")
    if ended.root_seed != root_seed:
        given = f"root_seed = {root_seed} was given, and start has {ended.root_seed}"
        raise UsageError(f"{given}; networks go on with the root seed that they began with")
    first_seed = getattr(ended, "start", 0)
    if first_seed != 0:
        has = f"start has networks from seed {first_seed:,} on"
        raise UsageError(f"{has}, and these begin at seed 0; simulate it from there")
    learnt_by = getattr(ended, "rule", rule.name)
    if learnt_by != rule.name:
        has = f"start has networks of {learnt_by}, and this rule is {rule.name}"
        raise UsageError(f"{has}; go on with the same rule, of which numbers may differ")
    rows = weights.reshape(-1, len(ended), weights.shape[-1])
    if rows.shape[2] != sum(rule.sizes):
        has = f"start has {plural(rows.shape[2], 'number')} for each network"
        raise UsageError(f"{has}, and {rule.name} has {sum(rule.sizes)}; go on with the same rule")
    return Start(rows, ended.get_last_updates())
