"""The paper's Figure 3, tested: the angle between AP and CR against what a change of W does.

For one pattern, in the letters of page 364: A is the visible vector, B its hidden image,
C the visible image of B; P is the regressed visible vector of the second pass (equation
5), which lies between A and C, Q its hidden image, R the visible image of Q. Changing
the visible-to-hidden weights by a small multiple of equation 4 moves B to B', on the
extension of QB, and C to C', near the extension of RC. If CR is parallel to AP, C moves
towards A. So the error of the pattern should fall if the angle between AP and CR is small.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.claims import Claim, load_claims
from replication.experiments.judging import judge, supports_above
from replication.experiments.measures import name_estimate
from replication.experiments.recording import Recorded, record_learning
from replication.progress import Tell, silent
from replication.protocol import PAPER, Protocol
from replication.simulator.changes import (
    compute_changes,
    compute_errors,
    compute_gradients,
    list_connections,
    reconstruct,
)
from replication.simulator.ensemble import simulate_weights
from replication.simulator.patterns import make_patterns
from replication.simulator.recirculation import RecirculationNetwork
from replication.simulator.weights import draw_weights
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import Estimate, estimate_mean

ROOT_SEED = 2008
N_NETWORKS = 2_000
BIN = 10
"""Degrees, for the figure."""
N_PARTS = 10
"""Parts of each network's learning over which angles are averaged."""
DRAWN_ANGLES = (20.0, 30.0)
"""The case that is drawn: the longest CR among those with an angle between these, in degrees,
and no longer than AP."""
DECIMALS = 4
"""Of coordinates in the drawing."""
DRAWN_STEP = 0.75
"""Length of B to B' in the drawing, over that of B to Q: not small, so that it is seen."""

Array = NDArray[np.float64]


def run(*, jobs: int = -1, tell: Tell = silent, n_networks: int = N_NETWORKS) -> dict[str, Any]:
    """Return the model of the picture.

    Returns
    -------
    dict
        ``n_networks``, ``learning_rate``, ``n_converged``, ``n_cases`` (single patterns at
        all updates of the converged networks), ``bins`` (edges in degrees, cases, and the
        share that a change of W helps, None in an empty bin), ``parts`` (the median angle
        in each part of learning), ``drawn`` (the points of Figure
        3), ``whole_step`` (the share of cases below the limit in which the change of W that
        the learning rate makes lowers the error), ``claims``.
    """
    tell("angles between the vectors AP and CR along learning")
    initial = draw_weights(PAPER, ROOT_SEED, 0, n_networks)
    updates, converged, _ = simulate_weights(PAPER, initial, jobs=jobs)
    weights: list[Array] = []
    parts: list[Array] = []
    lengths: list[NDArray[np.int64]] = []
    for recorded in record_learning(PAPER, initial[converged], updates[converged]):
        states, part = _take_before_last(recorded)
        weights.append(states)
        parts.append(part)
        lengths.append(recorded.updates)
    angle = np.concatenate([measure_angles(PAPER, states) for states in weights])
    lower = np.concatenate([lowers_error(PAPER, states) for states in weights])
    whole = np.concatenate([lowers_error(PAPER, states, whole_step=True) for states in weights])
    claim = load_claims()["picture"]
    judged = judge_picture(claim, angle, lower, np.concatenate(lengths))
    return {
        "n_networks": n_networks,
        "learning_rate": PAPER.learning_rate,
        "n_converged": int(converged.sum()),
        "n_cases": int(angle.size),
        "bins": _count_bins(angle, lower),
        "parts": _follow_angles(angle, np.concatenate(parts)),
        "drawn": find_picture(PAPER, np.concatenate(weights), angle),
        "whole_step": float(whole[angle < judged["max_angle"]].mean()),
        "claims": {"picture": judged},
    }


def measure_angles(protocol: Protocol, weights: Array) -> Array:
    """Return the angle between AP and CR for every pattern, in degrees.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)

    Returns
    -------
    float64 array, shape (n, n_patterns)
    """
    a = make_patterns(protocol)
    c = reconstruct(protocol, weights)
    p = protocol.regression * a + (1.0 - protocol.regression) * c
    r = reconstruct(protocol, weights, p)
    return np.asarray(np.degrees(np.arccos(compute_cosines(p - a, r - c))))


