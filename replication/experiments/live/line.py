"""One linear hidden unit that learns a cloud of points: which line each rule finds."""

import dataclasses
from typing import Any

import numpy as np

from replication.definition.protocol import BACK_PROPAGATION, Protocol
from replication.experiments.instruments.matrices import Array, Scatter
from replication.experiments.instruments.model import Model
from replication.experiments.instruments.recording import train_for
from replication.experiments.instruments.sample import Sample
from replication.simulator.rule.weights import compute_mean, split_weights
from replication.simulator.running.engine import record_weights

LINE_SEED = 2052  # root seed of the networks, and seed of the cloud
N_LINES = 200  # networks
N_UPDATES = 400
HALF_WIDTH = 1.0  # of their initial weights
SHARE = 0.25  # of networks that lose at least as much as the one that is shown
LINE_RULES: dict[str, dict[str, Any]] = {
    "recirculation": {"learning_rate": 0.2},
    "back-propagation": {"learning_rate": 0.03, "learning_rule": BACK_PROPAGATION},
}
"""The rules by name, as fields of the protocol."""

# The cloud, in the unit square.
N_POINTS = 64
SPREADS = (0.23, 0.085)  # standard deviations along its long and its short axis
ANGLE = 0.62  # of its long axis, in radians


def measure_line(codes: Array) -> Model:
    """Return a cloud with some codes among its points, and what linear units learn of it.

    Each rule has ``lost``, the share of the variance that its line does not explain, and
    ``crossed``, what `find_crossing` returns. ``best`` is the smallest share that any line loses.
    The network that is shown is one of those that lose much by recirculation: a share `SHARE` of
    all networks loses as much or more.
    """
    points = draw_cloud(codes)
    base = make_line_protocol(points)
    initial = draw_lines(base, points)
    scatter = Scatter.of(base)
    protocols = {rule: dataclasses.replace(base, **fields) for rule, fields in LINE_RULES.items()}
    lost = {}
    for rule, protocol in protocols.items():
        final = train_for(protocol, initial, N_UPDATES)
        (W, _), (U, _) = split_weights(protocol, final)
        lost[rule] = scatter.miss(W, U)  # (n,)
    # The network whose loss is nearest to the quantile.
    losses = lost["recirculation"]
    seed = int(np.argmin(np.abs(losses - np.quantile(losses, 1.0 - SHARE))))
    rules = {}
    for rule, protocol in protocols.items():
        rules[rule] = {
            "learning_rate": protocol.learning_rate,
            "lost": float(lost[rule][seed]),
            "crossed": find_crossing(protocol, initial[[seed]], scatter),
        }
    return {
        "points": points.tolist(),
        "root_seed": LINE_SEED,
        "seed": seed,
        "updates": N_UPDATES,
        "half_width": HALF_WIDTH,
        "regression": base.regression,
        "share": SHARE,
        "rules": rules,
        "best": float(scatter.strengths[1] / scatter.strengths.sum()),
    }


def draw_cloud(codes: Array) -> Array:
    """Return points of the unit square, (N_POINTS, 2); the first ones are `codes`."""
    # More points than needed, rotated around the middle; those near the frame are dropped.
    generator = np.random.Generator(np.random.Philox(key=LINE_SEED))
    rotation = np.array([[np.cos(ANGLE), np.sin(ANGLE)], [-np.sin(ANGLE), np.cos(ANGLE)]])
    drawn = 0.5 + (generator.standard_normal((4 * N_POINTS, 2)) * SPREADS) @ rotation
    is_inside = np.all((drawn > 0.02) & (drawn < 0.98), axis=1)
    points = np.vstack([codes, drawn[is_inside]])
    return np.round(points[:N_POINTS], 4)


def make_line_protocol(points: Array) -> Protocol:
    """Return the protocol of networks with two visible units and one hidden unit, all linear."""
    return Protocol(
        group_sizes=(2, 1),
        patterns=points.tolist(),
        centred=True,
        frozen=("b", "c"),
        visible_units="linear",
        hidden_function="linear",
        initial_biases="zero",
        half_width=HALF_WIDTH,
    )


def draw_lines(base: Protocol, points: Array) -> Array:
    """Return the initial weights of networks, (N_LINES, n_weights).

    The biases of the visible units are the mean of the points.
    """
    initial = Sample(N_LINES, LINE_SEED).draw(base)
    _, (_, c) = split_weights(base, initial)
    c[...] = compute_mean(points)  # a view, so that this changes `initial`
    return initial


def find_crossing(protocol: Protocol, initial: Array, scatter: Scatter) -> int:
    """Return after how many updates a unit's line has crossed the long axis of the cloud.

    The network starts from `initial`, (1, n_weights). 0 if its line stays on one side.
    """
    (recorded,) = record_weights(protocol, initial, range(N_UPDATES + 1))
    _, (U, _) = split_weights(protocol, recorded)
    along, across = scatter.directions.T @ U[:, :, 0].T  # (n_updates + 1,) each
    side = np.sign(along * across)  # the same if U is turned round, which leaves the line as it is
    # `argmax` finds the first update on the other side; 0 if there is none.
    return int(np.argmax(side != side[0]))
