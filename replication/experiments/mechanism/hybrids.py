"""Which half makes recirculation fast: U by one rule and W by another, each at its best rates."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from replication.definition.protocol import PAPER, RECIRCULATION
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample, estimate_share
from replication.simulator.rule.recirculation import BackPropagationNetwork, RecirculationNetwork
from replication.simulator.running.ensemble import simulate_weights

MAX_UPDATES = 400  # in searches
UPPER_RATES: Mapping[str, Sequence[float]] = {
    "equation 3": (7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 56.0),
    "descent": (5.0, 7.0, 10.0, 14.0, 20.0),
}
LOWER_RATES: Mapping[str, Sequence[float]] = {
    "equation 4": (10.0, 14.0, 20.0, 28.0, 40.0, 56.0, 80.0),
    "descent": (2.0, 4.0, 8.0, 12.0, 16.0),
    "descent, cross-entropy": (0.5, 1.0, 2.0, 4.0),
}
"""Learning rates that are tried: factors of a rate of 1."""
ERRORS: Any = {"descent": "squared", "descent, cross-entropy": "cross-entropy"}
"""What rules descend in that are not equations of the paper."""


class Hybrid(BackPropagationNetwork):
    """A network whose U and its biases learn by one rule and whose W and its by another."""

    learning_rule = RECIRCULATION
    # keys of `UPPER_RATES` and `LOWER_RATES`
    upper = "equation 3"
    lower = "equation 4"

    def weight_changes(self, v0: Any) -> Any:
        """Return the changes of each half by its own rule."""
        found = RecirculationNetwork.weight_changes(self, v0)
        for rule, names in ((self.lower, "Wb"), (self.upper, "Uc")):
            if rule in ERRORS:
                descent = self.descend(v0, ERRORS[rule])._asdict()
                found = found._replace(**{name: descent[name] for name in names})
        return found


def compare_hybrids(sample: Sample, *, search: Sample) -> list[Model]:
    """Return how fast each pair of rules is at its best pair of rates, of those tried.

    The best have the smallest mean of updates on other networks, failures at the cap.
    """
    judged = sample.draw(PAPER)

    def compare(rules: tuple[str, str]) -> Model:
        upper, lower = rules
        rule = type("Hybrid", (Hybrid,), {"upper": upper, "lower": lower})
        # The fastest rates on some networks; what is printed comes from others.
        grid = {
            "hidden_to_visible_factor": UPPER_RATES[upper],
            "learning_rate": [1.0],
            "visible_to_hidden_factor": LOWER_RATES[lower],
            "max_updates": [MAX_UPDATES],
        }
        best = search.alone.find_best(PAPER, grid, rule)
        best = dataclasses.replace(best, max_updates=PAPER.max_updates)
        updates, converged, _ = simulate_weights(best, judged, network=rule)
        return {
            "upper": upper,
            "lower": lower,
            "median": float(np.median(updates)),
            "converged": estimate_share(converged),
        }

    return list(sample.map(compare, itertools.product(UPPER_RATES, LOWER_RATES)).values())
