"""Figures of the tail and its cause, of failures in closed form, and of the critical rate."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from replication.experiments.dynamics.failures import UNSTABLE, predict_error
from replication.experiments.instruments.model import Model
from replication.report import style
from replication.report.numbers import exact

LEARNING: dict[str, tuple[str, Any, str]] = {
    "learnt": (style.BLUE, "-", "hidden biases\nlearning"),
    "fixed": (style.PURPLE, (0, (5, 2)), "hidden biases\nfixed"),
}
"""Colour, dash and label of networks by what their hidden biases do."""
ALIGNED = {
    "predicted": ("-", style.INK, style.INK, "predicted"),
    "learnt": ("o", style.BLUE, style.BLUE, "biases learning"),
    "fixed": ("s", style.PURPLE, style.PAPER_WHITE, "biases fixed"),
}
"""Line or mark, its colours, and label of when networks are aligned."""
CORNERS = ((style.MUTED, "D", "none on"), (style.GREEN, "^", "1 on"), (style.INK, "o", "2 on"))
"""Colour, mark and label of a corner, by the number of hidden units that are on."""
HEIGHT = 2.6


def plot_tail(model: Model) -> Figure:
    """Draw the share still learning over updates, with hidden biases that learn or are fixed."""
    tails = model["main"]["tails"]
    figure, axes = style.create_figure(height=HEIGHT)
    for name, (color, dash, label) in LEARNING.items():
        # A logarithmic axis cannot show a share of 0, so the line ends before it.
        times = []
        shares = []
        for time, share in zip(tails["times"], tails[name]["survival"], strict=True):
            if share > 0:
                times.append(time)
                shares.append(100 * share)
        axes.plot(times, shares, color=color, linestyle=dash, gid=name)
        style.label_line(
            axes, x=times[-1], y=shares[-1], text=label, color=color, ha="right", offset=(0, 15)
        )
    axes.loglog()
    axes.set(xlabel="weight updates", ylabel="networks still learning, %")
    style.use_plain_log_ticks(axes, (10, 100, 1_000, 10_000))
    ticks = (0.0001, 0.001, 0.01, 0.1, 1, 10, 100)
    axes.set_yticks(ticks, ["1 in a million", *map(exact, ticks[1:])])
    axes.yaxis.minorticks_off()
    return figure


def plot_jumps(model: Model) -> tuple[Figure, Figure]:
    """Draw the errors of networks that fail, and when networks are aligned, as predicted."""
    return draw_failures(model["main"]["rates"]), draw_alignment(model["main"]["alignment"])


def draw_failures(rows: list[Model]) -> Figure:
    """Draw the errors of networks that fail on the predicted lines, by learning rate."""
    figure, axes = style.create_figure(height=HEIGHT, width=style.HALF)
    paper = rows[-1]  # at the rate of the paper, the highest one
    # For each corner: the predicted line, from the rate at which outputs begin to jump, and points.
    for k, (color, mark, label) in enumerate(CORNERS):
        per_rate = paper["gains"][k] / paper["rate"]
        grid = np.linspace(UNSTABLE / per_rate, paper["rate"], 200)
        axes.plot(grid, predict_error(grid * per_rate), color=color, linewidth=1.0)
        # The first label stands left of its line, where there is room.
        side = "left"
        offset = 5
        if k == 0:
            side = "right"
            offset = -5
        style.label_line(
            axes,
            x=grid[0],
            y=0.53,
            text=label,
            color=color,
            fontsize=8,
            ha=side,
            offset=(offset, 0),
        )
        # No point where no network failed in this corner.
        failed = [row for row in rows if row["by_corner"][k]]
        rates = [row["rate"] for row in failed]
        medians = [row["medians"][k] for row in failed]
        axes.plot(rates, medians, mark, color=color, markersize=5, gid=label)
    axes.set(
        xlabel="rate of U and visible biases",
        ylabel="error of networks that fail",
        xlim=(4, 21),
        ylim=(0.48, 1.02),
    )
    axes.set_title("(a) Failures, predicted")
    return figure


def draw_alignment(alignment: Model) -> Figure:
    """Draw after how many updates networks are aligned, by learning rate.

    The prediction is a line; marks stand for hidden biases that learn, and for fixed ones.
    """
    figure, axes = style.create_figure(height=HEIGHT, width=style.HALF)
    for size, of_size in alignment.items():
        rows = of_size["rates"]
        rates = [row["rate"] for row in rows]
        for name, (mark, color, face, _) in ALIGNED.items():
            updates = [row[name] for row in rows]
            axes.plot(
                rates,
                updates,
                mark,
                color=color,
                linewidth=1.0,
                markersize=4,
                markerfacecolor=face,
                gid=f"{name}: {size}",
            )
        style.label_line(
            axes,
            x=rates[-1],
            y=rows[-1]["predicted"],
            text=size,
            color=style.INK,
            offset=(6, 0),
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="learning rate ε",
        ylabel="updates until aligned",
        xlim=(0.9, 60),
        ylim=(1.9, 48),
    )
    # One legend for both sizes: the first three lines are those of the first size.
    labels = [label for *_, label in ALIGNED.values()]
    axes.legend(axes.lines[:3], labels, loc="lower left", fontsize=8, handlelength=1.2)
    style.use_plain_log_ticks(axes, (1, 2, 5, 10, 20))
    style.use_plain_log_ticks(axes, (5, 10, 20, 40), axis="y")
    axes.set_title("(b) Alignment, predicted")
    return figure


FIGURES = {"tail": plot_tail, "jumps": plot_jumps}
