"""Rules that are recirculation in part: W without what patterns have in common, and hybrids.

**The common part.** The sum over P patterns of ``v(2) [h(1) - h(3)]`` is that of deviations from
both means, plus ``P mean(v(2)) mean(h(1) - h(3))``: the change of the hidden bias, times the mean
of v(2). Each hidden input is moved by it as by the bias, but ``mean(v(2)) v`` times as far: a
second bias, and with several units on a larger one. Beyond `find_critical_rate` the outputs jump,
and so do both.

**Hybrids** say which half makes recirculation fast: U by one rule and W by another, each at its
best rates.
"""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from replication.definition.fields import MinimisedError
from replication.definition.protocol import PAPER, RECIRCULATION, Protocol
from replication.experiments import Model, growth, interventions
from replication.experiments.matrices import Array
from replication.experiments.sample import Sample, estimate_share, name_range
from replication.simulator.ensemble import simulate_weights
from replication.simulator.network import Shape
from replication.simulator.recirculation import BackPropagationNetwork, RecirculationNetwork

RATES = (6.0, 8.0, 11.0, 16.0)  # tried without the common part
PART = 0.1  # the first changes of W: this part of the median number of updates
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
"""Learning rates that are tried: factors of a rate of 1."""
ERRORS: dict[str, MinimisedError] = {
    "descent": "squared", "descent, cross-entropy": "cross-entropy",
}  # fmt: skip
"""What rules descend in that are not equations of the paper."""


class Apart(RecirculationNetwork):
    """A network whose W lacks the part of its changes that all patterns have in common."""

    @property
    def summed(self) -> dict[str, Shape]:  # type: ignore[override]
        """The visible states at time 2."""
        return {"seen": self.shapes["c"]}

    def weight_changes(self, v0: Any) -> Any:  # type: ignore[override]
        """Return the changes of recirculation, and the states that W is presented with."""
        changes = super().weight_changes(v0)._asdict()
        return changes | {"seen": self.regress(v0, self.image(v0))}

    def apply(self, changes: dict[str, Any]) -> None:
        """Take the product of both means from the change of W, once for each pattern."""
        common = np.outer(changes["b"], changes["seen"] / len(self.patterns))
        super().apply(changes | {"W": changes["W"] - common})


def compare_sets(tasks: Mapping[str, Protocol], sample: Sample, *, search: Sample) -> Model:
    """Return what a dropped change of W costs below the critical rate, and speed without the part.

    Each task has the best learning rate of recirculation; without the common part it is searched
    anew. ``slow_cost`` and ``cost_without``: extra updates by change dropped at half the critical
    rate, and at the best one without that part.
    """

    def compare(name: str) -> Model:
        protocol = tasks[name]
        critical, weights = growth.find_critical_rate(protocol), sample.draw(protocol)
        slow = dataclasses.replace(protocol, learning_rate=critical / 2)
        # The best rate without the common part, on other networks.
        grid = {"learning_rate": RATES, "max_updates": [MAX_UPDATES]}
        rate = search.alone.find_best(protocol, grid, Apart).learning_rate
        best = dataclasses.replace(protocol, learning_rate=rate)
        without, _, _ = simulate_weights(best, weights, network=Apart)
        return {
            "critical": critical, "rate": protocol.learning_rate, "rate_without": rate,
            "slow_cost": find_cost(slow, weights), "cost_without": find_cost(best, weights, Apart),
            "median": float(np.median(simulate_weights(protocol, weights)[0])),
            "median_without": float(np.median(without)),
        }  # fmt: skip

    rows = list(sample.map(compare, tasks).values())
    values = {name: [row[name] for row in rows] for name in rows[0]}
    return {"sets": rows} | {name: name_range(each) for name, each in values.items()}


def find_cost(
    protocol: Protocol, weights: Array, network: type[RecirculationNetwork] | None = None
) -> float:
    """Return the extra updates by change, in the median, if the first `PART` of W are dropped."""
    base, _, _ = simulate_weights(protocol, weights, network=network)
    n_first = max(1, round(PART * float(np.median(base))))
    dropped = interventions.INTERVENTIONS["dropped"]
    updates, _ = interventions.train_changed(
        protocol, weights, dropped, n_first=n_first, network=network
    )
    return float(np.median(updates.astype(np.int64) - base)) / n_first


class Hybrid(BackPropagationNetwork):
    """A network whose U and its biases learn by one rule and whose W and its by another."""

    learning_rule = RECIRCULATION
    upper, lower = "equation 3", "equation 4"  # keys of `UPPER_RATES` and `LOWER_RATES`

    def weight_changes(self, v0: Any) -> Any:  # type: ignore[override]
        """Return the changes of each half by its own rule."""
        found = RecirculationNetwork.weight_changes(self, v0)
        for rule, names in ((self.lower, "Wb"), (self.upper, "Uc")):
            if rule in ERRORS:
                descent = self.descend(v0, ERRORS[rule])._asdict()
                found = found._replace(**{name: descent[name] for name in names})
        return found


def make_hybrid(upper: str, lower: str) -> type[Hybrid]:
    """Return the class of networks of two rules."""
    return type("Hybrid", (Hybrid,), {"upper": upper, "lower": lower})


def compare_hybrids(sample: Sample, *, search: Sample) -> list[Model]:
    """Return how fast each pair of rules is at its best pair of rates, of those tried.

    The best have the smallest mean of updates on other networks, failures at the cap.
    """
    judged = sample.draw(PAPER)

    def compare(rules: tuple[str, str]) -> Model:
        (upper, lower), rule = rules, make_hybrid(*rules)
        # The fastest rates on some networks; what is printed comes from others.
        best = search.alone.find_best(PAPER, {
            "hidden_to_visible_factor": UPPER_RATES[upper], "learning_rate": [1.0],
            "visible_to_hidden_factor": LOWER_RATES[lower], "max_updates": [MAX_UPDATES],
        }, rule)  # fmt: skip
        best = dataclasses.replace(best, max_updates=PAPER.max_updates)
        updates, converged, _ = simulate_weights(best, judged, network=rule)
        return {
            "upper": upper, "lower": lower, "median": float(np.median(updates)),
            "converged": estimate_share(converged),
        }  # fmt: skip

    return list(sample.map(compare, itertools.product(UPPER_RATES, LOWER_RATES)).values())
