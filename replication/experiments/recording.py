"""Networks recorded at every update until each one's own last one."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator.engine import record_weights

Array = NDArray[np.float64]

MAX_STATES = 100_000
"""States recorded at a time, which bounds the memory: about 20 MB for 4-2-4."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recorded:
    """Some networks at every update, one after the other.

    Parameters
    ----------
    updates : int64 array, shape (m,)
        Updates that each network took.
    weights : float64 array, shape (n_states, n_weights)
        Network by network the weights after 0, 1, ..., `updates` updates.
    """

    updates: NDArray[np.int64]
    weights: Array

    @property
    def ages(self) -> NDArray[np.int64]:
        """The number of updates behind each state, shape (n_states,)."""
        return np.concatenate([np.arange(last + 1) for last in self.updates])

    @property
    def lasts(self) -> NDArray[np.int64]:
        """Where the last state of each network stands, shape (m,)."""
        return np.asarray(np.cumsum(self.updates + 1) - 1)


def record_learning(
    protocol: Protocol, weights: Array, updates: NDArray[np.int32]
) -> Iterator[Recorded]:
    """Yield networks recorded over their whole learning, the quickest first.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)
        Initial weights.
    updates : int32 array, shape (n,)
        How long to record each, as simulated before.

    Yields
    ------
    Recorded
        At least one network each time, and about `MAX_STATES` states at most.
    """
    order = np.argsort(updates, kind="stable")
    first = 0
    while first < len(order):
        # The quickest first, so that those recorded together take about as many updates.
        lengths = updates[order[first:]].astype(np.int64) + 1
        n = max(1, int(np.count_nonzero(lengths * np.arange(1, len(lengths) + 1) <= MAX_STATES)))
        chosen = order[first : first + n]
        states = record_weights(protocol, weights[chosen], int(updates[chosen[-1]]))
        wanted = np.arange(states.shape[1]) <= updates[chosen][:, None]
        yield Recorded(updates=updates[chosen].astype(np.int64), weights=states[wanted])
        first += n
