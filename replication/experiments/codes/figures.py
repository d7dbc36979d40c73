"""The codes of the hidden units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report.style import (
    BLUE,
    FAINT,
    GREEN,
    HALF,
    PURPLE,
    create_figure,
    label_line,
)


def plot_codes(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw codes in the unit square, and the share of good codes if learning goes on.

    Parameters
    ----------
    model : mapping
        Of the experiment.
    """
    square, left = create_figure(width=HALF, height=2.8)
    later, right = create_figure(width=HALF, height=2.8)
    _draw_square(left, model["drawn"])
    _draw_later(right, model["later"])
    left.set_title("(a) When the criterion is met")
    right.set_title("(b) If learning goes on")
    return square, later


def _draw_square(axes: Axes, drawn: Mapping[str, Any]) -> None:
    codes, good = np.asarray(drawn["codes"]), np.asarray(drawn["good"], dtype=bool)
    for chosen, colour, marker, name in ((good, BLUE, "o", "good"), (~good, PURPLE, "x", "other")):
        points = codes[chosen].reshape(-1, 2)
        axes.scatter(points[:, 0], points[:, 1], s=9, marker=marker, linewidths=0.7, color=colour,
                     alpha=0.6, gid=name)  # fmt: skip
    for line in (axes.axhline, axes.axvline):
        line(0.5, color=FAINT, linewidth=0.8, zorder=0)
    axes.set_xlim(-0.04, 1.04)
    axes.set_ylim(-0.04, 1.04)
    axes.set_aspect("equal")
    axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    axes.grid(visible=False)
    axes.set_xlabel("first hidden unit")
    axes.set_ylabel("second hidden unit")


def _draw_later(axes: Axes, later: Mapping[str, Any]) -> None:
    x = np.arange(len(later["updates"]))
    for name, text, colour, dash, marker in (
        ("good", "four different corners", BLUE, "-", "o"),
        ("strict", "and near to them", GREEN, (0, (5, 2)), "^"),
    ):
        y = 100 * np.asarray(later[name])
        axes.plot(x, y, color=colour, linestyle=dash, marker=marker, markersize=4, gid=name)
        label_line(axes, x=x[2], y=y[2], text=text, color=colour, offset=(6, -10))
    axes.set_xticks(x, [f"{updates:,}" for updates in later["updates"]])
    axes.set_ylim(0, 103)
    axes.set_xlabel("more updates")
    axes.set_ylabel("networks, %")


FIGURES: dict[str, Callable[[Mapping[str, Any]], tuple[Figure, Figure]]] = {"codes": plot_codes}
