"""Longer loops: two hidden groups in series."""

import dataclasses
from collections.abc import Sequence
from typing import Any

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

SEARCH_SHARE = 0.1
MEASURED_SHARE = 0.15
"""Networks at each setting of a search, and measured at every update, as shares of all."""
RATES = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
GRID = {"learning_rate": RATES, "regression": (0.0, 0.1, 0.25, 0.5, 0.75)}
"""Each further group takes a factor 1 - regression, so longer loops want less of it."""
REGRESSIONS = {"75": PAPER.regression, "99": 0.99}
"""With which changes and vectors are computed: the paper's, and a high one."""


def run(sample: Sample) -> Model:
    """Return the model of a longer loop at the best settings of a small search."""
    best = sample.take(SEARCH_SHARE).find_best(Protocol(group_sizes=(4, 3, 3)), GRID)
    histories = measure_learning(best, measure_loop, sample.take(MEASURED_SHARE))
    return {"claims": {"loops": judge_loops(histories)}}


def measure_loop(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Measure how well changes into hidden groups agree with steepest descent, (n, n_patterns).

    By regression, ``parallel``: cosine of AP and CR; ``first``, ``second`` and ``joint``: cosine of
    the change into one hidden group or both, by one pattern, with descent in its error;
    ``matched``: the same for both groups, each change scaled to the length of its gradient;
    ``batch``: the same for the changes by all patterns, (n, 1).
    """
    parts = list_connections(protocol)[:2]
    measured: dict[str, Array] = {}
    for key, regression in REGRESSIONS.items():
        rule = dataclasses.replace(protocol, regression=regression)
        single = part_patterns(rule)
        # (n, n_patterns, n_weights) each
        changes = np.stack([compute_changes(each, weights) for each in single], axis=1)
        descent = -np.stack([compute_gradients(each, weights) for each in single], axis=1)
        first, second = (compute_cosines(changes[..., part], descent[..., part]) for part in parts)
        both = slice(parts[0].start, parts[1].stop)
        total, steepest = (each.sum(axis=1, keepdims=True) for each in (changes, descent))
        measured |= {
            f"first-{key}": first,
            f"second-{key}": second,
            f"joint-{key}": compute_cosines(changes[..., both], descent[..., both]),
            f"matched-{key}": match_groups(changes, descent, parts),
            f"batch-{key}": match_groups(total, steepest, parts),
            f"parallel-{key}": compare_vectors(rule, weights),
        }
    return measured


def match_groups(changes: Array, descent: Array, parts: Sequence[slice]) -> Array:
    """Return the cosine of changes and descent, each part of a change scaled to that of descent."""
    squares = [np.sum(descent[..., part] ** 2, axis=-1) for part in parts]
    cosines = [compute_cosines(changes[..., part], descent[..., part]) for part in parts]
    return np.asarray(np.average(cosines, axis=0, weights=squares))


def judge_loops(histories: Histories) -> Model:
    """Judge whether changes approximate gradient descent where AP and CR are parallel."""
    measured: dict[str, Any] = {}
    # By one pattern where its vectors are parallel; by all where those of all are.
    for name in ("joint-75", "joint-99", "first-75", "second-75", "matched-75"):
        is_parallel = histories.get_learning(f"parallel-{name[-2:]}") > PARALLEL
        measured[name] = histories.find_medians(name, is_parallel)
    all_parallel = histories.get_learning("parallel-75").min(axis=1, keepdims=True) > PARALLEL
    measured["batch-75"] = histories.find_medians("batch-75", all_parallel)
    return judge("loops", measured)
