"""Four codes in a plane: whether a line can part each of them from the other three."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]  # codes have the shape (n, n_patterns, n_units)


def are_convex(codes: Array) -> NDArray[np.bool_]:
    """Say in which networks a line can part each of four codes from the other three."""
    return measure_convexity(codes) > 0.0


def measure_convexity(codes: Array) -> Array:
    """Return the smallest area of a triangle of three codes, (n,), negative if one is enclosed.

    The directed areas of the four triangles are, but for two signs, the factors of an affine
    relation between the codes. Two against two are positive where all codes are corners, and one
    against three where that one lies within: the signs of the areas multiply to +1 or to -1.
    """
    areas = []
    for triangle in itertools.combinations(range(4), 3):
        a, b, c = (codes[:, each] for each in triangle)
        along, to = b - a, c - a
        areas.append((along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0]) / 2.0)
    return np.asarray(np.abs(areas).min(axis=0) * np.prod(np.sign(areas), axis=0))
