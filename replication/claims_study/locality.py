"""The simple rule: what a weight change depends on, asked of the kernel."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from replication.claims_study.experiment import NEVER, Array, Experiment, round_up
from replication.protocol import PAPER, Protocol
from replication.simulator.gradient import compute_changes, compute_rule_terms
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import split_weights

N_NETWORKS = 500
ALTERATION = 0.5
"""Weights are altered by normal numbers of about this size."""


def measure_locality(experiment: Experiment) -> dict[str, Any]:
    """Show that a weight change depends on activities at its two ends, and on nothing else.

    Parameters
    ----------
    experiment : Experiment

    Returns
    -------
    dict
        ``n`` networks; ``product_difference``, the largest deviation of the
        kernel's changes from presynaptic activity times the difference of the
        postsynaptic one; ``altered_difference``, the largest effect on them of
        altering all weights in a way that leaves the activities of both passes
        as they are, one pattern at a time (both rounded up to a power of
        ten); ``alteration``, the median size of
        the altered weights' steps; ``back_propagation_effect``, the median
        relative effect of the same alterations on the visible-to-hidden
        changes of back-propagation.
    """
    n = min(N_NETWORKS, experiment.sizes.n_networks)
    generator = np.random.Generator(np.random.Philox(key=experiment.root_seed))
    initial = experiment.draw(PAPER, n)
    product = np.abs(_take_changes(experiment, PAPER, initial) - compute_changes(PAPER, initial))
    altered_difference, steps, effects = 0.0, [], []
    for pattern in make_patterns(PAPER):
        single = dataclasses.replace(PAPER, patterns=(tuple(pattern.tolist()),))
        altered = _alter(single, initial, generator)
        steps.append(np.abs(altered - initial).mean(axis=1))
        before, after = (_take_changes(experiment, single, w) for w in (initial, altered))
        altered_difference = max(altered_difference, float(np.abs(after - before).max()))
        other = dataclasses.replace(single, learning_rule="back-propagation")
        before, after = (
            split_weights(single, _take_changes(experiment, other, w))[0][0].reshape(n, -1)
            for w in (initial, altered)
        )
        effects.append(np.linalg.norm(after - before, axis=1) / np.linalg.norm(before, axis=1))
    return {
        "n": n,
        "product_difference": round_up(float(product.max())),
        "altered_difference": round_up(altered_difference),
        "alteration": float(np.median(np.concatenate(steps))),
        "back_propagation_effect": float(np.median(np.concatenate(effects))),
    }


def _take_changes(experiment: Experiment, protocol: Protocol, weights: Array) -> Array:
    """Return the changes that the kernel makes in one update, at learning rate 1."""
    once = dataclasses.replace(protocol, learning_rate=1.0, threshold=NEVER, max_updates=1)
    _, _, after = experiment.run(once, weights, final_weights=True)
    return np.asarray(after - weights)


def _alter(protocol: Protocol, weights: Array, generator: np.random.Generator) -> Array:
    """Return weights of the same activities, for a protocol of a single pattern.

    The row of weights into a unit, its bias included, may move at right
    angles to whatever its sources send in the two passes.
    """
    visible = np.broadcast_to(make_patterns(protocol), (len(weights), 1, protocol.n_visible))
    (second, _), (first, _) = compute_rule_terms(protocol, weights)
    seen = ([visible, second], [first])
    parts = []
    for (matrix, biases), activities in zip(split_weights(protocol, weights), seen, strict=True):
        sent = np.concatenate(activities, axis=1)
        sent = np.concatenate([sent, np.ones((*sent.shape[:2], 1))], axis=2)
        move = ALTERATION * generator.standard_normal((*biases.shape, sent.shape[2]))
        directions, _ = np.linalg.qr(np.swapaxes(sent, 1, 2))
        for _ in range(2):  # the second time removes what rounding left
            move -= (move @ directions) @ np.swapaxes(directions, 1, 2)
        parts += [(matrix + move[..., :-1]).reshape(len(weights), -1), biases + move[..., -1]]
    return np.concatenate(parts, axis=1)
