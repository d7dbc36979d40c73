"""Networks measured at every update, from their initial weights to the criterion."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.network import Network
from replication.simulator.running.engine import record_weights
from replication.simulator.running.ensemble import simulate_weights
from replication.statistics.intervals import Estimate, estimate_mean
from replication.system.threads import map_in_threads

Measure = Callable[[Protocol, Array], dict[str, NDArray[Any]]]
"""Takes a protocol and weights (n, n_weights), and returns arrays (n, ...)."""

N_AT_ONCE = 100
"""Networks that a thread records at a time: 4-2-4 ones need at most 35 MB for 2,000 updates."""
SLOW_RATE = 2.0  # the other learning rate at which networks are measured at every update


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """What was measured of every converged network at every update, its last state included."""

    updates: NDArray[np.int64]  # (n_converged,), ascending
    values: dict[str, list[NDArray[Any]]]  # by network, (updates + 1, ...) each

    def get_learning(self, name: str) -> NDArray[Any]:
        """Return one quantity in all states that an update followed, (sum of updates, ...)."""
        return np.concatenate([states[:-1] for states in self.values[name]])

    def get_at(self, name: str, part: float) -> NDArray[Any]:
        """Return one quantity after a part (0 to 1) of each one's own updates, (n_converged,)."""
        places = np.floor(part * self.updates).astype(np.int64)
        return np.array([x[place] for x, place in zip(self.values[name], places, strict=True)])

    def find_medians(self, name: str, among: NDArray[np.bool_] | bool = True) -> Array:
        """Return the median over the cases of each network that has any, of all or of some.

        `among` has the shape of `get_learning`.
        """
        values = self.get_learning(name)
        ends = np.cumsum(self.updates)[:-1]
        kept = np.isfinite(values) & among
        cases = zip(np.split(values, ends), np.split(kept, ends), strict=True)
        return np.array([np.median(each[is_kept]) for each, is_kept in cases if is_kept.any()])

    def pool_shares(self, successes: NDArray[np.bool_], among: NDArray[np.bool_]) -> Estimate:
        """Return the share of successes among some cases, which come in clusters: the networks.

        Both have the shape (sum of updates, cases of a state). Cochran (1977), Sampling
        Techniques, section 2.11: the ratio estimator.
        """
        n = len(self.updates)
        owners = np.repeat(np.arange(n), self.updates)
        counts = (successes & among).sum(axis=1), among.sum(axis=1)
        found, cases = (np.bincount(owners, each, n) for each in counts)
        if not cases.any():
            return Estimate(None, 0.0, 1.0)
        share = float(found.sum() / cases.sum())
        mean = estimate_mean(share + (found - share * cases) / cases.mean())
        if mean.low is None or mean.high is None:
            return Estimate(share, 0.0, 1.0)
        return Estimate(share, max(0.0, mean.low), min(1.0, mean.high))


def measure_learning(protocol: Protocol, measure: Measure, sample: Sample) -> Histories:
    """Simulate networks, and measure those that converge at every update."""
    initial = sample.draw(protocol)
    updates, converged, _ = simulate_weights(protocol, initial, jobs=sample.jobs)
    order = np.flatnonzero(converged)
    order = order[np.argsort(updates[order], kind="stable")]  # the quickest first

    def measure_some(networks: NDArray[np.int64]) -> dict[str, list[NDArray[Any]]]:
        # (n, n_updates + 1, n_weights), of which each network's first lengths + 1 states count.
        lengths = updates[networks]
        states = record_weights(protocol, initial[networks], int(lengths.max(initial=0)))
        is_learning = np.arange(states.shape[1]) <= lengths[:, None]
        ends = np.cumsum(lengths + 1)[:-1]
        measured = measure(protocol, states[is_learning])
        return {name: np.split(each, ends) for name, each in measured.items()}

    parts = [order[i : i + N_AT_ONCE] for i in range(0, len(order), N_AT_ONCE)] or [order]
    found = map_in_threads(measure_some, parts, jobs=sample.jobs)
    values = {name: [x for part in found for x in part[name]] for name in found[0]}
    return Histories(updates=updates[order].astype(np.int64), values=values)


def measure_both_rates(measure: Measure, sample: Sample, *, slow_share: float) -> list[Histories]:
    """Measure networks at the paper's learning rate, and a share of them at `SLOW_RATE`."""
    paper = measure_learning(PAPER, measure, sample)
    slow = Protocol(learning_rate=SLOW_RATE)
    return [paper, measure_learning(slow, measure, sample.take(slow_share))]


def train_for(
    protocol: Protocol,
    weights: Array,
    n_updates: int,
    *,
    network: type[Network] | None = None,
    **fields: Any,
) -> Array:
    """Return the weights after so many updates, whatever the error, in the shape of the first."""
    if n_updates == 0:
        return weights
    # Nothing meets so strict a criterion.
    run = dataclasses.replace(protocol, threshold=1e-12, max_updates=n_updates, **fields)
    return simulate_weights(run, weights, network=network)[2]
