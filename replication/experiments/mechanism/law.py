"""The law: how long a decoder takes to tell codes apart, from the room between them alone.

The *gap* of a code is its distance from the hull of the other codes, 0 inside it. A visible unit
has to be on for one code and off for the others. Its weights grow along the shortest way from that
hull to the code, and its bias keeps the line at which the unit is undecided half-way. With weights
of length u, the input of the unit is ``u m / 2`` at the code and ``-u m / 2`` on the hull, where m
is the gap, so that the error is ``sigma(-u m / 2)`` on both, and equation 3 becomes ::

    u <- u + eta m sigma(-u m / 2)        eta = epsilon (1 - lambda)

until ``u m / 2`` is the input from which the unit is right, ``ln 9`` for a threshold of 0.1. In a
fixed gap that takes about ``2 (ln 9 + 8) / (eta m^2)`` updates. Neither formula has a number that
is fitted. While W learns, m changes with every update.
"""

import math

import numpy as np
from scipy.special import expit

from replication.definition.protocol import Protocol
from replication.experiments.instruments.matrices import Array


def find_speed(protocol: Protocol) -> float:
    """Return eta, the learning rate of the decoder: epsilon, times its factor, times 1 - lambda.

    >>> find_speed(Protocol(learning_rate=20.0, regression=0.75))
    5.0
    """
    rate = protocol.learning_rate * protocol.hidden_to_visible_factor
    return rate * (1.0 - protocol.regression)


def find_needed_input(threshold: float) -> float:
    """Return the input from which on a logistic unit that should be on is right.

    Its output is then within a threshold of 1. By symmetry, a unit that should be off is right up
    to minus this input.

    >>> round(math.exp(find_needed_input(0.1)), 9)
    9.0
    """
    return math.log((1.0 - threshold) / threshold)


def predict_reading(gap: float, protocol: Protocol) -> float:
    """Return after how many updates a decoder alone reads codes whose smallest gap is given.

    The equation above with ``x = u m / 2`` is ``dx / dt = eta m^2 sigma(-x) / 2``, whose solution
    from x = 0 is ``x + exp(x) - 1 = eta m^2 t / 2``.

    >>> round(predict_reading(1.0, Protocol()), 3)
    4.079
    """
    return _find_product(protocol) / gap**2


def find_needed_gap(n_updates: float, protocol: Protocol) -> float:
    """Return the smallest gap that a decoder alone reads in so many updates.

    >>> round(find_needed_gap(predict_reading(0.2, Protocol()), Protocol()), 12)
    0.2
    """
    return math.sqrt(_find_product(protocol) / n_updates)


def _find_product(protocol: Protocol) -> float:
    """Return ``m^2 t``, the squared gap times the updates in which a decoder alone reads it."""
    needed = find_needed_input(protocol.threshold)
    return 2.0 * (needed + math.exp(needed) - 1.0) / find_speed(protocol)


def predict_learning(gaps: Array, protocol: Protocol, *, every: int = 1) -> Array:
    """Return after how many updates a decoder reads codes whose gaps change, (n,).

    It is infinite where the decoder does not read them within the history.

    Parameters
    ----------
    gaps : float64 array, shape (n, n_moments, n_codes)
        The gap of each code at updates 0, `every`, 2 `every`, ...
    protocol : Protocol
        Its learning rate, regression and threshold.
    every : int
        Updates from one moment to the next, which the equation takes in one step.
    """
    speed = find_speed(protocol)
    needed = find_needed_input(protocol.threshold)
    n, n_moments, n_codes = gaps.shape
    lengths = np.zeros((n, n_codes))  # u, of each visible unit's weights
    updates = np.full(n, np.inf)
    for moment in range(n_moments):
        gap = gaps[:, moment]  # m, (n, n_codes)
        inputs = lengths * gap / 2.0  # u m / 2
        is_read = np.all(inputs >= needed, axis=1)
        is_first_time = is_read & np.isinf(updates)
        updates[is_first_time] = moment * every
        lengths += every * speed * gap * expit(-inputs)
    return updates


