"""A prediction proper: gaps up to a part of the time only, carried on by the derived growth.

The inputs that hidden units get from one-hot vectors are the columns of W. Their differences D
between vectors grow at first, while all images look alike, by ::

    recirculation          D <- D + epsilon lambda (1 - lambda)^2 s D
    errors through W       D <- D + epsilon s D
    back-propagation       D <- D + epsilon s V,   V <- V + epsilon s D,   V: U transposed
    feedback alignment     D <- D + epsilon s B
    target propagation     D <- D + epsilon s s' Q

where s are the slopes of the hidden units and s' those of the inverse. Of B, Q and V, too, only the
differences between columns count. `docs/law.md` derives it.
"""

import math

import numpy as np
from scipy.special import expit

from replication.experiments.instruments import law
from replication.experiments.instruments.matrices import Array
from replication.experiments.instruments.model import Model
from replication.experiments.law.following import Followed
from replication.experiments.law.measures import compare_times, find_median, take_both
from replication.experiments.law.plan import Case
from replication.simulator.rule.weights import split_arrays
from replication.simulator.running.engine import Engine

PARTS = (0.25, 0.5)  # of the median time, up to which gaps are known
CARRIED = (
    "recirculation",
    "errors through W",
    "back-propagation",
    "feedback alignment",
    "target propagation",
)
"""The rules whose growth is derived."""


def foretell(case: Case, followed: Followed, generator: np.random.Generator) -> Model:
    """Return, for each of `PARTS`, how near the carried law comes, beside the gap alone.

    Networks that have learnt by then are left out. ``ranks`` is the rank correlation of times with
    the prediction, ``ranks_gap`` that with the smallest gap at that moment.
    """
    from scipy import stats  # which takes long to import

    median = find_median(followed.times)
    found: Model = {}
    for part in PARTS:
        if median is None:
            continue
        at = max(1, round(part * median))
        is_left = followed.times > at
        predicted = predict_carried(case, followed, at)[is_left]
        times = followed.times[is_left]
        smallest = followed.gaps[is_left, at].min(axis=1)
        is_both = take_both(predicted, times)
        found[f"{part:g}"] = {
            "at": at,
            "left": float(np.mean(is_left)),
            **compare_times(predicted, times, generator),
            "ranks": float(stats.spearmanr(predicted[is_both], times[is_both])[0]),
            "ranks_gap": float(stats.spearmanr(smallest[is_both], times[is_both])[0]),
        }
    return found


def predict_carried(case: Case, followed: Followed, at: int) -> Array:
    """Return the law's times from the gaps up to update `at`, carried on from there, (n,)."""
    engine = Engine(case.protocol, case.network)
    rows = engine.record(followed.start, [0, at], root_seed=case.seed)[:, 1]
    arrays = split_arrays(engine.rule.all_shapes, np.ascontiguousarray(rows))
    codes = carry_on(case, arrays, case.cap - at)
    carried = law.measure_gaps(codes)[:, 1:]
    gaps = np.concatenate([followed.gaps[:, : at + 1], carried], axis=1)
    return law.predict_learning_time(gaps, rate=case.speed)


def carry_on(case: Case, arrays: dict[str, Array], n_updates: int) -> Array:
    """Return codes after 0 to `n_updates` further updates, (n, n_updates + 1, n_codes, n_hidden).

    `arrays` are those of each network at the moment from which its codes are carried on.
    """
    inputs = arrays["W"] + arrays["b"][:, :, np.newaxis]  # (n, n_hidden, n_codes)
    middle = inputs.mean(axis=2, keepdims=True)
    D = inputs - middle
    h = expit(inputs)
    slopes = np.mean(h * (1.0 - h), axis=2, keepdims=True)  # s, of each hidden unit
    steps = np.arange(n_updates + 1.0)
    growth = case.rate * slopes
    if case.rule == "recirculation":
        keep = case.protocol.regression
        grown = grow(D, keep * (1.0 - keep) ** 2 * growth, steps)
    elif case.rule == "errors through W":
        grown = grow(D, growth, steps)
    elif case.rule == "back-propagation":
        V = centre(arrays["U"].swapaxes(1, 2))
        grown = 0.5 * (grow(D + V, growth, steps) + grow(D - V, -growth, steps))
    elif case.rule == "feedback alignment":
        grown = move(D, growth * centre(arrays["B"]), steps)
    else:
        of_inverse = expit(arrays["Q"] + arrays["q"][:, :, np.newaxis])
        inverse_slopes = np.mean(of_inverse * (1.0 - of_inverse), axis=2, keepdims=True)
        grown = move(D, growth * inverse_slopes * centre(arrays["Q"]), steps)
    return np.asarray(expit(middle[:, np.newaxis] + grown).swapaxes(2, 3))


def centre(matrix: Array) -> Array:
    """Return a matrix (n, n_hidden, n_visible) without the mean of its columns."""
    return np.asarray(matrix - matrix.mean(axis=2, keepdims=True))


def grow(D: Array, share: Array, steps: Array) -> Array:
    """Return D, multiplied by ``1 + share`` at each step, (n, n_steps, n_hidden, n_codes)."""
    # Beyond that codes are in the corners, and larger numbers would overflow.
    logs = np.minimum(steps[:, np.newaxis, np.newaxis] * np.log1p(share)[:, np.newaxis], 50.0)
    return np.asarray(D[:, np.newaxis] * np.exp(logs))


def move(D: Array, velocity: Array, steps: Array) -> Array:
    """Return D, to which a velocity is added at each step, (n, n_steps, n_hidden, n_codes)."""
    return np.asarray(D[:, np.newaxis] + steps[:, np.newaxis, np.newaxis] * velocity[:, np.newaxis])


CORNERS = np.array([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])
"""A W, up to a factor, with codes near the four corners of the square of hidden states."""


def intervene(case: Case, start: Array, final: Array) -> dict[str, Array]:
    """Return starts with another network's final encoder, and with room for the codes.

    Room: W has its columns towards four corners, drawn anew for each network, and keeps its length.
    """
    shapes = Engine(case.protocol, case.network).rule.all_shapes
    with_other = start.copy()
    with_room = start.copy()
    given = split_arrays(shapes, np.roll(final, 1, axis=0))
    changed = split_arrays(shapes, with_other)
    for name in ("W", "b"):
        changed[name][...] = given[name]
    W = split_arrays(shapes, with_room)["W"]
    generator = np.random.default_rng(case.seed)
    orders = np.argsort(generator.random((len(W), W.shape[2])), axis=1)
    corners = CORNERS[:, orders].swapaxes(0, 1)
    lengths = np.linalg.norm(W, axis=(1, 2), keepdims=True)
    W[...] = corners * lengths / math.sqrt(CORNERS.size)
    return {"other": with_other, "room": with_room}
