"""The loop of the network of the first screen, before and after it has learnt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, Rectangle
from numpy.typing import NDArray

from replication.definition.protocol import from_plain
from replication.report.style import BLUE, FAINT, HALF, INK, MUTED, PURPLE, create_figure
from replication.simulator.recirculation import RecirculationNetwork
from replication.wording import plural

Array = NDArray[np.float64]

SHOWN = 0  # the vector whose states are drawn
VISIBLE_X, HIDDEN_X, MIDDLE = (0.65, 2.6), (8.6, 10.5), 5.6
VISIBLE_Y, HIDDEN_Y = (6.85, 5.65, 4.45, 3.25), (5.65, 4.45)
W_TOP, U_TOP = 8.35, 1.6
LARGEST = 12.0  # the weight, in absolute value, whose square fills its place


def plot_loop(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw the network of ``trace`` before and after learning, as a panel each.

    A script in the page moves the parts of the second by their names (``loop-v0-1`` ...).
    """
    trace = model["trace"]
    protocol = from_plain(model["provenance"]["protocol"])
    network = RecirculationNetwork.from_weights(np.array(trace["start"]), protocol)
    before, axes = create_figure(height=2.7, width=HALF)
    _draw_network(axes, network, updates=0, name=None)
    updates, _ = network.train()
    after, axes = create_figure(height=2.7, width=HALF)
    _draw_network(axes, network, updates=updates, name="loop")
    return before, after


def _draw_network(
    axes: Axes, network: RecirculationNetwork, *, updates: int, name: str | None
) -> None:
    # The script writes the same words.
    title = f"after {plural(updates, 'update')}, largest error {network.error():.2f}"
    axes.set_axis_off()
    axes.set(xlim=(0, 11.2), ylim=(-0.5, 9.6), aspect="equal")
    v0 = network.patterns[SHOWN]
    h1 = network.first_pass(v0)
    v2 = network.regress(v0, network.reconstruct(h1))
    h3 = network.second_pass(v2, h1)
    columns = [
        ("v0", VISIBLE_X[0], VISIBLE_Y, v0), ("v2", VISIBLE_X[1], VISIBLE_Y, v2),
        ("h1", HIDDEN_X[0], HIDDEN_Y, h1), ("h3", HIDDEN_X[1], HIDDEN_Y, h3),
    ]  # fmt: skip
    for group, x, places, states in columns:
        for k, (y, state) in enumerate(zip(places, states, strict=True)):
            circle = Circle((x, y), 0.52, facecolor=(INK, float(state)), edgecolor=INK, lw=0.8)
            _add(axes, circle, name, f"{group}-{k}")
        time = int(group[1])
        axes.text(x, places[-1] - 0.75, f"time {time}", ha="center", va="top",
                  fontsize=9, color=MUTED)  # fmt: skip
    axes.text(math.fsum(VISIBLE_X) / 2, VISIBLE_Y[0] + 0.8, "visible", ha="center", va="bottom")
    axes.text(math.fsum(HIDDEN_X) / 2, HIDDEN_Y[0] + 0.8, "hidden", ha="center", va="bottom")
    for start, end, bend in (
        ((1.6, 8.45), (2.9, 8.75), -0.25), ((8.2, 8.3), (9.6, 7.3), -0.3),
        ((9.6, 2.8), (8.2, 1.0), -0.3), ((2.6, 0.3), (1.2, 0.9), -0.25),
    ):  # fmt: skip
        axes.add_patch(
            FancyArrowPatch(start, end, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>",
                            mutation_scale=9, color=MUTED, lw=1.2)
        )  # fmt: skip
    _draw_weights(axes, network.W, top=W_TOP, name=name, letter="W")
    _draw_weights(axes, network.U.T, top=U_TOP, name=name, letter="U")
    side = 0.62
    left, top = MIDDLE - 2 * side, 4.95 + 2 * side
    for (row, column), state in np.ndenumerate([network.image(v) for v in network.patterns]):
        place = (left + column * side, top - (row + 1) * side)
        cell = Rectangle(place, side, side, facecolor=(INK, float(state)), edgecolor="none")
        _add(axes, cell, name, f"image-{row}-{column}")
    axes.add_patch(
        Rectangle((left, top - 4 * side), 4 * side, 4 * side, fill=False, edgecolor=MUTED, lw=0.6)
    )
    row = Rectangle(
        (left, top - (SHOWN + 1) * side), 4 * side, side, fill=False, edgecolor=BLUE, lw=1.6
    )
    _add(axes, row, name, "row")
    axes.text(MIDDLE, top - 4 * side - 0.15, "all four\nreconstructions", ha="center",
              va="top", fontsize=8, color=MUTED, linespacing=1.0)  # fmt: skip
    text = axes.text(MIDDLE, 9.6, title, ha="center", va="bottom", fontsize=9.5, fontweight="bold")
    if name:
        text.set_gid(f"{name}-title")


def _draw_weights(axes: Axes, weights: Array, *, top: float, name: str | None, letter: str) -> None:
    """Draw weights as squares, a row for each hidden unit and a column for each visible one."""
    step = 0.98
    left = MIDDLE - 2 * step
    y = top - step * (0.5 if letter == "W" else 1.6)  # clear of the times beside U
    axes.text(left - 0.2, y, f"${letter}$", ha="right", va="center", fontsize=11)
    for (row, column), weight in np.ndenumerate(weights):
        x, y = left + (column + 0.5) * step, top - row * step
        axes.add_patch(
            Rectangle((x - step / 2, y - step / 2), step, step, facecolor="none", edgecolor=FAINT,
                      lw=0.6)
        )  # fmt: skip
        side = 0.9 * step * min(1.0, abs(float(weight)) / LARGEST) ** 0.5
        color = BLUE if weight > 0 else PURPLE
        square = Rectangle((x - side / 2, y - side / 2), side, side, edgecolor=color, lw=1,
                           facecolor=color if weight > 0 else "none")  # fmt: skip
        _add(axes, square, name, f"{letter}-{row}-{column}")


def _add(axes: Axes, patch: Circle | Rectangle, name: str | None, part: str) -> None:
    if name:
        patch.set_gid(f"{name}-{part}")
    axes.add_patch(patch)
