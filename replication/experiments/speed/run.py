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

FEWEST = 6  # networks whose median has an interval
SEARCH_SHARE = 0.1
RATES_SHARE = 0.25
LARGE_SHARE = 0.025
DIGITS_SHARE = 0.0012
"""Networks at each setting of a search, at each rate that is judged, of larger encoders, and on
digits, as shares of all networks, but never fewer than `FEWEST`."""

RULES: dict[str, Protocol] = {
    "recirculation": PAPER,
    "squared": Protocol(learning_rule=BACK_PROPAGATION),
    "cross-entropy": Protocol(**CROSS_ENTROPY),
    "slowed": Protocol(**CROSS_ENTROPY, visible_to_hidden_factor=0.25),
    "no-hidden-regression": Protocol(hidden_regression=False),
}
"""Recirculation, back-propagation of two errors, of the second with W slowed to a quarter, and
recirculation without equation 6."""
THEIRS = ("squared", "cross-entropy")
COMMON_RATES = (*(0.5 * step for step in range(8, 24)), *map(float, range(12, 23)), 24.0, 26.0)
SEARCHED_RATES = {
    "recirculation": COMMON_RATES,
    "squared": COMMON_RATES,
    "cross-entropy": tuple(0.25 * step for step in range(3, 17)),
}
DIGITS: dict[str, Any] = {
    "group_sizes": (64, 16),
    "patterns": "digits",
    "n_images": 200,
    "criterion": "unexplained-variance",
    "threshold": 0.2,
}
TASKS: dict[str, tuple[dict[str, Any], float, Grid, Mapping[str, Sequence[float]]]] = {
    "": ({}, 1.0, {}, SEARCHED_RATES | {"no-hidden-regression": (*map(float, range(2, 11)), 12.0)}),
    "-momentum": ({}, 1.0, {"momentum": (0.6, 0.7, 0.75, 0.8, 0.85)}, {
        "recirculation": (8.0, 9.0, 10.0, 11.0, 12.0, 13.0),
        "squared": (2.0, 2.5, 3.0, 3.5, 4.0, 4.5),
        "cross-entropy": (0.6, 0.8, 1.0, 1.2, 1.5, 2.0),
    }),
    "-8-3-8": ({"group_sizes": (8, 3)}, LARGE_SHARE, {}, {
        "recirculation": (6.0, 8.0, 10.0, 12.0, 14.0, 17.0),
        "squared": (2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 5.0),
    }),
    "-16-4-16": ({"group_sizes": (16, 4), "max_updates": 8_000}, LARGE_SHARE, {}, {
        "recirculation": (8.0, 9.0, 10.0, 11.0, 12.0, 13.0),
        "squared": (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2),
    }),
    "-digits": (DIGITS, DIGITS_SHARE, {}, {
        "recirculation": (0.025, 0.03, 0.0375), "squared": (0.018, 0.025, 0.0325),
        "cross-entropy": (0.004, 0.0055, 0.0075), "slowed": (0.0085, 0.011, 0.014, 0.018),
    }),
    "-centred-digits": (DIGITS | {"centred": True}, DIGITS_SHARE, {}, {
        "recirculation": (0.0375, 0.045, 0.055), "squared": (0.05, 0.065, 0.085, 0.11),
        "cross-entropy": (0.01, 0.014, 0.018), "slowed": (0.015, 0.02, 0.025),
    }),
}  # fmt: skip
"""Tasks by what is added to the names of rules: fields of the protocol, the share of the networks,
what is searched besides the learning rate, and the rates that are tried with each rule."""
FACTORS: Mapping[str, tuple[str, Sequence[float], tuple[float, float]]] = {
    "recirculation": ("recirculation", (1.0 / (1.0 - PAPER.regression),), (9.0, 36.0)),
    "squared-searched": ("squared", (0.35, 0.5, 0.7, 0.85), (5.0, 14.0)),
    "squared-0.25": ("squared", (0.25,), (5.0, 14.0)),
    "cross-entropy-0.25": ("cross-entropy", (0.25,), (0.75, 3.5)),
}
"""Rules by their names in the ledger, each with the factors on the changes of W that are tried, and
the first and the last rate, before these are divided by the root of the factors' geometric mean.
For back-propagation 1 - lambda is what leaving out 1 / (1 - lambda) is for recirculation."""
N_FACTOR_RATES = 12
PRINTED = ("squared-mean", "cross-entropy-mean", "squared-momentum-mean", "squared-momentum-median")
"""Ratios of updates that the chapter gives."""

Search = tuple[Protocol, Grid, float]
"""A protocol, the values that are tried, and the share of networks at the best ones."""


