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
"""Measures networks by their protocol and weights (n, n_weights): quantities by name, (n, ...)."""

N_AT_ONCE = 100
"""Networks that a thread records at a time; those of the paper need 35 MB for 2,000 updates."""
SLOW_RATE = 2.0  # the other learning rate at which networks are measured at every update


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histories:
    """What was measured of every converged network in every state, from first to last.

    A state is followed by an update, except for the last one. In each state a quantity is one
    number, or one number for each pattern: the cases of that state.
    """

    updates: NDArray[np.int64]  # (n_converged,), ascending
    values: dict[str, list[Array]]  # by quantity, for each network: (updates + 1, ...)

    def get_learning(self, name: str) -> Array:
        """Return a quantity in all states that an update follows, (sum of updates, ...)."""
        return np.concatenate([states[:-1] for states in self.values[name]])

    def get_at(self, name: str, part: float) -> Array:
        """Return a quantity after a share (0 to 1) of each network's updates, (n_converged,)."""
        n_updates = np.floor(part * self.updates).astype(np.int64)
        values = []
        for states, t in zip(self.values[name], n_updates, strict=True):
            values.append(states[t])
        return np.array(values)

    def find_medians(self, name: str, among: Flags | bool = True) -> Array:
        """Return the median of a quantity over the cases of each network.

        Networks without any case are left out. `among` says which cases count, in the shape of
        `get_learning`; without it all do.
        """
        values = self.get_learning(name)
        is_case = np.isfinite(values) & among
        # Cut between the networks.
        ends = np.cumsum(self.updates)[:-1]
        values_by_network = np.split(values, ends)
        is_case_by_network = np.split(is_case, ends)
        medians = []
        for of_network, is_case_here in zip(values_by_network, is_case_by_network, strict=True):
            if is_case_here.any():
                medians.append(np.median(of_network[is_case_here]))
        return np.array(medians)

    def pool_shares(self, successes: Flags, among: Flags) -> Estimate:
        """Return the share of successes among the cases that count, with its interval.

        Cases of one network are alike, so the interval follows from the differences of networks.

        Parameters
        ----------
        successes, among : bool array, shape (sum of updates, cases of a state)
            Which cases are successes, and which count.

        References
        ----------
        Cochran (1977), Sampling Techniques, section 2.11: the ratio estimator.
        """
        n_successes = self._count_by_network(successes & among)  # (n_converged,)
        n_cases = self._count_by_network(among)  # (n_converged,)
        if not n_cases.any():
            return Estimate(None, 0.0, 1.0)
        share = float(n_successes.sum() / n_cases.sum())
        # By how much each network moves the share: the spread of these numbers gives the interval.
        deviations = (n_successes - share * n_cases) / n_cases.mean()
        mean = estimate_mean(share + deviations)
        if mean.low is None or mean.high is None:
            return Estimate(share, 0.0, 1.0)
        return Estimate(share, max(0.0, mean.low), min(1.0, mean.high))

    def _count_by_network(self, flags: Flags) -> Array:
        """Return how many flags (sum of updates, cases) each network has, (n_converged,)."""
        n = len(self.updates)
        networks = np.repeat(np.arange(n), self.updates)  # to which each row belongs
        counts = np.bincount(networks, weights=flags.sum(axis=1), minlength=n)
        return counts.astype(np.float64)


def measure_learning(protocol: Protocol, measure: Measure, sample: Sample) -> Histories:
    """Simulate networks, and measure those that converge at every update."""
    initial = sample.draw(protocol)
    updates, converged, _ = simulate_weights(protocol, initial, jobs=sample.jobs)
    learnt = np.flatnonzero(converged)
    order = learnt[np.argsort(updates[learnt], kind="stable")]  # the quickest first

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
    n_states = updates.max(initial=0) + 1
    states = record_weights(protocol, initial, range(n_states))  # (n, n_states, n_weights)
    # Networks that take fewer updates need fewer of these states.
    is_needed = np.arange(n_states) <= updates[:, None]
    measured = measure(protocol, states[is_needed])
    ends = np.cumsum(updates + 1)[:-1]
    return {name: np.split(values, ends) for name, values in measured.items()}


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
    """Return the weights after `n_updates`, whatever the error is by then, (n, n_weights).

    `frozen` names the arrays that do not learn; unless given, those of the protocol do not.
    """
    if frozen is not None:
        protocol = dataclasses.replace(protocol, frozen=frozen)
    return record_weights(protocol, weights, [n_updates], network=network)[:, 0]
