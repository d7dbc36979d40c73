"""W and U of many networks, in flat weights, changes or gradients (..., n_weights)."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.simulator.weights import list_connections, split_weights
from replication.statistics.alignment import compute_cosines

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.integer[Any]]


def get_w(protocol: Protocol, weights: Array) -> Array:
    """Return a view of W, shape (..., n_hidden, n_visible)."""
    return split_weights(protocol, weights)[0][0]


def get_u(protocol: Protocol, weights: Array) -> Array:
    """Return a view of the transpose of U, shape (..., n_hidden, n_visible), as of W."""
    return np.swapaxes(split_weights(protocol, weights)[1][0], -1, -2)


def replace_matrices(
    protocol: Protocol, weights: Array, *, W: Array | None = None, U: Array | None = None
) -> Array:
    """Return weights with another W, another U, given as its transpose, or both."""
    changed = weights.copy()
    if W is not None:
        get_w(protocol, changed)[...] = W
    if U is not None:
        get_u(protocol, changed)[...] = U
    return changed


def list_matrices(protocol: Protocol) -> list[slice]:
    """Return where the weights of each connection stand, without its biases."""
    pairs = zip(list_connections(protocol), protocol.connections, strict=True)
    return [slice(places.start, places.stop - n_target) for places, (_, n_target) in pairs]


def flatten(matrices: Array) -> Array:
    """Return one row for each matrix, shape (..., n_hidden * n_visible)."""
    return matrices.reshape(*matrices.shape[:-2], -1)


def align_matrices(protocol: Protocol, weights: Array, *, centred: bool = False) -> Array:
    """Return the cosine of U and the transpose of W, (n,).

    `centred`: without the mean over visible units of each hidden unit.
    """
    forward, backward = (
        flatten(matrix - centred * matrix.mean(axis=-1, keepdims=True))
        for matrix in (get_w(protocol, weights), get_u(protocol, weights))
    )
    return compute_cosines(forward, backward)


def multiply(matrices: Array, rows: Array) -> Array:
    """Return matrices (..., n) times the transpose of rows (m, n), shape (..., m).

    Not by the library for linear algebra, whose last bits depend on the processor.
    """
    return np.stack([np.sum(matrices * row, axis=-1) for row in rows], axis=-1)


def project(matrices: Any, directions: Any) -> Any:
    """Return the component of each matrix along another; 0 along one that is 0.

    This and `give_length` also compile, in a rule that calls them.
    """
    products = [_multiply_entries(each, directions) for each in (matrices, directions)]
    return _divide(*products) * directions


def give_length(directions: Any, matrices: Any) -> Any:
    """Return directions, each as long as a matrix; 0 stays 0."""
    lengths = [np.sqrt(_multiply_entries(each, each)) for each in (matrices, directions)]
    return _divide(*lengths) * directions


def _multiply_entries(one: Any, other: Any) -> Any:
    return np.sum(one * other, axis=(-2, -1), keepdims=True)


def _divide(one: Any, other: Any) -> Any:
    return np.where(other > 0.0, one, 0.0) / np.where(other > 0.0, other, 1.0)
