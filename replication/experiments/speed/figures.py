"""Figures of the experiment on speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replication.report.style import (
    HALF,
    INK,
    MUTED,
    PINK,
    SERIES,
    SKY,
    create_figure,
    label_line,
    use_plain_log_ticks,
)

DASHED = (0, (3, 2))
RULES = {"recirculation": SERIES[0], "back_propagation": SERIES[1]}
FILLS = {"recirculation": SKY, "back_propagation": PINK}
NAMES = {"recirculation": "recirculation", "back_propagation": "back-propagation"}
MEAN_TICKS = (50, 100, 200, 500, 1000, 2000)
Panels = tuple[Figure, Figure]


def plot_speed(model: Mapping[str, Any]) -> Panels:
    """Draw for both rules how many networks still learn, and speed against the learning rate."""
    learning, left = create_figure(height=2.7, width=HALF)
    speed, right = create_figure(height=2.7, width=HALF)
    _draw_learning(left, model)
    _draw_rates(right, model)
    left.set_title("(a) Over time")
    right.set_title("(b) Over learning rates")
    return learning, speed


def _draw_learning(axes: Axes, model: Mapping[str, Any]) -> None:
    """Draw the share of networks still learning, with and without momentum."""
    points = model["curve_points"]
    handles = []
    for name, rule in (("paper", "recirculation"), ("back_propagation", "back_propagation")):
        color, dash, _ = RULES[rule]
        for procedure, width in ((name, 2.2), (f"{rule}_momentum", 0.9)):
            shares = [100 * share for share in model["procedures"][procedure]["learning"]]
            axes.plot(points, shares, color=color, linestyle=dash, linewidth=width)
        handles.append(Line2D([], [], color=color, linestyle=dash, linewidth=2.2,
                              label=NAMES[rule]))  # fmt: skip
    handles.append(Line2D([], [], color=MUTED, linewidth=0.9, label="with momentum"))
    axes.legend(handles=handles, loc="upper right", handlelength=1.8, borderaxespad=0)
    limit = model["claims"]["rapid"]["within_updates"]
    axes.plot([limit, limit], [0, 38], color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
    label_line(axes, x=limit, y=33, text=f"{limit} updates", color=MUTED)
    axes.set(
        xlim=(0, points[-1]),
        ylim=(0, 102),
        xlabel="weight updates",
        ylabel="networks still learning, %",
    )


def _draw_rates(axes: Axes, model: Mapping[str, Any]) -> None:
    """Draw the mean number of updates against the learning rate."""
    claim = model["claims"]["best-rates"]
    for rule, (color, dash, marker) in RULES.items():
        entry = claim[rule]
        axes.plot(entry["rates"], entry["means"], color=color, linestyle=dash)
        means = dict(zip(entry["rates"], entry["means"], strict=True))
        axes.plot(
            entry["not_worse"],
            [means[rate] for rate in entry["not_worse"]],
            color=color,
            linestyle="none",
            marker=marker,
            markersize=5,
        )
        low, high = entry["range"]
        axes.axvspan(low, high, facecolor=FILLS[rule], edgecolor=color, linewidth=0.8, alpha=0.7)
    label_line(axes, x=14.5, y=900, text=NAMES["back_propagation"], ha="right",
               color=RULES["back_propagation"][0])  # fmt: skip
    label_line(axes, x=10.5, y=46, text=NAMES["recirculation"], ha="right",
               color=RULES["recirculation"][0])  # fmt: skip
    rates = claim["recirculation"]["rates"]
    axes.set(
        xscale="log",
        yscale="log",
        xlim=(rates[0], rates[-1]),
        ylim=(35, 2100),
        xlabel="learning rate ε",
        ylabel="mean weight updates",
    )
    use_plain_log_ticks(axes, (4, 6, 8, 10, 15, 20, 25))
    use_plain_log_ticks(axes, MEAN_TICKS, axis="y")


def plot_factor(model: Mapping[str, Any]) -> Panels:
    """Draw the paths of both matrices, and speed with equal and unequal factors."""
    changes, left = create_figure(height=2.7, width=HALF)
    for name, label, dash, place, offset in (
        ("hidden_to_visible", "U, hidden to visible", "-", 24, (0, 12)),
        ("visible_to_hidden", "W, visible to hidden", DASHED, 2, (2, -22)),
    ):
        lengths = model["changes"][name]
        left.plot(range(1, len(lengths) + 1), lengths, color=INK, linestyle=dash)
        y = lengths[place - 1]
        label_line(left, x=place, y=y, text=label, color=INK, offset=offset)
    left.set(
        yscale="log",
        xlim=(0, len(lengths)),
        xlabel="weight updates",
        ylabel="median length of the change",
    )
    left.set_title("(a) Changes of both matrices")
    use_plain_log_ticks(left, (0.01, 0.1, 1, 10), axis="y")
    means, right = create_figure(height=2.7, width=HALF)
    for (rule, (color, dash, marker)), above in zip(RULES.items(), (-12, 12), strict=True):
        entries = model["claims"]["slower-half"]["factors"][rule]
        right.plot(
            [entry["factor"] for entry in entries],
            [entry["mean"] for entry in entries],
            color=color,
            linestyle=dash,
            marker=marker,
            markersize=5,
        )
        label_line(right, x=entries[0]["factor"], y=entries[0]["mean"], text=NAMES[rule],
                   color=color, offset=(0, above))  # fmt: skip
    right.set(
        xscale="log",
        ylim=(0, None),
        xlabel="factor on the changes of W",
        ylabel="mean weight updates",
    )
    right.set_title("(b) Slower or faster W")
    factors = [entry["factor"] for entry in entries]
    use_plain_log_ticks(right, factors)
    right.set_xticklabels(["1/4", "1/2", "1", "2", "4"])
    return changes, means


FIGURES: dict[str, Callable[[Mapping[str, Any]], Panels]] = {
    "speed": plot_speed,
    "factor": plot_factor,
}
