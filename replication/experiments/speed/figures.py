"""Figures of the experiment on speed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.report import style

RULES = dict(zip(("recirculation", "squared", "cross-entropy"), style.RULES, strict=False))
LABELS = {"recirculation": (12.0, 37.0), "squared": (6.3, 900.0), "cross-entropy": (1.3, 330.0)}
"""Where the curves over rates are named."""
SHARES = {"squared": (80.0, 88.0), "cross-entropy": (80.0, 62.0), "recirculation": (80.0, 40.0)}
"""Where the curves over time are named."""
MEAN_TICKS = (50, 100, 200, 500, 1000, 2000)
Panels = tuple[Figure, Figure]


def plot_speed(model: Mapping[str, Any]) -> Panels:
    """Draw for each rule how many networks still learn, and speed against the learning rate."""
    learning, left = style.create_figure(height=2.9, width=style.HALF)
    speed, right = style.create_figure(height=2.9, width=style.HALF)
    _draw_learning(left, model)
    _draw_rates(right, model)
    left.set_title("(a) Over time")
    right.set_title("(b) Over learning rates")
    return learning, speed


def _draw_learning(axes: Axes, model: Mapping[str, Any]) -> None:
    """Draw the share of networks still learning, with and without momentum."""
    points = model["curve_points"]
    for rule, (color, dash, _, label) in RULES.items():
        plain = "paper" if rule == "recirculation" else rule
        for procedure, width, note in (
            (plain, 2.2, ""), (f"{rule}-momentum", 0.9, " with momentum"),
        ):  # fmt: skip
            shares = [100 * share for share in model["procedures"][procedure]["learning"]]
            axes.plot(points, shares, color=color, linestyle=dash, linewidth=width,
                      gid=_name(procedure), label=f"{label}{note}")  # fmt: skip
        x, y = SHARES[rule]
        plain_shares = 100 * np.array(model["procedures"][plain]["learning"])
        end = np.interp(-y, -plain_shares, points)
        axes.annotate(
            label.replace(", ", ",\n"), (end, y), xytext=(x, y), color=color, va="center",
            arrowprops={"arrowstyle": "-", "color": color, "linewidth": 0.8},
        )  # fmt: skip
    axes.grid(visible=False)
    axes.text(115, 26, "thin: with\nmomentum", color=style.MUTED, va="center")
    axes.set(
        xlim=(0, points[-1]),
        ylim=(0, 102),
        xlabel="weight updates",
        ylabel="networks still learning, %",
    )


def _draw_rates(axes: Axes, model: Mapping[str, Any]) -> None:
    """Draw the mean number of updates against the learning rate."""
    for rule, (color, dash, marker, label) in RULES.items():
        entry = model["rates"][rule]
        axes.plot(entry["rates"], entry["means"], color=color, linestyle=dash, label=label)
        means = dict(zip(entry["rates"], entry["means"], strict=True))
        axes.plot(
            entry["good"], [means[rate] for rate in entry["good"]], color=color,
            linestyle="none", marker=marker, markersize=5, gid=f"good-{_name(rule)}",
        )  # fmt: skip
        x, y = LABELS[rule]
        name = label.removeprefix("back-propagation, ").replace("-", "-\n")
        style.label_line(axes, x=x, y=y, text=name, color=color, ha="center")
    rates = [rate for rule in RULES for rate in model["rates"][rule]["rates"]]
    axes.set(
        xscale="log",
        yscale="log",
        xlim=(min(rates), max(rates)),
        ylim=(32, 2100),
        xlabel="learning rate ε",
        ylabel="mean updates, failures included",
    )
    style.use_plain_log_ticks(axes, (1, 2, 4, 8, 20))
    style.use_plain_log_ticks(axes, MEAN_TICKS, axis="y")


def _name(procedure: str) -> str:
    """Return the name of a procedure in the drawing."""
    return procedure.replace("-", "_")


FIGURES = {"speed": plot_speed}
