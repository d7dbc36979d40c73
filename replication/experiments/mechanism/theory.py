"""What equations 3 and 4 do at the start, predicted and measured.

While all reconstructions are alike, equation 4 multiplies W by the scatter of the inputs,
``S = sum (v - mean) (v - mean)^T`` over the patterns::

    dW = epsilon lambda (1 - lambda)^2 s W S,    s the slope of the hidden units at 0

and equation 3 adds ``epsilon (1 - lambda) s S W^T`` to U. One-hot vectors have the same scatter
in all directions, 1, so that W, with its mean over the visible units taken off, grows along
itself; U comes to align with it as the appendix of the chapter says.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from typing import Any

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.matrices import Array, flatten, get_u, get_w, multiply
from replication.simulator.activations import HIDDEN_FUNCTIONS
from replication.simulator.changes import compute_changes, compute_gradients
from replication.simulator.engine import record_weights
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import draw_weights
from replication.statistics.alignment import compute_cosines


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Inputs:
    """The training patterns relative to their mean.

    `scatter`: sum over patterns of the products of deviations from the mean. `span`: projector on
    the directions in which the patterns differ; for one-hot patterns it takes the mean over the
    visible units off. `strengths`: eigenvalues of the scatter, the largest first.
    """

    scatter: Array  # (n_visible, n_visible)
    span: Array  # (n_visible, n_visible)
    strengths: Array  # (n_visible,)

    @classmethod
    @functools.lru_cache(maxsize=32)
    def of(cls, protocol: Protocol) -> Inputs:
        """Return the inputs of a protocol."""
        patterns = make_patterns(protocol)
        deviations = patterns - patterns.mean(axis=0)
        scatter = multiply(deviations.T, deviations.T)
        strengths, directions = np.linalg.eigh(scatter)
        kept = directions[:, strengths > 1e-9 * max(strengths[-1], 1e-300)]
        # Rounded, since the last bits of such libraries depend on the processor.
        return cls(scatter, np.round(kept @ kept.T, 12), strengths[::-1])


def predict_growth(protocol: Protocol) -> float:
    """Return epsilon lambda (1 - lambda)^2 s, the growth by one update where the scatter is 1."""
    keep = protocol.regression
    # Without equation 6 the hidden difference is not made smaller by its 1 - lambda.
    taken = (1.0 - keep) ** (2 if protocol.hidden_regression else 1)
    rate = protocol.learning_rate * protocol.visible_to_hidden_factor
    return rate * keep * taken * find_slope(protocol)


def find_slope(protocol: Protocol) -> float:
    """Return the slope of the hidden units at a total input of 0, by a central difference."""
    step = 2.0**-16
    below, above = HIDDEN_FUNCTIONS[protocol.hidden_function](np.array([-step, step]))
    return float((above - below) / (2.0 * step))


def predict_alignment(protocol: Protocol, *, level: float) -> float:
    """Return after how many updates W and U reach a cosine, both relative to the mean.

    For one-hot patterns ``U(t) = U(0) + W(0)^T a`` with ``a = ((1 + g)^t - 1) k``, g the growth by
    one update and k what U gains for it, ``1 / (lambda (1 - lambda))`` unless rates differ. With
    U(0) at right angles to W(0)^T and as long, the cosine is ``a / sqrt(1 + a^2)``.
    """
    growth = predict_growth(protocol)
    gain = protocol.learning_rate * protocol.hidden_to_visible_factor
    gain *= (1.0 - protocol.regression) * find_slope(protocol) / growth
    needed = level / math.sqrt(1.0 - level**2)
    return math.log1p(needed / gain) / math.log1p(growth)


def measure_growth(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Measure what the next update does to W, relative to the mean over the inputs, (n,) each.

    ``growth`` is the share of its length that W gains along itself; ``along_w`` and
    ``along_theory`` are cosines of the change with W and with W S, ``descent`` that of steepest
    descent with W.
    """
    inputs = Inputs.of(protocol)
    W = get_w(protocol, weights) @ inputs.span
    change = protocol.learning_rate * get_w(protocol, compute_changes(protocol, weights))
    change = change @ inputs.span
    descent = -get_w(protocol, compute_gradients(protocol, weights)) @ inputs.span
    theory = predict_growth(protocol) * (W @ inputs.scatter)
    squares = np.sum(W**2, axis=(1, 2))
    return {
        "growth": np.sum(W * change, axis=(1, 2)) / squares,
        "predicted": np.sum(W * theory, axis=(1, 2)) / squares,
        "along_w": compute_cosines(flatten(change), flatten(W)),
        "along_theory": compute_cosines(flatten(change), flatten(theory)),
        "descent": compute_cosines(flatten(descent), flatten(W)),
    }


def measure_alignment_times(
    protocol: Protocol, *, level: float, n_networks: int, root_seed: int
) -> Array:
    """Return the update at which U and W, relative to the mean, first reach a cosine, (n,)."""
    last = min(2_000, 3 * math.ceil(predict_alignment(protocol, level=level)) + 20)
    span = Inputs.of(protocol).span
    recorded = record_weights(protocol, draw_weights(protocol, root_seed, 0, n_networks), last)
    cosines = compute_cosines(
        flatten(get_w(protocol, recorded) @ span), flatten(get_u(protocol, recorded) @ span)
    )
    reached = cosines >= level
    return np.where(reached.any(axis=1), reached.argmax(axis=1), np.inf)


def check_theory(
    protocol: Protocol, *, level: float, n_networks: int, root_seed: int
) -> dict[str, Any]:
    """Compare prediction and measurement, as medians, at one setting; None where never aligned."""
    measured = measure_growth(protocol, draw_weights(protocol, root_seed, 0, n_networks))
    times = measure_alignment_times(
        protocol, level=level, n_networks=n_networks, root_seed=root_seed
    )
    median = float(np.median(times))
    return {
        "predicted": predict_growth(protocol),
        "growth": float(np.median(measured["growth"])),
        "along_w": float(np.median(measured["along_w"])),
        "alignment_predicted": predict_alignment(protocol, level=level),
        "alignment": median if math.isfinite(median) else None,
    }
