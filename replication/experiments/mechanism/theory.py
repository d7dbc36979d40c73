"""When U comes to align with W, predicted and measured, and who turns towards whom meanwhile."""

import math
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.agreement import LEVEL, find_alignment
from replication.experiments.growth import find_slope, measure_growth, predict_growth
from replication.experiments.matrices import Array
from replication.simulator.engine import record_weights
from replication.simulator.ensemble import simulate_weights

PAIRS = {"change_w": "along_w", "descent_w": "descent", "change_descent": "along_descent"}
"""Cosines that are followed, as `measure_growth` names them."""
FOLLOWED, STEP = 800.0, 10.0
"""Updates times learning rate for which they are followed, and between two measurements."""


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


def check_theory(protocol: Protocol, weights: Array) -> dict[str, Any]:
    """Compare prediction and measurement, as medians over networks of one-hot patterns."""
    predicted = predict_alignment_by_growth(protocol)
    times = find_alignment(protocol, weights, n_updates=3 * math.ceil(predicted) + 20)
    measured = measure_growth(protocol, weights)
    return {
        "predicted": predict_growth(protocol), "growth": float(np.median(measured["growth"])),
        "alignment_predicted": predicted, "alignment": float(np.median(times)),
    }  # fmt: skip


def follow_turning(protocol: Protocol, weights: Array) -> dict[str, Any]:
    """Return medians of `PAIRS` at regular updates of networks that converge, and beyond."""
    n_updates = round(FOLLOWED / protocol.learning_rate)
    every = max(1, round(STEP / protocol.learning_rate))
    _, converged, _ = simulate_weights(protocol, weights)
    recorded = record_weights(protocol, weights[converged], n_updates)[:, ::every]
    measured = measure_growth(protocol, recorded.reshape(-1, protocol.n_weights))
    return {
        name: {"median": np.nanmedian(measured[key].reshape(recorded.shape[:2]), axis=0).tolist()}
        for name, key in PAIRS.items()
    }
