"""How well two directions agree: cosines, and what many of them look like."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Spread:
    """Median and range of one number over many networks.

    Parameters
    ----------
    median, low, high : float
        Median, 5 % and 95 % quantile.
    share_positive : float
        Share of networks in which the number is above zero.
    """

    median: float
    low: float
    high: float
    share_positive: float


def compute_cosines(first: npt.ArrayLike, second: npt.ArrayLike) -> FloatArray:
    """Return the cosine of the angle between vectors along the last axis.

    Parameters
    ----------
    first, second : array_like of float, shape (..., m)

    Returns
    -------
    float64 array, shape (...)
        From -1 to 1; NaN where a vector has no length.

    Examples
    --------
    >>> compute_cosines([[1.0, 0.0], [2.0, 2.0]], [[0.0, 3.0], [1.0, 1.0]]).round(12).tolist()
    [0.0, 1.0]
    """
    a = _scale(np.asarray(first, dtype=np.float64))
    b = _scale(np.asarray(second, dtype=np.float64))
    return np.asarray(np.clip(np.sum(a * b, axis=-1), -1.0, 1.0))


def summarise_spread(values: npt.ArrayLike) -> Spread:
    """Return median, 5 % and 95 % quantile and the share above zero.

    Parameters
    ----------
    values : array_like of float, shape (n,)

    Returns
    -------
    Spread
    """
    array = np.asarray(values, dtype=np.float64)
    low, median, high = np.quantile(array, (0.05, 0.5, 0.95))
    return Spread(float(median), float(low), float(high), float(np.mean(array > 0)))


def _scale(vectors: FloatArray) -> FloatArray:
    """Return vectors of length 1; scaled by the largest entry first, so that nothing overflows."""
    with np.errstate(invalid="ignore"):
        vectors = vectors / np.max(np.abs(vectors), axis=-1, keepdims=True)
        return np.asarray(vectors / np.sqrt(np.sum(vectors**2, axis=-1, keepdims=True)))
