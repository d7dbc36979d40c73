"""Four codes as points of the hidden plane: whether lines part them, and who lies opposite whom."""

import itertools

import numpy as np

from replication.experiments.matrices import Array, Counts


def measure_convexity(codes: Array) -> Array:
    """Return the smallest area of a triangle of three points, negative if one is enclosed.

    `codes` are (n, 4, 2).

    The directed areas of the four triangles are, but for two signs, the factors of an affine
    relation between the codes. Two against two are positive where all codes are corners, and one
    against three where that one lies within: the signs of the areas multiply to +1 or to -1.
    """
    areas = [
        cross(codes[:, b] - codes[:, a], codes[:, c] - codes[:, a]) / 2.0
        for a, b, c in itertools.combinations(range(4), 3)
    ]
    return np.asarray(np.abs(areas).min(axis=0) * np.prod(np.sign(areas), axis=0))


def find_split(codes: Array) -> Counts:
    """Return which of four codes, (n, 2, 4), lies opposite the first one, (n,).

    Of the three ways to pair four points as ends of two diagonals, the one with the largest
    area between the diagonals; if the points are in convex position, these are their diagonals.
    """
    # From the first code to each of the others, and between the remaining two.
    areas = [
        np.abs(cross(codes[..., a] - codes[..., 0], codes[..., c] - codes[..., b]))
        for a, b, c in ((1, 2, 3), (2, 1, 3), (3, 1, 2))
    ]
    return np.asarray(np.argmax(areas, axis=0) + 1)


def cross(one: Array, other: Array) -> Array:
    """Return the cross product of vectors in the plane, (n, 2) each: an area with a sign, (n,)."""
    return np.asarray(one[:, 0] * other[:, 1] - one[:, 1] * other[:, 0])
