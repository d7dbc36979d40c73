"""The law: how long a decoder takes to tell codes apart, from the room between them alone.

The *gap* of a code is its distance from the hull of the other codes, 0 inside it. A visible unit
has to be on for one code and off for the others. Its weights grow along the shortest way from that
hull to the code, and its bias keeps the line at which the unit is undecided half-way. With weights
of length u, the input of the unit is ``u m / 2`` at the code and ``-u m / 2`` on the hull, where m
is the gap, so that the error is ``sigma(-u m / 2)`` on both, and the delta rule becomes ::

    u <- u + eta m sigma(-u m / 2)

until ``u m / 2`` is the input from which the unit is right, ``ln 9`` for a threshold of 0.1. In a
fixed gap that takes about ``2 (ln 9 + 8) / (eta m^2)`` updates. Neither formula has a number that
is fitted. While W learns, m changes with every update. `docs/law.md` derives it.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from replication.definition.protocol import Protocol
from replication.errors import UsageError
from replication.experiments.instruments.matrices import Array
from replication.wording import show

HEAVY = 1e3
"""Weight of the equations that say that the shares of a point of a hull sum to 1."""
N_BALANCING = 40  # halvings of the interval in which the bias of a unit lies


def find_speed(protocol: Protocol) -> float:
    """Return eta, the learning rate of the decoder of recirculation.

    It is epsilon, times its factor, times 1 - lambda.

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


def predict_reading(gap: float, speed: float, threshold: float = 0.1) -> float:
    """Return after how many updates a decoder alone reads codes whose smallest gap is given.

    The equation above with ``x = u m / 2`` is ``dx / dt = eta m^2 sigma(-x) / 2``, whose solution
    from x = 0 is ``x + exp(x) - 1 = eta m^2 t / 2``.

    >>> round(predict_reading(1.0, 5.0), 3)
    4.079
    """
    return find_room(speed, threshold) / gap**2


def find_needed_gap(n_updates: float, speed: float, threshold: float = 0.1) -> float:
    """Return the smallest gap that a decoder alone reads in so many updates.

    >>> round(find_needed_gap(predict_reading(0.2, 5.0), 5.0), 12)
    0.2
    """
    return math.sqrt(find_room(speed, threshold) / n_updates)


def find_room(speed: float, threshold: float = 0.1) -> float:
    """Return ``m^2 t``, the squared gap times the updates in which a decoder alone reads it."""
    needed = find_needed_input(threshold)
    return 2.0 * (needed + math.exp(needed) - 1.0) / speed


def predict_learning_time(
    gaps: ArrayLike, *, rate: float, threshold: float = 0.1, every: int = 1
) -> Array:
    """Predict after how many updates a decoder reads codes, from the gaps between them.

    The decoder learns by the delta rule from nothing, for one-hot targets; no number is fitted.

    Parameters
    ----------
    gaps : array_like, shape (n_networks, n_moments, n_codes)
        The gap of each code at updates 0, `every`, 2 `every`, ..., as `measure_gaps` gives it.
        Between two moments it changes evenly.
    rate : float
        Learning rate of the decoder, above 0: for recirculation epsilon (1 - lambda), in other
        rules the factor of ``(v - r) h`` in the change of U.
    threshold : float
        Largest error of a unit that has learnt, between 0 and 0.5.
    every : int
        Updates from one moment to the next.

    Returns
    -------
    float64 array, shape (n_networks,)
        Updates; infinite where the codes are not read within the history.

    Raises
    ------
    UsageError
        If gaps are negative or have another shape, or rate or threshold are out of range.

    Examples
    --------
    Four codes that stay 0.5 apart, a decoder with a rate of 5:

    >>> predict_learning_time(np.full((1, 40, 4), 0.5), rate=5.0)
    array([16.])
    """
    history = np.asarray(gaps, dtype=np.float64)
    if history.ndim != 3 or not np.all(history >= 0.0):
        raise UsageError(
            f"gaps of shape {history.shape} were given; allowed are numbers from 0 on of shape "
            "(n_networks, n_moments, n_codes); write gaps[np.newaxis] for a single network"
        )
    if not 0.0 < rate < math.inf:
        raise UsageError(f"rate = {show(rate)} was given; allowed are numbers above 0")
    if not 0.0 < threshold < 0.5:
        raise UsageError(f"threshold = {show(threshold)} was given; allowed are 0 to 0.5, between")
    if every < 1:
        raise UsageError(f"every = {show(every)} was given; allowed are whole numbers from 1 on")
    needed = find_needed_input(threshold)
    n, _, n_codes = history.shape
    lengths = np.zeros((n, n_codes))  # u, of each visible unit's weights
    updates = np.full(n, np.inf)
    for update, gap in step_through(history, every):  # m, (n, n_codes)
        inputs = lengths * gap / 2.0  # u m / 2
        is_read = np.all(inputs >= needed, axis=1)
        updates[is_read & np.isinf(updates)] = update
        lengths += rate * gap * expit(-inputs)
    return updates


def step_through(history: Array, every: int) -> Iterator[tuple[int, Array]]:
    """Yield each update with what a history (n, n_moments, ...) says of it, (n, ...).

    Moments are `every` updates apart; between them the history runs on straight lines.
    """
    n_moments = history.shape[1]
    for moment in range(n_moments):
        before = history[:, moment]
        yield moment * every, before
        if moment + 1 < n_moments:
            after = history[:, moment + 1]
            for step in range(1, every):
                yield moment * every + step, before + (after - before) * (step / every)


