"""Networks measured at every update, from their initial weights to the criterion."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.protocol import Protocol
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import draw_weights
from replication.statistics.intervals import Estimate, estimate_mean
from replication.threads import map_in_threads

Array = NDArray[np.float64]
Measure = Callable[[Protocol, Array], dict[str, NDArray[Any]]]

MAX_STATES = 20_000
"""States recorded at a time by a thread, which bounds the memory: about 4 MB for 4-2-4."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """What was measured of every converged network at every update, its last state included.

    `n_networks`: networks that were started. `updates` integers (n_converged,): ascending.
    `values` (n_states, ...): network by network the quantities after 0, 1, ..., `updates` updates.
    """

    n_networks: int
    updates: NDArray[np.int64]
    values: dict[str, NDArray[Any]]

    @property
    def starts(self) -> NDArray[np.int64]:
        """Where each network begins, and the end of the last one, shape (n_converged + 1,)."""
        return np.concatenate([[0], np.cumsum(self.updates + 1)])

    @property
    def is_last(self) -> NDArray[np.bool_]:
        """Whether a state is the last of its network, which no update followed."""
        lasts = np.zeros(self.starts[-1], dtype=np.bool_)
        lasts[self.starts[1:] - 1] = True
        return lasts

    def take_learning(self, name: str) -> NDArray[Any]:
        """Return one quantity in all states that an update followed, (sum of updates, ...)."""
        return self.values[name][~self.is_last]

    def split(self, name: str) -> Iterator[NDArray[Any]]:
        """Yield one quantity network by network, shape (updates + 1, ...) each."""
        for first, last in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield self.values[name][first:last]

    def take_at(self, name: str, part: float) -> NDArray[Any]:
        """Return one quantity after a part (0 to 1) of each one's own updates, (n_converged,)."""
        places = self.starts[:-1] + np.floor(part * self.updates).astype(np.int64)
        return np.asarray(self.values[name][places])

    def take_after(self, name: str, update: int) -> NDArray[Any]:
        """Return one quantity after so many updates, of those still learning then."""
        learning = self.updates > update
        return np.asarray(self.values[name][self.starts[:-1][learning] + update])


def measure_learning(
    protocol: Protocol,
    measure: Measure,
    *,
    n_networks: int,
    root_seed: int,
    jobs: int,
) -> Histories:
    """Simulate networks, and measure those that converge at every update.

    `measure` takes a protocol and weights (n, n_weights), and returns arrays (n, ...).
    """
    initial = draw_weights(protocol, root_seed, 0, n_networks)
    updates, converged, _ = simulate_weights(protocol, initial, jobs=jobs)
    weights, lengths = initial[converged], updates[converged].astype(np.int64)

    def measure_some(chosen: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        return measure(protocol, record_states(protocol, weights[chosen], lengths[chosen]))

    chunks = part_networks(lengths)
    parts = map_in_threads(measure_some, chunks, jobs=jobs)
    return Histories(
        n_networks=n_networks,
        updates=lengths[np.concatenate([*chunks, np.zeros(0, dtype=np.int64)])],
        values={
            name: np.concatenate([part[name] for part in parts]) for name in (parts or [{}])[0]
        },
    )


def record_learning(
    protocol: Protocol, weights: Array, updates: NDArray[Any]
) -> Iterator[tuple[NDArray[np.int64], Array]]:
    """Yield the updates of some networks, ascending, with their states as `record_states`."""
    lengths = updates.astype(np.int64)
    for chosen in part_networks(lengths):
        yield lengths[chosen], record_states(protocol, weights[chosen], lengths[chosen])


def part_networks(updates: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return which networks to record together, the quickest first, by their updates (n,).

    Those recorded together take about as many updates and have about `MAX_STATES` states.
    """
    order = np.argsort(updates, kind="stable")
    chunks = []
    while len(order):
        lengths = updates[order] + 1
        n = max(1, int(np.count_nonzero(lengths * np.arange(1, len(lengths) + 1) <= MAX_STATES)))
        chunks.append(order[:n])
        order = order[n:]
    return chunks


def record_states(protocol: Protocol, weights: Array, updates: NDArray[np.int64]) -> Array:
    """Return the states of networks over their whole learning, (sum of updates + 1, n_weights).

    Network by network, ascending in their updates (n,), the weights after 0, 1, ... of them.
    """
    states = record_weights(protocol, weights, int(updates[-1]))
    return states[np.arange(states.shape[1]) <= updates[:, None]]


def find_medians(histories: Histories, name: str, among: NDArray[np.bool_] | None = None) -> Array:
    """Return the median of a quantity over the cases of each network, of all or of some.

    `among` has the shape of `take_learning`; networks without a case are left out.
    """
    values = histories.take_learning(name)
    among = np.isfinite(values) if among is None else among & np.isfinite(values)
    parts = np.split(np.arange(len(values)), np.cumsum(histories.updates)[:-1])
    chosen = [values[part][among[part]] for part in parts]
    return np.array([np.median(each) for each in chosen if len(each)])


def pool_shares(
    histories: Histories, successes: NDArray[np.bool_], among: NDArray[np.bool_]
) -> Estimate:
    """Return the share of successes among some cases, which come in clusters: the networks.

    Both have the shape (sum of updates, cases of a state).
    """
    owners = np.repeat(np.arange(len(histories.updates)), histories.updates)
    n = len(histories.updates)
    return estimate_pooled_share(
        np.bincount(owners, (successes & among).sum(axis=1), minlength=n),
        np.bincount(owners, among.sum(axis=1), minlength=n),
    )


def estimate_pooled_share(successes: NDArray[Any], cases: NDArray[Any]) -> Estimate:
    """Return a share over cases that come in clusters, with its 95 % interval.

    `successes`, `cases` (n,): of each cluster; clusters are independent, the cases in one are not.
    The interval is limited to [0, 1]; of no case it is the whole of it.
    Reference: Cochran (1977), Sampling Techniques, section 2.11: the ratio estimator.

    >>> estimate_pooled_share(np.array([1, 1]), np.array([2, 2]))
    Estimate(value=0.5, low=0.5, high=0.5, level=0.95)
    """
    total = cases.sum()
    if total == 0:
        return Estimate(None, 0.0, 1.0)
    share = float(successes.sum() / total)
    deviations = (successes - share * cases) / cases.mean()
    mean = estimate_mean(share + deviations)
    low, high = mean.low, mean.high
    return Estimate(
        share, 0.0 if low is None else max(0.0, low), 1.0 if high is None else min(1.0, high)
    )


def record_changes(
    change: Callable[[Array], Array], weights: Array, n_updates: int, *, learning_rate: float
) -> Array:
    """Return weights after 0, 1, ..., `n_updates` updates by a rule that the kernel lacks.

    `change` takes weights (n, n_weights) and returns their changes at a learning rate of 1;
    the result has the shape (n, n_updates + 1, n_weights).
    """
    recorded = [weights]
    for _ in range(n_updates):
        recorded.append(recorded[-1] + learning_rate * change(recorded[-1]))
    return np.stack(recorded, axis=1)
