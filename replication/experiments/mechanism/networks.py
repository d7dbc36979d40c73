"""Networks in pairs, their codes and gaps, and what a decoder alone makes of them."""

import dataclasses
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from replication.definition.protocol import Protocol
from replication.experiments.instruments import law
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.experiments.instruments.sample import Sample
from replication.simulator.running.engine import evaluate_networks, record_weights

N_AT_ONCE = 100  # networks whose weights at every update are in memory at a time
N_MOMENTS = 200  # gaps are measured at about this many moments


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Networks:
    """Networks that have learnt, each paired with another one that has learnt, too."""

    protocol: Protocol
    start: Array  # (n, n_weights), initial weights
    final: Array  # (n, n_weights)
    updates: Counts  # (n,), until each had learnt
    other: Array  # (n, n_weights), initial weights of the other networks
    other_final: Array
    other_updates: Counts

    @property
    def n(self) -> int:
        """How many networks there are, each with another one."""
        return len(self.start)

    def take(self, n: int) -> Self:
        """Return the first n of the pairs, or all if they are fewer."""
        return dataclasses.replace(
            self,
            start=self.start[:n],
            final=self.final[:n],
            updates=self.updates[:n],
            other=self.other[:n],
            other_final=self.other_final[:n],
            other_updates=self.other_updates[:n],
        )


def draw_networks(protocol: Protocol, sample: Sample) -> Networks:
    """Train twice as many networks as `sample` has, and pair those that have learnt."""
    weights = sample.take(2.0).draw(protocol)
    updates, converged, final = sample.train(protocol, weights)
    learnt = np.flatnonzero(converged)
    n = len(learnt) // 2
    first = learnt[:n]
    second = learnt[n : 2 * n]
    return Networks(
        protocol=protocol,
        start=weights[first],
        final=final[first],
        updates=updates[first],
        other=weights[second],
        other_final=final[second],
        other_updates=updates[second],
    )


def put_half(weights: Array, source: Array, half: slice) -> Array:
    """Return weights with one half, a matrix and its biases, from `source`."""
    changed = weights.copy()
    changed[:, half] = source[:, half]
    return changed


def find_codes(protocol: Protocol, weights: Array) -> Array:
    """Return the codes of networks (..., n_weights), shape (..., n_patterns, n_hidden)."""
    rows = np.ascontiguousarray(weights.reshape(-1, weights.shape[-1]))
    codes = evaluate_networks(protocol, rows).hidden[0]
    return codes.reshape(*weights.shape[:-1], *codes.shape[1:])


def measure_smallest_gap(protocol: Protocol, weights: Array) -> Array:
    """Return the smallest gap among the codes of each network, (...)."""
    gaps = law.measure_gaps(find_codes(protocol, weights))
    return np.asarray(gaps.min(axis=-1))


def pick_states(networks: Networks, updates: Counts) -> Array:
    """Return the weights of each network after a number of updates of its own, (n, n_weights)."""
    states = np.empty_like(networks.start)
    for begin in range(0, len(states), N_AT_ONCE):
        part = slice(begin, begin + N_AT_ONCE)
        chosen = updates[part]
        recorded = record_weights(networks.protocol, networks.start[part], range(chosen.max() + 1))
        states[part] = recorded[np.arange(len(chosen)), chosen]
    return states


def predict_from_gaps(protocol: Protocol, weights: Array, n_updates: int) -> Array:
    """Return how many updates each network needs by the law, from its recorded gaps, (n,).

    Gaps are recorded over `n_updates`. Infinity where the law says more than these.
    """
    every = max(1, n_updates // N_MOMENTS)
    predicted = []
    for begin in range(0, len(weights), N_AT_ONCE):
        some = weights[begin : begin + N_AT_ONCE]
        recorded = record_weights(protocol, some, range(0, n_updates + 1, every))
        gaps = law.measure_gaps(find_codes(protocol, recorded))
        speed = law.find_speed(protocol)
        predicted.append(
            law.predict_learning_time(gaps, rate=speed, threshold=protocol.threshold, every=every)
        )
    return np.concatenate(predicted)


def train_decoder(
    protocol: Protocol, weights: Array, cap: int, sample: Sample
) -> tuple[Counts, Flags]:
    """Train U and c alone for at most `cap` updates; return updates, and if each converged."""
    alone = dataclasses.replace(protocol, frozen=("W", "b"), max_updates=cap)
    updates, converged, _ = sample.train(alone, weights)
    return updates, converged


def correlate_logs(first: Array | Counts, second: Array | Counts) -> float | None:
    """Return the squared correlation of the logarithms of updates; None for fewer than three.

    Networks that start within the threshold count as 1 update, since 0 has no logarithm.
    """
    if len(first) < 3:
        return None
    first_logs = np.log(np.maximum(first, 1))
    second_logs = np.log(np.maximum(second, 1))
    return float(np.corrcoef(first_logs, second_logs)[0, 1] ** 2)


def correlate_ranks(first: ArrayLike, second: ArrayLike) -> float | None:
    """Return the squared rank correlation of two measures; None for fewer than three networks."""
    from scipy import stats  # which takes long to import

    if np.size(first) < 3:
        return None
    return float(stats.spearmanr(first, second)[0] ** 2)
