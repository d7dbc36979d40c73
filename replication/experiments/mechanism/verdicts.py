"""What the paper says of why it works (page 363), judged: the first changes of W, and alignment."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments import agreement, matrices
from replication.experiments.instruments.interventions import compare_interventions
from replication.experiments.instruments.judging import Measured, judge, supports_if
from replication.experiments.instruments.matrices import (
    Array,
    Flags,
    flatten,
    get_u,
    get_w,
    replace_matrices,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import get_estimate
from replication.paper.claims import load_claims
from replication.simulator.running.engine import evaluate_networks

FIRST = 100.0
FROZEN = 1_200.0
"""Learning rate times updates, alike at every rate: of the first updates, whose change of W is
replaced, and of those after which networks are measured in which a half is frozen."""
INSTEAD = ("dropped", "random", "gradient", "amplification")
"""What takes the place of the first changes of W."""
U_ALONE = ("W", "b")  # what is frozen where U and its biases learn alone
SURGERY_AT = 10  # updates after which U is changed
LONGER = 4.0  # length of U over that of W, where U is set to W
MEAN = 0.5  # added to every entry of W, where W is to have a mean
REPLACED = ("dropped-20", "random-20", "gradient-20", "dropped-2")
"""Ways to ask whether the first changes of W help, by what takes their place, in the ledger."""


def count_updates(product: float, protocol: Protocol) -> int:
    """Return how many updates there are in a learning rate times updates."""
    return round(product / protocol.learning_rate)


def replace_first(protocol: Protocol, weights: Array, *, jobs: int) -> Model:
    """Return the extra updates with something else in place of the first changes of W.

    ``n_first``: of how many.
    """
    n_first = count_updates(FIRST, protocol)
    found = compare_interventions(protocol, weights, firsts=[n_first], jobs=jobs, names=INSTEAD)
    rows = {name: row[str(n_first)] for name, row in found.items()}
    return {"n_first": n_first, **rows}


def judge_useless_at_first(first: Mapping[str, Model], initial: Array) -> Model:
    """Judge whether the first changes of W help: what their absence costs, or the next error."""
    claim = load_claims()["useless-at-first"]
    measured: dict[str, Measured] = {}
    for id in ("error-20", "one-20"):
        n_first = int(claim.find(id).thresholds["n_first"])
        measured[id] = lowers_error(PAPER, initial, n_first)
    measured["alone-20"] = lowers_error(PAPER, initial, 1, "b", "U", "c")
    for id in REPLACED:
        name, rate = id.split("-")
        rows = first["paper" if rate == "20" else "small"]
        extra = get_estimate(rows[name], "extra")
        includes_0 = (extra.low or 0.0) <= 0.0 <= (extra.high or 0.0)
        measured[id] = extra if name == "gradient" else supports_if(includes_0, extra)
    return judge("useless-at-first", measured)


def lowers_error(protocol: Protocol, weights: Array, n_first: int, *others: str) -> Flags:
    """Return in which networks the first changes of W lower the squared error; `others`: frozen."""
    squared = dataclasses.replace(protocol, criterion="half-squared-error")
    with_w = train_for(protocol, weights, n_first, frozen=others)
    without = train_for(protocol, weights, n_first, frozen=("W", *others))
    ours = evaluate_networks(squared, with_w).error
    theirs = evaluate_networks(squared, without).error
    return np.asarray(ours < theirs)


def judge_creates(protocols: Mapping[str, Protocol], initial: Array) -> Model:
    """Judge whether the changes of U make those of W agree with steepest descent."""
    measured = {}
    for rate, suffix in (("paper", 20), ("small", 2)):
        protocol = protocols[rate]
        n_updates = count_updates(FROZEN, protocol)
        for name, frozen in (("u", ("U",)), ("w", U_ALONE)):
            final = train_for(protocol, initial, n_updates, frozen=frozen)
            measured[f"frozen-{name}-{suffix}"] = agreement.measure_agreement(protocol, final)
    before = train_for(PAPER, initial, SURGERY_AT)
    W = get_w(PAPER, before)
    U = get_u(PAPER, before)
    # Rolling by 3 moves every entry to another visible unit, and some to the other hidden unit.
    shuffled = np.roll(flatten(U), 3, axis=-1).reshape(U.shape)
    for name, other in (("shuffled-20", shuffled), ("set-20", LONGER * W)):
        changed = replace_matrices(PAPER, before, U=other)
        measured[name] = agreement.measure_agreement(PAPER, changed)
    return judge("creates", {id: each["lower"] for id, each in measured.items()})


def judge_zero_mean(protocols: Mapping[str, Protocol], initial: Array) -> Model:
    """Judge whether U grows faster where W is above its mean, W being frozen."""

    def measure(rate: str, weights: Array) -> dict[str, Array]:
        protocol = protocols[rate]
        n_updates = count_updates(FROZEN, protocol)
        later = train_for(protocol, weights, n_updates, frozen=U_ALONE)
        return measure_reading(protocol, weights, later)

    paper = measure("paper", initial)
    with_mean = replace_matrices(PAPER, initial, W=get_w(PAPER, initial) + MEAN)
    return judge(
        "zero-mean",
        {
            "sign-20": paper["sign"],
            "raw-20": paper["raw"],
            "mean-20": measure("paper", with_mean)["raw"],
            "sign-2": measure("small", initial)["sign"],
        },
    )


def measure_reading(protocol: Protocol, weights: Array, later: Array) -> dict[str, Array]:
    """Return how U has grown with W between two states, (n,) each.

    ``raw``: cosine of the growth of U, transposed, with W. ``sign``: share of the weights at which
    U has grown by more than its mean where W is above its own, or by less where it is below.
    """
    span = matrices.Scatter.of(protocol).span
    W = get_w(protocol, weights)
    grown = get_u(protocol, later - weights)
    is_alike = (W @ span > 0.0) == (grown @ span > 0.0)
    return {
        "raw": matrices.compute_cosines(flatten(W), flatten(grown)),
        "sign": np.mean(flatten(is_alike), axis=1),
    }
