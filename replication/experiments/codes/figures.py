"""The codes of the hidden units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from replication.report.style import BLUE, FAINT, HALF, PURPLE, create_figure


def plot_codes(model: Mapping[str, Any]) -> Figure:
    """Draw codes in the unit square."""
    figure, axes = create_figure(width=HALF, height=2.8)
    codes = np.asarray(model["drawn"]["codes"])
    good = np.asarray(model["drawn"]["good"], dtype=bool)
    for chosen, colour, marker, name in ((good, BLUE, "o", "good"), (~good, PURPLE, "x", "other")):
        points = codes[chosen].reshape(-1, 2)
        axes.scatter(points[:, 0], points[:, 1], s=9, marker=marker, linewidths=0.7, color=colour,
                     alpha=0.6, gid=name)  # fmt: skip
    for line in (axes.axhline, axes.axvline):
        line(0.5, color=FAINT, linewidth=0.8, zorder=0)
    axes.set_aspect("equal")
    axes.set(
        xlim=(-0.04, 1.04), ylim=(-0.04, 1.04),
        xlabel="activity of the first hidden unit", ylabel="activity of the second hidden unit",
    )  # fmt: skip
    axes.set_xticks([0, 0.5, 1], ["0", "½", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "½", "1"])
    axes.grid(visible=False)
    return figure


FIGURES = {"codes": plot_codes}
