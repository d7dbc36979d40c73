"""The scatter of training patterns, and how much of it weights make use of."""

import dataclasses
import functools
from typing import Self

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.matrices import Array, multiply
from replication.simulator.patterns import compute_mean, make_patterns


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """The products of deviations from the mean pattern, summed over patterns, and its directions.

    One-hot patterns have a scatter of 1 in all directions but that of their mean, along which
    they do not differ.
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
        strengths, directions = np.linalg.eigh(matrix)
        return cls(matrix, np.clip(strengths[::-1], 0.0, None), directions[:, ::-1])

    @property
    def root(self) -> Array:
        """Return the symmetric root, (n_visible, n_visible): rows whose products add up to S."""
        return np.asarray((self.directions * np.sqrt(self.strengths)) @ self.directions.T)

    @property
    def span(self) -> Array:
        """Return the projector on the directions in which the patterns differ."""
        kept = self.directions[:, self.strengths > 1e-9 * self.strengths[0]]
        # Rounded, since the last bits of such libraries depend on the processor.
        return np.round(kept @ kept.T, 12)

    def explain(self, encoder: Array) -> Array:
        """Return the share of the variance that the best reconstruction from W v misses, (n,).

        With U = S W^T (W S W^T)^-1; `encoder` is W, of shape (n, n_hidden, n_visible).
        """
        read = encoder @ self.matrix
        kept = np.linalg.solve(read @ np.swapaxes(encoder, 1, 2), read @ np.swapaxes(read, 1, 2))
        return np.asarray(1.0 - np.trace(kept, axis1=1, axis2=2) / self.strengths.sum())

    def miss(self, encoder: Array, decoder: Array) -> Array:
        """Return the share of the variance that the reconstruction U W v misses, (n,)."""
        left = np.eye(len(self.matrix)) - decoder @ encoder
        missed = np.sum((left @ self.matrix) * left, axis=(1, 2))
        return np.asarray(missed / self.strengths.sum())
