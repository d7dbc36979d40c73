"""Weight changes and exact gradients of many networks, for comparing one with the other.

Plain NumPy in double precision, for any number of groups. The kernel computes
the same changes faster and applies them; here they are returned instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.protocol import Protocol
from replication.simulator.activations import HIDDEN_FUNCTIONS, compute_slopes, logistic
from replication.simulator.patterns import make_patterns
from replication.simulator.weights import split_weights

Array = NDArray[np.float64]
Connections = list[tuple[Array, Array]]

ERRORS = ("squared", "cross-entropy")


def list_connections(protocol: Protocol) -> list[slice]:
    """Return where the weights and biases of each connection stand in flat weights.

    Parameters
    ----------
    protocol : Protocol

    Returns
    -------
    list of slice
        Connection k runs from group k to the next one around the loop; the
        last one leads into the visible group.

    Examples
    --------
    >>> from replication.protocol import PAPER
    >>> list_connections(PAPER)
    [slice(0, 10, None), slice(10, 22, None)]
    """
    sizes = protocol.group_sizes
    places, first = [], 0
    for n_source, n_target in zip(sizes, sizes[1:] + sizes[:1], strict=True):
        places.append(slice(first, first + (n_source + 1) * n_target))
        first = places[-1].stop
    return places


def compute_changes(protocol: Protocol, weights: Array) -> Array:
    """Return the weight changes of recirculation, summed over patterns, at learning rate 1.

    Parameters
    ----------
    protocol : Protocol
        Its two factors are applied; its learning rate is not, and its learning rule
        need not be recirculation.
    weights : float64 array, shape (n, n_weights)

    Returns
    -------
    float64 array, shape (n, n_weights)

    References
    ----------
    Hinton & McClelland (1988), equations 3 and 4, and page 365 for the second round. For
    several hidden groups our reading: each of them is treated as the one hidden group is.
    """
    connections = split_weights(protocol, weights)
    _, hidden, reconstruction = _pass_forward(protocol, connections)
    visible = np.broadcast_to(make_patterns(protocol), reconstruction.shape)
    regressed = _regress(protocol, visible, reconstruction)
    parts = []
    activity = regressed
    for (matrix, biases), first in zip(connections[:-1], hidden, strict=True):
        second = HIDDEN_FUNCTIONS[protocol.hidden_function](_feed(matrix, biases, activity))
        if protocol.hidden_regression:
            second = _regress(protocol, first, second)
        parts.append(protocol.visible_to_hidden_factor * _multiply(activity, first - second))
        activity = second
    into_visible = _multiply(hidden[-1], visible - regressed)
    if protocol.second_round:
        image = _activate_visible(protocol, _feed(*connections[-1], activity))
        into_visible += _multiply(activity, regressed - _regress(protocol, regressed, image))
    parts.append(protocol.hidden_to_visible_factor * into_visible)
    return np.concatenate(parts, axis=1)


def compute_gradients(protocol: Protocol, weights: Array, *, error: str = "squared") -> Array:
    """Return the exact gradient of the reconstruction error.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)
    error : {"squared", "cross-entropy"}
        As in `compute_errors`.

    Returns
    -------
    float64 array, shape (n, n_weights)
        The derivative of the error with respect to each weight.

    Raises
    ------
    UsageError
        If the error is unknown, or the cross-entropy of linear units is asked for.
    """
    _check_error(protocol, error)
    connections = split_weights(protocol, weights)
    inputs, hidden, reconstruction = _pass_forward(protocol, connections)
    visible = np.broadcast_to(make_patterns(protocol), reconstruction.shape)
    # The derivative with respect to the total input of each unit, from the last group back.
    delta = reconstruction - visible
    if protocol.visible_units == "logistic" and error == "squared":
        delta = delta * reconstruction * (1.0 - reconstruction)
    parts = []
    for k in range(len(connections) - 1, -1, -1):
        parts.append(_multiply(hidden[k - 1] if k > 0 else visible, delta))
        if k > 0:
            slopes = compute_slopes(protocol.hidden_function, inputs[k - 1])
            delta = (delta @ connections[k][0]) * slopes
    return np.concatenate(parts[::-1], axis=1)


def compute_errors(protocol: Protocol, weights: Array, *, error: str = "squared") -> Array:
    """Return the reconstruction error over all patterns, with zero regression.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)
    error : {"squared", "cross-entropy"}
        Half the summed squared error, or the summed cross-entropy.

    Returns
    -------
    float64 array, shape (n,)

    Raises
    ------
    UsageError
        If the error is unknown, or the cross-entropy of linear units is asked for.
    """
    _check_error(protocol, error)
    reconstruction = reconstruct(protocol, weights)
    visible = make_patterns(protocol)
    if error == "squared":
        return np.asarray(0.5 * np.sum((reconstruction - visible) ** 2, axis=(1, 2)))
    likelihood = visible * np.log(reconstruction) + (1.0 - visible) * np.log1p(-reconstruction)
    return np.asarray(-np.sum(likelihood, axis=(1, 2)))


def reconstruct(protocol: Protocol, weights: Array, visible: Array | None = None) -> Array:
    """Return the image of visible vectors, once around the loop with zero regression.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)
    visible : float64 array, shape (n, m, n_visible), optional
        The training patterns of the protocol unless given.

    Returns
    -------
    float64 array, shape (n, m, n_visible)
    """
    _, _, reconstruction = _pass_forward(protocol, split_weights(protocol, weights), visible)
    return reconstruction


def _check_error(protocol: Protocol, error: str) -> None:
    if error not in ERRORS:
        raise UsageError(f"error = {error!r} was given; allowed are {', '.join(ERRORS)}")
    if error == "cross-entropy" and protocol.visible_units != "logistic":
        raise UsageError(
            "the cross-entropy of linear visible units was asked for; it is defined for "
            "logistic units only, so ask for the squared error"
        )


def _pass_forward(
    protocol: Protocol, connections: Connections, visible: Array | None = None
) -> tuple[list[Array], list[Array], Array]:
    """Return inputs and activities of all hidden groups, and the reconstruction."""
    if visible is None:
        visible = make_patterns(protocol)
    activity = np.broadcast_to(visible, (len(connections[0][0]), *visible.shape[-2:]))
    inputs, hidden = [], []
    for matrix, biases in connections[:-1]:
        inputs.append(_feed(matrix, biases, activity))
        activity = HIDDEN_FUNCTIONS[protocol.hidden_function](inputs[-1])
        hidden.append(activity)
    return inputs, hidden, _activate_visible(protocol, _feed(*connections[-1], activity))


def _feed(matrix: Array, biases: Array, activity: Array) -> Array:
    return np.asarray(activity @ np.swapaxes(matrix, -1, -2) + biases[:, None, :])


def _activate_visible(protocol: Protocol, total: Array) -> Array:
    return total if protocol.visible_units == "linear" else logistic(total)


def _regress(protocol: Protocol, before: Array, arriving: Array) -> Array:
    return protocol.regression * before + (1.0 - protocol.regression) * arriving


def _multiply(presynaptic: Array, postsynaptic: Array) -> Array:
    """Sum the products over patterns, flat in the order of one connection's weights."""
    matrix = np.swapaxes(postsynaptic, -1, -2) @ presynaptic
    return np.concatenate([matrix.reshape(len(matrix), -1), postsynaptic.sum(axis=1)], axis=1)
