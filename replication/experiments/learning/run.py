"""Along learning: six statements of pages 363 and 364 from networks measured at every update."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import Claim, load_claims
from replication.experiments.agreement import (
    LEVEL,
    WINDOW,
    align_matrices,
    count_early_updates,
    find_events,
    measure_agreement,
)
from replication.experiments.judging import compare_with_levels, judge
from replication.experiments.recording import Histories, measure_learning
from replication.experiments.summaries import estimate_share
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.changes import compute_changes, compute_gradients, list_connections
from replication.simulator.engine import record_weights
from replication.simulator.weights import draw_weights
from replication.statistics.alignment import compute_cosines
from replication.threads import map_in_threads

ROOT_SEED = 2007
N_NETWORKS = 2_000
SLOW_RATE, SLOW_SHARE = 2.0, 0.5
"""The other learning rate, and the share of the networks that are measured at it."""
SERIES = ("lower", "upper", "alignment", "centred")
PARTS = np.linspace(0.0, 1.0, 41)
"""Parts of a network's own learning at which series for figures are kept."""
RATES = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Learning rates at which it is seen what comes first."""
MIN_LEARNING = 0.05
"""Medians over the networks still learning are taken while this share of them still is."""

Array = NDArray[np.float64]


def run(
    *, jobs: int = -1, report_progress: Tell = silent, n_networks: int = N_NETWORKS
) -> dict[str, Any]:
    """Return the model of what happens along learning.

    Returns ``n_networks``, ``learning_rate``, ``slow_rate``, ``level``; ``paper`` and ``slow``, of
    `describe_histories`; ``orders``, of `compare_order` at each of `RATES`; ``claims``.
    """
    claims = load_claims()
    histories = {}
    for rate, share in ((PAPER.learning_rate, 1.0), (SLOW_RATE, SLOW_SHARE)):
        report_progress(f"networks measured at every update, learning rate {rate:g}")
        histories[rate] = measure_learning(
            dataclasses.replace(PAPER, learning_rate=rate), measure_agreement,
            n_networks=round(share * n_networks), root_seed=ROOT_SEED, jobs=jobs,
        )  # fmt: skip
    paper, slow = histories.values()
    report_progress("what comes first, by learning rate")
    orders = map_in_threads(
        lambda rate: compare_order(rate, n_networks=max(2, n_networks // 2)), RATES, jobs=jobs
    )
    return {
        "n_networks": n_networks,
        "learning_rate": PAPER.learning_rate,
        "slow_rate": SLOW_RATE,
        "level": LEVEL,
        "paper": describe_histories(paper),
        "slow": describe_histories(slow),
        "orders": orders,
        "claims": {
            name: judge_statement(claims[name], paper, slow)
            for name, judge_statement in JUDGES.items()
        },
    }


def describe_histories(histories: Histories) -> dict[str, Any]:
    """Return how many converged, and medians and quartiles over their own learning times."""
    series = {}
    for name in SERIES:
        values = np.array([histories.take_at(name, part) for part in PARTS])
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=1)
        series[name] = {"low": low.tolist(), "median": middle.tolist(), "high": high.tolist()}
    return {"n_converged": len(histories.updates), "parts": PARTS.tolist(), **series}


def judge_upper_agreement(claim: Claim, paper: Histories, slow: Histories) -> dict[str, Any]:
    """Judge the cosine of the change of U with steepest descent."""
    own = average(paper, "upper")
    return judge(claim, compare_with_levels(claim, {
        "networks-20": own,
        "weaker-20": own,
        "updates-20": float(np.median(paper.take_learning("upper"))),
        "biases-20": average(paper, "upper_biases"),
        "last-20": average(paper, "upper", 0.75),
        "initial": paper.take_at("upper", 0.0),
        "networks-2": average(slow, "upper"),
        "weaker-2": average(slow, "upper"),
        "biases-2": average(slow, "upper_biases"),
        "last-2": average(slow, "upper", 0.75),
        "cross-entropy": float(
            min(each.take_learning("upper_cross").min() for each in (paper, slow))
        ),
    }))  # fmt: skip


def judge_similar_slopes(claim: Claim, paper: Histories, slow: Histories) -> dict[str, Any]:
    """Judge the variation of the slopes of the visible units, at several stages of learning."""
    medians: list[float] = []
    while True:
        values = paper.take_after("variation", len(medians))
        if len(values) == 0 or len(values) < MIN_LEARNING * len(paper.updates):
            break
        medians.append(float(np.median(values)))
    return judge(claim, compare_with_levels(claim, {
        "every-20": max(medians),
        "initial": paper.take_at("variation", 0.0),
        "half-20": paper.take_at("variation", 0.5),
        "units-20": paper.take_at("variation_units", 0.5),
        "error-early-20": paper.take_at("variation_error", 0.1),
        "error-half-20": paper.take_at("variation_error", 0.5),
        "error-late-20": paper.take_at("variation_error", 0.9),
        "early-2": slow.take_at("variation", 0.1),
        "half-2": slow.take_at("variation", 0.5),
        "units-2": slow.take_at("variation_units", 0.5),
        "error-half-2": slow.take_at("variation_error", 0.5),
        "error-late-2": slow.take_at("variation_error", 0.9),
    }))  # fmt: skip


def judge_random_at_first(claim: Claim, paper: Histories, slow: Histories) -> dict[str, Any]:
    """Judge the cosines of the first changes of W with steepest descent."""
    initial = {name: paper.take_at(name, 0.0) for name in ("lower", "lower_biases", "lower_cross")}
    lower = list_connections(PAPER)[0]
    n_biased = lower.stop - lower.start
    n_entries = n_biased - PAPER.group_sizes[1]
    return judge(claim, compare_with_levels(claim, {
        "signs": initial["lower"] > 0.0,
        "median": initial["lower"],
        "spread": relate_spread(initial["lower"], n_entries),
        "signs-biases": initial["lower_biases"] > 0.0,
        "spread-biases": relate_spread(initial["lower_biases"], n_biased),
        "signs-cross-entropy": initial["lower_cross"] > 0.0,
        "second-20": paper.take_after("lower", 1) > 0.0,
        "third-20": paper.take_after("lower", 2) > 0.0,
        "second-2": slow.take_after("lower", 1) > 0.0,
        "third-2": slow.take_after("lower", 2) > 0.0,
    }))  # fmt: skip


def relate_spread(cosines: Array, n_entries: int) -> float:
    """Return the standard deviation of cosines over that of random directions, 1 / sqrt(n)."""
    return float(np.std(cosines) * np.sqrt(n_entries))


def judge_agrees_later(claim: Claim, paper: Histories, slow: Histories) -> dict[str, Any]:
    """Judge the cosine of the change of W with descent, late in learning against early."""
    measured: dict[str, Any] = {}
    for rate, histories in ((20, paper), (2, slow)):
        last = average(histories, "lower", 0.75)
        measured |= {
            f"start-{rate}": last > histories.take_at("lower", 0.0),
            f"quarters-{rate}": last > average(histories, "lower", 0.0, 0.25),
            f"level-{rate}": last,
            f"level-biases-{rate}": average(histories, "lower_biases", 0.75),
            f"level-cross-entropy-{rate}": average(histories, "lower_cross", 0.75),
        }
    return judge(claim, compare_with_levels(claim, measured))


def judge_alignment_first(claim: Claim, paper: Histories, slow: Histories) -> dict[str, Any]:
    """Judge whether the matrices become aligned before the change of W agrees with descent."""

    def find(histories: Histories, name: str, level: float = LEVEL, width: int = WINDOW) -> Array:
        return find_events(histories.split(name), level=level, width=width)

    aligned, centred = find(paper, "alignment"), find(paper, "centred")
    agrees = find(paper, "lower")
    slow_agrees, slow_centred = find(slow, "lower"), find(slow, "centred")
    both = np.isfinite(aligned) & np.isfinite(agrees)
    passed = np.isfinite(slow_agrees)
    places = slow.starts[:-1][passed] + slow_agrees[passed].astype(np.int64)
    return judge(claim, compare_with_levels(claim, {
        "raw-20": aligned < agrees,
        "both-20": (aligned < agrees)[both],
        "raw-20-level-08": find(paper, "alignment", 0.8) < find(paper, "lower", 0.8),
        "raw-20-level-07": find(paper, "alignment", 0.7) < find(paper, "lower", 0.7),
        "raw-20-single": find(paper, "alignment", width=1) < find(paper, "lower", width=1),
        "raw-20-biases": aligned < find(paper, "lower_biases"),
        "raw-20-cross-entropy": aligned < find(paper, "lower_cross"),
        "centred-20": centred < agrees,
        "centred-20-level-07": find(paper, "centred", 0.7) < find(paper, "lower", 0.7),
        "raw-2": find(slow, "alignment") < slow_agrees,
        "centred-2": slow_centred < slow_agrees,
        "then-2": slow.values["alignment"][places],
    }))  # fmt: skip


def compare_order(rate: float, *, n_networks: int) -> dict[str, Any]:
    """Return what comes first at a learning rate, whether networks have converged or not.

    Returns ``learning_rate``; for ``raw`` and ``centred`` matrices the share of networks in which
    they pass `LEVEL` before the change of W agrees with descent as well; median updates
    ``aligned_at``, ``centred_at`` and ``agrees_at``.
    """
    protocol = dataclasses.replace(PAPER, learning_rate=rate)
    initial = draw_weights(protocol, ROOT_SEED, 0, n_networks)
    cosines = _record_cosines(protocol, initial, count_early_updates(rate))
    events = {name: find_events(values) for name, values in cosines.items()}
    return {
        "learning_rate": rate,
        **{
            name: estimate_share(int(np.count_nonzero(events[name] < events["lower"])), n_networks)
            for name in ("raw", "centred")
        },
        "aligned_at": float(np.median(events["raw"])),
        "centred_at": float(np.median(events["centred"])),
        "agrees_at": float(np.median(events["lower"])),
    }


def judge_symmetry(claim: Claim, paper: Histories, slow: Histories) -> dict[str, Any]:
    """Judge the alignment and the lengths of the two matrices when the criterion is met."""
    end = {name: paper.take_at(name, 1.0) for name in paper.values}
    level = claim.find("share-20").thresholds["level"]
    return judge(claim, compare_with_levels(claim, {
        "cosine-20": end["alignment"],
        "share-20": end["alignment"] >= level,
        "centred-20": end["centred"],
        "unit-20": end["unit"],
        "cosine-2": slow.take_at("alignment", 1.0),
        "longer-20": end["ratio"] > 1.0,
        "unit-longer-20": end["unit_ratio"] > 1.0,
        "longer-2": slow.take_at("ratio", 1.0) > 1.0,
    })) | {"ratio": float(np.median(end["ratio"]))}  # fmt: skip


def average(histories: Histories, name: str, first: float = 0.0, last: float = 1.0) -> Array:
    """Return the mean of a quantity over a part of each network's updates, (n_converged,).

    The first quarter of n updates holds n / 4 of them, rounded up, and the last one as many.
    """
    means = []
    for values in histories.split(name):
        before = values[:-1] if len(values) > 1 else values
        begin = len(before) - int(np.ceil((1.0 - first) * len(before)))
        means.append(before[begin : int(np.ceil(last * len(before)))].mean())
    return np.array(means)


def _record_cosines(protocol: Protocol, initial: Array, n_updates: int) -> dict[str, Array]:
    """Return the cosines of `compare_order` after each update, (n, n_updates + 1) each."""
    lower = list_connections(protocol)[0]
    matrix = slice(lower.start, lower.stop - protocol.group_sizes[1])
    recorded = record_weights(protocol, initial, n_updates)
    states = recorded.reshape(-1, recorded.shape[-1])
    changes, descent = compute_changes(protocol, states), -compute_gradients(protocol, states)
    cosines = {
        "raw": align_matrices(protocol, states)[0],
        "centred": align_matrices(protocol, states, centred=True)[0],
        "lower": compute_cosines(changes[:, matrix], descent[:, matrix]),
    }
    return {name: values.reshape(recorded.shape[:2]) for name, values in cosines.items()}


JUDGES = {
    "upper-agreement": judge_upper_agreement,
    "similar-slopes": judge_similar_slopes,
    "random-at-first": judge_random_at_first,
    "agrees-later": judge_agrees_later,
    "alignment-first": judge_alignment_first,
    "symmetry": judge_symmetry,
}
