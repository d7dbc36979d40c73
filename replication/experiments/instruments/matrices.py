"""W and U of many networks, in flat weights, changes or gradients; the scatter of patterns."""

import dataclasses
import functools
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replication.definition.protocol import Protocol
from replication.simulator.rule.weights import compute_mean, make_patterns, split_weights

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.integer[Any]]


def get_w(protocol: Protocol, weights: Array) -> Array:
    """Return a view of W, shape (..., n_hidden, n_visible)."""
    W, _ = split_weights(protocol, weights)[0]
    return W


def get_u(protocol: Protocol, weights: Array) -> Array:
    """Return a view of the transpose of U, in the shape of W, (..., n_hidden, n_visible)."""
    U, _ = split_weights(protocol, weights)[1]
    return np.swapaxes(U, -1, -2)


def replace_matrices(
    protocol: Protocol, weights: Array, *, W: Array | None = None, U: Array | None = None
) -> Array:
    """Return a copy of weights with another W, another U, or both.

    `U` is given as its transpose, as `get_u` returns it.
    """
    changed = weights.copy()
    if W is not None:
        get_w(protocol, changed)[...] = W
    if U is not None:
        get_u(protocol, changed)[...] = U
    return changed


def flatten(matrices: Array) -> Array:
    """Return one row for each matrix, shape (..., n_hidden * n_visible)."""
    return matrices.reshape(*matrices.shape[:-2], -1)


def compute_cosines(first: ArrayLike, second: ArrayLike) -> Array:
    """Return the cosine of the angle between vectors along the last axis; NaN where one is 0.

    >>> compute_cosines([[1.0, 0.0], [2.0, 2.0]], [[0.0, 3.0], [1.0, 1.0]]).round(12).tolist()
    [0.0, 1.0]
    """
    a = _scale(np.asarray(first, dtype=np.float64))
    b = _scale(np.asarray(second, dtype=np.float64))
    cosines = np.sum(a * b, axis=-1)
    # Rounding may leave a cosine a little beyond 1.
    return np.asarray(np.clip(cosines, -1.0, 1.0))


def _scale(vectors: Array) -> Array:
    """Return vectors of length 1; scaled by the largest entry first, so that nothing overflows."""
    largest = np.max(np.abs(vectors), axis=-1, keepdims=True)
    with np.errstate(invalid="ignore"):
        scaled = vectors / largest
        squares = np.sum(scaled**2, axis=-1, keepdims=True)
        return np.asarray(scaled / np.sqrt(squares))


def align_matrices(protocol: Protocol, weights: Array, *, centred: bool = False) -> Array:
    """Return the cosine of U and the transpose of W, (n,).

    With `centred`, both are compared without their means over the visible units.
    """
    W = get_w(protocol, weights)
    U = get_u(protocol, weights)
    if centred:
        W = centre(W)
        U = centre(U)
    return compute_cosines(flatten(W), flatten(U))


def centre(matrices: Array) -> Array:
    """Return matrices (..., n_hidden, n_visible) without the mean over the visible units."""
    mean = matrices.mean(axis=-1, keepdims=True)
    return np.asarray(matrices - mean)


def multiply(matrices: Array, rows: Array) -> Array:
    """Return matrices (..., n) times the transpose of rows (m, n), shape (..., m).

    It does not use the library for linear algebra, whose last bits depend on the processor.
    """
    products = [np.sum(matrices * row, axis=-1) for row in rows]
    return np.stack(products, axis=-1)


def multiply_matrices(first: Array, second: Array) -> Array:
    """Return products of matrices (..., n, m) and (..., m, k), shape (..., n, k).

    Terms are added in the order of m, so that the last bits are the same on every processor. Those
    of ``first @ second`` are not.
    """
    columns = first[..., :, :, None]
    rows = second[..., None, :, :]
    total = columns[..., :, 0, :] * rows[..., :, 0, :]
    for j in range(1, first.shape[-1]):
        total = total + columns[..., :, j, :] * rows[..., :, j, :]
    return np.asarray(total)


Operand = Any
"""An array, or what stands for an array while a rule is compiled."""


def project(matrices: Operand, directions: Operand) -> Operand:
    """Return the component of each matrix along a direction; 0 where the direction is 0."""
    along = _multiply_entries(matrices, directions)
    squares = _multiply_entries(directions, directions)
    return _divide(along, squares) * directions


def give_length(directions: Operand, matrices: Operand) -> Operand:
    """Return directions, each scaled to the length of a matrix; a direction of 0 stays 0."""
    wanted = np.sqrt(_multiply_entries(matrices, matrices))
    lengths = np.sqrt(_multiply_entries(directions, directions))
    return _divide(wanted, lengths) * directions


