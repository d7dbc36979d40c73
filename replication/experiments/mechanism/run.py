"""Why recirculation works without symmetric weights, and how far: the mechanism, step by step."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments import agreement, interventions
from replication.experiments.instruments.interventions import compare_interventions
from replication.experiments.instruments.judging import judge, supports_if
from replication.experiments.instruments.matrices import (
    Array,
    flatten,
    get_u,
    get_w,
    replace_matrices,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample, estimate_share, get_estimate
from replication.experiments.mechanism import controls, reach
from replication.paper.claims import load_claims

SMALLER_SHARE, EVER_SHARE, TASK_SHARE, SEARCH_SHARE, CREATES_SHARE = 0.25, 0.125, 0.1, 0.015, 10
"""Networks, as multiples of all: for theory, turning and the first changes in tasks; for changes
replaced throughout; in each task; at each rate of a search; and for what changes of U do to W."""

NAMED_RATES = {"small": 2.0, "paper": PAPER.learning_rate}
FIRSTS = {"small": (1, 2, 5, 10, 20, 50), "paper": (1, 2, 5, 10, 20)}
"""Updates whose change of W is replaced."""
FROZEN_AT = 60  # updates after which frozen networks are measured
U_ALONE = ("W", "b")  # what is frozen where U and its biases learn alone
SURGERY_AT = 10  # updates after which U is changed
LONGER = 4.0  # length of U over that of W, where U is set to W
MEAN = 0.5  # added to every entry of W, where W is to have a mean
SETTINGS: dict[str, dict[str, Any]] = {
    "ε = 2": {"learning_rate": 2.0},
    "ε = 20": {"learning_rate": 20.0},
    "weights up to 2": {"half_width": 2.0},
}
"""Where the theory is checked, at the small rate unless said."""
LARGEST = "one-hot 16-4-16"
USELESS = ("error-20", "one-20", "dropped-20", "random-20", "gradient-20", "dropped-2")
"""Ways to ask whether the first changes of W help, as the ledger names them."""

PATTERN_SEED = 2015  # of the random patterns
N_SETS = 8  # of random patterns of each kind, since single sets differ much
DECIMALS = 3
"""Of real-valued patterns: cosines and exponentials differ in the last bit from one
processor to another."""

BITS: dict[str, dict[str, Any]] = {
    "random": {"n_prototypes": 8, "flipped": 0.5},
    "correlated": {"n_prototypes": 2, "flipped": 0.2},
}


def run(sample: Sample) -> Model:
    """Return the model of the mechanism, in which results by learning rate stand under its name."""
    shares = SMALLER_SHARE, TASK_SHARE, SEARCH_SHARE
    smaller, task, search = (sample.take(share, least=8) for share in shares)
    initial = sample.draw(PAPER)
    protocols = {name: Protocol(learning_rate=rate) for name, rate in NAMED_RATES.items()}

    # The paper's task: what the theory predicts, and what networks do whose changes, initial
    # weights or learning rates are others.
    sample.report_progress("theory")
    model: Model = {"rates": NAMED_RATES, "level": agreement.LEVEL, "theory": {}}
    for name, fields in SETTINGS.items():
        setting = dataclasses.replace(protocols["small"], **fields)
        model["theory"][name] = agreement.check_theory(setting, smaller.draw(setting))

    def measure(rate: str) -> Model:
        sample.report_progress(f"changes, starts and halves at a rate of {NAMED_RATES[rate]:g}")
        own, firsts = protocols[rate], FIRSTS[rate]
        return {
            "interventions": compare_interventions(own, initial, firsts=firsts, jobs=sample.jobs),
            "halves": controls.compare_halves(own, initial),
            **controls.compare_starts(own, initial),
            "readability": controls.measure_readability(own, initial[: 2 * smaller.n]),
            "shrinking": controls.measure_shrinking(own, initial),
            "splits": controls.measure_split(own, initial),
            "turning": agreement.follow_turning(own, initial[: smaller.n]),
        }

    by_rate = {rate: measure(rate) for rate in NAMED_RATES}
    for name in by_rate["paper"]:
        model[name] = {rate: each[name] for rate, each in by_rate.items()}
    few = sample.take(EVER_SHARE, least=8).draw(PAPER)
    grow = interventions.INTERVENTIONS["amplification"]
    _, converged = interventions.train_changed(PAPER, few, grow, n_first=PAPER.max_updates)
    model["ever"] = estimate_share(~converged)

    # Other inputs, each at the best learning rate that is found for it.
    sample.report_progress("other inputs")
    tasks = make_tasks()
    model["tasks"] = try_tasks(tasks, task, search=search, smaller=smaller)
    model["sets"] = {name: reach.gather_sets(model["tasks"], f"{name} bits 8-4-8") for name in BITS}
    own = {name: row["rules"]["recirculation"] for name, row in model["tasks"].items()}
    best = {k: dataclasses.replace(x, learning_rate=own[k]["rate"]) for k, x in tasks.items()}
    random = {name: each for name, each in best.items() if name.startswith("random bits")}
    model["common"] = controls.compare_sets(random, task, search=search)
    without = dataclasses.replace(best[LARGEST], frozen=("b",))
    model["without_biases"] = reach.examine_task(without, smaller, median=own[LARGEST]["median"])

    # Which half of the rule it is: back-propagation, and one rule for U with another for W.
    sample.report_progress("one rule for U and another for W")
    model["others"] = compare_others(model["tasks"]["one-hot 4-2-4"]["rules"], initial)
    model["hybrids"] = controls.compare_hybrids(smaller.take(2), search=search.take(2))
    many = sample.take(CREATES_SHARE).draw(PAPER)
    model["claims"] = {
        "useless-at-first": judge_useless_at_first(model["interventions"], initial),
        "creates": judge_creates(protocols, many),
        "zero-mean": judge_zero_mean(protocols, initial),
    }
    return model


def compare_others(rules: Mapping[str, Any], weights: Array) -> Model:
    """Return what dropping changes of W and other sizes of W do to back-propagation."""
    found = {}
    for name in ("back-propagation", "back-propagation, cross-entropy"):
        rate, median = rules[name]["rate"], rules[name]["median"]
        protocol = dataclasses.replace(PAPER, **reach.RULES[name], learning_rate=rate)
        found[name] = {
            "median": median, **controls.compare_starts(protocol, weights),
            **compare_interventions(protocol, weights, firsts=FIRSTS["paper"], names=["dropped"]),
        }  # fmt: skip
    return found


def try_tasks(tasks: dict[str, Protocol], sample: Sample, search: Sample, smaller: Sample) -> Model:
    """Return for each task the rules compared and what the first changes of W are worth."""

    def run_task(name: str) -> Model:
        compared = reach.compare_rules(tasks[name], sample.alone, search=search.alone)
        own = compared["recirculation"]
        best = dataclasses.replace(tasks[name], learning_rate=own["rate"])
        return {"rules": compared, **reach.examine_task(best, smaller.alone, median=own["median"])}

    longest = sorted(tasks, key=lambda name: -tasks[name].n_weights * tasks[name].n_patterns)
    return sample.map(run_task, longest)


def judge_useless_at_first(interventions: Mapping[str, Any], initial: Array) -> Model:
    """Judge whether the first changes of W help: what their absence costs, or the next error."""
    claim = load_claims()["useless-at-first"]
    firsts = {id: int(claim.find(id).thresholds["n_first"]) for id in USELESS}
    lowers = controls.lowers_error
    measured: dict[str, Any] = {id: lowers(PAPER, initial, firsts[id]) for id in USELESS[:2]}
    measured["alone-20"] = lowers(PAPER, initial, 1, "b", "U", "c")
    for id in USELESS[2:]:
        name, rate = id.split("-")
        rows = interventions["paper" if rate == "20" else "small"]
        extra = get_estimate(rows[name][str(firsts[id])], "extra")
        includes_0 = (extra.low or 0.0) <= 0.0 <= (extra.high or 0.0)
        measured[id] = extra if name == "gradient" else supports_if(includes_0, extra)
    return judge("useless-at-first", measured)


def judge_creates(protocols: Mapping[str, Protocol], initial: Array) -> Model:
    """Judge whether the changes of U make those of W agree with steepest descent."""
    measured, measure = {}, agreement.measure_agreement
    for rate, suffix in (("paper", 20), ("small", 2)):
        for name, frozen in (("u", ("U",)), ("w", U_ALONE)):
            final = train_for(protocols[rate], initial, FROZEN_AT, frozen=frozen)
            measured[f"frozen-{name}-{suffix}"] = measure(protocols[rate], final)["lower"]
    before = train_for(PAPER, initial, SURGERY_AT)
    W, U = get_w(PAPER, before), get_u(PAPER, before)
    # Rolling by 3 moves every entry to another visible unit, and some to the other hidden unit.
    shuffled = np.roll(flatten(U), 3, axis=-1).reshape(U.shape)
    for name, other in (("shuffled-20", shuffled), ("set-20", LONGER * W)):
        measured[name] = measure(PAPER, replace_matrices(PAPER, before, U=other))["lower"]
    return judge("creates", measured)


def judge_zero_mean(protocols: Mapping[str, Protocol], initial: Array) -> Model:
    """Judge whether U grows faster where W is above its mean, W being frozen."""

    def measure(rate: str, weights: Array) -> dict[str, Array]:
        later = train_for(protocols[rate], weights, FROZEN_AT, frozen=U_ALONE)
        return controls.measure_reading(protocols[rate], weights, later)

    paper = measure("paper", initial)
    with_mean = replace_matrices(PAPER, initial, W=get_w(PAPER, initial) + MEAN)
    return judge("zero-mean", {
        "sign-20": paper["sign"], "raw-20": paper["raw"],
        "mean-20": measure("paper", with_mean)["raw"], "sign-2": measure("small", initial)["sign"],
    })  # fmt: skip


def make_tasks() -> dict[str, Protocol]:
    """Return the tasks by name, with the settings of the paper."""
    generator = np.random.Generator(np.random.Philox(key=PATTERN_SEED))
    return {
        # As in the paper, and larger; then inputs that are no one-hot vectors, of equal strengths.
        "one-hot 4-2-4": Protocol(),
        "one-hot 8-3-8": Protocol(group_sizes=(8, 3)),
        "one-hot 16-4-16": Protocol(group_sizes=(16, 4)),
        "all but one 8-3-8": _make_task(1.0 - np.eye(8), 3),
        **{
            f"{name} bits 8-4-8, set {i + 1}": _make_task(draw_bits(generator, **fields), 4)
            for name, fields in BITS.items()
            for i in range(N_SETS)
        },
        "bars 9-4-9": _make_task(make_bars(3), 4),
        "one-hot 4-3-4, linear": Protocol(group_sizes=(4, 3), visible_units="linear"),
        "smooth ring 4-3-4": _make_task(make_ring(4), 3),
        "smooth ring 4-3-4, linear": _make_task(make_ring(4), 3, visible_units="linear"),
        "smooth ring 8-4-8, linear": _make_task(make_ring(8), 4, visible_units="linear"),
    }


def draw_bits(generator: np.random.Generator, *, n_prototypes: int, flipped: float) -> Array:
    """Return eight different patterns of eight bits: prototypes with some bits flipped."""
    prototypes = generator.random((n_prototypes, 8)) < 0.5
    rows: list[tuple[bool, ...]] = []
    while len(rows) < 8:
        prototype = prototypes[len(rows) % n_prototypes]
        row = tuple((prototype ^ (generator.random(8) < flipped)).tolist())
        if row not in rows:
            rows.append(row)
    return np.array(rows, dtype=np.float64)


def make_bars(size: int) -> Array:
    """Return all rows and columns of a square of pixels, one bar a pattern."""
    rows = np.repeat(np.eye(size), size, axis=1)
    columns = np.tile(np.eye(size), size)
    return np.concatenate([rows, columns])


def make_ring(size: int) -> Array:
    """Return smooth bumps of activity at equal distances on a ring of units, from 0 to 1."""
    angles = 2.0 * np.pi * np.arange(size) / size
    return np.asarray(np.exp(np.cos(angles[:, None] - angles) - 1.0).round(DECIMALS))


def _make_task(patterns: Array, n_hidden: int, **fields: Any) -> Protocol:
    return Protocol(group_sizes=(patterns.shape[1], n_hidden), patterns=patterns.tolist(), **fields)
