"""Random bits: what the part of equation 4 does that all patterns have in common.

The sum over P patterns of ``v(2) [h(1) - h(3)]`` is that of deviations from both means, plus
``P mean(v(2)) mean(h(1) - h(3))``: the change of the hidden bias, times the mean of v(2). Each
hidden input is moved by it as by the bias, but ``mean(v(2)) v`` times as far: a second bias, and
with several units on a larger one. Beyond `find_critical_rate` the outputs jump, and so do both.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments import Model
from replication.experiments.growth import find_critical_rate
from replication.experiments.interventions import INTERVENTIONS, train_changed
from replication.experiments.matrices import Array
from replication.experiments.recording import find_fastest
from replication.experiments.sample import Sample, list_protocols, name_range
from replication.simulator.ensemble import simulate_weights
from replication.simulator.network import Shape
from replication.simulator.recirculation import RecirculationNetwork

RATES = (6.0, 8.0, 11.0, 16.0)  # tried without the common part
MAX_UPDATES = 400  # in searches
PART = 0.1  # the first changes of W: this part of the median number of updates


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
        critical, weights = find_critical_rate(protocol), sample.draw(protocol)
        slow = dataclasses.replace(protocol, learning_rate=critical / 2)
        # The best rate without the common part, on other networks.
        tried = list_protocols(protocol, {"learning_rate": RATES, "max_updates": [MAX_UPDATES]})
        rate = find_fastest(tried, search.others.draw(protocol), Apart).learning_rate
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
    dropped = INTERVENTIONS["dropped"]
    updates, _ = train_changed(protocol, weights, dropped, n_first=n_first, network=network)
    return float(np.median(updates.astype(np.int64) - base)) / n_first
