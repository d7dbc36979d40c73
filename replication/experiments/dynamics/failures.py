"""Networks that fail because two outputs jump at every update, and the error that follows.

Two vectors are in one corner of the hidden square and have the same hidden states. So each of their
two output units should be on for one vector and off for the other. With k hidden units on, equation
3 changes the total input z of such a unit by ``kappa (1 - 2 sigma(z))``, where ``kappa = epsilon (1
- lambda) (1 + k)``. Beyond kappa = 4, z jumps between two values of opposite signs. That goes on,
since saturated hidden units hardly learn.
"""

import numpy as np

from replication.definition.protocol import PAPER, Protocol
from replication.experiments.instruments.matrices import Array, Counts, Flags
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.activations import logistic
from replication.simulator.rule.weights import make_patterns
from replication.simulator.running.engine import evaluate_networks, record_weights

UNSTABLE = 4.0  # kappa beyond which the two outputs jump
TOLERANCE = 0.002  # within which an error counts as the predicted one
UPPER_RATES = (4.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0)
"""Learning rates of U and the visible biases; W and the hidden biases keep the paper's."""


def predict_error(gains: Array) -> Array:
    """Return the error of the two outputs for each kappa: 1/2 if they rest, more if they jump.

    They jump between z and -z, where ``2 z = kappa (2 sigma(z) - 1)``.

    >>> predict_error(np.array([3.0, 5.0, 10.0, 15.0])).round(4).tolist()
    [0.5, 0.8552, 0.9928, 0.9994]
    """
    # Bisection down to the last bit. SciPy has it, but its import would cost every report 0.2 s.
    low = 0.0 * gains
    high = gains
    for _ in range(60):
        z = (low + high) / 2.0
        is_below = gains * np.tanh(z / 2.0) > 2.0 * z
        low = np.where(is_below, z, low)
        high = np.where(is_below, high, z)
    return np.asarray(logistic(low))


def describe_failures(protocol: Protocol, weights: Array) -> Model:
    """Compare failed networks with the error predicted for the corner of their worst vector.

    ``gains`` (kappa), ``predicted`` (errors), ``by_corner`` (networks) and ``medians`` (of their
    errors) are lists by the number of hidden units that are on in that corner, from none to all.
    ``within`` networks have the predicted error, and ``period_2`` of all jump at every update.
    """
    now = evaluate_networks(protocol, weights)
    n_on = count_units_on(protocol, weights)
    rate = protocol.learning_rate * protocol.hidden_to_visible_factor
    counts = range(protocol.group_sizes[1] + 1)
    gains = np.array([rate * (1.0 - protocol.regression) * (1 + k) for k in counts])
    predicted = predict_error(gains)
    by_corner = []
    medians = []
    for k in counts:
        errors = now.error[n_on == k]
        by_corner.append(len(errors))
        medians.append(float(np.median(errors)) if len(errors) else None)
    return {
        "n": len(weights),
        "gains": gains.tolist(),
        "predicted": predicted.tolist(),
        "within": int(np.sum(np.abs(now.error - predicted[n_on]) < TOLERANCE)),
        "period_2": int(np.sum(have_period_2(protocol, weights))),
        "by_corner": by_corner,
        "medians": medians,
    }


def count_units_on(protocol: Protocol, weights: Array) -> Counts:
    """Return how many hidden units are on for the vector with the largest error, (n,)."""
    now = evaluate_networks(protocol, weights)
    errors = np.abs(now.reconstruction - make_patterns(protocol))  # (n, n_patterns, n_visible)
    worst = errors.max(axis=2).argmax(axis=1)
    codes = now.hidden[0][np.arange(len(weights)), worst]  # (n, n_hidden)
    return np.asarray(np.count_nonzero(codes > 0.5, axis=1))


def have_period_2(protocol: Protocol, weights: Array) -> Flags:
    """Return in which networks an output jumps to the other side at one update and then back."""
    path = record_weights(protocol, weights, range(3))  # after no update, one and two
    now = evaluate_networks(protocol, path[:, 0]).reconstruction
    after_one = evaluate_networks(protocol, path[:, 1]).reconstruction
    after_two = evaluate_networks(protocol, path[:, 2]).reconstruction
    largest_jump = np.abs(after_one - now).max(axis=(1, 2))
    largest_change_in_two = np.abs(after_two - now).max(axis=(1, 2))
    return np.asarray((largest_jump > 0.5) & (largest_change_in_two < 0.1))


def compare_rates(sample: Sample) -> Model:
    """Return the failures at each of `UPPER_RATES`, and how many of them are exceptions.

    Of all ``n`` failures, ``n_elsewhere`` lie in corners where no output should jump at that rate.
    """

    def fail(rate: float) -> Model:
        """Describe the networks that fail if U and c learn at this rate."""
        protocol = Protocol(hidden_to_visible_factor=rate / PAPER.learning_rate)
        _, converged, final = sample.alone.train(protocol)
        return {"rate": rate} | describe_failures(protocol, final[~converged])

    rows = list(sample.map(fail, UPPER_RATES).values())
    n = 0
    n_elsewhere = 0
    for row in rows:
        n += row["n"]
        for kappa, n_failed in zip(row["gains"], row["by_corner"], strict=True):
            if kappa <= UNSTABLE:
                n_elsewhere += n_failed
    return {"rates": rows, "exceptions": {"n": n, "n_elsewhere": n_elsewhere}}
