"""Which half makes recirculation fast: U by one rule and W by another, each at its best rates."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from replication.definition.fields import MinimisedError
from replication.definition.protocol import RECIRCULATION, Protocol
from replication.experiments import Model
from replication.experiments.matrices import Array
from replication.experiments.recording import Outcome
from replication.experiments.sample import Sample, estimate_share
from replication.simulator.ensemble import simulate_weights
from replication.simulator.network import Shape
from replication.simulator.recirculation import BackPropagationNetwork, RecirculationNetwork

MAX_UPDATES = 400  # in searches
UPPER_RATES: Mapping[str, Sequence[float]] = {
    "equation 3": (7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 56.0),
    "descent": (5.0, 7.0, 10.0, 14.0, 20.0),
}  # fmt: skip
LOWER_RATES: Mapping[str, Sequence[float]] = {
    "equation 4": (10.0, 14.0, 20.0, 28.0, 40.0, 56.0, 80.0),
    "descent": (2.0, 4.0, 8.0, 12.0, 16.0),
    "descent, cross-entropy": (0.5, 1.0, 2.0, 4.0),
}
"""Learning rates that are tried."""


class Hybrid(BackPropagationNetwork):
    """A network whose U and its biases learn by one rule and whose W and its by another."""

    learning_rule = RECIRCULATION
    upper, lower = "equation 3", "equation 4"  # keys of `UPPER_RATES` and `LOWER_RATES`

    @property
    def numbers(self) -> dict[str, float]:  # type: ignore[override]
        """Numbers of the protocol but for the learning rates."""
        return {name: x for name, x in super().numbers.items() if not name.endswith("_rate")}

    @property
    def fixed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The learning rates of each network, that of U first."""
        return {"visible_rate": (), "hidden_rate": ()}

    def weight_changes(self, v0: Any) -> Any:  # type: ignore[override]
        """Return the changes of each half by its own rule."""
        found = RecirculationNetwork.weight_changes(self, v0)
        for rule, names in ((self.lower, "Wb"), (self.upper, "Uc")):
            if rule.startswith("descent"):
                error: MinimisedError = "squared" if rule == "descent" else "cross-entropy"
                descent = self.descend(v0, error)._asdict()
                found = found._replace(**{name: descent[name] for name in names})
        return found


def train_hybrid(upper: str, lower: str, protocol: Protocol, *columns: Array) -> Outcome:
    """Train hybrids of two rules, from weights and two learning rates, (n, 2), of each network."""
    rule = type("Hybrid", (Hybrid,), {"upper": upper, "lower": lower})
    return simulate_weights(protocol, np.hstack(columns), network=rule)[:2]


def compare_hybrids(protocol: Protocol, sample: Sample, *, search: Sample) -> list[Model]:
    """Return how fast each pair of rules is at its best pair of rates, of those tried.

    The best have the smallest mean of updates on other networks, failures at the cap.
    """
    short = dataclasses.replace(protocol, max_updates=min(MAX_UPDATES, protocol.max_updates))
    searched, judged = search.others.draw(protocol), sample.draw(protocol)

    def compare(rules: tuple[str, str]) -> Model:
        pairs = np.array(list(itertools.product(UPPER_RATES[rules[0]], LOWER_RATES[rules[1]])))
        many, rates = np.tile(searched, (len(pairs), 1)), np.repeat(pairs, search.n, axis=0)
        updates, _ = train_hybrid(*rules, short, many, rates)
        best = pairs[np.argmin(updates.reshape(len(pairs), search.n).sum(axis=1))]
        rates = np.tile(best, (sample.n, 1))
        updates, converged = train_hybrid(*rules, protocol, judged, rates)
        return {
            "upper": rules[0], "lower": rules[1], "median": float(np.median(updates)),
            "converged": estimate_share(converged),
        }  # fmt: skip

    return list(sample.map(compare, itertools.product(UPPER_RATES, LOWER_RATES)).values())
