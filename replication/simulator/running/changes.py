"""What one update would change, and the gradients to compare it with, for many networks.

Both come from compiled code: a change is what one update adds, over a learning rate that is a power
of two, so that the division is exact; a gradient is minus the change of back-propagation.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from replication.definition.fields import MinimisedError
from replication.definition.protocol import BACK_PROPAGATION, RECIRCULATION, Protocol
from replication.simulator.rule.activations import ACTIVATIONS
from replication.simulator.rule.weights import find_shift, make_patterns, split_weights
from replication.simulator.running.engine import record_weights

Array = NDArray[np.float64]

RATE = 2.0**60
"""A learning rate so large that no digit of a change is lost when it is added to a weight."""


def compute_changes(protocol: Protocol, weights: Array) -> Array:
    """Return the weight changes of recirculation (n, n_weights), summed over patterns, at rate 1.

    The protocol's two factors are applied, but neither its learning rate, its learning rule, nor
    its decay; frozen weights have the changes that they would have if they were free. Several
    hidden groups are our reading: each is treated as the one hidden group of the paper.
    """
    rule = dataclasses.replace(protocol, learning_rule=RECIRCULATION, minimised_error="squared")
    return _apply_once(rule, weights)


def compute_gradients(
    protocol: Protocol, weights: Array, *, error: MinimisedError = "squared"
) -> Array:
    """Return the exact gradient of an error, summed over patterns and units, (n, n_weights).

    The error is half the squared error, or the cross-entropy of logistic units, with zero
    regression.
    """
    descent = dataclasses.replace(
        protocol,
        second_round=False,
        learning_rule=BACK_PROPAGATION,
        minimised_error=error,
        visible_to_hidden_factor=1.0,
        hidden_to_visible_factor=1.0,
    )
    return -_apply_once(descent, weights)


def _apply_once(protocol: Protocol, weights: Array) -> Array:
    """Return what one update by all patterns adds to the weights, over the learning rate."""
    once = dataclasses.replace(
        protocol,
        learning_rate=RATE,
        momentum=0.0,
        update_schedule="batch",
        criterion="every-unit",
        frozen=(),
        decay=0.0,
    )
    # The difference of the weights after one update and before it.
    recorded = record_weights(once, weights, (0, 1))
    return np.asarray((recorded[:, 1] - recorded[:, 0]) / RATE)


def reconstruct(protocol: Protocol, weights: Array, visible: Array) -> Array:
    """Return the images of visible vectors, once around the loop with zero regression.

    The n networks are shown m vectors each: the same ones (m, n_visible), or others for each
    network (n, m, n_visible). The images are (n, m, n_visible).
    """
    state = visible - find_shift(protocol, make_patterns(protocol))
    n_hidden_groups = len(protocol.group_sizes) - 1
    functions = [protocol.hidden_function] * n_hidden_groups + [protocol.visible_units]
    for function, (matrix, biases) in zip(functions, split_weights(protocol, weights), strict=True):
        total = state @ np.swapaxes(matrix, -1, -2) + biases[:, None, :]  # (n, m, n_units)
        state = ACTIVATIONS[function](total)
    return state