def run(sample: Sample) -> Model:
    """Return the model of speed at the paper's settings and at the best ones of all rules."""
    sample.report_progress("best learning rates of all rules, momenta, factors and tasks")
    searches = list_searches()
    n_search = sample.take(SEARCH_SHARE, least=FEWEST).n

    def find(name: str) -> tuple[Protocol, Outcomes]:
        base, grid, share = searches[name]
        taken = sample.alone.take(share, least=FEWEST)
        best = taken.first(n_search).find_best(base, grid)
        return best, taken.simulate(best)

    # All searches side by side, then what needs no search.
    found = sample.map(find, searches)
    outcomes = {name: at_best for name, (_, at_best) in found.items()}
    outcomes["no-hidden-regression-at-paper-rate"] = sample.simulate(RULES["no-hidden-regression"])
    sample.report_progress("updates at every learning rate")
    few = sample.take(RATES_SHARE, least=FEWEST)
    tried = SEARCHED_RATES
    good = {rule: find_good_rates(found[rule][0], tried[rule], few) for rule in tried}
    # What back-propagation takes as a multiple of what recirculation takes, and what a factor on
    # the changes of W costs or saves, network by network.
    ratios = compare_rules(outcomes)
    changes = {}
    for name, (rule, *_) in FACTORS.items():
        changes[name] = estimate_mean(outcomes[f"{name}-changed"].updates - outcomes[rule].updates)
    comparable = load_claims()["comparable"].operationalisations
    return {
        "inside": {name: lies_inside(best, searches[name][1]) for name, (best, _) in found.items()},
        "best_factor": found["squared-searched-changed"][0].visible_to_hidden_factor,
        "ratios": {name: name_estimate("times", ratios[name]) for name in PRINTED},
        "tasks": {
            task[1:]: {rule: name_median(outcomes[rule + task].updates) for rule in rates}
            for task, (fields, *_, rates) in TASKS.items()
            if "patterns" in fields
        },
        "claims": {
            "rapid": judge_rapid(outcomes),
            "comparable": judge("comparable", {each.id: ratios[each.id] for each in comparable}),
            "best-rates": judge_best_rates(good),
            "hidden-regression": judge_hidden_regression(outcomes),
            "slower-half": judge("slower-half", changes),
        },
    }


def list_searches() -> dict[str, Search]:
    """Return what is searched, by name: a rule, and what is done to it or the task behind it."""
    from scipy import stats  # which takes long to import

    searches: dict[str, Search] = {}
    for task, (fields, share, more, tried) in TASKS.items():
        for rule, tried_rates in tried.items():
            base = dataclasses.replace(RULES[rule], **fields)
            searches[rule + task] = base, {"learning_rate": tried_rates, **more}, share
    for name, (rule, factors, ends) in FACTORS.items():
        # Spaced evenly on a logarithmic scale; where W changes faster, the best rate is lower.
        spaced = np.geomspace(*ends, N_FACTOR_RATES) / stats.gmean(factors) ** 0.5
        rounded = [float(f"{rate:.3g}") for rate in spaced]
        grid = {"visible_to_hidden_factor": factors, "learning_rate": rounded}
        searches[f"{name}-changed"] = RULES[rule], grid, 1.0
    return searches


def compare_rules(outcomes: Mapping[str, Outcomes]) -> dict[str, Estimate]:
    """Return the updates of back-propagation over those of recirculation, mean and median."""
    ratios: dict[str, Estimate] = {}
    for name, task in ((rule + task, task) for task in TASKS for rule in THEIRS):
        if name in outcomes:
            pair = estimate_ratios(outcomes[name].updates, outcomes["recirculation" + task].updates)
            ratios |= {f"{name}-{statistic}": ratio for statistic, ratio in pair.items()}
    return ratios


def find_good_rates(protocol: Protocol, rates: Sequence[float], sample: Sample) -> list[float]:
    """Return the learning rates that are not measurably slower than the protocol's own."""
    best = sample.simulate(protocol).updates
    good = []
    for rate in rates:
        updates = sample.simulate(dataclasses.replace(protocol, learning_rate=rate)).updates
        # Network by network; a rate stays if the interval of what it costs reaches 0.
        if (estimate_mean(updates - best).low or 0.0) <= 0.0:
            good.append(rate)
    return good


def judge_rapid(outcomes: Mapping[str, Outcomes]) -> Model:
    """Judge whether simple networks usually converge rapidly."""
    larger = outcomes["recirculation-8-3-8"]
    largest = outcomes["recirculation-16-4-16"]
    asked = {"larger-202": larger, "largest-202": largest, "larger-48": larger}
    shares = {}
    for name, found in asked.items():
        most = load_claims()["rapid"].find(name).thresholds["updates"]
        shares[name] = found.converged & (found.updates <= most)
    return judge("rapid", shares)


def judge_best_rates(good: Mapping[str, Sequence[float]]) -> Model:
    """Judge whether the good rates of recirculation and back-propagation overlap.

    By equation 5, U changes as at a rate of epsilon (1 - lambda) in steepest descent.
    """
    ours = good["recirculation"]
    results = {}
    for name in THEIRS:
        theirs = good[name]
        for suffix, factor in (("", 1.0), ("-effective", 1.0 - PAPER.regression)):
            # Neither range reaches into the other.
            is_apart = max(theirs) < factor * min(ours) or factor * max(ours) < min(theirs)
            results[name + suffix] = supports_if(is_apart)
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
