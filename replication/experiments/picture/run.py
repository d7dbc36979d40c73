"""The paper's Figure 3, tested: vectors along learning, and what a change of W does to them.

For one pattern, in the letters of page 364: A is the visible vector, B its hidden image,
C the visible image of B; P is the regressed visible vector of the second pass (equation
5), which lies between A and C, Q its hidden image, R the visible image of Q. Changing
the visible-to-hidden weights by a small multiple of equation 4 moves B to B', on the
extension of QB, and C to C', near the extension of RC. If CR is parallel to AP, C moves
towards A. So the error of the pattern should fall if the angle between AP and CR is small.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from replication.definition.protocol import PAPER, Protocol
from replication.experiments import Model, agreement, matrices
from replication.experiments.agreement import PARALLEL
from replication.experiments.judging import judge
from replication.experiments.recording import Histories, measure_both_rates
from replication.simulator.changes import compute_changes
from replication.simulator.engine import evaluate_networks
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import draw_weights, list_connections
from replication.statistics.alignment import compute_cosines
from replication.statistics.intervals import Estimate
from replication.system.progress import Tell

ROOT_SEED = 2008
N_NETWORKS = 2_000
SLOW_SHARE = 0.1  # share of the networks that are measured at the other learning rate
SMALL = 2.0**-20
"""Factor of a small change over (1 - lambda)^2, with which changes of W shrink: far above rounding,
and far below what bends the vectors."""
HIGH_REGRESSION = 0.99

Array = NDArray[np.float64]


def run(*, jobs: int, report_progress: Tell, n_networks: int = N_NETWORKS) -> Model:
    """Return the model of the picture."""
    report_progress("networks measured at every update, at two learning rates")
    paper, slow = measure_both_rates(
        measure_picture, n_networks, slow_share=SLOW_SHARE, root_seed=ROOT_SEED, jobs=jobs
    )
    initial = draw_weights(PAPER, ROOT_SEED, 0, n_networks)
    return {
        "n_networks": n_networks,
        "claims": {
            "picture": judge_picture(paper, slow),
            "picture-geometry": judge_geometry(paper, slow),
            "parallel-if-aligned": judge_parallel(paper, slow, initial),
        },
    }


def measure_picture(protocol: Protocol, weights: Array) -> dict[str, NDArray[Any]]:
    """Measure the vectors of Figure 3, and what changes of W do, (n, n_patterns) each.

    ``parallel``: cosine of AP and CR. For each change (``small``, ``whole``: by the learning rate,
    ``high``: small, with `HIGH_REGRESSION`; small and by all patterns ``batch``, and with the
    biases of the hidden units ``biases``): ``..._hidden`` and ``..._visible``, cosines of BB' with
    QB and of CC' with RC; ``..._falls``, whether the error of the pattern falls. (n,):
    ``alignment`` and ``centred`` of the matrices; ``..._total``, whether the sum of errors falls.
    """
    high = dataclasses.replace(protocol, regression=HIGH_REGRESSION)
    lower = list_connections(protocol)[0]
    without_biases = matrices.list_matrices(protocol)[0]
    measured: dict[str, NDArray[Any]] = {
        "parallel": agreement.compare_vectors(protocol, weights),
        "high_parallel": agreement.compare_vectors(high, weights),
        "alignment": matrices.align_matrices(protocol, weights)[0],
        "centred": matrices.align_matrices(protocol, weights, centred=True)[0],
    }
    small, small_high = (SMALL / (1.0 - each.regression) ** 2 for each in (protocol, high))
    for name, rule, factor in (
        ("small", protocol, small), ("whole", protocol, protocol.learning_rate),
        ("high", high, small_high),
    ):  # fmt: skip
        after = [
            weights + factor * change_lower(each, weights, without_biases)
            for each in agreement.part_patterns(rule)
        ]
        measured |= compare_images(name, rule, weights, after)
    for name, places in (("batch", without_biases), ("biases", lower)):
        after = [weights + small * change_lower(protocol, weights, places)] * protocol.n_patterns
        measured |= compare_images(name, protocol, weights, after)
        measured[f"{name}_total"] = measure_gains(protocol, weights, after).sum(axis=1) > 0.0
    return measured


def change_lower(protocol: Protocol, weights: Array, places: slice) -> Array:
    """Return the changes by equation 4 in some places, and none elsewhere, (n, n_weights)."""
    change = np.zeros_like(weights)
    change[:, places] = compute_changes(protocol, weights)[:, places]
    return change


def compare_images(
    name: str, protocol: Protocol, weights: Array, changed: Sequence[Array]
) -> dict[str, NDArray[Any]]:
    """Compare the images of every pattern before and after a change; `changed` is by pattern."""
    lower = list_connections(protocol)[0]
    biases = slice(matrices.list_matrices(protocol)[0].stop, lower.stop)
    hidden, visible = [], []
    for single, other in zip(agreement.part_patterns(protocol), changed, strict=True):
        before, after = (evaluate_networks(single, each) for each in (weights, other))
        # The change of the biases is (1 - lambda) times the vector from Q to B.
        from_q_to_b = compute_changes(single, weights)[:, biases]
        hidden.append(compute_cosines(after.hidden[0][:, 0] - before.hidden[0][:, 0], from_q_to_b))
        _, c, _, r = agreement.find_vectors(single, weights)
        visible.append(compute_cosines((after.reconstruction - c)[:, 0], (c - r)[:, 0]))
    return {
        f"{name}_hidden": np.stack(hidden, axis=1),
        f"{name}_visible": np.stack(visible, axis=1),
        f"{name}_falls": measure_gains(protocol, weights, changed) > 0.0,
    }


def measure_gains(protocol: Protocol, weights: Array, changed: Sequence[Array]) -> Array:
    """Return by how much the squared error of each pattern falls, (n, n_patterns).

    It comes from differences of the states, so that a small change is not lost in rounding.
    """
    gains = []
    for single, other in zip(agreement.part_patterns(protocol), changed, strict=True):
        before, after = (
            evaluate_networks(single, each).reconstruction[:, 0] for each in (weights, other)
        )
        towards = 2.0 * make_patterns(single)[0] - before - after
        gains.append(np.sum((after - before) * towards, axis=1))
    return np.stack(gains, axis=1)


def judge_picture(paper: Histories, slow: Histories) -> Model:
    """Judge whether a change of W alone helps where AP and CR are parallel."""

    def share(
        falls: str, level: float = PARALLEL, of: Histories = paper, cosine: str = "parallel"
    ) -> Estimate:
        return of.pool_shares(of.get_learning(falls), of.get_learning(cosine) > level)

    cosines = paper.get_learning("parallel")
    falls = paper.get_learning("small_falls")
    is_parallel = np.all(cosines > PARALLEL, axis=1, keepdims=True)
    together = np.broadcast_to(is_parallel, cosines.shape)
    whole = together[:, :1]
    everywhere = np.ones_like(falls)
    return judge("picture", {
        "single": share("small_falls"),
        "single-30": share("small_falls", float(np.cos(np.pi / 6.0))),
        "single-60": share("small_falls", 0.5),
        "whole": share("whole_falls"),
        "high": share("high_falls", cosine="high_parallel"),
        "single-2": share("small_falls", of=slow),
        "sign": paper.pool_shares(falls == (cosines > 0.0), everywhere),
        "beyond": paper.pool_shares(~falls, cosines < 0.0),
        "batch-total": paper.pool_shares(paper.get_learning("batch_total")[:, None], whole),
        "batch-single": paper.pool_shares(paper.get_learning("batch_falls"), together),
        "biases-total": paper.pool_shares(paper.get_learning("biases_total")[:, None], whole),
        "biases-single": paper.pool_shares(paper.get_learning("biases_falls"), together),
    })  # fmt: skip


def judge_geometry(paper: Histories, slow: Histories) -> Model:
    """Judge whether B' lies on the extension of QB, and C' on that of RC."""
    measured: dict[str, Any] = {}
    for place in ("hidden", "visible"):
        cosines = paper.get_learning(f"small_{place}")
        measured |= {
            f"{place}-20": paper.find_medians(f"small_{place}"),
            f"{place}-angle": paper.pool_shares(cosines > PARALLEL, np.ones(cosines.shape, bool)),
            f"{place}-whole": paper.find_medians(f"whole_{place}"),
            f"{place}-high": paper.find_medians(f"high_{place}"),
            f"{place}-batch": paper.find_medians(f"biases_{place}"),
            f"{place}-2": slow.find_medians(f"small_{place}"),
        }
    return judge("picture-geometry", measured)


def judge_parallel(paper: Histories, slow: Histories, initial: Array) -> Model:
    """Judge whether CR is parallel to AP only where the matrices are aligned."""

    def share(histories: Histories, name: str, low: float, high: float) -> Estimate:
        cosines = histories.get_learning("parallel")
        alignment = histories.get_learning(name)[:, None]
        among = np.broadcast_to((alignment >= low) & (alignment < high), cosines.shape)
        return histories.pool_shares(cosines > PARALLEL, among)

    opposed, symmetric = (
        agreement.compare_vectors(PAPER, matrices.change_u(PAPER, initial, change))
        for change in (lambda W, _: -W, lambda W, _: W)
    )
    drawn = agreement.compare_vectors(PAPER, initial)
    return judge("parallel-if-aligned", {
        "unaligned-20": share(paper, "alignment", -1.0, 0.5),
        "unrelated-20": share(paper, "alignment", -1.0, 0.2),
        "below-20": share(paper, "alignment", -1.0, 0.8),
        "centred-20": share(paper, "centred", -1.0, 0.5),
        "aligned-20": share(paper, "alignment", 0.95, 2.0),
        "unaligned-2": share(slow, "alignment", -1.0, 0.5),
        "centred-2": share(slow, "centred", -1.0, 0.5),
        "aligned-2": share(slow, "alignment", 0.95, 2.0),
        "rank-initial": spearmanr(
            matrices.align_matrices(PAPER, initial)[0], drawn.mean(axis=1)
        ).statistic,
        "opposed": (opposed > PARALLEL).mean(axis=1),
        "turned": symmetric.mean(axis=1) > opposed.mean(axis=1),
    })  # fmt: skip
