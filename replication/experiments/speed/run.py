"""Speed: recirculation against back-propagation, each at its own best settings."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from replication.definition.protocol import BACK_PROPAGATION, PAPER, Protocol
from replication.experiments.instruments.judging import judge, supports_if
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import (
    CROSS_ENTROPY,
    Grid,
    Sample,
    lies_inside,
    name_estimate,
    name_median,
)
from replication.paper.claims import load_claims
from replication.simulator.running.outcomes import Outcomes
from replication.statistics.intervals import Estimate, estimate_mean, estimate_ratios

FEWEST = 6  # the fewest networks whose median has an interval
# Numbers of networks, as shares of all, but never fewer than `FEWEST`.
SEARCH_SHARE = 0.1  # at each setting of a search
RATES_SHARE = 0.25  # at each learning rate that is judged
LARGE_SHARE = 0.025  # larger encoders
DIGITS_SHARE = 0.0012  # networks that learn digits

RULES: dict[str, Protocol] = {
    "recirculation": PAPER,
    "squared": Protocol(learning_rule=BACK_PROPAGATION),
    "cross-entropy": Protocol(**CROSS_ENTROPY),
    # Back-propagation of the cross-entropy, with the changes of W slowed to a quarter.
    "slowed": Protocol(**CROSS_ENTROPY, visible_to_hidden_factor=0.25),
    # Recirculation without equation 6.
    "no-hidden-regression": Protocol(hidden_regression=False),
}
THEIRS = ("squared", "cross-entropy")  # the rules that recirculation is compared with
COMMON_RATES = (*(0.5 * step for step in range(8, 24)), *map(float, range(12, 23)), 24.0, 26.0)
SEARCHED_RATES = {
    "recirculation": COMMON_RATES,
    "squared": COMMON_RATES,
    "cross-entropy": tuple(0.25 * step for step in range(3, 17)),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SpeedTask:
    """A task that networks learn, and the settings that are tried on it."""

    fields: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Fields of the protocol in which the task differs from the rule's protocol."""
    share: float = 1.0
    """The share of all networks that learn the task at the best settings."""
    momenta: Sequence[float] = ()
    """Momenta that are tried with each learning rate; empty if momentum is not searched."""
    rates: Mapping[str, Sequence[float]]
    """Learning rates that are tried, by rule."""


