"""Along learning: six statements of pages 363 and 364 from networks followed at every update."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import Claim, load_claims
from replication.experiments.judging import judge, supports_if
from replication.experiments.learning.following import (
    Following,
    find_events,
    follow_networks,
    measure_states,
)
from replication.experiments.measures import estimate_share, name_estimate
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.changes import list_connections
from replication.simulator.weights import draw_weights
from replication.statistics.alignment import estimate_median

ROOT_SEED = 2007
N_NETWORKS = 2_000
SERIES = ("lower", "upper", "alignment", "variation", "variation_error", "ratio")
PARTS = np.linspace(0.0, 1.0, 41)
"""Parts of a network's own learning at which series for figures are kept."""
N_RESAMPLES = 200
OTHER_LEVELS = (0.7, 0.8)
"""Levels of the cosine beside that of the ledger, to see how much hangs on it."""
MIN_LEARNING = 0.05
"""Medians over the networks still learning are taken while this share of them still is."""

Array = NDArray[np.float64]


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Return the model of what happens along learning.

    Returns
    -------
    dict
        ``n_networks``, ``learning_rate``, ``other_rate``; ``paper`` and ``other``, each
        with ``converged``, ``mean_updates``, ``parts`` and for each of `SERIES` medians
        and quartiles there; ``claims``.
    """
    claims = load_claims()
    other_rate = claims["alignment-first"].thresholds["other_rate"]
    tell("networks followed at the paper's learning rate")
    paper = follow_networks(PAPER, n_networks=n_networks, root_seed=ROOT_SEED, jobs=jobs)
    tell(f"networks followed at a learning rate of {other_rate:g}")
    slow = dataclasses.replace(PAPER, learning_rate=other_rate)
    other = follow_networks(slow, n_networks=n_networks, root_seed=ROOT_SEED, jobs=jobs)
    tell("what the networks have in common")
    initial = measure_states(PAPER, draw_weights(PAPER, ROOT_SEED, 0, n_networks))
    return {
        "n_networks": n_networks,
        "learning_rate": PAPER.learning_rate,
        "other_rate": other_rate,
        "paper": describe_following(paper),
        "other": describe_following(other),
        "claims": {
            "upper-agreement": judge_upper_agreement(claims["upper-agreement"], paper, other),
            "similar-slopes": judge_similar_slopes(claims["similar-slopes"], paper),
            "random-at-first": judge_random_at_first(
                claims["random-at-first"], initial, n_weights=_count_weights(PAPER)
            ),
            "agrees-later": judge_agrees_later(claims["agrees-later"], paper, other),
            "alignment-first": judge_alignment_first(claims["alignment-first"], paper, other),
            "symmetry": judge_symmetry(claims["symmetry"], paper, other),
        },
    }


def describe_following(following: Following) -> dict[str, Any]:
    """Return how many converged, and medians and quartiles over their own learning times."""
    series = {}
    for name in SERIES:
        values = np.array([following.take_at(name, part) for part in PARTS])
        low, middle, high = np.quantile(values, (0.25, 0.5, 0.75), axis=1)
        series[name] = {"low": low.tolist(), "median": middle.tolist(), "high": high.tolist()}
    return {
        "converged": estimate_share(len(following.updates), following.n_networks),
        "n_converged": len(following.updates),
        "mean_updates": float(following.updates.mean()),
        "parts": PARTS.tolist(),
        **series,
    }


def judge_upper_agreement(claim: Claim, paper: Following, other: Following) -> dict[str, Any]:
    """Judge the cosine of the change of U with steepest descent, over all updates.

    Returns
    -------
    dict
        ``cosine`` with its interval (networks resampled), ``share_above`` the ``level``,
        ``with_biases``, ``other_rate`` (the median at the other rate),
        ``lowest_cross`` (the smallest cosine with the descent in the cross-entropy).
    """
    before = ~_find_lasts(paper)
    cosines = paper.values["upper"][before]
    level = claim.thresholds["min_cosine"]
    cosine = float(np.median(cosines))
    return {
        **judge(claim, {"cosine": supports_if(cosine >= level, cosine)}),
        "cosine": cosine,
        "cosine_interval": bound_pooled_median(cosines, paper.updates),
        "level": level,
        "share_above": float(np.mean(cosines >= level)),
        "with_biases": float(np.median(paper.values["upper_biases"][before])),
        "other_rate": float(np.median(other.values["upper"][~_find_lasts(other)])),
        "lowest_cross": float(paper.values["upper_cross"][before].min()),
    }


def judge_similar_slopes(claim: Claim, paper: Following) -> dict[str, Any]:
    """Judge the variation of the slopes of the visible units, update by update.

    Returns
    -------
    dict
        ``n_updates`` looked at, ``share`` of them with similar slopes, ``last_similar``
        (how many are before the first without), ``largest`` (the largest median, with its
        interval), ``middle`` (the one halfway through learning), ``middle_error`` (halfway, each
        slope counted by its squared error).
    """
    limit = claim.thresholds["max_variation"]
    variations: list[Array] = []
    while True:
        values = paper.take_after("variation", len(variations))
        if len(values) == 0 or len(values) < MIN_LEARNING * len(paper.updates):
            break
        variations.append(values)
    medians = np.array([np.median(values) for values in variations])
    similar = medians <= limit
    share = float(similar.mean())
    return {
        **judge(claim, {"variation": supports_if(similar.all(), share)}),
        "n_updates": len(variations),
        "share": share,
        "last_similar": int(np.argmin(similar)) if not similar.all() else len(variations),
        **name_estimate("largest", estimate_median(variations[int(medians.argmax())])),
        "limit": limit,
        "middle": float(np.median(paper.take_at("variation", 0.5))),
        "middle_error": float(np.median(paper.take_at("variation_error", 0.5))),
        "late_error": float(np.median(paper.take_at("variation_error", 0.9))),
    }


def judge_random_at_first(
    claim: Claim, initial: dict[str, Array], *, n_weights: int
) -> dict[str, Any]:
    """Judge the cosines of the change of W with steepest descent at the initial weights.

    Parameters
    ----------
    claim : Claim
    initial : dict
        Of `measure_states`.
    n_weights : int
        Entries of W; between random directions among so many the standard deviation of
        the cosine is ``1 / sqrt(n_weights)``.

    Returns
    -------
    dict
        ``share`` positive with its interval, ``spread``, ``spread_random`` and
        ``spread_biases`` (with the biases of the hidden units).
    """
    cosines, limits = initial["lower"], claim.thresholds
    positive = estimate_share(int(np.count_nonzero(cosines > 0.0)), len(cosines))
    low, high = positive["share_interval"]
    spread, expected = float(np.std(cosines)), float(1.0 / np.sqrt(n_weights))
    is_even = limits["min_share"] <= low and high <= limits["max_share"]
    is_spread = abs(spread / expected - 1.0) <= limits["max_spread_error"]
    return {
        **judge(claim, {"cosines": supports_if(is_even and is_spread, positive["share"])}),
        **positive,
        "spread": spread,
        "spread_random": expected,
        "spread_biases": float(np.std(initial["lower_biases"])),
    }


def judge_agrees_later(claim: Claim, paper: Following, other: Following) -> dict[str, Any]:
    """Judge the cosine of the change of W in the last quarter of learning against the first.

    Returns
    -------
    dict
        ``share`` of networks in which it is higher, ``first`` and ``last`` (medians over
        networks of the means in each quarter) with ``last_interval``, and
        ``other_share``, ``other_first``, ``other_last`` at the other rate.
    """
    first, last = average_quarters(paper)
    risen = estimate_share(int(np.count_nonzero(last > first)), len(first))
    late = estimate_median(last)
    is_risen = risen["share_interval"][0] >= claim.thresholds["min_share"]
    is_high = bool(np.median(last) >= claim.thresholds["min_cosine"])
    other_first, other_last = average_quarters(other)
    return {
        **judge(claim, {"quarters": supports_if(is_risen and is_high, risen["share"])}),
        **risen,
        "first": float(np.median(first)),
        **name_estimate("last", late),
        "other_share": float(np.mean(other_last > other_first)),
        "other_first": float(np.median(other_first)),
        "other_last": float(np.median(other_last)),
    }


def average_quarters(following: Following) -> tuple[Array, Array]:
    """Return the mean cosine of W in the first and in the last quarter of each one's updates.

    A quarter of n updates holds n / 4 of them, rounded up.
    """
    first, last = [], []
    for values in following.split("lower"):
        cosines = values[:-1] if len(values) > 1 else values
        quarter = -(-len(cosines) // 4)
        first.append(cosines[:quarter].mean())
        last.append(cosines[-quarter:].mean())
    return np.array(first), np.array(last)


def judge_alignment_first(claim: Claim, paper: Following, other: Following) -> dict[str, Any]:
    """Judge whether the matrices become aligned before the change of W agrees with descent.

    Returns
    -------
    dict
        ``paper`` and ``other``: the comparison of `compare_events` at each rate.
    """
    limits = claim.thresholds
    width = int(limits["running_median"])
    at = {
        name: compare_events(each, level=limits["level"], width=width)
        for name, each in (("paper", paper), ("other", other))
    }
    at_paper = at["paper"]["share_interval"][0] >= limits["min_share"]
    at_other = at["other"]["share_interval"][0] > limits["min_share_other"]
    return {
        **judge(claim, {"level-09": supports_if(at_paper and at_other, at["paper"]["share"])}),
        "level": limits["level"],
        **at,
    }


def compare_events(following: Following, *, level: float, width: int) -> dict[str, Any]:
    """Compare when the matrices pass a level of alignment and the change of W one of agreement.

    Returns
    -------
    dict
        ``share`` of networks in which the matrices pass first, with its interval;
        ``never`` (the change does not pass before the criterion is met), ``unaligned``
        (it does, the matrices do not); ``aligned_at`` and ``agrees_at`` (median updates,
        None where half of the networks never pass);
        ``alignment_then`` (median alignment when the change passes) and
        ``least_alignment`` (which 95 % of the networks exceed then);
        ``with_biases`` and ``levels`` (the share with the biases of the hidden units
        counted in, and with `OTHER_LEVELS`); ``steps`` (for the figure: the share of networks
        that have passed, of both, after each of `PARTS`).
    """
    aligned, agrees = (
        find_events(following.split(name), level=level, width=width)
        for name in ("alignment", "lower")
    )
    with_biases = find_events(following.split("lower_biases"), level=level, width=width)
    n = len(aligned)
    passed = np.isfinite(agrees)
    places = following.starts[:-1][passed] + agrees[passed].astype(np.int64)
    then = following.values["alignment"][places]
    return {
        **estimate_share(int(np.count_nonzero(aligned < agrees)), n),
        "never": float(np.mean(~passed)),
        "unaligned": float(np.mean(passed & ~np.isfinite(aligned))),
        "aligned_at": _take_finite(np.median(aligned)),
        "agrees_at": _take_finite(np.median(agrees)),
        "alignment_then": float(np.median(then)) if len(then) else None,
        "least_alignment": float(np.quantile(then, 0.05)) if len(then) else None,
        "with_biases": float(np.mean(aligned < with_biases)),
        "levels": [
            {"level": each, "share": _share_first(following, each, width)} for each in OTHER_LEVELS
        ],
        "steps": {
            "aligned": _share_passed(aligned, following.updates),
            "agrees": _share_passed(agrees, following.updates),
        },
    }


def judge_symmetry(claim: Claim, paper: Following, other: Following) -> dict[str, Any]:
    """Judge the alignment and the lengths of the two matrices when the criterion is met.

    Returns
    -------
    dict
        ``cosine`` (median, with its interval), ``share`` of networks in which U is the
        longer matrix, with its interval; ``ratio``, the median of the lengths' ratio;
        ``initial``, the median cosine at the start; ``other_cosine`` and
        ``other_ratio`` at the other rate.
    """
    alignment, ratio = (paper.take_at(name, 1.0) for name in ("alignment", "ratio"))
    longer = estimate_share(int(np.count_nonzero(ratio > 1.0)), len(ratio))
    cosine = estimate_median(alignment)
    is_aligned = bool(np.median(alignment) >= claim.thresholds["min_cosine"])
    is_longer = longer["share_interval"][0] >= claim.thresholds["min_share"]
    return {
        **judge(claim, {"both": supports_if(is_aligned and is_longer, longer["share"])}),
        **name_estimate("cosine", cosine),
        **longer,
        "ratio": float(np.median(ratio)),
        "initial": float(np.median(paper.take_at("alignment", 0.0))),
        "other_cosine": float(np.median(other.take_at("alignment", 1.0))),
        "other_ratio": float(np.median(other.take_at("ratio", 1.0))),
    }


def bound_pooled_median(values: Array, lengths: NDArray[np.int64]) -> list[float]:
    """Return a 95 % interval of the median over all updates of all networks.

    Parameters
    ----------
    values : float64 array, shape (sum of lengths,)
        Network by network.
    lengths : int64 array, shape (n,)

    Returns
    -------
    list of two floats
        Percentiles over `N_RESAMPLES` resamples of whole networks, since the updates of
        one network are not independent.
    """
    owners = np.repeat(np.arange(len(lengths)), lengths)
    order = np.argsort(values, kind="stable")
    owners, ordered = owners[order], values[order]
    generator = np.random.default_rng(ROOT_SEED)
    medians = []
    for _ in range(N_RESAMPLES):
        counts = np.bincount(generator.integers(len(lengths), size=len(lengths)),
                             minlength=len(lengths))  # fmt: skip
        reached = np.cumsum(counts[owners])
        medians.append(ordered[np.searchsorted(reached, reached[-1] / 2.0)])
    low, high = np.quantile(medians, (0.025, 0.975))
    return [float(low), float(high)]


def _share_first(following: Following, level: float, width: int) -> float:
    aligned, agrees = (
        find_events(following.split(name), level=level, width=width)
        for name in ("alignment", "lower")
    )
    return float(np.mean(aligned < agrees))


def _share_passed(events: Array, updates: NDArray[np.int64]) -> list[float]:
    """Return the share of networks that have passed after each of `PARTS` of learning."""
    when = np.sort(events / np.maximum(updates, 1))
    return list(np.searchsorted(when, PARTS, side="right") / len(when))


def _find_lasts(following: Following) -> NDArray[np.bool_]:
    """Tell which states are the last of their network: the criterion is met, no update follows."""
    lasts = np.zeros(following.starts[-1], dtype=np.bool_)
    lasts[following.starts[1:] - 1] = True
    return lasts


def _count_weights(protocol: Protocol) -> int:
    lower = list_connections(protocol)[0]
    return int(lower.stop - lower.start) - protocol.group_sizes[1]


def _take_finite(value: np.floating[Any]) -> float | None:
    return float(value) if np.isfinite(value) else None
