"""How far it goes: other inputs, each rule at its own best learning rate."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.errors import UsageError
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import (
    CROSS_ENTROPY,
    Sample,
    estimate_share,
)
from replication.simulator.rule.network import OF_ANY_RULE, Network, Rule
from replication.simulator.rule.recirculation import FeedbackAlignmentNetwork, find_network
from replication.simulator.rule.weights import make_patterns
from replication.simulator.running.engine import Engine
from replication.simulator.running.ensemble import simulate_weights
from replication.wording import show

FEEDBACK_SEED = 2013

LOWEST = 2.5
STEP = math.sqrt(10.0)
N_FIRST = 4
MOST_RATES = 14
"""The search tries four learning rates, each `STEP` times the one before; the first is `LOWEST`
where 1 - lambda and the curvature are 1. It goes on beyond an end while that is the best, up to
`MOST_RATES` in all, and then tries the factors `FINE` on the best."""
FINE = (0.5, 0.7, 1.0, 1.4, 2.0)
FEW_SHARE = 0.25
MIN_FEW = 8
"""Networks in the first part of the search: a share of those in the second, and the fewest."""
RULES: Mapping[str, dict[str, Any]] = {
    "recirculation": {},
    "back-propagation": {"learning_rule": BACK_PROPAGATION},
    "back-propagation, cross-entropy": CROSS_ENTROPY,
}

Own = type[Network] | None  # a rule of one's own, if there is one
Rates = dict[float, tuple[float, float]]
"""By learning rate the mean of updates, failures at the cap, and the smallest error at the end,
which decides where no network converges, else 0."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """A learning rule on a task; `network` if it is not the one of the protocol."""

    protocol: Protocol
    network: Own = None

    def enter(self, rate: float) -> tuple[Protocol, Own]:
        """Return what `simulate_weights` takes, at a learning rate."""
        rule = self.network
        if rule is None or rule.takes_protocol:
            return dataclasses.replace(self.protocol, learning_rate=rate), rule
        numbers = {**rule.numbers, "rate": rate}
        return self.protocol, type(rule.__name__, (rule,), {"numbers": numbers})

    def draw(self, sample: Sample) -> Array:
        """Draw the initial weights of networks, fixed ones included."""
        if self.network is FeedbackAlignmentNetwork:
            return np.hstack([sample.draw(self.protocol), draw_feedback(self.protocol, sample.n)])
        rule = Rule(find_network(self.protocol, self.network), self.protocol)
        return rule.draw(sample.root_seed, 0, sample.n)

    def train(self, weights: Array, rate: float, *, jobs: int = 1) -> tuple[Counts, Flags, float]:
        """Train networks, from what `draw` returns: updates, whether they converged, and an error.

        The smallest at the end: 0 if a network has converged, infinite if all have diverged.
        """
        protocol, network = self.enter(rate)
        updates, converged, final = simulate_weights(protocol, weights, network=network, jobs=jobs)
        if converged.any():
            return updates, converged, 0.0
        errors = Engine(protocol, network).evaluate(final).error
        return updates, converged, float(np.nan_to_num(errors, nan=np.inf).min())

    def try_rates(self, weights: Array, rates: Iterable[float], sample: Sample) -> Rates:
        """Train the same networks at each learning rate, rounded to three digits."""

        def try_one(rate: float) -> tuple[float, float]:
            updates, _, error = self.train(weights, rate)
            return float(updates.mean()), error

        return sample.map(try_one, [float(f"{rate:.3g}") for rate in rates])

    def search(self, weights: Array, lowest: float, sample: Sample) -> Rates:
        """Try `N_FIRST` learning rates, and more as long as the lowest or highest is the best."""
        rates = self.try_rates(weights, [lowest * STEP**i for i in range(N_FIRST)], sample)
        while len(rates) < MOST_RATES:
            best = find_best(rates)
            if best == min(rates):
                beyond = best / STEP
            elif best == max(rates):
                beyond = best * STEP
            else:
                break
            rates |= self.try_rates(weights, [beyond], sample)
        return rates


def list_contestants(protocol: Protocol, own: Own = None) -> dict[str, Contestant]:
    """Return the rules that are compared, by name; of linear units not the same one twice."""
    rules = {}
    for name, fields in RULES.items():
        # Of linear units the descent in both errors is the same.
        if protocol.visible_units == "logistic" or "minimised_error" not in fields:
            rules[name] = Contestant(dataclasses.replace(protocol, **fields))
    # Feedback alignment descends in the cross-entropy; of linear units that is the squared error.
    if protocol.visible_units == "logistic":
        descent = rules["back-propagation, cross-entropy"]
    else:
        descent = rules["back-propagation"]
    rules["feedback alignment"] = Contestant(descent.protocol, FeedbackAlignmentNetwork)
    if own is not None:
        rules[own.__name__] = admit(own, protocol)
    return rules


def admit(own: type[Network], protocol: Protocol) -> Contestant:
    """Return a rule of one's own; if it knows no protocol, its rate is ``numbers["rate"]``."""
    if own.takes_protocol:
        return Contestant(protocol, own)
    if "rate" not in own.numbers:
        raise UsageError(
            f"{own.__name__}.numbers = {show(dict(own.numbers))} was given; mechanism searches "
            'its "rate": write numbers = {"rate": 1.0}, and self.rate where changes are made'
        )
    # A protocol that says only what a rule without one is asked for.
    asked = {name: getattr(protocol, name) for name in sorted(OF_ANY_RULE)}
    return Contestant(Protocol(**asked), own)


