"""Figure of what comes first, by learning rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from replication.report import style

STYLES: dict[str, tuple[str, Any, str]] = {
    "centred": (style.MUTED, (0, (5, 2)), "means subtracted"),
    "raw": (style.INK, "-", "means kept"),
}
"""Colour, dash and label of each share."""


def plot_learning(model: Mapping[str, Any]) -> Figure:
    """Draw in how many networks the matrices come first, by learning rate."""
    figure, axes = style.create_figure(height=1.8)
    orders = model["orders"]
    x = range(len(orders))
    for name, (colour, dash, label) in STYLES.items():
        shares = [100 * order[name]["share"] for order in orders]
        axes.plot(x, shares, color=colour, linestyle=dash, marker="o", markersize=5, gid=name)
        style.label_line(axes, x=1, y=shares[1], text=label, color=colour, offset=(0, 8))
    axes.set_xticks(list(x), [f"{order['learning_rate']:g}" for order in orders])
    axes.set_ylim(0, 105)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("networks, %")
    return figure


FIGURES = {"learning": plot_learning}
