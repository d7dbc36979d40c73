"""What equation 4 does to W at the start, and when U aligns with it, predicted and measured.

While all reconstructions are alike, equation 4 multiplies W by the scatter of the inputs,
``S = sum (v - mean) (v - mean)^T`` over the patterns::

    dW = epsilon lambda (1 - lambda)^2 s W S,    s the slope of the hidden units at 0

One-hot vectors have the same scatter in all directions, 1, so that W, with its mean over the
visible units taken off, grows along itself.
"""

import math

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments import Model
from replication.experiments.agreement import LEVEL, find_alignment
from replication.experiments.matrices import Array, Scatter, compute_cosines, flatten, get_w
from replication.simulator.activations import ACTIVATIONS
from replication.simulator.changes import compute_changes, compute_gradients
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights
from replication.simulator.weights import make_patterns

PAIRS = {"change_w": "along_w", "descent_w": "descent", "change_descent": "along_descent"}
"""Cosines that are followed, as `measure_growth` names them."""
FOLLOWED, STEP = 800.0, 10.0
"""Updates times learning rate for which they are followed, and between two measurements."""


def predict_growth(protocol: Protocol) -> float:
    """Return epsilon lambda (1 - lambda)^2 s, the growth by one update where the scatter is 1."""
    keep = protocol.regression
    # Without equation 6 the hidden difference is not made smaller by its 1 - lambda.
    taken = (1.0 - keep) ** (2 if protocol.hidden_regression else 1)
    rate = protocol.learning_rate * protocol.visible_to_hidden_factor
    return rate * keep * taken * find_slope(protocol)


def find_critical_rate(protocol: Protocol) -> float:
    """Return the learning rate beyond which an output jumps while all reconstructions are alike.

    ``2 / [(1 - lambda) P (1 + H / 4) v (1 - v)]`` with hidden states near 1/2, and v the mean over
    the P patterns of that visible unit for which it is the smallest.

    >>> [round(find_critical_rate(Protocol(group_sizes=sizes)), 2) for sizes in ((4, 2), (8, 3))]
    [7.11, 5.22]
    """
    patterns = make_patterns(protocol)
    mean = patterns.mean(axis=0)
    gain = (1.0 - protocol.regression) * (1.0 + protocol.group_sizes[1] / 4.0)
    return float(2.0 / (gain * len(patterns) * (mean * (1.0 - mean)).max()))


def find_slope(protocol: Protocol) -> float:
    """Return the slope of the hidden units at a total input of 0, by a central difference."""
    step = 2.0**-16
    below, above = ACTIVATIONS[protocol.hidden_function](np.array([-step, step]))
    return float((above - below) / (2.0 * step))


def measure_growth(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Measure what the next update does to W, where the inputs differ, (n,) each.

    ``growth`` is the share of its length that W gains along itself; ``along_w``,
    ``along_theory`` and ``along_descent`` are cosines of the change with W, W S and steepest
    descent in the squared error, ``descent`` that of steepest descent with W.
    """
    scatter = Scatter.of(protocol)
    span = scatter.span
    W = get_w(protocol, weights) @ span
    change = get_w(protocol, compute_changes(protocol, weights)) @ span
    descent = -get_w(protocol, compute_gradients(protocol, weights)) @ span
    theory = W @ scatter.matrix
    squares = np.sum(W**2, axis=(1, 2))
    return {
        "growth": protocol.learning_rate * np.sum(W * change, axis=(1, 2)) / squares,
        "predicted": predict_growth(protocol) * np.sum(W * theory, axis=(1, 2)) / squares,
        "along_w": compute_cosines(flatten(change), flatten(W)),
        "along_theory": compute_cosines(flatten(change), flatten(theory)),
        "along_descent": compute_cosines(flatten(change), flatten(descent)),
        "descent": compute_cosines(flatten(descent), flatten(W)),
    }


def predict_alignment_by_growth(protocol: Protocol) -> float:
    """Return after how many updates the cosine of W and U, both relative to the mean, is `LEVEL`.

    Equation 3 adds ``epsilon (1 - lambda) s S W^T`` to U, so that for one-hot patterns
    ``U(t) = U(0) + W(0)^T a`` with ``a = ((1 + g)^t - 1) k``, g the growth by one update and k
    what U gains for it, ``1 / (lambda (1 - lambda))`` unless rates differ. With U(0) at right
    angles to W(0)^T and as long, the cosine is ``a / sqrt(1 + a^2)``.
    """
    growth = predict_growth(protocol)
    gain = protocol.learning_rate * protocol.hidden_to_visible_factor
    gain *= (1.0 - protocol.regression) * find_slope(protocol) / growth
    needed = LEVEL / math.sqrt(1.0 - LEVEL**2)
    return math.log1p(needed / gain) / math.log1p(growth)


def check_theory(protocol: Protocol, weights: Array) -> Model:
    """Compare prediction and measurement, as medians over networks of one-hot patterns."""
    predicted = predict_alignment_by_growth(protocol)
    times = find_alignment(protocol, weights, n_updates=3 * math.ceil(predicted) + 20)
    measured = measure_growth(protocol, weights)
    return {
        "predicted": predict_growth(protocol), "growth": float(np.median(measured["growth"])),
        "alignment_predicted": predicted, "alignment": float(np.median(times)),
    }  # fmt: skip


def follow_turning(protocol: Protocol, weights: Array) -> Model:
    """Return medians of `PAIRS` at regular updates of networks that converge, and beyond."""
    n_updates = round(FOLLOWED / protocol.learning_rate)
    every = max(1, round(STEP / protocol.learning_rate))
    _, converged, _ = simulate_weights(protocol, weights)
    recorded = record_weights(protocol, weights[converged], n_updates)[:, ::every]
    measured = measure_growth(protocol, recorded.reshape(-1, protocol.n_weights))
    followed = {name: measured[key].reshape(recorded.shape[:2]) for name, key in PAIRS.items()}
    return {k: {"median": np.nanmedian(x, axis=0).tolist()} for k, x in followed.items()}