DIGITS: dict[str, Any] = {
    "group_sizes": (64, 16),
    "patterns": "digits",
    "n_images": 200,
    "criterion": "unexplained-variance",
    "threshold": 0.2,
}
TASKS: dict[str, SpeedTask] = {
    "": SpeedTask(
        rates={**SEARCHED_RATES, "no-hidden-regression": (*map(float, range(2, 11)), 12.0)},
    ),
    "-momentum": SpeedTask(
        momenta=(0.6, 0.7, 0.75, 0.8, 0.85),
        rates={
            "recirculation": (8.0, 9.0, 10.0, 11.0, 12.0, 13.0),
            "squared": (2.0, 2.5, 3.0, 3.5, 4.0, 4.5),
            "cross-entropy": (0.6, 0.8, 1.0, 1.2, 1.5, 2.0),
        },
    ),
    "-8-3-8": SpeedTask(
        fields={"group_sizes": (8, 3)},
        share=LARGE_SHARE,
        rates={
            "recirculation": (6.0, 8.0, 10.0, 12.0, 14.0, 17.0),
            "squared": (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0),
        },
    ),
    "-16-4-16": SpeedTask(
        fields={"group_sizes": (16, 4), "max_updates": 8_000},
        share=LARGE_SHARE,
        rates={
            "recirculation": (8.0, 9.0, 10.0, 11.0, 12.0, 13.0),
            "squared": (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2),
        },
    ),
    "-digits": SpeedTask(
        fields=DIGITS,
        share=DIGITS_SHARE,
        rates={
            "recirculation": (0.025, 0.03, 0.0375),
            "squared": (0.018, 0.025, 0.0325),
            "cross-entropy": (0.004, 0.0055, 0.0075),
            "slowed": (0.0085, 0.011, 0.014, 0.018),
        },
    ),
    "-centred-digits": SpeedTask(
        fields={**DIGITS, "centred": True},
        share=DIGITS_SHARE,
        rates={
            "recirculation": (0.0375, 0.045, 0.055),
            "squared": (0.05, 0.065, 0.085, 0.11),
            "cross-entropy": (0.01, 0.014, 0.018),
            "slowed": (0.015, 0.02, 0.025),
        },
    ),
}
"""Tasks by the suffix that they add to the name of a rule; the paper's task adds none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Factored:
    """A rule in which a factor on the changes of W is searched."""

    rule: str
    factors: Sequence[float]
    ends: tuple[float, float]
    """The first and the last learning rate, before both are divided by the root of the factor."""


FACTORS: Mapping[str, Factored] = {
    "recirculation": Factored("recirculation", (1.0 / (1.0 - PAPER.regression),), (9.0, 36.0)),
    "squared-searched": Factored("squared", (0.35, 0.5, 0.7, 0.85), (5.0, 14.0)),
    "squared-0.25": Factored("squared", (0.25,), (5.0, 14.0)),
    "cross-entropy-0.25": Factored("cross-entropy", (0.25,), (0.75, 3.5)),
}
"""By the names of measurements in the ledger. For recirculation the factor is the 1 / (1 - lambda)
of equation (9), without which W changes more slowly. For back-propagation a factor of 1 - lambda
slows W by as much."""
N_FACTOR_RATES = 12  # learning rates that are tried with each factor
PRINTED = ("squared-mean", "cross-entropy-mean", "squared-momentum-mean", "squared-momentum-median")
"""Ratios of updates that the chapter prints."""


@dataclasses.dataclass(frozen=True, slots=True)
class Search:
    """A search: a protocol, and the values of some of its fields that are tried."""

    base: Protocol
    grid: Grid
    share: float  # the share of all networks that are simulated at the best settings


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """The best settings of a search, and the outcomes of networks with them."""

    best: Protocol
    outcomes: Outcomes


def run(sample: Sample) -> Model:
    """Return the model of speed at the paper's settings and at the best ones of all rules."""
    sample.report_progress("best learning rates of all rules, momenta, factors and tasks")
    searches = list_searches()
    n_search = sample.take(SEARCH_SHARE, least=FEWEST).n

    def find(name: str) -> SearchResult:
        search = searches[name]
        taken = sample.alone.take(search.share, least=FEWEST)
        best = taken.first(n_search).find_best(search.base, search.grid)
        return SearchResult(best, taken.simulate(best))

    # All searches side by side, then what needs no search.
    results = sample.map(find, searches)
    outcomes = {name: result.outcomes for name, result in results.items()}
    outcomes["no-hidden-regression-at-paper-rate"] = sample.simulate(RULES["no-hidden-regression"])
    sample.report_progress("updates at every learning rate")
    few = sample.take(RATES_SHARE, least=FEWEST)
    good = {}
    for rule, rates in SEARCHED_RATES.items():
        good[rule] = find_good_rates(results[rule].best, rates, few)
    ratios = compare_rules(outcomes)
    comparable = load_claims()["comparable"].operationalisations
    return {
        "inside": {
            name: lies_inside(result.best, searches[name].grid) for name, result in results.items()
        },
        "best_factor": results["squared-searched-changed"].best.visible_to_hidden_factor,
        "ratios": {name: name_estimate("times", ratios[name]) for name in PRINTED},
        "tasks": describe_tasks(outcomes),
        "claims": {
            "rapid": judge_rapid(outcomes),
            "comparable": judge("comparable", {each.id: ratios[each.id] for each in comparable}),
            "best-rates": judge_best_rates(good),
            "hidden-regression": judge_hidden_regression(outcomes),
            "slower-half": judge("slower-half", compare_factors(outcomes)),
        },
    }


def list_searches() -> dict[str, Search]:
    """Return all searches by name: a rule and its task, or one of `FACTORS` and ``-changed``."""
    from scipy import stats  # here, as it takes long to import

    searches: dict[str, Search] = {}
    for suffix, task in TASKS.items():
        for rule, rates in task.rates.items():
            base = dataclasses.replace(RULES[rule], **task.fields)
            grid: dict[str, Sequence[float]] = {"learning_rate": rates}
            if task.momenta:
                grid["momentum"] = task.momenta
            searches[rule + suffix] = Search(base, grid, task.share)
    for name, factored in FACTORS.items():
        # Spaced evenly on a logarithmic scale; where W changes faster, the best rate is lower.
        divisor = stats.gmean(factored.factors) ** 0.5
        spaced = np.geomspace(*factored.ends, N_FACTOR_RATES) / divisor
        rounded = [float(f"{rate:.3g}") for rate in spaced]
        grid = {"visible_to_hidden_factor": factored.factors, "learning_rate": rounded}
        searches[f"{name}-changed"] = Search(RULES[factored.rule], grid, 1.0)
    return searches


