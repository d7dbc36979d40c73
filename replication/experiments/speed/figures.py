"""Figures of the experiment on speed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replication.report.style import (
    FULL,
    INK,
    MUTED,
    SERIES,
    create_figure,
    label_line,
    letter_panels,
    put_key_above,
    use_plain_log_ticks,
)

DASHED = (0, (3, 2))
RULES = {"recirculation": SERIES[0], "back_propagation": SERIES[1]}
NAMES = {"recirculation": "recirculation", "back_propagation": "back-propagation"}
MEAN_TICKS = (50, 100, 200, 500, 1000, 2000)


def plot_speed(model: Mapping[str, Any]) -> Figure:
    """Draw for both rules how many networks still learn, and speed against the learning rate."""
    figure, (left, right) = create_figure(height=3.1, width=FULL, n_columns=2)
    handles = _draw_learning(left, model)
    _draw_rates(right, model)
    letter_panels((left, right))
    put_key_above(figure, handles)
    return figure


def _draw_learning(axes: Axes, model: Mapping[str, Any]) -> list[Line2D]:
    """Draw the share of networks still learning, with and without momentum; return the key."""
    points = model["curve_points"]
    handles = []
    for name, first in (("paper", "recirculation"), ("back_propagation", "back_propagation")):
        color, label = RULES[first][0], NAMES[first]
        for procedure, dash, width in ((name, "-", 1.8), (f"{first}_momentum", DASHED, 1.3)):
            shares = [100 * share for share in model["procedures"][procedure]["learning"]]
            axes.plot(points, shares, color=color, linestyle=dash, linewidth=width)
        handles.append(Line2D([], [], color=color, label=label))
    handles.append(Line2D([], [], color=MUTED, linestyle=DASHED, label="with momentum"))
    limit = model["claims"]["rapid"]["within_updates"]
    axes.axvline(limit, color=MUTED, linewidth=1.0, linestyle=(0, (1, 2)))
    axes.set(
        xlim=(0, points[-1]),
        ylim=(0, 102),
        xlabel="weight updates",
        ylabel="networks still learning, %",
    )
    label_line(axes, x=limit, y=60, text=f"{limit} updates", color=MUTED)
    return handles


def _draw_rates(axes: Axes, model: Mapping[str, Any]) -> None:
    """Draw the mean number of updates against the learning rate."""
    claim = model["claims"]["best-rates"]
    for rule, (color, _, marker) in RULES.items():
        entry = claim[rule]
        axes.plot(entry["rates"], entry["means"], color=color)
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
        axes.axvspan(low, high, color=color, alpha=0.12, linewidth=0)
    _scale_rates(axes, claim["recirculation"]["rates"])


def plot_factor(model: Mapping[str, Any]) -> Figure:
    """Draw the paths of both matrices, and speed with equal and unequal factors."""
    figure, (left, right) = create_figure(height=3.1, width=FULL, n_columns=2)
    for name, label, dash, place, offset in (
        ("hidden_to_visible", "U, hidden to visible", "-", 28, (0, 12)),
        ("visible_to_hidden", "W, visible to hidden", DASHED, 2, (2, -22)),
    ):
        lengths = model["changes"][name]
        left.plot(range(1, len(lengths) + 1), lengths, color=INK, linestyle=dash)
        y = lengths[place - 1]
        label_line(left, x=place, y=y, text=label, color=INK, offset=offset)
    left.set(
        yscale="log",
        xlim=(0, len(lengths)),
        xlabel="weight update",
        ylabel="median length of the change",
    )
    use_plain_log_ticks(left, (0.01, 0.1, 1, 10), axis="y")
    handles = []
    for rule, (color, dash, marker) in RULES.items():
        entries = model["claims"]["slower-half"]["factors"][rule]
        handles += right.plot(
            [entry["factor"] for entry in entries],
            [entry["mean"] for entry in entries],
            color=color,
            linestyle=dash,
            marker=marker,
            markersize=5,
            label=NAMES[rule],
        )
    right.set(
        xscale="log",
        ylim=(0, None),
        xlabel="factor on the changes of W",
        ylabel="mean weight updates",
    )
    factors = [entry["factor"] for entry in entries]
    use_plain_log_ticks(right, factors)
    right.set_xticklabels(["1/4", "1/2", "1", "2", "4"])
    letter_panels((left, right))
    put_key_above(figure, handles)
    return figure


def _scale_rates(axes: Axes, rates: list[float]) -> None:
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


FIGURES: dict[str, Callable[[Mapping[str, Any]], Figure]] = {
    "speed": plot_speed,
    "factor": plot_factor,
}
