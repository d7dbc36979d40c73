"""Figure of what happens along learning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report import style

STYLES: dict[str, tuple[str, Any, str]] = {
    "alignment": (style.INK, "-", "U and transpose of W"),
    "centred": (style.MUTED, (0, (5, 2)), "the same, means subtracted"),
    "lower": (style.GREEN, (0, (1.5, 1.5)), "change and descent"),
}
"""Colour, dash and name of each cosine; change and descent as in the figure `turning`."""
PANELS = (
    ("slow", "slow_rate", 20, "first fifth of learning, %"),
    ("paper", "learning_rate", 100, "all of learning, %"),
)
"""Part of the model, its rate, and the per cent of learning drawn: at the smaller rate all is
decided early."""


def plot_learning(model: Mapping[str, Any]) -> Figure:
    """Draw cosines along learning at both learning rates, and what comes first by rate."""
    figure, axes = style.create_figure(height=4.6, n_rows=2, n_columns=2, height_ratios=(1.2, 1))
    below = axes[1, 0]
    axes[1, 1].remove()
    below.set_subplotspec(axes[1, 0].get_gridspec()[1, :])
    for column, (name, rate, end, label) in enumerate(PANELS):
        _draw_cosines(axes[0, column], model[name])
        axes[0, column].set_title(f"({'ab'[column]}) Learning rate {model[rate]:g}")
        axes[0, column].set(xlim=(0, end), xlabel=label)
    axes[0, 0].set_ylabel("cosine (median)")
    _draw_orders(below, model["orders"])
    below.set_title("(c) Networks in which the matrices come first")
    lines = [line for line in axes[0, 0].get_lines() if line.get_gid()]
    style.put_key_above(figure, lines, n_columns=2)
    return figure


def _draw_cosines(axes: Axes, series: Mapping[str, Any]) -> None:
    x = 100 * np.asarray(series["parts"])
    for name, (colour, dash, label) in STYLES.items():
        axes.plot(x, series[name], color=colour, linestyle=dash, gid=name, label=label)
    axes.axhline(0, color=style.MUTED, linewidth=0.8)
    axes.set_ylim(-0.1, 1.05)


def _draw_orders(axes: Axes, orders: list[Mapping[str, Any]]) -> None:
    x = range(len(orders))
    for name, cosine, text in (
        ("raw", "alignment", "as they are"), ("centred", "centred", "means subtracted")
    ):  # fmt: skip
        colour, dash, _ = STYLES[cosine]
        shares = [100 * order[name]["share"] for order in orders]
        axes.plot(x, shares, color=colour, linestyle=dash, marker="o", markersize=5, gid=name)
        style.label_line(axes, x=1, y=shares[1], text=text, color=colour, offset=(0, 8))
    axes.set_xticks(list(x), [f"{order['learning_rate']:g}" for order in orders])
    axes.set_ylim(0, 105)
    axes.set_xlabel("learning rate")
    axes.set_ylabel("networks, %")


FIGURES = {"learning": plot_learning}
