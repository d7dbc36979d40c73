"""A cloud of points that goes through one linear unit, and the sums over all images of digits.

The pages train linear networks on both: here is what these begin with, and where they end.
"""

import dataclasses
from typing import Any

import numpy as np

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.experiments import Model
from replication.experiments.matrices import Array, Scatter
from replication.experiments.recording import train_for
from replication.simulator.weights import (
    MOST_INK,
    compute_mean,
    draw_weights,
    read_digits,
    split_weights,
)

ROOT_SEED = 2052
N_POINTS, N_LINES, N_UPDATES = 64, 200, 400
HALF_WIDTH = 1.0  # of the initial weights
SHARE = 0.25  # of networks lose as much as the one that is shown, or more
SPREADS, ANGLE = (0.23, 0.085), 0.62  # of the cloud along its axes; of the first axis, in radians
RULES: dict[str, dict[str, Any]] = {
    "recirculation": {"learning_rate": 0.2},
    "back-propagation": {"learning_rate": 0.03, "learning_rule": BACK_PROPAGATION},
}


def draw_cloud(codes: Array) -> Array:
    """Return points of the unit square, (N_POINTS, 2), of which the first are `codes`."""
    # Far more points than needed, turned around the middle; those near the frame are dropped.
    generator = np.random.Generator(np.random.Philox(key=ROOT_SEED))
    turn = np.array([[np.cos(ANGLE), np.sin(ANGLE)], [-np.sin(ANGLE), np.cos(ANGLE)]])
    drawn = 0.5 + (generator.standard_normal((4 * N_POINTS, 2)) * SPREADS) @ turn
    inside = drawn[np.all((drawn > 0.02) & (drawn < 0.98), axis=1)]
    return np.round(np.vstack([codes, inside])[:N_POINTS], 4)


def measure_line(codes: Array) -> Model:
    """Return a cloud around some codes, and what one linear unit loses of it by each rule.

    Of networks with other initial weights, `SHARE` lose as much by recirculation as the one shown.
    """
    points = draw_cloud(codes)
    base = Protocol(
        group_sizes=(2, 1), patterns=points.tolist(), centred=True, frozen=("b", "c"),
        visible_units="linear", hidden_function="linear", initial_biases="zero",
        half_width=HALF_WIDTH,
    )  # fmt: skip
    # All begin where the output is the mean of the points.
    scatter = Scatter.of(base)
    initial = draw_weights(base, ROOT_SEED, 0, N_LINES)
    split_weights(base, initial)[1][1][...] = compute_mean(points)
    lost = {}
    for rule, fields in RULES.items():
        final = train_for(dataclasses.replace(base, **fields), initial, N_UPDATES)
        (W, _), (U, _) = split_weights(base, final)
        lost[rule] = scatter.miss(W, U)
    ours = lost["recirculation"]
    # The network whose loss is nearest to the quantile.
    seed = int(np.argmin(np.abs(ours - np.quantile(ours, 1.0 - SHARE))))
    return {
        "points": points.tolist(), "root_seed": ROOT_SEED, "seed": seed, "updates": N_UPDATES,
        "half_width": HALF_WIDTH, "regression": base.regression, "share": SHARE,
        "rules": {
            rule: {"learning_rate": fields["learning_rate"], "lost": float(lost[rule][seed])}
            for rule, fields in RULES.items()
        },
        "best": float(scatter.strengths[1] / scatter.strengths.sum()),
    }  # fmt: skip


def sum_digits() -> Model:
    """Return the sums from which the scatter of all images follows, and an image of each digit.

    Whole numbers, so that they are the same everywhere. ``sums``: of each pixel; ``products``: of
    each pair of pixels, the upper triangle row by row.
    """
    images, digits = read_digits()
    counts = images.astype(np.int64)
    _, first = np.unique(digits, return_index=True)
    return {
        "n": len(images), "most": MOST_INK, "sums": counts.sum(axis=0).tolist(),
        "products": (counts.T @ counts)[np.triu_indices(counts.shape[1])].tolist(),
        "shown": counts[first].tolist(),
    }  # fmt: skip
