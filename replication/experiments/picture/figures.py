"""The paper's Figure 3 from a real network, and how well it predicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replication.report.numbers import fixed
from replication.report.style import (
    BLUE,
    HALF,
    INK,
    MUTED,
    PURPLE,
    SKY,
    create_figure,
    label_line,
    put_key_above,
)

BEFORE: Any = (BLUE, "-")
AFTER: Any = (PURPLE, (0, (3, 1.5)))
ARROWS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "visible": (("A", "P", BEFORE), ("C", "R", BEFORE), ("C", "C'", AFTER)),
    "hidden": (("B", "Q", BEFORE), ("B", "B'", AFTER)),
}
"""From where to where: what the second pass does, or what a change of W does."""
OFFSETS: dict[str, dict[str, tuple[int, int]]] = {
    "visible": {"A": (0, -11), "P": (0, -11), "C": (3, -11), "R": (0, 10), "C'": (0, -11)},
    "hidden": {"B": (12, 2), "Q": (12, 2), "B'": (13, 0)},
}
"""Where each letter stands, in points from its dot: clear of all arrows."""


def plot_picture(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw Figure 3 of the paper, and the share of cases in which a change of W helps.

    Parameters
    ----------
    model : mapping
        Of the experiment.
    """
    drawn = model["drawn"]
    vectors, (above, below) = create_figure(
        width=HALF, height=4.1, n_rows=2, height_ratios=(1, 1.7)
    )
    _draw_vectors(above, drawn["visible"], "visible")
    _draw_vectors(below, drawn["hidden"], "hidden")
    above.set_title("(a) Visible units")
    above.set_xlabel("along AC")
    above.set_ylabel("across")
    angle = f"angle of AP and CR: {fixed(drawn['angle'], 0)}°"
    above.text(0.02, 0.97, angle, transform=above.transAxes, va="top", color=INK)
    put_key_above(vectors, [
        Line2D([], [], color=colour, linestyle=dash, linewidth=1.8, label=label)
        for (colour, dash), label in ((BEFORE, "second pass"), (AFTER, "change of W"))
    ])  # fmt: skip
    below.set_title("(b) Hidden units")
    below.set_xlabel("first hidden unit")
    below.set_ylabel("second hidden unit")
    shares, axes = create_figure(width=HALF, height=4.1)
    _draw_shares(axes, model["bins"])
    axes.set_title("(c) All cases")
    return vectors, shares


def _draw_vectors(axes: Axes, points: Mapping[str, Any], group: str) -> None:
    """Draw the points and what leads from one to another, to one scale in both directions."""
    place = {name: (float(x), float(y)) for name, (x, y) in points.items()}
    if group == "visible":
        axes.plot(*np.array([place["A"], place["C"]]).T, color=MUTED, linewidth=1,
                  linestyle=(0, (1, 1.5)), zorder=1)  # fmt: skip
    for start, end, (colour, dash) in ARROWS[group]:
        axes.annotate(
            "", place[end], place[start],
            arrowprops={
                "arrowstyle": "-|>,head_length=0.55,head_width=0.25", "color": colour,
                "linestyle": dash, "linewidth": 1.8, "shrinkA": 0, "shrinkB": 2,
            },
        )  # fmt: skip
    for name, point in place.items():
        axes.plot(*point, marker="o", markersize=3.5, color=INK, gid=name)
        label_line(
            axes, x=point[0], y=point[1], text=name.replace("'", "′"), color=INK,
            offset=OFFSETS[group][name], ha="center",
        )  # fmt: skip
    corners = np.array(list(place.values()))
    low, high = corners.min(axis=0), corners.max(axis=0)
    reach = 0.64 * (high - low).max()
    across = reach if group == "hidden" else 0.42 * reach
    axes.set_xlim(*((low + high)[0] / 2 + np.array([-reach, reach])))
    axes.set_ylim(*((low + high)[1] / 2 + np.array([-across, across])))
    axes.set_aspect("equal")
    axes.grid(visible=False)


def _draw_shares(axes: Axes, bins: Mapping[str, Any]) -> None:
    edges = np.asarray(bins["edges"], dtype=float)
    helped = np.array([np.nan if share is None else 100 * share for share in bins["helped"]])
    axes.stairs(helped, edges, fill=True, facecolor=SKY, edgecolor=BLUE, gid="helped")
    axes.axvline(90, color=INK, linewidth=1.0, linestyle=(0, (1.5, 1.5)))
    label_line(axes, x=90, y=60, text="right angle", color=INK)
    axes.set_xlim(0, 180)
    axes.set_ylim(0, 105)
    axes.set_xticks([0, 45, 90, 135, 180])
    axes.set_xlabel("angle between AP and CR, °")
    axes.set_ylabel("error falls, % of cases")


FIGURES: dict[str, Callable[[Mapping[str, Any]], tuple[Figure, Figure]]] = {"picture": plot_picture}
