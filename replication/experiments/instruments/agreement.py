"""How well weight changes agree with steepest descent, and the two matrices with each other.

Also how fast W grows at first, as the algebra predicts it. While all reconstructions are alike,
equation 4 multiplies W by the scatter of the inputs, ``S = sum (v - mean) (v - mean)^T`` over the
patterns::

    dW = epsilon lambda (1 - lambda)^2 s W S

where s is the slope of the hidden units at 0. One-hot vectors have a scatter of 1 in all directions
in which they differ. So W without its mean over the visible units grows along itself.
"""

import dataclasses
from collections.abc import Callable, Iterable

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.instruments import matrices
from replication.experiments.instruments.matrices import Array, compute_cosines
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.activations import ACTIVATIONS
from replication.simulator.rule.weights import list_connections, list_matrices, make_patterns
from replication.simulator.running.changes import compute_changes, compute_gradients, reconstruct
from replication.simulator.running.engine import evaluate_networks, record_weights

PARALLEL = float(np.cos(np.pi / 4.0))
"""Least cosine of vectors that count as parallel: the angle between them is below 45 degrees."""

# U and W count as aligned from the first update at which the running median of their cosine reaches
# a level. A change of W counts as in agreement with descent by the same level of its own cosine.
LEVEL = 0.9
WINDOW = 5  # updates of the running median

LINEAR_DIGITS = Protocol(
    group_sizes=(64, 16),
    patterns="digits",
    n_images=200,
    centred=True,
    learning_rate=1 / 200,
    visible_units="linear",
    hidden_function="linear",
)
"""Networks that come to rest, in a few hundred updates, before U and W are aligned."""


