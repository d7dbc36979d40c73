"""Figures of the mechanism: who turns towards whom, and what the first changes are worth where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from replication.experiments.mechanism.tasks import make_tasks
from replication.report.style import (
    BLUE,
    GREEN,
    HALF,
    INK,
    MUTED,
    PAPER_WHITE,
    PINK,
    PURPLE,
    SKY,
    create_figure,
    label_line,
    use_plain_log_ticks,
)

TURNING: dict[str, tuple[str, Any, str, str]] = {
    "change_w": (BLUE, "-", SKY, "change and W"),
    "descent_w": (PURPLE, (0, (5, 2)), PINK, "descent and W"),
    "change_descent": (GREEN, (0, (1.5, 1.5)), "", "change and descent"),
}
"""Colour, dash, fill of the middle half of the networks (none if empty) and label."""
LINES: dict[str, tuple[str, Any, str, int]] = {
    "reversed": (INK, "-", "reversed", 0),
    "dropped": (BLUE, "-", "dropped", 3),
    "random": (MUTED, (0, (1.5, 1.5)), "random", -6),
    "gradient": (PURPLE, (0, (5, 2)), "steepest descent", 0),
    "amplification": (GREEN, "-", "growth alone", 4),
}
"""Colour, dash, label and by how many points it is moved."""
MARKS: dict[str, tuple[str, str, str]] = {
    "recirculation": (BLUE, "o", "recirculation"),
    "back-propagation": (PURPLE, "s", "back-propagation"),
    "back-propagation, cross-entropy": (PURPLE, "D", "back-propagation, cross-entropy"),
    "feedback alignment": (GREEN, "^", "feedback alignment"),
}
RELIABLE = 0.98
"""Share of converged networks below which a mark is hollow."""


def plot_turning(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw the cosines of change, steepest descent and W over learning at both rates."""
    figures = []
    for letter, rate in zip("ab", ("small", "paper"), strict=True):
        figure, axes = create_figure(height=2.9, width=HALF)
        series = model["turning"][rate]
        for name, (color, dash, fill, label) in TURNING.items():
            x = range(len(series[name]["median"]))
            if fill:
                axes.fill_between(
                    x, series[name]["low"], series[name]["high"],
                    facecolor=fill, alpha=0.6, linewidth=0,
                )  # fmt: skip
            axes.plot(x, series[name]["median"], color=color, linestyle=dash, label=label, gid=name)
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.set(
            xlim=(0, len(x) - 1), ylim=(-0.25, 1.05), xlabel="weight updates",
            ylabel="cosine (median)",
        )  # fmt: skip
        if rate == "small":
            axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.22), handlelength=2.6)
        axes.set_title(f"({letter}) Learning rate {model['rates'][rate]:g}")
        figures.append(figure)
    return figures[0], figures[1]


def plot_worth(model: Mapping[str, Any]) -> tuple[Figure, Figure]:
    """Draw what replaced changes cost, and how fast each rule learns other inputs."""
    worth, left = create_figure(height=3.6, width=HALF)
    rows = model["interventions"]["paper"]
    x = sorted(int(first) for first in rows["dropped"])
    for name, (color, dash, label, up) in LINES.items():
        own = [rows[name][str(first)] for first in x]
        y = [row["extra"] for row in own]
        low, high = zip(*(row["extra_interval"] for row in own), strict=True)
        left.vlines(x, low, high, color=color, linewidth=1.0)
        left.plot(x, y, color=color, linestyle=dash, marker="o", markersize=3, gid=name)
        label_line(left, x=x[-1], y=y[-1], text=label, color=color, offset=(6, up))
    left.axhline(0, color=MUTED, linewidth=0.8)
    left.set(
        xlim=(0, 1.85 * x[-1]), ylim=(-5, 55), xticks=x[2:],
        xlabel="first changes of W replaced",
        ylabel="extra weight updates (median)",
    )  # fmt: skip
    left.set_title(f"(a) Replaced, learning rate {model['rates']['paper']:g}")
    reach, right = create_figure(height=3.6, width=HALF)
    names = [name for name in make_tasks() if name in model["tasks"]]
    for row, name in enumerate(names):
        for rule, result in model["tasks"][name]["rules"].items():
            color, marker, _ = MARKS[rule]
            is_reliable = result["converged"]["share"] >= RELIABLE
            right.plot(
                [result["median"]], [row], marker, color=color, markersize=5, gid=f"{rule}: {name}",
                markerfacecolor=color if is_reliable else PAPER_WHITE,
            )  # fmt: skip
    right.set(xscale="log", xlabel="weight updates (median)", ylim=(len(names) - 0.5, -0.5))
    right.set_yticks(range(len(names)), names)
    right.tick_params(axis="y", labelsize=7)
    use_plain_log_ticks(right, (30, 100, 300, 1000))
    handles = [
        Line2D([], [], color=color, marker=marker, linestyle="", markersize=5, label=label)
        for color, marker, label in MARKS.values()
    ]
    reach.legend(
        handles=handles, loc="outside lower left", ncols=2, fontsize=7, handlelength=1,
        columnspacing=1, borderaxespad=0.2,
    )  # fmt: skip
    right.set_title("(b) Other inputs", x=-0.6)
    return worth, reach


FIGURES: dict[str, Callable[[Mapping[str, Any]], tuple[Figure, Figure]]] = {
    "turning": plot_turning,
    "worth": plot_worth,
}
