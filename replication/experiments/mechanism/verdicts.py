"""What the paper says of why it works (page 363), judged: the first changes of W, and alignment."""

import dataclasses
from collections.abc import Mapping

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments import agreement, matrices
from replication.experiments.instruments.interventions import compare_interventions
from replication.experiments.instruments.judging import Measurement, judge, supports_if
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

# Learning rate times updates, the same at every rate.
FIRST = 100.0  # in which the changes of W are replaced
FROZEN = 1_200.0  # after which networks are measured that learn with a frozen half
U_ALONE = ("W", "b")  # what is frozen where U and its biases learn alone
SURGERY_AT = 10  # updates after which U is changed
LONGER = 4.0  # U is set to the transpose of W times this
MEAN = 0.5  # added to every entry of W, where W is to have a mean
REPLACED = ("dropped-20", "random-20", "gradient-20", "dropped-2")
"""Measurements in the ledger: what replaces the first changes of W, and the learning rate."""


def count_updates(product: float, protocol: Protocol) -> int:
    """Return the number of updates whose product with the learning rate is given."""
    return round(product / protocol.learning_rate)


def replace_first(protocol: Protocol, weights: Array, *, jobs: int) -> Model:
    """Return how much longer networks take if something else replaces the first changes of W.

    ``n_first`` changes are replaced by each of `INTERVENTIONS`.
    """
    n_first = count_updates(FIRST, protocol)
    rows = compare_interventions(protocol, weights, n_first=n_first, jobs=jobs)
    return {"n_first": n_first, **rows}


def judge_useless_at_first(first: Mapping[str, Model], initial: Array) -> Model:
    """Judge whether the first changes of W help.

    They help if they lower the error, or if networks take longer when something else replaces
    them. `first` has what `replace_first` returns, by the name of the learning rate.
    """
    claim = load_claims()["useless-at-first"]
    measured: dict[str, Measurement] = {}
    for id in ("error-20", "one-20"):
        n_first = int(claim.find(id).thresholds["n_first"])
        measured[id] = lowers_error(PAPER, initial, n_first)
    measured["alone-20"] = lowers_error(PAPER, initial, 1, frozen=("b", "U", "c"))
    for id in REPLACED:
        name, rate = id.split("-")
        rows = first["paper" if rate == "20" else "small"]
        extra = get_estimate(rows[name], "extra")
        if name == "gradient":
            measured[id] = extra  # the ledger has a level for it
        else:
            # The statement holds if the interval of the extra updates contains 0.
            costs_nothing = (extra.low or 0.0) <= 0.0 <= (extra.high or 0.0)
            measured[id] = supports_if(costs_nothing, extra)
    return judge("useless-at-first", measured)


def lowers_error(
    protocol: Protocol, weights: Array, n_first: int, *, frozen: tuple[str, ...] = ()
) -> Flags:
    """Return in which networks the first changes of W lower the squared error, (n,).

    They are compared with the same networks without these changes. The `frozen` arrays change in
    neither.
    """
    squared = dataclasses.replace(protocol, criterion="half-squared-error")
    with_changes = train_for(protocol, weights, n_first, frozen=frozen)
    without = train_for(protocol, weights, n_first, frozen=("W", *frozen))
    error_with = evaluate_networks(squared, with_changes).error
    error_without = evaluate_networks(squared, without).error
    return np.asarray(error_with < error_without)


def judge_creates(protocols: Mapping[str, Protocol], initial: Array) -> Model:
    """Judge whether the changes of U make those of W agree with steepest descent."""

    def measure(protocol: Protocol, weights: Array) -> Array:
        """Return the cosine of the change of W with steepest descent, (n,)."""
        return agreement.measure_agreement(protocol, weights)["lower"]

    measured = {}
    # One half learns while the other one is frozen.
    for rate, suffix in (("paper", 20), ("small", 2)):
        protocol = protocols[rate]
        n_updates = count_updates(FROZEN, protocol)
        without_u = train_for(protocol, initial, n_updates, frozen=("U",))
        without_w = train_for(protocol, initial, n_updates, frozen=U_ALONE)
        measured[f"frozen-u-{suffix}"] = measure(protocol, without_u)
        measured[f"frozen-w-{suffix}"] = measure(protocol, without_w)
    # Another U is put into networks that have begun to learn.
    before = train_for(PAPER, initial, SURGERY_AT)
    W = get_w(PAPER, before)
    U = get_u(PAPER, before)
    # Rolling by 3 moves every entry to another visible unit, and some to the other hidden unit.
    shuffled = np.roll(flatten(U), 3, axis=-1).reshape(U.shape)
    with_shuffled = replace_matrices(PAPER, before, U=shuffled)
    with_w = replace_matrices(PAPER, before, U=LONGER * W)
    measured["shuffled-20"] = measure(PAPER, with_shuffled)
    measured["set-20"] = measure(PAPER, with_w)
    return judge("creates", measured)


def judge_zero_mean(protocols: Mapping[str, Protocol], initial: Array) -> Model:
    """Judge whether U grows faster where W is above its mean, while W is frozen."""

    def measure(rate: str, weights: Array) -> dict[str, Array]:
        """Return what `measure_reading` does, after U and c have learnt alone."""
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
    """Return how far the change of U from some weights to later ones follows W, (n,) each.

    ``raw`` is the cosine of the change of U, transposed, with W. ``sign`` is the share of entries
    at which both are above their means, or both below.
    """
    span = matrices.Scatter.of(protocol).span
    W = get_w(protocol, weights)
    grown = get_u(protocol, later - weights)
    is_alike = (W @ span > 0.0) == (grown @ span > 0.0)
    return {
        "raw": matrices.compute_cosines(flatten(W), flatten(grown)),
        "sign": np.mean(flatten(is_alike), axis=1),
    }
