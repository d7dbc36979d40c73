"""Why recirculation works without symmetric weights, and how far: the mechanism, step by step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from replication.definition.claims import load_claims
from replication.definition.protocol import PAPER, Protocol
from replication.experiments import Model
from replication.experiments.agreement import LEVEL
from replication.experiments.interventions import compare_interventions
from replication.experiments.judging import judge, supports_including
from replication.experiments.matrices import change_w
from replication.experiments.mechanism import controls
from replication.experiments.mechanism.hybrids import compare_hybrids
from replication.experiments.mechanism.reach import RULES, compare_rules, examine_task, gather_sets
from replication.experiments.mechanism.tasks import BITS, make_tasks
from replication.experiments.mechanism.theory import check_theory, follow_turning
from replication.experiments.summaries import get_estimate
from replication.simulator.weights import draw_weights
from replication.statistics.intervals import Estimate
from replication.system.progress import Tell
from replication.system.threads import map_in_threads

ROOT_SEED = 2012
N_NETWORKS = 2_000
SMALLER_SHARE, EVER_SHARE, TASK_SHARE, SEARCH_SHARE = 0.25, 0.125, 0.1, 0.015
"""Networks of theory, turning and first changes in tasks, of interventions for ever, of tasks, and
of each rate that is searched, as shares of all."""

SMALL_RATE = 2.0
RATES = {"small": SMALL_RATE, "paper": PAPER.learning_rate}
FIRSTS = (1, 2, 5, 10, 20)  # updates whose change of W is replaced
FROZEN_AT = 60  # updates after which frozen networks are measured
SURGERY_AT = 10  # updates after which U is changed
SETTINGS: dict[str, dict[str, Any]] = {
    "ε = 2": {"learning_rate": 2.0},
    "ε = 20": {"learning_rate": 20.0},
    "weights up to 2": {"half_width": 2.0},
}
"""Where the theory is checked, at `SMALL_RATE` unless said."""
LARGEST = "one-hot 16-4-16"


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model of the mechanism; what depends on the learning rate stands under `RATES`."""
    n_smaller, n_ever, n_task, n_search = (
        max(8, round(share * n_networks))
        for share in (SMALLER_SHARE, EVER_SHARE, TASK_SHARE, SEARCH_SHARE)
    )
    protocols = {
        name: dataclasses.replace(PAPER, learning_rate=rate) for name, rate in RATES.items()
    }
    initial = draw_weights(PAPER, ROOT_SEED, 0, n_networks)
    report_progress("theory")
    model: dict[str, Any] = {
        "rates": RATES,
        "level": LEVEL,
        "theory": describe_theory(protocols["small"], n_networks=n_smaller),
    }
    measures: dict[str, Callable[[Protocol], Any]] = {
        "interventions": lambda p: compare_interventions(p, initial, jobs=jobs, firsts=FIRSTS),
        "first_step": lambda p: controls.measure_first_step(p, initial),
        "sizes": lambda p: controls.compare_sizes(p, initial, jobs=jobs),
        "starts": lambda p: controls.compare_starts(p, initial, jobs=jobs),
        "halves": lambda p: controls.compare_halves(p, initial, jobs=jobs),
        "splits": lambda p: controls.measure_split(p, initial, jobs=jobs),
        "freezes": lambda p: controls.compare_freezes(p, initial, at=FROZEN_AT, jobs=jobs),
        "turning": lambda p: follow_turning(p, initial[:n_smaller]),
    }
    for name, measure in measures.items():
        report_progress(name.replace("_", " "))
        model[name] = {rate: measure(protocol) for rate, protocol in protocols.items()}
    model["ever"] = compare_interventions(
        PAPER, initial[:n_ever], jobs=jobs, firsts=[PAPER.max_updates], names=["amplification"]
    )["amplification"][str(PAPER.max_updates)]
    report_progress("other inputs")
    model["tasks"] = try_tasks(
        make_tasks(), n_search=n_search, n_networks=n_task, n_examined=n_smaller, jobs=jobs
    )
    model["sets"] = {name: gather_sets(model["tasks"], f"{name} bits 8-4-8") for name in BITS}
    whole = model["tasks"][LARGEST]["rules"]["recirculation"]
    model["without_biases"] = examine_task(
        dataclasses.replace(
            make_tasks()[LARGEST], frozen=("b",), learning_rate=whole["rate"]
        ),
        median=whole["median"], n_networks=n_smaller, root_seed=ROOT_SEED, jobs=jobs,
    )  # fmt: skip
    report_progress("one rule for U and another for W")
    model["others"] = compare_others(model["tasks"]["one-hot 4-2-4"]["rules"], initial, jobs=jobs)
    model["hybrids"] = compare_hybrids(
        PAPER, n_search=2 * n_search, n_networks=2 * n_smaller, root_seed=ROOT_SEED, jobs=jobs
    )
    surgeries = controls.measure_surgeries(PAPER, initial, at=SURGERY_AT)
    model["claims"] = {
        "useless-at-first": judge_useless_at_first(model["interventions"], model["first_step"]),
        "creates": judge_creates(model["freezes"], surgeries),
        "zero-mean": judge_zero_mean(protocols, initial),
    }
    return model