def measure_agreement(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Return how well the next weight changes agree with steepest descent, and U with W.

    The networks have one hidden group and logistic visible units.

    Returns
    -------
    dict of float64 arrays, shape (n,)
        ``lower``, ``upper`` : cosine of the change of W (lower) and of U (upper) with steepest
        descent in the squared error. ``..._biases`` counts the biases with the matrix;
        ``..._cross`` takes descent in the cross-entropy.

        ``alignment`` : cosine of U and the transpose of W. ``centred`` : the same after their means
        over the visible units are taken away.

        ``ratio`` : length of U divided by the length of W.

        ``variation`` : standard deviation of the slopes of the visible units, divided by their
        mean. In ``variation_error`` each slope is weighted by its squared error; in
        ``variation_units`` slopes are first averaged over patterns.

    Notes
    -----
    If the hidden states of the patterns are at right angles, ``upper`` is
    ``1 / sqrt(1 + variation_error^2)``.
    """
    changes = compute_changes(protocol, weights)  # (n, n_weights), as are the two below
    descent = -compute_gradients(protocol, weights)
    cross = -compute_gradients(protocol, weights, error="cross-entropy")
    lower, upper = list_connections(protocol)
    W, U = list_matrices(protocol)
    length_of_w = np.linalg.norm(weights[:, W], axis=1)
    length_of_u = np.linalg.norm(weights[:, U], axis=1)
    reconstruction = evaluate_networks(protocol, weights).reconstruction
    # Slopes of the logistic function, (n, n_patterns, n_visible).
    slopes = reconstruction * (1.0 - reconstruction)
    squares = (reconstruction - make_patterns(protocol)) ** 2
    return {
        "lower": compute_cosines(changes[:, W], descent[:, W]),
        "lower_biases": compute_cosines(changes[:, lower], descent[:, lower]),
        "lower_cross": compute_cosines(changes[:, W], cross[:, W]),
        "upper": compute_cosines(changes[:, U], descent[:, U]),
        "upper_biases": compute_cosines(changes[:, upper], descent[:, upper]),
        "upper_cross": compute_cosines(changes[:, U], cross[:, U]),
        "alignment": matrices.align_matrices(protocol, weights),
        "centred": matrices.align_matrices(protocol, weights, centred=True),
        "ratio": length_of_u / length_of_w,
        "variation": _compute_variation(slopes),
        "variation_error": _compute_variation(slopes, squares),
        "variation_units": _compute_variation(slopes.mean(axis=1)),
    }


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Vectors:
    """The visible vectors of the paper's Figure 3, by its letters (page 364)."""

    a: Array  # (n_patterns, n_visible), the patterns
    c: Array  # (n, n_patterns, n_visible), their images
    p: Array  # (n, n_patterns, n_visible), the vectors of the second pass (equation 5)
    r: Array  # (n, n_patterns, n_visible), the images of p


def find_vectors(protocol: Protocol, weights: Array) -> Vectors:
    """Return the visible vectors of Figure 3 in networks (n, n_weights)."""
    a = make_patterns(protocol)
    c = evaluate_networks(protocol, weights).reconstruction
    p = protocol.regression * a + (1.0 - protocol.regression) * c
    return Vectors(a, c, p, r=reconstruct(protocol, weights, p))


def compare_vectors(protocol: Protocol, weights: Array) -> Array:
    """Return the cosine between the vectors AP and CR, shape (n, n_patterns)."""
    vectors = find_vectors(protocol, weights)
    return compute_cosines(vectors.p - vectors.a, vectors.r - vectors.c)


def part_patterns(protocol: Protocol) -> list[Protocol]:
    """Return a protocol for each of the patterns, in which it is the only one."""
    rows = make_patterns(protocol).tolist()
    return [dataclasses.replace(protocol, patterns=(tuple(row),)) for row in rows]


def find_events(series: Iterable[Array], *, level: float = LEVEL, width: int = WINDOW) -> Array:
    """Return at which update the running median of each series first reaches a level, (n,).

    Infinity if it never does. The median of `width` updates counts as that of the update in their
    middle, so `width` is odd.
    """
    import pandas as pd  # which takes long to import

    events = []
    for values in series:
        medians = pd.Series(values).rolling(width, center=True).median().to_numpy()
        passed = medians >= level  # false near the ends, where the median is NaN
        if passed.any():
            events.append(float(passed.argmax()))
        else:
            events.append(np.inf)
    return np.array(events, dtype=np.float64)


def count_early_updates(learning_rate: float) -> int:
    """Return a number of updates after which nearly all networks are aligned, at any rate."""
    # W grows with the rate, so the number falls with it; but at large rates outputs jump, which
    # delays alignment.
    return max(60, round(200.0 / learning_rate))


def follow_agreement(protocol: Protocol, weights: Array) -> dict[str, Array]:
    """Return the measures of `measure_agreement` at each early update, (n, n_updates + 1).

    `count_early_updates` says how many updates are early.
    """
    n_updates = count_early_updates(protocol.learning_rate)
    recorded = record_weights(protocol, weights, range(n_updates + 1))
    states = recorded.reshape(-1, protocol.n_weights)
    measured = measure_agreement(protocol, states)
    shape = (len(weights), n_updates + 1)
    return {name: values.reshape(shape) for name, values in measured.items()}


def find_alignment(protocol: Protocol, weights: Array, *, n_updates: int) -> Array:
    """Return at which update U aligns with W, both without their means, (n,).

    Infinity if that takes more than `n_updates`.
    """
    recorded = record_weights(protocol, weights, range(n_updates + 1))
    cosines = matrices.align_matrices(protocol, recorded, centred=True)  # (n, n_updates + 1)
    return find_events(cosines, width=1)


def align_on_digits(sample: Sample) -> Array:
    """Return the cosine of U and the transpose of W in linear networks that learnt digits, (n,)."""
    initial = sample.draw(LINEAR_DIGITS)
    final = train_for(LINEAR_DIGITS, initial, 1_000)
    return matrices.align_matrices(LINEAR_DIGITS, final)


def differentiate(measure: Callable[[Array], Array], weights: Array, *, step: float) -> Array:
    """Return the gradient of a measure at weights (n, n_weights), by central differences.

    The measure returns one number for each network, (n,).
    """
    steps = np.eye(weights.shape[1]) * step  # one weight at a time
    differences = []
    for each in steps:
        above = measure(weights + each)
        below = measure(weights - each)
        differences.append(above - below)
    return np.stack(differences, axis=1) / (2.0 * step)


def predict_growth(protocol: Protocol) -> float:
    """Return by what share of itself W grows in one update, where the scatter is 1.

    That is epsilon lambda (1 - lambda)^2 s in the paper's networks.
    """
    keep = protocol.regression
    # Equation 5 multiplies the difference of states by 1 - lambda, and so does equation 6.
    n_regressions = 2 if protocol.hidden_regression else 1
    reduction = (1.0 - keep) ** n_regressions
    rate = protocol.learning_rate * protocol.visible_to_hidden_factor
    return rate * keep * reduction * find_slope(protocol)


def find_critical_rate(protocol: Protocol) -> float:
    """Return the learning rate beyond which an output jumps while all reconstructions are alike.

    For a visible unit it is ``2 / [(1 - lambda) P (1 + H / 4) v (1 - v)]``, where v is the mean of
    the unit over the P patterns, and the H hidden states are near 1/2. The smallest of these rates
    is returned, which is that of the unit whose mean is nearest to 1/2.

    >>> [round(find_critical_rate(Protocol(group_sizes=sizes)), 2) for sizes in ((4, 2), (8, 3))]
    [7.11, 5.22]
    """
    patterns = make_patterns(protocol)
    mean = patterns.mean(axis=0)
    gain = (1.0 - protocol.regression) * (1.0 + protocol.group_sizes[1] / 4.0)
    return float(2.0 / (gain * len(patterns) * (mean * (1.0 - mean)).max()))


def find_slope(protocol: Protocol) -> float:
    """Return the slope of the hidden units at a total input of 0, by a central difference."""
    step = 2.0**-16
    below, above = ACTIVATIONS[protocol.hidden_function](np.array([-step, step]))
    return float((above - below) / (2.0 * step))


def _compute_variation(slopes: Array, weights: Array | None = None) -> Array:
    """Return the standard deviation divided by the mean, over all axes but the first, (n,).

    Both are weighted if `weights` are given.
    """
    axes = tuple(range(1, slopes.ndim))
    mean = np.average(slopes, axis=axes, weights=weights, keepdims=True)
    squares = (slopes - mean) ** 2
    variance = np.average(squares, axis=axes, weights=weights, keepdims=True)
    return np.asarray((np.sqrt(variance) / mean).reshape(len(slopes)))
