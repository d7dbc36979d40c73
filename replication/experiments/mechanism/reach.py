"""Learning rules on other inputs, each at its own best learning rate."""

import dataclasses
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

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

FEEDBACK_SEED = 2013  # of the fixed weights of feedback alignment

# The search has two parts. The first part tries some learning rates with few networks, and goes on
# beyond the lowest or the highest rate as long as that is the best. The second part tries factors
# on the best rate with more networks.
N_FIRST = 4  # rates with which the search begins
LOWEST = 2.5  # the lowest of these, before it is divided by 1 - lambda and by the curvature
STEP = math.sqrt(10.0)  # factor from one rate to the next
MOST_RATES = 14  # rates that the first part may try
FEW_SHARE = 0.25  # networks in the first part, as a share of those in the second
MIN_FEW = 8  # but never fewer
FINE = (0.5, 0.7, 1.0, 1.4, 2.0)  # factors of the second part
RULES: Mapping[str, dict[str, Any]] = {
    "recirculation": {},
    "back-propagation": {"learning_rule": BACK_PROPAGATION},
    "back-propagation, cross-entropy": CROSS_ENTROPY,
}
"""The rules that are compared, by the fields in which their protocols differ from the task's."""

OwnRule = type[Network] | None  # a rule of one's own, if there is one


class Tried(NamedTuple):
    """How networks learn at a learning rate; the smaller, the better."""

    mean: float  # of updates, failures at the cap
    least_error: float  # 0 if any network converges, infinite if all diverge


Rates = dict[float, Tried]  # by learning rate


class Trained(NamedTuple):
    """How networks learnt."""

    updates: Counts  # (n,)
    converged: Flags  # (n,)
    least_error: float  # with which a network ended; 0 if one converged, infinite if all diverged


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Contestant:
    """A learning rule on a task: that of the protocol, or `network`."""

    protocol: Protocol
    network: OwnRule = None

    def enter(self, rate: float) -> tuple[Protocol, OwnRule]:
        """Return the protocol and the rule that `simulate_weights` takes, at a learning rate."""
        rule = self.network
        if rule is None or rule.takes_protocol:
            return dataclasses.replace(self.protocol, learning_rate=rate), rule
        # A rule that knows no protocol has its learning rate among its numbers.
        numbers = {**rule.numbers, "rate": rate}
        return self.protocol, type(rule.__name__, (rule,), {"numbers": numbers})

    def draw(self, sample: Sample) -> Array:
        """Draw the initial weights of networks, with those that never change."""
        if self.network is FeedbackAlignmentNetwork:
            return np.hstack([sample.draw(self.protocol), draw_feedback(self.protocol, sample.n)])
        rule = Rule(find_network(self.protocol, self.network), self.protocol)
        return rule.draw(sample.root_seed, 0, sample.n)

    def train(self, weights: Array, rate: float, *, jobs: int = 1) -> Trained:
        """Train networks from what `draw` returns, at a learning rate."""
        protocol, network = self.enter(rate)
        updates, converged, final = simulate_weights(protocol, weights, network=network, jobs=jobs)
        if converged.any():
            return Trained(updates, converged, 0.0)
        errors = Engine(protocol, network).evaluate(final).error
        least = np.nan_to_num(errors, nan=np.inf).min()
        return Trained(updates, converged, float(least))

    def try_rates(self, weights: Array, rates: Iterable[float], sample: Sample) -> Rates:
        """Train the same networks at each learning rate, rounded to three digits."""

        def try_rate(rate: float) -> Tried:
            updates, _, least_error = self.train(weights, rate)
            return Tried(float(updates.mean()), least_error)

        return sample.map(try_rate, [float(f"{rate:.3g}") for rate in rates])

    def search(self, weights: Array, lowest: float, sample: Sample) -> Rates:
        """Try `N_FIRST` learning rates, and more as long as the lowest or highest is the best."""
        first = [lowest * STEP**i for i in range(N_FIRST)]
        rates = self.try_rates(weights, first, sample)
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


def list_contestants(protocol: Protocol, own: OwnRule = None) -> dict[str, Contestant]:
    """Return the rules that are compared, by name."""
    rules = {}
    for name, fields in RULES.items():
        # With linear units, descent in the cross-entropy is that in the squared error.
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
    """Return a rule of one's own as a contestant.

    If it knows no protocol, its learning rate is ``numbers["rate"]``.
    """
    if own.takes_protocol:
        return Contestant(protocol, own)
    if "rate" not in own.numbers:
        raise UsageError(
            f"{own.__name__}.numbers = {show(dict(own.numbers))} was given; mechanism searches "
            'its "rate": write numbers = {"rate": 1.0}, and self.rate where changes are made'
        )
    # Of the protocol, such a rule takes only some fields.
    asked = {name: getattr(protocol, name) for name in sorted(OF_ANY_RULE)}
    return Contestant(Protocol(**asked), own)