def _multiply_entries(first: Operand, second: Operand) -> Operand:
    """Return the sum of the products of two matrices entry by entry, (..., 1, 1)."""
    return np.sum(first * second, axis=(-2, -1), keepdims=True)


def _divide(dividends: Operand, divisors: Operand) -> Operand:
    """Return quotients by divisors that are not negative; 0 where the divisor is 0."""
    is_possible = divisors > 0.0
    return np.where(is_possible, dividends, 0.0) / np.where(is_possible, divisors, 1.0)


LEAST_STRENGTH = 1e-9
"""Share of the largest variation below which patterns count as equal in a direction."""


def factor(matrix: Array) -> Array:
    """Return patterns that have a given scatter, one a row, (n_visible, n_visible).

    The scatter is the sum of the products of each row with itself. If it has a lower rank, the last
    rows are 0.

    Notes
    -----
    The rows are the transposed factor of Cholesky, with pivots. Products, differences, quotients
    and roots of single numbers have the same bits on every processor. The eigenvectors of a library
    do not, and networks that learn from them would enlarge the last bit.
    """
    rows = np.zeros_like(matrix)
    left = matrix.copy()  # what the rows so far do not explain
    largest = np.max(np.diagonal(matrix))
    for row in rows:
        # The unit that varies most in what is left; of equal ones the first.
        pivot = int(np.argmax(np.diagonal(left)))
        if left[pivot, pivot] <= LEAST_STRENGTH * largest:
            break
        row[:] = left[pivot] / np.sqrt(left[pivot, pivot])
        left -= row[:, None] * row
        left[pivot, :] = 0.0
        left[:, pivot] = 0.0
    return rows


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """The products of deviations from the mean pattern, summed over patterns, and its directions.

    One-hot patterns do not differ along their mean; in all other directions their scatter is 1.
    What networks are given comes from `root` and `span`, whose bits are the same on every
    processor. The bits of strengths and directions are not, so these are for analysis alone.
    """

    matrix: Array  # (n_visible, n_visible), S
    strengths: Array  # (n_visible,), eigenvalues, the largest first
    directions: Array  # (n_visible, n_visible), eigenvectors, one a column

    @classmethod
    @functools.lru_cache(maxsize=32)
    def of(cls, protocol: Protocol) -> Self:
        """Return the scatter of a protocol's patterns."""
        patterns = make_patterns(protocol)
        deviations = (patterns - compute_mean(patterns)).T
        return cls.of_matrix(multiply(deviations, deviations))

    @classmethod
    def of_matrix(cls, matrix: Array) -> Self:
        """Return the scatter that is a symmetric matrix (n_visible, n_visible)."""
        strengths, directions = np.linalg.eigh(matrix)  # the smallest first
        # Rounding may leave an eigenvalue a little below 0.
        descending = np.clip(strengths[::-1], 0.0, None)
        return cls(matrix, descending, directions[:, ::-1])

    @property
    def root(self) -> Array:
        """Return a root, (n_visible, n_visible): rows whose products add up to S."""
        return factor(self.matrix)

    @property
    def span(self) -> Array:
        """Return the projector on the directions in which the patterns differ."""
        basis: list[Array] = []
        projector = np.zeros_like(self.matrix)
        for row in self.root:
            if not row.any():
                break
            # Gram-Schmidt, twice, because rounding leaves some of the earlier directions at first.
            left = row
            for direction in basis * 2:
                left = left - np.sum(left * direction) * direction
            unit = left / np.sqrt(np.sum(left * left))
            basis.append(unit)
            projector += unit[:, None] * unit
        return np.round(projector, 12)

    def explain(self, encoder: Array) -> Array:
        """Return the share of the variance that the best reconstruction from W v misses, (n,).

        The best decoder is U = S W^T (W S W^T)^-1; `encoder` is W, (n, n_hidden, n_visible).
        """
        read = encoder @ self.matrix  # W S, (n, n_hidden, n_visible)
        of_codes = read @ np.swapaxes(encoder, 1, 2)  # W S W^T, (n, n_hidden, n_hidden)
        of_reading = read @ np.swapaxes(read, 1, 2)  # W S S W^T
        solved = np.linalg.solve(of_codes, of_reading)
        kept = np.trace(solved, axis1=1, axis2=2)
        return np.asarray(1.0 - kept / self.strengths.sum())

    def miss(self, encoder: Array, decoder: Array) -> Array:
        """Return the share of the variance that the reconstruction U W v misses, (n,)."""
        product = multiply_matrices(decoder, encoder)  # U W, (n, n_visible, n_visible)
        residual = np.eye(len(self.matrix)) - product  # I - U W
        weighted = multiply_matrices(residual, self.matrix)  # (I - U W) S
        missed = np.sum(weighted * residual, axis=(1, 2))  # trace of (I - U W) S (I - U W)^T
        return np.asarray(missed / self.strengths.sum())
