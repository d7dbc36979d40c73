"""How long networks take if they are given a part of what learning would bring them.

Each row of the table has the same networks, in which one thing is changed. Beside their median
stands the prediction of the law, from the gaps recorded in the first `N_FOLLOWED` of them.
"""

import dataclasses
import math

import numpy as np

from replication.definition.protocol import Protocol
from replication.experiments.instruments.matrices import (
    Array,
    Flags,
    get_u,
    get_w,
    give_length,
    replace_matrices,
)
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.sample import Sample, estimate_share, name_median
from replication.experiments.mechanism.networks import (
    Networks,
    measure_smallest_gap,
    predict_from_gaps,
    put_half,
)
from replication.simulator.rule.weights import list_connections, split_weights
from replication.simulator.running.ensemble import simulate_weights

N_FOLLOWED = 1_000  # networks whose gaps are recorded
HORIZON = 2.0  # for how long, as a multiple of their median updates

SMALL = 1 / 16  # factor on the initial W or U
# Each W by hand, up to a factor: a row for each hidden unit, and a column for each code.
CORNERS = ((1.0, 1.0, -1.0, -1.0), (1.0, -1.0, 1.0, -1.0))
"""Codes near the four corners of the square of hidden states."""
MIDDLES = ((1.0, 0.0, -1.0, 0.0), (0.0, 1.0, 0.0, -1.0))
"""Codes near the middles of its four sides."""
TOGETHER = 0.95  # share of the way by which one code is moved to another
# Gaps above WIDE count as wide, and gaps below NARROW as narrow, if W has its final length.
WIDE = 0.2
NARROW = 0.05
HAND_SEED = 2014  # draws which code lies where
# Between these lies the factor that gives codes a wanted gap.
LOWEST_FACTOR = 1e-4
HIGHEST_FACTOR = 60.0
N_HALVINGS = 24  # of the interval in which the factor lies
CLOSE = 0.02  # largest relative error of the gap that it gives


def scale_to_gap(protocol: Protocol, weights: Array, gaps: Array) -> tuple[Array, Flags]:
    """Multiply W and b of each network by the factor that gives it the smallest gap ``gaps[i]``.

    Returns the weights, and for which networks there is such a factor, (n,): a code inside the hull
    of the others may stay there.
    """
    encoder, _ = list_connections(protocol)
    low = np.full(len(weights), LOWEST_FACTOR)
    high = np.full(len(weights), HIGHEST_FACTOR)

    def scale(factors: Array) -> Array:
        scaled = weights.copy()
        scaled[:, encoder] *= factors[:, np.newaxis]
        return scaled

    # The factor is searched on a logarithmic scale, by halving the interval in which it lies.
    for _ in range(N_HALVINGS):
        middle = np.sqrt(low * high)
        is_enough = measure_smallest_gap(protocol, scale(middle)) >= gaps
        high = np.where(is_enough, middle, high)
        low = np.where(is_enough, low, middle)
    scaled = scale(high)
    error = measure_smallest_gap(protocol, scaled) / gaps - 1.0
    return scaled, np.abs(error) < CLOSE


def put_by_hand(networks: Networks, matrix: tuple[tuple[float, ...], ...]) -> Array:
    """Return initial weights with a given W, and with b = 0.

    `matrix` is W, (n_hidden, n_visible). In each network its columns are shuffled, so that it is
    drawn which code lies where.
    """
    protocol = networks.protocol
    n = networks.n
    generator = np.random.Generator(np.random.Philox(key=HAND_SEED))
    orders = np.argsort(generator.random((n, protocol.n_visible)), axis=1)
    placed = np.array(matrix)[:, orders].swapaxes(0, 1)  # (n, n_hidden, n_visible)
    changed = replace_matrices(protocol, networks.start, W=placed)
    _, hidden_biases = split_weights(protocol, changed)[0]  # of W and b
    hidden_biases[...] = 0.0  # they are a view, so this changes the rows
    return changed


