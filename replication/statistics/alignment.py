"""How well two directions agree."""

import numpy as np
import numpy.typing as npt

from replication.statistics.sampling import FloatArray


def compute_cosines(first: npt.ArrayLike, second: npt.ArrayLike) -> FloatArray:
    """Return the cosine of the angle between vectors along the last axis; NaN without a length.

    >>> compute_cosines([[1.0, 0.0], [2.0, 2.0]], [[0.0, 3.0], [1.0, 1.0]]).round(12).tolist()
    [0.0, 1.0]
    """
    a, b = (_scale(np.asarray(vectors, dtype=np.float64)) for vectors in (first, second))
    return np.asarray(np.clip(np.sum(a * b, axis=-1), -1.0, 1.0))


def _scale(vectors: FloatArray) -> FloatArray:
    """Return vectors of length 1; scaled by the largest entry first, so that nothing overflows."""
    with np.errstate(invalid="ignore"):
        vectors = vectors / np.max(np.abs(vectors), axis=-1, keepdims=True)
        return np.asarray(vectors / np.sqrt(np.sum(vectors**2, axis=-1, keepdims=True)))