def draw_feedback(protocol: Protocol, n_networks: int) -> Array:
    """Draw the fixed weights that carry errors to hidden units, a row for each network.

    Lillicrap, Cownden, Tweed & Akerman (2016), Nature Communications 7, 13276.
    """
    generator = np.random.Generator(np.random.Philox(key=FEEDBACK_SEED))
    drawn = generator.random((n_networks, math.prod(protocol.group_sizes)))
    return protocol.half_width * (2.0 * drawn - 1.0)


def measure_curvature(protocol: Protocol) -> float:
    """Return the largest eigenvalue of ``X^T X``: X has the patterns as rows, and a 1 for the bias.

    Descent is stable at learning rates up to some multiple of its inverse, so it says where to
    search. It is 5 for the paper's four patterns, and thousands for hundreds of large patterns.
    """
    patterns = make_patterns(protocol)
    extended = np.hstack([patterns, np.ones((len(patterns), 1))])
    return float(np.linalg.norm(extended, ord=2) ** 2)


def find_best(rates: Rates) -> float:
    """Return the rate with the fewest updates on average; of ties, the least error, then rate."""

    def rank(rate: float) -> tuple[float, float, float]:
        tried = rates[rate]
        return tried.mean, tried.least_error, rate

    return min(rates, key=rank)


def has_learnt(rules: Mapping[str, Any]) -> bool:
    """Return whether any network of any rule converged in the search."""
    return any(row["least_error"] == 0.0 for row in rules.values())


def compare_rules(
    protocol: Protocol, sample: Sample, *, search: Sample, own: OwnRule = None
) -> Model:
    """Return how fast each rule learns a task at its best rate; failures count as the cap.

    Rates are searched on other networks than those that are judged. If no network converges in any
    rule, the second part of the search is left out, and only `MIN_FEW` networks are judged.

    Returns
    -------
    dict
        By the name of each rule. ``rate`` is the best one; ``tried`` are the lowest and the highest
        that the first part tried; ``at_edge`` says whether one of these was the best.
        ``least_error`` is the smallest error with which a network ended in that part: 0 if one
        converged, None if all diverged. The rest is what `measure_speed` returns.
    """
    rules = list_contestants(protocol, own)
    search_sample = search.others
    weights = {name: rule.draw(search_sample) for name, rule in rules.items()}
    lowest = LOWEST / (1.0 - protocol.regression) / measure_curvature(protocol)
    compared: dict[str, Model] = {}
    for name, rule in rules.items():
        search.report_progress(f"finding the best learning rate of {name}")
        compared[name] = search_coarsely(rule, weights[name], lowest, search_sample)
    is_learnable = has_learnt(compared)
    judged = sample if is_learnable else dataclasses.replace(sample, n=MIN_FEW)
    for name, row in compared.items():
        rule = rules[name]
        if is_learnable:
            fine = [row["rate"] * factor for factor in FINE]
            row["rate"] = find_best(rule.try_rates(weights[name], fine, search_sample))
        row.update(measure_speed(rule, row["rate"], judged))
    return compared


def search_coarsely(rule: Contestant, weights: Array, lowest: float, sample: Sample) -> Model:
    """Return the best learning rate of the search's first part, and which rates it tried."""
    n_few = sample.take(FEW_SHARE, least=MIN_FEW).n
    rates = rule.search(weights[:n_few], lowest, sample)
    best = find_best(rates)
    ends = [min(rates), max(rates)]
    least = min(tried.least_error for tried in rates.values())
    return {
        "rate": best,
        "tried": ends,
        "at_edge": best in ends,
        "least_error": least if math.isfinite(least) else None,
    }


def measure_speed(rule: Contestant, rate: float, sample: Sample) -> Model:
    """Return how many networks of a rule learn at a rate, and how fast."""
    drawn = rule.draw(sample)
    updates, converged, _ = rule.train(drawn, rate, jobs=sample.jobs)
    return {
        "converged": estimate_share(converged),
        "median": float(np.median(updates)),
        "mean": float(updates.mean()),
    }