def lowers_error(
    protocol: Protocol, weights: Array, *, whole_step: bool = False
) -> NDArray[np.bool_]:
    """Tell whether a change of W alone, by equation 4, lowers a pattern's squared error.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)
    whole_step : bool
        Whether to change W by as much as the protocol's learning rate says. Otherwise the
        change is small: the slope of the error along it decides. The biases of the
        hidden units, changed too, would leave its sign as it is.

    Returns
    -------
    bool array, shape (n, n_patterns)
        Each pattern with its own change.
    """
    lower = list_connections(protocol)[0]
    matrix = slice(lower.start, lower.stop - protocol.group_sizes[1])
    columns = []
    for pattern in make_patterns(protocol):
        single = dataclasses.replace(protocol, patterns=(tuple(pattern.tolist()),))
        change = np.zeros_like(weights)
        change[:, matrix] = compute_changes(single, weights)[:, matrix]
        if whole_step:
            after = weights + protocol.learning_rate * change
            columns.append(compute_errors(single, after) < compute_errors(single, weights))
        else:
            columns.append(np.sum(change * compute_gradients(single, weights), axis=1) < 0.0)
    return np.stack(columns, axis=1)


def judge_picture(
    claim: Claim, angle: Array, lower: NDArray[np.bool_], updates: NDArray[np.int64]
) -> dict[str, Any]:
    """Judge whether a change of W alone helps where the angle is small.

    Parameters
    ----------
    claim : Claim
    angle, lower : arrays of shape (n_states, n_patterns)
        Angles in degrees, and whether the error falls, network by network.
    updates : int64 array, shape (n,)
        How many of the states belong to each network.

    Returns
    -------
    dict
        ``max_angle``; ``share`` helped of the ``n_small`` cases below it, with its interval;
        ``sign`` (the share of all cases in which the sign of the cosine predicts the sign of
        the change) and ``helped`` (the share of all cases).
    """
    limit = claim.thresholds["max_angle_degrees"]
    small = angle < limit
    owners = np.repeat(np.arange(len(updates)), updates)
    share = estimate_pooled_share(
        np.bincount(owners, (small & lower).sum(axis=1), minlength=len(updates)),
        np.bincount(owners, small.sum(axis=1), minlength=len(updates)),
    )
    return {
        **judge(
            claim,
            {"single": supports_above(share.value, share.interval, claim.thresholds["min_share"])},
        ),
        "max_angle": limit,
        **name_estimate("share", share),
        "n_small": int(small.sum()),
        "sign": float(np.mean((angle < 90.0) == lower)),
        "helped": float(lower.mean()),
    }


def estimate_pooled_share(successes: NDArray[Any], cases: NDArray[Any]) -> Estimate:
    """Return a share over cases that come in clusters, with its 95 % interval.

    Parameters
    ----------
    successes, cases : array, shape (n,)
        Of each cluster; clusters are independent, the cases in one are not.

    Returns
    -------
    Estimate
        Limited to [0, 1]; of no case the whole of it.

    References
    ----------
    Cochran (1977), Sampling Techniques, section 2.11: the ratio estimator.

    Examples
    --------
    >>> estimate_pooled_share(np.array([1, 1]), np.array([2, 2]))
    Estimate(value=0.5, low=0.5, high=0.5, level=0.95)
    """
    total = cases.sum()
    if total == 0:
        return Estimate(None, 0.0, 1.0)
    share = float(successes.sum() / total)
    deviations = (successes - share * cases) / cases.mean()
    mean = estimate_mean(share + deviations)
    low, high = mean.low, mean.high
    return Estimate(
        share, 0.0 if low is None else max(0.0, low), 1.0 if high is None else min(1.0, high)
    )


