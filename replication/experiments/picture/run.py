"""The paper's Figure 3, tested: its vectors while networks learn, and how changes of W move them.

For one pattern, in the letters of page 364: A is the visible vector, B is its hidden image, and C
is the visible image of B. P is the visible vector of the second pass (equation 5), which lies
between A and C; Q is its hidden image, and R is the visible image of Q.

A small change of W by equation 4 moves B to B', on the extension of QB, and C to C', near the
extension of RC. If CR is parallel to AP, C moves towards A. So the error of the pattern should fall
if the angle between AP and CR is small.
"""

from collections.abc import Mapping

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.agreement import (
    PARALLEL,
    compare_vectors,
    find_vectors,
    part_patterns,
)
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array, align_matrices, compute_cosines
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import Histories, measure_both_rates
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.weights import list_connections, list_matrices
from replication.simulator.running.changes import compute_changes
from replication.simulator.running.engine import evaluate_networks
from replication.statistics.intervals import Estimate

SLOW_SHARE = 0.1  # share of the networks that are measured at the other learning rate
SMALL = 2.0**-20
"""Learning rate of a small change, times (1 - lambda)^2, the factor of equations 5 and 6.

It is far above rounding errors, and so small that the vectors move along straight lines.
"""


def run(sample: Sample) -> Model:
    """Return the model of the picture."""
    paper, slow = measure_both_rates(measure_picture, sample, slow_share=SLOW_SHARE)
    return {
        "claims": {
            "picture": judge_picture(paper, slow),
            "picture-geometry": judge(
                "picture-geometry",
                {
                    "visible-20": paper.find_medians("small_visible"),
                    "hidden-20": paper.find_medians("small_hidden"),
                    "visible-batch": paper.find_medians("biases_visible"),
                    "hidden-batch": paper.find_medians("biases_hidden"),
                    "visible-2": slow.find_medians("small_visible"),
                },
            ),
            "parallel-if-aligned": judge_parallel(paper, slow, sample.draw(PAPER)),
        },
    }


def measure_picture(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Measure the vectors of Figure 3, and how changes of the weights move them.

    Returns
    -------
    dict of float64 arrays, shape (n, n_patterns)
        ``parallel`` : cosine of AP and CR.

        ``..._hidden``, ``..._visible`` : cosines of BB' with QB, and of CC' with RC.

        ``..._gain`` : by how much the change lowers the squared error of the pattern.

        These three are measured for each kind of change: ``small_...``, a small change of W by one
        pattern; ``whole_...``, the same at the learning rate of the protocol; ``biases_...``, a
        small change of W and b by all patterns.

        ``alignment``, ``centred`` : cosine of U and the transpose of W, with and without their
        means, shape (n,).
    """
    W = list_matrices(protocol)[0]
    lower = list_connections(protocol)[0]
    biases = slice(W.stop, lower.stop)
    columns = np.arange(protocol.n_weights)
    small = SMALL / (1.0 - protocol.regression) ** 2
    # The change of W and b by all patterns, (n, n_weights).
    together = np.where(columns < lower.stop, compute_changes(protocol, weights), 0.0)
    rows = []
    for single in part_patterns(protocol):
        change = compute_changes(single, weights)
        alone = np.where(columns < W.stop, change, 0.0)  # of W by this pattern
        moves = {
            "small": small * alone,
            "whole": protocol.learning_rate * alone,
            "biases": small * together,
        }
        # The change of the biases is (1 - lambda) times the vector from Q to B.
        rows.append(compare_moves(single, weights, moves, from_q_to_b=change[:, biases]))
    measured = {
        "parallel": compare_vectors(protocol, weights),
        "alignment": align_matrices(protocol, weights),
        "centred": align_matrices(protocol, weights, centred=True),
    }
    for name in rows[0]:
        measured[name] = np.stack([row[name] for row in rows], axis=1)
    return measured


def compare_moves(
    single: Protocol, weights: Array, moves: Mapping[str, Array], *, from_q_to_b: Array
) -> dict[str, Array]:
    """Return the measures of `measure_picture` for each of `moves`, for one pattern, (n,)."""
    before = evaluate_networks(single, weights)
    vectors = find_vectors(single, weights)
    # Of the one pattern: vectors (n, n_visible).
    a = vectors.a[0]
    c = vectors.c[:, 0]
    r = vectors.r[:, 0]
    measured = {}
    for name, move in moves.items():
        after = evaluate_networks(single, weights + move)
        from_b_to_new_b = (after.hidden[0] - before.hidden[0])[:, 0]
        new_c = after.reconstruction[:, 0]
        measured[f"{name}_hidden"] = compute_cosines(from_b_to_new_b, from_q_to_b)
        measured[f"{name}_visible"] = compute_cosines(new_c - c, c - r)
        # |AC|^2 - |AC'|^2, from differences, so that a small change is not lost in rounding.
        measured[f"{name}_gain"] = np.sum((new_c - c) * (2.0 * a - c - new_c), axis=1)
    return measured


def judge_picture(paper: Histories, slow: Histories) -> Model:
    """Judge whether a change of W alone helps where AP and CR are parallel."""

    def find_share(histories: Histories, gain: str) -> Estimate:
        """Return the share of cases with parallel vectors in which the pattern's error falls."""
        falls = histories.get_learning(gain) > 0.0
        return histories.pool_shares(falls, histories.get_learning("parallel") > PARALLEL)

    # Changes by all patterns count in states in which CR and AP are parallel for all patterns.
    gains = paper.get_learning("biases_gain")  # (states, n_patterns)
    total = gains.sum(axis=1, keepdims=True)
    are_parallel = np.all(paper.get_learning("parallel") > PARALLEL, axis=1, keepdims=True)
    are_parallel_by_pattern = np.broadcast_to(are_parallel, gains.shape)
    return judge(
        "picture",
        {
            "single": find_share(paper, "small_gain"),
            "whole": find_share(paper, "whole_gain"),
            "single-2": find_share(slow, "small_gain"),
            "batch-total": paper.pool_shares(total > 0.0, are_parallel),
            "biases-single": paper.pool_shares(gains > 0.0, are_parallel_by_pattern),
        },
    )


def judge_parallel(paper: Histories, slow: Histories, initial: Array) -> Model:
    """Judge whether CR is parallel to AP only where U and W are aligned."""
    from scipy import stats  # which takes long to import

    def find_share(histories: Histories, name: str, low: float, high: float) -> Estimate:
        """Return the share of parallel vectors in states whose alignment lies between levels."""
        cosines = histories.get_learning("parallel")
        alignment = histories.get_learning(name)[:, None]
        among = np.broadcast_to((alignment >= low) & (alignment < high), cosines.shape)
        return histories.pool_shares(cosines > PARALLEL, among)

    drawn = compare_vectors(PAPER, initial)
    aligned = align_matrices(PAPER, initial)
    return judge(
        "parallel-if-aligned",
        {
            "unaligned-20": find_share(paper, "alignment", -1.0, 0.5),
            "centred-20": find_share(paper, "centred", -1.0, 0.5),
            "aligned-20": find_share(paper, "alignment", 0.95, 2.0),
            "unaligned-2": find_share(slow, "alignment", -1.0, 0.5),
            "rank-initial": stats.spearmanr(aligned, drawn.mean(axis=1)).statistic,
        },
    )
