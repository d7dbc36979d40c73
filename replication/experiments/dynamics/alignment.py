"""When U and W are aligned, predicted from the initial weights by a map.

While all reconstructions are alike, output i has the total input z_i for every vector. Equation 3
then changes U and z by ::

    dU_i = epsilon (1 - lambda) [h_i - m + m (1 - N sigma(z_i))]
    dz_i = epsilon (1 - lambda) [(h_i - m) m + (1 + |m|^2) (1 - N sigma(z_i))]

where h_i are the hidden states that vector i causes, and m their mean over the N vectors. The
second line is a map of one number. It rests at ``sigma(z) = (1 + d_i) / N``, where ``d_i`` is
``(h_i - m) m / (1 + |m|^2)`` and small, unless the slope of the map there is below -1. Beyond a
critical learning rate the slope is below -1: the outputs jump, and their jumps move U along m.
"""

import dataclasses
import itertools
from typing import NamedTuple

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.agreement import LEVEL, find_alignment, find_critical_rate
from replication.experiments.instruments.matrices import (
    Array,
    Counts,
    centre,
    compute_cosines,
    flatten,
    get_u,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import FROZEN_BIASES, Sample
from replication.simulator.rule.activations import logistic
from replication.simulator.rule.weights import split_weights

ALIGNED = {"4-2-4": PAPER, "8-3-8": Protocol(group_sizes=(8, 3))}
ALIGNED_RATES = (1.0, 2.0, 3.0, 5.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0)
FOLLOWED = 80  # updates; networks that have not aligned by then count as this many


class SizeAndRate(NamedTuple):
    """The networks of one measurement of alignment."""

    size: str  # a name in `ALIGNED`
    rate: float


def compare_alignment(sample: Sample) -> Model:
    """Return after how many updates U aligns with W, measured and predicted, by size and rate.

    ``critical`` is the rate beyond which outputs jump, and ``shift`` is that of `measure_shift`.
    """

    def align(task: SizeAndRate) -> Model:
        """Return mean updates: with hidden biases that learn, with fixed ones, and by the map."""
        protocol = dataclasses.replace(ALIGNED[task.size], learning_rate=task.rate)
        weights = sample.draw(protocol)
        row = {"rate": task.rate}
        for name, frozen in FROZEN_BIASES.items():
            with_biases = dataclasses.replace(protocol, frozen=frozen)
            aligned_at = find_alignment(with_biases, weights, n_updates=FOLLOWED)
            row[name] = float(np.minimum(aligned_at, FOLLOWED).mean())
        row["predicted"] = float(predict_alignment_by_map(protocol, weights).mean())
        return row

    tasks = [SizeAndRate(*pair) for pair in itertools.product(ALIGNED, ALIGNED_RATES)]
    rows = sample.map(align, tasks)
    compared: Model = {}
    for size, base in ALIGNED.items():
        compared[size] = {
            "critical": find_critical_rate(base),
            "shift": measure_shift(base, sample.draw(base)),
            "rates": [rows[SizeAndRate(size, rate)] for rate in ALIGNED_RATES],
        }
    return compared


def predict_alignment_by_map(protocol: Protocol, weights: Array) -> Counts:
    """Return at which update the map aligns U with W in each network, (n,), `FOLLOWED` at most.

    The prediction follows from the initial weights alone. Each update multiplies W without its mean
    by ``1 + epsilon lambda (1 - lambda)^2 s``, where s is the slope of each hidden unit. Hidden
    biases stay as they are.
    """
    rate = protocol.learning_rate
    keep = protocol.regression
    (W, b), (_, c) = split_weights(protocol, weights)
    # Hidden states and U are (n, n_hidden, n_visible). The vectors are one-hot, so that each column
    # of W is the total input of the hidden units from one vector.
    U = get_u(protocol, weights)
    hidden = logistic(W + b[..., None])
    # While all reconstructions are alike, an output gets its total input from the mean code.
    z = np.sum(U * hidden.mean(axis=-1, keepdims=True), axis=1) + c  # (n, n_visible)
    W = centre(W)
    aligned_at = np.full(len(weights), FOLLOWED)  # (n,)
    for t in range(FOLLOWED):
        is_aligned = compute_cosines(flatten(W), flatten(centre(U))) >= LEVEL
        aligned_at[is_aligned] = np.minimum(aligned_at[is_aligned], t)
        # The two lines of the map above, and the growth of W.
        hidden = logistic(W + b[..., None])
        mean = hidden.mean(axis=-1, keepdims=True)
        slope = (hidden * (1.0 - hidden)).mean(axis=-1, keepdims=True)
        missing = (1.0 - protocol.n_visible * logistic(z))[:, None, :]
        moved = hidden - mean + mean * missing
        U = U + rate * (1.0 - keep) * moved
        z = z + rate * (1.0 - keep) * (np.sum(mean * moved, axis=1) + missing[:, 0])
        W = W * (1.0 + rate * keep * (1.0 - keep) ** 2 * slope)
    return aligned_at


def measure_shift(protocol: Protocol, weights: Array) -> float:
    """Return how far the initial codes shift where outputs rest: the median size of d_i."""
    W, b = split_weights(protocol, weights)[0]
    hidden = logistic(W + b[..., None])  # (n, n_hidden, n_visible)
    mean = hidden.mean(axis=-1, keepdims=True)
    shift = np.sum(centre(hidden) * mean, axis=1) / (1.0 + np.sum(mean**2, axis=1))
    return float(np.median(np.abs(shift)))