def find_picture(protocol: Protocol, weights: Array, angle: Array) -> dict[str, Any]:
    """Return the points of the paper's Figure 3 for a real network and one pattern.

    Parameters
    ----------
    protocol : Protocol
        With two hidden units.
    weights : float64 array, shape (n, n_weights)
    angle : float64 array, shape (n, n_patterns)
        Of `measure_angles`.

    Returns
    -------
    dict
        Of `place_points`, for the case of `DRAWN_ANGLES`, and its ``angle``.
    """
    a = np.broadcast_to(make_patterns(protocol), (*angle.shape, protocol.n_visible))
    c = reconstruct(protocol, weights)
    p = protocol.regression * a + (1.0 - protocol.regression) * c
    length = np.linalg.norm(reconstruct(protocol, weights, p) - c, axis=2)
    is_drawable = (DRAWN_ANGLES[0] <= angle) & (angle <= DRAWN_ANGLES[1])
    is_drawable &= length <= np.linalg.norm(p - a, axis=2)
    state, k = np.unravel_index(int(np.argmax(np.where(is_drawable, length, 0.0))), angle.shape)
    network = RecirculationNetwork.from_weights(weights[state], protocol)
    return place_points(network, network.patterns[k]) | {"angle": float(angle[state, k])}


def place_points(network: RecirculationNetwork, a: Array) -> dict[str, Any]:
    """Return the points of Figure 3 before and after a change of W.

    Parameters
    ----------
    network : RecirculationNetwork
        With two hidden units; its W is changed.
    a : float64 array, shape (n_visible,)
        The visible vector A.

    Returns
    -------
    dict
        ``hidden``: B, Q and B' as points [x, y]; ``visible``: A, P, C, R and C' in the
        plane through A, C and R, in which A is at [0, 0] and C lies to the right (C' is
        projected onto it); ``errors``: the squared error of the pattern before and after.
    """
    b = network.first_pass(a)
    c = network.reconstruct(b)
    p = network.regress(a, c)
    q = network.first_pass(p)
    r = network.reconstruct(q)
    change, _, _, _ = network.weight_changes(a)
    distance = DRAWN_STEP * float(np.linalg.norm(q - b))
    network.W += find_factor(network, a, change, distance) * change
    b_after = network.first_pass(a)
    c_after = network.reconstruct(b_after)
    right = (c - a) / np.linalg.norm(c - a)
    up = (r - c) - ((r - c) @ right) * right
    up /= np.linalg.norm(up)
    visible = {"A": a, "P": p, "C": c, "R": r, "C'": c_after}
    return {
        "hidden": {name: _round(x) for name, x in {"B": b, "Q": q, "B'": b_after}.items()},
        "visible": {
            name: _round(np.array([(x - a) @ right, (x - a) @ up])) for name, x in visible.items()
        },
        "errors": [float(0.5 * np.sum((x - a) ** 2)) for x in (c, c_after)],
    }


def find_factor(
    network: RecirculationNetwork, visible: Array, change: Array, distance: float
) -> float:
    """Return how many times a change of W moves the hidden image of a vector by `distance`.

    Parameters
    ----------
    network : RecirculationNetwork
    visible : float64 array, shape (n_visible,)
    change : float64 array, shape (n_hidden, n_visible)
    distance : float
        In the space of hidden states; the factor is doubled from a small one until it
        is reached, or the image moves no further.

    Returns
    -------
    float
    """
    inputs, moves = network.W @ visible + network.b, change @ visible
    start = network.activate_hidden(inputs)
    factor = 2.0**-20
    while factor < 2.0**20:
        image = network.activate_hidden(inputs + factor * moves)
        if np.linalg.norm(image - start) >= distance:
            break
        factor *= 2.0**0.125
    return factor


def _round(point: Array) -> list[float]:
    """Round to what a figure shows, so that 0 is 0 on every processor."""
    return [float(x) for x in np.round(point, DECIMALS) + 0.0]


def _take_before_last(recorded: Recorded) -> tuple[Array, Array]:
    """Return the states from which an update followed, and the part of learning behind each."""
    ages, lengths = recorded.ages, np.repeat(recorded.updates, recorded.updates + 1)
    before = ages < lengths
    return recorded.weights[before], ages[before] / lengths[before]


def _count_bins(angle: Array, lower: NDArray[np.bool_]) -> dict[str, Any]:
    edges = np.arange(0, 181, BIN)
    counts, _ = np.histogram(angle, edges)
    helped, _ = np.histogram(angle[lower], edges)
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "helped": [
            float(few / many) if many else None for few, many in zip(helped, counts, strict=True)
        ],
    }


def _follow_angles(angle: Array, part: Array) -> list[float | None]:
    tenth = np.minimum((part * N_PARTS).astype(int), N_PARTS - 1)
    inside = [angle[tenth == k] for k in range(N_PARTS)]
    return [float(np.median(each)) if each.size else None for each in inside]