def compare_rules(outcomes: Mapping[str, Outcomes]) -> dict[str, Estimate]:
    """Return the updates of back-propagation over those of recirculation, mean and median."""
    ratios: dict[str, Estimate] = {}
    for task in TASKS:
        ours = outcomes["recirculation" + task]
        for rule in THEIRS:
            name = rule + task
            if name in outcomes:
                pair = estimate_ratios(outcomes[name].updates, ours.updates)
                ratios[f"{name}-mean"] = pair["mean"]
                ratios[f"{name}-median"] = pair["median"]
    return ratios


def compare_factors(outcomes: Mapping[str, Outcomes]) -> dict[str, Estimate]:
    """Return how many more updates networks take with a factor on the changes of W, on average.

    Each network is compared with itself without the factor.
    """
    costs = {}
    for name, factored in FACTORS.items():
        changed = outcomes[f"{name}-changed"].updates
        unchanged = outcomes[factored.rule].updates
        costs[name] = estimate_mean(changed - unchanged)
    return costs


def describe_tasks(outcomes: Mapping[str, Outcomes]) -> Model:
    """Return the median updates of each rule on the tasks with other patterns than the paper's."""
    described = {}
    for suffix, task in TASKS.items():
        if "patterns" in task.fields:
            name = suffix.removeprefix("-")
            described[name] = {
                rule: name_median(outcomes[rule + suffix].updates) for rule in task.rates
            }
    return described


def find_good_rates(protocol: Protocol, rates: Sequence[float], sample: Sample) -> list[float]:
    """Return the learning rates that are not measurably slower than the protocol's own."""
    best = sample.simulate(protocol).updates
    good = []
    for rate in rates:
        updates = sample.simulate(dataclasses.replace(protocol, learning_rate=rate)).updates
        # The mean cost, network by network. A rate is good if its interval reaches 0, or if there
        # is none.
        lowest_cost = estimate_mean(updates - best).low
        if lowest_cost is None or lowest_cost <= 0.0:
            good.append(rate)
    return good


def judge_rapid(outcomes: Mapping[str, Outcomes]) -> Model:
    """Judge whether simple networks usually converge rapidly."""
    larger = outcomes["recirculation-8-3-8"]
    largest = outcomes["recirculation-16-4-16"]
    asked = {"larger-202": larger, "largest-202": largest, "larger-48": larger}
    are_rapid = {}
    for name, networks in asked.items():
        most = load_claims()["rapid"].find(name).thresholds["updates"]
        are_rapid[name] = networks.converged & (networks.updates <= most)
    return judge("rapid", are_rapid)


def judge_best_rates(good: Mapping[str, Sequence[float]]) -> Model:
    """Judge whether the good rates of recirculation and of back-propagation lie apart.

    The rates of recirculation are compared as they are, and as effective rates: by equation 5, U
    changes as in steepest descent at a rate of epsilon (1 - lambda).
    """
    ours = good["recirculation"]
    results = {}
    for name in THEIRS:
        theirs = good[name]
        for suffix, factor in (("", 1.0), ("-effective", 1.0 - PAPER.regression)):
            least = factor * min(ours)
            most = factor * max(ours)
            are_apart = max(theirs) < least or most < min(theirs)
            results[name + suffix] = supports_if(are_apart)
    return judge("best-rates", results)


def judge_hidden_regression(outcomes: Mapping[str, Outcomes]) -> Model:
    """Judge whether networks learn without regression of the hidden units."""
    best = outcomes["no-hidden-regression"]
    return judge(
        "hidden-regression",
        {
            "best-rate": best.converged,
            "paper-rate": outcomes["no-hidden-regression-at-paper-rate"].converged,
        },
    )
