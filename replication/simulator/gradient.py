"""Weight changes and exact gradients of many networks, for comparing one with the other.

Plain NumPy in double precision, for any number of groups. The kernel computes
the same changes faster and applies them; here they are returned instead.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replication.errors import UsageError
from replication.protocol import Protocol
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


def compute_rule_terms(protocol: Protocol, weights: Array) -> list[tuple[Array, Array]]:
    """Return what the recirculation rule multiplies at each connection.

    Parameters
    ----------
    protocol : Protocol
        Its learning rule need not be recirculation.
    weights : float64 array, shape (n, n_weights)

    Returns
    -------
    list of (presynaptic, difference)
        For each connection the presynaptic activity, shape (n, n_patterns,
        n_source), and the postsynaptic activity of the first pass minus that
        of the second, shape (n, n_patterns, n_target).

    References
    ----------
    Hinton & McClelland (1988), equations 3 and 4. For several hidden groups
    our reading: each of them is treated as the one hidden group is.
    """
    connections = split_weights(protocol, weights)
    hidden, reconstruction = _pass_forward(protocol, connections)
    visible, keep = make_patterns(protocol), protocol.regression
    regressed = keep * visible + (1.0 - keep) * reconstruction
    into_visible = (hidden[-1], np.broadcast_to(visible, regressed.shape) - regressed)
    terms = []
    activity = regressed
    for (matrix, biases), first in zip(connections[:-1], hidden, strict=True):
        second = _sigmoid(_feed(matrix, biases, activity))
        if protocol.hidden_regression:
            second = keep * first + (1.0 - keep) * second
        terms.append((activity, first - second))
        activity = second
    return [*terms, into_visible]


def compute_changes(protocol: Protocol, weights: Array) -> Array:
    """Return the weight changes of recirculation, summed over patterns, at learning rate 1.

    Parameters
    ----------
    protocol : Protocol
    weights : float64 array, shape (n, n_weights)

    Returns
    -------
    float64 array, shape (n, n_weights)
    """
    return _multiply(compute_rule_terms(protocol, weights))


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
    hidden, reconstruction = _pass_forward(protocol, connections)
    visible = make_patterns(protocol)
    # Minus the derivative with respect to the summed input of each unit, from the last group back.
    delta = visible - reconstruction
    if protocol.visible_units == "logistic" and error == "squared":
        delta = delta * reconstruction * (1.0 - reconstruction)
    sources = [np.broadcast_to(visible, (len(weights), *visible.shape)), *hidden]
    terms = []
    for k in range(len(connections) - 1, -1, -1):
        terms.append((sources[k], delta))
        if k > 0:
            delta = (delta @ connections[k][0]) * sources[k] * (1.0 - sources[k])
    return -_multiply(terms[::-1])


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
    _, reconstruction = _pass_forward(protocol, split_weights(protocol, weights))
    visible = make_patterns(protocol)
    if error == "squared":
        return np.asarray(0.5 * np.sum((reconstruction - visible) ** 2, axis=(1, 2)))
    likelihood = visible * np.log(reconstruction) + (1.0 - visible) * np.log1p(-reconstruction)
    return np.asarray(-np.sum(likelihood, axis=(1, 2)))


def _check_error(protocol: Protocol, error: str) -> None:
    if error not in ERRORS:
        raise UsageError(f"error = {error!r} was given; allowed are {', '.join(ERRORS)}")
    if error == "cross-entropy" and protocol.visible_units != "logistic":
        raise UsageError(
            "the cross-entropy of linear visible units was asked for; it is defined for "
            "logistic units only, so ask for the squared error"
        )


def _pass_forward(protocol: Protocol, connections: Connections) -> tuple[list[Array], Array]:
    """Return the first-pass activities of all hidden groups, and the reconstruction."""
    n, visible = len(connections[0][0]), make_patterns(protocol)
    activity = np.broadcast_to(visible, (n, *visible.shape))
    hidden = []
    for matrix, biases in connections[:-1]:
        activity = _sigmoid(_feed(matrix, biases, activity))
        hidden.append(activity)
    reconstruction = _feed(*connections[-1], activity)
    linear = protocol.visible_units == "linear"
    return hidden, reconstruction if linear else _sigmoid(reconstruction)


def _feed(matrix: Array, biases: Array, activity: Array) -> Array:
    return np.asarray(activity @ np.swapaxes(matrix, -1, -2) + biases[:, None, :])


def _sigmoid(x: Array) -> Array:
    # With tanh nothing overflows, however large the input.
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * x))


def _multiply(terms: list[tuple[Array, Array]]) -> Array:
    """Sum (presynaptic) x (postsynaptic) over patterns, flat in the order of the weights."""
    parts = []
    for before, after in terms:
        matrix = np.swapaxes(after, -1, -2) @ before
        parts += [matrix.reshape(len(matrix), -1), after.sum(axis=1)]
    return np.concatenate(parts, axis=1)