def draw_feedback(protocol: Protocol, n_networks: int) -> Array:
    """Draw the fixed weights by which errors reach hidden units, a row for each network.

    Lillicrap, Cownden, Tweed & Akerman (2016), Nature Communications 7, 13276.
    """
    generator = np.random.Generator(np.random.Philox(key=FEEDBACK_SEED))
    drawn = generator.random((n_networks, math.prod(protocol.group_sizes)))
    return protocol.half_width * (2.0 * drawn - 1.0)


def measure_curvature(protocol: Protocol) -> float:
    """Return the largest eigenvalue of the scatter of patterns about 0, a 1 for biases appended.

    Descent is stable at rates up to some multiple of its inverse, so it says where to search: it
    is 5 for the paper's four patterns, and thousands for hundreds of patterns of many units.
    """
    patterns = make_patterns(protocol)
    extended = np.hstack([patterns, np.ones((len(patterns), 1))])
    return float(np.linalg.norm(extended, ord=2) ** 2)


def find_best(rates: Rates) -> float:
    """Return the rate with the smallest mean of updates, or else error; of ties the lowest."""

    def rank(rate: float) -> tuple[float, float, float]:
        mean, error = rates[rate]
        return mean, error, rate

    return min(rates, key=rank)


def has_learnt(rules: Mapping[str, Any]) -> bool:
    """Return whether any network converged in the search, in any rule."""
    return any(row["least_error"] == 0.0 for row in rules.values())


def compare_rules(protocol: Protocol, sample: Sample, *, search: Sample, own: Own = None) -> Model:
    """Return how fast each rule learns a task at its best rate; failures count as the cap.

    ``tried`` are the lowest and the highest rate, ``at_edge`` says whether one of these was the
    best of `MOST_RATES`, ``least_error`` is the smallest that any network of the search ended
    with: 0 if one converged, None if all diverged. If none converges in any rule, `FINE` is left
    out, and only `MIN_FEW` networks are trained at the end.
    """
    rules = list_contestants(protocol, own)
    searched = search.others
    weights = {name: rule.draw(searched) for name, rule in rules.items()}
    lowest = LOWEST / (1.0 - protocol.regression) / measure_curvature(protocol)
    found: dict[str, Model] = {}
    for name, rule in rules.items():
        search.report_progress(f"finding the best learning rate of {name}")
        found[name] = search_coarsely(rule, weights[name], lowest, searched)
    # Then around the best rate, if there is one; and at the best of all, on the others.
    is_learnable = has_learnt(found)
    judged = sample if is_learnable else dataclasses.replace(sample, n=MIN_FEW)
    for name, row in found.items():
        rule = rules[name]
        if is_learnable:
            fine = [row["rate"] * factor for factor in FINE]
            row["rate"] = find_best(rule.try_rates(weights[name], fine, searched))
        row.update(measure_speed(rule, row["rate"], judged))
    return found


def search_coarsely(rule: Contestant, weights: Array, lowest: float, sample: Sample) -> Model:
    """Return the best learning rate of a rule for a few of the networks, and what was tried."""
    n_few = sample.take(FEW_SHARE, least=MIN_FEW).n
    rates = rule.search(weights[:n_few], lowest, sample)
    best = find_best(rates)
    ends = [min(rates), max(rates)]
    least = min(error for _, error in rates.values())
    return {
        "rate": best,
        "tried": ends,
        "at_edge": best in ends,
        "least_error": least if math.isfinite(least) else None,
    }


def measure_speed(rule: Contestant, rate: float, sample: Sample) -> Model:
    """Return how fast networks of a rule learn at a rate, and how many."""
    drawn = rule.draw(sample)
    updates, converged, _ = rule.train(drawn, rate, jobs=sample.jobs)
    return {
        "converged": estimate_share(converged),
        "median": float(np.median(updates)),
        "mean": float(updates.mean()),
    }
