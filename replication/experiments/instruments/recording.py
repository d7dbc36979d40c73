"""Networks measured at every update, from their initial weights to the criterion."""

import dataclasses
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.network import Network
from replication.simulator.running.engine import record_weights
from replication.simulator.running.ensemble import simulate_weights
from replication.statistics.intervals import Estimate, estimate_mean
from replication.system.threads import map_in_threads

Measure = Callable[[Protocol, Array], dict[str, Array]]
"""Takes a protocol and weights (n, n_weights), and returns arrays (n, ...)."""

N_AT_ONCE = 100
"""Networks that a thread records at a time: 4-2-4 ones need at most 35 MB for 2,000 updates."""
SLOW_RATE = 2.0  # the other learning rate at which networks are measured at every update


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """What was measured of every converged network at every update, its last state included."""

    updates: NDArray[np.int64]  # (n_converged,), ascending
    values: dict[str, list[Array]]  # by network, (updates + 1, ...) each

    def get_learning(self, name: str) -> Array:
        """Return one quantity in all states that an update followed, (sum of updates, ...)."""
        return np.concatenate([states[:-1] for states in self.values[name]])

    def get_at(self, name: str, part: float) -> Array:
        """Return one quantity after a part (0 to 1) of each one's own updates, (n_converged,)."""
        places = np.floor(part * self.updates).astype(np.int64)
        found = []
        for states, place in zip(self.values[name], places, strict=True):
            found.append(states[place])
        return np.array(found)

    def find_medians(self, name: str, among: Flags | bool = True) -> Array:
        """Return the median over the cases of each network that has any, of all or of some.

        `among` has the shape of `get_learning`.
        """
        values = self.get_learning(name)
        is_kept = np.isfinite(values) & among
        # Cut between the networks.
        ends = np.cumsum(self.updates)[:-1]
        cases = np.split(values, ends)
        kept = np.split(is_kept, ends)
        medians = []
        for of_network, is_kept_of_network in zip(cases, kept, strict=True):
            if is_kept_of_network.any():
                medians.append(np.median(of_network[is_kept_of_network]))
        return np.array(medians)

    def pool_shares(self, successes: Flags, among: Flags) -> Estimate:
        """Return the share of successes among some cases, which come in clusters: the networks.

        Both have the shape (sum of updates, cases of a state). Cochran (1977), Sampling
        Techniques, section 2.11: the ratio estimator.
        """
        n_found = self._count_by_network(successes & among)  # (n_converged,)
        n_cases = self._count_by_network(among)  # (n_converged,)
        if not n_cases.any():
            return Estimate(None, 0.0, 1.0)
        share = float(n_found.sum() / n_cases.sum())
        # By how much each network moves the share; their spread gives the interval.
        deviations = (n_found - share * n_cases) / n_cases.mean()
        mean = estimate_mean(share + deviations)
        if mean.low is None or mean.high is None:
            return Estimate(share, 0.0, 1.0)
        return Estimate(share, max(0.0, mean.low), min(1.0, mean.high))

    def _count_by_network(self, flags: Flags) -> Array:
        """Return how many flags (sum of updates, cases) each network has set, (n_converged,)."""
        n = len(self.updates)
        owners = np.repeat(np.arange(n), self.updates)
        counts = np.bincount(owners, weights=flags.sum(axis=1), minlength=n)
        return counts.astype(np.float64)


def measure_learning(protocol: Protocol, measure: Measure, sample: Sample) -> Histories:
    """Simulate networks, and measure those that converge at every update."""
    initial = sample.draw(protocol)
    updates, converged, _ = simulate_weights(protocol, initial, jobs=sample.jobs)
    order = np.flatnonzero(converged)
    order = order[np.argsort(updates[order], kind="stable")]  # the quickest first

    def measure_some(networks: NDArray[np.int64]) -> dict[str, list[Array]]:
        return _measure_states(protocol, measure, initial[networks], updates[networks])

    # Part by part, each in a thread, and then joined by quantity.
    parts = [order[i : i + N_AT_ONCE] for i in range(0, len(order), N_AT_ONCE)]
    if not parts:
        parts = [order]  # of no network, so that the quantities have their names
    measured = map_in_threads(measure_some, parts, jobs=sample.jobs)
    values: dict[str, list[Array]] = {name: [] for name in measured[0]}
    for part in measured:
        for name, of_networks in part.items():
            values[name].extend(of_networks)
    return Histories(updates=updates[order].astype(np.int64), values=values)


def _measure_states(
    protocol: Protocol, measure: Measure, initial: Array, updates: Counts
) -> dict[str, list[Array]]:
    """Measure each network in its first ``updates + 1`` states, one array for each network."""
    states = record_weights(protocol, initial, range(updates.max(initial=0) + 1))
    # (n, n_updates + 1, n_weights), of which the networks that take less need fewer.
    is_learning = np.arange(states.shape[1]) <= updates[:, None]
    measured = measure(protocol, states[is_learning])
    ends = np.cumsum(updates + 1)[:-1]
    return {name: np.split(each, ends) for name, each in measured.items()}


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
    frozen: tuple[str, ...] | None = None,
) -> Array:
    """Return the weights after so many updates, whatever the error, in the shape of the first.

    `frozen`: the weights that do not learn, those of the protocol unless given.
    """
    if frozen is not None:
        protocol = dataclasses.replace(protocol, frozen=frozen)
    return record_weights(protocol, weights, [n_updates], network=network)[:, 0]