def predict_balanced_time(
    projections: Array, targets: Array, *, rate: float, threshold: float = 0.1, every: int = 1
) -> Array:
    """Predict the same for any targets of 0 and 1, from all codes along the shortest way.

    A visible unit that should be on for several codes hears several errors, and the sides are
    unequal. So the bias does not stay half-way, but where the errors of both sides balance; the
    weights grow, along the shortest way between both hulls, by the errors times where the codes
    lie on it. With one code on each side that is the law.

    Parameters
    ----------
    projections : float64 array, shape (n_networks, n_moments, n_units, n_codes)
        What `project_codes` returns.
    targets : float64 array, shape (n_codes, n_units)
        0 or 1.
    rate, threshold, every : float, float, int
        As for `predict_learning_time`.

    Returns
    -------
    float64 array, shape (n_networks,)
    """
    n, _, n_units, _ = projections.shape
    wanted = targets.T  # (n_units, n_codes)
    lengths = np.zeros((n, n_units, 1))
    updates = np.full(n, np.inf)
    for update, places in step_through(projections, every):
        inputs = lengths * places
        errors = wanted - expit(inputs + balance(inputs, wanted))
        is_read = np.all(np.abs(errors) < threshold, axis=(1, 2))
        updates[is_read & np.isinf(updates)] = update
        lengths += rate * np.sum(errors * places, axis=2, keepdims=True)
    return updates


def balance(inputs: Array, wanted: Array) -> Array:
    """Return the bias of each unit with which its errors sum to 0, (..., 1).

    A unit that should be on for all codes, or for none, gets a bias at which its errors are small.
    """
    low = np.full((*inputs.shape[:-1], 1), -60.0)
    high = np.full_like(low, 60.0)
    for _ in range(N_BALANCING):
        middle = 0.5 * (low + high)
        is_too_high = np.sum(expit(inputs + middle) - wanted, axis=-1, keepdims=True) > 0.0
        high = np.where(is_too_high, middle, high)
        low = np.where(is_too_high, low, middle)
    return 0.5 * (low + high)


def measure_gaps(codes: Array) -> Array:
    """Return the distance of each code from the hull of the others, 0 inside it.

    Parameters
    ----------
    codes : float64 array, shape (..., n_codes, n_hidden)

    Returns
    -------
    float64 array, shape (..., n_codes)

    Notes
    -----
    In the paper's network the hull is a triangle, and a gap takes a microsecond. In general it is a
    problem of least squares that takes 10 to 200 microseconds (8-3-8 to 64-6-64).

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


def project_codes(codes: Array, targets: Array) -> Array:
    """Return where codes lie on the shortest way between both sides of each visible unit.

    The sides are the hulls of the codes for which the unit should be on, and off. Distances are
    measured from the middle of the way, towards the side that is on. Where the hulls meet there is
    no way, and all distances are 0.

    Parameters
    ----------
    codes : float64 array, shape (..., n_codes, n_hidden)
    targets : float64 array, shape (n_codes, n_units)
        0 or 1.

    Returns
    -------
    float64 array, shape (..., n_units, n_codes)

    Examples
    --------
    Two codes at a distance of 2, and one beyond the second:

    >>> codes = np.array([[0.0, 0.0], [2.0, 0.0], [5.0, 1.0]])
    >>> project_codes(codes, np.array([[0.0], [1.0], [1.0]])).round(6).tolist()
    [[-1.0, 1.0, 4.0]]
    """
    n_codes, n_hidden = codes.shape[-2:]
    n_units = targets.shape[1]
    places = np.zeros((codes.size // (n_codes * n_hidden), n_units, n_codes))
    for row, some in enumerate(codes.reshape(-1, n_codes, n_hidden)):
        for unit in range(n_units):
            is_on = targets[:, unit] > 0.5
            if is_on.any() and not is_on.all():
                on, off = find_nearest(some[is_on], some[~is_on])
                length = np.linalg.norm(on - off)
                if length > 1.0 / HEAVY**2:
                    places[row, unit] = (some - 0.5 * (on + off)) @ (on - off) / length
    return places.reshape(*codes.shape[:-2], n_units, n_codes)


def find_nearest(first: Array, second: Array) -> tuple[Array, Array]:
    """Return the nearest points of the hulls of two sets of points, (n, n_hidden) each."""
    from scipy import optimize  # which takes long to import

    n_first, n_second = len(first), len(second)
    sums = np.zeros((2, n_first + n_second))
    sums[0, :n_first] = HEAVY
    sums[1, n_first:] = HEAVY
    equations = np.vstack([np.vstack([first, -second]).T, sums])
    wanted = np.append(np.zeros(first.shape[1]), [HEAVY, HEAVY])
    shares, _ = optimize.nnls(equations, wanted)
    of_first = shares[:n_first] / shares[:n_first].sum()
    of_second = shares[n_first:] / shares[n_first:].sum()
    return of_first @ first, of_second @ second


def find_margins(projections: Array, targets: Array) -> Array:
    """Return the distance between both sides of each unit, (..., n_units); 0 where they meet.

    `projections` are those of `project_codes`.
    """
    is_on = targets.T > 0.5  # (n_units, n_codes)
    nearest_on = np.where(is_on, projections, np.inf).min(axis=-1)
    farthest_off = np.where(is_on, -np.inf, projections).max(axis=-1)
    return np.asarray(np.maximum(nearest_on - farthest_off, 0.0))
