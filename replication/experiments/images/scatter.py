"""The scatter of images, how far weights have turned to its directions, and how all are trained."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from replication.definition.protocol import Protocol
from replication.experiments.matrices import Array
from replication.simulator.ensemble import simulate_weights
from replication.simulator.patterns import MOST_INK

N_HIDDEN = 16
NEVER = 1e-12  # a criterion that nothing meets


def train(protocol: Protocol, weights: Array, n_updates: int, **fields: Any) -> Array:
    """Return the weights (n, n_weights) after so many updates or epochs, whatever the error.

    With feedback alignment if fixed weights follow those of each network.
    """
    if n_updates == 0:
        return weights
    run = dataclasses.replace(protocol, threshold=NEVER, max_updates=n_updates, **fields)
    has_feedback = weights.shape[1] > protocol.n_weights
    _, _, final = simulate_weights(
        run, weights, fixed_feedback=has_feedback, final_weights=True
    )  # fmt: skip
    assert final is not None
    return final[:, : protocol.n_weights]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """The products of deviations from the mean image, averaged over images, and its directions."""

    matrix: Array  # (n_pixels, n_pixels), S
    strengths: Array  # (n_pixels,), eigenvalues, the largest first
    directions: Array  # (n_pixels, n_pixels), eigenvectors, one a column

    @classmethod
    def of(cls, images: NDArray[Any]) -> Scatter:
        """Return the scatter of images, whole numbers of shape (n, n_pixels)."""
        whole = images.astype(np.int64)  # so that no bit depends on the order of a sum
        total, n = whole.sum(axis=0), len(whole)
        matrix = (n * (whole.T @ whole) - np.outer(total, total)) / (n * MOST_INK) ** 2
        strengths, directions = np.linalg.eigh(matrix)
        return cls(matrix, np.clip(strengths[::-1], 0.0, None), directions[:, ::-1])

    def explain(self, encoder: Array) -> Array:
        """Return the share of the variance that the best reconstruction from W v misses, (n,).

        With U = S W^T (W S W^T)^-1; `encoder` is W, of shape (n, n_hidden, n_pixels).
        """
        read = encoder @ self.matrix
        kept = np.linalg.solve(read @ np.swapaxes(encoder, 1, 2), read @ np.swapaxes(read, 1, 2))
        return np.asarray(1.0 - np.trace(kept, axis1=1, axis2=2) / self.strengths.sum())

    def miss(self, encoder: Array, decoder: Array) -> Array:
        """Return the share of the variance that the reconstruction U W v misses, (n,)."""
        left = np.eye(len(self.matrix)) - decoder @ encoder
        missed = np.sum((left @ self.matrix) * left, axis=(1, 2))
        return np.asarray(missed / self.strengths.sum())

    def find_share(self, encoder: Array) -> Array:
        """Return the part of what hidden units see that lies in as many principal directions, (n,).

        The mean squared cosine between the span of the rows of W S^(1/2) and theirs: 1 if W has
        turned to them all the way.
        """
        n_hidden = encoder.shape[1]
        seen = (encoder @ self.directions) * np.sqrt(self.strengths)
        main = seen[:, :, :n_hidden]
        inside = np.linalg.solve(seen @ np.swapaxes(seen, 1, 2), main @ np.swapaxes(main, 1, 2))
        return np.asarray(np.trace(inside, axis1=1, axis2=2) / n_hidden)
