"""The hierarchy of closed loops of pages 365 and 366: what it encodes, keeps and completes."""

import dataclasses
import itertools
from typing import NamedTuple

from replication.definition.protocol import PAPER
from replication.experiments.hierarchy.examination import (
    Examined,
    compare_splits,
    describe,
    examine,
)
from replication.experiments.hierarchy.modules import Modules, attach, draw_modules, make_rule
from replication.experiments.hierarchy.vectors import count_vectors, draw_noise, draw_vectors
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample
from replication.paper.claims import load_claims

UPDATES = 500
N_SEARCH = 200  # networks for each pair of rates in the search
RANDOM_FACTOR = 5  # so many times as many networks learn random vectors, each its own set

LOWER_RATES = (2.5, 5.0, 10.0, 20.0)
TOP_RATES = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a hierarchy is built and trained; as in the paper, unless given."""

    lower_hidden: int = 2
    top_hidden: int = 2
    starts_alike: bool = False  # whether both lower modules start from the same weights
    trains_top: bool = True


CHANGED = {
    "same_start": Build(starts_alike=True),
    "untrained_top": Build(trains_top=False),
    "wider_lower": Build(lower_hidden=3),
    "wider_top": Build(top_hidden=3),
    "wider": Build(lower_hidden=3, top_hidden=3),
}
"""Conditions in which a hierarchy that is built in another way learns the vectors "four".

Any other condition has the name of its vectors.
"""
CONDITIONS = ("random", "four", "three", "two", "bits", *CHANGED)
SEARCHED = ("random", "four", "three", "bits")
"""Conditions whose learning rates are searched."""


class Rates(NamedTuple):
    """Learning rates of a hierarchy."""

    lower: float  # of both lower modules
    top: float


def run(sample: Sample) -> Model:
    """Return the model of the experiment."""
    # Learning rates are searched first, on networks by which no condition is judged.
    few = sample.first(N_SEARCH)
    searched = {name: search_rates(name, few) for name in SEARCHED}
    rates = {name: searched[find_searched(name)] for name in CONDITIONS}

    def simulate(name: str) -> Examined:
        return simulate_condition(name, rates[name], sample)

    outcomes = sample.map(simulate, CONDITIONS)
    described = {}
    for name, rates_of_condition in rates.items():
        described[name] = {
            **describe(outcomes[name]),
            "lower_rate": rates_of_condition.lower,
            "top_rate": rates_of_condition.top,
        }
    # Random sets that can be completed, as a condition: with other sets no network can succeed.
    fair = outcomes["random"].select(outcomes["random"].can)
    described["completable"] = described["random"] | describe(fair)
    judged = {**outcomes, "completable": fair}
    operationalisations = load_claims()["hierarchy"].operationalisations
    measured = {each.id: judged[each.id].all for each in operationalisations}
    return {
        "conditions": described,
        "splits": compare_splits(outcomes["four"]),
        "claims": {"hierarchy": judge("hierarchy", measured)},
    }


def find_searched(name: str) -> str:
    """Return the condition whose search gives the learning rates of a condition.

    That is the condition itself, or the one that is most like it.
    """
    if name in CHANGED:
        return "four"
    if name == "two":
        return "three"
    return name


def search_rates(name: str, sample: Sample) -> Rates:
    """Return the rates with which most networks do all that is asked; of ties, the first.

    The search has other networks than those that are judged.
    """
    others = sample.others

    def find_share(rates: Rates) -> float:
        return float(simulate_condition(name, rates, others).all.mean())

    tried = [Rates(*pair) for pair in itertools.product(LOWER_RATES, TOP_RATES)]
    shares = sample.map(find_share, tried)
    return max(shares, key=lambda rates: shares[rates])


def simulate_condition(name: str, rates: Rates, sample: Sample) -> Examined:
    """Train the networks of a condition, and return what they do."""
    if name == "random":
        sample = sample.take(RANDOM_FACTOR)
    rule = make_condition(name, rates)
    vectors = draw_vectors(find_vectors(name), sample)
    weights = draw_modules(rule, sample.root_seed, 0, sample.n)
    final = train_for(PAPER, attach(weights, vectors), UPDATES, network=rule)
    learnt = final[:, : weights.shape[1]]  # without the vectors that are shown
    return examine(rule, learnt, vectors, draw_noise(vectors, sample))


def make_condition(name: str, rates: Rates) -> type[Modules]:
    """Return the rule of a condition with these learning rates."""
    build = CHANGED.get(name, Build())
    numbers = {"lower_rate": rates.lower, "top_rate": rates.top}
    n_shown = count_vectors(find_vectors(name))
    return make_rule(Modules, n_shown=n_shown, numbers=numbers, **dataclasses.asdict(build))


def find_vectors(name: str) -> str:
    """Return the kind of vectors that the networks of a condition learn."""
    if name in CHANGED:
        return "four"
    return name
