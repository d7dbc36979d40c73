"""Networks that fail: two vectors in one corner, whose outputs jump with period 2.

Both have the same hidden states, so that each of their two output units should be on for one vector
and off for the other. With k hidden units on, equation 3 changes its total input z by
``kappa (1 - 2 sigma(z))`` with ``kappa = epsilon (1 - lambda) (1 + k)``. Beyond kappa = 4 z jumps
between two values of opposite signs, and goes on, since saturated hidden units hardly learn.
"""

import math

import numpy as np
from scipy import optimize

from replication.definition.protocol import PAPER, Protocol
from replication.experiments import Model
from replication.experiments.matrices import Array
from replication.experiments.sample import Sample
from replication.simulator.engine import evaluate_networks, record_weights
from replication.simulator.patterns import make_patterns

UNSTABLE = 4.0  # kappa beyond which the two outputs jump
TOLERANCE = 0.002
UPPER_RATES = (4.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0)
"""Learning rates of U and the visible biases; W and the hidden biases keep the paper's."""


def predict_error(gain: float) -> float:
    """Return the error of the two outputs: 1/2 where they rest, else that of the jump.

    Between z and -z, where ``2 z = kappa (2 sigma(z) - 1)``.

    >>> [round(predict_error(gain), 4) for gain in (3.0, 5.0, 10.0, 15.0)]
    [0.5, 0.8552, 0.9928, 0.9994]
    """
    if gain <= UNSTABLE:
        return 0.5
    z = optimize.brentq(lambda z: gain * math.tanh(z / 2.0) - 2.0 * z, 1e-6, gain)
    return 1.0 / (1.0 + math.exp(-z))


def describe_failures(protocol: Protocol, weights: Array) -> Model:
    """Compare failed networks with the prediction for the corner of their worst vector.

    Lists go by the number of hidden units that are on, from none to all; ``gains`` are kappa.
    """
    states = evaluate_networks(protocol, weights)
    errors = np.abs(states.reconstruction - make_patterns(protocol)).max(axis=2)
    worst = errors.argmax(axis=1)
    n_on = np.count_nonzero(states.hidden[0][np.arange(len(weights)), worst] > 0.5, axis=1)
    rate = protocol.learning_rate * protocol.hidden_to_visible_factor
    counts = range(protocol.group_sizes[1] + 1)
    gains = [rate * (1.0 - protocol.regression) * (1 + k) for k in counts]
    predicted = np.array([predict_error(gain) for gain in gains])
    off = np.abs(states.error - predicted[n_on])
    # One update later the outputs are on the other side, and two updates later where they were.
    path = record_weights(protocol, weights, 2)
    images = [evaluate_networks(protocol, path[:, t]).reconstruction for t in range(3)]
    apart, back = (np.abs(image - images[0]).max(axis=(1, 2)) for image in images[1:])
    found = [np.flatnonzero(n_on == k) for k in counts]
    return {
        "n": len(weights), "within": int(np.count_nonzero(off < TOLERANCE)),
        "period_2": int(np.count_nonzero((apart > 0.5) & (back < 0.1))), "gains": gains,
        "predicted": predicted.tolist(), "by_corner": [len(each) for each in found],
        "medians": [float(np.median(states.error[k])) if len(k) else None for k in found],
    }  # fmt: skip


def compare_rates(sample: Sample) -> Model:
    """Return failures at each of `UPPER_RATES`, and how many lie where no output should jump."""

    def run(rate: float) -> Model:
        protocol = Protocol(hidden_to_visible_factor=rate / PAPER.learning_rate)
        _, converged, final = sample.alone.train(protocol)
        return {"rate": rate} | describe_failures(protocol, final[~converged])

    rows = list(sample.map(run, UPPER_RATES).values())
    elsewhere = sum(
        n for row in rows for n, gain in zip(row["by_corner"], row["gains"], strict=True)
        if gain <= UNSTABLE
    )  # fmt: skip
    n_failed = sum(row["n"] for row in rows)
    return {"rates": rows, "exceptions": {"n": n_failed, "n_elsewhere": elsewhere}}
