"""When U comes to align with W: the offsets of the outputs, and their critical learning rate.

While all reconstructions are alike, output i has the total input z_i for every vector. Equation 3
changes U and z by ::

    dU_i = epsilon (1 - lambda) [h_i - m + m (1 - N sigma(z_i))]
    dz_i = epsilon (1 - lambda) [(h_i - m) m + (1 + |m|^2) (1 - N sigma(z_i))]

where h_i are the hidden states that vector i causes, and m their mean over the N vectors. The
second line is a map of one number. It rests at ``sigma(z) = (1 + d_i) / N``, where ``d_i`` is
``(h_i - m) m / (1 + |m|^2)`` and small, unless its slope there is below -1: beyond a critical
learning rate the outputs jump, and U is moved along m as they do.
"""

import dataclasses

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments import Model
from replication.experiments.agreement import LEVEL, find_alignment
from replication.experiments.growth import find_critical_rate
from replication.experiments.matrices import Array, Counts, flatten, get_u, get_w
from replication.experiments.sample import LEARNING, Sample
from replication.simulator.activations import logistic
from replication.simulator.weights import split_weights
from replication.statistics.alignment import compute_cosines

SIZES = ((4, 2), (8, 3))
ALIGNED_RATES = (1.0, 2.0, 3.0, 5.0, 7.0, 8.0, 10.0, 12.0, 15.0, 20.0, 25.0)
FOLLOWED = 80  # updates; networks that have not aligned by then are counted there


def predict_alignment_by_map(protocol: Protocol, weights: Array) -> Counts:
    """Return at which update the map aligns U with W in each network, (n,), `FOLLOWED` at most.

    From the initial weights alone: W relative to its mean grows along itself, by
    ``epsilon lambda (1 - lambda)^2 s``, s the slope of each hidden unit; hidden biases stay.
    """
    rate, keep = protocol.learning_rate, protocol.regression
    (_, b), (_, c) = split_weights(protocol, weights)
    W, U = get_w(protocol, weights), get_u(protocol, weights)
    # Hidden states and U are (n, n_hidden, n_visible): one-hot vectors, so that W holds the inputs.
    hidden = logistic(W + b[..., None])
    z = np.sum(U * hidden.mean(axis=-1, keepdims=True), axis=1) + c
    W = W - W.mean(axis=-1, keepdims=True)
    first = np.full(len(weights), FOLLOWED)  # (n,)
    for t in range(FOLLOWED):
        centred = U - U.mean(axis=-1, keepdims=True)
        is_aligned = compute_cosines(flatten(W), flatten(centred)) >= LEVEL
        first[is_aligned] = np.minimum(first[is_aligned], t)
        # The two lines of the map above, and the growth of W.
        hidden = logistic(W + b[..., None])
        mean = hidden.mean(axis=-1, keepdims=True)
        slope = (hidden * (1.0 - hidden)).mean(axis=-1, keepdims=True)
        missing = (1.0 - protocol.n_visible * logistic(z))[:, None, :]
        moved = hidden - mean + mean * missing
        U = U + rate * (1.0 - keep) * moved
        z = z + rate * (1.0 - keep) * (np.sum(mean * moved, axis=1) + missing[:, 0])
        W = W * (1.0 + rate * keep * (1.0 - keep) ** 2 * slope)
    return first


def measure_shift(protocol: Protocol, weights: Array) -> float:
    """Return the median size of d_i, by which the initial codes shift where an output rests."""
    W, (_, b) = get_w(protocol, weights), split_weights(protocol, weights)[0]
    hidden = logistic(W + b[..., None])  # (n, n_hidden, n_visible)
    mean = hidden.mean(axis=-1, keepdims=True)
    shift = np.sum((hidden - mean) * mean, axis=1) / (1.0 + np.sum(mean**2, axis=1))
    return float(np.median(np.abs(shift)))


def compare_alignment(sample: Sample) -> Model:
    """Return measured and predicted mean updates of alignment at `ALIGNED_RATES` for `SIZES`."""
    found: Model = {}
    for sizes in SIZES:
        base = Protocol(group_sizes=sizes)
        weights = sample.draw(base)

        def run(rate: float, base: Protocol = base, weights: Array = weights) -> Model:
            row: Model = {"rate": rate}
            for name, frozen in LEARNING.items():
                protocol = dataclasses.replace(base, learning_rate=rate, frozen=frozen)
                row[name] = float(find_alignment(protocol, weights, n_updates=FOLLOWED).mean())
            return row | {"predicted": float(predict_alignment_by_map(protocol, weights).mean())}

        found["-".join(map(str, (*sizes, sizes[0])))] = {
            "critical": find_critical_rate(base), "shift": measure_shift(base, weights),
            "rates": list(sample.map(run, ALIGNED_RATES).values()),
        }  # fmt: skip
    return found
