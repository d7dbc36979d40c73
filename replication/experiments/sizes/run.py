"""Longer loops: two hidden groups in series."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.agreement import PARALLEL, compare_vectors, part_patterns
from replication.experiments.instruments.judging import judge
from replication.experiments.instruments.matrices import Array, compute_cosines
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import Histories, measure_learning
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.weights import list_connections
from replication.simulator.running.changes import compute_changes, compute_gradients

# Numbers of networks, as shares of all.
SEARCH_SHARE = 0.1  # at each setting of a search
MEASURED_SHARE = 0.15  # networks that are measured at every update
RATES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
GRID = {"learning_rate": RATES, "regression": (0.0, 0.1, 0.25, 0.5, 0.75)}
"""Settings that are tried. Each further group brings a factor 1 - regression into the changes, so
longer loops need less regression."""
REGRESSIONS = {"75": PAPER.regression, "99": 0.99}
"""The paper's regression and a high one; changes and vectors are computed with each."""


def run(sample: Sample) -> Model:
    """Return the model of a longer loop at the best settings of a small search."""
    best = sample.take(SEARCH_SHARE).find_best(Protocol(group_sizes=(4, 3, 3)), GRID)
    histories = measure_learning(best, measure_loop, sample.take(MEASURED_SHARE))
    return {"claims": {"loops": judge_loops(histories)}}


def measure_loop(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Measure how well changes into hidden groups agree with steepest descent.

    Returns
    -------
    dict of float64 arrays, shape (n, n_patterns)
        Each name ends in the regression, as in ``joint-75``.

        ``parallel`` : cosine of AP and CR.

        ``first``, ``second``, ``joint`` : cosine of the change into the first hidden group, the
        second, or both, by one pattern, with steepest descent in its error.

        ``matched`` : the same for both groups if each change has the length of its gradient.

        ``batch`` : the same for the changes by all patterns together, shape (n, 1).
    """
    measured: dict[str, Array] = {}
    for key, regression in REGRESSIONS.items():
        rule = dataclasses.replace(protocol, regression=regression)
        for name, cosines in compare_changes(rule, weights).items():
            measured[f"{name}-{key}"] = cosines
    return measured


def compare_changes(rule: Protocol, weights: Array) -> dict[str, Array]:
    """Return what `measure_loop` measures, for one regression."""
    # By each pattern alone, (n, n_patterns, n_weights); then by all together, (n, 1, n_weights).
    single = part_patterns(rule)
    changes = np.stack([compute_changes(each, weights) for each in single], axis=1)
    descent = -np.stack([compute_gradients(each, weights) for each in single], axis=1)
    all_changes = changes.sum(axis=1, keepdims=True)
    all_descent = descent.sum(axis=1, keepdims=True)
    # The weights that lead into the first hidden group, and into the second behind them.
    first, second = list_connections(rule)[:2]
    both = slice(first.start, second.stop)
    return {
        "first": compute_cosines(changes[..., first], descent[..., first]),
        "second": compute_cosines(changes[..., second], descent[..., second]),
        "joint": compute_cosines(changes[..., both], descent[..., both]),
        "matched": match_groups(changes, descent, (first, second)),
        "batch": match_groups(all_changes, all_descent, (first, second)),
        "parallel": compare_vectors(rule, weights),
    }


def match_groups(changes: Array, descent: Array, groups: Sequence[slice]) -> Array:
    """Return the cosine of changes and descent if the change of each group had descent's length.

    This is the mean of the cosines of the groups, weighted by the squared lengths of descent.
    """
    squares = []
    cosines = []
    for group in groups:
        of_change = changes[..., group]
        of_descent = descent[..., group]
        squares.append(np.sum(of_descent**2, axis=-1))
        cosines.append(compute_cosines(of_change, of_descent))
    return np.asarray(np.average(cosines, axis=0, weights=squares))


def judge_loops(histories: Histories) -> Model:
    """Judge whether changes approximate gradient descent where AP and CR are parallel.

    Changes by one pattern count where AP and CR of this pattern are parallel. Changes by all
    patterns count where AP and CR of every pattern are.
    """
    is_parallel = histories.get_learning("parallel-75") > PARALLEL  # (states, n_patterns)
    are_all_parallel = np.all(is_parallel, axis=1, keepdims=True)
    is_parallel_at_99 = histories.get_learning("parallel-99") > PARALLEL
    return judge(
        "loops",
        {
            "joint-75": histories.find_medians("joint-75", is_parallel),
            "joint-99": histories.find_medians("joint-99", is_parallel_at_99),
            "first-75": histories.find_medians("first-75", is_parallel),
            "second-75": histories.find_medians("second-75", is_parallel),
            "matched-75": histories.find_medians("matched-75", is_parallel),
            "batch-75": histories.find_medians("batch-75", are_all_parallel),
        },
    )
