"""What the kernel works on: the scalars of a protocol and the arrays of all lanes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replication.simulator.vectors import point

HALF_SQUARED_ERROR, WORST_PATTERN, SQUARED_ERROR, EVERY_UNIT = range(4)

Array = NDArray[np.float64]


class Rule(NamedTuple):
    """The scalars of a protocol, as the compiled code takes them."""

    back_propagation: bool
    linear_visible: bool
    per_pattern: bool
    hidden_regression: bool
    regressed_error: bool
    criterion: int
    learning_rate: float
    momentum: float
    regression: float
    threshold: float
    max_updates: int


class Lanes(NamedTuple):
    """The working arrays: float64 of shape (rows, n_lanes), or their rows (`point_lanes`).

    The units of all groups are numbered around the loop, visible first; unit u
    and pattern p stand in row ``u * n_patterns + p``.
    """

    width: tuple[int, ...]  # its length is the number of lanes
    sizes: tuple[int, ...]  # units of each group
    n_patterns: int
    weights: Any  # a row for each weight
    velocity: Any  # a row for each weight: its last change over the learning rate
    first: Any  # activities of the first pass; the visible ones are the patterns
    reconstruction: Any  # of the visible units, with zero regression
    second: Any  # activities of the second pass
    difference: Any  # first pass minus second pass
    error: Any  # one row: the criterion


def point_lanes(lanes: Lanes) -> Lanes:
    """Return the rows of the working arrays, which the other functions take."""
    return Lanes(
        lanes.width,
        lanes.sizes,
        lanes.n_patterns,
        point(lanes.width, lanes.weights),
        point(lanes.width, lanes.velocity),
        point(lanes.width, lanes.first),
        point(lanes.width, lanes.reconstruction),
        point(lanes.width, lanes.second),
        point(lanes.width, lanes.difference),
        point(lanes.width, lanes.error),
    )