def describe_theory(protocol: Protocol, *, n_networks: int) -> Model:
    """Return the theory checked at `SETTINGS`."""
    checks = []
    for name, fields in SETTINGS.items():
        setting = dataclasses.replace(protocol, **fields)
        checked = check_theory(setting, draw_weights(setting, ROOT_SEED, 0, n_networks))
        checks.append({"name": name} | checked)
    return {"checks": checks}


def compare_others(rules: Mapping[str, Any], weights: Any, *, jobs: int) -> Model:
    """Return what dropping changes of W and other sizes of W do to back-propagation."""
    found = {}
    for name in ("back-propagation", "back-propagation, cross-entropy"):
        protocol = dataclasses.replace(PAPER, **RULES[name], learning_rate=rules[name]["rate"])
        found[name] = {
            "rate": protocol.learning_rate,
            "median": rules[name]["median"],
            **compare_interventions(protocol, weights, jobs=jobs, firsts=FIRSTS, names=["dropped"]),
            "sizes": controls.compare_sizes(protocol, weights, jobs=jobs),
            "starts": controls.compare_starts(protocol, weights, jobs=jobs),
        }
    return found


def try_tasks(
    tasks: Mapping[str, Protocol], *, n_search: int, n_networks: int, n_examined: int, jobs: int
) -> Model:
    """Return for each task the rules compared and what the first changes of W are worth."""

    def run_task(item: tuple[str, Protocol]) -> tuple[str, dict[str, Any]]:
        name, protocol = item
        compared = compare_rules(
            protocol, n_search=n_search, n_networks=n_networks, root_seed=ROOT_SEED, jobs=1
        )
        own = compared["recirculation"]
        best = dataclasses.replace(protocol, learning_rate=own["rate"])
        examined = examine_task(
            best, median=own["median"], n_networks=n_examined, root_seed=ROOT_SEED, jobs=1
        )
        return name, {"rules": compared, **examined}

    # The longest first, so that no thread is left alone with it at the end.
    ordered = sorted(tasks.items(), key=lambda item: -item[1].n_weights * item[1].n_patterns)
    found = dict(map_in_threads(run_task, ordered, jobs=jobs))
    return {name: found[name] for name in tasks}


def judge_useless_at_first(
    interventions: Mapping[str, Any], first_step: Mapping[str, Any]
) -> Model:
    """Judge whether the first changes of W help: what their absence costs, or the next error."""
    measured: dict[str, Any] = {
        "error-20": get_estimate(first_step["paper"]["change"]["0"], "share"),
        "alone-20": get_estimate(first_step["paper"]["alone"], "share"),
    }
    for id in ("dropped-20", "random-20", "gradient-20", "dropped-2"):
        name, rate = id.split("-")
        first = int(load_claims()["useless-at-first"].find(id).thresholds["n_first"])
        rows = interventions["paper" if rate == "20" else "small"]
        extra = get_estimate(rows[name][str(first)], "extra")
        measured[id] = extra if name == "gradient" else supports_including(extra, 0.0)
    return judge("useless-at-first", measured)


def judge_creates(frozen: Mapping[str, Any], surgeries: Mapping[str, Estimate]) -> Model:
    """Judge whether the changes of U make those of W agree with steepest descent."""
    measured = {
        f"frozen-{name}-{suffix}": get_estimate(frozen[rate][key], "agreement")
        for rate, suffix in (("paper", 20), ("small", 2))
        for name, key in (("u", "U frozen"), ("w", "W and hidden biases frozen"))
    }
    return judge("creates", measured | {
        "shuffled-20": surgeries["entries of U shuffled"],
        "set-20": surgeries["U set to k W^T"],
    })  # fmt: skip


def judge_zero_mean(protocols: Mapping[str, Protocol], initial: Any) -> Model:
    """Judge whether U grows faster where W is above its mean, W being frozen."""

    def measure(rate: str, weights: Any) -> dict[str, Estimate]:
        frozen = controls.FREEZES["W and hidden biases frozen"]
        protocol = dataclasses.replace(protocols[rate], **frozen)
        return controls.measure_reading(protocol, weights, at=FROZEN_AT)

    paper = measure("paper", initial)
    with_mean = change_w(PAPER, initial, lambda W, _: W + controls.MEAN)
    return judge("zero-mean", {
        "sign-20": paper["sign"],
        "raw-20": paper["raw"],
        "mean-20": measure("paper", with_mean)["raw"],
        "sign-2": measure("small", initial)["sign"],
    })  # fmt: skip