def put_together(protocol: Protocol, weights: Array) -> Array:
    """Return weights in which the first column of W lies most of the way to the second one."""
    W = get_w(protocol, weights).copy()
    W[..., 0] = TOGETHER * W[..., 1] + (1.0 - TOGETHER) * W[..., 0]
    return replace_matrices(protocol, weights, W=W)


def list_given(networks: Networks) -> dict[str, Array]:
    """Return initial weights by what the networks are given, (n, n_weights) each."""
    protocol = networks.protocol
    start = networks.start
    final = networks.final
    encoder, decoder = list_connections(protocol)
    W = get_w(protocol, start)
    U = get_u(protocol, start)
    first_gaps = measure_smallest_gap(protocol, start)
    final_gaps = measure_smallest_gap(protocol, final)
    is_convex = first_gaps > 0.0  # no code lies inside the hull of the others
    with_other = put_half(start, networks.other_final, encoder)
    given = {
        "nothing": start,
        "convex": start[is_convex],
        "aligned": replace_matrices(protocol, start, U=W),
        "opposed": replace_matrices(protocol, start, U=-W),
        "small_w": replace_matrices(protocol, start, W=SMALL * W),
        "small_u": replace_matrices(protocol, start, U=SMALL * U),
        "final_w": put_half(start, final, encoder),
        "other_w": with_other,
        "final_u": put_half(start, final, decoder),
        "other_u": put_half(start, networks.other_final, decoder),
        "together": put_together(protocol, with_other),
    }
    # Codes by hand or of the other network, scaled to the gap of the network's own codes.
    corners = put_by_hand(networks, CORNERS)
    middles = put_by_hand(networks, MIDDLES)
    for name, weights, gaps in (
        ("corners", corners, final_gaps),
        ("middles", middles, final_gaps),
        ("corners_shrunk", corners[is_convex], first_gaps[is_convex]),
        ("other_w_shrunk", with_other[is_convex], first_gaps[is_convex]),
    ):
        scaled, is_possible = scale_to_gap(protocol, weights, gaps)
        given[name] = scaled[is_possible]
    # The initial W at its final length; then only networks in which it has a wide or a narrow gap.
    long_w = replace_matrices(protocol, start, W=give_length(W, get_w(protocol, final)))
    long_gaps = measure_smallest_gap(protocol, long_w)
    given["long_w"] = long_w
    given["long_w_wide"] = long_w[long_gaps > WIDE]
    given["long_w_narrow"] = long_w[long_gaps < NARROW]
    return given


SLOWED = {"slow_w": (0.5, 1.0), "slow_u": (1.0, 0.5), "slow_both": (0.5, 0.5)}
"""Factors on the learning rates of W and b, and of U and c."""
UNPREDICTED = ("final_u", "other_u")
"""Rows that the law does not cover, since it begins with a decoder that knows nothing."""


def compare_given(networks: Networks, sample: Sample) -> Model:
    """Return how many updates networks need, and what the law says, by what they are given.

    ``gap`` is the median of their smallest gaps at the start. A row is left out if no network fits
    it, which happens with few networks.
    """
    protocol = networks.protocol
    given = list_given(networks)
    tasks = {name: (protocol, weights) for name, weights in given.items() if len(weights)}
    for name, (factor_of_w, factor_of_u) in SLOWED.items():
        slowed = dataclasses.replace(
            protocol,
            visible_to_hidden_factor=factor_of_w,
            hidden_to_visible_factor=factor_of_u,
        )
        tasks[name] = slowed, networks.start

    def run(name: str) -> Model:
        """Return a row: what the networks need and, if the law covers them, what it predicts."""
        task, weights = tasks[name]
        updates, converged, _ = simulate_weights(task, weights)
        median = name_median(updates)
        # A gap depends on the weights alone, not on the learning rates of the task.
        gap = float(np.median(measure_smallest_gap(protocol, weights)))
        row = {"n": len(weights), "gap": gap, **median}
        row["failed"] = estimate_share(~converged)
        if name not in UNPREDICTED:
            horizon = math.ceil(HORIZON * median["median"])
            predicted = predict_from_gaps(task, weights[:N_FOLLOWED], horizon)
            row["predicted"] = float(np.median(predicted))
        return row

    return sample.map(run, tasks)
