"""The figure of why it works: what networks wait for, and which half decides how long."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from replication.experiments.instruments.model import Model
from replication.experiments.mechanism.watching import PARTNERS
from replication.report import style
from replication.report.numbers import exact

CURVES: dict[str, tuple[str, Any, str]] = {
    "aligned": (style.DECODER, (0, (1.5, 1.5)), "aligned"),
    "readable": (style.ENCODER, (0, (5, 2)), "readable in time"),
    "learnt": (style.INK, "-", "learnt"),
}
"""Colour, dash and label of each share of networks."""
RATES = ("small", "paper")

BARS: tuple[tuple[str, str, str], ...] = (
    ("nothing", style.INK, "untouched"),
    ("mirrored", style.DECODER, "decoder aligned at every update"),
    ("watching", style.ENCODER, "decoder watches another’s encoder"),
    ("other_u", style.DECODER, "given another’s final U"),
    ("other_w", style.ENCODER, "given another’s final W"),
    ("hearing", style.MUTED, "encoder learns from another’s decoder"),
)
"""What is drawn from top to bottom, by its name, colour and label."""
BROKEN = 0.62  # where a bar that is cut off has its break, as a share of the longest bar
BREAK = (0.02, 0.03)  # distance of its two strokes, and how far each leans, in the same shares


def plot_waiting(model: Model) -> tuple[Figure, Figure]:
    """Draw shares of networks that are aligned, readable and done over updates; medians as bars."""
    return draw_curves(model), draw_bars(model)


def draw_curves(model: Model) -> Figure:
    """Draw three rising shares in a panel for each learning rate, one below the other."""
    figure, panels = style.create_figure(width=style.HALF, height=3.6, nrows=2)
    # Both panels are part (a) of the figure, whose letter stands above the first one.
    for rate, letter, axes in zip(RATES, ("(a) ", ""), panels, strict=True):
        curves = model["curves"][rate]
        draw_shares(axes, curves)
        axes.set(
            xlim=(0, curves["updates"][-1]),
            ylim=(0, 100),
            yticks=(0, 50, 100),
            ylabel="% of networks",
            title=f"{letter}Learning rate {exact(model['rates'][rate])}",
        )
    panels[-1].set_xlabel("weight updates")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=8
    )
    return figure


def draw_shares(axes: Axes, curves: Model) -> None:
    """Draw the three shares, and shade what lies between the first and the second: the waiting."""
    x = curves["updates"]
    percents = {name: [100.0 * share for share in curves[name]] for name in CURVES}
    for name, (color, dash, label) in CURVES.items():
        axes.plot(x, percents[name], color=color, linestyle=dash, label=label, gid=name)
    is_waiting = [a > b for a, b in zip(curves["aligned"], curves["readable"], strict=True)]
    axes.fill_between(
        x,
        percents["readable"],
        percents["aligned"],
        where=is_waiting,
        color=style.SKY,
        alpha=0.5,
        linewidth=0,
        gid="waiting",
    )
    middle = 0.5 * (curves["half"]["aligned"] + curves["half"]["readable"])
    axes.text(middle, 50, "waiting", ha="center", va="center", fontsize=8, gid=style.HALO)


def draw_bars(model: Model) -> Figure:
    """Draw the median of each of `BARS`, beside that of untouched networks, at the paper's rate."""
    figure, axes = style.create_figure(width=style.HALF, height=3.6)
    medians = find_medians(model)
    usual = medians["nothing"]
    longest = 1.5 * usual  # a bar beyond that is cut off
    for row, (name, color, label) in enumerate(BARS):
        y = -row
        width = min(medians[name], longest)
        text = exact(medians[name])
        axes.barh(y, width, 0.5, color=color, gid=name)
        if medians[name] > longest:
            text = f"over {exact(medians[name])}"
            draw_break(axes, BROKEN * longest, y, longest)
        # What was done stands above its bar, where there is room on a telephone, too.
        axes.text(0.8, y + 0.28, label, fontsize=8, va="bottom", gid=style.HALO)
        # The number stands inside its bar, clear of the dashed line.
        axes.text(
            width - 1.0,
            y,
            text,
            color=style.PAPER_WHITE,
            fontsize=8,
            ha="right",
            va="center_baseline",
        )
    # What is usual, down to the last bar that can be compared with it.
    ends = [0.4, 1.7 - len(BARS)]
    axes.plot([usual, usual], ends, color=style.MUTED, linewidth=1.0, linestyle=(0, (3, 2)))
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.set(
        xlim=(0, longest),
        ylim=(1 - len(BARS) - 0.4, 0.7),
        xticks=(0, 20, 40),
        xlabel="weight updates (median)",
        title=f"(b) Learning rate {exact(model['rates']['paper'])}",
    )
    return figure


def find_medians(model: Model) -> dict[str, float]:
    """Return the median of each bar, in updates; it is the cap where most networks fail."""
    pairs = model["pairs"]["paper"]
    given = model["given"]["paper"]
    medians = {}
    for name, _, _ in BARS:
        row = pairs[name] if name in PARTNERS else given[name]
        medians[name] = row["median"]
    return medians


def draw_break(axes: Axes, x: float, y: float, longest: float) -> None:
    """Draw two strokes across a bar that is longer than the figure, at x."""
    apart, lean = (share * longest for share in BREAK)
    for start in (x, x + apart):
        axes.plot(
            [start, start + lean],
            [y - 0.32, y + 0.32],
            color=style.PAPER_WHITE,
            linewidth=1.4,
            gid="break",
        )


FIGURES = {"waiting": plot_waiting}