def measure_gaps(codes: Array) -> Array:
    """Return the distance of each code from the hull of the others, 0 inside it.

    Parameters
    ----------
    codes : float64 array, shape (..., n_codes, n_hidden)

    Returns
    -------
    float64 array, shape (..., n_codes)

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> measure_gaps(square).round(3).tolist()
    [0.707, 0.707, 0.707, 0.707]
    """
    n_codes, n_hidden = codes.shape[-2:]
    gaps = np.empty(codes.shape[:-1])
    for k in range(n_codes):
        code = codes[..., k, :]
        others = np.delete(codes, k, axis=-2)
        # In the paper's network the hull is a triangle, which is much quicker.
        if (n_codes, n_hidden) == (4, 2):
            gaps[..., k] = measure_from_triangle(code, others)
        else:
            gaps[..., k] = measure_from_hull(code, others)
    return gaps


def measure_from_triangle(points: Array, triangles: Array) -> Array:
    """Return the distance of points (..., 2) from triangles (..., 3, 2), 0 inside, shape (...)."""
    next_corners = np.roll(triangles, -1, axis=-2)
    sides = next_corners - triangles  # (..., 3, 2), from corner to corner
    away = points[..., np.newaxis, :] - triangles  # (..., 3, 2), from each corner to the point
    # The nearest point of each side, as a share of the way along it.
    squares = np.maximum(np.sum(sides**2, axis=-1), np.finfo(float).tiny)
    shares = np.clip(np.sum(away * sides, axis=-1) / squares, 0.0, 1.0)
    from_sides = away - shares[..., np.newaxis] * sides
    distances = np.linalg.norm(from_sides, axis=-1)
    # Inside, the point is to the left of all sides, or to the right of all. The sign of the cross
    # product says which.
    products = sides[..., 0] * away[..., 1] - sides[..., 1] * away[..., 0]
    is_on_left = np.all(products > 0.0, axis=-1)
    is_on_right = np.all(products < 0.0, axis=-1)
    nearest = distances.min(axis=-1)
    return np.asarray(np.where(is_on_left | is_on_right, 0.0, nearest))


def measure_from_hull(points: Array, others: Array) -> Array:
    """Return the distance of points (..., n_hidden) from the hull of others, 0 inside.

    `others` has the shape (..., n_others, n_hidden).

    Notes
    -----
    Lawson & Hanson (1974), Solving Least Squares Problems, chapter 23. Let d_i be the differences
    between the others and the point, and z_i numbers none of which is below 0. Then the smallest
    ``|sum z_i d_i|^2 + (sum z_i - 1)^2`` is ``m^2 / (1 + m^2)``, where m is the distance.
    """
    n_others, n_hidden = others.shape[-2:]
    differences = others - points[..., np.newaxis, :]
    systems = differences.reshape(-1, n_others, n_hidden)
    residuals = np.array([find_residual(each) for each in systems])
    squares = np.minimum(residuals**2, 1.0 - np.finfo(float).eps)  # m^2 / (1 + m^2)
    distances = np.sqrt(squares / (1.0 - squares))
    return np.asarray(distances.reshape(points.shape[:-1]))


def find_residual(differences: Array) -> float:
    """Return the root of the smallest ``|sum z_i d_i|^2 + (sum z_i - 1)^2`` with no z_i below 0.

    `differences` are the d_i, from a point to each of the others, (n_others, n_hidden).
    """
    from scipy import optimize  # which takes long to import

    n_others, n_hidden = differences.shape
    equations = np.vstack([differences.T, np.ones(n_others)])  # (n_hidden + 1, n_others)
    wanted = np.append(np.zeros(n_hidden), 1.0)
    _, residual = optimize.nnls(equations, wanted)
    return float(residual)
